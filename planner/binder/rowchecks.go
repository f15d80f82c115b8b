package binder

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
)

// RowChecks binds what a written row of a table is checked by: checks, index
// expressions and predicates, and referenced tables. Actions on referencing
// tables are added by the planner, which can plan them.
func (b *Binder) RowChecks(t *catalog.Table) (*plan.RowChecks, error) {
	rc := &plan.RowChecks{}
	width := len(t.Columns)
	first := expr.ColumnID(0)
	ids := func() expr.ColumnID {
		if first == 0 {
			first = b.tableColumns(t, t.Name, 1)
		}
		return first
	}
	for i := range t.Checks {
		c := &t.Checks[i]
		e, err := b.catalogExpr(c.Expr, b.tableScope(t, ids(), kindCheck))
		if err != nil {
			return nil, err
		}
		if e, err = b.coerceBool(e, "CHECK", -1); err != nil {
			return nil, err
		}
		rc.Checks = append(rc.Checks, plan.NamedCheck{Name: c.Name, Expr: toOrdinals(e, width, first)})
	}
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		var ie plan.IndexExprs
		for k := range ix.Columns {
			c := &ix.Columns[k]
			if c.Num != 0 {
				continue
			}
			e, err := b.catalogExpr(c.Expr, b.tableScope(t, ids(), kindIndexExpr))
			if err != nil {
				return nil, err
			}
			if e.Type().OID != c.ExprType.OID && c.ExprType.OID != 0 {
				if x, err := b.coerce(e, c.ExprType, functions.CastExplicit, -1); err == nil && x != nil {
					e = x
				}
			}
			if ie.Columns == nil {
				ie.Columns = make([]expr.Expr, len(ix.Columns))
			}
			ie.Columns[k] = toOrdinals(e, width, first)
		}
		if ix.Predicate != "" {
			e, err := b.catalogExpr(ix.Predicate, b.tableScope(t, ids(), kindIndexPredicate))
			if err != nil {
				return nil, err
			}
			if e, err = b.coerceBool(e, "WHERE", -1); err != nil {
				return nil, err
			}
			ie.Predicate = toOrdinals(e, width, first)
		}
		if ie.Columns != nil || ie.Predicate != nil || rc.Indexes != nil {
			for len(rc.Indexes) < i {
				rc.Indexes = append(rc.Indexes, plan.IndexExprs{})
			}
			rc.Indexes = append(rc.Indexes, ie)
		}
	}
	for len(rc.Indexes) < len(t.Indexes) {
		rc.Indexes = append(rc.Indexes, plan.IndexExprs{})
	}
	for i := range t.ForeignKeys {
		fk := &t.ForeignKeys[i]
		if ref := b.cat.TableByID(fk.RefTable); ref != nil {
			b.addDep(ref)
			rc.ForeignKeys = append(rc.ForeignKeys, plan.ForeignKeyCheck{Key: fk, Table: ref})
		}
	}
	return rc, nil
}

// indexExprs binds the expressions and predicates of a table's indexes over a
// scan's columns, so that conditions can be matched with them. An index whose
// text does not bind any more is not used.
func (b *Binder) indexExprs(t *catalog.Table, first expr.ColumnID) []plan.IndexExprs {
	out := make([]plan.IndexExprs, len(t.Indexes))
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		out[i].Columns = make([]expr.Expr, len(ix.Columns))
		for k := range ix.Columns {
			if ix.Columns[k].Num == 0 {
				if e, err := b.catalogExpr(ix.Columns[k].Expr, b.tableScope(t, first, kindIndexExpr)); err == nil {
					out[i].Columns[k] = e
				}
			}
		}
		if ix.Predicate != "" {
			if e, err := b.catalogExpr(ix.Predicate, b.tableScope(t, first, kindIndexPredicate)); err == nil {
				out[i].Predicate = e
			}
		}
	}
	return out
}
