package executor

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// readsTable says whether a plan may read a table: then its rows have to be
// collected before the first is written, as a statement must not see its own
// writes. What it does not know it takes for a reader.
func readsTable(n plan.Node, t *catalog.Table) bool {
	switch n := n.(type) {
	case *plan.Scan:
		return n.Table.ID == t.ID || exprsRead([]expr.Expr{n.Filter}, t)
	case *plan.SeriesScan:
		es, _ := plan.Exprs(n)
		return n.Table.ID == t.ID || exprsRead(es, t) || n.SeriesFrom != nil && readsTable(n.SeriesFrom, t)
	case *plan.Stream, *plan.VirtualScan, Opener:
		return false
	case *plan.CTERef: // its CTE is looked at where it stands
		return false
	}
	es, ok := plan.Exprs(n)
	if !ok || exprsRead(es, t) {
		return true
	}
	for _, in := range n.Inputs() {
		if readsTable(in, t) {
			return true
		}
	}
	return false
}

// exprsRead says whether a subquery of the expressions reads a table.
func exprsRead(es []expr.Expr, t *catalog.Table) bool {
	found := false
	for _, e := range es {
		expr.Walk(e, func(x expr.Expr) bool {
			if s, ok := x.(*expr.Subplan); ok && !found {
				p, ok := s.Plan.(plan.Node)
				found = !ok || readsTable(p, t)
			}
			return !found
		})
	}
	return found
}

// hasSubplan says whether there is a subquery in the expressions.
func hasSubplan(es []expr.Expr) bool {
	found := false
	for _, e := range es {
		expr.Walk(e, func(x expr.Expr) bool {
			if _, ok := x.(*expr.Subplan); ok {
				found = true
			}
			return !found
		})
	}
	return found
}
