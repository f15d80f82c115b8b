package executor_test

import (
	"slices"
	"testing"

	. "github.com/tidemarkdb/tidemark/executor/exectest"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func int8Const(v int64) expr.Expr {
	return &expr.Const{Value: types.NewInt8(v), Typ: types.Of(types.Int8)}
}

// The rows of a join are the same whether the scan below its probe side learns
// of the keys or not: the filter's way is cut by an OFFSET 0.
func TestRuntimeFilterPlans(t *testing.T) {
	n := newNumbered(t)
	few := func() plan.Node {
		s := n.scan()
		s.Filter = Op(Col(s, 0), "<", int8Const(40))
		return s
	}
	project := func(in plan.Node) plan.Node {
		return &plan.Project{Base: Cols("a int8, id int8"), Input: in, Exprs: []expr.Expr{Col(in, 1), Col(in, 0)}}
	}
	group := func(in plan.Node) plan.Node {
		return &plan.Aggregate{Base: Cols("a int8"), Input: in, Keys: []expr.Expr{Col(in, 1)}}
	}
	shapes := map[string]struct {
		probe func(in plan.Node) plan.Node
		key   int
	}{
		"scan":    {func(in plan.Node) plan.Node { return in }, 0},
		"nulls":   {func(in plan.Node) plan.Node { return in }, 1},
		"project": {project, 0},
		"group":   {group, 0},
		"sort": {func(in plan.Node) plan.Node {
			return &plan.Sort{Base: Cols("", in), Input: in, Keys: []expr.SortKey{{Expr: Col(in, 2)}}}
		}, 0},
	}
	for name, shape := range shapes {
		for _, typ := range []plan.JoinType{plan.InnerJoin, plan.LeftJoin, plan.SemiJoin, plan.AntiJoin, plan.RightJoin, plan.FullJoin} {
			for _, buildLeft := range []bool{false, true} {
				for _, workers := range []int{0, 2} {
					if workers > 0 && buildLeft {
						continue // once is enough
					}
					run := func(cut bool) []string {
						var in plan.Node = n.scan()
						if cut {
							in = &plan.Limit{Base: Cols("", in), Input: in, Offset: int8Const(0)}
						}
						probe, build := shape.probe(in), few()
						left, right, lk, rk := probe, build, shape.key, 0
						if buildLeft {
							left, right, lk, rk = build, probe, 0, shape.key
						}
						j := &plan.HashJoin{
							Base: joinCols(typ, []plan.Node{left, right}), Left: left, Right: right, Type: typ, BuildLeft: buildLeft,
							LeftKeys: []expr.Expr{Col(left, lk)}, RightKeys: []expr.Expr{Col(right, rk)},
						}
						rows, err := n.collect(j, options{workers: workers})
						if err != nil {
							t.Fatal(err)
						}
						slices.Sort(rows)
						return rows
					}
					if got, want := run(false), run(true); !slices.Equal(got, want) {
						t.Errorf("%s, type %d, build left %v, %d workers: %d rows, want %d", name, typ, buildLeft, workers, len(got), len(want))
					}
				}
			}
		}
	}
}
