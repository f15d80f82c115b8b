package rules

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// minMax lets an index answer a lone min or max (PostgreSQL's planagg.c):
//
//	min(x) over t  =  min(x) over (SELECT x FROM t WHERE x IS NOT NULL ORDER BY x LIMIT 1)
//
// The aggregate stays, so that of no rows it is NULL. It fires for a table, with
// or without conditions, whose index begins with x, and when the statement asks
// for nothing else: with FILTER, DISTINCT, GROUP BY or a second aggregate of
// another column all rows are needed.
func (r *Rewriter) minMax(n logical.Node) {
	logical.VisitExprs(n, func(p *expr.Expr) { r.eachSubtree(*p, r.minMax) })
	logical.VisitInputs(n, func(c *logical.Node) { r.minMax(*c) })
	a, ok := n.(*logical.Aggregate)
	if !ok || len(a.Keys) > 0 || a.Sets != nil || len(a.Aggs) != 1 {
		return
	}
	call, ok := a.Aggs[0].Expr.(*expr.Aggregate)
	if !ok || call.Filter != nil || call.Distinct || len(call.OrderBy) > 0 || len(call.Args) != 1 || call.Fn.Name != "min" && call.Fn.Name != "max" {
		return
	}
	col, ok := call.Args[0].(*expr.Column)
	s, isScan := a.Input.(*logical.Scan)
	if !ok || !isScan || s.Handle != 0 || s.Lock != nil || s.Table.Kind == catalog.KindVirtual || !leading(s, col.ID) {
		return
	}
	r.fire("MinMaxIndex")
	desc := call.Fn.Name == "max"
	s.Filter = append(s.Filter, &expr.IsNull{Arg: col, Not: true})
	sorted := &logical.Sort{Input: s, Keys: []expr.SortKey{{Expr: col, Desc: desc, NullsFirst: desc}}}
	a.Input = &logical.Limit{Input: sorted, Count: &expr.Const{Typ: types.Of(types.Int8), Value: types.NewInt8(1)}}
}
