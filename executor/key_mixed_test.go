package executor

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// TestMixedKeys: keys of strings that are coded and of integers get the ids that they get
// as plain columns, whether there are few of them or so many that numbering them is given
// up, with words that change, NULLs, and lookups between.
func TestMixedKeys(t *testing.T) {
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(t, 0)
	ts := []types.Type{types.Of(types.Text), types.Of(types.Int4), types.Of(types.Text), types.Of(types.Bool)}
	r := rand.New(rand.NewPCG(5, 6))
	for _, values := range []int{3, 40, 100_000} {
		for _, nullEqual := range [][]bool{nil, allEqual(4), {true, false, false, true}} {
			coded, plain := newKeyTable(ts, nullEqual), newKeyTable(ts, nullEqual)
			coders := make([]wordCoder, 4)
			used := false
			for batch := range 40 {
				if batch == 20 {
					coders = make([]wordCoder, 4) // others in other places
				}
				n := 1 + r.IntN(1500)
				cols := make([]arrow.Array, 4)
				for k, typ := range ts {
					b := types.NewBuilder(alloc, typ)
					for range n {
						switch {
						case r.IntN(20) == 0:
							b.AppendNull()
						case typ.OID == types.Text:
							b.(*array.StringBuilder).Append(fmt.Sprint("word", r.IntN(7+batch/5)))
						case typ.OID == types.Int4:
							b.(*array.Int32Builder).Append(int32(r.IntN(values)))
						default:
							b.(*array.BooleanBuilder).Append(r.IntN(2) == 0)
						}
					}
					cols[k] = b.NewArray()
					b.Release()
				}
				add := r.IntN(3) > 0
				want := plain.find(cols, n, nil, add)
				for k := range cols {
					cols[k] = coders[k].code(alloc, cols[k])
				}
				got := coded.find(cols, n, nil, add)
				releaseAll(cols)
				used = used || coded.mixed.count > 0
				if !slices.Equal(got, want) || coded.count != plain.count {
					t.Fatalf("%d values, batch %d: %v, want %v", values, batch, got[:min(n, 20)], want[:min(n, 20)])
				}
			}
			if !used || values == 3 && coded.mixed.off || values > 1000 && !coded.mixed.off {
				t.Errorf("%d values: used %v, given up %v", values, used, coded.mixed.off)
			}
		}
	}
}
