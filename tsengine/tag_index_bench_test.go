package tsengine

import (
	"fmt"
	"testing"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// BenchmarkTagIndex makes the index of 300,000 series of two tags, one of which has as many values.
func BenchmarkTagIndex(b *testing.B) {
	const series = 300_000
	l := NewLayout(taggedTable())
	records := make([][]byte, series)
	for i := range records {
		host, rack := types.Datum{P: types.PhysString, S: fmt.Sprintf("host_%d", i)}, types.NewInt4(int32(i%100))
		records[i] = appendTag(appendTag(nil, &host), &rack)
	}
	b.ReportAllocs()
	for b.Loop() {
		x := newTagIndexer(l)
		for i, r := range records {
			if err := x.add(uint64(i), r); err != nil {
				b.Fatal(err)
			}
		}
		x.finish()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/series, "ns/series")
}
