package rules

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// postpone computes what a query puts out behind its ORDER BY and LIMIT
// (PostgreSQL's make_sort_input_target), so that volatile values are made in
// the order of the result, and neither they nor subqueries for rows that
// nobody sees:
//
//	limit(π[v](r))        =  π[v](limit(r))
//	sort k (π[v, x](r))   =  π[v, x](sort k (π[x](r)))
//
// It fires for volatile expressions, below a LIMIT for subqueries too, and not
// for what the order or WITH TIES looks at.
func (r *Rewriter) postpone(n logical.Node) logical.Node {
	logical.VisitExprs(n, func(p *expr.Expr) {
		logical.Walk(*p, func(x expr.Expr) bool {
			if s, ok := x.(*expr.Subplan); ok {
				if t, ok := s.Plan.(logical.Node); ok {
					s.Plan = r.postpone(t)
				}
			}
			return true
		})
	})
	logical.VisitInputs(n, func(c *logical.Node) { *c = r.postpone(*c) })
	switch x := n.(type) {
	case *logical.Sort:
		return r.postponeSort(x, volatile)
	case *logical.Limit:
		heavy := func(e expr.Expr) bool { return volatile(e) || logical.Any(e, isSubplan) }
		if s, ok := x.Input.(*logical.Sort); ok {
			x.Input = r.postponeSort(s, heavy)
		}
		p, ok := x.Input.(*logical.Project)
		if !ok || x.WithTies || !anyItem(p.Items, heavy) {
			return n
		}
		r.fire("Postpone")
		x.Input, p.Input = p.Input, x
		return p
	}
	return n
}

func anyItem(items []logical.Item, fn func(expr.Expr) bool) bool {
	for _, it := range items {
		if fn(it.Expr) {
			return true
		}
	}
	return false
}

// postponeSort moves the heavy items of a projection above the sort over it.
func (r *Rewriter) postponeSort(s *logical.Sort, heavy func(expr.Expr) bool) logical.Node {
	p, ok := s.Input.(*logical.Project)
	if !ok || !anyItem(p.Items, heavy) {
		return s
	}
	var sorted, pass logical.ColSet
	for _, k := range s.Keys {
		logical.ExprColumns(k.Expr, &sorted)
	}
	above := &logical.Project{Input: s, Barrier: p.Barrier}
	below := &logical.Project{Input: p.Input}
	var kept logical.ColSet
	for _, it := range p.Items {
		if heavy(it.Expr) && !sorted.Has(it.ID) {
			logical.ExprColumns(it.Expr, &pass)
			above.Items = append(above.Items, it)
			continue
		}
		kept.Add(it.ID)
		below.Items = append(below.Items, it)
		above.Items = append(above.Items, logical.Item{ID: it.ID, Expr: r.column(it.ID)})
	}
	if len(below.Items) == len(p.Items) {
		return s
	}
	input := logical.OutputSet(p.Input)
	pass.Each(func(id expr.ColumnID) {
		if input.Has(id) && !kept.Has(id) {
			below.Items = append(below.Items, logical.Item{ID: id, Expr: r.column(id)})
		}
	})
	below.Barrier = anyItem(below.Items, volatile)
	s.Input = below
	r.fire("Postpone")
	return above
}

func (r *Rewriter) column(id expr.ColumnID) expr.Expr {
	return &expr.Column{ID: id, Typ: r.MD.Cols[id].Type}
}
