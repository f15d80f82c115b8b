package rules

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// trimOrders makes sorts and DISTINCTs of a tree do less, or nothing: see
// trimSort, dropSorts and removeDistinct.
func (r *Rewriter) trimOrders(n logical.Node) logical.Node {
	logical.VisitExprs(n, func(p *expr.Expr) {
		r.eachSubtree(*p, func(sub logical.Node) { r.trimOrders(sub) })
	})
	logical.VisitInputs(n, func(c *logical.Node) { *c = r.trimOrders(*c) })
	switch x := n.(type) {
	case *logical.Sort:
		return r.trimSort(x)
	case *logical.Distinct:
		return r.removeDistinct(x)
	case *logical.Aggregate:
		if orderless(x) {
			x.Input = r.dropSorts(x.Input)
		}
	}
	return n
}

// trimSort drops sort keys that decide nothing, and the sort if none is left:
//
//	sort (x, y, x) (σ[x = 1] (a))  =  sort (y) (σ[x = 1] (a))
//	sort (k, y) (a)                =  sort (k) (a)              if k is a key of a
//
// A key is one that conditions fix to a value, a constant, one that stands
// before it already, and all behind columns of which no two rows have the same
// (uniqueBy), which are NOT NULL. Keys that are computed stay, but for repeated
// ones: computing them may fail, or have an effect.
func (r *Rewriter) trimSort(s *logical.Sort) logical.Node {
	var keys []expr.SortKey
	var cols logical.ColSet
	for _, k := range s.Keys {
		if volatile(k.Expr) || logical.Any(k.Expr, isSubplan) {
			keys = append(keys, k)
			continue
		}
		decides := true
		switch x := k.Expr.(type) {
		case *expr.Const:
			decides = false
		case *expr.Column:
			decides = !fixedIn(s.Input, x.ID) && !uniqueBy(s.Input, &cols)
			if r.notNull(s.Input, x.ID) {
				cols.Add(x.ID)
			}
		}
		for _, before := range keys {
			decides = decides && !logical.Equal(before.Expr, k.Expr)
		}
		if decides {
			keys = append(keys, k)
		}
	}
	if len(keys) == len(s.Keys) {
		return s
	}
	r.fire("TrimSort")
	if len(keys) == 0 {
		return s.Input
	}
	s.Keys = keys
	return s
}

// fixedIn reports whether an output column of a tree has one value in all rows,
// as a condition says that it equals what is the same for all of them.
func fixedIn(n logical.Node, id expr.ColumnID) bool {
	fixes := func(conds []expr.Expr) bool {
		for _, c := range conds {
			if col, ok := fixedColumn(c); ok && col == id {
				return true
			}
		}
		return false
	}
	switch x := n.(type) {
	case *logical.Scan:
		return fixes(x.Filter)
	case *logical.Filter:
		return fixes(x.Conds) || fixedIn(x.Input, id)
	case *logical.Project:
		for _, it := range x.Items {
			if it.ID != id {
				continue
			}
			if c, ok := it.Expr.(*expr.Column); ok {
				return fixedIn(x.Input, c.ID)
			}
			_, constant := it.Expr.(*expr.Const)
			return constant
		}
	case *logical.Aggregate:
		for _, k := range x.Keys {
			if c, ok := k.Expr.(*expr.Column); ok && k.ID == id && x.Sets == nil {
				return fixedIn(x.Input, c.ID)
			}
		}
	case *logical.Join:
		left := logical.OutputSet(x.Left)
		switch {
		case x.Type == plan.FullJoin || x.Type == plan.RightJoin:
		case left.Has(id):
			return fixedIn(x.Left, id) || x.Type == plan.InnerJoin && fixes(x.On)
		case x.Type == plan.InnerJoin:
			return fixedIn(x.Right, id) || fixes(x.On)
		}
	case *logical.Sort:
		return fixedIn(x.Input, id)
	case *logical.Limit:
		return fixedIn(x.Input, id)
	case *logical.Distinct:
		return fixedIn(x.Input, id)
	}
	return false
}

// dropSorts drops sorts whose order nobody sees: below an aggregation of all rows
// into one by aggregates that do not depend on the order of their input.
//
//	count(*) (sort k (a))  =  count(*) (a)
//
// Not below a LIMIT, which takes rows by the order, and not below or with volatile
// expressions, whose values it decides.
func (r *Rewriter) dropSorts(n logical.Node) logical.Node {
	plain := true
	logical.VisitExprs(n, func(p *expr.Expr) { plain = plain && !volatile(*p) && !logical.Any(*p, isSubplan) })
	if !plain {
		return n
	}
	switch x := n.(type) {
	case *logical.Sort:
		r.fire("DropSort")
		return r.dropSorts(x.Input)
	case *logical.Project:
		x.Input = r.dropSorts(x.Input)
	case *logical.Filter:
		x.Input = r.dropSorts(x.Input)
	}
	return n
}

// orderless reports whether an aggregation makes one row, which is the same in
// whatever order its input comes.
func orderless(a *logical.Aggregate) bool {
	if len(a.Keys) > 0 || a.Sets != nil {
		return false
	}
	for _, it := range a.Aggs {
		call, ok := it.Expr.(*expr.Aggregate)
		if !ok || len(call.OrderBy) > 0 {
			return false
		}
		switch call.Fn.Name {
		case "count", "bool_and", "bool_or", "every", "bit_and", "bit_or":
		case "sum", "avg", "min", "max":
			// Sums of floats depend on the order, and which of equal numerics is the
			// least does too.
			switch call.Args[0].Type().OID {
			case types.Int2, types.Int4, types.Int8:
			default:
				return false
			}
		default:
			return false
		}
	}
	return true
}
