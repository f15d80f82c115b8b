package physical

import (
	"math"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// minLastPoints is from how many outer rows on the newest points of all series
// are read at once, and not series by series.
const minLastPoints = 16

// lastPoints joins rows with the newest points of the series that they name,
//
//	t JOIN LATERAL (SELECT ... FROM points WHERE tag = t.id ORDER BY time DESC LIMIT 1)
//
// by a hash join with a scan that yields the newest point of each series. The
// inner query must fix every tag and ask for nothing else of the outer row;
// bounds of the time are possible.
func (b *Builder) lastPoints(s joinStep, leftSet *logical.ColSet) (rel, bool) {
	if s.typ != plan.InnerJoin && s.typ != plan.LeftJoin || s.left.rows() < minLastPoints {
		return rel{}, false
	}
	scan := newestOf(s.right)
	if scan == nil {
		return rel{}, false
	}
	var inner logical.ColSet
	for i := range scan.Table.Columns {
		inner.Add(scan.First + expr.ColumnID(i))
	}
	keys := equiKeys(scan.Filter, leftSet, &inner)
	if len(keys) != len(scan.Table.TimeSeries.Tags) {
		return rel{}, false
	}
	found := tagKeys(scan.Table, keys, func(k *equiKey) (int16, bool) {
		c, ok := k.right.(*expr.Column)
		if !ok {
			return 0, false
		}
		return int16(c.ID-scan.First) + 1, inner.Has(c.ID)
	})
	if found == nil {
		return rel{}, false
	}
	right, on := *scan, []expr.Expr{}
	right.Filter = nil
	for i, c := range scan.Filter {
		isKey := false
		for k := range keys {
			if keys[k].cond == i {
				keys[k].cond, isKey = len(on), true
				on = append(on, c)
				break
			}
		}
		if used := logical.Columns(c); !isKey && (!used.SubsetOf(&inner) || logical.Any(c, isSubplan)) {
			return rel{}, false
		}
		if !isKey {
			right.Filter = append(right.Filter, c)
		}
	}
	s.on = append(on, s.on...)
	in := needed(s.need, s.on...)
	r := b.seriesScan(&right, &in, hint{})
	points := r.node.(*plan.SeriesScan)
	if points.Filter != nil || points.Series != nil || points.Tags != nil {
		return rel{}, false
	}
	points.PerSeries, points.Limit, points.Ordered, points.Reverse = true, 1, false, false
	points.Cost.Rows = math.Max(1, s.left.rows())
	points.Cost.Total = s.left.rows() * seriesSeek
	return b.hashJoin(s, r, keys), true
}

// newestOf is the scan of a query for the row with the newest time, nil if it
// is another query.
func newestOf(n logical.Node) *logical.Scan {
	scan, by := firstOf(n)
	if scan == nil || !by.Desc || scan.Table.TimeSeries == nil || len(scan.Table.TimeSeries.Tags) == 0 ||
		by.Expr.(*expr.Column).ID != scan.First+expr.ColumnID(scan.Table.TimeSeries.Time-1) {
		return nil
	}
	return scan
}

// belowRenaming is what lies below projections that only pass columns on.
func belowRenaming(n logical.Node) logical.Node {
	for {
		p, ok := n.(*logical.Project)
		if !ok {
			return n
		}
		for _, it := range p.Items {
			if !it.Passes() {
				return n
			}
		}
		n = p.Input
	}
}
