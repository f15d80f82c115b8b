package binder

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// dmlScan makes the scan of an UPDATE's or DELETE's table, with the row handle, and
// the conditions of the views that it is behind.
func (b *Binder) dmlScan(s *scope, w *writeTarget, r *ast.RangeVar) (*logical.Scan, *nsItem, []viewCondition, error) {
	scan, item := b.scanTable(s, w.table, r.Alias)
	scan.Handle = b.handleColumn(item.alias)
	var conds []viewCondition
	if len(w.views) > 0 {
		var err error
		if item, conds, err = b.targetItem(s, w, r.Alias, scan.First); err != nil {
			return nil, nil, nil, err
		}
	}
	s.all = append(s.all, item)
	return scan, item, conds, nil
}

// dmlInput joins the target's rows with FROM or USING.
func (b *Binder) dmlInput(s *scope, scan logical.Node, item *nsItem, from []ast.TableExpr) (logical.Node, error) {
	item.target = true
	s.items = append(s.items, item)
	if len(from) == 0 {
		return scan, nil
	}
	// The target is no lateral reference for FROM.
	setLateral(s.items, true, false)
	node, err := b.bindFrom(s, from)
	if err != nil {
		return nil, err
	}
	setLateral(s.items, false, true)
	return &logical.Join{Type: plan.InnerJoin, Left: scan, Right: node}, nil
}

// bindUpdate is transformUpdateStmt.
func (b *Binder) bindUpdate(s *scope, st *ast.Update) (query, error) {
	ctes, err := b.bindWith(s, st.With, true)
	if err != nil {
		return query{}, err
	}
	w, err := b.dmlTarget(s, st.Table, "UPDATE")
	if err != nil {
		return query{}, err
	}
	t := w.table
	scan, item, conds, err := b.dmlScan(s, w, st.Table)
	if err != nil {
		return query{}, err
	}
	node, err := b.dmlInput(s, filterViews(scan, conds), item, st.From)
	if err != nil {
		return query{}, err
	}
	set, err := b.bindSet(s, w, scan.First, st.Set)
	if err != nil {
		return query{}, err
	}
	if st.Where != nil {
		cond, err := b.bindCondition(s, st.Where, kindWhere, "WHERE")
		if err != nil {
			return query{}, err
		}
		node = &logical.Filter{Input: node, Conds: logical.Conjuncts(nil, cond)}
	}
	up := &logical.Update{Table: t, Input: node, First: scan.First, Handle: scan.Handle, Assignments: set}
	if hasGenerated(t) {
		if up.Input, up.Assignments, err = b.projectAssignments(s, t, scan.First, node, set); err != nil {
			return query{}, err
		}
	}
	if up.Rows, err = b.viewRowChecks(w, conds, scan.First); err != nil {
		return query{}, err
	}
	q := query{node: up}
	if up.Returning, q.cols, err = b.bindReturning(s, st.Returning); err != nil {
		return query{}, err
	}
	if len(ctes) > 0 {
		q.node = &logical.With{CTEs: ctes, Body: q.node}
	}
	return q, nil
}

// projectAssignments computes the new values below the update, so that
// generated columns see the values that are stored.
func (b *Binder) projectAssignments(s *scope, t *catalog.Table, first expr.ColumnID, node logical.Node, set []logical.Assign) (logical.Node, []logical.Assign, error) {
	p := &logical.Project{Input: node}
	for _, id := range logical.Output(node) {
		p.Items = append(p.Items, logical.Item{ID: id, Expr: b.MD.Col(id)})
	}
	out := make([]logical.Assign, len(set))
	for i, a := range set {
		id := b.addColumn(s.depth, t.Columns[a.Column].Name, a.Value)
		p.Items = append(p.Items, logical.Item{ID: id, Expr: a.Value})
		out[i] = logical.Assign{Column: a.Column, Value: b.MD.Col(id)}
	}
	out, err := b.withGenerated(t, first, out)
	return p, out, err
}

// withGenerated adds the assignments of generated columns over the new row.
func (b *Binder) withGenerated(t *catalog.Table, first expr.ColumnID, set []logical.Assign) ([]logical.Assign, error) {
	out := set
	for o := range t.Columns {
		c := &t.Columns[o]
		if !c.Generated || c.Dropped {
			continue
		}
		e, err := b.generated(t, c, first)
		if err != nil {
			return nil, err
		}
		e = logical.Substitute(e, func(id expr.ColumnID) expr.Expr {
			for _, a := range set {
				if first+expr.ColumnID(a.Column) == id {
					return a.Value
				}
			}
			return nil
		})
		out = append(out[:len(out):len(out)], logical.Assign{Column: o, Value: e})
	}
	return out, nil
}

// bindSet binds a SET list; first is the id of the written table's first column, which
// a column of which only a part is set keeps the rest of.
func (b *Binder) bindSet(s *scope, w *writeTarget, first expr.ColumnID, list []*ast.Assignment) ([]logical.Assign, error) {
	t := w.table
	saved := s.kind
	s.kind = kindUpdateSource
	defer func() { s.kind = saved }()
	out := make([]logical.Assign, 0, len(list))
	add := func(c *ast.InsertColumn, v expr.Expr, isDefault bool, loc int) error {
		o, err := w.ordinal(c)
		if err != nil {
			return err
		}
		col := &t.Columns[o]
		part := len(c.Steps) > 0 && !isDefault
		for i, a := range out {
			if a.Column == o && part && a.Part {
				v, err = b.assignPart(s, a.Value, col, c, v, loc)
				out[i].Value = v
				return err
			}
			if a.Column == o {
				return pgerror.New(pgerror.SyntaxError, "multiple assignments to same column %q", col.Name)
			}
		}
		if len(c.Steps) > 0 && isDefault {
			return at(c, pgerror.FeatureNotSupported, "cannot set an array element to DEFAULT")
		}
		if isDefault {
			if col.Generated {
				return nil
			}
			if v, err = b.viewDefault(w, o); err == nil && v == nil {
				v, err = b.columnDefault(col)
			}
			if err != nil {
				return err
			}
			out = append(out, logical.Assign{Column: o, Value: v})
			return nil
		}
		if col.Generated || col.Identity == 'a' {
			detail := "Column %q is a generated column."
			if !col.Generated {
				detail = "Column %q is an identity column defined as GENERATED ALWAYS."
			}
			return pgerror.New(pgerror.GeneratedAlways, "column %q can only be updated to DEFAULT", col.Name).WithDetail(detail, col.Name)
		}
		if part {
			if v, err = b.assignPart(s, b.MD.Col(first+expr.ColumnID(o)), col, c, v, loc); err != nil {
				return err
			}
		}
		if v, err = b.assign(v, col, loc); err != nil {
			return err
		}
		out = append(out, logical.Assign{Column: o, Value: v, Part: part})
		return nil
	}
	for _, a := range list {
		if a.Multi {
			if err := b.bindMultiSet(s, a, add); err != nil {
				return nil, err
			}
			continue
		}
		if _, ok := a.Value.(*ast.SetToDefault); ok {
			if err := add(a.Targets[0], nil, true, -1); err != nil {
				return nil, err
			}
			continue
		}
		v, err := b.bindExpr(s, a.Value)
		if err != nil {
			return nil, err
		}
		if err := add(a.Targets[0], v, false, leftmost(a.Value)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// bindMultiSet is (a, b) = (x, y) and (a, b) = (SELECT ...).
func (b *Binder) bindMultiSet(s *scope, a *ast.Assignment, add func(*ast.InsertColumn, expr.Expr, bool, int) error) error {
	switch v := a.Value.(type) {
	case *ast.Row:
		if len(v.Args) != len(a.Targets) {
			return at(a, pgerror.SyntaxError, "number of columns does not match number of values")
		}
		for i, x := range v.Args {
			if _, ok := x.(*ast.SetToDefault); ok {
				if err := add(a.Targets[i], nil, true, -1); err != nil {
					return err
				}
				continue
			}
			e, err := b.bindExpr(s, x)
			if err != nil {
				return err
			}
			if err := add(a.Targets[i], e, false, leftmost(x)); err != nil {
				return err
			}
		}
		return nil
	case *ast.SubLink:
		if v.Kind != ast.SubLinkScalar {
			break
		}
		for i, c := range a.Targets {
			q, err := b.bindSelect(s, v.Query, nil)
			if err != nil {
				return err
			}
			if len(q.cols) != len(a.Targets) {
				return at(v, pgerror.SyntaxError, "number of columns does not match number of values")
			}
			if err := add(c, b.pickColumn(q, i), false, v.Loc()); err != nil {
				return err
			}
		}
		return nil
	}
	return at(a.Value, pgerror.FeatureNotSupported, "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression")
}

// bindDelete is transformDeleteStmt.
func (b *Binder) bindDelete(s *scope, st *ast.Delete) (query, error) {
	ctes, err := b.bindWith(s, st.With, true)
	if err != nil {
		return query{}, err
	}
	w, err := b.dmlTarget(s, st.Table, "DELETE")
	if err != nil {
		return query{}, err
	}
	t := w.table
	scan, item, conds, err := b.dmlScan(s, w, st.Table)
	if err != nil {
		return query{}, err
	}
	node, err := b.dmlInput(s, filterViews(scan, conds), item, st.Using)
	if err != nil {
		return query{}, err
	}
	if st.Where != nil {
		cond, err := b.bindCondition(s, st.Where, kindWhere, "WHERE")
		if err != nil {
			return query{}, err
		}
		node = &logical.Filter{Input: node, Conds: logical.Conjuncts(nil, cond)}
	}
	del := &logical.Delete{Table: t, Input: node, First: scan.First, Handle: scan.Handle}
	if del.Rows, err = b.RowChecks(t); err != nil {
		return query{}, err
	}
	q := query{node: del}
	if del.Returning, q.cols, err = b.bindReturning(s, st.Returning); err != nil {
		return query{}, err
	}
	if len(ctes) > 0 {
		q.node = &logical.With{CTEs: ctes, Body: q.node}
	}
	return q, nil
}
