package statistics

import (
	"fmt"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// TestSketch counts few and many distinct values of several types, each twice
// and beside NULLs: within three standard errors, few ones nearly exactly.
func TestSketch(t *testing.T) {
	for _, n := range []int{0, 1, 10, 1000, 20000, 300000} {
		for _, typ := range []types.OID{types.Int4, types.Int8, types.Float8, types.Text} {
			s := NewSketch(types.Of(typ))
			for range 2 {
				s.Add(column(typ, n))
			}
			tolerance := 0.05 * float64(n)
			if n <= 10 {
				tolerance = 0.1
			}
			check(t, fmt.Sprintf("%d values of type %d", n, typ), s.Distinct(), float64(n), tolerance)
		}
	}
}

// column makes an array of n values, the last of it a NULL.
func column(typ types.OID, n int) arrow.Array {
	b := array.NewBuilder(memory.DefaultAllocator, types.ArrowType(types.Of(typ)))
	defer b.Release()
	for i := range n {
		switch b := b.(type) {
		case *array.Int32Builder:
			b.Append(int32(i) * 3)
		case *array.Int64Builder:
			b.Append(int64(i) << 20)
		case *array.Float64Builder:
			b.Append(float64(i) / 7)
		case *array.StringBuilder:
			b.Append(fmt.Sprint("value ", i))
		}
	}
	b.AppendNull()
	return b.NewArray()
}
