package executor

import (
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/tsengine"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

const (
	// seriesSampleRows is about how many points a box of a sample has: a block's.
	seriesSampleRows = 4096
	// seriesSampleEach is how many of a box's points are wanted. Neighbours are of
	// one series and look alike, so that more places tell more than more points.
	seriesSampleEach = 60
	// seriesSampleParts is of how many partitions at most the extents are read.
	seriesSampleParts = 4096
)

// seriesSample takes points from everywhere in a time-series table.
//
//  1. Partitions are drawn by chance, each as often as it has rows by the records
//     of its runs and deltas.
//  2. A drawn partition is cut into boxes of about the same number of rows: ranges
//     of series (Pieces), and times within them if a range has many. Boxes are
//     drawn by chance too, each once.
//  3. A box is scanned as a query scans it, so that points that were replaced,
//     removed or are too old do not count, and each of its points is taken by the
//     same chance. Columns are decoded for the points taken only.
//  4. The rows that were seen, beside those that records promised for the same
//     boxes, tell how many of all rows there are.
//
// A partition that has most of its rows in deltas, which each box would decode
// again, is read once, with as many fewer points taken.
type seriesSample struct {
	env     *Env
	columns []int
	wanted  int
	fn      func(arrow.RecordBatch)

	spec  tsengine.ScanSpec
	parts []tsengine.Partition
	held  []block.Held // parallel to parts
	rate  float64      // the share of a drawn box's points that is taken

	seen, promised float64
}

// take is SampleRows for a time-series table.
func (s *seriesSample) take(ctx context.Context, t *catalog.Table) (total float64, ok bool, err error) {
	draws := max(64, s.wanted/seriesSampleEach)
	if total, err = s.open(ctx, t); err != nil || total <= float64(2*draws*seriesSampleRows) {
		return 0, false, storedError(err)
	}
	s.rate = 1.2 * float64(s.wanted) / float64(draws*seriesSampleRows)
	for i, n := range s.draw(draws) {
		if n == 0 {
			continue
		}
		if err := s.partition(ctx, i, n); err != nil {
			return 0, false, storedError(err)
		}
	}
	if s.promised > 0 {
		total *= s.seen / s.promised
	}
	return math.Round(total), true, nil
}

// open finds the partitions and how many rows they promise.
func (s *seriesSample) open(ctx context.Context, t *catalog.Table) (total float64, err error) {
	layout := seriesLayoutOf(t)
	s.spec = tsengine.ScanSpec{Layout: layout, Lower: math.MinInt64, Upper: math.MaxInt64, BatchRows: s.env.batchRows(), Cache: s.env.Blocks}
	if from, ok := retainedFrom(s.env, t); ok {
		s.spec.Lower = from
	}
	s.parts, err = layout.Partitions(ctx, s.env.reader(), s.env.Blocks, nil, s.spec.Lower, s.spec.Upper)
	if err != nil {
		return 0, err
	}
	all := len(s.parts)
	if all > seriesSampleParts {
		s.parts = choose(s.parts, seriesSampleParts)
	}
	for _, p := range s.parts {
		if err := checkContext(ctx); err != nil {
			return 0, err
		}
		spec := s.spec
		spec.Partitions = []tsengine.Partition{p}
		held, err := spec.Extent(ctx, s.env.reader())
		if err != nil {
			return 0, err
		}
		s.held = append(s.held, held)
		total += float64(held.Rows)
	}
	return total * float64(all) / float64(max(1, len(s.parts))), nil
}

// choose takes n of a list by chance, in its order.
func choose[T any](list []T, n int) []T {
	out := make([]T, 0, n)
	for i, v := range list {
		if rand.IntN(len(list)-i) < n-len(out) {
			out = append(out, v)
		}
	}
	return out
}

// draw says how many of n draws fall on each partition.
func (s *seriesSample) draw(n int) []int {
	ends := make([]int, len(s.held))
	sum := 0
	for i, h := range s.held {
		sum += h.Rows
		ends[i] = sum
	}
	out := make([]int, len(ends))
	for range n {
		at, _ := slices.BinarySearch(ends, rand.IntN(sum)+1)
		out[at]++
	}
	return out
}

// partition takes the points of n boxes of a partition.
func (s *seriesSample) partition(ctx context.Context, at, n int) error {
	spec, held := s.spec, &s.held[at]
	spec.Partitions = s.parts[at : at+1]
	pieces, err := spec.Pieces(ctx, s.env.reader(), seriesSampleRows)
	if err != nil {
		return err
	}
	windows := max(1, held.Rows/(len(pieces)*seriesSampleRows))
	boxes := len(pieces) * windows
	if n >= boxes || n*held.InDeltas > held.Rows {
		share := float64(n) / float64(boxes)
		rows, err := s.scan(ctx, spec, s.rate*share)
		s.seen += float64(rows) * share
		s.promised += float64(held.Rows) * share
		return err
	}
	for i := range boxes {
		if rand.IntN(boxes-i) >= n {
			continue
		}
		n--
		rows, err := s.scan(ctx, timeWindow(pieces[i/windows], held, i%windows, windows), s.rate)
		if err != nil {
			return err
		}
		s.seen += float64(rows)
		s.promised += float64(held.Rows) / float64(boxes)
	}
	return nil
}

// timeWindow is the i-th of n parts of the times of a scan.
func timeWindow(spec tsengine.ScanSpec, held *block.Held, i, n int) tsengine.ScanSpec {
	lower, upper := max(spec.Lower, held.Lower), min(spec.Upper, held.Upper)
	width := uint64(upper-lower)/uint64(n) + 1
	spec.Lower = lower + int64(uint64(i)*width)
	if i < n-1 {
		upper = spec.Lower + int64(width-1)
	}
	spec.Upper = upper
	return spec
}

// scan hands out the share rate of a scan's points and counts them all.
func (s *seriesSample) scan(ctx context.Context, spec tsengine.ScanSpec, rate float64) (seen int, err error) {
	scanner := tsengine.NewScanner(s.env.Alloc, s.env.reader(), spec, nil)
	defer scanner.Close()
	var sel []int32
	for {
		if err := checkContext(ctx); err != nil {
			return seen, err
		}
		rows, err := scanner.Next(ctx)
		if errors.Is(err, io.EOF) {
			return seen, nil
		}
		if err != nil {
			return seen, err
		}
		seen += rows
		sel = sel[:0]
		for i := range rows {
			if rand.Float64() < rate {
				sel = append(sel, int32(i))
			}
		}
		if len(sel) == 0 {
			continue
		}
		if len(sel) < rows {
			scanner.Select(sel)
		}
		if err := s.hand(ctx, scanner, len(sel)); err != nil {
			return seen, err
		}
	}
}

// hand makes a batch of the scanner's present rows.
func (s *seriesSample) hand(ctx context.Context, scanner *tsengine.Scanner, rows int) error {
	t := s.spec.Layout.Table
	cols, fields := make([]arrow.Array, len(s.columns)), make([]arrow.Field, len(s.columns))
	defer releaseAll(cols)
	for i, k := range s.columns {
		a, err := scanner.Column(ctx, k)
		if err != nil {
			return err
		}
		cols[i], fields[i] = a, arrow.Field{Name: t.Columns[k].Name, Type: a.DataType(), Nullable: true}
	}
	batch := newBatch(arrow.NewSchema(fields, nil), cols, rows)
	s.fn(batch)
	clear(cols) // the batch had them
	batch.Release()
	return nil
}
