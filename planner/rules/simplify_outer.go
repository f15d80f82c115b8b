package rules

import (
	"slices"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// simplifyOuters turns an outer join into a narrower one when a condition above
// it refuses the rows it fills up with NULLs:
//
//	σ[b.x = 1](a LEFT JOIN b)                 =  σ[b.x = 1](a JOIN b)
//	(a LEFT JOIN b) JOIN c ON c.y = b.x       =  (a JOIN b) JOIN c ON c.y = b.x
//	σ[b.x = 1 OR b.y > 2](a LEFT JOIN b)      =  σ[b.x = 1 OR b.y > 2](a JOIN b)
//
// The condition must be strict in columns of the nullable side, that is not
// true when all of them are NULL (PostgreSQL's reduce_outer_joins). It may stand
// in a WHERE or in the ON of a join that drops a row for which it is not true:
// an inner or semi join for both of its sides, a left or anti one for its right
// side. IS NULL, OR with other tables, CASE and COALESCE are not strict, and
// nothing is known below LIMIT, which counts the rows that go.
//
// refused has what the nodes above refuse: rows with NULL in all columns of a set.
func (r *Rewriter) simplifyOuters(n logical.Node, refused []logical.ColSet) {
	eachSubquery(n, func(_ *expr.Subplan, t logical.Node) { r.simplifyOuters(t, nil) })
	switch x := n.(type) {
	case *logical.Filter:
		r.simplifyOuters(x.Input, refusedBy(x.Conds, refused))
	case *logical.Project:
		r.simplifyOuters(x.Input, refusedBelow(x.Items, refused))
	case *logical.Aggregate:
		below := []logical.ColSet(nil)
		if x.Sets == nil {
			below = refusedBelow(x.Keys, refused)
		}
		r.simplifyOuters(x.Input, below)
	case *logical.Sort:
		r.simplifyOuters(x.Input, refused)
	case *logical.Join:
		r.simplifyOuter(x, refused)
		left, right := refused, refusedBy(x.On, nil)
		switch x.Type {
		case plan.InnerJoin:
			left = refusedBy(x.On, refused)
			right = left
		case plan.SemiJoin:
			left = refusedBy(x.On, refused)
		case plan.LeftJoin, plan.AntiJoin:
		case plan.AntiNullJoin:
			right = nil // NULLs on the right side count
		default:
			left, right = nil, nil
		}
		r.simplifyOuters(x.Left, left)
		r.simplifyOuters(x.Right, right)
	default:
		logical.VisitInputs(n, func(c *logical.Node) { r.simplifyOuters(*c, nil) })
	}
}

// simplifyOuter does it for one join.
func (r *Rewriter) simplifyOuter(j *logical.Join, refused []logical.ColSet) {
	if j.Type != plan.LeftJoin && j.Type != plan.FullJoin || len(refused) == 0 {
		return
	}
	refuses := func(side logical.Node) bool {
		out := logical.OutputSet(side)
		return slices.ContainsFunc(refused, func(s logical.ColSet) bool { return s.SubsetOf(&out) })
	}
	noRight := refuses(j.Right)
	if j.Type == plan.LeftJoin {
		if noRight {
			j.Type = plan.InnerJoin
			r.fire("SimplifyOuter")
		}
		return
	}
	noLeft := refuses(j.Left)
	switch {
	case noRight && noLeft:
		j.Type = plan.InnerJoin
	case noLeft:
		// Rows without a left partner are refused: left is preserved.
		j.Type = plan.LeftJoin
	case noRight:
		j.Type = plan.LeftJoin
		j.Left, j.Right = j.Right, j.Left
	default:
		return
	}
	r.fire("SimplifyOuter")
}

// refusedSets bounds how many sets of columns an OR, or a projection of
// expressions of several columns, makes.
const refusedSets = 32

// refusedBy adds what conditions refuse to what is refused already.
func refusedBy(conds []expr.Expr, refused []logical.ColSet) []logical.ColSet {
	out := slices.Clone(refused)
	for _, c := range conds {
		out = append(out, strictSets(c)...)
	}
	return out
}

// strictSets are sets of columns with NULL in all of which a condition is not true.
func strictSets(e expr.Expr) (out []logical.ColSet) {
	x, ok := e.(*expr.Logic)
	switch {
	case !ok:
		cols := strictColumns(e)
		cols.Each(func(id expr.ColumnID) { out = append(out, setOf(id)) })
	case x.Or:
		for i, a := range x.Args {
			sets := strictSets(a)
			if i > 0 {
				sets = unions(out, sets)
			}
			out = sets
		}
	default:
		for _, a := range x.Args {
			out = append(out, strictSets(a)...)
		}
	}
	return out
}

// refusedBelow says of a node's inputs what is refused of the columns that it
// passes on or computes by strict functions.
func refusedBelow(items []logical.Item, refused []logical.ColSet) (out []logical.ColSet) {
	for _, s := range refused {
		below := []logical.ColSet{{}}
		s.Each(func(id expr.ColumnID) {
			var one []logical.ColSet
			if i := slices.IndexFunc(items, func(it logical.Item) bool { return it.ID == id }); i >= 0 {
				var cols logical.ColSet
				addStrict(items[i].Expr, &cols)
				cols.Each(func(id expr.ColumnID) { one = append(one, setOf(id)) })
			}
			below = unions(below, one)
		})
		out = append(out, below...)
	}
	return out
}

// unions are the unions of each set of a with each of b, of as many as are kept.
func unions(a, b []logical.ColSet) (out []logical.ColSet) {
	for _, x := range a {
		for _, y := range b {
			if len(out) == refusedSets {
				return out
			}
			both := x.Clone()
			both.Union(&y)
			out = append(out, both)
		}
	}
	return out
}

func setOf(id expr.ColumnID) (s logical.ColSet) {
	s.Add(id)
	return s
}

// strictColumns are the columns that make a condition not true when NULL.
func strictColumns(e expr.Expr) logical.ColSet {
	var out logical.ColSet
	switch x := e.(type) {
	case *expr.Logic:
		for i, a := range x.Args {
			s := strictColumns(a)
			if !x.Or {
				out.Union(&s)
				continue
			}
			if i == 0 {
				out = s.Clone()
				continue
			}
			// Of an OR only what all arms refuse.
			var both logical.ColSet
			s.Each(func(id expr.ColumnID) {
				if out.Has(id) {
					both.Add(id)
				}
			})
			out = both
		}
		return out
	case *expr.Not:
		addStrict(x.Arg, &out)
	case *expr.IsNull:
		if x.Not {
			addStrict(x.Arg, &out)
		}
	case *expr.BoolTest:
		if !x.Not && !x.Want.IsNull() {
			addStrict(x.Arg, &out)
		}
	default:
		addStrict(e, &out)
	}
	return out
}

// addStrict adds the columns that make e NULL when they are.
func addStrict(e expr.Expr, out *logical.ColSet) {
	switch x := e.(type) {
	case *expr.Column:
		out.Add(x.ID)
	case *expr.Call:
		if x.Fn.Strict {
			for _, a := range x.Args {
				addStrict(a, out)
			}
		}
	case *expr.Cast:
		addStrict(x.Arg, out)
	case *expr.Not:
		addStrict(x.Arg, out)
	case *expr.InList:
		addStrict(x.Left, out)
	case *expr.AnyAll:
		if !x.All && x.Fn.Strict {
			addStrict(x.Left, out)
		}
	}
}
