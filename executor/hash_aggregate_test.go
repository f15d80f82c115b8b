package executor_test

import (
	"testing"

	. "github.com/tidemarkdb/tidemark/executor/exectest"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

func TestAggregate(t *testing.T) {
	input := Rows("k text, v int4", "x|1", "y|2", "x|3", "NULL|4", "y|NULL", "x|1", "z|NULL")
	type aggs = func(n plan.Node) []plan.AggCall
	agg := func(cols string, keys []int, calls aggs) func([]plan.Node) plan.Node {
		return func(in []plan.Node) plan.Node {
			a := &plan.Aggregate{Base: Cols(cols), Input: in[0], Aggs: calls(in[0])}
			for _, k := range keys {
				a.Keys = append(a.Keys, Col(in[0], k))
			}
			return a
		}
	}
	counts := func(n plan.Node) []plan.AggCall {
		return []plan.AggCall{Agg("count"), Agg("count", Col(n, 1)), Agg("sum", Col(n, 1))}
	}
	for _, c := range []Case{
		{Name: "one group", Plan: agg("c int8, d int8, s int8", nil, counts), Want: []string{"7|5|11"}},
		{
			Name: "by text", Plan: agg("k text, c int8, d int8, s int8", []int{0}, counts),
			Want: []string{"x|3|3|5", "y|2|1|2", "NULL|1|1|4", "z|1|0|NULL"},
		},
		{
			Name: "by int", Plan: agg("k int4, c int8, d int8, s int8", []int{1}, counts),
			Want: []string{"1|2|2|2", "2|1|1|2", "3|1|1|3", "4|1|1|4", "NULL|2|0|NULL"},
		},
		{
			Name: "by both", Plan: agg("k text, l int4, c int8, d int8, s int8", []int{0, 1}, counts),
			Want: []string{"x|1|2|2|2", "y|2|1|1|2", "x|3|1|1|3", "NULL|4|1|1|4", "y|NULL|1|0|NULL", "z|NULL|1|0|NULL"},
		},
		{
			Name: "distinct and filter",
			Plan: agg("k text, c int8, f int8", []int{0}, func(n plan.Node) []plan.AggCall {
				d, f := Agg("sum", Col(n, 1)), Agg("sum", Col(n, 1))
				d.Distinct = true
				f.Filter = Op(Col(n, 1), "<", Int4(3))
				return []plan.AggCall{d, f}
			}),
			Want: []string{"x|4|2", "y|2|2", "NULL|4|NULL", "z|NULL|NULL"},
		},
		{
			Name: "distinct in one group",
			Plan: agg("c int8", nil, func(n plan.Node) []plan.AggCall {
				d := Agg("count", Col(n, 1))
				d.Distinct = true
				return []plan.AggCall{d}
			}),
			Want: []string{"4"},
		},
		{
			Name: "a key that depends on another",
			Plan: func(in []plan.Node) plan.Node {
				// No two rows of a value of the first key have other values here.
				f := &plan.Filter{Base: Cols("k text, v int4"), Input: in[0], Cond: Op(Col(in[0], 1), "<", Int4(3))}
				a := &plan.Aggregate{Base: Cols("v int4, k text, c int8"), Input: f, Aggs: []plan.AggCall{Agg("count")}, Dependent: 1}
				a.Keys = []expr.Expr{Col(f, 1), Col(f, 0)}
				return a
			},
			Want: []string{"1|x|2", "2|y|1"},
		},
	} {
		c.Inputs, c.SpillUnordered = []*Source{input}, true
		Run(t, c)
	}
	Run(t, Case{Name: "no rows", Inputs: []*Source{Rows("k text, v int4")}, Plan: agg("c int8, d int8, s int8", nil, counts), Want: []string{"0|0|NULL"}})
	Run(t, Case{Name: "no groups", Inputs: []*Source{Rows("k text, v int4")}, Plan: agg("k text, c int8, d int8, s int8", []int{0}, counts)})
}

func TestGroupingSets(t *testing.T) {
	Run(t, Case{
		Name: "rollup", SpillUnordered: true, Inputs: []*Source{Rows("a int4, b int4", "1|1", "1|2", "2|1", "1|1")},
		Plan: func(in []plan.Node) plan.Node {
			return &plan.Aggregate{
				Base: Cols("a int4, b int4, c int8, g int4"), Input: in[0],
				Keys: []expr.Expr{Col(in[0], 0), Col(in[0], 1)}, Aggs: []plan.AggCall{Agg("count")},
				Sets: [][]int{{0, 1}, {0}, {}}, Groupings: [][]int{{0, 1}},
			}
		},
		Want: []string{"1|1|2|0", "1|2|1|0", "2|1|1|0", "1|NULL|3|1", "2|NULL|1|1", "NULL|NULL|4|3"},
	})
}

// TestAggregateOrdered: the input's order makes the groups, also over batches.
func TestAggregateOrdered(t *testing.T) {
	input := Rows("k text, n numeric, v int4", "NULL|NULL|1", "NULL|1|2", "a|1|3", "a|1.0|4", "a|1.00|NULL", "a|2|5", "b|2|6", "b|2|6", "c|2|7")
	ordered := func(cols string, keys []int, calls func(n plan.Node) []plan.AggCall) func([]plan.Node) plan.Node {
		return func(in []plan.Node) plan.Node {
			a := &plan.Aggregate{Base: Cols(cols), Input: in[0], Aggs: calls(in[0]), Ordered: true}
			for _, k := range keys {
				a.Keys = append(a.Keys, Col(in[0], k))
			}
			return a
		}
	}
	for _, c := range []Case{
		{
			Name: "two keys", Plan: ordered("k text, n numeric, c int8, s int8", []int{0, 1}, func(n plan.Node) []plan.AggCall {
				return []plan.AggCall{Agg("count"), Agg("sum", Col(n, 2))}
			}),
			Want: []string{"NULL|NULL|1|1", "NULL|1|1|2", "a|1|3|7", "a|2|1|5", "b|2|2|12", "c|2|1|7"},
		},
		{
			Name: "distinct and lists", Plan: ordered("k text, d int8, a int4[]", []int{0}, func(n plan.Node) []plan.AggCall {
				d, a := Agg("count", Col(n, 1)), Agg("array_agg", Col(n, 2))
				d.Distinct = true
				a.OrderBy = []expr.SortKey{{Expr: Col(n, 2), Desc: true}}
				return []plan.AggCall{d, a}
			}),
			Want: []string{"NULL|1|{2,1}", "a|2|{5,4,3,NULL}", "b|1|{6,6}", "c|1|{7}"},
		},
	} {
		c.Inputs, c.SpillUnordered = []*Source{input}, true
		Run(t, c)
	}
	Run(t, Case{Name: "no rows", Inputs: []*Source{Rows("k text, n numeric, v int4")}, Plan: ordered("k text, c int8", []int{0}, func(plan.Node) []plan.AggCall {
		return []plan.AggCall{Agg("count")}
	})})
}
