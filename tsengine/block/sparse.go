package block

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/tsengine/chunk"
)

// Of a block that nobody has read yet, a batch that wants few rows decodes these
// alone, and keeps nothing: whoever comes once for the minutes of one series does
// not unpack those of its neighbours, and an UPDATE of one point in a hundred does not
// fill the cache with the other ones. Who finds the rows of the block in the cache
// comes for the second time, decodes whole columns and keeps them.
const (
	// sparseShare is the part of a block's rows below which they are few.
	sparseShare = 4
	// rangeRows is how many rows of a block there must be for each range of them: else
	// most of its frames are unpacked anyway, and all are.
	rangeRows = 512
)

// wantedRows are the rows of a source in the segments of a batch.
type wantedRows struct {
	ranges []chunk.Range
	rows   int
	mixed  bool // they do not ascend
}

// scattered reports whether a column is unpacked as a whole for them.
func (w *wantedRows) scattered(of int) bool { return len(w.ranges)*rangeRows > max(of, rangeRows) }

func (w *wantedRows) add(seg *segment) {
	if n := len(w.ranges); n > 0 && w.ranges[n-1].To > seg.from {
		w.mixed = true
		return
	} else if n > 0 && w.ranges[n-1].To == seg.from {
		w.ranges[n-1].To = seg.to
		w.rows += seg.to - seg.from
		return
	}
	w.ranges = append(w.ranges, chunk.Range{From: seg.from, To: seg.to})
	w.rows += seg.to - seg.from
}

// sparse finds the sources of segments of which few rows are wanted; nil for none.
func sparse(segs []segment) map[*source]*wantedRows {
	var out map[*source]*wantedRows
	for i := range segs {
		src := segs[i].src
		if !src.fresh {
			continue
		}
		w := out[src]
		if w == nil {
			if out == nil {
				out = map[*source]*wantedRows{}
			}
			w = &wantedRows{}
			out[src] = w
		}
		w.add(&segs[i])
	}
	for src, w := range out {
		if w.mixed || w.rows*sparseShare > src.len() {
			delete(out, src)
		}
	}
	return out
}

// some decodes rows of a column; nil if all of it is to be decoded.
func (s *source) some(ctx context.Context, c *Column, w *wantedRows) (arrow.Array, error) {
	if _, ok := s.known(c.ID); ok {
		return nil, nil
	}
	b, found, err := s.chunk(ctx, c.ID)
	if err != nil || !found {
		return nil, err
	}
	if w.scattered(s.len()) {
		return s.pick(c, b, w)
	}
	a, ok, err := chunk.DecodeRanges(s.reading.alloc, c.Type, b, w.ranges)
	if err != nil {
		return nil, s.corrupted(err)
	}
	if ok {
		s.reading.figures.BytesDecoded += int64(len(b)) * int64(w.rows) / int64(s.len())
	}
	return a, nil
}

// pick unpacks a column's chunk and copies the wanted rows.
func (s *source) pick(c *Column, b []byte, w *wantedRows) (arrow.Array, error) {
	all, err := s.decode(&s.reading.scratch, c, b)
	if err != nil {
		return nil, err
	}
	defer all.Release()
	rows := make([]stretch, len(w.ranges))
	for i, r := range w.ranges {
		rows[i] = stretch{from: int32(r.From), n: int32(r.To - r.From)}
	}
	return assemble(s.reading.alloc, c, rows, []codedValues{{values: all}}, w.rows, false)
}

// pickSparse decodes a column of those sources of which few rows are wanted. The
// segments that it returns are of these rows alone, in the arrays to be released.
func pickSparse(ctx context.Context, c *Column, segs []segment, wanted map[*source]*wantedRows) ([]segment, map[*source]arrow.Array, error) {
	arrays := make(map[*source]arrow.Array, len(wanted))
	for src, w := range wanted {
		a, err := src.some(ctx, c, w)
		if err != nil {
			releaseArrays(arrays)
			return nil, nil, err
		}
		if a != nil {
			arrays[src] = a
		}
	}
	if len(arrays) == 0 {
		return segs, nil, nil
	}
	out := make([]segment, len(segs))
	at := make(map[*source]int, len(arrays))
	for i, seg := range segs {
		if arrays[seg.src] != nil {
			n := seg.to - seg.from
			seg.from = at[seg.src]
			seg.to = seg.from + n
			at[seg.src] = seg.to
		}
		out[i] = seg
	}
	return out, arrays, nil
}

func releaseArrays(arrays map[*source]arrow.Array) {
	for _, a := range arrays {
		a.Release()
	}
}
