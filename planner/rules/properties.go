package rules

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// notNull reports whether an output column of a tree is never NULL: a NOT NULL
// column that no outer join fills up, or one that a condition below refuses
// when it is NULL.
func (r *Rewriter) notNull(n logical.Node, id expr.ColumnID) bool {
	refused := func(conds []expr.Expr) bool {
		for _, c := range conds {
			if s := strictColumns(c); s.Has(id) {
				return true
			}
		}
		return false
	}
	switch x := n.(type) {
	case *logical.Scan:
		at := int(id - x.First)
		return at >= 0 && at < len(x.Table.Columns) && x.Table.Columns[at].NotNull || refused(x.Filter)
	case *logical.Filter:
		return refused(x.Conds) || r.notNull(x.Input, id)
	case *logical.Project:
		for _, it := range x.Items {
			if it.ID == id {
				return r.neverNull(x.Input, []expr.Expr{it.Expr})
			}
		}
	case *logical.Aggregate:
		for _, k := range x.Keys {
			if k.ID == id && x.Sets == nil {
				return r.neverNull(x.Input, []expr.Expr{k.Expr})
			}
		}
		for _, a := range x.Aggs {
			if call, ok := a.Expr.(*expr.Aggregate); ok && a.ID == id {
				return call.Fn.Name == "count"
			}
		}
	case *logical.Join:
		left := logical.OutputSet(x.Left)
		switch {
		case x.Type == plan.FullJoin || x.Type == plan.RightJoin:
			return false
		case left.Has(id):
			return r.notNull(x.Left, id) || (x.Type == plan.InnerJoin || x.Type == plan.SemiJoin) && refused(x.On)
		case x.Type == plan.InnerJoin:
			return r.notNull(x.Right, id) || refused(x.On)
		}
	case *logical.Sort:
		return r.notNull(x.Input, id)
	case *logical.Limit:
		return r.notNull(x.Input, id)
	case *logical.Distinct:
		return r.notNull(x.Input, id)
	}
	return false
}

// neverNull reports whether expressions over a tree's output are never NULL.
func (r *Rewriter) neverNull(n logical.Node, list []expr.Expr) bool {
	for _, e := range list {
		switch x := e.(type) {
		case *expr.Column:
			if !r.notNull(n, x.ID) {
				return false
			}
		case *expr.Const:
			if x.Value.IsNull() {
				return false
			}
		case *expr.Cast:
			if x.Kind != expr.CastRelabel || !r.neverNull(n, []expr.Expr{x.Arg}) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

func allNotNull(r *Rewriter, n logical.Node, cols []expr.ColumnID) bool {
	for _, id := range cols {
		if !r.notNull(n, id) {
			return false
		}
	}
	return true
}

// uniqueBy reports whether no two rows of a tree have equal, not NULL values in
// all of these columns.
func uniqueBy(n logical.Node, cols *logical.ColSet) bool {
	switch x := n.(type) {
	case *logical.Scan:
		return scanUniqueBy(x, cols)
	case *logical.Filter:
		return uniqueBy(x.Input, cols)
	case *logical.Sort:
		return uniqueBy(x.Input, cols)
	case *logical.Limit:
		return uniqueBy(x.Input, cols)
	case *logical.Project:
		passed := logical.ColSet{}
		for _, it := range x.Items {
			if c, ok := it.Expr.(*expr.Column); ok && cols.Has(it.ID) {
				passed.Add(c.ID)
			}
		}
		return uniqueBy(x.Input, &passed)
	case *logical.Distinct:
		out := logical.OutputSet(x)
		return x.On == nil && out.SubsetOf(cols) || uniqueBy(x.Input, cols)
	case *logical.Aggregate:
		if x.Sets != nil {
			return false
		}
		for _, k := range x.Keys {
			if !cols.Has(k.ID) {
				return false
			}
		}
		return true
	case *logical.Join:
		switch x.Type {
		case plan.SemiJoin, plan.AntiJoin, plan.AntiNullJoin:
			return uniqueBy(x.Left, cols)
		}
	}
	return false
}

// scanUniqueBy: a unique key lies within the columns and those that the scan's
// filter fixes to one value.
func scanUniqueBy(s *logical.Scan, cols *logical.ColSet) bool {
	if s.Table.Kind == catalog.KindVirtual {
		return false
	}
	fixed := cols.Clone()
	for _, c := range s.Filter {
		if id, ok := fixedColumn(c); ok {
			fixed.Add(id)
		}
	}
	for i := range s.Table.Indexes {
		ix := &s.Table.Indexes[i]
		if !ix.Unique || ix.Deferrable || ix.Predicate != "" || ix.State != catalog.IndexPublic || len(ix.Columns) == 0 {
			continue
		}
		all := true
		for _, c := range ix.Columns {
			all = all && c.Num != 0 && fixed.Has(s.First+expr.ColumnID(c.Num-1))
		}
		if all {
			return true
		}
	}
	return false
}

// fixedColumn reads a condition column = value, the value without columns of
// this query level's tables being the same for all rows.
func fixedColumn(e expr.Expr) (expr.ColumnID, bool) {
	c, ok := e.(*expr.Call)
	if !ok || c.Op != "=" || len(c.Args) != 2 || !groupEquality(c.Args[0].Type().OID, c.Args[1].Type().OID) {
		return 0, false
	}
	for i, a := range c.Args {
		col, ok := a.(*expr.Column)
		other := c.Args[1-i]
		if !ok || volatile(other) || logical.Any(other, isSubplan) {
			continue
		}
		if cols := logical.Columns(other); cols.Empty() {
			return col.ID, true
		}
	}
	return 0, false
}
