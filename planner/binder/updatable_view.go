package binder

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/parser"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// Views that show rows of one table can be written (PostgreSQL's CREATE VIEW,
// "Updatable Views"): the statement writes the table, the view's columns stand for
// expressions over the table's, and its conditions hold for the rows that are changed
// and, WITH CHECK OPTION, for those that are written.

// writeTarget is what a statement writes: a table, which may be behind views.
type writeTarget struct {
	table *catalog.Table
	views []viewLevel // from the one that is named down to the table
	verb  string
}

type viewLevel struct {
	view    *catalog.Table
	sel     *ast.Select
	columns []viewColumn
}

// viewColumn says which column of the table a view's column is; if it is none, the
// ordinal is negative, and view and name say where it comes from.
type viewColumn struct {
	ordinal    int
	view, name string
	system     bool
}

// name is the name of what the statement writes.
func (w *writeTarget) name() string {
	if len(w.views) > 0 {
		return w.views[0].view.Name
	}
	return w.table.Name
}

// throughView goes from a view to what it shows.
func (b *Binder) throughView(w *writeTarget, v *catalog.Table) error {
	if err := b.enter(); err != nil {
		return err
	}
	defer func() { b.depth-- }()
	stmts, err := parser.Parse(v.View.Query)
	if err != nil {
		return err
	}
	sel, ok := stmts[0].Stmt.(*ast.Select)
	if !ok {
		return pgerror.New(pgerror.InternalError, "view %q is no query", v.Name)
	}
	if why := notUpdatable(sel); why != "" {
		return w.refuse(v, why)
	}
	w.views = append(w.views, viewLevel{view: v, sel: sel})
	saved := b.path
	b.path = viewPath(v.View.SearchPath, b.path)
	t, err := b.lookupTable(nil, sel.From[0].(*ast.RangeVar))
	b.path = saved
	switch {
	case err != nil:
		return err
	case t.Kind == catalog.KindView:
		return b.throughView(w, t)
	case t.Kind != catalog.KindTable:
		return w.refuse(v, notOneTable)
	}
	w.table = t
	return nil
}

const notOneTable = "Views that do not select from a single table or view are not automatically updatable."

// notUpdatable says why a view of a query cannot be written, "" if its form does not
// forbid it (view_query_is_auto_updatable).
func notUpdatable(sel *ast.Select) string {
	containing := func(what string) string { return "Views containing " + what + " are not automatically updatable." }
	switch {
	case sel.Distinct || len(sel.DistinctOn) > 0:
		return containing("DISTINCT")
	case len(sel.GroupBy) > 0:
		return containing("GROUP BY")
	case sel.Having != nil:
		return containing("HAVING")
	case sel.Left != nil:
		return containing("UNION, INTERSECT, or EXCEPT")
	case sel.With != nil:
		return containing("WITH")
	case sel.Limit != nil || sel.Offset != nil:
		return containing("LIMIT or OFFSET")
	case len(sel.From) != 1:
		return notOneTable
	}
	switch sel.From[0].(type) {
	case *ast.RangeVar:
		return ""
	case *ast.TableSample:
		return containing("TABLESAMPLE")
	}
	return notOneTable
}

// refuse is the error of a view that cannot be written.
func (w *writeTarget) refuse(v *catalog.Table, why string) error {
	does, doing := "cannot update view", "updating"
	switch w.verb {
	case "INSERT":
		does, doing = "cannot insert into view", "inserting into"
	case "DELETE":
		does, doing = "cannot delete from view", "deleting from"
	}
	return pgerror.New(pgerror.ObjectNotInPrerequisiteState, "%s %q", does, v.Name).WithDetail("%s", why).
		WithHint("To enable %s the view, provide an INSTEAD OF %s trigger or an unconditional ON %s DO INSTEAD rule.", doing, w.verb, w.verb)
}

// ViewWritable says which columns (by number) of a view can be written and whether its
// rows can be deleted; why says why its columns cannot.
func ViewWritable(view *catalog.Table, opts *Options) (columns []int16, deletable bool, why string) {
	for _, verb := range []string{"DELETE", "UPDATE"} {
		b := New(opts)
		w := &writeTarget{verb: verb}
		err := b.throughView(w, view)
		if err == nil {
			s := &scope{depth: 1}
			_, _, err = b.targetItem(s, w, nil, b.tableColumns(w.table, w.table.Name, 1))
		}
		if err != nil {
			return nil, verb == "UPDATE", pgerror.From(err).Detail
		}
		for i, c := range w.views[0].columns {
			if verb == "UPDATE" && c.ordinal >= 0 {
				columns = append(columns, view.Columns[i].Num)
			}
		}
	}
	return columns, true, ""
}

// targetItem makes the name space item of what is written, over column ids of the table
// from first, and the conditions of the views.
func (b *Binder) targetItem(s *scope, w *writeTarget, alias *ast.Alias, first expr.ColumnID) (*nsItem, []viewCondition, error) {
	item := &nsItem{alias: w.table.Name, schema: w.table.Schema, table: w.table, first: first, relVisible: true, colsVisible: true, lateralOK: true}
	var columns []viewColumn
	if len(w.views) > 0 {
		columns = make([]viewColumn, len(w.table.Columns))
		for i := range columns {
			columns[i].ordinal = i
		}
	}
	var conds []viewCondition
	for i := len(w.views) - 1; i >= 0; i-- {
		below := item
		if err := rename(below, w.views[i].alias(below), -1); err != nil {
			return nil, nil, err
		}
		var cond expr.Expr
		var err error
		if item, columns, cond, err = b.viewLevelItem(s, w, i, below, columns); err != nil {
			return nil, nil, err
		}
		w.views[i].columns = columns
		if cond != nil {
			conds = append(conds, viewCondition{i, cond})
		}
	}
	if alias != nil {
		item.alias, item.schema = alias.Name, 0
	}
	return item, conds, rename(item, alias, -1)
}

// viewCondition is the condition of a view, of writeTarget.views by position.
type viewCondition struct {
	level int
	cond  expr.Expr
}

// alias gives the item below a view the name that it has there.
func (l *viewLevel) alias(below *nsItem) *ast.Alias {
	a := l.sel.From[0].(*ast.RangeVar).Alias
	if a != nil {
		below.alias, below.schema = a.Name, 0
	}
	return a
}

// viewLevelItem binds the select list and the condition of a view over what is below.
func (b *Binder) viewLevelItem(s *scope, w *writeTarget, level int, below *nsItem, columns []viewColumn) (*nsItem, []viewColumn, expr.Expr, error) {
	v, sel := w.views[level].view, w.views[level].sel
	saved, trace := b.path, b.trace
	b.path, b.trace = viewPath(v.View.SearchPath, b.path), nil
	b.noAuto++ // offsets in the view's text are not those of the statement
	defer func() { b.path, b.trace = saved, trace; b.noAuto-- }()
	vs := &scope{depth: s.depth, items: []*nsItem{below}, all: []*nsItem{below}}
	targets, err := b.bindTargets(vs, sel.Targets, kindTarget)
	if err != nil {
		return nil, nil, nil, pgerror.From(err).At(-1)
	}
	for _, f := range []struct {
		has  bool
		what string
	}{{vs.hasAggs, "aggregate"}, {vs.hasWindows, "window"}, {vs.hasSRF, "set-returning"}} {
		if f.has {
			return nil, nil, nil, w.refuse(v, "Views that return "+f.what+" functions are not automatically updatable.")
		}
	}
	item := &nsItem{alias: v.Name, schema: v.Schema, view: v, relVisible: true, colsVisible: true, lateralOK: true, cols: make([]column, 0, len(targets))}
	out := make([]viewColumn, 0, len(targets))
	updatable := false
	for k := range v.Columns {
		if v.Columns[k].Dropped || len(out) == len(targets) {
			continue
		}
		e, name := targets[len(out)].expr, v.Columns[k].Name
		item.cols = append(item.cols, column{name: name, value: e, typ: e.Type()})
		c := viewColumn{ordinal: -1, view: v.Name, name: name}
		if i := below.position(e); i >= 0 {
			c = columns[i]
		} else if len(sel.Targets) == len(targets) {
			c.system = isSystemColumn(sel.Targets[len(out)].Expr)
		}
		updatable = updatable || c.ordinal >= 0
		out = append(out, c)
	}
	if !updatable && w.verb != "DELETE" {
		return nil, nil, nil, w.refuse(v, "Views that have no updatable columns are not automatically updatable.")
	}
	if sel.Where == nil {
		return item, out, nil, nil
	}
	cond, err := b.bindCondition(vs, sel.Where, kindWhere, "WHERE")
	if err != nil {
		return nil, nil, nil, pgerror.From(err).At(-1)
	}
	return item, out, cond, nil
}

// isSystemColumn says whether an expression that is none of the columns is a system
// column.
func isSystemColumn(e ast.Expr) bool {
	c, ok := e.(*ast.ColumnRef)
	return ok && !c.Star && len(c.Names) > 0 && c.Names[len(c.Names)-1] == "tableoid"
}

// viewDefault is the default that a view has for a column of the table; nil if there
// is none.
func (b *Binder) viewDefault(w *writeTarget, ord int) (expr.Expr, error) {
	for _, l := range w.views {
		for i, c := range l.columns {
			if col := &l.view.Columns[i]; c.ordinal == ord && col.Default != "" {
				e, err := b.catalogExpr(col.Default, &scope{depth: 1, kind: kindDefault})
				if err != nil {
					return nil, err
				}
				return b.assign(e, &w.table.Columns[ord], -1)
			}
		}
	}
	return nil, nil
}

// position finds the column of an item that an expression is, -1 if it is none.
func (n *nsItem) position(e expr.Expr) int {
	c, ok := e.(*expr.Column)
	if !ok {
		return -1
	}
	for i := range n.numCols() {
		if n.colName(i) == "" {
			continue
		}
		x := n.col(i)
		if v, ok := x.value.(*expr.Column); ok && v.ID == c.ID || x.value == nil && x.id == c.ID {
			return i
		}
	}
	return -1
}

// ordinal finds the table's column that a name of the target stands for.
func (w *writeTarget) ordinal(c *ast.InsertColumn) (int, error) {
	if len(w.views) == 0 {
		return columnOrdinal(w.table, c)
	}
	i := 0
	v := w.views[0].view
	for k := range v.Columns {
		if v.Columns[k].Dropped || i == len(w.views[0].columns) {
			continue
		}
		if v.Columns[k].Name == c.Name {
			return w.writable(i)
		}
		i++
	}
	return 0, at(c, pgerror.UndefinedColumn, "column %q of relation %q does not exist", c.Name, v.Name)
}

// writable is the table's column behind column i of the view, which must be one.
func (w *writeTarget) writable(i int) (int, error) {
	c := &w.views[0].columns[i]
	if c.ordinal >= 0 {
		return c.ordinal, nil
	}
	does := "update"
	if w.verb == "INSERT" {
		does = "insert into"
	}
	detail := "View columns that are not columns of their base relation are not updatable."
	if c.system {
		detail = "View columns that refer to system columns are not updatable."
	}
	return 0, pgerror.New(pgerror.FeatureNotSupported, "cannot %s column %q of view %q", does, c.name, c.view).WithDetail("%s", detail)
}

// viewRowChecks binds what written rows are checked by, the views' conditions too.
func (b *Binder) viewRowChecks(w *writeTarget, conds []viewCondition, first expr.ColumnID) (*plan.RowChecks, error) {
	rows, err := b.RowChecks(w.table)
	if err == nil {
		rows.CheckOptions, err = b.checkOptions(w, conds, first)
	}
	return rows, err
}

// checkOptions are the conditions that WITH CHECK OPTION demands of written rows,
// those of inner views first.
func (b *Binder) checkOptions(w *writeTarget, conds []viewCondition, first expr.ColumnID) ([]plan.NamedCheck, error) {
	var out []plan.NamedCheck
	cascaded := false
	for level, l := range w.views {
		option := l.view.View.CheckOption
		cascaded = cascaded || option == "cascaded"
		if option == "" && !cascaded {
			continue
		}
		for _, c := range conds {
			if c.level != level {
				continue
			}
			if logical.Any(c.cond, isSubplan) {
				return nil, pgerror.Unsupported("a subquery in the condition of view %q WITH CHECK OPTION", l.view.Name)
			}
			check := plan.NamedCheck{Name: l.view.Name, Expr: toOrdinals(c.cond, len(w.table.Columns), first)}
			out = append([]plan.NamedCheck{check}, out...)
		}
	}
	return out, nil
}

func isSubplan(e expr.Expr) bool {
	_, ok := e.(*expr.Subplan)
	return ok
}

// filterViews keeps the rows that the views show.
func filterViews(node logical.Node, conds []viewCondition) logical.Node {
	for _, c := range conds {
		node = &logical.Filter{Input: node, Conds: logical.Conjuncts(nil, c.cond)}
	}
	return node
}
