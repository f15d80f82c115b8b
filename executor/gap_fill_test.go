package executor_test

import (
	"testing"

	. "github.com/tidemarkdb/tidemark/executor/exectest"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Groups by g; buckets of 5 from 0 to before 16.
func TestGapFill(t *testing.T) {
	var bucket *functions.Scalar
	for _, fn := range functions.Scalars(functions.GapFillName) {
		if fn.Returns.OID == types.Int4 {
			bucket = fn
		}
	}
	fill := func(width expr.Expr, keys []int) func([]plan.Node) plan.Node {
		return func(in []plan.Node) plan.Node {
			return &plan.GapFill{
				Base: Cols("l int4, i int4", in[0]), Input: in[0], Keys: keys, Time: 1, Fn: bucket, Args: []expr.Expr{width, nil}, Start: Int4(2), Finish: Int4(16),
				Fills: []plan.Fill{{Value: Col(in[0], 2)}, {Method: plan.FillLinear, Value: Col(in[0], 2)}},
			}
		}
	}
	input := Rows("g text, t int4, v int4", "a|-5|1", "a|5|10", "a|15|30", "b|0|7", "b|10|NULL", "b|20|9", "NULL|5|3", "NULL|NULL|4")
	for _, c := range []Case{
		{
			Name: "keys", Inputs: []*Source{input}, Plan: fill(Int4(5), []int{0}),
			Want: []string{
				"a|-5|1|1|1", "a|0|NULL|1|5", "a|5|10|10|10", "a|10|NULL|10|20", "a|15|30|30|30",
				"b|0|7|7|7", "b|5|NULL|7|NULL", "b|10|NULL|NULL|NULL", "b|15|NULL|NULL|NULL", "b|20|9|9|9",
				"NULL|0|NULL|NULL|NULL", "NULL|5|3|3|3", "NULL|NULL|4|4|4", "NULL|10|NULL|3|NULL", "NULL|15|NULL|3|NULL",
			},
		},
		{
			Name: "no keys and no rows", Inputs: []*Source{Rows("g text, t int4, v int4")}, Plan: fill(Int4(8), nil),
			Want: []string{"NULL|0|NULL|NULL|NULL", "NULL|8|NULL|NULL|NULL"},
		},
		{Name: "keys and no rows", Inputs: []*Source{Rows("g text, t int4, v int4")}, Plan: fill(Int4(8), []int{0})},
		{Name: "no width", Inputs: []*Source{input}, Plan: fill(&expr.Const{Typ: types.Of(types.Int4)}, []int{0}), Error: pgerror.InvalidParameterValue},
		{Name: "bad width", Inputs: []*Source{input}, Plan: fill(Int4(-1), []int{0}), Error: pgerror.InvalidParameterValue},
	} {
		Run(t, c)
	}
}
