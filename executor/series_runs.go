package executor

import (
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// seriesRuns feeds an aggregation straight from the blocks of a time-series scan
// where its keys are tags and buckets of the time:
//
//  1. The rows of a block lie by series and time, so that those of a group lie
//     side by side: the tags change with the series, and where a bucket ends in
//     it is found by search. Neither is computed for each row.
//  2. One row of keys for each such run goes to the groups.
//  3. The aggregates take ranges of the blocks' columns where these are: nothing
//     is copied to batches. Of a block whose rows are all of one group the header is
//     enough for many of them.
//
// What has few rows in each block, and what finds the groups spilling, goes the
// ordinary way batch by batch.
type seriesRuns struct {
	agg   *aggregator
	scan  *seriesScan
	stats *NodeStats // of the scan, for EXPLAIN ANALYZE
	keys  []runKey
	args  []int // of each call: a position in the scan's columns, -1 for none
	*runScratch
}

// runScratch is what one batch of runs takes. Queries that stop early make it for a few
// thousand runs, and pass it on to the next one: memory that was in use a moment ago is
// there, and in the processor's cache.
type runScratch struct {
	parts  []block.Part
	ranges []functions.Range // of all parts
	ends   []int             // in ranges, of each part
	values []int64           // of the bucket keys, run by run, key by key
	first  []int32           // the first row of each run in its part
	groups []uint32
}

var runScratches = sync.Pool{New: func() any { return new(runScratch) }}

// maxScratchRuns is for how many runs scratch is passed on, some 50 bytes each.
const maxScratchRuns = 1 << 16

// close passes the scratch on.
func (r *seriesRuns) close() {
	s := r.runScratch
	r.runScratch = nil
	if s != nil && max(cap(s.ranges), cap(s.values), cap(s.groups)) <= maxScratchRuns {
		clear(s.parts[:cap(s.parts)]) // of blocks
		runScratches.Put(s)
	}
}

// fetchParts is of how many blocks values are fetched at once. What they take should stay in
// the processor's first cache: blocks of many runs are large enough to take themselves.
const fetchParts = 32

// newSeriesRuns is nil if the aggregation is no such one.
func newSeriesRuns(a *aggregator, input Operator, compile func(expr.Expr) (*scalar, error)) (*seriesRuns, error) {
	r := &seriesRuns{agg: a}
	if i, ok := input.(*instrumented); ok {
		input, r.stats = i.Operator, i.stats
	}
	var ok bool
	if r.scan, ok = input.(*seriesScan); !ok || r.scan.filter != nil || a.node.Sets != nil || a.node.Dependent > 0 {
		return nil, nil
	}
	for i := range a.calls {
		if !r.takesRanges(a.calls[i], a.sets[0].states[i].acc) {
			return nil, nil
		}
	}
	for _, e := range a.node.Keys {
		k, ok, err := r.key(compile, e)
		if !ok || err != nil {
			return nil, err
		}
		r.keys = append(r.keys, k)
	}
	if len(r.keys) == 0 && !slices.ContainsFunc(r.args, func(c int) bool { return c >= 0 }) {
		return nil, nil // headers are enough to count
	}
	r.runScratch = runScratches.Get().(*runScratch)
	return r, nil
}

// takesRanges notes what a call reads; it reports whether it can take ranges.
func (r *seriesRuns) takesRanges(c *aggCall, acc functions.Accumulator) bool {
	if _, ok := acc.(functions.RangeAccumulator); !ok || c.filter != nil || c.distinct || len(c.order) > 0 || len(c.args) > 1 {
		return false
	}
	column := -1
	if len(c.args) == 1 {
		if column = c.args[0].ordinal; column < 0 || !r.stored(column) {
			return false
		}
	}
	r.args = append(r.args, column)
	return true
}

// stored reports whether a column of the scan lies in blocks.
func (r *seriesRuns) stored(column int) bool {
	return column < len(r.scan.node.Output) && r.scan.layout.Column(r.scan.node.Output[column]) != nil
}

// read takes all that the scan reads.
func (r *seriesRuns) read(ctx context.Context) error {
	for {
		start := time.Now()
		rows, err := r.scan.advance(ctx)
		if r.stats != nil {
			r.count(rows, time.Since(start))
		}
		if err == io.EOF { //nolint:errorlint // the contract says io.EOF itself
			return nil
		}
		if err != nil {
			return err
		}
		if err := r.take(ctx, rows); err != nil {
			return storedError(err)
		}
	}
}

func (r *seriesRuns) count(rows int, took time.Duration) {
	if r.stats.Rows == 0 {
		r.stats.First += took
	}
	r.stats.Total += took
	r.stats.Rows += int64(rows)
}

// take takes the scanner's present rows.
func (r *seriesRuns) take(ctx context.Context, rows int) error {
	ok := r.agg.sets[0].parts == nil && !r.scan.tagsLeft
	if ok {
		r.parts, ok = r.scan.scanner.Parts(r.parts[:0])
	}
	if ok {
		keys, err := r.cut(ctx)
		if err != nil {
			return err
		}
		defer releaseAll(keys)
		if err := r.agg.makeRoom(keys, len(r.ranges)); err != nil {
			return err
		}
		if set := r.agg.sets[0]; set.parts == nil {
			set.assign(r.agg.env, keys, len(r.ranges))
			return r.update(ctx, set)
		}
	}
	batch, err := r.scan.batch(ctx, rows)
	if batch == nil || err != nil {
		return err
	}
	return r.agg.add(batch)
}

// cut cuts the parts into runs and makes the columns of their keys.
func (r *seriesRuns) cut(ctx context.Context) ([]arrow.Array, error) {
	r.ranges, r.ends, r.values = r.ranges[:0], r.ends[:0], r.values[:0]
	if len(r.keys) > 0 {
		if err := r.scan.scanner.LoadRows(ctx); err != nil {
			return nil, err
		}
	}
	for i := range r.parts {
		p := &r.parts[i]
		var err error
		if len(r.keys) == 0 {
			err = p.Each(r.one)
		} else {
			err = p.EachGroup(r.buckets)
		}
		if err != nil {
			return nil, err
		}
		r.ends = append(r.ends, len(r.ranges))
	}
	return r.keyColumns(ctx)
}

// one makes a run of rows.
func (r *seriesRuns) one(from, to int) error {
	r.ranges = append(r.ranges, functions.Range{From: int32(from), To: int32(to)})
	return nil
}

// buckets cuts rows of one series into runs of equal buckets.
func (r *seriesRuns) buckets(s *block.Stretch) error {
	length := 0 // of the run before
	for from := s.From; from < s.To; {
		t, end := s.Position(from), s.To
		for i := range r.keys {
			k := &r.keys[i]
			if k.bucket == nil {
				continue
			}
			if err := k.enter(t); err != nil {
				return err
			}
			r.values = append(r.values, k.start)
			switch {
			case k.hi <= t || t < k.lo: // not known
				end = from + 1
			case end == from+1:
			case s.Position(end-1) >= k.hi:
				end = s.After(from, k.hi, from+length)
			}
		}
		if err := r.one(from, end); err != nil {
			return err
		}
		length = end - from
		from = end
	}
	return nil
}

// update feeds the runs to the calls.
func (r *seriesRuns) update(ctx context.Context, set *groupSet) error {
	if set.table != nil {
		for i := range r.ranges {
			r.ranges[i].Group = set.ids[i]
		}
	}
	for i, c := range r.args {
		if err := r.call(ctx, set.states[i].acc, c); err != nil {
			return err
		}
	}
	return r.agg.reserve()
}

// call feeds the runs to one call, whose argument is a column of the scan (-1 for none):
// fetchParts parts at a time, whose values are fetched before (see functions.FetchRanges).
func (r *seriesRuns) call(ctx context.Context, acc functions.Accumulator, arg int) error {
	var column *block.Column
	if arg >= 0 {
		column = r.scan.layout.Column(r.scan.node.Output[arg])
	}
	var columns [fetchParts]arrow.Array
	for at := 0; at < len(r.parts); at += fetchParts {
		some := r.parts[at:min(at+fetchParts, len(r.parts))]
		for k := range some {
			columns[k] = nil
			if column == nil || summarized(acc, some[k].Stats(column.ID), r.rangesOf(at+k)) {
				continue
			}
			var err error
			if columns[k], err = some[k].Column(ctx, column); err != nil {
				return err
			}
		}
		for k := range some {
			functions.FetchRanges(columns[k], r.rangesOf(at+k))
		}
		for k := range some {
			if column != nil && columns[k] == nil {
				continue
			}
			if err := r.feed(acc, columns[k], r.rangesOf(at+k)); err != nil {
				return err
			}
		}
	}
	return nil
}

// rangesOf are the ranges of a part.
func (r *seriesRuns) rangesOf(part int) []functions.Range {
	from := 0
	if part > 0 {
		from = r.ends[part-1]
	}
	return r.ranges[from:r.ends[part]]
}

// summarized feeds what a header says of a block's column to a call, if its rows, which
// are the ranges, are of one group, and the call can do with that.
func summarized(acc functions.Accumulator, st *block.ColumnStats, ranges []functions.Range) bool {
	s, ok := acc.(functions.SummaryAccumulator)
	if !ok || st == nil || len(ranges) == 0 {
		return false
	}
	group, rows := ranges[0].Group, int64(0)
	if ranges[len(ranges)-1].Group != group {
		return false
	}
	for _, r := range ranges {
		if r.Group != group {
			return false
		}
		rows += int64(r.To - r.From)
	}
	return s.UpdateSummary(group, &functions.Summary{
		NotNull: rows - int64(st.Nulls), HasRange: st.HasRange, Min: st.Min, Max: st.Max, HasSum: st.HasSum, Sum: st.Sum,
	})
}

// feed feeds ranges of an array to a call.
func (r *seriesRuns) feed(acc functions.Accumulator, arg arrow.Array, ranges []functions.Range) error {
	if arg == nil || arg.NullN() == 0 {
		return acc.(functions.RangeAccumulator).UpdateRanges(arg, ranges)
	}
	for _, run := range ranges {
		n := int(run.To - run.From)
		r.groups = slices.Grow(r.groups[:0], n)[:n]
		for i := range r.groups {
			r.groups[i] = run.Group
		}
		part := array.NewSlice(arg, int64(run.From), int64(run.To))
		err := acc.Update(r.agg.env.Functions, r.groups, []functions.Value{{Array: part}}, n)
		part.Release()
		if err != nil {
			return err
		}
	}
	return nil
}
