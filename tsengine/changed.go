package tsengine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/types"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// Changed reports whether one of the rows with the given handles, whose points
// the caller has locked, is not what it was at a snapshot any more: it was
// removed or has another version. Rows that the caller's transaction wrote
// itself are in neither state and count as unchanged.
//
//  1. Partitions whose deltas and runs have the same keys did not change.
//  2. In the others the rows are read in both states and compared: packing may
//     have moved them.
func Changed(ctx context.Context, alloc memory.Allocator, store kv.Store, l *Layout, at kv.Timestamp, handles arrow.Array, rows []int) (bool, error) {
	now, err := store.Now(ctx)
	if err != nil || now == at {
		return false, err
	}
	old, err := store.Snapshot(ctx, at)
	if err != nil {
		return false, err
	}
	defer old.Close()
	latest, err := store.Snapshot(ctx, now)
	if err != nil {
		return false, err
	}
	defer latest.Close()
	c := comparison{alloc: alloc, layout: l, old: old, latest: latest, points: map[string][]point{}}
	for _, i := range rows {
		p, err := readHandle(types.DatumAt(handles, i).Bytes())
		if err != nil {
			return false, err
		}
		prefix := string(l.prefix(l.bucket(p.series), l.slice(p.time)))
		c.points[prefix] = append(c.points[prefix], p)
	}
	for prefix, points := range c.points {
		same, err := block.SameContents(ctx, old, latest, kv.Key(prefix))
		if err != nil {
			return false, err
		}
		if same {
			continue
		}
		if changed, err := c.changed(ctx, kv.Key(prefix), points); changed || err != nil {
			return changed, err
		}
	}
	return false, nil
}

type comparison struct {
	alloc       memory.Allocator
	layout      *Layout
	old, latest kv.Reader
	points      map[string][]point // by prefix
}

type place struct {
	series uint64
	time   int64
}

// changed compares points of a partition.
func (c *comparison) changed(ctx context.Context, prefix kv.Key, points []point) (bool, error) {
	before, err := c.read(ctx, c.old, prefix, points)
	if err != nil {
		return false, err
	}
	after, err := c.read(ctx, c.latest, prefix, points)
	if err != nil {
		return false, err
	}
	for _, p := range points {
		at := place{p.series, p.time}
		was, ok := rowWith(before[at], p.sub)
		if !ok {
			continue
		}
		is, ok := rowWith(after[at], p.sub)
		if !ok || !bytes.Equal(was, is) {
			return true, nil
		}
	}
	return false, nil
}

// storedRow is a row at a point: its sub and the bytes of its values.
type storedRow struct {
	sub    uint64
	values []byte
}

// rowWith is the row with a sub, or the one that has got 0 in its place.
func rowWith(rows []storedRow, sub uint64) ([]byte, bool) {
	var zero []byte
	found := false
	for _, r := range rows {
		if r.sub == sub {
			return r.values, true
		}
		if r.sub == 0 {
			zero, found = r.values, true
		}
	}
	return zero, found
}

// read reads the rows at points of a partition.
func (c *comparison) read(ctx context.Context, r kv.Reader, prefix kv.Key, points []point) (map[place][]storedRow, error) {
	out := make(map[place][]storedRow, len(points))
	spec := ScanSpec{Layout: c.layout, Partitions: []Partition{{Prefix: prefix}}, BatchRows: 4096, Lower: points[0].time, Upper: points[0].time}
	for _, p := range points {
		out[place{p.series, p.time}] = nil
		spec.Series = append(spec.Series, p.series)
		spec.Lower, spec.Upper = min(spec.Lower, p.time), max(spec.Upper, p.time)
	}
	slices.Sort(spec.Series)
	spec.Series = slices.Compact(spec.Series)
	s := NewScanner(c.alloc, r, spec, nil)
	defer s.Close()
	for {
		_, err := s.Next(ctx)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if err := c.collect(ctx, s, out); err != nil {
			return nil, err
		}
	}
}

func (c *comparison) collect(ctx context.Context, s *Scanner, out map[place][]storedRow) error {
	var sel []int32
	var rows []point
	s.Each(func(i int, group uint64, position int64, sub uint64) {
		if _, ok := out[place{group, position}]; ok {
			sel, rows = append(sel, int32(i)), append(rows, point{group, position, sub})
		}
	})
	if len(sel) == 0 {
		return nil
	}
	s.Select(sel)
	values := make([][]byte, len(rows))
	for k := range c.layout.columns {
		a, err := s.Scanner.Column(ctx, &c.layout.columns[k])
		if err != nil {
			return err
		}
		var r types.ColumnReader
		if err := r.Reset(a); err != nil {
			a.Release()
			return err
		}
		var d types.Datum
		for i := range values {
			r.Read(i, &d)
			values[i] = appendTag(values[i], &d)
		}
		a.Release()
	}
	for i, p := range rows {
		at := place{p.series, p.time}
		out[at] = append(out[at], storedRow{p.sub, values[i]})
	}
	return nil
}
