package binder

import (
	"slices"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/parser"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// bindFrom binds a FROM clause into the scope; nil for none.
func (b *Binder) bindFrom(s *scope, from []ast.TableExpr) (logical.Node, error) {
	var node logical.Node
	for _, f := range from {
		n, items, err := b.bindTableExpr(s, f)
		if err != nil {
			return nil, err
		}
		if err := checkConflicts(s.items, items); err != nil {
			return nil, err
		}
		setLateral(items, true, true)
		s.items = append(s.items, items...)
		if node == nil {
			node = n
		} else {
			node = &logical.Join{Type: plan.InnerJoin, Left: node, Right: n}
		}
	}
	setLateral(s.items, false, true)
	return node, nil
}

func setLateral(items []*nsItem, only, ok bool) {
	for _, it := range items {
		it.lateralOnly, it.lateralOK = only, ok
	}
}

// checkConflicts refuses two relations of one name (checkNameSpaceConflicts).
func checkConflicts(a, c []*nsItem) error {
	for _, x := range a {
		if !x.relVisible {
			continue
		}
		for _, y := range c {
			if y.relVisible && x.alias == y.alias && (x.schema == 0 || y.schema == 0 || x.schema == y.schema) {
				return pgerror.New(pgerror.DuplicateAlias, "table name %q specified more than once", x.alias)
			}
		}
	}
	return nil
}

func (b *Binder) bindTableExpr(s *scope, f ast.TableExpr) (logical.Node, []*nsItem, error) {
	var n logical.Node
	var item *nsItem
	var err error
	switch f := f.(type) {
	case *ast.RangeVar:
		n, item, err = b.bindRangeVar(s, f)
	case *ast.RangeSubselect:
		n, item, err = b.bindRangeSubselect(s, f)
	case *ast.RangeFunction:
		if call := asofCall(f); call != nil {
			n, item, err = b.asofTable(s, f, call)
		} else {
			n, item, err = b.bindRangeFunction(s, f)
		}
	case *ast.Join:
		return b.bindJoin(s, f)
	case *ast.TableSample:
		return nil, nil, pgerror.Unsupported("TABLESAMPLE").At(f.Loc())
	case *ast.UnsupportedTable:
		return nil, nil, pgerror.Unsupported("%s", f.Name).At(f.Loc())
	default:
		return nil, nil, pgerror.New(pgerror.InternalError, "unrecognized FROM item %T", f)
	}
	if err != nil {
		return nil, nil, err
	}
	s.all = append(s.all, item)
	return n, []*nsItem{item}, nil
}

// newItem makes a visible name space item and marks its columns as this level's.
func (b *Binder) newItem(s *scope, alias string, cols []column) *nsItem {
	b.MD.Relations++
	for i := range cols {
		if cols[i].value == nil {
			b.MD.Cols[cols[i].id].Depth = s.depth
		}
	}
	return &nsItem{alias: alias, cols: cols, relVisible: true, colsVisible: true, lateralOK: true}
}

// rename applies an alias's column names.
func rename(item *nsItem, a *ast.Alias, loc int) error {
	if a == nil || len(a.Columns) == 0 {
		return nil
	}
	if item.cols == nil {
		cols := make([]column, 0, item.numCols())
		for i := range item.numCols() {
			if item.colName(i) != "" {
				cols = append(cols, item.col(i))
			}
		}
		item.cols = cols
	}
	if len(a.Columns) > len(item.cols) {
		return pgerror.New(pgerror.InvalidColumnReference, "table %q has %d columns available but %d columns specified", item.alias, len(item.cols), len(a.Columns)).At(loc)
	}
	for i, name := range a.Columns {
		item.cols[i].name = name
	}
	return nil
}

func (b *Binder) bindRangeVar(s *scope, r *ast.RangeVar) (logical.Node, *nsItem, error) {
	if r.Schema == "" && r.Catalog == "" {
		if c := findCTE(s, r.Name); c != nil {
			return b.bindCTERef(s, c, r)
		}
	}
	t, err := b.lookupTable(s, r)
	if err != nil {
		return nil, nil, err
	}
	b.traceTable(r.Loc(), t)
	if t.Kind == catalog.KindMaterializedView && t.View != nil && !t.View.Populated {
		return nil, nil, pgerror.New(pgerror.ObjectNotInPrerequisiteState, "materialized view %q has not been populated", t.Name).
			WithHint("Use the REFRESH MATERIALIZED VIEW command.")
	}
	if t.Kind == catalog.KindView {
		return b.bindView(s, t, r)
	}
	scan, item := b.scanTable(s, t, r.Alias)
	return scan, item, rename(item, r.Alias, r.Loc())
}

// lookupTable finds a relation of FROM or of DML.
func (b *Binder) lookupTable(s *scope, r *ast.RangeVar) (*catalog.Table, error) {
	if r.Catalog != "" && r.Catalog != b.opts.Database {
		return nil, at(r, pgerror.FeatureNotSupported, "cross-database references are not implemented: \"%s.%s.%s\"", r.Catalog, r.Schema, r.Name)
	}
	var t *catalog.Table
	if b.cat != nil {
		t = b.cat.Resolve(b.path, r.Schema, r.Name)
	}
	if t == nil {
		return nil, b.noTable(s, r)
	}
	if t.Kind == catalog.KindCompositeType {
		return nil, at(r, pgerror.WrongObjectType, "cannot open relation %q", t.Name).WithDetail("This operation is not supported for composite types.")
	}
	b.addDep(t)
	if b.noAuto == 0 && needsConstants(t) {
		b.noAuto++ // literals must be seen to match partial and expression indexes
	}
	return t, nil
}

func needsConstants(t *catalog.Table) bool {
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		if ix.Predicate != "" {
			return true
		}
		for j := range ix.Columns {
			if ix.Columns[j].Num == 0 {
				return true
			}
		}
	}
	return false
}

func (b *Binder) noTable(s *scope, r *ast.RangeVar) error {
	if b.cat != nil {
		path := b.path
		if r.Schema != "" {
			path = []string{r.Schema}
		}
		for _, p := range path {
			if sch := b.cat.Schema(p); sch != nil {
				if _, ix := b.cat.Index(sch.ID, r.Name); ix != nil {
					return at(r, pgerror.WrongObjectType, "cannot open relation %q", r.Name).WithDetail("This operation is not supported for indexes.")
				}
			}
		}
	}
	if b.cat != nil {
		path := b.path
		if r.Schema != "" {
			path = []string{r.Schema}
		}
		for _, p := range path {
			if sch := b.cat.Schema(p); sch != nil {
				if _, kind := b.cat.RelationByName(sch.ID, r.Name); kind == catalog.KindCompositeType {
					return pgerror.New(pgerror.WrongObjectType, "%q is a composite type", r.Name)
				}
			}
		}
	}
	name := r.Name
	if r.Schema != "" {
		name = r.Schema + "." + name
	}
	err := at(r, pgerror.UndefinedTable, "relation %q does not exist", name)
	for q := s; q != nil && r.Schema == ""; q = q.parent {
		if slices.Contains(q.future, r.Name) {
			return err.WithDetail("There is a WITH item named %q, but it cannot be referenced from this part of the query.", r.Name).
				WithHint("Use WITH RECURSIVE, or re-order the WITH items to remove forward references.")
		}
	}
	return err
}

// scanTable makes the scan of a stored or virtual table and its name space item.
func (b *Binder) scanTable(s *scope, t *catalog.Table, alias *ast.Alias) (*logical.Scan, *nsItem) {
	name := t.Name
	item := &nsItem{table: t, schema: t.Schema, relVisible: true, colsVisible: true, lateralOK: true}
	if alias != nil {
		name, item.schema = alias.Name, 0
	}
	item.alias = name
	item.first = b.tableColumns(t, name, s.depth)
	b.MD.Relations++
	scan := &logical.Scan{Table: t, Alias: name, First: item.first}
	if needsConstants(t) {
		scan.IndexExprs = b.indexExprs(t, item.first)
	}
	item.scan = scan
	return scan, item
}

// tableColumns makes ids for all columns of a table.
func (b *Binder) tableColumns(t *catalog.Table, alias string, depth int32) expr.ColumnID {
	var first expr.ColumnID
	for i := range t.Columns {
		c := &t.Columns[i]
		id := b.MD.Add(logical.ColumnInfo{Name: c.Name, Rel: alias, Type: c.Type, Table: t.ID, Num: c.Num, NotNull: c.NotNull, Depth: depth})
		if i == 0 {
			first = id
		}
	}
	if first == 0 {
		first = expr.ColumnID(max(len(b.MD.Cols), 1))
	}
	return first
}

// bindView expands a view: its query is bound under the search path of its creator.
func (b *Binder) bindView(s *scope, t *catalog.Table, r *ast.RangeVar) (logical.Node, *nsItem, error) {
	if err := b.enter(); err != nil {
		return nil, nil, err
	}
	defer func() { b.depth-- }()
	q, err := b.viewQuery(s, t)
	if err != nil {
		return nil, nil, err
	}
	name := t.Name
	if r.Alias != nil {
		name = r.Alias.Name
	}
	i := 0
	cols := make([]column, 0, len(q.cols))
	for k := range t.Columns {
		if t.Columns[k].Dropped || i >= len(q.cols) {
			continue
		}
		c := q.cols[i]
		c.name = t.Columns[k].Name
		cols = append(cols, c)
		i++
	}
	item := b.newItem(s, name, cols)
	item.view, item.derived = t, q.node
	if r.Alias == nil {
		item.schema = t.Schema
	}
	return q.node, item, rename(item, r.Alias, r.Loc())
}

func (b *Binder) viewQuery(s *scope, t *catalog.Table) (query, error) {
	stmts, err := parser.Parse(t.View.Query)
	if err != nil {
		return query{}, err
	}
	sel, ok := stmts[0].Stmt.(*ast.Select)
	if !ok {
		return query{}, pgerror.New(pgerror.InternalError, "view %q is no query", t.Name)
	}
	saved, trace := b.path, b.trace
	b.path, b.trace = viewPath(t.View.SearchPath, b.path), nil
	b.noAuto++ // offsets in the view's text are not those of the statement
	b.stored++
	defer func() { b.path, b.trace = saved, trace; b.noAuto--; b.stored-- }()
	q, err := b.bindSelect(&scope{depth: s.depth}, sel, nil)
	if e, ok := err.(*pgerror.Error); ok { //nolint:errorlint // made here
		c := *pgerror.New(e.Code, "%s", e.Message)
		c.Detail, c.Hint = e.Detail, e.Hint
		return q, &c
	}
	return q, err
}

func viewPath(path, current []string) []string {
	if len(path) == 0 {
		return current
	}
	for _, p := range path {
		if p == "pg_catalog" {
			return path
		}
	}
	return append([]string{"pg_catalog"}, path...)
}

func (b *Binder) bindRangeSubselect(s *scope, r *ast.RangeSubselect) (logical.Node, *nsItem, error) {
	if r.Alias == nil && b.stored == 0 {
		return nil, nil, noAlias(r)
	}
	saved := s.lateralActive
	s.lateralActive = r.Lateral
	kind := s.kind
	s.kind = kindFromSubselect
	q, err := b.bindSelect(s, r.Query, nil)
	s.lateralActive, s.kind = saved, kind
	if err != nil {
		return nil, nil, err
	}
	alias := ""
	if r.Alias != nil {
		alias = r.Alias.Name
	}
	item := b.newItem(s, alias, append(make([]column, 0, len(q.cols)), q.cols...))
	item.relVisible, item.derived = alias != "", q.node
	return q.node, item, rename(item, r.Alias, r.Loc())
}

// noAlias is the error of a subquery in FROM without a name, which PostgreSQL wants up
// to version 15; queries of views that were stored without one are bound.
func noAlias(r *ast.RangeSubselect) error {
	if r.Query.Values != nil {
		return at(r, pgerror.SyntaxError, "VALUES in FROM must have an alias").WithHint("For example, FROM (VALUES ...) [AS] foo.")
	}
	return at(r, pgerror.SyntaxError, "subquery in FROM must have an alias").WithHint("For example, FROM (SELECT ...) [AS] foo.")
}

func (b *Binder) bindRangeFunction(s *scope, r *ast.RangeFunction) (logical.Node, *nsItem, error) {
	savedLat, savedKind := s.lateralActive, s.kind
	s.lateralActive, s.kind = true, kindFromFunction
	defer func() { s.lateralActive, s.kind = savedLat, savedKind }()
	scan := &logical.FunctionScan{}
	alias := ""
	if r.Alias != nil {
		alias = r.Alias.Name
	}
	var cols []column
	for _, f := range expandUnnest(r) {
		call, name, err := b.fromCall(s, f)
		if err != nil {
			return nil, nil, err
		}
		defs := f.Columns
		if defs == nil && len(r.Funcs) == 1 {
			defs = r.Columns
		}
		if err := b.columnDefs(&call, defs, f.Call); err != nil {
			return nil, nil, err
		}
		if len(call.Names) == 1 && (call.Names[0].Name == "" || call.Fn != nil && call.Names[0].Name == call.Fn.Name) {
			call.Names[0].Name = name
			if alias != "" && len(r.Funcs) == 1 && !r.RowsFrom {
				call.Names[0].Name = alias
			}
		}
		if alias == "" {
			alias = name
		}
		if len(r.Funcs) == 1 && !r.Ordinality {
			if q := b.inlineRows(s, &call); q != nil {
				return b.inlinedItem(s, r, alias, q, &call)
			}
		}
		ids := make([]expr.ColumnID, len(call.Names))
		for i, c := range call.Names {
			ids[i] = b.MD.Add(logical.ColumnInfo{Name: c.Name, Rel: alias, Type: c.Type})
			if fields := b.compositeFields(c.Type); len(call.Names) == 1 && fields != nil {
				// A function of composite values shows their fields.
				for k, f := range fields {
					cols = append(cols, column{name: f.name, id: ids[i], typ: f.typ, value: &expr.Field{Arg: b.MD.Col(ids[i]), Index: k, Name: f.name, Typ: f.typ}})
				}
				b.MD.Cols[ids[i]].Depth = s.depth
				continue
			}
			cols = append(cols, column{name: c.Name, id: ids[i], typ: c.Type})
		}
		scan.Calls = append(scan.Calls, call)
		scan.Cols = append(scan.Cols, ids)
	}
	if r.Ordinality {
		scan.Ordinality = b.MD.Add(logical.ColumnInfo{Name: "ordinality", Rel: alias, Type: int8Type, NotNull: true})
		cols = append(cols, column{name: "ordinality", id: scan.Ordinality, typ: int8Type})
	}
	scan.Alias = alias
	item := b.newItem(s, alias, cols)
	item.kind = "a function"
	return scan, item, rename(item, r.Alias, r.Loc())
}

// inlinedItem is a function of FROM whose body took the place of its call.
func (b *Binder) inlinedItem(s *scope, r *ast.RangeFunction, alias string, q *query, call *logical.Call) (logical.Node, *nsItem, error) {
	cols := append(make([]column, 0, len(q.cols)), q.cols...)
	for i := range cols {
		cols[i].name = call.Names[i].Name
	}
	item := b.newItem(s, alias, cols)
	item.derived, item.kind = q.node, "a function"
	return q.node, item, rename(item, r.Alias, r.Loc())
}

// expandUnnest turns unnest(a, b) into ROWS FROM (unnest(a), unnest(b)).
func expandUnnest(r *ast.RangeFunction) []*ast.RangeFuncItem {
	var out []*ast.RangeFuncItem
	for _, f := range r.Funcs {
		c, ok := f.Call.(*ast.FuncCall)
		if ok && len(c.Args) > 1 && c.Name[len(c.Name)-1] == "unnest" && (len(c.Name) == 1 || c.Name[0] == "pg_catalog") {
			for _, a := range c.Args {
				one := *c
				one.Args = []ast.Expr{a}
				out = append(out, &ast.RangeFuncItem{Call: &one})
			}
			continue
		}
		out = append(out, f)
	}
	return out
}

// fromCall binds one function of FROM.
func (b *Binder) fromCall(s *scope, f *ast.RangeFuncItem) (logical.Call, string, error) {
	name := targetName(f.Call)
	if fc, ok := f.Call.(*ast.FuncCall); ok {
		c, err := b.resolveCall(s, fc)
		if err != nil {
			return logical.Call{}, "", err
		}
		if c.routine != nil && c.done == nil && c.routine.Returns.OID != types.Void {
			if cols := b.routineColumns(c); c.routine.ReturnsSet || len(cols) != 1 || cols[0].Name != "" {
				c.ref = b.routineTable(c, cols)
				if len(cols) == 1 && cols[0].Name != "" {
					name = cols[0].Name
				}
			}
		}
		if fn, ok := c.ref.(*functions.TableFunc); ok && c.done == nil {
			b.changes = b.changes || fn.ChangesCatalog
			if err := noSets(false, "set-returning functions must appear at top level of FROM", c.args...); err != nil {
				return logical.Call{}, "", err
			}
			return logical.Call{Fn: fn, Args: c.args, Sig: c.sig, Names: b.tableFuncColumns(fn, c)}, name, nil
		}
		e := c.done
		if e == nil {
			if e, err = b.finishCall(s, fc, c); err != nil {
				return logical.Call{}, "", err
			}
		}
		return logical.Call{Scalar: e, Names: []plan.Column{{Type: e.Type()}}}, name, nil
	}
	e, err := b.bindExpr(s, f.Call)
	if err == nil {
		e, err = b.toText(e, f.Call.Loc())
	}
	if err != nil {
		return logical.Call{}, "", err
	}
	return logical.Call{Scalar: e, Names: []plan.Column{{Type: e.Type()}}}, name, nil
}

// columnDefs applies a column definition list, which functions returning
// record need.
func (b *Binder) columnDefs(call *logical.Call, defs []*ast.ColumnDef, n ast.Node) error {
	record := call.Fn != nil && len(call.Names) == 0
	switch {
	case len(defs) == 0 && record:
		return at(n, pgerror.SyntaxError, "a column definition list is required for functions returning \"record\"")
	case len(defs) == 0:
		return nil
	case !record:
		return at(n, pgerror.SyntaxError, "a column definition list is only allowed for functions returning \"record\"")
	}
	for _, d := range defs {
		t, err := b.valueType(d.Type)
		if err != nil {
			return err
		}
		call.Names = append(call.Names, plan.Column{Name: d.Name, Type: t})
	}
	call.Sig.Returns = types.Of(types.Record)
	if fn := b.routineRows(call.Fn, call.Names); fn != nil {
		call.Fn = fn
	}
	if call.Fn.OpenRecord != nil {
		fn := *call.Fn
		fn.Columns = nil
		for _, n := range call.Names {
			fn.Columns = append(fn.Columns, functions.Column{Name: n.Name, Type: n.Type})
		}
		fn.Open = fn.OpenRecord(fn.Columns)
		call.Fn = &fn
	}
	return nil
}
