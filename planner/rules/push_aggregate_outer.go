package rules

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// pushBelowOuter groups the right side of a left join before it is joined, if all
// aggregates are over that side and all keys over the left one:
//
//	γ[K; f(r)](L ⟕[x = y] R)  =  γ[K; f'(p)](L ⟕[x = y] γ[y; f(r) AS p](R))
//
// A left row without partners is one row with NULLs for the aggregates: count(r) of
// it is 0 and count(*) 1, which COALESCE makes of the NULL that p is then; other
// aggregates are NULL, as p is (their arguments are NULL, as those of count,
// since they have a column and all they do is strict). Where K has a key of L the
// groups are its rows and the upper γ goes away.
//
// The condition must be equalities by which values are grouped.
func (r *Rewriter) pushBelowOuter(a *logical.Aggregate, j *logical.Join) logical.Node {
	left, right := logical.OutputSet(j.Left), logical.OutputSet(j.Right)
	if outer := logical.OuterColumns(j.Right); outer.Intersects(&left) {
		return a
	}
	for _, k := range a.Keys {
		if cols := logical.Columns(k.Expr); !cols.SubsetOf(&left) {
			return a
		}
	}
	for _, it := range a.Aggs {
		call := it.Expr.(*expr.Aggregate)
		cols := logical.Columns(call)
		if !cols.SubsetOf(&right) || cols.Empty() && len(call.Args) > 0 {
			return a
		}
	}
	inner := &logical.Aggregate{Input: j.Right}
	if inner.Keys = rightKeys(j, &left, &right); inner.Keys == nil {
		return a
	}
	whole := r.distinctRows(j.Left, a.Keys)
	if !r.outerPays(a, j, inner, whole) {
		return a
	}
	r.fire("PushAggregate")
	if !whole {
		a.Aggs = r.splitCalls(inner, a.Aggs, orNone)
		a.Input = &logical.Join{Type: plan.LeftJoin, Left: j.Left, Right: inner, On: j.On}
		return a
	}
	out := &logical.Project{Items: append([]logical.Item(nil), a.Keys...)}
	for _, it := range a.Aggs {
		call := it.Expr.(*expr.Aggregate)
		id := r.MD.Add(logical.ColumnInfo{Name: call.Fn.Name, Type: call.Typ})
		inner.Aggs = append(inner.Aggs, logical.Item{ID: id, Expr: call})
		out.Items = append(out.Items, logical.Item{ID: it.ID, Expr: orNone(call, r.MD.Col(id))})
	}
	out.Input = &logical.Join{Type: plan.LeftJoin, Left: j.Left, Right: inner, On: j.On}
	return out
}

// rightKeys are the columns of the right side in a condition that consists of
// equalities with the left one, nil if it is none.
func rightKeys(j *logical.Join, left, right *logical.ColSet) (keys []logical.Item) {
	var seen logical.ColSet
	for _, c := range j.On {
		call, ok := c.(*expr.Call)
		if !ok || call.Op != "=" || len(call.Args) != 2 || !groupEquality(call.Args[0].Type().OID, call.Args[1].Type().OID) ||
			volatile(call) || logical.Any(call, isSubplan) {
			return nil
		}
		x, y := call.Args[0], call.Args[1]
		if col, ok := x.(*expr.Column); ok && right.Has(col.ID) {
			x, y = y, x
		}
		col, ok := y.(*expr.Column)
		if !ok || !right.Has(col.ID) {
			return nil
		}
		if cols := logical.Columns(x); !cols.SubsetOf(left) {
			return nil
		}
		if !seen.Has(col.ID) {
			seen.Add(col.ID)
			keys = append(keys, logical.Item{ID: col.ID, Expr: col})
		}
	}
	return keys
}

// distinctRows reports whether no two rows of a tree are equal in the keys.
func (r *Rewriter) distinctRows(n logical.Node, keys []logical.Item) bool {
	var cols logical.ColSet
	for _, k := range keys {
		if c, ok := k.Expr.(*expr.Column); ok && r.notNull(n, c.ID) {
			cols.Add(c.ID)
		}
	}
	return uniqueBy(n, &cols)
}

// orNone is what an aggregate, or a part of it, is of a left row without partners.
func orNone(call *expr.Aggregate, value expr.Expr) expr.Expr {
	none, ok := int64(0), call.Fn.Name == "count"
	if !ok {
		return value
	}
	if len(call.Args) == 0 {
		none = 1
	}
	return &expr.Coalesce{Args: []expr.Expr{value, &expr.Const{Typ: value.Type(), Value: types.NewInt8(none)}}, Typ: value.Type()}
}

// outerPays reports whether grouping the right side is less work than grouping
// what the join yields.
func (r *Rewriter) outerPays(a *logical.Aggregate, j *logical.Join, inner *logical.Aggregate, whole bool) bool {
	e := &eager{r: r, a: a}
	e.deps.collect(j)
	rows, out, groups := r.Rows(j.Right), r.Rows(j), r.Rows(inner)
	late := (probeCost + e.keyCost(a.Keys)) * out
	early := rows*e.keyCost(inner.Keys) + probeCost*groups
	if !whole {
		early += r.Rows(j.Left) * e.keyCost(a.Keys)
	}
	return early <= late*eagerGain && out >= rows/2
}
