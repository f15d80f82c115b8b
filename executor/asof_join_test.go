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

// asofInput makes rows of a key and a time, both with duplicates and NULLs, in their
// order, and a number that follows from them.
func asofInput(rng *rand.Rand, keyed bool, by expr.SortKey, n int) *Source {
	const columns = "k text, t int8, n int4"
	in := Rows(columns)
	for range n {
		k, at := rng.Int64N(5), rng.Int64N(30)
		row := []types.Datum{types.NewString(fmt.Sprint("k", k)), types.NewInt8(at), types.NewInt4(int32(100*k + at))}
		for i := range 2 {
			if rng.IntN(10) == 0 {
				row[i] = types.Null
			}
		}
		if !keyed {
			row[0], row[2] = types.NewString("k"), types.NewInt4(int32(at))
		}
		in.Rows = append(in.Rows, row)
	}
	return Rows(columns, sortedRows(in, []expr.SortKey{{}, by})...)
}

// asofModel joins by looking at every pair.
func asofModel(left, right *Source, n *plan.AsofJoin) (out []string) {
	text := func(s *Source, r []types.Datum) string {
		return sortedRows(&Source{Base: s.Base, Rows: [][]types.Datum{r}}, nil)[0]
	}
	keyed, desc := len(n.LeftKeys) > 1, n.LeftKeys[0].Desc
	if keyed {
		desc = n.LeftKeys[1].Desc
	}
	for _, l := range left.Rows {
		var best []types.Datum
		for _, r := range right.Rows {
			if l[1].IsNull() || r[1].IsNull() || keyed && (l[0].IsNull() || r[0].IsNull() || l[0].S != r[0].S) {
				continue
			}
			d, nearer := l[1].I-r[1].I, best == nil || r[1].I >= best[1].I
			if desc {
				d, nearer = -d, best == nil || r[1].I <= best[1].I
			}
			if (d > 0 || d == 0 && !n.Strict) && nearer {
				best = r
			}
		}
		switch {
		case best != nil:
			out = append(out, text(left, l)+"|"+text(right, best))
		case n.Type == plan.LeftJoin:
			out = append(out, text(left, l)+"|NULL|NULL|NULL")
		}
	}
	return out
}

// TestAsofJoin joins random inputs, with and without keys, in both directions.
func TestAsofJoin(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for round := range 48 {
		n := &plan.AsofJoin{Type: []plan.JoinType{plan.InnerJoin, plan.LeftJoin}[round%2], Strict: round/2%2 == 0}
		at := expr.SortKey{Desc: round/4%2 == 0}
		keyed := round%3 > 0
		order := func(s *Source) []expr.SortKey {
			out := []expr.SortKey{{Expr: Col(s, 0)}, {Expr: Col(s, 1), Desc: at.Desc}}
			if !keyed {
				return out[1:]
			}
			return out
		}
		sizes := []int{40, 0, 9, 100}
		left := asofInput(rng, keyed, at, sizes[rng.IntN(4)])
		right := asofInput(rng, keyed, at, sizes[rng.IntN(4)])
		n.LeftKeys, n.RightKeys = order(left), order(right)
		Run(t, Case{
			Name:   fmt.Sprintf("join type %d, strict %t, descending %t, keyed %t, %d and %d rows", n.Type, n.Strict, at.Desc, keyed, len(left.Rows), len(right.Rows)),
			Inputs: []*Source{left, right}, Want: asofModel(left, right, n), Unordered: true,
			Plan: func(in []plan.Node) plan.Node {
				m := *n
				m.Left, m.Right, m.Base = in[0], in[1], Cols("", in...)
				return &m
			},
		})
	}
}
