package rules

import (
	"slices"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// removeJoins drops left joins that change nothing (PostgreSQL's
// join_is_removable):
//
//	π[a](a LEFT JOIN b ON b.key = a.x)  =  π[a](a)
//
// Each row of a comes out at least once, as the join is a left one, and at most
// once, as the equalities fix a unique key of b; so that b only matters if one
// of its columns is looked at. need are the columns that are looked at above.
// Conditions beside the equalities do no harm: they only make partners fewer.
// Not for a volatile right side or condition, which must be run.
func (r *Rewriter) removeJoins(n logical.Node, need *logical.ColSet) logical.Node {
	eachSubquery(n, func(s *expr.Subplan, t logical.Node) {
		all := logical.OutputSet(t)
		s.Plan = r.removeJoins(t, &all)
	})
	if j, ok := n.(*logical.Join); ok && j.Type == plan.LeftJoin && r.removable(j, need) {
		r.fire("RemoveJoin")
		return r.removeJoins(j.Left, need)
	}
	below := lookedAt(n, need)
	before := r.changes
	logical.VisitInputs(n, func(c *logical.Node) {
		in := below
		if below == nil {
			all := logical.OutputSet(*c)
			in = &all
		}
		*c = r.removeJoins(*c, in)
	})
	if p, ok := n.(*logical.Project); ok && r.changes != before {
		// What nobody looks at may be of a table that is gone.
		p.Items = slices.DeleteFunc(slices.Clone(p.Items), func(it logical.Item) bool { return !need.Has(it.ID) })
	}
	return n
}

// lookedAt are the columns of its inputs that a node looks at or passes on, nil
// for all of them.
func lookedAt(n logical.Node, need *logical.ColSet) *logical.ColSet {
	var out logical.ColSet
	switch x := n.(type) {
	case *logical.Project:
		for _, it := range x.Items {
			if need.Has(it.ID) {
				logical.ExprColumns(it.Expr, &out)
			}
		}
		return &out
	case *logical.Aggregate:
	case *logical.Filter, *logical.Sort, *logical.Limit:
		out = need.Clone()
	case *logical.Join:
		out = need.Clone()
		// What the right side takes from the left one (LATERAL).
		lateral := logical.OuterColumns(x.Right)
		out.Union(&lateral)
	default:
		return nil
	}
	logical.VisitExprs(n, func(p *expr.Expr) { logical.ExprColumns(*p, &out) })
	return &out
}

func (r *Rewriter) removable(j *logical.Join, need *logical.ColSet) bool {
	right := logical.OutputSet(j.Right)
	if need.Intersects(&right) || treeVolatile(j.Right) {
		return false
	}
	left := logical.OutputSet(j.Left)
	var fixed logical.ColSet
	for _, c := range j.On {
		if volatile(c) {
			return false
		}
		call, ok := c.(*expr.Call)
		if !ok || call.Op != "=" || len(call.Args) != 2 || !groupEquality(call.Args[0].Type().OID, call.Args[1].Type().OID) {
			continue
		}
		for i, a := range call.Args {
			other := logical.Columns(call.Args[1-i])
			if col, ok := a.(*expr.Column); ok && right.Has(col.ID) && other.SubsetOf(&left) {
				fixed.Add(col.ID)
			}
		}
	}
	return uniqueBy(j.Right, &fixed)
}
