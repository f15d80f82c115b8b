package tsengine

import (
	"bytes"
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/types"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// Comparison compares points in a snapshot with what is committed now. The
// caller has locked the points: what it is told stays true until it commits.
// Rows of its own transaction are in neither state and count as unchanged.
//
//  1. Partitions whose deltas and runs have the same keys did not change.
//  2. In the others the rows are read in both states and compared: packing may
//     have moved them.
type Comparison struct {
	alloc       memory.Allocator
	layout      *Layout
	cache       *block.Cache
	same        bool // nothing was committed in between
	old, latest kv.Reader
}

// NewComparison compares the state at a snapshot with the present one.
func NewComparison(ctx context.Context, alloc memory.Allocator, store kv.Store, cache *block.Cache, l *Layout, at kv.Timestamp) (*Comparison, error) {
	now, err := store.Now(ctx)
	if err != nil {
		return nil, err
	}
	c := &Comparison{alloc: alloc, layout: l, cache: cache, same: now == at}
	if c.same {
		return c, nil
	}
	if c.old, err = store.Snapshot(ctx, at); err != nil {
		return nil, err
	}
	if c.latest, err = store.Snapshot(ctx, now); err != nil {
		c.old.Close()
		return nil, err
	}
	return c, nil
}

// Close gives the snapshots back.
func (c *Comparison) Close() {
	if !c.same {
		c.old.Close()
		c.latest.Close()
	}
}

// Rows reports whether one of the given rows of an array of handles was removed
// or has another version.
func (c *Comparison) Rows(ctx context.Context, handles arrow.Array, rows []int) (bool, error) {
	if c.same {
		return false, nil
	}
	places := make([]Place, len(rows))
	subs := make(map[Place][]uint64, len(rows))
	for i, r := range rows {
		p, err := readHandle(types.DatumAt(handles, r).Bytes())
		if err != nil {
			return false, err
		}
		places[i] = Place{p.series, p.time}
		subs[places[i]] = append(subs[places[i]], p.sub)
	}
	return c.compare(ctx, places, func(at Place, before, after []storedRow) bool {
		for _, sub := range subs[at] {
			if was, ok := rowWith(before, sub); ok {
				if is, ok := rowWith(after, sub); !ok || !bytes.Equal(was, is) {
					return true
				}
			}
		}
		return false
	})
}

// Places reports whether the rows at one of the places, of unique points, are others now.
func (c *Comparison) Places(ctx context.Context, places []Place) (bool, error) {
	if c.same {
		return false, nil
	}
	return c.compare(ctx, places, func(_ Place, before, after []storedRow) bool {
		return len(before) != len(after) || len(before) > 0 && !bytes.Equal(before[0].values, after[0].values)
	})
}

// Latest finds the rows at places in the present state.
func (c *Comparison) Latest(ctx context.Context, places []Place) (map[Place]Row, error) {
	if c.same {
		return nil, nil
	}
	return c.layout.Lookup(ctx, c.alloc, c.latest, c.cache, places, false)
}

func (c *Comparison) compare(ctx context.Context, places []Place, differ func(at Place, before, after []storedRow) bool) (bool, error) {
	for prefix, list := range c.layout.byPartition(places) {
		same, err := block.SameContents(ctx, c.cache, c.old, c.latest, kv.Key(prefix))
		if err != nil {
			return false, err
		}
		if same {
			continue
		}
		before, err := c.read(ctx, c.old, kv.Key(prefix), list)
		if err != nil {
			return false, err
		}
		after, err := c.read(ctx, c.latest, kv.Key(prefix), list)
		if err != nil {
			return false, err
		}
		for _, at := range list {
			if differ(at, before[at], after[at]) {
				return true, nil
			}
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

// read reads the rows at places of a partition.
func (c *Comparison) read(ctx context.Context, r kv.Reader, prefix kv.Key, places []Place) (map[Place][]storedRow, error) {
	out := make(map[Place][]storedRow, len(places))
	err := c.layout.rowsAt(ctx, c.alloc, r, c.cache, prefix, places, func(s *Scanner, rows []point) error {
		values := make([][]byte, len(rows))
		for k := range c.layout.columns {
			a, err := s.Scanner.Column(ctx, &c.layout.columns[k])
			if err != nil {
				return err
			}
			for i := range values {
				d := types.DatumAt(a, i)
				values[i] = appendTag(values[i], &d)
			}
			a.Release()
		}
		for i, p := range rows {
			at := Place{p.series, p.time}
			out[at] = append(out[at], storedRow{p.sub, values[i]})
		}
		return nil
	})
	return out, err
}
