package executor_test

import (
	"fmt"
	"testing"

	. "github.com/tidemarkdb/tidemark/executor/exectest"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

func TestSort(t *testing.T) {
	input := Rows("a int4, b text", "3|c", "1|longer than eight b", "NULL|n", "1|longer than eight a", "-2|NULL", "3|a")
	sort := func(top, offset expr.Expr, keys func(n plan.Node) []expr.SortKey) func([]plan.Node) plan.Node {
		return func(in []plan.Node) plan.Node {
			return &plan.Sort{Base: Cols("", in[0]), Input: in[0], Keys: keys(in[0]), TopCount: top, TopOffset: offset}
		}
	}
	byA := func(n plan.Node) []expr.SortKey { return []expr.SortKey{{Expr: Col(n, 0)}, {Expr: Col(n, 1)}} }
	for _, c := range []Case{
		{
			Name: "two keys", Plan: sort(nil, nil, byA),
			Want: []string{"-2|NULL", "1|longer than eight a", "1|longer than eight b", "3|a", "3|c", "NULL|n"},
		},
		{
			Name: "stable", Plan: sort(nil, nil, func(n plan.Node) []expr.SortKey {
				return []expr.SortKey{{Expr: Col(n, 0), Desc: true, NullsFirst: true}}
			}),
			Want: []string{"NULL|n", "3|c", "3|a", "1|longer than eight b", "1|longer than eight a", "-2|NULL"},
		},
		{
			Name: "text desc, nulls last", Plan: sort(nil, nil, func(n plan.Node) []expr.SortKey { return []expr.SortKey{{Expr: Col(n, 1), Desc: true}} }),
			Want: []string{"NULL|n", "1|longer than eight b", "1|longer than eight a", "3|c", "3|a", "-2|NULL"}[0:0],
		},
		{Name: "top", Plan: sort(Int(2), nil, byA), Want: []string{"-2|NULL", "1|longer than eight a"}},
		{Name: "top with offset", Plan: sort(Int(1), Int(1), byA), Want: []string{"-2|NULL", "1|longer than eight a"}},
		{
			Name: "expression", Plan: sort(nil, nil, func(n plan.Node) []expr.SortKey {
				return []expr.SortKey{{Expr: Op(Int4(0), "-", Col(n, 0)), NullsFirst: true}}
			}),
			Want: []string{"NULL|n", "3|c", "3|a", "1|longer than eight b", "1|longer than eight a", "-2|NULL"},
		},
	} {
		if c.Name == "text desc, nulls last" {
			c.Want = []string{"NULL|n", "1|longer than eight b", "1|longer than eight a", "3|c", "3|a", "-2|NULL"}
		}
		c.Inputs = []*Source{input}
		Run(t, c)
	}
}

func TestSortTypes(t *testing.T) {
	for _, c := range []struct {
		typ  string
		rows []string // in order
	}{
		{"float8", []string{"-Infinity", "-1.5", "0", "1e-300", "2.5", "Infinity", "NaN", "NULL"}},
		{"float4", []string{"-1.5", "0", "2.5", "NaN", "NULL"}},
		{"int2", []string{"-32768", "-1", "0", "32767"}},
		{"int8", []string{"-9223372036854775808", "-1", "0", "9223372036854775807", "NULL"}},
		{"bool", []string{"f", "t", "NULL"}},
		{"oid", []string{"0", "1", "4294967295"}},
		{"bytea", []string{`\x`, `\x00`, `\x0000`, `\x01`, `\xff`}},
		{"numeric", []string{"-1000", "-0.5", "0.001", "2", "10.0", "NaN"}},
		{"text", []string{"", "A", "Z", "a", "aaaaaaaaa", "aaaaaaaab", "ä", "NULL"}},
	} {
		shuffled := make([]string, len(c.rows))
		for i, r := range c.rows {
			shuffled[(i*7+3)%len(c.rows)] = r
			if len(c.rows)%7 == 0 {
				shuffled[len(c.rows)-1-i] = r
			}
		}
		Run(t, Case{
			Name: c.typ, Inputs: []*Source{Rows("a "+c.typ, shuffled...)}, Want: c.rows,
			Plan: func(in []plan.Node) plan.Node {
				return &plan.Sort{Base: Cols("", in[0]), Input: in[0], Keys: []expr.SortKey{{Expr: Col(in[0], 0)}}}
			},
		})
	}
}

// TestTopNCut has more rows than top-n collects before it throws some away.
func TestTopNCut(t *testing.T) {
	rows := make([]string, 6000)
	for i := range rows {
		rows[i] = fmt.Sprintf("%d|%d", (i*7919)%3000, i)
	}
	want := []string{"0|0", "0|3000", "1|1679", "1|4679"}
	Run(t, Case{
		Name: "cut", Inputs: []*Source{Rows("a int4, b int4", rows...)}, Want: want,
		Plan: func(in []plan.Node) plan.Node {
			return &plan.Sort{Base: Cols("", in[0]), Input: in[0], Keys: []expr.SortKey{{Expr: Col(in[0], 0)}, {Expr: Col(in[0], 1)}}, TopCount: Int(4)}
		},
	})
}
