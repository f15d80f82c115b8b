package physical

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
)

// hashLookupRows is from how many rows on a table read again and again for
// other outer rows is put into a hash table.
const hashLookupRows = 64

// hashLookup makes a hash table shared by the runs of a correlated plan of
// what would be a whole scan for each of them. It needs an equality between
// the table's columns and outer ones that no index serves; it is not made
// where a condition is volatile, which must be computed as often as it was. What may
// fail is asked of the rows that were found only.
func (b *Builder) hashLookup(n *logical.Scan, s *plan.Scan, conds []expr.Expr, cols []expr.ColumnID) *plan.HashLookup {
	if s.Read < hashLookupRows {
		return nil
	}
	var inner, outer logical.ColSet
	for i := range n.Table.Columns {
		inner.Add(n.First + expr.ColumnID(i))
	}
	inner.Add(n.Handle)
	for _, o := range b.outer {
		outer.Add(o.id)
	}
	keyed := make([]bool, len(conds))
	l := &plan.HashLookup{Table: n.Table, Alias: n.Alias, Scan: s}
	for _, k := range equiKeys(conds, &outer, &inner) {
		if k.nullEqual || logical.Any(conds[k.cond], isSubplan) {
			continue
		}
		probe, key := sameType(k.left, k.right)
		l.Keys = append(l.Keys, b.resolve(key, cols))
		l.Probe = append(l.Probe, b.resolve(probe, nil))
		keyed[k.cond] = true
	}
	if len(l.Keys) == 0 {
		return nil
	}
	var local, residual []expr.Expr
	subplans := false
	for i, c := range conds {
		if expr.Volatility(c) == functions.Volatile {
			return nil
		}
		used := logical.Columns(c)
		switch {
		case logical.Any(c, isSubplan):
			subplans = true
		case keyed[i]:
		case used.SubsetOf(&inner) && logical.CannotFail(c):
			local = append(local, c)
		default:
			residual = append(residual, c)
		}
	}
	source := *s
	source.Filter = b.resolve(allOf(local), cols)
	l.Source = &source
	l.Residual = b.resolve(allOf(residual), cols)
	if subplans {
		l.Residual = s.Filter // which has them planned
	}
	l.Cols, l.Cost = s.Cols, s.Cost
	return l
}

func isSubplan(e expr.Expr) bool { _, ok := e.(*expr.Subplan); return ok }
