package binder

import (
	"slices"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// dmlTarget finds what a statement writes.
func (b *Binder) dmlTarget(s *scope, r *ast.RangeVar, verb string) (*writeTarget, error) {
	if b.opts.ReadOnly {
		return nil, pgerror.New(pgerror.ReadOnlySqlTransaction, "cannot execute %s in a read-only transaction", verb)
	}
	t, err := b.lookupTable(s, r)
	if err != nil {
		return nil, err
	}
	if verb == "MERGE" {
		if err := mergeable(t); err != nil {
			return nil, err
		}
	}
	w := &writeTarget{table: t, verb: verb}
	switch t.Kind {
	case catalog.KindTable:
	case catalog.KindView:
		if err := b.throughView(w, t); err != nil {
			return nil, err
		}
	case catalog.KindSequence:
		return nil, pgerror.New(pgerror.WrongObjectType, "cannot change sequence %q", t.Name)
	case catalog.KindMaterializedView:
		return nil, pgerror.New(pgerror.WrongObjectType, "cannot change materialized view %q", t.Name)
	default:
		return nil, pgerror.New(pgerror.InsufficientPrivilege, "permission denied for table %s", t.Name)
	}
	b.addWrite(w.table)
	return w, nil
}

// columnOrdinal finds a target column.
func columnOrdinal(t *catalog.Table, c *ast.InsertColumn) (int, error) {
	for i := range t.Columns {
		if t.Columns[i].Name == c.Name && !t.Columns[i].Dropped {
			return i, nil
		}
	}
	switch c.Name {
	case "ctid", "tableoid", "xmin", "xmax", "cmin", "cmax":
		return 0, at(c, pgerror.FeatureNotSupported, "cannot assign to system column %q", c.Name)
	}
	return 0, at(c, pgerror.UndefinedColumn, "column %q of relation %q does not exist", c.Name, t.Name)
}

// inserter binds one INSERT.
type inserter struct {
	b      *Binder
	st     *ast.Insert
	into   *writeTarget
	table  *catalog.Table // of into
	first  expr.ColumnID
	target []int // given columns (ordinals)
	// defaults are the bound defaults by ordinal, made when first needed.
	defaults map[int]expr.Expr
}

// bindInsert is transformInsertStmt.
func (b *Binder) bindInsert(s *scope, st *ast.Insert) (query, error) {
	ctes, err := b.bindWith(s, st.With, true)
	if err != nil {
		return query{}, err
	}
	into, err := b.dmlTarget(s, st.Table, "INSERT")
	if err != nil {
		return query{}, err
	}
	t := into.table
	in := &inserter{b: b, st: st, into: into, table: t, defaults: map[int]expr.Expr{}}
	alias := into.name()
	if st.Table.Alias != nil {
		alias = st.Table.Alias.Name
	}
	in.first = b.tableColumns(t, alias, s.depth)
	b.MD.Relations++
	item, conds, err := b.targetItem(s, into, st.Table.Alias, in.first)
	if err != nil {
		return query{}, err
	}
	if err := in.columns(); err != nil {
		return query{}, err
	}
	node, target, err := in.source(s)
	if err != nil {
		return query{}, err
	}
	ins := &logical.Insert{Table: t, Input: node, Target: target, First: in.first}
	for _, o := range target {
		ins.Cols = append(ins.Cols, in.first+expr.ColumnID(o))
	}
	if ins.Rows, err = b.viewRowChecks(into, conds, in.first); err != nil {
		return query{}, err
	}
	s.items, s.all = append(s.items, item), append(s.all, item)
	if st.OnConflict != nil {
		if ins.Conflict, err = b.bindOnConflict(s, in, ins.Rows); err != nil {
			return query{}, err
		}
	}
	q := query{node: ins}
	if ins.Returning, q.cols, err = b.bindReturning(s, st.Returning); err != nil {
		return query{}, err
	}
	if len(ctes) > 0 {
		q.node = &logical.With{CTEs: ctes, Body: q.node}
	}
	return q, nil
}

func (in *inserter) columns() error {
	t := in.table
	if in.st.Columns == nil {
		if len(in.into.views) > 0 {
			for _, c := range in.into.views[0].columns {
				in.target = append(in.target, c.ordinal)
			}
			return nil
		}
		for i := range t.Columns {
			if !t.Columns[i].Dropped {
				in.target = append(in.target, i)
			}
		}
		return nil
	}
	const (
		notSeen = iota
		seenWhole
		seenPart
	)
	seen := make([]int, len(t.Columns))
	for _, c := range in.st.Columns {
		i, err := in.into.ordinal(c)
		if err != nil {
			return err
		}
		if whole := len(c.Steps) == 0; seen[i] != notSeen && (whole || seen[i] == seenWhole) {
			return at(c, pgerror.DuplicateColumn, "column %q specified more than once", c.Name)
		} else if whole {
			seen[i] = seenWhole
		} else {
			seen[i] = seenPart
		}
		in.target = append(in.target, i)
	}
	return nil
}

// source binds the rows to insert into a node whose columns are first+ordinal.
func (in *inserter) source(s *scope) (logical.Node, []int, error) {
	b, sel := in.b, in.st.Query
	var node logical.Node
	var given int
	var err error
	plainValues := sel != nil && sel.Values != nil && sel.With == nil && len(sel.OrderBy) == 0 && sel.Limit == nil && sel.Offset == nil && len(sel.Locking) == 0
	switch {
	case sel == nil:
		node, err = in.values(s, [][]expr.Expr{{}}, [][]int{{}})
	case plainValues:
		kind := kindInsertTarget
		if len(sel.Values) > 1 {
			kind = kindInsertRows
		}
		rows, locs, e := b.valueRows(s, sel.Values, kind)
		if e != nil {
			return nil, nil, e
		}
		given = len(rows[0])
		if e := in.checkCount(given, func(i int) int { return locs[0][i] }); e != nil {
			return nil, nil, e
		}
		if node, err = in.values(s, rows, locs); err == nil && s.hasSRF {
			node = b.expandValues(s, node.(*logical.Values))
		}
	default:
		node, err = in.query(s, sel)
	}
	if err != nil {
		return nil, nil, err
	}
	target := in.fullTarget(false)
	if hasGenerated(in.table) {
		p := &logical.Project{Input: node}
		for _, o := range target {
			id := in.first + expr.ColumnID(o)
			p.Items = append(p.Items, logical.Item{ID: id, Expr: b.MD.Col(id)})
		}
		for o := range in.table.Columns {
			c := &in.table.Columns[o]
			if !c.Generated || c.Dropped {
				continue
			}
			e, err := b.generated(in.table, c, in.first)
			if err != nil {
				return nil, nil, err
			}
			p.Items = append(p.Items, logical.Item{ID: in.first + expr.ColumnID(o), Expr: e})
		}
		node, target = p, append(target, in.fullTarget(true)...)
	}
	return node, target, nil
}

// expandValues makes rows of a VALUES row with set-returning functions.
func (b *Binder) expandValues(s *scope, v *logical.Values) logical.Node {
	p := &pending{node: &logical.Values{Rows: [][]expr.Expr{nil}}}
	for _, e := range v.Rows[0] {
		p.targets = append(p.targets, target{expr: e})
	}
	b.projectSets(s, p, false)
	proj := &logical.Project{Input: p.node}
	for i, t := range p.targets {
		proj.Items = append(proj.Items, logical.Item{ID: v.Cols[i], Expr: t.expr})
	}
	return proj
}

// fullTarget lists the ordinals of all columns that are (not) generated.
func (in *inserter) fullTarget(generated bool) []int {
	out := make([]int, 0, len(in.table.Columns))
	for i := range in.table.Columns {
		if c := &in.table.Columns[i]; !c.Dropped && c.Generated == generated {
			out = append(out, i)
		}
	}
	return out
}

// checkCount compares the number of expressions with the target list.
func (in *inserter) checkCount(n int, loc func(int) int) error {
	if n > len(in.target) {
		return pgerror.New(pgerror.SyntaxError, "INSERT has more expressions than target columns").At(loc(len(in.target)))
	}
	if n < len(in.target) {
		if in.st.Columns != nil {
			return at(in.st.Columns[n], pgerror.SyntaxError, "INSERT has more target columns than expressions")
		}
		in.target = in.target[:n]
	}
	if in.st.Columns != nil || len(in.into.views) == 0 {
		return nil
	}
	for i, o := range in.target {
		if _, err := in.into.writable(i); err != nil {
			return err
		}
		if slices.Contains(in.target[:i], o) {
			return pgerror.New(pgerror.SyntaxError, "multiple assignments to same column %q", in.table.Columns[o].Name)
		}
	}
	return nil
}

// positions lists for each column where in the target list it stands: several
// times if parts of it are given.
func (in *inserter) positions() [][]int {
	at := make([][]int, len(in.table.Columns))
	for i, o := range in.target {
		at[o] = append(at[o], i)
	}
	return at
}

// part says whether a position of the target list is a part of a column.
func (in *inserter) part(i int) bool { return in.st.Columns != nil && len(in.st.Columns[i].Steps) > 0 }

// assemble makes the value of a column from what is given at positions of the
// target list; parts are put into NULL, one after another.
func (in *inserter) assemble(s *scope, ord int, places []int, given func(i int) (expr.Expr, int)) (expr.Expr, error) {
	if !in.part(places[0]) {
		e, loc := given(places[0])
		return in.value(ord, e, loc)
	}
	c := &in.table.Columns[ord]
	if err := in.mayGive(c); err != nil {
		return nil, err
	}
	var value expr.Expr = &expr.Const{Typ: c.Type}
	for _, i := range places {
		e, loc := given(i)
		if _, ok := e.(*expr.Default); ok {
			return nil, at(in.st.Columns[i], pgerror.FeatureNotSupported, "cannot set an array element to DEFAULT")
		}
		var err error
		if value, err = in.b.assignPart(s, value, c, in.st.Columns[i], e, loc); err != nil {
			return nil, err
		}
	}
	return value, nil
}

// value converts one given value for its column.
func (in *inserter) value(ord int, e expr.Expr, loc int) (expr.Expr, error) {
	c := &in.table.Columns[ord]
	if _, ok := e.(*expr.Default); ok {
		return in.columnDefault(ord)
	}
	if err := in.mayGive(c); err != nil {
		return nil, err
	}
	if c.Identity != 0 && in.st.Overriding == ast.OverridingUser {
		return in.columnDefault(ord)
	}
	return in.b.assign(e, c, loc)
}

// mayGive refuses values for generated and identity columns.
func (in *inserter) mayGive(c *catalog.Column) error {
	switch {
	case c.Generated:
		return pgerror.New(pgerror.GeneratedAlways, "cannot insert a non-DEFAULT value into column %q", c.Name).
			WithDetail("Column %q is a generated column.", c.Name)
	case c.Identity == 'a' && in.st.Overriding == ast.OverridingNone:
		return pgerror.New(pgerror.GeneratedAlways, "cannot insert a non-DEFAULT value into column %q", c.Name).
			WithDetail("Column %q is an identity column defined as GENERATED ALWAYS.", c.Name).
			WithHint("Use OVERRIDING SYSTEM VALUE to override.")
	}
	return nil
}

func (in *inserter) columnDefault(ord int) (expr.Expr, error) {
	if e, ok := in.defaults[ord]; ok {
		return e, nil
	}
	e, err := in.b.viewDefault(in.into, ord)
	if err == nil && e == nil {
		e, err = in.b.columnDefault(&in.table.Columns[ord])
	}
	if err == nil {
		in.defaults[ord] = e
	}
	return e, err
}

// values makes the Values node of full rows.
func (in *inserter) values(s *scope, rows [][]expr.Expr, locs [][]int) (logical.Node, error) {
	full := in.fullTarget(false)
	at := make([][]int, len(in.table.Columns)) // positions in the given row
	if len(rows[0]) > 0 {
		at = in.positions()
	}
	v := &logical.Values{Cols: make([]expr.ColumnID, len(full)), Rows: make([][]expr.Expr, len(rows))}
	for i, o := range full {
		v.Cols[i] = in.first + expr.ColumnID(o)
	}
	for r, row := range rows {
		var err error
		if v.Rows[r], err = in.row(s, full, at, row, locs[r]); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// row makes the values of the columns full from a given row, in which the
// value of column o stands at the places at[o].
func (in *inserter) row(s *scope, full []int, at [][]int, row []expr.Expr, locs []int) ([]expr.Expr, error) {
	// A value for a generated column must be DEFAULT.
	for o := range in.table.Columns {
		if c := &in.table.Columns[o]; c.Generated && len(at[o]) > 0 {
			if _, ok := row[at[o][0]].(*expr.Default); !ok {
				return nil, in.mayGive(c)
			}
		}
	}
	out := make([]expr.Expr, len(full))
	for i, o := range full {
		var err error
		if len(at[o]) == 0 {
			out[i], err = in.columnDefault(o)
		} else {
			out[i], err = in.assemble(s, o, at[o], func(i int) (expr.Expr, int) { return row[i], locs[i] })
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// query is INSERT ... SELECT.
func (in *inserter) query(s *scope, sel *ast.Select) (logical.Node, error) {
	b := in.b
	q, err := b.bindSelect(s, sel, &selectOptions{keepUnknown: true, topLevel: true})
	if err != nil {
		return nil, err
	}
	if err := in.checkCount(len(q.cols), q.loc); err != nil {
		return nil, err
	}
	at := in.positions()
	p := &logical.Project{Input: q.node}
	for o := range in.table.Columns {
		c := &in.table.Columns[o]
		if c.Dropped {
			continue
		}
		var e expr.Expr
		if len(at[o]) > 0 {
			for _, k := range at[o] {
				if err := in.typeUnknown(&q, k, c); err != nil {
					return nil, err
				}
			}
			e, err = in.assemble(s, o, at[o], func(k int) (expr.Expr, int) { return b.MD.Col(q.cols[k].id), q.loc(k) })
		} else if c.Generated {
			continue
		} else {
			e, err = in.columnDefault(o)
		}
		if err != nil {
			return nil, err
		}
		p.Items = append(p.Items, logical.Item{ID: in.first + expr.ColumnID(o), Expr: e})
	}
	return p, nil
}

// typeUnknown gives an untyped column of the query the type of its target.
func (in *inserter) typeUnknown(q *query, k int, c *catalog.Column) error {
	id := q.cols[k].id
	if in.b.MD.Cols[id].Type.OID != types.Unknown || q.items == nil {
		return nil
	}
	t := c.Type
	if elem, ok := in.b.elem(t); ok && in.part(k) && !slices.ContainsFunc(in.st.Columns[k].Steps, func(s ast.Step) bool { return s.Slice }) {
		t = elem
	}
	return in.b.typeItem(q.items, id, t, q.loc(k))
}

// bindReturning binds RETURNING.
func (b *Binder) bindReturning(s *scope, list []*ast.Target) ([]logical.Item, []column, error) {
	if len(list) == 0 {
		return nil, nil, nil
	}
	targets, err := b.bindTargets(s, list, kindReturning)
	if err != nil {
		return nil, nil, err
	}
	items := make([]logical.Item, len(targets))
	cols := make([]column, len(targets))
	for i, t := range targets {
		e, err := b.toText(t.expr, t.loc)
		if err != nil {
			return nil, nil, err
		}
		info := logical.ColumnInfo{Name: t.name, Type: e.Type(), Depth: s.depth}
		if c, ok := e.(*expr.Column); ok {
			src := b.MD.Cols[c.ID]
			info.Table, info.Num = src.Table, src.Num
		}
		items[i] = logical.Item{ID: b.MD.Add(info), Expr: e}
		cols[i] = column{name: t.name, id: items[i].ID, typ: e.Type()}
	}
	return items, cols, nil
}
