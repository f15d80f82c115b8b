package rules

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// splitPartition finds the conditions that may go below window functions: those
// that look at their partition keys and nothing else. They keep or drop a
// partition whole, and window functions see their partition only.
func (r *Rewriter) splitPartition(w *logical.Window, conds []expr.Expr) (down, keep []expr.Expr) {
	return r.splitKeyed(w, w.Partition, conds)
}

// splitDistinctOn does that for DISTINCT ON, which takes one row of those that
// are equal in its expressions.
func (r *Rewriter) splitDistinctOn(d *logical.Distinct, conds []expr.Expr) (down, keep []expr.Expr) {
	return r.splitKeyed(d, d.On, conds)
}

func (r *Rewriter) splitKeyed(n logical.Node, keys, conds []expr.Expr) (down, keep []expr.Expr) {
	rest := logical.OutputSet(n)
	for _, k := range keys {
		if c, ok := k.(*expr.Column); ok {
			rest.Remove(c.ID)
		}
	}
	out := logical.OutputSet(n)
	for _, c := range conds {
		cols := logical.Columns(c)
		if volatile(c) || !cols.Intersects(&out) || cols.Intersects(&rest) {
			keep = append(keep, c)
		} else {
			down = append(down, c)
		}
	}
	if len(down) > 0 {
		r.fire("PushFilter")
	}
	return down, keep
}

// pushSetOp gives conditions to both sides of INTERSECT and EXCEPT, which keep
// equal rows together. A subquery cannot stand in two places: it stays above.
func (r *Rewriter) pushSetOp(s *logical.SetOp, conds []expr.Expr) logical.Node {
	var left, right, keep []expr.Expr
	for _, c := range conds {
		if volatile(c) || logical.Any(c, isSubplan) {
			keep = append(keep, c)
			continue
		}
		left = append(left, r.renamed(c, s.Cols, s.LeftCols))
		right = append(right, r.renamed(c, s.Cols, s.RightCols))
	}
	if len(left) > 0 {
		r.fire("PushFilter")
	}
	s.Left, s.Right = r.pushFilters(s.Left, left), r.pushFilters(s.Right, right)
	r.insideExprs(keep)
	return above(s, keep)
}

// renamed is a condition over other columns.
func (r *Rewriter) renamed(c expr.Expr, from, to []expr.ColumnID) expr.Expr {
	return logical.Substitute(c, func(id expr.ColumnID) expr.Expr {
		for p, out := range from {
			if out == id {
				return r.MD.Col(to[p])
			}
		}
		return nil
	})
}
