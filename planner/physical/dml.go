package physical

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// insert builds an INSERT: the input yields the target columns in order.
func (b *Builder) insert(n *logical.Insert) rel {
	var need logical.ColSet
	need.AddAll(n.Cols)
	in := b.exact(n.Input, &need, n.Cols, hint{})
	ins := &plan.Insert{Table: n.Table, Input: in.node, Target: n.Target}
	if n.Rows != nil {
		ins.Rows = *n.Rows
	}
	row := b.tableLayout(n.Table.Columns, n.First)
	if c := n.Conflict; c != nil {
		layout := append(row[:len(row):len(row)], b.tableLayout(n.Table.Columns, c.Excluded)...)
		ins.Conflict = &plan.OnConflict{Arbiters: c.Arbiters, Where: b.resolve(c.Where, layout)}
		for _, a := range c.Update {
			ins.Conflict.Update = append(ins.Conflict.Update, plan.Assignment{Column: a.Column, Value: b.resolve(a.Value, layout)})
		}
	}
	out := b.returning(&ins.Base, n.Returning, row, &ins.Returning)
	ins.Cost = plan.Cost{Total: in.cost(), Rows: in.rows(), Width: width(ins.Cols)}
	return rel{ins, out, nil}
}

// tableLayout is the layout of a whole row, dropped columns included.
func (b *Builder) tableLayout(cols []catalog.Column, first expr.ColumnID) []expr.ColumnID {
	out := make([]expr.ColumnID, len(cols))
	for i := range cols {
		out[i] = first + expr.ColumnID(i)
	}
	return out
}

func (b *Builder) returning(base *plan.Base, items []logical.Item, layout []expr.ColumnID, to *[]expr.Expr) []expr.ColumnID {
	ids := make([]expr.ColumnID, len(items))
	for i, it := range items {
		ids[i] = it.ID
		*to = append(*to, b.resolve(it.Expr, layout))
	}
	base.Cols = b.columns(ids)
	return ids
}

// target builds the input of UPDATE and DELETE: the table's columns in order,
// the columns of other relations that are needed, and the handle.
func (b *Builder) target(input logical.Node, table []catalog.Column, first, handle expr.ColumnID, need *logical.ColSet) (in rel, columns []int, at int, point bool) {
	var want []expr.ColumnID
	columns = make([]int, len(table))
	var all logical.ColSet
	for i := range table {
		columns[i] = -1
		if !table[i].Dropped {
			columns[i] = len(want)
			want = append(want, first+expr.ColumnID(i))
		}
	}
	all.AddAll(want)
	out := logical.OutputSet(input)
	need.Each(func(id expr.ColumnID) {
		if out.Has(id) && !all.Has(id) && id != handle {
			want = append(want, id)
			all.Add(id)
		}
	})
	at = len(want)
	want = append(want, handle)
	all.Add(handle)
	in = b.exact(input, &all, want, hint{})
	s, ok := in.node.(*plan.Scan)
	return in, columns, at, ok && s.PointGet
}

func (b *Builder) update(n *logical.Update) rel {
	var need logical.ColSet
	for _, a := range n.Assignments {
		logical.ExprColumns(a.Value, &need)
	}
	for _, it := range n.Returning {
		logical.ExprColumns(it.Expr, &need)
	}
	in, columns, handle, point := b.target(n.Input, n.Table.Columns, n.First, n.Handle, &need)
	u := &plan.Update{Table: n.Table, Input: in.node, Handle: handle, PointUpdate: point}
	u.OldColumns = columns
	if n.Rows != nil {
		u.Rows = *n.Rows
	}
	for _, a := range n.Assignments {
		u.Assignments = append(u.Assignments, plan.Assignment{Column: a.Column, Value: b.resolve(a.Value, in.cols)})
	}
	out := b.returning(&u.Base, n.Returning, in.cols, &u.Returning)
	u.Cost = plan.Cost{Total: in.cost(), Rows: in.rows(), Width: width(u.Cols)}
	return rel{u, out, nil}
}

func (b *Builder) delete(n *logical.Delete) rel {
	var need logical.ColSet
	for _, it := range n.Returning {
		logical.ExprColumns(it.Expr, &need)
	}
	in, columns, handle, point := b.target(n.Input, n.Table.Columns, n.First, n.Handle, &need)
	d := &plan.Delete{Table: n.Table, Input: in.node, Handle: handle, PointDelete: point}
	d.OldColumns = columns
	if n.Rows != nil {
		d.Rows = *n.Rows
	}
	out := b.returning(&d.Base, n.Returning, in.cols, &d.Returning)
	if s, ok := in.node.(*plan.SeriesScan); ok && len(d.Returning) == 0 {
		d.Range = s.Filter == nil && s.Tags == nil && s.SeriesFrom == nil && !s.PerSeries && s.Limit == 0
	}
	d.Cost = plan.Cost{Total: in.cost(), Rows: in.rows(), Width: width(d.Cols)}
	return rel{d, out, nil}
}

// lockRows builds FOR UPDATE. A point get locks its row itself.
func (b *Builder) lockRows(n *logical.LockRows, need *logical.ColSet, h hint) rel {
	if len(n.Rows) == 1 {
		if s := scanBelow(n.Input); s != nil && s.Table.TimeSeries == nil && s.Handle == n.Rows[0].Handle {
			if p := b.choose(s, need, hint{}); p.point {
				locking := n.Rows[0].Locking
				s.Lock = &locking
				return b.build(n.Input, need, h)
			}
		}
	}
	in := need.Clone()
	for _, r := range n.Rows {
		in.Add(r.Handle)
	}
	r := b.build(n.Input, &in, hint{order: h.order})
	var cols, handles []expr.ColumnID
	for _, id := range r.cols {
		isHandle := false
		for _, l := range n.Rows {
			isHandle = isHandle || l.Handle == id
		}
		if isHandle {
			handles = append(handles, id)
		} else {
			cols = append(cols, id)
		}
	}
	r = b.project(r, concat(cols, handles))
	l := &plan.LockRows{Input: r.node}
	for _, row := range n.Rows {
		for i, id := range r.cols {
			if id == row.Handle {
				l.Rows = append(l.Rows, plan.LockTarget{Table: row.Table, Handle: i, Locking: row.Locking})
			}
		}
	}
	l.Cols = b.columns(cols)
	l.Cost = *r.node.Estimate()
	return rel{l, cols, r.order}
}

// scanBelow is the only scan below projections and sorts.
func scanBelow(n logical.Node) *logical.Scan {
	for {
		switch x := n.(type) {
		case *logical.Scan:
			return x
		case *logical.Project:
			n = x.Input
		case *logical.Sort:
			n = x.Input
		default:
			return nil
		}
	}
}
