package executor_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	. "github.com/tidemarkdb/tidemark/executor/exectest"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// mergeInput makes rows of a key with duplicates and NULLs, in the order of the
// key, and a number.
func mergeInput(rng *rand.Rand, typ string, key expr.SortKey, n int) *Source {
	in := Rows(fmt.Sprintf("k %s, n int4", typ))
	for range n {
		row := make([]types.Datum, 2)
		if rng.IntN(8) > 0 {
			row[0], _ = types.Parse(in.Cols[0].Type, fmt.Sprint(rng.IntN(12)), nil)
		}
		row[1] = types.NewInt4(rng.Int32N(20))
		in.Rows = append(in.Rows, row)
	}
	return Rows(fmt.Sprintf("k %s, n int4", typ), sortedRows(in, []expr.SortKey{key})...)
}

// joinModel joins by looking at every pair.
func joinModel(left, right *Source, typ plan.JoinType, residual bool) (out []string) {
	text := func(r []types.Datum, cols []plan.Column) string {
		if r == nil {
			return "NULL|NULL"
		}
		return sortedRows(&Source{Base: plan.Base{Cols: cols}, Rows: [][]types.Datum{r}}, nil)[0]
	}
	met := make([]bool, len(right.Rows))
	for _, l := range left.Rows {
		matched := false
		for i, r := range right.Rows {
			if l[0].IsNull() || r[0].IsNull() || text(l[:1], left.Cols[:1]) != text(r[:1], right.Cols[:1]) || residual && l[1].I >= r[1].I {
				continue
			}
			matched, met[i] = true, true
			if typ < plan.SemiJoin {
				out = append(out, text(l, left.Cols)+"|"+text(r, right.Cols))
			}
		}
		switch {
		case typ == plan.SemiJoin && matched, typ == plan.AntiJoin && !matched:
			out = append(out, text(l, left.Cols))
		case (typ == plan.LeftJoin || typ == plan.FullJoin) && !matched:
			out = append(out, text(l, left.Cols)+"|NULL|NULL")
		}
	}
	for i, r := range right.Rows {
		if (typ == plan.RightJoin || typ == plan.FullJoin) && !met[i] {
			out = append(out, "NULL|NULL|"+text(r, right.Cols))
		}
	}
	return out
}

// TestMergeJoin joins random inputs with duplicates and NULLs on both sides.
func TestMergeJoin(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for round := range 4 {
		for typ := plan.InnerJoin; typ <= plan.AntiJoin; typ++ {
			for _, residual := range []bool{false, true} {
				key := expr.SortKey{Desc: rng.IntN(2) == 0, NullsFirst: rng.IntN(2) == 0}
				names := [][2]string{{"int4", "int8"}, {"text", "text"}, {"numeric", "numeric"}, {"int2", "int4"}}[round]
				left := mergeInput(rng, names[0], key, []int{30, 0, 7, 30}[rng.IntN(4)])
				right := mergeInput(rng, names[1], key, []int{30, 7, 0, 30}[rng.IntN(4)])
				n := &plan.MergeJoin{Type: typ, LeftKeys: []expr.SortKey{key}, RightKeys: []expr.SortKey{key}}
				n.LeftKeys[0].Expr, n.RightKeys[0].Expr = Col(left, 0), Col(right, 0)
				if residual {
					n.Residual = Op(Col(left, 1), "<", &expr.Ordinal{Index: 3, Typ: types.Of(types.Int4)})
				}
				Run(t, Case{
					Name:   fmt.Sprintf("%v, join type %d, residual %t, desc %t", names, typ, residual, key.Desc),
					Inputs: []*Source{left, right}, Want: joinModel(left, right, typ, residual), Unordered: true,
					Plan: func(in []plan.Node) plan.Node {
						m := *n
						m.Left, m.Right, m.Base = in[0], in[1], Cols("", in...)
						if typ >= plan.SemiJoin {
							m.Base = Cols("", in[0])
						}
						return &m
					},
				})
			}
		}
	}
}
