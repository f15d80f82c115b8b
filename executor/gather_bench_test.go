package executor

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// BenchmarkGather takes 100 rows of a column of 1000 chunks: what a large build
// side yields for a batch that finds few partners. Bounded by the cache misses of
// the rows themselves.
func BenchmarkGather(b *testing.B) {
	alloc := memory.NewGoAllocator()
	schema := arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.PrimitiveTypes.Int64}}, nil)
	rows := newRowBuffer(&Env{Alloc: alloc}, schema)
	defer rows.clear()
	var refs []rowRef
	for k := range 1000 {
		builder := array.NewInt64Builder(alloc)
		for i := range 500 {
			builder.Append(int64(i))
		}
		rows.keep(newBatch(schema, []arrow.Array{builder.NewArray()}, 500))
		if k%10 == 0 {
			refs = append(refs, refOf(k, k/2))
		}
	}
	b.SetBytes(int64(16 * len(refs)))
	for b.Loop() {
		batch, err := rows.gather(refs)
		if err != nil {
			b.Fatal(err)
		}
		batch.Release()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(refs)), "ns/row")
	b.ReportMetric(float64(b.N*len(refs))/b.Elapsed().Seconds(), "rows/s")
}
