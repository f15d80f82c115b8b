package executor

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/tsengine"
)

// seriesLast reads the newest point of each series, or the oldest:
//
//  1. bucket by bucket, the newest slice first (the oldest), series and times are decoded;
//  2. of each series the last row (the first) is kept, and only of those rows the columns
//     are gathered;
//  3. series that were found are left out of the slices behind; a bucket ends when
//     none is left.
type seriesLast struct {
	*seriesScan
	bounds *seriesBounds
	parts  []tsengine.Partition // to be read: by bucket, the newest slice first, or the oldest
	bucket int                  // whose series left are, -1 before the first
	left   []uint64             // series of the bucket that were not found yet, ascending
	found  []uint64             // in the present partition, ascending

	// held is the last batch, whose last row waits for what comes behind it: nothing if
	// the oldest are read.
	held  arrow.RecordBatch
	group uint64 // of held's last row
	ends  []int32
}

func (s *seriesLast) Close() error {
	if s.held != nil {
		s.held.Release()
		s.held = nil
	}
	s.parts = nil
	return s.seriesScan.Close()
}

func (s *seriesLast) Next(ctx context.Context) (arrow.RecordBatch, error) {
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
		if s.scanner == nil && !s.nextPartition() {
			return nil, io.EOF
		}
		batch, err := s.step(ctx)
		if batch != nil || err != nil {
			return batch, storedError(err)
		}
	}
}

func (s *seriesLast) open(ctx context.Context) error {
	b, err := s.seriesScan.bounds(ctx)
	if err != nil || b == nil {
		return err
	}
	if b.series == nil {
		if b.series, err = s.layout.AllSeries(ctx, s.env.reader(), s.env.Blocks); err != nil {
			return err
		}
		s.matched = int64(len(b.series))
	}
	s.bounds, s.bucket = b, -1
	if s.parts, err = s.layout.Partitions(ctx, s.env.reader(), s.env.Blocks, b.series, b.lower, b.upper); err != nil {
		return err
	}
	slices.SortFunc(s.parts, func(x, y tsengine.Partition) int {
		slices := cmp.Compare(y.Slice, x.Slice)
		if s.node.Oldest {
			slices = -slices
		}
		return cmp.Or(cmp.Compare(x.Bucket, y.Bucket), slices)
	})
	return nil
}

// nextPartition opens the next partition in which a series may be found.
func (s *seriesLast) nextPartition() bool {
	for len(s.parts) > 0 {
		p := s.parts[0]
		s.parts = s.parts[1:]
		if int(p.Bucket) != s.bucket {
			s.bucket, s.left = int(p.Bucket), s.layout.SeriesOf(p.Bucket, s.bounds.series)
		}
		if len(s.left) == 0 {
			continue
		}
		s.found = s.found[:0]
		s.scanner = tsengine.NewScanner(s.env.Alloc, s.env.reader(), tsengine.ScanSpec{
			Layout: s.layout, Partitions: []tsengine.Partition{p}, Series: s.left, Lower: s.bounds.lower, Upper: s.bounds.upper,
			Ordered: true, Last: !s.node.Oldest, First: s.node.Oldest, BatchRows: s.env.batchRows(), Cache: s.env.Blocks,
		}, &s.figures)
		return true
	}
	return false
}

// step reads on and returns the batch before, nil if there is none yet.
func (s *seriesLast) step(ctx context.Context) (arrow.RecordBatch, error) {
	_, err := s.scanner.Next(ctx)
	if errors.Is(err, io.EOF) {
		s.scanner.Close()
		s.scanner = nil
		s.left = without(s.left, s.found)
		out := s.held
		s.held = nil
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	if s.node.Oldest {
		s.firstRows()
		return s.chosen(ctx, len(s.ends))
	}
	first := s.lastRows()
	batch, err := s.chosen(ctx, len(s.ends))
	if batch == nil || err != nil {
		return nil, err
	}
	out := s.held
	if out != nil && s.group == first { // the series went on
		n := out.NumRows() - 1
		cut := out.NewSlice(0, n)
		out.Release()
		if out = cut; n == 0 {
			out.Release()
			out = nil
		}
	}
	s.held = batch
	s.scanner.EachGroup(func(_, _ int, group uint64) { s.group = group })
	return out, nil
}

// chosen makes the batch of those of the present rows that ends lists, n of them; nil if
// there are none, or if their series do not meet the conditions on tags.
func (s *seriesLast) chosen(ctx context.Context, n int) (arrow.RecordBatch, error) {
	if n == 0 {
		return nil, nil
	}
	s.scanner.Select(s.ends)
	return s.batch(ctx, n)
}

// firstRows puts the first row of each series among the present rows, of those that were
// not found before, into ends, and the series into found.
func (s *seriesLast) firstRows() {
	s.ends = s.ends[:0]
	s.scanner.EachGroup(func(from, _ int, group uint64) {
		if n := len(s.found); n == 0 || s.found[n-1] != group {
			s.found = append(s.found, group)
			s.ends = append(s.ends, int32(from))
		}
	})
}

// lastRows puts the last row of each series among the present rows into ends,
// and the series into found; it returns the first series.
func (s *seriesLast) lastRows() (first uint64) {
	s.ends = s.ends[:0]
	var last uint64
	s.scanner.EachGroup(func(from, to int, group uint64) {
		if from == 0 {
			first = group
		}
		if from > 0 && group == last {
			s.ends = s.ends[:len(s.ends)-1]
		}
		s.ends = append(s.ends, int32(to-1))
		if n := len(s.found); n == 0 || s.found[n-1] != group {
			s.found = append(s.found, group)
		}
		last = group
	})
	return first
}

// without removes the elements of b from a; both are ascending. The result is new.
func without(a, b []uint64) []uint64 {
	out := a[:0:0]
	for _, v := range a {
		for len(b) > 0 && b[0] < v {
			b = b[1:]
		}
		if len(b) == 0 || b[0] != v {
			out = append(out, v)
		}
	}
	return out
}
