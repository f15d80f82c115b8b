package rules

import (
	"slices"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
)

// pushFilters moves conditions as far down as they can be checked: through
// projections (their expressions put in), below inner joins and to the
// preserved side of outer joins, through grouping if they look at keys only,
// into both arms of unions, INTERSECT and EXCEPT, and into scans.
//
// A condition filters rows one by one, so it commutes with every operator that
// makes each output row from one input row or that keeps rows with equal
// values of the condition's columns together: window functions if it looks at
// partition keys only, DISTINCT ON if at what is distinct. It must not go below LIMIT and
// OFFSET, other window functions, FOR UPDATE, set-returning functions and the nullable side of an
// outer join, and a volatile condition or one over volatile values stays.
//
// conds are the conditions that come from above.
func (r *Rewriter) pushFilters(n logical.Node, conds []expr.Expr) logical.Node {
	switch x := n.(type) {
	case *logical.Filter:
		return r.pushFilters(x.Input, append(x.Conds[:len(x.Conds):len(x.Conds)], conds...))
	case *logical.Scan:
		r.insideExprs(conds)
		x.Filter = append(x.Filter, conds...)
		return x
	case *logical.Project:
		return r.pushProject(x, conds)
	case *logical.Join:
		return r.pushJoin(x, conds)
	case *logical.Aggregate:
		return r.pushAggregate(x, conds)
	case *logical.Union:
		return r.pushUnion(x, conds)
	case *logical.Sort:
		x.Input = r.pushFilters(x.Input, conds)
		return x
	case *logical.Distinct:
		down, keep := splitVolatile(conds)
		if x.On != nil {
			down, keep = r.splitDistinctOn(x, conds)
		}
		x.Input = r.pushFilters(x.Input, down)
		r.insideExprs(keep)
		return above(x, keep)
	case *logical.Window:
		down, keep := r.splitPartition(x, conds)
		logical.VisitExprs(x, func(p *expr.Expr) { r.insideExpr(*p) })
		x.Input = r.pushFilters(x.Input, down)
		r.insideExprs(keep)
		return above(x, keep)
	case *logical.SetOp:
		return r.pushSetOp(x, conds)
	case *logical.With:
		for _, c := range x.CTEs {
			c.Plan = r.pushFilters(c.Plan, nil)
		}
		x.Body = r.pushFilters(x.Body, conds)
		return x
	}
	logical.VisitExprs(n, func(p *expr.Expr) { r.insideExpr(*p) })
	logical.VisitInputs(n, func(c *logical.Node) { *c = r.pushFilters(*c, nil) })
	r.insideExprs(conds)
	return above(n, conds)
}

// above puts a filter on top.
func above(n logical.Node, conds []expr.Expr) logical.Node {
	if len(conds) == 0 {
		return n
	}
	return &logical.Filter{Input: n, Conds: conds}
}

// insideExpr pushes filters inside of the subqueries of an expression.
func (r *Rewriter) insideExpr(e expr.Expr) {
	logical.Walk(e, func(x expr.Expr) bool {
		if s, ok := x.(*expr.Subplan); ok {
			if n, ok := s.Plan.(logical.Node); ok {
				s.Plan = r.pushFilters(n, nil)
			}
		}
		return true
	})
}

func (r *Rewriter) insideExprs(list []expr.Expr) {
	for _, e := range list {
		r.insideExpr(e)
	}
}

func volatile(e expr.Expr) bool {
	return logical.Any(e, func(x expr.Expr) bool {
		c, ok := x.(*expr.Call)
		return ok && c.Fn.Volatility == functions.Volatile
	})
}

// splitVolatile parts the conditions that may move from those that may not.
func splitVolatile(conds []expr.Expr) (down, keep []expr.Expr) {
	for _, c := range conds {
		if volatile(c) {
			keep = append(keep, c)
		} else {
			down = append(down, c)
		}
	}
	return down, keep
}

func (r *Rewriter) pushProject(p *logical.Project, conds []expr.Expr) logical.Node {
	var down, keep []expr.Expr
	for _, c := range conds {
		cols := logical.Columns(c)
		ok := !volatile(c)
		changed := false
		for _, it := range p.Items {
			if it.Passes() || !cols.Has(it.ID) {
				continue
			}
			changed = true
			// Subqueries are not computed twice, volatile values not at all.
			if volatile(it.Expr) || logical.Any(it.Expr, isSubplan) {
				ok = false
			}
		}
		if !ok {
			keep = append(keep, c)
			continue
		}
		if changed {
			c = logical.Substitute(c, func(id expr.ColumnID) expr.Expr {
				for _, it := range p.Items {
					if it.ID == id && !it.Passes() {
						return it.Expr
					}
				}
				return nil
			})
			r.fire("PushFilter")
		}
		down = append(down, c)
	}
	for _, it := range p.Items {
		r.insideExpr(it.Expr)
	}
	r.insideExprs(keep)
	p.Input = r.pushFilters(p.Input, down)
	return above(p, keep)
}

func isSubplan(e expr.Expr) bool { _, ok := e.(*expr.Subplan); return ok }

func (r *Rewriter) pushJoin(j *logical.Join, conds []expr.Expr) logical.Node {
	left := logical.OutputSet(j.Left)
	right := logical.OutputSet(j.Right)
	var toLeft, toRight, keep []expr.Expr
	place := func(list []expr.Expr, leftOK, rightOK bool, rest *[]expr.Expr) {
		for _, c := range list {
			cols := logical.Columns(c)
			l, rt := cols.Intersects(&left), cols.Intersects(&right)
			switch {
			case volatile(c):
				*rest = append(*rest, c)
			case !l && !rt && leftOK && rightOK && j.Type == plan.InnerJoin:
				// Of neither side: it decides the whole join.
				toLeft = append(toLeft, c)
			case l && !rt && leftOK:
				toLeft = append(toLeft, c)
			case rt && !l && rightOK:
				toRight = append(toRight, c)
			default:
				*rest = append(*rest, c)
			}
		}
	}
	var on []expr.Expr
	switch j.Type {
	case plan.InnerJoin:
		all := append(j.On[:len(j.On):len(j.On)], conds...)
		place(all, true, true, &on)
		// What is left of both sides is the join's condition.
		var stay []expr.Expr
		for _, c := range on {
			if volatile(c) {
				stay = append(stay, c)
			} else {
				keep = append(keep, c)
			}
		}
		j.On = keep
		r.insideExprs(j.On)
		j.Left = r.pushFilters(j.Left, toLeft)
		j.Right = r.pushFilters(j.Right, toRight)
		r.insideExprs(stay)
		return above(j, stay)
	case plan.LeftJoin:
		place(conds, true, false, &keep)
		place(j.On, false, true, &on)
	case plan.SemiJoin:
		place(conds, true, false, &keep)
		place(j.On, true, true, &on)
	case plan.AntiJoin:
		place(conds, true, false, &keep)
		place(j.On, false, true, &on)
	case plan.AntiNullJoin:
		place(conds, true, false, &keep)
		on = j.On
	default:
		keep, on = conds, j.On
	}
	j.On = on
	if slices.ContainsFunc(toRight, func(c expr.Expr) bool { return logical.Any(c, isSubplan) }) {
		r.fire("PushFilter") // a condition of the right side alone can be unnested there
	}
	r.insideExprs(j.On)
	r.insideExprs(keep)
	j.Left = r.pushFilters(j.Left, toLeft)
	j.Right = r.pushFilters(j.Right, toRight)
	return above(j, keep)
}

func (r *Rewriter) pushAggregate(a *logical.Aggregate, conds []expr.Expr) logical.Node {
	var keys logical.ColSet
	for _, k := range a.Keys {
		keys.Add(k.ID)
	}
	var down, keep []expr.Expr
	for _, c := range conds {
		cols := logical.Columns(c)
		// Without keys there is a group even of no rows; with several grouping
		// sets a key may be NULL above and not below.
		if len(a.Keys) == 0 || a.Sets != nil || volatile(c) || !localSubset(&cols, &keys, a) || cols.Empty() {
			keep = append(keep, c)
			continue
		}
		down = append(down, logical.Substitute(c, func(id expr.ColumnID) expr.Expr {
			for _, k := range a.Keys {
				if k.ID == id && !k.Passes() {
					return k.Expr
				}
			}
			return nil
		}))
	}
	if len(down) > 0 {
		r.fire("PushFilter")
	}
	logical.VisitExprs(a, func(p *expr.Expr) { r.insideExpr(*p) })
	r.insideExprs(keep)
	a.Input = r.pushFilters(a.Input, down)
	return above(a, keep)
}

// localSubset reports whether the condition looks at no output of the
// aggregate but keys (columns of outer rows are fine).
func localSubset(cols, keys *logical.ColSet, a *logical.Aggregate) bool {
	rest := cols.Clone()
	rest.Subtract(keys)
	out := logical.OutputSet(a)
	return !rest.Intersects(&out)
}

func (r *Rewriter) pushUnion(u *logical.Union, conds []expr.Expr) logical.Node {
	down, keep := splitVolatile(conds)
	var move []expr.Expr
	for _, c := range down {
		if logical.Any(c, isSubplan) {
			keep = append(keep, c) // a subquery's tree cannot stand in two places
		} else {
			move = append(move, c)
		}
	}
	if len(move) > 0 {
		r.fire("PushFilter")
	}
	for i := range u.Inputs {
		list := make([]expr.Expr, len(move))
		for k, c := range move {
			list[k] = logical.Substitute(c, func(id expr.ColumnID) expr.Expr {
				for p, out := range u.Cols {
					if out == id {
						return r.MD.Col(u.InCols[i][p])
					}
				}
				return nil
			})
		}
		u.Inputs[i] = r.pushFilters(u.Inputs[i], list)
	}
	r.insideExprs(keep)
	return above(u, keep)
}
