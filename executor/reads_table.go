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
	case *plan.Stream, *plan.VirtualScan, Opener:
		return false
	case *plan.CTERef: // its CTE is looked at where it stands
		return false
	}
	es, ok := nodeExprs(n)
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

// nodeExprs lists a node's expressions; ok is false for nodes it does not know.
func nodeExprs(n plan.Node) (es []expr.Expr, ok bool) {
	keys := func(ks []expr.SortKey) {
		for _, k := range ks {
			es = append(es, k.Expr)
		}
	}
	switch n := n.(type) {
	case *plan.Values:
		for _, row := range n.Rows {
			es = append(es, row...)
		}
	case *plan.FunctionScan:
		for _, c := range n.Calls {
			es = append(append(es, c.Args...), c.Scalar)
		}
	case *plan.Filter:
		es = append(es, n.Cond)
	case *plan.Project:
		es = n.Exprs
	case *plan.ProjectSet:
		for _, it := range n.Items {
			es = append(es, it.Expr)
			if it.Call != nil {
				es = append(es, it.Call.Args...)
			}
		}
	case *plan.Limit:
		es = append(es, n.Count, n.Offset)
	case *plan.Sort:
		keys(n.Keys)
	case *plan.Distinct:
		es = n.On
	case *plan.Aggregate:
		es = append(es, n.Keys...)
		for _, a := range n.Aggs {
			es = append(append(es, a.Args...), a.Filter)
			keys(a.OrderBy)
		}
	case *plan.HashJoin:
		es = append(append(append(es, n.LeftKeys...), n.RightKeys...), n.Residual)
	case *plan.LookupJoin:
		es = append(append(es, n.Keys...), n.Residual)
	case *plan.NestedLoop:
		es = append(append(es, n.Args...), n.Cond)
	case *plan.UnionAll, *plan.SetOp, *plan.RecursiveUnion:
	case *plan.CTE:
		return nil, !n.Modifying
	default:
		return nil, false
	}
	return es, true
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
