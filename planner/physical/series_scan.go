package physical

import (
	"math"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

const (
	// seriesTuple is the cost of reading a point from a block, in which it takes
	// some bytes and no key.
	seriesTuple = cpuTuple / 10
	// maxSeries bounds how many series conditions on tags may name one by one.
	maxSeries = 4096
)

// seriesScan builds the read of a time-series table. Bounds of the time and,
// where each tag is known to be one of some values, the series go into the
// scan; the other conditions are its filter.
func (b *Builder) seriesScan(n *logical.Scan, need *logical.ColSet, h hint) rel {
	var inner logical.ColSet
	for i := range n.Table.Columns {
		inner.Add(n.First + expr.ColumnID(i))
	}
	s := &plan.SeriesScan{Table: n.Table, Alias: n.Alias}
	used := make([]bool, len(n.Filter))
	sel := b.timeBounds(n, &inner, s, used) * b.namedSeries(n, &inner, s, used)
	sel *= b.tagConditions(n, s, used)
	var residual []expr.Expr
	for i, c := range n.Filter {
		if !used[i] {
			residual = append(residual, c)
		}
	}
	in := needed(need, residual...)
	cols := b.scanColumns(n, &in, h)
	for _, id := range cols {
		if id == n.Handle && n.Handle != 0 {
			s.WithHandle = true
			continue
		}
		s.Output = append(s.Output, int(id-n.First))
	}
	if len(residual) > 0 {
		s.Filter = b.resolve(allOf(residual), cols)
	}
	s.Cols = b.columns(cols)
	s.Read = math.Max(1, b.tableRows(n.Table)*sel)
	rows := math.Max(1, s.Read*b.selectivity(residual, nil))
	order := b.seriesOrder(n, s, h, rows)
	s.Cost = plan.Cost{Total: cpuSeek + s.Read*(seriesTuple+cpuOperator/10*float64(len(residual))), Rows: rows, Width: width(s.Cols)}
	if (s.Ordered || s.ByTime) && h.limit > 0 {
		if len(residual) == 0 && !h.about {
			s.Limit = int64(h.limit)
		}
		s.Cost.Total *= math.Min(1, h.limit/rows)
	}
	return rel{s, cols, order}
}

// seriesKey is a column of the scanned table as conditions are matched with it.
func seriesKey(n *logical.Scan, num int16) keyColumn {
	c := &n.Table.Columns[num-1]
	return keyColumn{expr: &expr.Column{ID: n.First + expr.ColumnID(num-1), Name: c.Name, Typ: c.Type}, typ: c.Type, notNull: c.NotNull}
}

// timeBounds moves conditions on the time into the scan and returns what they select.
func (b *Builder) timeBounds(n *logical.Scan, inner *logical.ColSet, s *plan.SeriesScan, used []bool) float64 {
	key := seriesKey(n, n.Table.TimeSeries.Time)
	var got []expr.Expr
	for i, c := range n.Filter {
		bs := b.matchKey(c, &key, inner)
		bounds := 0
		for k := range bs {
			value := func() plan.Bound {
				return plan.Bound{Value: b.resolve(bs[k].vals[0], nil), Inclusive: bs[k].op != "<" && bs[k].op != ">"}
			}
			switch bs[k].op {
			case "<", "<=":
				s.Upper = append(s.Upper, value())
			case ">", ">=":
				s.Lower = append(s.Lower, value())
			case "=":
				s.Lower, s.Upper = append(s.Lower, value()), append(s.Upper, value())
			default:
				continue
			}
			bounds++
		}
		if bounds > 0 && bounds == len(bs) {
			used[i] = bs[0].exact
			got = append(got, c)
		}
	}
	return b.selectivity(got, nil)
}

// namedSeries lists the series if each tag is compared with values.
func (b *Builder) namedSeries(n *logical.Scan, inner *logical.ColSet, s *plan.SeriesScan, used []bool) float64 {
	tags := n.Table.TimeSeries.Tags
	series := [][]expr.Expr{nil}
	var got []expr.Expr
	matched := make([]bool, len(used))
	for _, num := range tags {
		key := seriesKey(n, num)
		var vals []expr.Expr
		for i, c := range n.Filter {
			bs := b.matchKey(c, &key, inner)
			if len(bs) != 1 || vals != nil || !plan.ExactTag(key.typ) {
				continue
			}
			switch bs[0].op {
			case "=":
				vals = bs[0].vals
			case "in":
				vals = inValues(bs[0].vals, key.typ)
			}
			if vals != nil {
				matched[i] = bs[0].exact
				got = append(got, c)
			}
		}
		if vals == nil || len(series)*len(vals) > maxSeries {
			return 1
		}
		var next [][]expr.Expr
		for _, head := range series {
			for _, v := range vals {
				next = append(next, append(head[:len(head):len(head)], b.resolve(v, nil)))
			}
		}
		series = next
	}
	if len(tags) == 0 {
		return 1
	}
	s.Series = series
	for i, m := range matched {
		used[i] = used[i] || m
	}
	return b.selectivity(got, nil)
}

// minByTime is how many times as many rows as are wanted there must be for a
// scan in the order of time to be worth its sorting.
const minByTime = 8

// seriesOrder makes the scan ordered by time where that is wanted: if one series
// is read, or if few rows of many are wanted.
func (b *Builder) seriesOrder(n *logical.Scan, s *plan.SeriesScan, h hint, rows float64) []expr.SortKey {
	if len(h.order) == 0 || !logical.Equal(h.order[0].Expr, seriesKey(n, n.Table.TimeSeries.Time).expr) {
		return nil
	}
	switch {
	case len(n.Table.TimeSeries.Tags) == 0 || len(s.Series) == 1:
		s.Ordered = true
	case h.limit > 0 && h.limit*minByTime < rows && !s.WithHandle:
		s.ByTime, s.Wanted, s.WantedGroups = true, h.limit, h.groups
		if !h.about {
			s.Wanted *= 1.6 // mostly one window, also if the rows lie unevenly
		}
	default:
		return nil
	}
	s.Reverse = h.order[0].Desc
	return h.order[:1]
}

// timeGroups asks the scan below an aggregation for the order of time, if the
// groups are stretches of time, wanted in order and only few of them: then the
// aggregation ends with the last one wanted. It returns the hint for the input,
// and the ordering of the groups that results if the input has that order.
func (b *Builder) timeGroups(n *logical.Aggregate, h hint) (in hint, order []expr.SortKey) {
	scan, ok := n.Input.(*logical.Scan)
	if !ok || scan.Table.TimeSeries == nil || scan.Lock != nil || len(n.Keys) != 1 || n.Sets != nil || len(h.order) == 0 || h.limit == 0 {
		return hint{}, nil
	}
	wanted, ok := h.order[0].Expr.(*expr.Column)
	time := seriesKey(scan, scan.Table.TimeSeries.Time)
	if !ok || wanted.ID != n.Keys[0].ID || !monotone(n.Keys[0].Expr, time.expr) {
		return hint{}, nil
	}
	// Bounds of the time leave out groups, the other conditions rows of each.
	var others []expr.Expr
	for _, c := range scan.Filter {
		if of := logical.Columns(c); !of.Has(time.expr.(*expr.Column).ID) {
			others = append(others, c)
		}
	}
	rows := b.tableRows(scan.Table)
	perGroup := rows * b.selectivity(others, nil) / math.Max(1, b.groups(n.Keys, rows))
	return hint{order: []expr.SortKey{{Expr: time.expr, Desc: h.order[0].Desc}}, limit: (h.limit + groupBehind) * perGroup, about: true, groups: h.limit}, h.order[:1]
}

// groupBehind is how much is read behind the groups that are wanted, as the
// begin of the next one ends the last: in the worst case of points that come at
// steady times all of the next one.
const groupBehind = 1.05
