package executor_test

import (
	"testing"

	. "github.com/tidemarkdb/tidemark/executor/exectest"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func TestLimit(t *testing.T) {
	input := Rows("a int4", "1", "2", "2", "2", "3", "NULL")
	limit := func(count, offset expr.Expr, ties bool) func([]plan.Node) plan.Node {
		return func(in []plan.Node) plan.Node {
			l := &plan.Limit{Base: Cols("", in[0]), Input: in[0], Count: count, Offset: offset, WithTies: ties}
			if ties {
				l.Keys = []expr.SortKey{{Expr: Col(in[0], 0)}}
			}
			return l
		}
	}
	null := &expr.Const{Typ: types.Of(types.Int8)}
	for _, c := range []Case{
		{Name: "count", Plan: limit(Int(2), nil, false), Want: []string{"1", "2"}},
		{Name: "more than there is", Plan: limit(Int(20), nil, false), Want: []string{"1", "2", "2", "2", "3", "NULL"}},
		{Name: "offset", Plan: limit(nil, Int(4), false), Want: []string{"3", "NULL"}},
		{Name: "both", Plan: limit(Int(2), Int(3), false), Want: []string{"2", "3"}},
		{Name: "null is all", Plan: limit(null, null, false), Want: []string{"1", "2", "2", "2", "3", "NULL"}},
		{Name: "ties", Plan: limit(Int(2), nil, true), Want: []string{"1", "2", "2", "2"}},
		{Name: "ties at the end", Plan: limit(Int(6), nil, true), Want: []string{"1", "2", "2", "2", "3", "NULL"}},
		{Name: "negative", Plan: limit(Int(-1), nil, false), Error: pgerror.InvalidRowCountInLimitClause},
		{Name: "negative offset", Plan: limit(nil, Int(-1), false), Error: pgerror.InvalidRowCountInResultOffsetClause},
	} {
		c.Inputs = []*Source{input}
		Run(t, c)
	}
}

func TestLimitZero(t *testing.T) {
	// LIMIT 0 does not touch its input, so a cancelled context goes unseen.
	Run(t, Case{
		Name: "zero of an offset", Inputs: []*Source{Rows("a int4", "1")},
		Plan: func(in []plan.Node) plan.Node {
			return &plan.Limit{Base: Cols("", in[0]), Input: in[0], Count: Int(1), Offset: Int(1)}
		},
	})
}
