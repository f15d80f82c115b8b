package block

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/tidemarkdb/tidemark/kv"
)

// partition is what lies under a prefix: its deltas, decoded, in write order,
// and the records of its runs, oldest first.
type partition struct {
	prefix  kv.Key
	deltas  []*source
	extents []extent // of deltas
	keys    []kv.Key // of deltas, if asked for
	runs    []*run
	removed []*RangeDelete
	partial bool // newer deltas were left out
}

// openPartition reads the deltas and run records that may hold wanted rows.
// Of more bytes of deltas than maxBytes (0: any) the newest are left out; range deletes are not.
func (r *reading) openPartition(ctx context.Context, prefix kv.Key, withKeys bool, maxBytes int) (*partition, error) {
	p := &partition{prefix: prefix}
	l := r.spec.Cache.directory().lookup(r.reader, prefix)
	span, runs, nothing := l.span(prefix)
	var first kv.Key
	size, full := 0, false
	err := r.eachStored(ctx, span, nothing, func(pair kv.KeyValue) error {
		if pair.Key[len(prefix)] == kindRun {
			run, err := r.readRun(prefix, pair)
			runs = append(runs, run)
			return err
		}
		if first == nil {
			first = append(kv.Key(nil), pair.Key...)
		}
		if full {
			p.partial = true
			return r.addRemoved(p, pair)
		}
		size += len(pair.Value)
		full = maxBytes > 0 && size > maxBytes
		return r.addDelta(p, pair, withKeys)
	})
	if err != nil {
		p.release()
		return nil, err
	}
	if l.state == nil {
		slices.SortFunc(runs, func(a, b *run) int { return cmp.Compare(a.age, b.age) })
		l.keep(prefix, runs, first)
	}
	for _, run := range runs {
		if r.spec.touches(&run.extent) {
			p.runs = append(p.runs, run)
		}
	}
	if len(p.deltas)+len(p.runs) > 0 {
		r.figures.Partitions++
	}
	return p, nil
}

// eachStored calls fn for the pairs of a span, for none if there is nothing in it.
func (r *reading) eachStored(ctx context.Context, span kv.Span, nothing bool, fn func(kv.KeyValue) error) error {
	if nothing {
		return nil
	}
	it, err := r.reader.Scan(ctx, span, kv.ScanOptions{})
	if err != nil {
		return err
	}
	defer it.Close()
	for {
		pairs, err := it.NextBatch(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, pair := range pairs {
			if err := fn(pair); err != nil {
				return err
			}
		}
	}
}

// addRemoved takes a pair if it is a range delete.
func (r *reading) addRemoved(p *partition, pair kv.KeyValue) error {
	o, ok := orderOf(p.prefix, pair.Key)
	if !ok {
		return r.corruptKey(pair.Key)
	}
	name := append(kv.Key(nil), pair.Key...)
	c, err := readContainer(pair.Value)
	if err == nil {
		c = c.clone()
		var d *RangeDelete
		if d, err = readRangeDelete(&c, name, o); d != nil {
			p.removed = append(p.removed, d)
		}
	}
	if err != nil {
		return fmt.Errorf("table %q, delta %x: %w", r.spec.Name, name, err)
	}
	return nil
}

func (r *reading) addDelta(p *partition, pair kv.KeyValue, withKeys bool) error {
	o, ok := orderOf(p.prefix, pair.Key)
	if !ok {
		return r.corruptKey(pair.Key)
	}
	// Deltas have no header of their own: the extent is behind the checksum.
	name := append(kv.Key(nil), pair.Key...)
	s, e, err := r.openDelta(name, o, pair.Value)
	if errors.Is(err, errNoRows) {
		return r.addRemoved(p, pair)
	}
	if s == nil || err != nil {
		return err
	}
	r.figures.Deltas++
	p.deltas, p.extents = append(p.deltas, s), append(p.extents, e)
	if withKeys {
		p.keys = append(p.keys, name)
	}
	return nil
}

func (r *reading) readRun(prefix kv.Key, pair kv.KeyValue) (*run, error) {
	if len(pair.Key) != len(prefix)+9 {
		return nil, r.corruptKey(pair.Key)
	}
	run, err := readRun(binary.BigEndian.Uint64(pair.Key[len(prefix)+1:]), pair.Value)
	if err != nil {
		return nil, fmt.Errorf("table %q, run %x: %w", r.spec.Name, pair.Key, err)
	}
	return run, nil
}

func (r *reading) corruptKey(key kv.Key) error {
	return fmt.Errorf("table %q: %w", r.spec.Name, corrupt("key %x", key))
}

// release gives back what no cursor has taken.
func (p *partition) release() {
	for _, s := range p.deltas {
		s.release()
	}
	p.deltas = nil
}

// piece is a delta or a run of a partition.
type piece struct {
	extent
	part  *partition
	delta int  // index, -1 for a run
	run   *run // nil for a delta
	age   int
}

// pieces are the deltas and runs of a partition, from the oldest on.
func (p *partition) pieces() []piece {
	out := make([]piece, 0, len(p.runs)+len(p.deltas))
	for _, r := range p.runs {
		out = append(out, piece{extent: r.extent, part: p, delta: -1, run: r, age: len(out)})
	}
	for i := range p.deltas {
		out = append(out, piece{extent: p.extents[i], part: p, delta: i, age: len(out)})
	}
	return out
}

func (r *reading) cursorOf(p *piece, prune bool) *cursor {
	var c *cursor
	if p.run != nil {
		c = r.runCursor(p.age, p.part.prefix, p.run, prune)
	} else {
		c = r.sourcesCursor(p.age, []*source{p.part.deltas[p.delta].retain()}, []extent{p.extent})
	}
	c.setBound(&p.extent)
	c.deleted = p.deleting()
	return c
}

// clusters divides pieces into groups whose positions do not overlap, so that
// no row of one can be at a point of another; in order of position.
func clusters(pieces []piece) [][]piece {
	sorted := slices.Clone(pieces)
	slices.SortStableFunc(sorted, func(a, b piece) int {
		switch {
		case a.minPos < b.minPos:
			return -1
		case a.minPos > b.minPos:
			return 1
		}
		return 0
	})
	var out [][]piece
	end := int64(0)
	for i, p := range sorted {
		if i == 0 || p.minPos > end {
			out, end = append(out, nil), p.maxPos
		}
		end = max(end, p.maxPos)
		out[len(out)-1] = append(out[len(out)-1], p)
	}
	return out
}

// mustMerge reports whether the rows of a cluster depend on each other.
func mustMerge(cluster []piece, unique bool) bool {
	ops := false
	for i := range cluster {
		ops = ops || cluster[i].ops
	}
	return ops || unique && len(cluster) > 1
}
