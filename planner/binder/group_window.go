package binder

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// KWDB's windows in GROUP BY: session_window, state_window, event_window, count_window,
// and time_window with a third argument (with two it is time_bucket). A call without OVER
// is a logical.WindowCall without Spec, whose last argument is the time that orders the
// rows. The aggregate of its query takes in the rows with the window they are in:
//
//	Aggregate by k, w
//	  Filter w IS NOT NULL           rows that are in no window
//	    Window w over (partition by k order by time)
//
// Windows that overlap (a slide is given) put each row into several by a ProjectSet of
// time_windows or count_windows instead.

// groupWindows has the windows to group by, and how many arguments they have at least.
var groupWindows = map[string]int{"session_window": 2, "state_window": 1, "event_window": 2, "count_window": 1, "time_window": 3}

// groupWindow makes a window to group by of a call.
func (b *Binder) groupWindow(s *scope, f *ast.FuncCall, c *boundCall) (expr.Expr, error) {
	switch s.kind {
	case kindTarget, kindGroupBy, kindHaving, kindOrderBy, kindDistinctOn:
	default:
		return nil, at(f, pgerror.WindowingError, "%s is allowed in GROUP BY only", c.name)
	}
	args := c.args
	switch {
	case c.name == "session_window" || c.name == "time_window":
	case len(args) > groupWindows[c.name] && (c.name != "count_window" || len(args) == 3 || args[1].Type().OID != types.Int8):
	default: // the time is not given
		t, err := b.onlyTime(s, f, c.name)
		if err != nil {
			return nil, err
		}
		args = append(args[:len(args):len(args)], t)
	}
	s.groupWindows = true
	return &logical.WindowCall{Name: c.name, Args: args, Sig: c.sig, Typ: c.returns, Position: f.Loc()}, nil
}

// timeColumn is a column of FROM that could order the rows.
type timeColumn struct {
	column
	alias string
}

// timeColumns are the time columns of time-series tables in FROM, also through subqueries
// and views; else all columns of a timestamp type.
func (b *Binder) timeColumns(s *scope) []timeColumn {
	var series, stamps []timeColumn
	for _, it := range s.items {
		if it.isJoin {
			continue
		}
		for i, n := 0, it.numCols(); i < n; i++ {
			c := it.col(i)
			if c.value != nil || it.colName(i) == "" {
				continue
			}
			info := b.MD.Cols[c.id]
			if t := b.seriesTable(info.Table); t != nil && t.TimeSeries.Time == info.Num {
				series = append(series, timeColumn{c, it.alias})
			}
			if c.typ.OID == types.Timestamptz || c.typ.OID == types.Timestamp {
				stamps = append(stamps, timeColumn{c, it.alias})
			}
		}
	}
	if len(series) > 0 {
		return series
	}
	return stamps
}

// seriesTable is a time-series table by its id, nil for others.
func (b *Binder) seriesTable(id catalog.OID) *catalog.Table {
	if id == 0 || b.cat == nil {
		return nil
	}
	if t := b.cat.TableByID(id); t != nil && t.TimeSeries != nil {
		return t
	}
	return nil
}

func (b *Binder) onlyTime(s *scope, f *ast.FuncCall, name string) (expr.Expr, error) {
	times := b.timeColumns(s)
	if len(times) != 1 {
		return nil, at(f, pgerror.WindowingError, "could not find out by which time %s goes", name).WithHint("Give it as the last argument.")
	}
	return b.MD.Col(times[0].id), nil
}

// findGroupWindow finds a window to group by in an expression.
func findGroupWindow(e expr.Expr) *logical.WindowCall {
	var w *logical.WindowCall
	logical.Walk(e, func(x expr.Expr) bool {
		if c, ok := x.(*logical.WindowCall); ok && c.Spec == nil && w == nil {
			w = c
		}
		return w == nil
	})
	return w
}

// ungroupedWindow is the error of windows that are not grouped by.
func ungroupedWindow(p *pending) error {
	exprs := []expr.Expr{p.having}
	for _, t := range p.targets {
		exprs = append(exprs, t.expr)
	}
	for _, e := range exprs {
		if w := findGroupWindow(e); w != nil {
			return pgerror.New(pgerror.GroupingError, "%s must appear in the GROUP BY clause", w.Name).At(w.Position)
		}
	}
	return nil
}

// windowGroups computes the window of GROUP BY below the aggregate.
func (b *Binder) windowGroups(s *scope, p *pending) error {
	var w *logical.WindowCall
	var partition []expr.Expr
	for _, g := range p.groups {
		found := findGroupWindow(g.expr)
		switch {
		case found == nil:
			partition = append(partition, g.expr)
		case w != nil && !logical.Equal(w, found):
			return pgerror.Unsupported("%s beside %s in GROUP BY", found.Name, w.Name).At(found.Position)
		default:
			w = found
		}
	}
	if w == nil {
		return ungroupedWindow(p)
	}
	if len(p.sets) > 0 {
		return pgerror.Unsupported("%s with grouping sets", w.Name).At(w.Position)
	}
	col := b.rowWindow(s, p, w, partition)
	for i := range p.groups {
		p.groups[i].expr = replaceEqual(p.groups[i].expr, w, col)
	}
	for i := range p.targets {
		p.targets[i].expr = replaceEqual(p.targets[i].expr, w, col)
	}
	if p.having != nil {
		p.having = replaceEqual(p.having, w, col)
	}
	return ungroupedWindow(p)
}

// rowWindow adds the window that each row is in, or a row for each that it is in.
func (b *Binder) rowWindow(s *scope, p *pending, w *logical.WindowCall, partition []expr.Expr) expr.Expr {
	switch {
	case w.Name == "time_window":
		return b.spreadRows(s, p, "time_windows", w.Args)
	case w.Name == "count_window" && len(w.Args) == 3:
		number := &logical.WindowCall{Name: "row_number", Typ: int8Type}
		at := b.windowColumn(s, p, number, partition, w.Args[2])
		return b.spreadRows(s, p, "count_windows", []expr.Expr{at, w.Args[0], w.Args[1]})
	}
	call := *w
	time := w.Args[len(w.Args)-1]
	if w.Name == "session_window" {
		time = w.Args[0]
	}
	col := b.windowColumn(s, p, &call, partition, time)
	p.node = &logical.Filter{Input: p.node, Conds: []expr.Expr{&expr.IsNull{Arg: col, Not: true}}}
	return col
}

// windowColumn adds a window function over the rows in the order of a time.
func (b *Binder) windowColumn(s *scope, p *pending, call *logical.WindowCall, partition []expr.Expr, time expr.Expr) expr.Expr {
	call.Spec = &logical.WindowSpec{
		Partition: partition, Order: []expr.SortKey{{Expr: time}},
		Frame: plan.Frame{Units: plan.FrameRange, Start: plan.UnboundedPreceding, End: plan.CurrentRow},
	}
	id := b.addColumn(s.depth, call.Name, call)
	p.node = &logical.Window{Input: p.node, Partition: partition, Order: call.Spec.Order, Items: []logical.Item{{ID: id, Expr: call}}}
	return b.MD.Col(id)
}

// spreadRows calls a set-returning function for each row.
func (b *Binder) spreadRows(s *scope, p *pending, name string, args []expr.Expr) expr.Expr {
	sig := functions.Signature{Args: make([]types.Type, len(args))}
	for i, a := range args {
		sig.Args[i] = a.Type()
	}
	for _, fn := range functions.TableFuncs(name) {
		if !sameOIDs(oids(fn.Args), oids(sig.Args)) {
			continue
		}
		sig.Returns = fn.Columns[0].Type
		call := &logical.SetCall{
			Call: logical.Call{Fn: fn, Args: args, Sig: sig, Names: []plan.Column{{Name: name, Type: sig.Returns}}}, Typ: sig.Returns,
		}
		id := b.addColumn(s.depth, name, call)
		ps := &logical.ProjectSet{Input: p.node, Items: []logical.Item{{ID: id, Expr: call}}}
		have := logical.OutputSet(p.node)
		have.Each(func(id expr.ColumnID) { ps.Items = append(ps.Items, logical.Item{ID: id, Expr: b.MD.Col(id)}) })
		p.node = ps
		return b.MD.Col(id)
	}
	panic("binder: no " + name + " for its window")
}
