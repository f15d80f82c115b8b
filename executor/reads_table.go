package executor

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// tableReads says whether a plan may read a table: then its rows have to be
// collected before the first is written, as a statement must not see its own
// writes. What it does not know it takes for a reader.
type tableReads struct {
	table *catalog.Table
	// ctes are the common table expressions around the plan.
	ctes map[int]*cteBuffer
	seen map[int]bool
}

// readsTable says whether a plan that has been built may read a table.
func (r *run) readsTable(n plan.Node, t *catalog.Table) bool {
	q := &tableReads{table: t, ctes: r.ctes, seen: map[int]bool{}}
	return q.node(n)
}

func (q *tableReads) node(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Scan:
		return n.Table.ID == q.table.ID || q.exprs([]expr.Expr{n.Filter})
	case *plan.SeriesScan:
		es, _ := plan.Exprs(n)
		return n.Table.ID == q.table.ID || q.exprs(es) || n.SeriesFrom != nil && q.node(n.SeriesFrom)
	case *plan.Stream, *plan.VirtualScan, Opener:
		return false
	case *plan.CTERef: // it is read as far as the reference is
		b := q.ctes[n.ID]
		if b == nil || b.plan == nil || q.seen[n.ID] {
			return false
		}
		q.seen[n.ID] = true
		return q.node(b.plan)
	}
	es, ok := plan.Exprs(n)
	if !ok || q.exprs(es) {
		return true
	}
	for _, in := range n.Inputs() {
		if q.node(in) {
			return true
		}
	}
	return false
}

// exprs says whether a subquery of the expressions reads the table.
func (q *tableReads) exprs(es []expr.Expr) bool {
	found := false
	for _, e := range es {
		expr.Walk(e, func(x expr.Expr) bool {
			if s, ok := x.(*expr.Subplan); ok && !found {
				p, ok := s.Plan.(plan.Node)
				found = !ok || q.node(p)
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
