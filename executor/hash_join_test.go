package executor_test

import (
	"fmt"
	"testing"

	. "github.com/tidemarkdb/tidemark/executor/exectest"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

var (
	joinLeft  = Rows("a int4, b text", "1|one", "2|two", "2|zwei", "NULL|none", "4|four")
	joinRight = Rows("c int8, d text", "2|x", "2|y", "3|z", "NULL|n", "4|four")
)

func joinCols(typ plan.JoinType, in []plan.Node) plan.Base {
	if typ >= plan.SemiJoin {
		return Cols("", in[0])
	}
	return Cols("", in...)
}

var joinWant = map[plan.JoinType][]string{
	plan.InnerJoin: {"2|two|2|x", "2|two|2|y", "2|zwei|2|x", "2|zwei|2|y", "4|four|4|four"},
	plan.LeftJoin:  {"2|two|2|x", "2|two|2|y", "2|zwei|2|x", "2|zwei|2|y", "4|four|4|four", "1|one|NULL|NULL", "NULL|none|NULL|NULL"},
	plan.RightJoin: {"2|two|2|x", "2|two|2|y", "2|zwei|2|x", "2|zwei|2|y", "4|four|4|four", "NULL|NULL|3|z", "NULL|NULL|NULL|n"},
	plan.FullJoin: {
		"2|two|2|x", "2|two|2|y", "2|zwei|2|x", "2|zwei|2|y", "4|four|4|four",
		"1|one|NULL|NULL", "NULL|none|NULL|NULL", "NULL|NULL|3|z", "NULL|NULL|NULL|n",
	},
	plan.SemiJoin:     {"2|two", "2|zwei", "4|four"},
	plan.AntiJoin:     {"1|one", "NULL|none"},
	plan.AntiNullJoin: nil, // the right side has a NULL
}

// The same with the condition left.b > right.d or so: b <> d.
var residualWant = map[plan.JoinType][]string{
	plan.InnerJoin: {"2|two|2|x", "2|two|2|y", "2|zwei|2|x", "2|zwei|2|y"},
	plan.LeftJoin:  {"2|two|2|x", "2|two|2|y", "2|zwei|2|x", "2|zwei|2|y", "4|four|NULL|NULL", "1|one|NULL|NULL", "NULL|none|NULL|NULL"},
	plan.RightJoin: {"2|two|2|x", "2|two|2|y", "2|zwei|2|x", "2|zwei|2|y", "NULL|NULL|4|four", "NULL|NULL|3|z", "NULL|NULL|NULL|n"},
	plan.FullJoin: {
		"2|two|2|x", "2|two|2|y", "2|zwei|2|x", "2|zwei|2|y", "4|four|NULL|NULL", "NULL|NULL|4|four",
		"1|one|NULL|NULL", "NULL|none|NULL|NULL", "NULL|NULL|3|z", "NULL|NULL|NULL|n",
	},
	plan.SemiJoin: {"2|two", "2|zwei"},
	plan.AntiJoin: {"1|one", "NULL|none", "4|four"},
}

func TestHashJoin(t *testing.T) {
	for typ, want := range joinWant {
		for _, buildLeft := range []bool{false, true} {
			c := Case{
				Name: fmt.Sprintf("type=%d buildLeft=%v", typ, buildLeft), Inputs: []*Source{joinLeft, joinRight}, Want: want, Unordered: true,
				Plan: func(in []plan.Node) plan.Node {
					return &plan.HashJoin{
						Base: joinCols(typ, in), Left: in[0], Right: in[1], Type: typ, BuildLeft: buildLeft,
						LeftKeys: []expr.Expr{Col(in[0], 0)}, RightKeys: []expr.Expr{Col(in[1], 0)},
					}
				},
			}
			Run(t, c)
			if want, ok := residualWant[typ]; ok {
				keyed := c.Plan
				c.Name, c.Want = c.Name+" residual", want
				c.Plan = func(in []plan.Node) plan.Node {
					n := keyed(in).(*plan.HashJoin)
					both := Cols("", in...)
					n.Residual = Op(Col(&plan.Values{Base: both}, 1), "<>", Col(&plan.Values{Base: both}, 3))
					return n
				}
				Run(t, c)
			}
		}
	}
}

func TestHashJoinNullEqual(t *testing.T) {
	Run(t, Case{
		Name: "is not distinct from", Inputs: []*Source{joinLeft, joinRight}, Unordered: true,
		Plan: func(in []plan.Node) plan.Node {
			return &plan.HashJoin{
				Base: Cols("", in...), Left: in[0], Right: in[1],
				LeftKeys: []expr.Expr{Col(in[0], 0)}, RightKeys: []expr.Expr{Col(in[1], 0)}, NullEqual: []bool{true},
			}
		},
		Want: append([]string{"NULL|none|NULL|n"}, joinWant[plan.InnerJoin]...),
	})
}

func TestHashJoinNotIn(t *testing.T) {
	notIn := func(in []plan.Node) plan.Node {
		return &plan.HashJoin{
			Base: Cols("", in[0]), Left: in[0], Right: in[1], Type: plan.AntiNullJoin,
			LeftKeys: []expr.Expr{Col(in[0], 0)}, RightKeys: []expr.Expr{Col(in[1], 0)},
		}
	}
	Run(t, Case{Name: "empty", Inputs: []*Source{Rows("a int4", "1", "NULL"), Rows("b int4")}, Plan: notIn, Want: []string{"1", "NULL"}})
	Run(t, Case{Name: "no null", Inputs: []*Source{Rows("a int4", "1", "NULL", "2"), Rows("b int4", "2")}, Plan: notIn, Want: []string{"1"}})
}

func TestHashJoinKeys(t *testing.T) {
	Run(t, Case{
		Name: "two keys", Inputs: []*Source{Rows("a text, b numeric", "x|1.0", "y|2", "x|NULL"), Rows("c text, d numeric", "x|1.00", "y|3", "x|NULL")},
		Plan: func(in []plan.Node) plan.Node {
			return &plan.HashJoin{
				Base: Cols("", in...), Left: in[0], Right: in[1],
				LeftKeys: []expr.Expr{Col(in[0], 0), Col(in[0], 1)}, RightKeys: []expr.Expr{Col(in[1], 0), Col(in[1], 1)},
			}
		},
		Want: []string{"x|1.0|x|1.00"},
	})
}

func TestNestedLoop(t *testing.T) {
	for typ, want := range joinWant {
		if typ == plan.AntiNullJoin {
			continue
		}
		Run(t, Case{
			Name: fmt.Sprintf("type=%d", typ), Inputs: []*Source{joinLeft, joinRight}, Want: want, Unordered: true,
			Plan: func(in []plan.Node) plan.Node {
				both := &plan.Values{Base: Cols("", in...)}
				return &plan.NestedLoop{Base: joinCols(typ, in), Left: in[0], Right: in[1], Type: typ, Cond: Op(Col(both, 0), "=", Col(both, 2))}
			},
		})
	}
	Run(t, Case{
		Name: "cross", Inputs: []*Source{Rows("a int4", "1", "2"), Rows("b int4", "3", "4", "NULL")},
		Plan: func(in []plan.Node) plan.Node {
			return &plan.NestedLoop{Base: Cols("", in...), Left: in[0], Right: in[1]}
		},
		Want: []string{"1|3", "1|4", "1|NULL", "2|3", "2|4", "2|NULL"},
	})
}

func TestLateral(t *testing.T) {
	for typ, want := range map[plan.JoinType][]string{
		plan.InnerJoin: {"2|1", "3|1", "3|2"},
		plan.LeftJoin:  {"1|NULL", "2|1", "3|1", "3|2", "NULL|NULL"},
		plan.SemiJoin:  {"2", "3"},
		plan.AntiJoin:  {"1", "NULL"},
	} {
		Run(t, Case{
			Name: fmt.Sprintf("type=%d", typ), Inputs: []*Source{Rows("a int4", "1", "2", "3", "NULL"), Rows("b int4", "1", "2")}, Want: want,
			Plan: func(in []plan.Node) plan.Node {
				right := &plan.Filter{
					Base: Cols("", in[1]), Input: in[1],
					Cond: Op(Col(in[1], 0), "<", &expr.ExecParam{Slot: 1, Typ: in[0].Columns()[0].Type}),
				}
				return &plan.NestedLoop{
					Base: joinCols(typ, in), Left: in[0], Right: right, Type: typ,
					Args: []expr.Expr{Col(in[0], 0)}, Slots: []int{1},
				}
			},
		})
	}
}

// TestJoinOrder: nested loops keep the order of the left side, rows without a
// partner included; plans rely on it.
func TestJoinOrder(t *testing.T) {
	want := []string{"1|one|NULL|NULL", "2|two|2|x", "2|two|2|y", "2|zwei|2|x", "2|zwei|2|y", "NULL|none|NULL|NULL", "4|four|4|four"}
	both := &plan.Values{Base: Cols("", joinLeft, joinRight)}
	Run(t, Case{Name: "nested loop", Inputs: []*Source{joinLeft, joinRight}, Want: want, Plan: func(in []plan.Node) plan.Node {
		return &plan.NestedLoop{Base: both.Base, Left: in[0], Right: in[1], Type: plan.LeftJoin, Cond: Op(Col(both, 0), "=", Col(both, 2))}
	}})
	Run(t, Case{Name: "nested loop of nothing", Inputs: []*Source{Rows("a int4", "1", "2"), Rows("b int4")}, Want: []string{"1|NULL", "2|NULL"}, Plan: func(in []plan.Node) plan.Node {
		return &plan.NestedLoop{Base: Cols("", in...), Left: in[0], Right: in[1], Type: plan.LeftJoin}
	}})
}
