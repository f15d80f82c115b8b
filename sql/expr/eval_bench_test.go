package expr

import (
	"context"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func BenchmarkFilter(b *testing.B) {
	const n = 4096
	c := &functions.Context{Ctx: context.Background(), Alloc: memory.NewGoAllocator(), IO: &types.IO{}}
	build := types.NewBuilder(c.Alloc, types.Of(types.Int4))
	for i := range n {
		types.AppendDatum(build, types.NewInt4(int32(i*7919%10007)))
	}
	cols := []arrow.Array{build.NewArray()}
	x := ordinal(0, types.Int4)
	between := &Logic{Args: []Expr{
		operate(b, ">=", x, intConst(b, 2000)), operate(b, "<", x, intConst(b, 4000)),
	}}
	ev, err := Compile(between)
	if err != nil {
		b.Fatal(err)
	}
	var sel []int32
	b.ReportAllocs()
	for b.Loop() {
		v, err := ev.Eval(c, cols, n)
		if err != nil {
			b.Fatal(err)
		}
		sel = FilterMask(v, n, sel[:0])
		v.Array.Release()
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds()/1e6, "Mrows/s")
}

func BenchmarkEvalRow(b *testing.B) {
	c := &functions.Context{Ctx: context.Background(), Alloc: memory.NewGoAllocator(), IO: &types.IO{}}
	c.Params = []types.Datum{types.NewInt4(5)}
	row := []types.Datum{types.NewInt4(1), types.NewInt4(2)}
	for _, k := range []struct {
		name string
		e    Expr
	}{
		{"const", intConst(b, 1)},
		{"param cast", &Cast{Arg: &Param{Typ: types.Of(types.Int4)}, Typ: types.Of(types.Int4)}},
		{"balance + $1", operate(b, "+", ordinal(1, types.Int4), &Param{Typ: types.Of(types.Int4)})},
	} {
		b.Run(k.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := EvalRow(c, k.e, row); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
