package rules

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// simplifyOuter turns an outer join into a narrower one when a condition above
// it refuses the rows it fills up with NULLs:
//
//	σ[b.x = 1](a LEFT JOIN b)  =  σ[b.x = 1](a JOIN b)
//
// The condition must be strict in a column of the nullable side, that is not
// true when the column is NULL (PostgreSQL's reduce_outer_joins). IS NULL, OR
// with other columns, CASE and COALESCE are not strict.
func (r *Rewriter) simplifyOuter(j *logical.Join, conds []expr.Expr) {
	if j.Type != plan.LeftJoin && j.Type != plan.FullJoin || len(conds) == 0 {
		return
	}
	refused := func(side logical.Node) bool {
		out := logical.OutputSet(side)
		for _, c := range conds {
			strict := strictColumns(c)
			if strict.Intersects(&out) {
				return true
			}
		}
		return false
	}
	noRight := refused(j.Right)
	if j.Type == plan.LeftJoin {
		if noRight {
			j.Type = plan.InnerJoin
			r.fire("SimplifyOuter")
		}
		return
	}
	noLeft := refused(j.Left)
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
