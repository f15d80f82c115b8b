package rules

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// minMax lets indexes answer min and max (PostgreSQL's planagg.c):
//
//	min(x) over t  =  min(x) over (SELECT x FROM t WHERE x IS NOT NULL ORDER BY x LIMIT 1)
//
// The aggregate stays, so that of no rows it is NULL. It fires for a table, with
// or without conditions, if an index begins with x, and when the statement asks
// for nothing else: with FILTER, DISTINCT, GROUP BY or another aggregate all rows
// are needed.
//
// Several of them are as many aggregates of one row each, joined, if an index
// answers each in one step: without conditions, or with such on x alone, min and
// max of which are then wanted.
func (r *Rewriter) minMax(n logical.Node) logical.Node {
	eachSubquery(n, func(s *expr.Subplan, t logical.Node) { s.Plan = r.minMax(t) })
	logical.VisitInputs(n, func(c *logical.Node) { *c = r.minMax(*c) })
	a, ok := n.(*logical.Aggregate)
	if !ok || len(a.Keys) > 0 || a.Sets != nil || len(a.Aggs) == 0 {
		return n
	}
	s, ok := a.Input.(*logical.Scan)
	if !ok || s.Handle != 0 || s.Lock != nil || s.Table.Kind == catalog.KindVirtual {
		return n
	}
	for _, it := range a.Aggs {
		col, _, ok := extreme(it.Expr)
		if !ok || !leading(s, col.ID) || len(a.Aggs) > 1 && !only(s.Filter, col.ID) {
			return n
		}
	}
	r.fire("MinMaxIndex")
	var out logical.Node
	for i, it := range a.Aggs {
		from := s
		if i < len(a.Aggs)-1 {
			from, it.Expr = r.copyScan(s, it.Expr)
		}
		one := firstOf(from, it)
		if out == nil {
			out = one
			continue
		}
		out = &logical.Join{Type: plan.InnerJoin, Left: out, Right: one}
	}
	return out
}

// extreme recognises the min or max of a column.
func extreme(e expr.Expr) (col *expr.Column, desc, ok bool) {
	call, ok := e.(*expr.Aggregate)
	if !ok || call.Filter != nil || call.Distinct || len(call.OrderBy) > 0 || len(call.Args) != 1 || call.Fn.Name != "min" && call.Fn.Name != "max" {
		return nil, false, false
	}
	col, ok = call.Args[0].(*expr.Column)
	return col, call.Fn.Name == "max", ok
}

// only reports whether conditions look at a column and nothing else, and may be
// written twice.
func only(conds []expr.Expr, id expr.ColumnID) bool {
	for _, c := range conds {
		cols := logical.Columns(c)
		cols.Remove(id)
		if !cols.Empty() || volatile(c) || logical.Any(c, isSubplan) {
			return false
		}
	}
	return true
}

// firstOf is a min or max over the first row in its order.
func firstOf(s *logical.Scan, it logical.Item) logical.Node {
	col, desc, _ := extreme(it.Expr)
	s.Filter = append(s.Filter[:len(s.Filter):len(s.Filter)], &expr.IsNull{Arg: col, Not: true})
	sorted := &logical.Sort{Input: s, Keys: []expr.SortKey{{Expr: col, Desc: desc, NullsFirst: desc}}}
	first := &logical.Limit{Input: sorted, Count: &expr.Const{Typ: types.Of(types.Int8), Value: types.NewInt8(1)}}
	return &logical.Aggregate{Input: first, Aggs: []logical.Item{it}}
}

// copyScan reads a table once more, with columns of its own, which an expression
// over the first ones is rewritten to.
func (r *Rewriter) copyScan(s *logical.Scan, e expr.Expr) (*logical.Scan, expr.Expr) {
	out := *s
	for i := range s.Table.Columns {
		id := r.MD.Add(r.MD.Cols[s.First+expr.ColumnID(i)])
		if i == 0 {
			out.First = id
		}
	}
	move := func(e expr.Expr) expr.Expr {
		if e == nil {
			return nil
		}
		return logical.Substitute(e, func(id expr.ColumnID) expr.Expr {
			if id < s.First || int(id-s.First) >= len(s.Table.Columns) {
				return nil
			}
			return r.MD.Col(out.First + id - s.First)
		})
	}
	moveAll := func(list []expr.Expr) []expr.Expr {
		moved := make([]expr.Expr, len(list))
		for i, e := range list {
			moved[i] = move(e)
		}
		return moved
	}
	out.Filter = moveAll(s.Filter)
	if s.IndexExprs != nil {
		out.IndexExprs = make([]plan.IndexExprs, len(s.IndexExprs))
		for i, ix := range s.IndexExprs {
			out.IndexExprs[i] = plan.IndexExprs{Columns: moveAll(ix.Columns), Predicate: move(ix.Predicate)}
		}
	}
	return &out, move(e)
}
