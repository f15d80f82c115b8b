package rules

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// mergeProjects puts a projection's expressions into the projection above it:
//
//	π[f(x)](π[x := g(y)](r))  =  π[f(g(y))](r)
//
// It fires when every computed column below is used at most once above, or is
// a mere renaming, so that nothing is computed twice; and not when the lower
// projection computes volatile values or subqueries, which must be computed
// exactly once for each row.
func (r *Rewriter) mergeProjects(n logical.Node) logical.Node {
	logical.VisitExprs(n, func(p *expr.Expr) {
		logical.Walk(*p, func(x expr.Expr) bool {
			if s, ok := x.(*expr.Subplan); ok {
				if t, ok := s.Plan.(logical.Node); ok {
					s.Plan = r.mergeProjects(t)
				}
			}
			return true
		})
	})
	logical.VisitInputs(n, func(c *logical.Node) { *c = r.mergeProjects(*c) })
	up, ok := n.(*logical.Project)
	if !ok {
		return n
	}
	low, ok := up.Input.(*logical.Project)
	if !ok {
		return n
	}
	defs := map[expr.ColumnID]expr.Expr{}
	for _, it := range low.Items {
		if it.Passes() {
			continue
		}
		if volatile(it.Expr) || logical.Any(it.Expr, isSubplan) {
			return n
		}
		defs[it.ID] = it.Expr
	}
	uses := map[expr.ColumnID]int{}
	inSubplan := false
	for _, it := range up.Items {
		logical.Walk(it.Expr, func(x expr.Expr) bool {
			switch x := x.(type) {
			case *expr.Column:
				uses[x.ID]++
			case *expr.Subplan:
				inSubplan = true
			}
			return true
		})
	}
	if inSubplan && len(defs) > 0 {
		return n
	}
	for id, e := range defs {
		if _, rename := e.(*expr.Column); !rename && uses[id] > 1 {
			return n
		}
	}
	for i := range up.Items {
		up.Items[i].Expr = logical.Substitute(up.Items[i].Expr, func(id expr.ColumnID) expr.Expr { return defs[id] })
	}
	up.Input = low.Input
	r.fire("MergeProjects")
	return up
}
