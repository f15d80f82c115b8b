package executor_test

import (
	"testing"

	. "github.com/tidemarkdb/tidemark/executor/exectest"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

func TestDistinct(t *testing.T) {
	distinct := func(in []plan.Node) plan.Node { return &plan.Distinct{Base: Cols("", in[0]), Input: in[0]} }
	for _, c := range []Case{
		{Name: "int", Inputs: []*Source{Rows("a int4", "1", "NULL", "2", "1", "NULL", "3")}, Want: []string{"1", "NULL", "2", "3"}},
		{Name: "text", Inputs: []*Source{Rows("a text", "x", "NULL", "", "x", "NULL", "y")}, Want: []string{"x", "NULL", "", "y"}},
		{Name: "numeric", Inputs: []*Source{Rows("a numeric", "1.0", "1.00", "2", "NaN", "NaN")}, Want: []string{"1.0", "2", "NaN"}},
		{Name: "float8", Inputs: []*Source{Rows("a float8", "0", "-0", "NaN", "NaN", "1")}, Want: []string{"0", "NaN", "1"}},
		{Name: "columns", Inputs: []*Source{Rows("a int4, b text", "1|x", "1|y", "1|x", "NULL|x", "NULL|x", "1|NULL")}, Want: []string{"1|x", "1|y", "NULL|x", "1|NULL"}},
	} {
		c.Plan, c.SpillUnordered = distinct, true
		Run(t, c)
	}
}

func TestDistinctOn(t *testing.T) {
	Run(t, Case{
		Name: "first of each", Inputs: []*Source{Rows("a int4, b text", "1|x", "1|y", "2|z", "NULL|n", "NULL|m")},
		Plan: func(in []plan.Node) plan.Node {
			return &plan.Distinct{Base: Cols("", in[0]), Input: in[0], On: []expr.Expr{Col(in[0], 0)}}
		},
		Want: []string{"1|x", "2|z", "NULL|n"},
	})
}

func TestSetOp(t *testing.T) {
	left := Rows("a int4", "1", "1", "1", "2", "NULL", "NULL", "3")
	right := Rows("a int4", "1", "1", "NULL", "4", "3", "3")
	for _, c := range []struct {
		name string
		kind plan.SetOpKind
		all  bool
		want []string
	}{
		{"intersect", plan.Intersect, false, []string{"1", "NULL", "3"}},
		{"intersect all", plan.Intersect, true, []string{"1", "1", "NULL", "3"}},
		{"except", plan.Except, false, []string{"2"}},
		{"except all", plan.Except, true, []string{"1", "2", "NULL"}},
	} {
		Run(t, Case{
			Name: c.name, Inputs: []*Source{left, right}, Want: c.want, SpillUnordered: true,
			Plan: func(in []plan.Node) plan.Node {
				return &plan.SetOp{Base: Cols("", in[0]), Left: in[0], Right: in[1], Kind: c.kind, All: c.all}
			},
		})
	}
}
