package tsengine

import (
	"context"
	"errors"
	"io"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/types"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// Place is where a point is.
type Place struct {
	Series uint64
	Time   int64
}

// LockKey is the key that is locked for a point.
func (l *Layout) LockKey(p Place) kv.Key {
	return LockKey(l.Table.Storage, point{series: p.Series, time: p.Time}.append(nil))
}

// Row is a row as Lookup finds it.
type Row struct {
	Handle []byte
	Values []types.Datum // by ordinal; nil if they were not asked for
}

// Lookup finds the rows at places.
func (l *Layout) Lookup(ctx context.Context, alloc memory.Allocator, r kv.Reader, c *block.Cache, places []Place, values bool) (map[Place]Row, error) {
	out := map[Place]Row{}
	for prefix, list := range l.byPartition(places) {
		err := l.rowsAt(ctx, alloc, r, c, kv.Key(prefix), list, func(s *Scanner, rows []point) error {
			return l.lookedUp(ctx, s, rows, values, out)
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (l *Layout) lookedUp(ctx context.Context, s *Scanner, rows []point, values bool, out map[Place]Row) error {
	found := make([]Row, len(rows))
	for i, p := range rows {
		found[i].Handle = p.append(nil)
		if values {
			found[i].Values = make([]types.Datum, len(l.Table.Columns))
		}
	}
	for o := range l.Table.Columns {
		if !values || l.Table.Columns[o].Dropped {
			continue
		}
		a, err := s.Column(ctx, o)
		if err != nil {
			return err
		}
		for i := range found {
			found[i].Values[o] = types.DatumAt(a, i).Clone()
		}
		a.Release()
	}
	for i, p := range rows {
		out[Place{p.series, p.time}] = found[i]
	}
	return nil
}

// byPartition sorts places by the prefix of their partition.
func (l *Layout) byPartition(places []Place) map[string][]Place {
	out := map[string][]Place{}
	last, lastPrefix := Place{}, ""
	for i, p := range places {
		if i == 0 || l.bucket(p.Series) != l.bucket(last.Series) || l.slice(p.Time) != l.slice(last.Time) {
			lastPrefix = string(l.prefix(l.bucket(p.Series), l.slice(p.Time)))
		}
		last = p
		out[lastPrefix] = append(out[lastPrefix], p)
	}
	return out
}

// rowsAt calls fn for the rows at places of a partition, batch by batch: they
// are the scanner's present rows.
func (l *Layout) rowsAt(ctx context.Context, alloc memory.Allocator, r kv.Reader, c *block.Cache, prefix kv.Key, places []Place, fn func(s *Scanner, rows []point) error) error {
	spec := ScanSpec{Layout: l, Partitions: []Partition{{Prefix: prefix}}, BatchRows: 4096, Lower: math.MaxInt64, Upper: math.MinInt64, Cache: c}
	wanted := make(map[Place]struct{}, len(places))
	for _, p := range places {
		wanted[p] = struct{}{}
		spec.Series = append(spec.Series, p.Series)
		spec.Lower, spec.Upper = min(spec.Lower, p.Time), max(spec.Upper, p.Time)
	}
	slices.Sort(spec.Series)
	spec.Series = slices.Compact(spec.Series)
	s := NewScanner(alloc, r, spec, nil)
	defer s.Close()
	for {
		_, err := s.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var sel []int32
		var rows []point
		s.Each(func(i int, group uint64, position int64, sub uint64) {
			if _, ok := wanted[Place{group, position}]; ok {
				sel, rows = append(sel, int32(i)), append(rows, point{group, position, sub})
			}
		})
		if len(sel) == 0 {
			continue
		}
		s.Select(sel)
		if err := fn(s, rows); err != nil {
			return err
		}
	}
}
