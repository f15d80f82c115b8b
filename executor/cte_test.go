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

func TestCTE(t *testing.T) {
	Run(t, Case{
		Name: "read twice", Inputs: []*Source{Rows("a int4", "1", "2", "NULL")},
		Plan: func(in []plan.Node) plan.Node {
			ref := func() plan.Node { return &plan.CTERef{Base: Cols("", in[0]), ID: 3, Name: "c"} }
			body := &plan.UnionAll{Base: Cols("", in[0]), Children: []plan.Node{ref(), ref()}}
			return &plan.CTE{Base: Cols("", in[0]), ID: 3, Name: "c", Input: in[0], Body: body}
		},
		Want: []string{"1", "2", "NULL", "1", "2", "NULL"},
	})
	Run(t, Case{
		Name: "modifying runs although nobody reads it", Inputs: []*Source{Rows("a int4", "1"), Rows("b int4", "7")},
		Plan: func(in []plan.Node) plan.Node {
			return &plan.CTE{Base: Cols("", in[1]), ID: 3, Name: "c", Input: in[0], Modifying: true, Body: in[1]}
		},
		Want: []string{"7"},
	})
}

func TestRecursiveUnion(t *testing.T) {
	count := func(all bool, next func(ref plan.Node) expr.Expr) func([]plan.Node) plan.Node {
		return func(in []plan.Node) plan.Node {
			ref := &plan.CTERef{Base: Cols("", in[0]), ID: 1, Name: "r"}
			step := &plan.Project{
				Base:  Cols("", in[0]),
				Input: &plan.Filter{Base: Cols("", in[0]), Input: ref, Cond: Op(Col(ref, 0), "<", Int4(4))},
				Exprs: []expr.Expr{next(ref)},
			}
			return &plan.RecursiveUnion{Base: Cols("", in[0]), ID: 1, Initial: in[0], Step: step, All: all}
		}
	}
	plus1 := func(ref plan.Node) expr.Expr { return Op(Col(ref, 0), "+", Int4(1)) }
	Run(t, Case{Name: "all", Inputs: []*Source{Rows("n int4", "1", "3")}, Plan: count(true, plus1), Want: []string{"1", "3", "2", "4", "3", "4"}})
	Run(t, Case{Name: "distinct", Inputs: []*Source{Rows("n int4", "1", "3", "3")}, Plan: count(false, plus1), Want: []string{"1", "3", "2", "4"}, SpillUnordered: true})
}

func TestSubplan(t *testing.T) {
	i4 := types.Of(types.Int4)
	param := &expr.ExecParam{Slot: 0, Typ: i4}
	project := func(typ string, sub func(in []plan.Node) *expr.Subplan) func([]plan.Node) plan.Node {
		return func(in []plan.Node) plan.Node {
			return &plan.Project{Base: Cols("a int4, r " + typ), Input: in[0], Exprs: []expr.Expr{Col(in[0], 0), sub(in)}}
		}
	}
	less := func(n plan.Node) plan.Node {
		return &plan.Filter{Base: Cols("", n), Input: n, Cond: Op(Col(n, 0), "<", param)}
	}
	any := func(in []plan.Node, p plan.Node, kind expr.SubplanKind, op string) *expr.Subplan {
		var fn *functions.Scalar
		for _, o := range functions.Operators(op) {
			if o.Left == types.Int4 && o.Right == types.Int4 {
				fn = o.Fn
			}
		}
		return &expr.Subplan{Kind: kind, Plan: p, Left: []expr.Expr{Col(in[0], 0)}, Compare: []*functions.Scalar{fn}, Op: op, Typ: types.Of(types.Bool)}
	}
	one, two := Rows("a int4", "1", "2", "3", "NULL"), Rows("b int4", "1", "2")
	for _, c := range []Case{
		{
			Name: "scalar", Inputs: []*Source{one, Rows("b int4", "7")}, Want: []string{"1|7", "2|7", "3|7", "NULL|7"},
			Plan: project("int4", func(in []plan.Node) *expr.Subplan { return &expr.Subplan{Plan: in[1], Typ: i4} }),
		},
		{
			Name: "scalar of no row", Inputs: []*Source{one, Rows("b int4")}, Want: []string{"1|NULL", "2|NULL", "3|NULL", "NULL|NULL"},
			Plan: project("int4", func(in []plan.Node) *expr.Subplan { return &expr.Subplan{Plan: in[1], Typ: i4} }),
		},
		{
			Name: "scalar of two rows", Inputs: []*Source{one, two}, Error: pgerror.CardinalityViolation,
			Plan: project("int4", func(in []plan.Node) *expr.Subplan { return &expr.Subplan{Plan: in[1], Typ: i4} }),
		},
		{
			Name: "exists, correlated", Inputs: []*Source{one, two}, Want: []string{"1|f", "2|t", "3|t", "NULL|f"},
			Plan: project("bool", func(in []plan.Node) *expr.Subplan {
				return &expr.Subplan{
					Kind: expr.SubplanExists, Plan: less(in[1]), Typ: types.Of(types.Bool),
					Args: []expr.Expr{Col(in[0], 0)}, Slots: []int{0},
				}
			}),
		},
		{
			Name: "in", Inputs: []*Source{one, two}, Want: []string{"1|t", "2|t", "3|f", "NULL|NULL"},
			Plan: project("bool", func(in []plan.Node) *expr.Subplan { return any(in, in[1], expr.SubplanAny, "=") }),
		},
		{
			Name: "in with a null", Inputs: []*Source{one, Rows("b int4", "1", "NULL")}, Want: []string{"1|t", "2|NULL", "3|NULL", "NULL|NULL"},
			Plan: project("bool", func(in []plan.Node) *expr.Subplan { return any(in, in[1], expr.SubplanAny, "=") }),
		},
		{
			Name: "in nothing", Inputs: []*Source{one, Rows("b int4")}, Want: []string{"1|f", "2|f", "3|f", "NULL|f"},
			Plan: project("bool", func(in []plan.Node) *expr.Subplan { return any(in, in[1], expr.SubplanAny, "=") }),
		},
		{
			Name: "not in", Inputs: []*Source{one, two}, Want: []string{"1|f", "2|f", "3|t", "NULL|NULL"},
			Plan: project("bool", func(in []plan.Node) *expr.Subplan { return any(in, in[1], expr.SubplanAll, "<>") }),
		},
		{
			Name: "greater than all", Inputs: []*Source{one, two}, Want: []string{"1|f", "2|f", "3|t", "NULL|NULL"},
			Plan: project("bool", func(in []plan.Node) *expr.Subplan { return any(in, in[1], expr.SubplanAll, ">") }),
		},
		{
			Name: "any, correlated", Inputs: []*Source{one, two}, Want: []string{"1|f", "2|t", "3|t", "NULL|f"},
			Plan: project("bool", func(in []plan.Node) *expr.Subplan {
				s := any(in, less(in[1]), expr.SubplanAny, ">")
				s.Args, s.Slots = []expr.Expr{Col(in[0], 0)}, []int{0}
				return s
			}),
		},
		{
			Name: "array", Inputs: []*Source{one, two}, Want: []string{"1|{1,2}", "2|{1,2}", "3|{1,2}", "NULL|{1,2}"},
			Plan: project("int4[]", func(in []plan.Node) *expr.Subplan {
				return &expr.Subplan{Kind: expr.SubplanArray, Plan: in[1], Typ: types.Of(types.Int4Array)}
			}),
		},
	} {
		Run(t, c)
	}
}
