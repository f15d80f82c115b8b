package rules

import (
	"slices"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// decorrelateScalars turns correlated scalar subqueries into outer joins (W.
// Kim, "On Optimizing an SQL-like Nested Query", with the correction for COUNT
// by R. Ganski and H. Wong). An aggregate without GROUP BY is computed for all
// values of the correlation at once:
//
//	(SELECT f(agg(i.x)) FROM i WHERE i.k = o.k)
//	=  f(a)  over  o LEFT JOIN (SELECT i.k, agg(i.x) AS a FROM i GROUP BY i.k) ON i.k = o.k
//
// f is computed above the join. An outer row without a partner finds NULL in a,
// what the aggregate of no rows is, but for count, where COALESCE(a, 0) stands.
// HAVING becomes a CASE around f. A subquery without aggregate is joined as it
// is if a unique key makes sure of one row at most:
//
//	(SELECT f(i.x) FROM i WHERE i.key = o.k)  =  s.f  over  o LEFT JOIN (SELECT key, f(x) FROM i) s ON key = o.k
//
// It needs conditions that puller can take out, and for an aggregate only
// equalities. It does not fire inside of CASE and COALESCE, where the subquery
// may not be run at all, for volatile subqueries, nor where an index finds the
// inner rows and the outer ones are few (worthGrouping), nor if computing it for
// values that no outer row has might fail (safe).
func (r *Rewriter) decorrelateScalars(input logical.Node, plain []expr.Expr, exprs []*expr.Expr) logical.Node {
	joined := map[*expr.Subplan]expr.Expr{} // BETWEEN has its operand twice
	for _, p := range exprs {
		*p = r.replaceScalars(*p, func(s *expr.Subplan) expr.Expr {
			if e := joined[s]; e != nil {
				return e
			}
			next, e := r.scalarJoin(input, plain, s)
			if e == nil {
				return s
			}
			input, joined[s] = next, e
			r.fire("DecorrelateScalar")
			return e
		})
	}
	return input
}

// replaceScalars replaces the scalar subqueries that are computed whenever e is.
func (r *Rewriter) replaceScalars(e expr.Expr, f func(*expr.Subplan) expr.Expr) expr.Expr {
	switch x := e.(type) {
	case *expr.Subplan:
		if x.Kind == expr.SubplanScalar {
			return f(x)
		}
		return e
	case *expr.Case, *expr.Coalesce:
		return e
	case *expr.Logic:
		if x.Or {
			return e
		}
	}
	return logical.MapChildren(e, func(c expr.Expr) expr.Expr { return r.replaceScalars(c, f) })
}

// scalarSubquery is the shape SELECT items FROM (aggregate) HAVING conds.
type scalarSubquery struct {
	items  []expr.Expr // the values
	having []expr.Expr
	agg    *logical.Aggregate
}

// scalarJoin makes the join of one subquery and the expression of its value.
func (r *Rewriter) scalarJoin(input logical.Node, plain []expr.Expr, s *expr.Subplan) (logical.Node, expr.Expr) {
	tree, ok := s.Plan.(logical.Node)
	if !ok || treeVolatile(tree) || len(logical.Output(tree)) != 1 {
		return nil, nil
	}
	out := logical.OutputSet(input)
	outer := logical.OuterColumns(tree)
	if !outer.Intersects(&out) {
		return nil, nil
	}
	if q, ok := asScalarAggregate(tree); ok {
		return r.joinAggregate(input, plain, &out, q)
	}
	return r.joinUnique(input, &out, tree)
}

func asScalarAggregate(n logical.Node) (q scalarSubquery, ok bool) {
	for _, id := range logical.Output(n) {
		q.items = append(q.items, &expr.Column{ID: id})
	}
	for {
		switch x := n.(type) {
		case *logical.Project:
			if x.Barrier {
				return q, false
			}
			sub := func(e expr.Expr) expr.Expr {
				return logical.Substitute(e, func(id expr.ColumnID) expr.Expr {
					for _, it := range x.Items {
						if it.ID == id {
							return it.Expr
						}
					}
					return nil
				})
			}
			for i := range q.items {
				q.items[i] = sub(q.items[i])
			}
			for i := range q.having {
				q.having[i] = sub(q.having[i])
			}
			n = x.Input
		case *logical.Filter:
			q.having = append(q.having, x.Conds...)
			n = x.Input
		case *logical.Aggregate:
			q.agg = x
			return q, len(x.Keys) == 0 && x.Sets == nil
		default:
			return q, false
		}
	}
}

// ofNoRows says what an aggregate of no rows is; ok is false if it is neither
// NULL nor 0.
func ofNoRows(a *expr.Aggregate) (zero, ok bool) {
	switch a.Fn.Name {
	case "count", "regr_count":
		return true, true
	case "rank", "dense_rank", "percent_rank", "cume_dist":
		return false, false
	}
	return false, true
}

func (r *Rewriter) joinAggregate(input logical.Node, plain []expr.Expr, out *logical.ColSet, q scalarSubquery) (logical.Node, expr.Expr) {
	on, value := r.groupAggregate(input, plain, out, q)
	if value == nil {
		return nil, nil
	}
	e := value(q.items[0])
	if len(q.having) > 0 {
		e = valueIf(valuesOf(q.having, value), e)
	}
	return &logical.Join{Type: plan.LeftJoin, Left: input, Right: q.agg, On: on}, e
}

// groupAggregate makes an aggregate of the rows for one outer row one of groups
// of rows for all of them. It returns the condition of the left join with the
// outer rows, and a function that puts what an expression of aggregates is above
// that join; nil, with nothing changed, if it cannot be done or does not pay.
func (r *Rewriter) groupAggregate(input logical.Node, plain []expr.Expr, out *logical.ColSet, q scalarSubquery) (on []expr.Expr, value func(expr.Expr) expr.Expr) {
	p := &puller{r: r, outer: out}
	zeros := map[expr.ColumnID]bool{}
	for _, a := range q.agg.Aggs {
		call := a.Expr.(*expr.Aggregate)
		zero, ok := ofNoRows(call)
		if !ok || p.refersExpr(call) || !p.safeExpr(call) {
			return nil, nil
		}
		zeros[a.ID] = zero
	}
	for _, e := range slices.Concat(q.items, q.having) {
		if logical.Any(e, isSubplan) || volatile(e) {
			return nil, nil
		}
	}
	if !p.can(q.agg.Input, true) || !p.safe(q.agg.Input) || !r.worthGrouping(input, plain, q.agg.Input, p) {
		return nil, nil
	}
	p.pullAggregate(q.agg)
	return p.on, func(e expr.Expr) expr.Expr {
		return logical.Substitute(e, func(id expr.ColumnID) expr.Expr {
			zero, isAgg := zeros[id]
			if !isAgg {
				return nil
			}
			col := r.MD.Col(id)
			if !zero {
				return col
			}
			return &expr.Coalesce{Args: []expr.Expr{col, &expr.Const{Typ: col.Typ, Value: types.NewInt8(0)}}, Typ: col.Typ}
		})
	}
}

func valuesOf(list []expr.Expr, value func(expr.Expr) expr.Expr) []expr.Expr {
	out := make([]expr.Expr, len(list))
	for i, e := range list {
		out[i] = value(e)
	}
	return out
}

// valueIf is e where all conditions are true, else NULL.
func valueIf(conds []expr.Expr, e expr.Expr) expr.Expr {
	return &expr.Case{Whens: []expr.When{{Cond: logical.And(conds), Then: e}}, Else: &expr.Const{Typ: e.Type()}, Typ: e.Type()}
}

// joinUnique joins a subquery that has one row at most for each outer row.
func (r *Rewriter) joinUnique(input logical.Node, out *logical.ColSet, tree logical.Node) (logical.Node, expr.Expr) {
	p := &puller{r: r, outer: out}
	if !p.can(tree, false) || !p.safe(tree) {
		return nil, nil
	}
	fixed := p.fixedInside(tree)
	if !uniqueBy(tree, &fixed) {
		return nil, nil
	}
	value := logical.Output(tree)[0]
	inner := p.pull(tree)
	return &logical.Join{Type: plan.LeftJoin, Left: input, Right: inner, On: p.on}, r.MD.Col(value)
}

// fixedInside are the columns of a subquery that conditions on outer rows fix
// to one value.
func (p *puller) fixedInside(n logical.Node) logical.ColSet {
	var out logical.ColSet
	var visit func(logical.Node)
	visit = func(n logical.Node) {
		logical.VisitExprs(n, func(e *expr.Expr) {
			if !p.refersExpr(*e) {
				return
			}
			if in, _, ok := p.equation(*e, n); ok {
				if c, ok := in.(*expr.Column); ok {
					out.Add(c.ID)
				}
			}
		})
		switch x := n.(type) {
		case *logical.Filter:
			visit(x.Input)
		case *logical.Project:
			// A column below the projection counts for what is unique there.
			visit(x.Input)
			for _, it := range x.Items {
				if c, ok := it.Expr.(*expr.Column); ok && out.Has(c.ID) {
					out.Add(it.ID)
				}
			}
		}
	}
	visit(n)
	return out
}

// worthGrouping compares computing the aggregate for every value with running
// the subquery for every outer row. Without an index a single run reads as much
// as the grouping does.
func (r *Rewriter) worthGrouping(input logical.Node, plain []expr.Expr, inner logical.Node, p *puller) bool {
	if r.Rows == nil || !indexed(inner, p) {
		return true
	}
	grouping := r.Rows(withoutOuter(inner, p)) * (rowCost + groupCost)
	return grouping <= r.Rows(above(input, plain))*(startCost+r.Rows(inner)*fetchCost)
}

// The units of worthGrouping: to read a row, to put it into a group, to start a
// lookup by index and to fetch a row by it.
const (
	rowCost   = 0.01
	groupCost = 0.01
	startCost = 0.5
	fetchCost = 0.3
)

// withoutOuter is a stand-in for the subquery without its conditions on outer
// rows, to be estimated.
func withoutOuter(n logical.Node, p *puller) logical.Node {
	keep := func(conds []expr.Expr) (out []expr.Expr) {
		for _, c := range conds {
			if !p.refersExpr(c) {
				out = append(out, c)
			}
		}
		return out
	}
	switch x := n.(type) {
	case *logical.Filter:
		return above(withoutOuter(x.Input, p), keep(x.Conds))
	case *logical.Scan:
		s := *x
		s.Filter = keep(x.Filter)
		return &s
	case *logical.Join:
		j := *x
		j.Left, j.Right, j.On = withoutOuter(x.Left, p), withoutOuter(x.Right, p), keep(x.On)
		return &j
	case *logical.Project:
		pr := *x
		pr.Input = withoutOuter(x.Input, p)
		return &pr
	}
	return n
}

// indexed reports whether an index finds the inner rows of an outer row.
func indexed(n logical.Node, p *puller) bool {
	fixed := p.fixedInside(n)
	found := false
	var visit func(logical.Node)
	visit = func(n logical.Node) {
		if s, ok := n.(*logical.Scan); ok {
			for _, c := range s.Filter {
				if in, _, ok := p.equation(c, s); ok {
					if col, ok := in.(*expr.Column); ok {
						fixed.Add(col.ID)
					}
				}
			}
			for i := range s.Table.Indexes {
				ix := &s.Table.Indexes[i]
				found = found || ix.State == catalog.IndexPublic && ix.Predicate == "" && len(ix.Columns) > 0 &&
					ix.Columns[0].Num != 0 && fixed.Has(s.First+expr.ColumnID(ix.Columns[0].Num-1))
			}
		}
		logical.VisitInputs(n, func(c *logical.Node) { visit(*c) })
	}
	visit(n)
	return found
}
