package physical

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
)

// pointsOfSeries is how many points a series has at least, on average, for reading the
// newest one of each to pay.
const pointsOfSeries = 2

// endPoints makes the input of an aggregation read one point of each series, where that
// is all it needs:
//
//	SELECT tag, last(v, time), max(time) FROM points WHERE tag ... AND time ... GROUP BY tag
//
// wants the newest point of each series, first and min(time) the oldest. All aggregates must
// ask for the same end, groups be made of tags, so that a series lies in one of them, and
// conditions be about tags and the time alone. It returns a scan that reads all points if
// that is not so.
func (b *Builder) endPoints(n *logical.Aggregate, aggs []logical.Item, r rel) {
	s, ok := r.node.(*plan.SeriesScan)
	scan, isScan := n.Input.(*logical.Scan)
	if !ok || !isScan || s.Filter != nil || s.WithHandle || s.ByTime || s.Limit > 0 || scan.Lock != nil || len(aggs) == 0 || n.Sets != nil {
		return
	}
	tags := make([]logical.Item, len(s.Table.TimeSeries.Tags))
	var names logical.ColSet
	for i, num := range s.Table.TimeSeries.Tags {
		tags[i].Expr = seriesKey(scan, num).expr
		names.Add(scan.First + expr.ColumnID(num-1))
	}
	for _, k := range n.Keys {
		if used := logical.Columns(k.Expr); !used.SubsetOf(&names) || expr.Volatility(k.Expr) == functions.Volatile || logical.Any(k.Expr, isSubplan) {
			return
		}
	}
	newest, ok := sameEnd(aggs, seriesKey(scan, s.Table.TimeSeries.Time).expr)
	if series := b.groups(tags, s.Read); !ok || len(tags) == 0 || series*pointsOfSeries > s.Read {
		return
	} else {
		s.Cost.Total, s.Cost.Rows = cpuSeek+series*seriesSeek, series
	}
	s.PerSeries, s.Oldest, s.Limit, s.Ordered, s.Reverse = true, !newest, 1, false, false
}

// sameEnd reports whether all aggregates look for the newest row by time, or all for the
// oldest.
func sameEnd(aggs []logical.Item, time expr.Expr) (newest, ok bool) {
	for i, a := range aggs {
		call := a.Expr.(*expr.Aggregate)
		if call.Distinct || call.Filter != nil || len(call.OrderBy) > 0 || len(call.Args) == 0 || !logical.Equal(call.Args[len(call.Args)-1], time) {
			return false, false
		}
		last := false
		switch {
		case len(call.Args) == 2 && (call.Fn.Name == "first" || call.Fn.Name == "last"):
			last = call.Fn.Name == "last"
			if expr.Volatility(call.Args[0]) == functions.Volatile {
				return false, false
			}
		case len(call.Args) == 1 && (call.Fn.Name == "min" || call.Fn.Name == "max"):
			last = call.Fn.Name == "max"
		default:
			return false, false
		}
		if i > 0 && last != newest {
			return false, false
		}
		newest = last
	}
	return newest, true
}
