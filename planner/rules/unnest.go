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
//	WHERE o.y NOT IN (SELECT i.x ...)              anti join if neither y nor x
//	                                               can be NULL, else a null-aware
//	                                               one, only if the subquery is
//	                                               uncorrelated
//
// The subquery stands at the top of WHERE as a conjunct, where NULL and false
// are the same. A correlated one is only turned if its references to the outer
// row can be taken out (puller): they become the join's condition. NOT IN with
// a NULL on either side is not true but for an empty subquery: hence the two
// kinds of anti join. Volatile subqueries stay, to be run as often as written.
func (r *Rewriter) unnestSubqueries(n logical.Node) logical.Node {
	if r.NoUnnest {
		return n
	}
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
		f.Input, f.Conds = r.scalarsOf(input, rest), rest
		return above(f.Input, rest)
	case *logical.Project:
		if f.Barrier {
			return f
		}
		list := make([]*expr.Expr, len(f.Items))
		for i := range f.Items {
			list[i] = &f.Items[i].Expr
		}
		f.Input = r.decorrelateScalars(f.Input, nil, list)
		return f
	case *logical.Join:
		return r.unnestJoin(f)
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
		return r.scanScalars(f, input)
	}
	return n
}

// scalarsOf joins the scalar subqueries of conditions; the conditions stay.
func (r *Rewriter) scalarsOf(input logical.Node, conds []expr.Expr) logical.Node {
	var plain []expr.Expr
	var list []*expr.Expr
	for i := range conds {
		if logical.Any(conds[i], isSubplan) {
			list = append(list, &conds[i])
		} else {
			plain = append(plain, conds[i])
		}
	}
	return r.decorrelateScalars(input, plain, list)
}

// scanScalars does that for the conditions that were pushed into a scan: those
// whose subquery was joined move above the join.
func (r *Rewriter) scanScalars(s *logical.Scan, input logical.Node) logical.Node {
	var keep, moved []expr.Expr
	for _, c := range s.Filter {
		if !logical.Any(c, isSubplan) {
			keep = append(keep, c)
			continue
		}
		one := []expr.Expr{c}
		if next := r.scalarsOf(input, one); next != input {
			input = next
			moved = append(moved, one[0])
		} else {
			keep = append(keep, c)
		}
	}
	s.Filter = keep
	return above(input, moved)
}

// unnestJoin looks at the conditions of an inner join as at those of a filter
// above it.
func (r *Rewriter) unnestJoin(j *logical.Join) logical.Node {
	n := r.unnestLateral(j)
	j, ok := n.(*logical.Join)
	if !ok || j.Type != plan.InnerJoin {
		return n
	}
	var subs, rest []expr.Expr
	for _, c := range j.On {
		if logical.Any(c, isSubplan) {
			subs = append(subs, c)
		} else {
			rest = append(rest, c)
		}
	}
	if len(subs) == 0 {
		return j
	}
	on := j.On
	j.On = rest
	var input logical.Node = j
	var keep []expr.Expr
	for _, c := range subs {
		if next := r.subqueryJoin(input, c); next != nil {
			r.fire("UnnestSubquery")
			input = next
			continue
		}
		keep = append(keep, c)
	}
	if next := r.scalarsOf(input, keep); next != input || input != logical.Node(j) {
		return above(next, keep)
	}
	j.On = on
	return j
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
		p := &puller{r: r, outer: &out, exists: true}
		if !p.can(tree, false) {
			return nil
		}
		t := plan.SemiJoin
		if not {
			t = plan.AntiJoin
		}
		inner := p.pull(tree)
		return &logical.Join{Type: t, Left: input, Right: inner, On: p.on}
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
		t := plan.SemiJoin
		if not {
			t = plan.AntiJoin
			if !r.neverNull(input, s.Left) || !allNotNull(r, tree, cols) {
				if local || len(on) != 1 {
					return nil
				}
				t = plan.AntiNullJoin
			}
		}
		if local {
			p := &puller{r: r, outer: &out, dup: true}
			if !p.can(tree, false) || !p.safe(tree) {
				return nil
			}
			tree = p.pull(tree)
			on = append(on, p.on...)
		}
		return &logical.Join{Type: t, Left: input, Right: tree, On: on}
	}
	return nil
}
