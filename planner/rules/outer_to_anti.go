package rules

import (
	"slices"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// outerToAnti makes an anti join of a left join of which only the rows without a
// partner are wanted (PostgreSQL's reduce_outer_joins):
//
//	σ[b.x IS NULL](a LEFT JOIN b ON c)  =  π[a, NULL AS b](a ANTI JOIN b ON c)
//
// if b.x is not NULL in a row that has a partner: a column that is NOT NULL, or
// one for which c is strict. Such a condition is true of the rows filled up with
// NULLs, and of no other. The projection is left out if nobody looks at b. need
// are the columns that are looked at above. It does not fire where b looks at a
// (LATERAL) and for volatile conditions.
func (r *Rewriter) outerToAnti(n logical.Node, need *logical.ColSet) logical.Node {
	eachSubquery(n, func(s *expr.Subplan, t logical.Node) {
		all := logical.OutputSet(t)
		s.Plan = r.outerToAnti(t, &all)
	})
	if f, ok := n.(*logical.Filter); ok {
		n = r.antiFilter(f, need)
	}
	below := lookedAt(n, need)
	logical.VisitInputs(n, func(c *logical.Node) {
		in := below
		if below == nil {
			all := logical.OutputSet(*c)
			in = &all
		}
		*c = r.outerToAnti(*c, in)
	})
	return n
}

// antiFilter does it for a filter right above a left join.
func (r *Rewriter) antiFilter(f *logical.Filter, need *logical.ColSet) logical.Node {
	j, ok := f.Input.(*logical.Join)
	if !ok || j.Type != plan.LeftJoin || slices.ContainsFunc(j.On, volatile) {
		return f
	}
	left, right := logical.OutputSet(j.Left), logical.OutputSet(j.Right)
	outer := logical.OuterColumns(j.Right)
	if outer.Intersects(&left) {
		return f
	}
	at := slices.IndexFunc(f.Conds, func(c expr.Expr) bool { return r.noPartner(j, &right, c) })
	if at < 0 {
		return f
	}
	rest := slices.Delete(slices.Clone(f.Conds), at, at+1)
	anti := &logical.Join{Type: plan.AntiJoin, Left: j.Left, Right: j.Right, On: j.On}
	r.fire("OuterToAnti")
	read := need.Clone()
	for _, c := range rest {
		logical.ExprColumns(c, &read)
	}
	if !read.Intersects(&right) {
		return above(anti, rest)
	}
	p := &logical.Project{Input: anti}
	for _, id := range logical.Output(j.Left) {
		p.Items = append(p.Items, logical.Item{ID: id, Expr: r.MD.Col(id)})
	}
	for _, id := range logical.Output(j.Right) {
		if read.Has(id) {
			p.Items = append(p.Items, logical.Item{ID: id, Expr: &expr.Const{Typ: r.MD.Col(id).Typ}})
		}
	}
	return above(p, rest)
}

// noPartner recognises a condition that rows without a partner fulfil, and no other.
func (r *Rewriter) noPartner(j *logical.Join, right *logical.ColSet, c expr.Expr) bool {
	null, ok := c.(*expr.IsNull)
	if !ok || null.Not || null.Row { // a row of NULLs is not NULL itself
		return false
	}
	col, ok := null.Arg.(*expr.Column)
	if !ok || !right.Has(col.ID) {
		return false
	}
	if r.notNull(j.Right, col.ID) {
		return true
	}
	for _, on := range j.On {
		if s := strictColumns(on); s.Has(col.ID) {
			return true
		}
	}
	return false
}
