package executor_test

import (
	"testing"

	"github.com/tidemarkdb/tidemark/executor"
	. "github.com/tidemarkdb/tidemark/executor/exectest"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// The right side of a lateral join, run for each left row.
func TestHashLookup(t *testing.T) {
	left := Rows("a int4", "1", "2", "NULL", "2", "7")
	right := Rows("k int4, v int4", "2|20", "1|10", "2|21", "NULL|5", "3|30", "2|22")
	param := &expr.ExecParam{Slot: 0, Typ: types.Of(types.Int4)}
	lateral := func(residual bool) func([]plan.Node) plan.Node {
		return func(in []plan.Node) plan.Node {
			match := Op(Col(in[1], 0), "=", param)
			l := &plan.HashLookup{Base: Cols("", in[1]), Source: in[1], Keys: []expr.Expr{Col(in[1], 0)}, Probe: []expr.Expr{param}}
			if residual {
				l.Residual = Op(Col(in[1], 1), ">", Op(param, "+", Int4(18)))
				match = &expr.Logic{Args: []expr.Expr{match, l.Residual}}
			}
			l.Scan = &plan.Filter{Base: Cols("", in[1]), Input: in[1], Cond: match}
			return &plan.NestedLoop{
				Base: Cols("", in[0], in[1]), Left: in[0], Right: l, Type: plan.InnerJoin,
				Args: []expr.Expr{Col(in[0], 0)}, Slots: []int{0},
			}
		}
	}
	all := []string{"1|1|10", "2|2|20", "2|2|21", "2|2|22", "2|2|20", "2|2|21", "2|2|22"}
	for _, c := range []Case{
		{Name: "table", Plan: lateral(false), Want: all},
		{Name: "residual", Plan: lateral(true), Want: []string{"2|2|21", "2|2|22", "2|2|21", "2|2|22"}},
		{Name: "too big a table", Plan: lateral(false), Want: all, Env: func(env *executor.Env) { env.HashMem = 1 }},
	} {
		c.Inputs = []*Source{left, right}
		Run(t, c)
	}
}
