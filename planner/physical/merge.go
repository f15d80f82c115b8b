package physical

import (
	"slices"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// mergeInto builds MERGE: the input yields the table's columns in order, the
// values that actions set, the handle and the action's number.
func (b *Builder) mergeInto(n *logical.Merge) rel {
	var need logical.ColSet
	need.Add(n.Action)
	for _, a := range n.Actions {
		need.AddAll(a.Values)
	}
	in, columns, handle, _ := b.target(n.Input, n.Table.Columns, n.First, n.Handle, &need)
	m := &plan.Merge{Table: n.Table, Alias: n.Alias, Input: in.node, Handle: handle, Action: slices.Index(in.cols, n.Action)}
	for _, a := range n.Actions {
		m.Actions = append(m.Actions, b.mergeAction(n, &a, m, in.cols, columns))
	}
	m.Cost = plan.Cost{Total: in.cost(), Rows: in.rows()}
	return rel{m, nil, nil}
}

func (b *Builder) mergeAction(n *logical.Merge, a *logical.MergeAction, m *plan.Merge, layout []expr.ColumnID, columns []int) plan.MergeAction {
	switch a.Kind {
	case logical.MergeInsert:
		out := plan.MergeAction{Write: &plan.Insert{Table: n.Table, Target: a.Columns, Rows: *a.Rows}}
		for _, id := range a.Values {
			out.Columns = append(out.Columns, slices.Index(layout, id))
		}
		return out
	case logical.MergeUpdate:
		u := &plan.Update{Table: n.Table, Handle: m.Handle, OldColumns: columns, Rows: *a.Rows}
		for i, id := range a.Values {
			u.Assignments = append(u.Assignments, plan.Assignment{Column: a.Columns[i], Value: b.resolve(b.md.Col(id), layout)})
		}
		return plan.MergeAction{Write: u}
	}
	return plan.MergeAction{Write: &plan.Delete{Table: n.Table, Handle: m.Handle, OldColumns: columns, Rows: *a.Rows}}
}
