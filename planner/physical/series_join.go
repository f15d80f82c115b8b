package physical

import (
	"math"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

const (
	// maxSeriesFrom is how many rows may be expected of what names a scan's series.
	maxSeriesFrom = 10_000
	// seriesSeek is the cost of finding the points of a series.
	seriesSeek = 4 * cpuSeek
)

// tagKeys finds for each tag of a table the key that it is equal to; nil if
// there is none for some tag, or if equal values may be stored in two ways.
func tagKeys(t *catalog.Table, keys []equiKey, tag func(k *equiKey) (num int16, ok bool)) []*equiKey {
	ts := t.TimeSeries
	if len(ts.Tags) == 0 {
		return nil
	}
	out := make([]*equiKey, len(ts.Tags))
	for i, num := range ts.Tags {
		for k := range keys {
			at, ok := tag(&keys[k])
			if ok && at == num && !keys[k].nullEqual && keys[k].left.Type().OID == keys[k].right.Type().OID && plan.ExactTag(keys[k].left.Type()) {
				out[i] = &keys[k]
			}
		}
		if out[i] == nil {
			return nil
		}
	}
	return out
}

// seriesFrom answers a semi join of a series scan with rows that name its
// series (tags_id IN (SELECT id FROM tags WHERE ...)) in the scan: these rows
// are read first, and then only those series. The scan must be the bare left
// side, and the join's conditions must be about its tags, all of them.
func (b *Builder) seriesFrom(s *joinStep, right *rel, keys []equiKey) bool {
	scan, ok := s.left.node.(*plan.SeriesScan)
	if !ok || s.typ != plan.SemiJoin || len(keys) != len(s.on) || scan.Series != nil || scan.SeriesFrom != nil || right.rows() > maxSeriesFrom {
		return false
	}
	found := tagKeys(scan.Table, keys, func(k *equiKey) (int16, bool) {
		c, ok := k.left.(*expr.Column)
		if !ok {
			return 0, false
		}
		m := &b.md.Cols[c.ID]
		return m.Num, m.Table == scan.Table.ID
	})
	if len(found) != len(s.on) {
		return false
	}
	scan.SeriesFrom = right.node
	for _, k := range found {
		scan.SeriesKeys = append(scan.SeriesKeys, b.resolve(k.right, right.cols))
	}
	share := math.Min(1, b.joinRows(*s, right.rows(), keys)/math.Max(1, s.left.rows()))
	scan.Cost.Rows = math.Max(1, scan.Cost.Rows*share)
	scan.Read = math.Max(1, scan.Read*share)
	scan.Cost.Total = scan.Cost.Total*share + right.cost() + right.rows()*seriesSeek
	return true
}

// seriesLookup fetches the points of a time-series table, the right side, for
// each left row by their tags: a lateral scan of one series. It is chosen when
// that is cheaper than reading all series.
func (b *Builder) seriesLookup(s joinStep, keys []equiKey) (rel, bool) {
	scan, ok := s.right.(*logical.Scan)
	if !ok || s.built != nil || scan.Table.TimeSeries == nil || scan.Lock != nil || s.typ == plan.FullJoin || s.typ == plan.RightJoin || s.typ == plan.AntiNullJoin {
		return rel{}, false
	}
	found := tagKeys(scan.Table, keys, func(k *equiKey) (int16, bool) {
		c, ok := k.right.(*expr.Column)
		if !ok {
			return 0, false
		}
		return int16(c.ID-scan.First) + 1, c.ID >= scan.First && int(c.ID-scan.First) < len(scan.Table.Columns)
	})
	if found == nil {
		return rel{}, false
	}
	all := b.tableRows(scan.Table) * b.selectivity(scan.Filter, nil)
	out := b.joinRows(s, all, keys)
	if s.left.rows()*seriesSeek+out*seriesTuple > all*seriesTuple {
		return rel{}, false
	}
	right := *scan
	right.Filter = append([]expr.Expr(nil), scan.Filter...)
	taken := map[int]bool{}
	for _, k := range found {
		right.Filter = append(right.Filter, s.on[k.cond])
		taken[k.cond] = true
	}
	var rest []expr.Expr
	for i, c := range s.on {
		if !taken[i] {
			rest = append(rest, c)
		}
	}
	s.right, s.on = &right, rest
	var leftSet logical.ColSet
	leftSet.AddAll(s.left.cols)
	lateral := logical.OuterColumns(s.right)
	if !lateral.Intersects(&leftSet) {
		return rel{}, false
	}
	r := b.lateral(s, &lateral, &leftSet)
	n := r.node.Estimate()
	n.Rows = math.Max(1, out)
	n.Total = s.left.cost() + s.left.rows()*seriesSeek + out*seriesTuple
	return r, true
}
