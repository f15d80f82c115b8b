package rules

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// factorOr takes out of an OR the conditions that stand in all of its arms
// (PostgreSQL's find_duplicate_ors):
//
//	(a AND x) OR (a AND y)  =  a AND (x OR y)
//	a OR (a AND y)          =  a
//
// so that a join condition repeated in each arm is found. Both hold in
// three-valued logic, where AND and OR are minimum and maximum. Not for
// volatile conditions, which each arm computes by itself.
func (r *Rewriter) factorOr(l *expr.Logic) expr.Expr {
	arms := make([][]expr.Expr, len(l.Args))
	for i, a := range l.Args {
		arms[i] = logical.Conjuncts(nil, a)
	}
	var common []expr.Expr
	for _, c := range arms[0] {
		if volatile(c) || logical.Any(c, isSubplan) || contains(common, c) {
			continue
		}
		all := true
		for _, arm := range arms[1:] {
			all = all && contains(arm, c)
		}
		if all {
			common = append(common, c)
		}
	}
	if len(common) == 0 {
		return l
	}
	r.fire("FactorOr")
	var rest []expr.Expr
	for _, arm := range arms {
		var left []expr.Expr
		for _, c := range arm {
			if !contains(common, c) {
				left = append(left, c)
			}
		}
		if len(left) == 0 {
			return logical.And(common)
		}
		rest = append(rest, logical.And(left))
	}
	return logical.And(append(common, &expr.Logic{Or: true, Args: rest}))
}

func contains(list []expr.Expr, e expr.Expr) bool {
	for _, x := range list {
		if logical.Equal(x, e) {
			return true
		}
	}
	return false
}

// impliedOr adds to an inner join's inputs what an OR over both of them says of
// one (PostgreSQL's extract_restriction_or_clauses):
//
//	σ[(a.x = 1 AND b.y = 2) OR (a.x = 3 AND b.y = 4)](a JOIN b)
//	=  the same over  σ[a.x = 1 OR a.x = 3](a) JOIN σ[b.y = 2 OR b.y = 4](b)
//
// The OR stays; what is added follows from it, so that no row is lost: a row of
// a that makes no arm's part true makes no arm true. It fires for an input of
// which every arm says something, once a statement, with nothing volatile.
func (r *Rewriter) impliedOr(n logical.Node) {
	logical.VisitInputs(n, func(c *logical.Node) { r.impliedOr(*c) })
	logical.VisitExprs(n, func(p *expr.Expr) { r.eachSubtree(*p, r.impliedOr) })
	j, ok := n.(*logical.Join)
	if !ok || j.Type != plan.InnerJoin {
		return
	}
	for _, c := range j.On {
		or, ok := c.(*expr.Logic)
		if !ok || !or.Or {
			continue
		}
		r.implyFor(&j.Left, or)
		r.implyFor(&j.Right, or)
	}
}

func (r *Rewriter) implyFor(n *logical.Node, or *expr.Logic) {
	if j, ok := (*n).(*logical.Join); ok && j.Type == plan.InnerJoin {
		r.implyFor(&j.Left, or)
		r.implyFor(&j.Right, or)
		return
	}
	out := logical.OutputSet(*n)
	all := logical.Columns(or)
	if all.SubsetOf(&out) {
		return
	}
	var arms []expr.Expr
	for _, a := range or.Args {
		var mine []expr.Expr
		for _, c := range logical.Conjuncts(nil, a) {
			cols := logical.Columns(c)
			if !cols.Empty() && cols.SubsetOf(&out) && !volatile(c) && !logical.Any(c, isSubplan) {
				mine = append(mine, c)
			}
		}
		if len(mine) == 0 {
			return
		}
		arms = append(arms, logical.And(mine))
	}
	r.fire("ImpliedOr")
	*n = &logical.Filter{Input: *n, Conds: []expr.Expr{r.orExpr(&expr.Logic{Or: true, Args: arms})}}
}

// eachSubtree calls f for the trees of an expression's subqueries.
func (r *Rewriter) eachSubtree(e expr.Expr, f func(logical.Node)) {
	logical.Walk(e, func(x expr.Expr) bool {
		if s, ok := x.(*expr.Subplan); ok {
			if n, ok := s.Plan.(logical.Node); ok {
				f(n)
			}
		}
		return true
	})
}
