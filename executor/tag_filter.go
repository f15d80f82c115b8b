package executor

import (
	"slices"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/types"
	"github.com/tidemarkdb/tidemark/tsengine"
)

// tagFilter is the part of a runtimeFilter that is about a tag of a time-series table:
// the values of the build side's keys, by which the scan finds its series, as by the
// condition tag IN (values). Series with other values are not read at all.
type tagFilter struct {
	scan   *plan.SeriesScan
	tag    int // by its place in Layout.Tags
	values atomic.Pointer[[]types.Datum]

	// Of the join's goroutine, until the values are published.
	seen  map[types.Datum]bool
	bytes int64
	full  bool // too many values
}

// maxTagValues bounds the values: a series that is found by one of more is hardly worth it.
const maxTagValues = 10_000

// newTagFilter is the filter of an output column of a scan for keys of a type; nil if
// it is no tag, or if the scan knows its series already.
func newTagFilter(n *plan.SeriesScan, column int, key types.Type) *tagFilter {
	ts := n.Table.TimeSeries
	ordinal := n.Output[column]
	tag := slices.Index(ts.Tags, int16(ordinal+1))
	typ := n.Table.Columns[ordinal].Type
	if tag < 0 || len(n.Series) > 0 || n.SeriesFrom != nil || typ.OID != key.OID || !plan.ExactTag(typ) {
		return nil
	}
	return &tagFilter{scan: n, tag: tag, seen: map[types.Datum]bool{}}
}

// collect takes the keys of a build batch. A NULL has no partner.
func (f *tagFilter) collect(keys arrow.Array) {
	for i := 0; i < keys.Len() && !f.full; i++ {
		d := types.DatumAt(keys, i)
		if d.IsNull() || f.seen[d] {
			continue
		}
		if f.full = len(f.seen) == maxTagValues; f.full {
			f.seen = nil
			return
		}
		f.seen[d.Clone()] = true
		f.bytes += int64(len(d.S)) + tagValueBytes
	}
}

// tagValueBytes is about what a value takes besides its bytes, in the map and in the list.
const tagValueBytes = 128

// publish makes the list of what was collected, if there is memory.
func (f *tagFilter) publish(held *reservation) {
	if !f.full && held.set(held.held+f.bytes) == nil {
		list := make([]types.Datum, 0, len(f.seen))
		for d := range f.seen {
			list = append(list, d)
		}
		f.values.Store(&list)
	}
	f.seen = nil
}

// condition is what the scan's series have to meet.
func (f *tagFilter) condition() (tsengine.TagCondition, bool) {
	list := f.values.Load()
	if list == nil {
		return tsengine.TagCondition{}, false
	}
	return tsengine.TagCondition{Tags: []int{f.tag}, In: *list}, true
}

// tagFiltersOf are the conditions that joins have on the series of a scan by now.
func (r *run) tagFiltersOf(n *plan.SeriesScan) []*tagFilter {
	var out []*tagFilter
	for _, list := range r.filters {
		for _, f := range list {
			if f.tag != nil && f.tag.scan == n {
				out = append(out, f.tag)
			}
		}
	}
	return out
}
