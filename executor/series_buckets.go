package executor

import (
	"cmp"
	"context"
	"io"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
	"github.com/tidemarkdb/tidemark/tsengine"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// seriesBuckets aggregates points by a bucket of their times where the first or the
// newest groups are wanted and the reader stops early:
//
//  1. The times are cut into windows that begin and end with groups, the first of as
//     many groups as are wanted, each other twice as long as the one before.
//  2. The points of a window are read in the order of series, and aggregated as
//     they lie in their blocks (seriesRuns): they are neither copied nor sorted.
//  3. The groups of a window, which are complete, come out sorted.
//
// Invariant: edge is the nearest time, as the scan goes, that was not read; a slice is
// in slices as long as it may hold points from there on.
type seriesBuckets struct {
	aggregate
	scan   *seriesScan
	key    *runKey
	spec   *tsengine.ScanSpec // of the window in hand
	bounds [2]int64           // of all times, both included
	slices []*timeSlice
	edge   int64
	ended  bool
	width  uint64  // of the window before, 0 before the first
	sorter *sorter // of the groups of the window in hand
}

// timeSlice are the partitions of a slice of time.
type timeSlice struct {
	parts []tsengine.Partition
	held  *block.Held // nil as long as nobody has asked
}

// newSeriesBuckets is nil if the aggregation is no such one.
func (r *run) newSeriesBuckets(a aggregator, input Operator) (Operator, error) {
	of, stats := input, (*NodeStats)(nil)
	if i, ok := of.(*instrumented); ok {
		of, stats = i.Operator, i.stats
	}
	scan, ok := of.(*seriesByTime)
	if !ok || len(a.keys) != 1 {
		return nil, nil
	}
	s := &seriesBuckets{aggregate: aggregate{aggregator: a, input: input}, scan: scan.seriesScan}
	s.inputSchema = input.Schema()
	s.reset()
	var err error
	if s.runs, err = newSeriesRuns(&s.aggregator, s.scan, r.compile); err != nil || s.runs == nil || s.runs.keys[0].bucket == nil {
		s.aggregator.close()
		return nil, err
	}
	s.runs.stats, s.key = stats, &s.runs.keys[0]
	return s, nil
}

func (s *seriesBuckets) Close() error {
	err := s.endSorter()
	s.slices = nil
	if e := s.aggregate.Close(); err == nil {
		err = e
	}
	return err
}

func (s *seriesBuckets) endSorter() error {
	if s.sorter == nil {
		return nil
	}
	err := s.sorter.close()
	s.sorter = nil
	return err
}

func (s *seriesBuckets) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if !s.scan.opened {
		s.scan.opened = true
		if err := s.open(ctx); err != nil {
			return nil, storedError(err)
		}
	}
	for {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		if s.sorter != nil {
			batch, err := s.sorter.next()
			if err != io.EOF { //nolint:errorlint // the contract says io.EOF itself
				return batch, err
			}
			if err := s.endSorter(); err != nil {
				return nil, err
			}
		}
		more, err := s.nextWindow(ctx)
		if err != nil {
			return nil, storedError(err)
		}
		if !more {
			return nil, io.EOF
		}
		if err := s.readWindow(ctx); err != nil {
			return nil, err
		}
	}
}

// open finds the slices, in the scan's order.
func (s *seriesBuckets) open(ctx context.Context) error {
	spec, err := s.scan.spec(ctx)
	if err != nil || spec == nil {
		return err
	}
	own := *spec
	own.Ordered, own.Reverse = false, false // of a window; it is sorted when it is read
	own.Counted = true                      // no number of a row is asked for before LoadRows
	s.spec, s.bounds = &own, [2]int64{spec.Lower, spec.Upper}
	s.edge = s.bound(false)
	parts := slices.Clone(spec.Partitions)
	slices.SortStableFunc(parts, func(a, b tsengine.Partition) int {
		if s.reverse() {
			a, b = b, a
		}
		return cmp.Compare(a.Slice, b.Slice)
	})
	for from, i := 0, 0; i < len(parts); i++ {
		if i+1 == len(parts) || parts[i+1].Slice != parts[from].Slice {
			s.slices = append(s.slices, &timeSlice{parts: parts[from : i+1]})
			from = i + 1
		}
	}
	return nil
}

func (s *seriesBuckets) reverse() bool { return s.scan.node.Reverse }

// bound is the first or the last time, as the scan goes.
func (s *seriesBuckets) bound(last bool) int64 {
	if last == s.reverse() {
		return s.bounds[0]
	}
	return s.bounds[1]
}

// before reports whether the scan comes to the time a before it comes to b.
func (s *seriesBuckets) before(a, b int64) bool {
	if s.reverse() {
		return a > b
	}
	return a < b
}

// ahead is the time that lies distance behind t as the scan goes, the last one if
// that is nearer.
func (s *seriesBuckets) ahead(t int64, distance uint64) int64 {
	if distance >= s.distance(t, s.bound(true)) {
		return s.bound(true)
	}
	if s.reverse() {
		return int64(uint64(t) - distance)
	}
	return int64(uint64(t) + distance)
}

func (s *seriesBuckets) distance(a, b int64) uint64 {
	return uint64(max(a, b)) - uint64(min(a, b))
}

// heldOf says what a slice holds between the bounds: the first and the last time as the scan goes.
func (s *seriesBuckets) heldOf(ctx context.Context, slice *timeSlice) (first, last int64, any bool, err error) {
	if slice.held == nil {
		s.spec.Partitions, s.spec.Lower, s.spec.Upper = slice.parts, s.bounds[0], s.bounds[1]
		held, err := s.spec.Extent(ctx, s.env.reader())
		if err != nil {
			return 0, 0, false, err
		}
		held.Lower, held.Upper = max(held.Lower, s.bounds[0]), min(held.Upper, s.bounds[1])
		slice.held = &held
	}
	h := slice.held
	if s.reverse() {
		return h.Upper, h.Lower, h.Rows > 0 && h.Lower <= h.Upper, nil
	}
	return h.Lower, h.Upper, h.Rows > 0 && h.Lower <= h.Upper, nil
}

// nextWindow begins the next window, if there is one.
func (s *seriesBuckets) nextWindow(ctx context.Context) (bool, error) {
	var near int64
	for {
		if len(s.slices) == 0 || s.ended {
			return false, nil
		}
		first, last, any, err := s.heldOf(ctx, s.slices[0])
		if err != nil {
			return false, err
		}
		if any && !s.before(last, s.edge) {
			if near = first; s.before(near, s.edge) {
				near = s.edge
			}
			break
		}
		s.slices = s.slices[1:]
	}
	far := s.windowEnd(near)
	s.width = s.distance(near, far)
	var parts []tsengine.Partition
	for _, slice := range s.slices {
		first, _, any, err := s.heldOf(ctx, slice)
		if err != nil {
			return false, err
		}
		if any && s.before(far, first) {
			break
		}
		parts = append(parts, slice.parts...)
	}
	s.spec.Partitions, s.spec.Lower, s.spec.Upper = parts, min(near, far), max(near, far)
	if s.ended = far == s.bound(true); !s.ended {
		if s.edge = far + 1; s.reverse() {
			s.edge = far - 1
		}
	}
	return true, nil
}

// windowEnd chooses the last time of a window that begins at near.
func (s *seriesBuckets) windowEnd(near int64) int64 {
	if s.width > 0 {
		return s.groupEnd(s.ahead(near, 2*min(s.width, math.MaxUint64/2)))
	}
	far := s.groupEnd(near)
	groups := s.scan.node.WantedGroups
	if groups < 2 || far == s.bound(true) {
		return far
	}
	second := s.groupEnd(s.ahead(far, 1))
	steps := float64(s.distance(far, second)) * (groups - 1)
	if steps >= math.MaxInt64 {
		return s.bound(true)
	}
	return s.groupEnd(s.ahead(far, uint64(steps)))
}

// groupEnd is the last time, as the scan goes, of the group of t, or of the bounds.
func (s *seriesBuckets) groupEnd(t int64) int64 {
	for s.key.of == nil {
		start, lo, hi, err := s.key.bucket(t)
		if err != nil || t < lo || t >= hi {
			break // not known
		}
		if t = hi - 1; s.reverse() {
			t = lo
		}
		if s.before(s.bound(true), t) || t == s.bound(true) {
			return s.bound(true)
		}
		// What is known need not be all of the bucket.
		next, _, _, err := s.key.bucket(s.ahead(t, 1))
		if err != nil || next != start {
			return t
		}
		t = s.ahead(t, 1)
	}
	return s.seekGroupEnd(t)
}

// seekGroupEnd is groupEnd where only keys can be compared: groups are stretches of time.
func (s *seriesBuckets) seekGroupEnd(t int64) int64 {
	key, ok := s.keyAt(t)
	if !ok {
		return t // whoever reads the points will tell
	}
	in, out := uint64(0), s.distance(t, s.bound(true)) // the distances of a time in the group and of one that is not
	same := func(d uint64) bool {
		other, ok := s.keyAt(s.ahead(t, d))
		return ok && types.Compare(s.keys[0].typ, key, other) == 0
	}
	if out == 0 || same(out) {
		return s.bound(true)
	}
	for step := uint64(1); step < out; step *= 2 {
		if !same(step) {
			out = step
			break
		}
		if in = step; step > math.MaxUint64/2 {
			break
		}
	}
	for out-in > 1 {
		if mid := in + (out-in)/2; same(mid) {
			in = mid
		} else {
			out = mid
		}
	}
	return s.ahead(t, in)
}

// keyAt is the key of the group of a time; ok is false if it cannot be computed.
func (s *seriesBuckets) keyAt(t int64) (key types.Datum, ok bool) {
	start, _, _, err := s.key.bucket(t)
	if err != nil {
		return key, false
	}
	r := s.runs
	r.values, r.ranges = append(r.values[:0], start), append(r.ranges[:0], functions.Range{To: 1})
	a, err := r.bucketColumn(s.key, 0, 1)
	if err != nil {
		return key, false
	}
	defer a.Release()
	return types.DatumAt(a, 0).Clone(), true
}

// readWindow aggregates the points of the window and sorts the groups.
func (s *seriesBuckets) readWindow(ctx context.Context) error {
	s.scan.scanner = tsengine.NewScanner(s.env.Alloc, s.env.reader(), *s.spec, &s.scan.figures)
	key := sortKey{scalar: &scalar{typ: s.keys[0].typ, ordinal: 0}, desc: s.reverse()}
	s.sorter = newSorter(s.env, []sortKey{key}, s.schema, -1)
	err := drain(ctx, &s.aggregate, func(batch arrow.RecordBatch) error { return s.sorter.add(ctx, batch) })
	s.scan.scanner.Close()
	s.scan.scanner = nil
	if err != nil {
		return err
	}
	if err := s.closeFiles(); err != nil {
		return err
	}
	s.reset()
	s.ready, s.set, s.group = false, 0, 0
	return s.sorter.finish(ctx)
}
