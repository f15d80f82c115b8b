package rules

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// unnestSubqueries turns conditions on subqueries into joins (PostgreSQL's
// pull_up_sublinks):
//
//	WHERE EXISTS (SELECT ... WHERE i.x = o.y)      semi join on i.x = o.y
//	WHERE NOT EXISTS (...)                         anti join
//	WHERE o.y IN (SELECT i.x ...)                  semi join on i.x = o.y
//	WHERE o.y NOT IN (SELECT i.x ...)              null-aware anti join, only if
//	                                               the subquery is uncorrelated
//
// The subquery stands at the top of WHERE as a conjunct, where NULL and false
// are the same. A correlated one is only turned if the references to the outer
// row all stand in filters at its top, below projections (and, for EXISTS,
// sorts): those become the join's condition. Grouping, LIMIT, DISTINCT, set
// operations and windows above a reference keep it a subplan.
func (r *Rewriter) unnestSubqueries(n logical.Node) logical.Node {
	logical.VisitInputs(n, func(c *logical.Node) { *c = r.unnestSubqueries(*c) })
	logical.VisitExprs(n, func(p *expr.Expr) {
		logical.Walk(*p, func(x expr.Expr) bool {
			if s, ok := x.(*expr.Subplan); ok {
				if t, ok := s.Plan.(logical.Node); ok {
					s.Plan = r.unnestSubqueries(t)
				}
			}
			return true
		})
	})
	switch f := n.(type) {
	case *logical.Filter:
		var rest []expr.Expr
		input := f.Input
		for _, c := range f.Conds {
			if j := r.subqueryJoin(input, c); j != nil {
				input = j
				r.fire("UnnestSubquery")
				continue
			}
			rest = append(rest, c)
		}
		f.Input, f.Conds = input, rest
		return above(input, rest)
	case *logical.Scan:
		// Filters that were pushed into a scan come back out as joins.
		var rest []expr.Expr
		var input logical.Node = f
		for _, c := range f.Filter {
			if j := r.subqueryJoin(input, c); j != nil {
				input = j
				r.fire("UnnestSubquery")
				continue
			}
			rest = append(rest, c)
		}
		f.Filter = rest
		return input
	}
	return n
}

// subqueryJoin makes the join of one condition, nil if it cannot.
func (r *Rewriter) subqueryJoin(input logical.Node, cond expr.Expr) logical.Node {
	not := false
	if n, ok := cond.(*expr.Not); ok {
		not, cond = true, n.Arg
	}
	s, ok := cond.(*expr.Subplan)
	if !ok {
		return nil
	}
	tree, ok := s.Plan.(logical.Node)
	if !ok || treeVolatile(tree) {
		return nil
	}
	out := logical.OutputSet(input)
	outer := logical.OuterColumns(tree)
	local := false
	outer.Each(func(id expr.ColumnID) { local = local || out.Has(id) })
	switch s.Kind {
	case expr.SubplanExists:
		if !local {
			return nil // run once: cheaper than any join
		}
		var on []expr.Expr
		inner, ok := pullCorrelation(tree, &out, &on, true)
		if !ok {
			return nil
		}
		t := plan.SemiJoin
		if not {
			t = plan.AntiJoin
		}
		return &logical.Join{Type: t, Left: input, Right: inner, On: on}
	case expr.SubplanAny:
		if s.Op != "=" {
			return nil
		}
		cols := logical.Output(tree)
		on := make([]expr.Expr, 0, len(s.Left))
		for i, l := range s.Left {
			lc := logical.Columns(l)
			if volatile(l) || logical.Any(l, isSubplan) || !lc.Intersects(&out) {
				return nil
			}
			right := r.MD.Col(cols[i])
			on = append(on, &expr.Call{Fn: s.Compare[i], Op: "=", Args: []expr.Expr{l, right}, Typ: types.Of(types.Bool)})
		}
		if not {
			if local || len(on) != 1 {
				return nil
			}
			return &logical.Join{Type: plan.AntiNullJoin, Left: input, Right: tree, On: on}
		}
		if local {
			inner, ok := pullCorrelation(tree, &out, &on, false)
			if !ok {
				return nil
			}
			tree = inner
		}
		return &logical.Join{Type: plan.SemiJoin, Left: input, Right: tree, On: on}
	}
	return nil
}

// pullCorrelation takes the conditions that refer to the outer row out of a
// subquery; they are added to on. It fails, changing nothing, if such a
// reference stands elsewhere.
func pullCorrelation(n logical.Node, outer *logical.ColSet, on *[]expr.Expr, exists bool) (logical.Node, bool) {
	refers := func(t logical.Node) bool {
		cols := logical.OuterColumns(t)
		return cols.Intersects(outer)
	}
	switch x := n.(type) {
	case *logical.Filter:
		if refers(x.Input) {
			return nil, false
		}
		var keep, pull []expr.Expr
		for _, c := range x.Conds {
			cols := logical.Columns(c)
			if cols.Intersects(outer) {
				if logical.Any(c, isSubplan) {
					return nil, false
				}
				pull = append(pull, c)
			} else {
				keep = append(keep, c)
			}
		}
		*on = append(*on, pull...)
		return above(x.Input, keep), true
	case *logical.Scan:
		var keep, pull []expr.Expr
		for _, c := range x.Filter {
			cols := logical.Columns(c)
			if cols.Intersects(outer) {
				if logical.Any(c, isSubplan) {
					return nil, false
				}
				pull = append(pull, c)
			} else {
				keep = append(keep, c)
			}
		}
		x.Filter = keep
		*on = append(*on, pull...)
		return x, true
	case *logical.Join:
		if x.Type != plan.InnerJoin || refers(x.Left) || refers(x.Right) {
			return nil, false
		}
		var keep, pull []expr.Expr
		for _, c := range x.On {
			cols := logical.Columns(c)
			if cols.Intersects(outer) {
				if logical.Any(c, isSubplan) {
					return nil, false
				}
				pull = append(pull, c)
			} else {
				keep = append(keep, c)
			}
		}
		x.On = keep
		*on = append(*on, pull...)
		return x, true
	case *logical.Sort:
		if !exists {
			return nil, false
		}
		return pullCorrelation(x.Input, outer, on, exists)
	case *logical.Project:
		mark := len(*on)
		for _, it := range x.Items {
			cols := logical.Columns(it.Expr)
			if !exists && cols.Intersects(outer) {
				return nil, false
			}
			if logical.Any(it.Expr, func(e expr.Expr) bool { _, ok := e.(*logical.SetCall); return ok }) {
				return nil, false
			}
		}
		inner, ok := pullCorrelation(x.Input, outer, on, exists)
		if !ok {
			return nil, false
		}
		if exists {
			return inner, true // the select list of EXISTS is not looked at
		}
		x.Input = inner
		// The pulled conditions look at columns below the projection.
		var need logical.ColSet
		for _, c := range (*on)[mark:] {
			logical.ExprColumns(c, &need)
		}
		have := logical.OutputSet(inner)
		shown := logical.OutputSet(x)
		need.Each(func(id expr.ColumnID) {
			if have.Has(id) && !shown.Has(id) {
				x.Items = append(x.Items, logical.Item{ID: id, Expr: &expr.Column{ID: id}})
			}
		})
		return x, true
	}
	if refers(n) {
		return nil, false
	}
	return n, true
}
