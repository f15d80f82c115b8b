package executor_test

import (
	"testing"

	. "github.com/tidemarkdb/tidemark/executor/exectest"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func TestFilter(t *testing.T) {
	input := Rows("a int4, b text", "1|x", "2|NULL", "NULL|z", "4|four", "5|", "6|six")
	filter := func(cond func(n plan.Node) expr.Expr) func([]plan.Node) plan.Node {
		return func(in []plan.Node) plan.Node {
			return &plan.Filter{Base: Cols("", in[0]), Input: in[0], Cond: cond(in[0])}
		}
	}
	for _, c := range []Case{
		{Name: "some", Plan: filter(func(n plan.Node) expr.Expr { return Op(Col(n, 0), ">", Int4(3)) }), Want: []string{"4|four", "5|", "6|six"}},
		{Name: "scattered", Plan: filter(func(n plan.Node) expr.Expr { return &expr.IsNull{Arg: Op(Col(n, 0), "=", Int4(4))} }), Want: []string{"NULL|z"}},
		{Name: "none", Plan: filter(func(n plan.Node) expr.Expr { return Op(Col(n, 0), ">", Int4(30)) })},
		{Name: "all", Plan: filter(func(plan.Node) expr.Expr { return &expr.Const{Value: types.NewBool(true), Typ: types.Of(types.Bool)} }), Want: []string{"1|x", "2|NULL", "NULL|z", "4|four", "5|", "6|six"}},
		{Name: "null", Plan: filter(func(plan.Node) expr.Expr { return &expr.Const{Typ: types.Of(types.Bool)} })},
		{
			Name: "fails", Error: pgerror.DivisionByZero,
			Plan: filter(func(n plan.Node) expr.Expr { return Op(Op(Int4(1), "/", Op(Col(n, 0), "-", Int4(4))), "=", Int4(1)) }),
		},
	} {
		c.Inputs = []*Source{input}
		Run(t, c)
	}
}

func TestProject(t *testing.T) {
	Run(t, Case{
		Name: "expressions", Inputs: []*Source{Rows("a int4, b text", "1|x", "NULL|NULL", "3|z")},
		Plan: func(in []plan.Node) plan.Node {
			return &plan.Project{
				Base: Cols("b text, c int4, d int8"), Input: in[0],
				Exprs: []expr.Expr{Col(in[0], 1), Op(Col(in[0], 0), "+", Int4(1)), Int(7)},
			}
		},
		Want: []string{"x|2|7", "NULL|NULL|7", "z|4|7"},
	})
	Run(t, Case{
		Name: "no columns", Inputs: []*Source{Rows("a int4", "1", "2")},
		Plan: func(in []plan.Node) plan.Node { return &plan.Project{Input: in[0]} },
		Want: []string{"", ""},
	})
}

func TestValues(t *testing.T) {
	Run(t, Case{
		Name: "rows",
		Plan: func([]plan.Node) plan.Node {
			return &plan.Values{Base: Cols("a int8, b int4"), Rows: [][]expr.Expr{
				{Int(1), Int4(2)}, {Op(Int(1), "+", Int(2)), &expr.Const{Typ: types.Of(types.Int4)}},
			}}
		},
		Want: []string{"1|2", "3|NULL"},
	})
	Run(t, Case{
		Name: "one row of nothing",
		Plan: func([]plan.Node) plan.Node { return &plan.Values{Rows: [][]expr.Expr{{}}} },
		Want: []string{""},
	})
}

func TestUnionAll(t *testing.T) {
	Run(t, Case{
		Name: "three inputs", Inputs: []*Source{Rows("a text", "x", "NULL"), Rows("b text"), Rows("c text", "y", "x")},
		Plan: func(in []plan.Node) plan.Node { return &plan.UnionAll{Base: Cols("", in[0]), Children: in} },
		Want: []string{"x", "NULL", "y", "x"},
	})
}
