package executor

import (
	"slices"
	"testing"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// TestColumnUses: what is known of a scan's columns below filters, joins, sorts, projections
// and aggregations, and that below anything else all are plain and read.
func TestColumnUses(t *testing.T) {
	text := types.Of(types.Text)
	col := func(i int) expr.Expr { return &expr.Ordinal{Index: i, Typ: text} }
	base := func(n int) plan.Base {
		return plan.Base{Cols: slices.Repeat([]plan.Column{{Type: text}}, n)}
	}
	scan := func() *plan.Scan { return &plan.Scan{Base: base(3)} }
	isNull := func(i int) expr.Expr { return &expr.IsNull{Arg: col(i)} }
	left, right := scan(), scan()
	sorted := func(key expr.Expr) *plan.Sort {
		return &plan.Sort{Base: base(3), Input: left, Keys: []expr.SortKey{{Expr: key}}}
	}
	for _, c := range []struct {
		name          string
		root          plan.Node
		of            *plan.Scan
		coded, unread []bool
	}{
		{"top", left, left, nil, nil},
		{"project", &plan.Project{Base: base(1), Input: left, Exprs: []expr.Expr{col(1)}}, left, []bool{true, true, true}, []bool{true, false, true}},
		{
			"filter", &plan.Aggregate{Base: base(1), Input: &plan.Filter{Base: base(3), Input: left, Cond: isNull(2)}, Keys: []expr.Expr{col(0)}},
			left,
			[]bool{true, true, true},
			[]bool{false, true, false},
		},
		{
			"sort", &plan.Project{Base: base(1), Input: sorted(isNull(2)), Exprs: []expr.Expr{col(1)}},
			left,
			[]bool{true, true, true},
			[]bool{true, false, false},
		},
		{
			"sort by the column itself", &plan.Project{Base: base(1), Input: sorted(col(2)), Exprs: []expr.Expr{col(1)}},
			left,
			[]bool{true, true, false},
			[]bool{true, false, false},
		},
		{
			"distinct on", &plan.Project{Base: base(1), Input: &plan.Distinct{Base: base(3), Input: left, On: []expr.Expr{col(0)}}, Exprs: []expr.Expr{col(1)}},
			left,
			[]bool{false, true, true},
			[]bool{false, false, true},
		},
		{
			"distinct", &plan.Project{Base: base(1), Input: &plan.Distinct{Base: base(3), Input: left}, Exprs: []expr.Expr{col(1)}}, left, nil, nil,
		},
		{
			"join", &plan.Project{Base: base(1), Exprs: []expr.Expr{col(5)}, Input: &plan.HashJoin{
				Base: base(6), Left: left, Right: right, LeftKeys: []expr.Expr{col(0)}, RightKeys: []expr.Expr{col(1)}, Residual: isNull(1),
			}}, right, []bool{true, true, true}, []bool{true, false, false},
		},
		{
			"semi join", &plan.HashJoin{
				Base: base(3), Left: left, Right: right, Type: plan.SemiJoin, LeftKeys: []expr.Expr{col(0)}, RightKeys: []expr.Expr{col(1)}, Residual: isNull(3),
			}, right, []bool{true, true, true}, []bool{false, false, true},
		},
	} {
		use := usesOf(c.root, false)[c.of]
		if !slices.Equal(use.coded, c.coded) || !slices.Equal(use.unread, c.unread) {
			t.Errorf("%s: coded %v, unread %v, want %v, %v", c.name, use.coded, use.unread, c.coded, c.unread)
		}
	}
	for _, c := range []struct {
		root plan.Node
		want []bool
	}{{left, []bool{true, true, true}}, {sorted(col(1)), []bool{true, false, true}}} {
		if use := usesOf(c.root, true)[left]; !slices.Equal(use.coded, c.want) || use.unread != nil {
			t.Errorf("coded rows of %T: coded %v, unread %v", c.root, use.coded, use.unread)
		}
	}
}
