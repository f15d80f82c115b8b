package binder

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// merger binds one MERGE. Its input is the join of source and target below
// three projections: the number of the action that a row meets (a CASE over
// the conditions, in order), the values that the actions set, each computed
// only for rows of its action, and generated columns over these.
type merger struct {
	b      *Binder
	st     *ast.Merge
	into   *writeTarget
	table  *catalog.Table
	scan   *logical.Scan
	target *nsItem
	action expr.ColumnID
	node   logical.Node
	out    *logical.Merge
}

// bindMerge is transformMergeStmt.
func (b *Binder) bindMerge(s *scope, st *ast.Merge) (query, error) {
	if err := checkMerge(st); err != nil {
		return query{}, err
	}
	ctes, err := b.bindWith(s, st.With, true)
	if err != nil {
		return query{}, err
	}
	w, err := b.dmlTarget(s, st.Table, "MERGE")
	if err != nil {
		return query{}, err
	}
	t := w.table
	m := &merger{b: b, st: st, into: w, table: t}
	if m.scan, m.target, _, err = b.dmlScan(s, w, st.Table); err != nil {
		return query{}, err
	}
	m.out = &logical.Merge{Table: t, Alias: m.target.alias, First: m.scan.First, Handle: m.scan.Handle}
	if err := m.join(s); err != nil {
		return query{}, err
	}
	source := s.items
	matched := append([]*nsItem{m.target}, source...)
	if err := m.choose(s, source, matched); err != nil {
		return query{}, err
	}
	if err := m.actions(s, source, matched); err != nil {
		return query{}, err
	}
	m.out.Input, m.out.Action = m.node, m.action
	q := query{node: m.out}
	if len(ctes) > 0 {
		q.node = &logical.With{CTEs: ctes, Body: q.node}
	}
	return q, nil
}

// checkMerge refuses what the form of a MERGE alone shows to be wrong.
func checkMerge(st *ast.Merge) error {
	if st.With != nil && st.With.Recursive {
		return pgerror.New(pgerror.SyntaxError, "WITH RECURSIVE is not supported for MERGE statement")
	}
	if len(st.Returning) > 0 {
		return pgerror.Unsupported("RETURNING of MERGE")
	}
	var ended [ast.WhenNotMatched + 1]bool
	for _, w := range st.Whens {
		if w.Match == ast.WhenNotMatchedBySource {
			return pgerror.Unsupported("WHEN NOT MATCHED BY SOURCE")
		}
		if ended[w.Match] {
			return pgerror.New(pgerror.SyntaxError, "unreachable WHEN clause specified after unconditional WHEN clause")
		}
		ended[w.Match] = w.Cond == nil
	}
	return nil
}

// mergeable refuses what MERGE cannot change.
func mergeable(t *catalog.Table) error {
	refuse := func(kind string) error {
		return pgerror.New(pgerror.FeatureNotSupported, "cannot execute MERGE on relation %q", t.Name).
			WithDetail("This operation is not supported for %s.", kind)
	}
	switch {
	case t.Kind == catalog.KindView:
		return refuse("views")
	case t.Kind == catalog.KindMaterializedView:
		return refuse("materialized views")
	case t.Kind == catalog.KindSequence:
		return refuse("sequences")
	}
	return nil
}

// join joins the source with the target: an outer join if rows that match
// nothing may be inserted.
func (m *merger) join(s *scope) error {
	source, err := m.b.bindFrom(s, []ast.TableExpr{m.st.Source})
	if err != nil {
		return err
	}
	for _, it := range s.items {
		if it.relVisible && it.alias == m.target.alias && (it.schema == 0 || m.target.schema == 0 || it.schema == m.target.schema) {
			return pgerror.New(pgerror.DuplicateAlias, "name %q specified more than once", it.alias).
				WithDetail("The name is used both as MERGE target table and data source.")
		}
	}
	saved := s.items
	s.items = append([]*nsItem{m.target}, saved...)
	on, err := m.b.bindCondition(s, m.st.On, kindJoinOn, "JOIN/ON")
	s.items = saved
	if err != nil {
		return err
	}
	kind := plan.InnerJoin
	for _, w := range m.st.Whens {
		if w.Action == ast.MergeInsert {
			kind = plan.LeftJoin
		}
	}
	m.node = &logical.Join{Type: kind, Left: source, Right: m.scan, On: logical.Conjuncts(nil, on)}
	return nil
}

// choose adds the column that tells a row's action: its position among those
// that change something, -1 for DO NOTHING, NULL if no clause applies.
func (m *merger) choose(s *scope, source, matched []*nsItem) error {
	b := m.b
	int4 := types.Of(types.Int4)
	found := &expr.Case{Typ: int4}
	missing := &expr.Case{Typ: int4}
	next := int32(0)
	for _, w := range m.st.Whens {
		arm := expr.When{Cond: &expr.Const{Typ: types.Of(types.Bool), Value: types.NewBool(true)}}
		to := missing
		s.items = source
		if w.Match == ast.WhenMatched {
			to, s.items = found, matched
		}
		if w.Cond != nil {
			var err error
			if arm.Cond, err = b.bindCondition(s, w.Cond, kindMergeWhen, "WHEN"); err != nil {
				return err
			}
		}
		position := int32(-1)
		if w.Action != ast.MergeDoNothing {
			position = next
			next++
		}
		arm.Then = &expr.Const{Typ: int4, Value: types.NewInt4(position)}
		to.Whens = append(to.Whens, arm)
	}
	m.action = m.project([]expr.Expr{orNull(&expr.Case{
		Whens: []expr.When{{Cond: &expr.IsNull{Arg: b.MD.Col(m.scan.Handle), Not: true}, Then: orNull(found)}},
		Else:  orNull(missing), Typ: int4,
	})}, []string{"action"}, s.depth)[0]
	return nil
}

// orNull is the CASE, or NULL if it has no arms.
func orNull(c *expr.Case) expr.Expr {
	if len(c.Whens) == 0 {
		return &expr.Const{Typ: c.Typ}
	}
	return c
}

// project puts a projection on top that passes everything on and adds columns.
func (m *merger) project(exprs []expr.Expr, names []string, depth int32) []expr.ColumnID {
	b := m.b
	p := &logical.Project{Input: m.node}
	for _, id := range logical.Output(m.node) {
		p.Items = append(p.Items, logical.Item{ID: id, Expr: b.MD.Col(id)})
	}
	ids := make([]expr.ColumnID, len(exprs))
	for i, e := range exprs {
		ids[i] = b.addColumn(depth, names[i], e)
		p.Items = append(p.Items, logical.Item{ID: ids[i], Expr: e})
	}
	m.node = p
	return ids
}

// actions binds what the clauses set.
func (m *merger) actions(s *scope, source, matched []*nsItem) error {
	b, t := m.b, m.table
	rows, err := b.RowChecks(t)
	if err != nil {
		return err
	}
	var sets [][]logical.Assign
	for _, w := range m.st.Whens {
		a := logical.MergeAction{Rows: rows}
		var set []logical.Assign
		switch w.Action {
		case ast.MergeInsert:
			s.items = source
			a.Kind = logical.MergeInsert
			set, err = m.insert(s, w)
		case ast.MergeUpdate:
			s.items = matched
			a.Kind = logical.MergeUpdate
			set, err = b.bindSet(s, m.into, m.scan.First, w.Set)
		case ast.MergeDelete:
			a.Kind = logical.MergeDelete
		default:
			continue
		}
		if err != nil {
			return err
		}
		m.out.Actions, sets = append(m.out.Actions, a), append(sets, set)
	}
	if err := m.store(s, sets, 0); err != nil {
		return err
	}
	if !hasGenerated(t) {
		return nil
	}
	for i := range sets {
		if m.out.Actions[i].Kind == logical.MergeDelete {
			continue
		}
		given := make([]logical.Assign, len(sets[i]))
		for k, a := range sets[i] {
			given[k] = logical.Assign{Column: a.Column, Value: b.MD.Col(m.out.Actions[i].Values[k])}
		}
		if sets[i], err = b.withGenerated(t, m.scan.First, given); err != nil {
			return err
		}
	}
	return m.store(s, sets, 1)
}

// store projects the values of the actions, those from the round before left
// out, and notes the columns in which they are then.
func (m *merger) store(s *scope, sets [][]logical.Assign, round int) error {
	var exprs []expr.Expr
	var names []string
	var owners []int
	for i, set := range sets {
		a := &m.out.Actions[i]
		if round > 0 {
			set = set[len(a.Columns):]
		}
		for _, x := range set {
			guarded, err := m.only(i, x.Value)
			if err != nil {
				return err
			}
			a.Columns = append(a.Columns, x.Column)
			exprs, names, owners = append(exprs, guarded), append(names, m.table.Columns[x.Column].Name), append(owners, i)
		}
	}
	if len(exprs) == 0 {
		return nil
	}
	for k, id := range m.project(exprs, names, s.depth) {
		a := &m.out.Actions[owners[k]]
		a.Values = append(a.Values, id)
	}
	return nil
}

// only computes e for the rows of action i alone: others may make it fail, or
// must not move a sequence.
func (m *merger) only(i int, e expr.Expr) (expr.Expr, error) {
	switch e.(type) {
	case *expr.Column, *expr.Const:
		return e, nil
	}
	number := &expr.Const{Typ: types.Of(types.Int4), Value: types.NewInt4(int32(i))}
	mine, err := m.b.operator("pg_catalog", "=", m.b.MD.Col(m.action), number, -1, -1, -1)
	if err != nil {
		return nil, err
	}
	return &expr.Case{Whens: []expr.When{{Cond: mine, Then: e}}, Typ: e.Type()}, nil
}

// insert binds the row of an INSERT clause: all columns that are not generated.
func (m *merger) insert(s *scope, w *ast.MergeWhen) ([]logical.Assign, error) {
	in := &inserter{
		b: m.b, into: m.into, table: m.table, first: m.scan.First, defaults: map[int]expr.Expr{},
		st: &ast.Insert{Table: m.st.Table, Columns: w.Columns, Overriding: w.Overriding},
	}
	if err := in.columns(); err != nil {
		return nil, err
	}
	var row []expr.Expr
	var locs []int
	at := make([][]int, len(m.table.Columns))
	if w.Values != nil {
		rows, places, err := m.b.valueRows(s, [][]ast.Expr{w.Values}, kindInsertTarget)
		if err != nil {
			return nil, err
		}
		row, locs = rows[0], places[0]
		if err := noSets(false, "set-valued function called in context that cannot accept a set", row...); err != nil {
			return nil, err
		}
		if err := in.checkCount(len(row), func(i int) int { return locs[i] }); err != nil {
			return nil, err
		}
		at = in.positions()
	}
	full := in.fullTarget(false)
	values, err := in.row(s, full, at, row, locs)
	if err != nil {
		return nil, err
	}
	set := make([]logical.Assign, len(full))
	for i, o := range full {
		set[i] = logical.Assign{Column: o, Value: values[i]}
	}
	return set, nil
}
