package binder

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// bindOnConflict is transformOnConflictClause.
func (b *Binder) bindOnConflict(s *scope, in *inserter, rows *plan.RowChecks) (*logical.OnConflict, error) {
	oc := in.st.OnConflict
	t := in.table
	out := &logical.OnConflict{}
	if oc.Target == nil && oc.Update {
		return nil, at(oc, pgerror.SyntaxError, "ON CONFLICT DO UPDATE requires inference specification or constraint name").
			WithHint("For example, ON CONFLICT (column_name).")
	}
	if oc.Target != nil {
		var err error
		if out.Arbiters, err = b.arbiters(s, in, oc.Target, rows); err != nil {
			return nil, err
		}
	}
	if !oc.Update {
		return out, nil
	}
	out.Excluded = b.tableColumns(t, "excluded", s.depth)
	b.MD.Relations++
	ex, _, err := b.targetItem(s, in.into, &ast.Alias{Name: "excluded"}, out.Excluded)
	if err != nil {
		return nil, err
	}
	s.all = append(s.all, ex)
	saved := s.items
	s.items = append(append([]*nsItem(nil), s.items...), ex)
	defer func() { s.items = saved }()
	// Bare names in the SET list and WHERE mean the target's columns; excluded
	// has the same names, so that PostgreSQL calls bare ones ambiguous.
	ex.colsVisible = true
	set, err := b.bindSet(s, in.into, in.first, oc.Set)
	if err != nil {
		return nil, err
	}
	if out.Update, err = b.withGenerated(t, in.first, set); err != nil {
		return nil, err
	}
	if oc.Where != nil {
		if out.Where, err = b.bindCondition(s, oc.Where, kindConflictWhere, "WHERE"); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// arbiters infers the unique indexes of a conflict target (infer_arbiter_indexes).
func (b *Binder) arbiters(s *scope, in *inserter, ct *ast.ConflictTarget, rows *plan.RowChecks) ([]int, error) {
	t := in.table
	if ct.Constraint != "" {
		for i := range t.Indexes {
			if ix := &t.Indexes[i]; ix.Name == ct.Constraint && ix.Constraint != 0 {
				return []int{i}, nil
			}
		}
		for i := range t.Indexes {
			if ix := &t.Indexes[i]; ix.Name == ct.Constraint && ix.Primary {
				return []int{i}, nil
			}
		}
		return nil, pgerror.New(pgerror.UndefinedObject, "constraint %q for table %q does not exist", ct.Constraint, t.Name)
	}
	item, _, err := b.targetItem(s, in.into, nil, in.first)
	if err != nil {
		return nil, err
	}
	ts := &scope{depth: 1, kind: kindIndexExpr, items: []*nsItem{item}, all: []*nsItem{item}}
	var wanted []expr.Expr
	b.noAuto++
	defer func() { b.noAuto-- }()
	for _, c := range ct.Columns {
		var e expr.Expr
		var err error
		if c.Name != "" {
			if e, err = b.colByName(ts, c.Name, ct.Loc()); err == nil && e == nil {
				err = at(ct, pgerror.UndefinedColumn, "column %q does not exist", c.Name)
			}
		} else {
			e, err = b.bindExpr(ts, c.Expr)
		}
		if err != nil {
			return nil, err
		}
		wanted = append(wanted, toOrdinals(e, len(t.Columns), in.first))
	}
	var pred []expr.Expr
	if ct.Where != nil {
		p, err := b.bindCondition(ts, ct.Where, kindIndexPredicate, "WHERE")
		if err != nil {
			return nil, err
		}
		pred = logical.Conjuncts(nil, toOrdinals(p, len(t.Columns), in.first))
	}
	var out []int
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		if !ix.Unique || ix.State != catalog.IndexPublic || !indexCovers(t, ix, rows.Indexes[i], wanted, pred) {
			continue
		}
		if ix.Deferrable {
			return nil, pgerror.New(pgerror.ObjectNotInPrerequisiteState, "ON CONFLICT does not support deferrable unique constraints/exclusion constraints as arbiters")
		}
		out = append(out, i)
	}
	if len(out) == 0 {
		return nil, pgerror.New(pgerror.InvalidColumnReference, "there is no unique or exclusion constraint matching the ON CONFLICT specification")
	}
	return out, nil
}

// indexCovers reports whether an index's keys are exactly the wanted
// expressions, in any order, and its predicate is implied.
func indexCovers(t *catalog.Table, ix *catalog.Index, ie plan.IndexExprs, wanted, pred []expr.Expr) bool {
	keys := make([]expr.Expr, len(ix.Columns))
	for k := range ix.Columns {
		if n := ix.Columns[k].Num; n != 0 {
			c := &t.Columns[n-1]
			keys[k] = &expr.Ordinal{Index: int(n - 1), Name: c.Name, Typ: c.Type}
		} else {
			keys[k] = ie.Columns[k]
		}
	}
	has := func(list []expr.Expr, e expr.Expr) bool {
		for _, x := range list {
			if expr.Equal(x, e) {
				return true
			}
		}
		return false
	}
	for _, w := range wanted {
		if !has(keys, w) {
			return false
		}
	}
	for _, k := range keys {
		if !has(wanted, k) {
			return false
		}
	}
	if ie.Predicate != nil {
		for _, p := range logical.Conjuncts(nil, ie.Predicate) {
			if !has(pred, p) {
				return false
			}
		}
	}
	return true
}
