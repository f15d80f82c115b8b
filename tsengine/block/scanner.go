package block

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/kv"
)

// Scanner reads partitions into batches. It reads partition after partition;
// in each, unless order is asked for, only those pieces are merged whose rows
// may replace each other; the others are read one after another.
type Scanner struct {
	reading   reading
	spec      Spec
	batchRows int

	next    int  // of Prefixes
	merged  bool // with Ordered: all of them were opened
	part    *partition
	waiting []step // of part
	merger  *merger
	segs    []segment
	rows    int
}

// NewScanner prepares a scan; nothing is read before Next. The reader must not
// be used by others during Next.
func NewScanner(alloc memory.Allocator, r kv.Reader, spec Spec, batchRows int, f *Figures) *Scanner {
	if f == nil {
		f = &Figures{}
	}
	s := &Scanner{spec: spec, batchRows: batchRows}
	s.reading = reading{spec: &s.spec, reader: r, alloc: alloc, figures: f}
	return s
}

// copyRows is which part of a batch rows may be that lie side by side to be given
// out alone: arrays of one segment are not copied.
const copyRows = 8

// Next moves to the next rows, at least one and some more than batchRows at
// most; io.EOF after the last. What it moved from must not be used any more.
func (s *Scanner) Next(ctx context.Context) (rows int, err error) {
	s.segs, s.rows = s.segs[:0], 0
	if s.merger != nil {
		s.merger.releaseDone()
	}
	for s.rows < s.batchRows {
		if s.merger == nil {
			err := s.open(ctx)
			if errors.Is(err, io.EOF) && s.rows > 0 {
				return s.rows, nil
			}
			if err != nil {
				return 0, err
			}
		}
		var n int
		s.segs, n, err = s.merger.next(ctx, s.segs, s.batchRows-s.rows)
		s.rows += n
		if err == nil && len(s.segs) == 1 && s.rows >= s.batchRows/copyRows {
			return s.rows, nil
		}
		switch {
		case errors.Is(err, io.EOF) && s.rows > 0 && len(s.merger.done) > 0:
			return s.rows, nil // the sources of the segments are the merger's until the next call
		case errors.Is(err, io.EOF):
			s.merger.close()
			s.merger = nil
		case err != nil:
			return 0, err
		}
	}
	return s.rows, nil
}

// open opens the next merger.
func (s *Scanner) open(ctx context.Context) error {
	var pieces []piece
	if s.spec.Ordered {
		if s.merged {
			return io.EOF
		}
		s.merged = true
		parts, err := s.openAll(ctx)
		if err != nil {
			return err
		}
		for _, p := range parts {
			defer p.release()
			for _, piece := range p.pieces() {
				piece.age += len(pieces)
				pieces = append(pieces, piece)
			}
		}
		pieces = living(pieces)
		return s.merge(ctx, pieces, !mustMerge(pieces, s.spec.Unique))
	}
	for len(s.waiting) == 0 {
		if s.part != nil {
			s.part.release()
			s.part = nil
		}
		if s.next == len(s.spec.Prefixes) {
			return io.EOF
		}
		var err error
		if s.part, err = s.reading.openPartition(ctx, s.spec.Prefixes[s.next], false, 0); err != nil {
			return err
		}
		s.next++
		s.waiting = steps(living(s.part.pieces()), s.spec.Unique)
	}
	st := s.waiting[0]
	s.waiting = s.waiting[1:]
	if st.merge || len(st.pieces) == 1 {
		return s.merge(ctx, st.pieces, !st.merge)
	}
	s.concat(st.pieces)
	return nil
}

// step is what a scan without order reads at once: pieces to be merged, or
// deltas or a run that no other piece has to do with.
type step struct {
	merge  bool
	pieces []piece
}

// steps plans the reading of a partition: each cluster whose rows depend on
// each other, each other run or delta with removed rows, and all other deltas together.
func steps(pieces []piece, unique bool) (out []step) {
	var deltas []piece
	for _, c := range clusters(pieces) {
		if mustMerge(c, unique) {
			out = append(out, step{true, c})
			continue
		}
		for _, p := range c {
			if p.run == nil && !cutAnywhere([]piece{p}) {
				deltas = append(deltas, p)
			} else {
				out = append(out, step{false, []piece{p}})
			}
		}
	}
	if len(deltas) > 0 {
		out = append(out, step{false, deltas})
	}
	return out
}

func (s *Scanner) openAll(ctx context.Context) (parts []*partition, err error) {
	for _, prefix := range s.spec.Prefixes {
		p, err := s.reading.openPartition(ctx, prefix, false, 0)
		if err != nil {
			for _, p := range parts {
				p.release()
			}
			return nil, err
		}
		parts = append(parts, p)
		s.next++
	}
	return parts, nil
}

func (s *Scanner) merge(ctx context.Context, pieces []piece, prune bool) error {
	s.reading.end = (s.spec.Last || s.spec.First) && !cutAnywhere(pieces)
	if s.reading.end && slices.ContainsFunc(pieces, func(p piece) bool { return p.ops }) {
		uncertain, ok, err := s.reading.uncertainEnds(ctx, pieces)
		if err != nil {
			return err
		}
		if ok {
			s.mergeEnds(pieces, uncertain, prune)
			return nil
		}
		s.reading.end = false
	}
	s.reading.alone = s.spec.Counted && !s.spec.Last && !s.spec.First && len(pieces) == 1 && !cutAnywhere(pieces)
	cursors := make([]*cursor, len(pieces))
	for i := range pieces {
		cursors[i] = s.reading.cursorOf(&pieces[i], prune)
	}
	s.merger = newMerger(&s.reading, cursors)
	return nil
}

// concat reads deltas one after another.
func (s *Scanner) concat(deltas []piece) {
	s.reading.end = s.spec.Last || s.spec.First
	list, extents := make([]*source, len(deltas)), make([]extent, len(deltas))
	for i, d := range deltas {
		list[i], extents[i] = d.part.deltas[d.delta].retain(), d.extent
	}
	s.merger = newMerger(&s.reading, []*cursor{s.reading.sourcesCursor(0, list, extents)})
}

// Close releases everything; it may be called at any time.
func (s *Scanner) Close() {
	if s.merger != nil {
		s.merger.close()
		s.merger = nil
	}
	if s.part != nil {
		s.part.release()
		s.part = nil
	}
	s.waiting, s.next, s.segs = nil, len(s.spec.Prefixes)+1, nil
}

// InPlace reports whether the columns of all present rows are there without a copy: they
// lie in one source whose columns are decoded as a whole.
func (s *Scanner) InPlace() bool { return len(s.segs) == 1 && !s.segs[0].src.fresh }

// Column makes the array of a column of the present rows.
func (s *Scanner) Column(ctx context.Context, c *Column) (arrow.Array, error) {
	return gather(ctx, s.reading.alloc, c, s.segs, s.rows, false)
}

// Coded is Column for who knows coded columns (types.IsCoded): it may return one.
func (s *Scanner) Coded(ctx context.Context, c *Column) (arrow.Array, error) {
	return gather(ctx, s.reading.alloc, c, s.segs, s.rows, true)
}

// Select keeps the given of the present rows (ascending).
func (s *Scanner) Select(sel []int32) {
	var out []segment
	at, k := 0, 0
	for _, seg := range s.segs {
		n := seg.to - seg.from
		for k < len(sel) && int(sel[k]) < at+n {
			i := seg.from + int(sel[k]) - at
			if m := len(out); m > 0 && out[m-1].src == seg.src && out[m-1].to == i {
				out[m-1].to++
			} else {
				out = append(out, segment{src: seg.src, from: i, to: i + 1, op: seg.op})
			}
			k++
		}
		at += n
	}
	s.segs, s.rows = out, len(sel)
}

// LoadRows reads the numbers of the present rows, for Positions and Each, where
// Counted has left that out.
func (s *Scanner) LoadRows(ctx context.Context) error {
	for i := range s.segs {
		if src := s.segs[i].src; src.lazy {
			if err := src.loadRows(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// Positions makes the array of the present rows' positions.
func (s *Scanner) Positions() arrow.Array {
	if len(s.segs) == 1 && s.segs[0].src.positions != nil { // not copied either
		seg := &s.segs[0]
		return int64Array(seg.src.positions[seg.from:seg.to])
	}
	buf := newBuffer(s.reading.alloc, 8*s.rows)
	defer buf.Release()
	d := array.NewData(arrow.PrimitiveTypes.Int64, s.rows, []*memory.Buffer{nil, buf}, nil, 0, 0)
	defer d.Release()
	a := array.NewInt64Data(d)
	out := a.Int64Values()[:0]
	for _, seg := range s.segs {
		out = seg.src.appendPositions(out, seg.from, seg.to)
	}
	return a
}

// Each calls fn for each present row.
func (s *Scanner) Each(fn func(i int, group uint64, position int64, sub uint64)) {
	i := 0
	for _, seg := range s.segs {
		src := seg.src
		src.eachGroup(seg.from, seg.to, func(k, from, to int) {
			group := src.heads[k].group
			for r := from; r < to; r++ {
				fn(i, group, src.position(k, r), src.sub(r))
				i++
			}
		})
	}
}

// EachGroup calls fn for the present rows [from, to) of each group, more than once for one
// whose rows lie in several places.
func (s *Scanner) EachGroup(fn func(from, to int, group uint64)) {
	i := 0
	for _, seg := range s.segs {
		seg.src.eachGroup(seg.from, seg.to, func(k, from, to int) {
			fn(i, i+to-from, seg.src.heads[k].group)
			i += to - from
		})
	}
}
