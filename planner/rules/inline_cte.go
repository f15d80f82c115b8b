package rules

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// inlineCTEs puts the query of a WITH item where it is read if it is read once:
// what is read once is computed once either way, and inlined it can be
// filtered by what its reader wants. Not for MATERIALIZED, recursive and
// data-modifying items, nor for volatile ones, which PostgreSQL keeps apart
// too, nor inside of a correlated subquery when the item itself stands outside
// (it would be computed once for each outer row).
func (r *Rewriter) inlineCTEs(n logical.Node) logical.Node {
	if w, ok := n.(*logical.With); ok {
		kept := w.CTEs[:0]
		for _, c := range w.CTEs {
			c.Plan = r.inlineCTEs(c.Plan)
			if c.Refs != 1 || c.Always || c.Recursive || c.Modifying || treeVolatile(c.Plan) {
				kept = append(kept, c)
				continue
			}
			in := &inliner{r: r, def: c}
			for i, later := range w.CTEs {
				if later != c && i < len(w.CTEs) {
					later.Plan = in.replace(later.Plan)
				}
			}
			w.Body = in.replace(w.Body)
			if !in.done {
				kept = append(kept, c)
			}
		}
		w.CTEs = kept
		body := r.inlineCTEs(w.Body)
		w.Body = body
		if len(kept) == 0 {
			return body
		}
		return w
	}
	logical.VisitExprs(n, func(p *expr.Expr) { r.inlineInside(*p) })
	logical.VisitInputs(n, func(c *logical.Node) { *c = r.inlineCTEs(*c) })
	return n
}

func (r *Rewriter) inlineInside(e expr.Expr) {
	logical.Walk(e, func(x expr.Expr) bool {
		if s, ok := x.(*expr.Subplan); ok {
			if n, ok := s.Plan.(logical.Node); ok {
				s.Plan = r.inlineCTEs(n)
			}
		}
		return true
	})
}

// inliner replaces the reference to one definition.
type inliner struct {
	r    *Rewriter
	def  *logical.CTE
	done bool
}

func (in *inliner) replace(n logical.Node) logical.Node {
	if in.done {
		return n
	}
	if ref, ok := n.(*logical.CTERef); ok && ref.Def == in.def && !ref.Working {
		in.done = true
		p := &logical.Project{Input: in.def.Plan}
		for i, id := range ref.Cols {
			p.Items = append(p.Items, logical.Item{ID: id, Expr: in.r.MD.Col(in.def.Cols[i])})
		}
		in.r.fire("InlineCTE")
		return p
	}
	if _, ok := n.(*logical.RecursiveUnion); ok {
		return n // would be computed in each round
	}
	logical.VisitExprs(n, func(p *expr.Expr) {
		logical.Walk(*p, func(x expr.Expr) bool {
			if s, ok := x.(*expr.Subplan); ok {
				if t, ok := s.Plan.(logical.Node); ok {
					outer := logical.OuterColumns(t)
					if outer.Empty() {
						s.Plan = in.replace(t)
					}
				}
			}
			return true
		})
	})
	logical.VisitInputs(n, func(c *logical.Node) { *c = in.replace(*c) })
	return n
}

func treeVolatile(n logical.Node) bool {
	found := false
	logical.VisitExprs(n, func(p *expr.Expr) {
		found = found || volatile(*p) || logical.Any(*p, func(x expr.Expr) bool {
			if s, ok := x.(*expr.Subplan); ok {
				t, ok := s.Plan.(logical.Node)
				return ok && treeVolatile(t)
			}
			return false
		})
	})
	if !found {
		logical.VisitInputs(n, func(c *logical.Node) { found = found || treeVolatile(*c) })
	}
	if _, ok := n.(*logical.LockRows); ok {
		return true
	}
	return found
}
