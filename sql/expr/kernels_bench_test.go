package expr

import (
	"context"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// BenchmarkExpressions has what combines kernels, over 4096 integers of which a tenth are
// NULL. Logic and IS NULL are bounded by the comparisons below them, as they combine 64
// rows by a word; a list of constants by a miss-predicted branch or a probe of its set for
// each row; CASE and COALESCE by the copies of the rows that reach an arm.
func BenchmarkExpressions(b *testing.B) {
	const n = 4096
	c := &functions.Context{Ctx: context.Background(), Alloc: memory.NewGoAllocator(), IO: &types.IO{}}
	build := types.NewBuilder(c.Alloc, types.Of(types.Int4))
	for i := range n {
		if i%10 == 3 {
			build.AppendNull()
			continue
		}
		types.AppendDatum(build, types.NewInt4(int32(i*7919%10007)))
	}
	cols := []arrow.Array{build.NewArray()}
	x := ordinal(0, types.Int4)
	low, high := operate(b, "<", x, intConst(b, 4000)), operate(b, ">", x, intConst(b, 2000))
	list := func(n int) *InList {
		in := &InList{Left: x, Eq: functions.OperatorFor("=", types.Int4, types.Int4).Fn}
		for i := range n {
			in.List = append(in.List, intConst(b, i*37))
		}
		return in
	}
	for _, k := range []struct {
		name string
		e    Expr
	}{
		{"compare", low},
		{"and", &Logic{Args: []Expr{low, high}}},
		{"or", &Logic{Or: true, Args: []Expr{low, high}}},
		{"is null", &IsNull{Arg: x}},
		{"in 3", list(3)},
		{"in 100", list(100)},
		{"case", &Case{Whens: []When{{Cond: low, Then: x}}, Else: intConst(b, 7), Typ: types.Of(types.Int4)}},
		{"coalesce", &Coalesce{Args: []Expr{x, intConst(b, 7)}, Typ: types.Of(types.Int4)}},
	} {
		b.Run(k.name, func(b *testing.B) {
			ev, err := Compile(k.e)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.SetBytes(4*n + n/8)
			for b.Loop() {
				v, err := ev.Eval(c, cols, n)
				if err != nil {
					b.Fatal(err)
				}
				v.Array.Release()
			}
			b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
