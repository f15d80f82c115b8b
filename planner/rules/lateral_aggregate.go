package rules

import (
	"slices"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// lateralAggregate makes an ordinary join of a lateral one with an aggregate
// without GROUP BY, as decorrelateScalars does for a single value:
//
//	a, LATERAL (SELECT f(agg(b.x)) AS v FROM b WHERE b.k = a.k) s
//	=  π[a, f(g) AS v](a LEFT JOIN (SELECT b.k, agg(b.x) AS g FROM b GROUP BY b.k) ON b.k = a.k)
//
// Such a subquery has one row for each outer row, of which count is 0 where the
// others are NULL. HAVING, and the ON of an inner join, are conditions above; a
// left join keeps the row, with NULL for v where one of them is not true.
//
// It has decorrelateScalars' conditions, and the ON must have no subquery.
// It returns nil where it does not fire.
func (r *Rewriter) lateralAggregate(j *logical.Join) logical.Node {
	out, outer := logical.OutputSet(j.Left), logical.OuterColumns(j.Right)
	if !outer.Intersects(&out) || treeVolatile(j.Right) {
		return nil
	}
	for _, c := range j.On {
		if volatile(c) || logical.Any(c, isSubplan) {
			return nil
		}
	}
	q, ok := asScalarAggregate(j.Right)
	if !ok {
		return nil
	}
	cols := logical.Output(j.Right)
	q = r.renamedAggregates(q)
	on, value := r.groupAggregate(j.Left, nil, &out, q)
	if value == nil {
		return nil
	}
	items, having := valuesOf(q.items, value), valuesOf(q.having, value)
	conds := append(having, valuesOf(j.On, func(e expr.Expr) expr.Expr {
		return logical.Substitute(e, func(id expr.ColumnID) expr.Expr {
			for i, col := range cols {
				if col == id {
					return items[i]
				}
			}
			return nil
		})
	})...)
	p := &logical.Project{}
	for _, id := range logical.Output(j.Left) {
		p.Items = append(p.Items, logical.Item{ID: id, Expr: r.MD.Col(id)})
	}
	for i, id := range cols {
		if len(conds) > 0 && j.Type == plan.LeftJoin {
			items[i] = valueIf(conds, items[i])
		}
		p.Items = append(p.Items, logical.Item{ID: id, Expr: items[i]})
	}
	p.Input = &logical.Join{Type: plan.LeftJoin, Left: j.Left, Right: q.agg, On: on}
	if j.Type == plan.InnerJoin {
		p.Input = above(p.Input, conds)
	}
	r.fire("LateralAggregate")
	return p
}

// renamedAggregates gives the aggregates new ids, as the subquery's columns may
// have theirs and get other values.
func (r *Rewriter) renamedAggregates(q scalarSubquery) scalarSubquery {
	agg := *q.agg
	agg.Aggs = slices.Clone(agg.Aggs)
	ids := map[expr.ColumnID]expr.ColumnID{}
	for i, a := range agg.Aggs {
		agg.Aggs[i].ID = r.MD.Add(r.MD.Cols[a.ID])
		ids[a.ID] = agg.Aggs[i].ID
	}
	rename := func(e expr.Expr) expr.Expr {
		return logical.Substitute(e, func(id expr.ColumnID) expr.Expr {
			if to, ok := ids[id]; ok {
				return r.MD.Col(to)
			}
			return nil
		})
	}
	return scalarSubquery{items: valuesOf(q.items, rename), having: valuesOf(q.having, rename), agg: &agg}
}
