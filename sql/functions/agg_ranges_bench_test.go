package functions

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// BenchmarkFetchRanges takes the maximum of five rows of each of 1,440, as a statement
// that asks for five minutes of a day does, of 256 MiB, which no cache holds, and elsewhere
// each time. Its limit is the latency of memory: a line for each five rows.
func BenchmarkFetchRanges(b *testing.B) {
	c := benchContext()
	const rows, run, day, places = 32 << 20, 5, 1440, 100
	values := make([]float64, rows)
	for i := range values {
		values[i] = float64(i * 7919 % 100)
	}
	buffers := []*memory.Buffer{nil, memory.NewBufferBytes(arrow.Float64Traits.CastToBytes(values))}
	data := array.NewFloat64Data(array.NewData(arrow.PrimitiveTypes.Float64, rows, buffers, nil, 0, 0))
	defer data.Release()
	ranges := make([][]Range, places)
	for k := range ranges {
		for from := k * (day / places); from+run < rows; from += day {
			for i := range run {
				ranges[k] = append(ranges[k], Range{Group: uint32(i), From: int32(from + i), To: int32(from + i + 1)})
			}
		}
	}
	agg := aggArity("max", types.Float8)
	for _, fetched := range []bool{false, true} {
		b.Run(map[bool]string{false: "plain", true: "fetched"}[fetched], func(b *testing.B) {
			acc := agg.New(c, Signature{Args: agg.Args, Returns: agg.Returns}).(RangeAccumulator)
			acc.Resize(run)
			const some = 32 * 6 * run // about 32 blocks of six series
			for n := 0; b.Loop(); n++ {
				all := ranges[n*37%places]
				for at := 0; at < len(all); at += some {
					part := all[at:min(at+some, len(all))]
					if fetched {
						FetchRanges(data, part)
					}
					if err := acc.UpdateRanges(data, part); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.N)*float64(len(ranges[0]))/b.Elapsed().Seconds()/1e6, "Mrows/s")
		})
	}
}
