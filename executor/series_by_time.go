package executor

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"sort"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/tsengine"
)

// seriesByTime reads the points of all series in the order of their times, from
// the first or from the newest on, for those who stop early: blocks are in the
// order of series, and whoever sorted them would read them all.
//
//  1. Slices are read one after another; each in windows of time that are
//     expected to have some thousand rows.
//  2. The rows of a window are read in the order of series, and sorted. What
//     has too many rows is read again in smaller windows, cut where the rows that
//     were seen lie: many of a single time are a window of their own.
//  3. A window of a single time needs no sorting: its rows pass through.
type seriesByTime struct {
	*seriesScan
	spec   *tsengine.ScanSpec
	slices [][]tsengine.Partition // to be read

	lower, upper int64 // what is left of the present slice
	left         bool  // there is something left
	width        uint64
	wanted       float64     // rows of a window
	started      bool        // width was chosen
	cuts         []timeRange // to be read before what is left, the last one first

	window  timeRange // that is read
	cut     bool      // it is one of cuts
	reading bool
	kept    *rowBuffer
	rows    []timedRow // of kept, to come out from next on
	next    int
	refs    []rowRef
	words   []uint64
}

// timeRange are the times from one to another, both included.
type timeRange struct{ from, to int64 }

type timedRow struct {
	time int64
	ref  rowRef
}

const (
	// timeWindowRows is how many rows a window should have if nobody knows how many
	// are wanted, maxTimeWindowRows how many it may have, and no more than
	// windowExcess times as many as are wanted.
	timeWindowRows    = 2 * BatchRows
	maxTimeWindowRows = 16 * BatchRows
	windowExcess      = 16
	// windowCuts is into how many windows one with too many rows is cut, about.
	windowCuts = 16
)

func (s *seriesByTime) Close() error {
	if s.kept != nil {
		s.kept.clear()
	}
	s.rows, s.slices, s.cuts, s.left, s.reading = nil, nil, nil, false, false
	return s.seriesScan.Close()
}

func (s *seriesByTime) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if !s.opened {
		s.opened = true
		if err := s.open(ctx); err != nil {
			return nil, storedError(err)
		}
	}
	for {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		if !s.reading && s.next < len(s.rows) {
			return s.emit()
		}
		if !s.reading {
			more, err := s.nextWindow(ctx)
			if err != nil {
				return nil, storedError(err)
			}
			if !more {
				return nil, io.EOF
			}
		}
		batch, err := s.step(ctx)
		if batch != nil || err != nil {
			return batch, storedError(err)
		}
	}
}

// open finds the slices.
func (s *seriesByTime) open(ctx context.Context) error {
	spec, err := s.seriesScan.spec(ctx)
	if err != nil || spec == nil {
		return err
	}
	s.want()
	s.spec, s.kept = spec, newRowBuffer(s.env, s.schema)
	parts := spec.Partitions
	slices.SortStableFunc(parts, func(a, b tsengine.Partition) int {
		if s.node.Reverse {
			a, b = b, a
		}
		return cmp.Compare(a.Slice, b.Slice)
	})
	for len(parts) > 0 {
		n := 1
		for n < len(parts) && parts[n].Slice == parts[0].Slice {
			n++
		}
		s.slices = append(s.slices, parts[:n])
		parts = parts[n:]
	}
	return nil
}

// nextWindow begins the next window, if there is one.
func (s *seriesByTime) nextWindow(ctx context.Context) (bool, error) {
	if n := len(s.cuts); n > 0 {
		s.window, s.cut, s.cuts = s.cuts[n-1], true, s.cuts[:n-1]
		s.read()
		return true, nil
	}
	s.cut = false
	for !s.left {
		if len(s.slices) == 0 {
			return false, nil
		}
		if err := s.nextSlice(ctx); err != nil {
			return false, err
		}
	}
	s.window = timeRange{s.lower, s.upper}
	s.left = uint64(s.upper)-uint64(s.lower) > s.width
	if s.left && s.node.Reverse {
		s.window.from = s.upper - int64(s.width)
		s.upper = s.window.from - 1
	} else if s.left {
		s.window.to = s.lower + int64(s.width)
		s.lower = s.window.to + 1
	}
	s.read()
	return true, nil
}

func (s *seriesByTime) nextSlice(ctx context.Context) error {
	s.spec.Partitions = s.slices[0]
	s.slices = s.slices[1:]
	held, err := s.spec.Extent(ctx, s.env.reader())
	if err != nil || held.Rows == 0 {
		return err
	}
	if !s.started {
		s.started = true
		s.width = max(1, uint64((float64(held.Upper)-float64(held.Lower)+1)*min(1, s.wanted/float64(held.Rows))))
	}
	s.lower, s.upper = max(held.Lower, s.spec.Lower), min(held.Upper, s.spec.Upper)
	s.left = s.lower <= s.upper
	return nil
}

// want chooses how many rows a window should have: few, if few are wanted.
func (s *seriesByTime) want() {
	s.wanted = timeWindowRows
	if s.node.Wanted > 0 {
		s.wanted = min(max(s.node.Wanted, BatchRows/4), maxTimeWindowRows/2)
	}
}

// read begins to read the window. Rows that are sorted are all read, in whole batches,
// however few are wanted.
func (s *seriesByTime) read() {
	spec := *s.spec
	spec.Lower, spec.Upper = s.window.from, s.window.to
	if s.window.from != s.window.to {
		spec.BatchRows = s.env.batchRows()
	}
	s.scanner, s.reading = tsengine.NewScanner(s.env.Alloc, s.env.reader(), spec, &s.figures), true
	s.kept.clear()
	s.rows, s.next = s.rows[:0], 0
}

// step reads on in the window: it returns rows that need no order, and sorts
// what it has at the end.
func (s *seriesByTime) step(ctx context.Context) (arrow.RecordBatch, error) {
	rows, err := s.scanner.Next(ctx)
	if errors.Is(err, io.EOF) {
		s.scanner.Close()
		s.scanner, s.reading = nil, false
		s.order()
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	batch, err := s.batch(ctx, rows)
	if batch == nil || err != nil || s.window.from == s.window.to {
		return batch, err
	}
	if err := s.keep(batch); err != nil {
		return nil, err
	}
	if s.kept.rows > min(maxTimeWindowRows, windowExcess*int(s.wanted)) {
		s.narrow()
	}
	return nil, nil
}

func (s *seriesByTime) keep(batch arrow.RecordBatch) error {
	chunk := len(s.kept.chunks)
	s.rows = slices.Grow(s.rows, int(batch.NumRows()))
	s.scanner.Each(func(i int, _ uint64, position int64, _ uint64) {
		s.rows = append(s.rows, timedRow{position, refOf(chunk, i)})
	})
	return s.kept.add(batch)
}

// narrow cuts the window where the rows lie that were seen of it, and begins with the
// first part.
func (s *seriesByTime) narrow() {
	s.scanner.Close()
	s.scanner, s.reading = nil, false
	s.width = max(1, s.width/2)
	times := make([]int64, len(s.rows))
	for i := range s.rows {
		times[i] = s.rows[i].time
	}
	s.rows, s.next = s.rows[:0], 0
	slices.Sort(times)
	first := len(s.cuts)
	s.cuts = appendCuts(s.cuts, s.window, times)
	if !s.node.Reverse {
		slices.Reverse(s.cuts[first:])
	}
}

// appendCuts cuts a window of more than one time into ascending ones, of which each is
// smaller: times are what was seen of it, sorted. A time that has a window's share of
// the rows becomes a window of its own.
func appendCuts(cuts []timeRange, w timeRange, times []int64) []timeRange {
	share := max(1, len(times)/windowCuts)
	for i, from := 0, 0; i < len(times); {
		at := times[i]
		for i < len(times) && times[i] == at {
			i++
		}
		n := i - from // since the last cut, with at
		switch same := i - sort.Search(i, func(k int) bool { return times[k] == at }); {
		case same >= share:
			if w.from < at {
				cuts = append(cuts, timeRange{w.from, at - 1})
			}
			cuts = append(cuts, timeRange{at, at})
		case n >= share && at < w.to:
			cuts = append(cuts, timeRange{w.from, at})
		default:
			continue
		}
		from = i
		if at == w.to {
			return cuts
		}
		w.from = at + 1
	}
	return append(cuts, w)
}

// windowGrowth is how much wider a window is after one without any row: to find none
// costs a look at all that was not left out, to find too many some batches.
const windowGrowth = 64

// order sorts the rows of the window, and chooses how wide the next one is.
func (s *seriesByTime) order() {
	s.next = 0
	if s.window.from == s.window.to || s.cut {
		s.sort()
		return
	}
	s.sort()
	switch n := len(s.rows); {
	case n > 2*int(s.wanted):
		s.width = max(1, s.width/2)
	case s.width >= 1<<57:
	case n == 0:
		s.width = windowGrowth*s.width + windowGrowth - 1
	case n < int(s.wanted)/8:
		s.width = 8*s.width + 7
	case n < int(s.wanted)/2:
		s.width = 2*s.width + 1
	}
}

// sort sorts the rows of the window by time and ref. Windows are mostly so short
// that the time in the window and the row's number fit one word.
func (s *seriesByTime) sort() {
	const rowBits = 17
	if s.sortByCounting() {
		return
	}
	if len(s.rows) >= 1<<rowBits || uint64(s.window.to)-uint64(s.window.from) >= 1<<(64-rowBits) {
		slices.SortFunc(s.rows, func(a, b timedRow) int {
			if s.node.Reverse {
				return cmp.Or(cmp.Compare(b.time, a.time), cmp.Compare(a.ref, b.ref))
			}
			return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.ref, b.ref))
		})
		return
	}
	s.words = s.words[:0]
	for i := range s.rows {
		at := uint64(s.rows[i].time - s.window.from)
		if s.node.Reverse {
			at = uint64(s.window.to - s.rows[i].time)
		}
		s.words = append(s.words, at<<rowBits|uint64(i))
	}
	slices.Sort(s.words)
	sorted := make([]timedRow, len(s.rows))
	for i, w := range s.words {
		sorted[i] = s.rows[w&(1<<rowBits-1)]
	}
	s.rows = sorted
}

// maxCountedTimes bounds the times of a window whose rows are counted rather than compared.
const maxCountedTimes = 1024

// sortByCounting is sort for windows of few different times, as points that come
// at steady intervals have; it reports whether that was so. Series follow each
// other with mostly the same times, so that the next row's time is mostly known
// to be the one behind that of the row before, or the first.
func (s *seriesByTime) sortByCounting() bool {
	var times []int64 // different ones
	var counts []int32
	numbers := map[int64]int32{}
	ids := make([]int32, len(s.rows)) // into times
	last := int32(-1)
	for i := range s.rows {
		at := s.rows[i].time
		switch last++; {
		case int(last) < len(times) && times[last] == at:
		case len(times) > 0 && times[0] == at:
			last = 0
		default:
			n, ok := numbers[at]
			if !ok {
				if n = int32(len(times)); n == maxCountedTimes {
					return false
				}
				numbers[at] = n
				times, counts = append(times, at), append(counts, 0)
			}
			last = n
		}
		ids[i] = last
		counts[last]++
	}
	order := make([]int32, len(times))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		if s.node.Reverse {
			a, b = b, a
		}
		return cmp.Compare(times[a], times[b])
	})
	at := int32(0)
	for _, n := range order { // from here on counts are where the next row of a time goes
		at, counts[n] = at+counts[n], at
	}
	sorted := make([]timedRow, len(s.rows))
	for i, n := range ids {
		sorted[counts[n]] = s.rows[i]
		counts[n]++
	}
	s.rows = sorted
	return true
}

// emit makes the next batch of sorted rows.
func (s *seriesByTime) emit() (arrow.RecordBatch, error) {
	n := min(s.env.batchRows(), len(s.rows)-s.next)
	s.refs = s.refs[:0]
	for _, r := range s.rows[s.next : s.next+n] {
		s.refs = append(s.refs, r.ref)
	}
	s.next += n
	return s.kept.gather(s.refs)
}
