package tsengine

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// tagIndexes are the index of a table in parts, the largest first: an index never
// changes, and series that are new make another one. Parts are joined when the next
// larger one is not partGrowth times as large, so that there are few of them and each
// series is indexed a few times. A series may be in several parts. A table whose index
// is too large has none.
type tagIndexes []*tagIndex

// partGrowth is how many times as large a part is as the next one at least.
const partGrowth = 4

// tagIndexes finds or makes the index of the table. ok is false if it cannot be had at
// present (see MatchSeries); one that would be too large is empty.
func (l *Layout) tagIndexes(ctx context.Context, r kv.Reader, c *block.Cache) (x tagIndexes, ok bool, err error) {
	limit := min(maxIndexedTags, c.MaxDerived())
	v, ok, err := c.DerivedAtTimes(ctx, r, tablePrefix(l.Table.Storage), block.AtTimes{
		Read: func() (block.Sized, error) {
			x, err := l.readTagIndex(ctx, r, limit)
			if x == nil {
				return tagIndexes(nil), err
			}
			return tagIndexes{x}, err
		},
		Extend: func(before any, written []kv.Key) (block.Sized, error) {
			return l.extendTagIndexes(ctx, r, before.(tagIndexes), written, limit)
		},
	})
	if err != nil || !ok {
		return nil, false, err
	}
	return v.(tagIndexes), true, nil
}

// Bytes implements block.Sized.
func (x tagIndexes) Bytes() (n int64) {
	for _, part := range x {
		n += part.bytes
	}
	return n
}

// match finds the series that meet all conditions, ascending; all says that all do.
func (x tagIndexes) match(conds []TagCondition) (series []uint64, all, ok bool, err error) {
	known := 0
	for i, part := range x {
		found, err := part.match(conds)
		if err != nil {
			return nil, false, true, err
		}
		if known += len(part.ids); i == 0 {
			series = found
		} else {
			series = union(series, found)
		}
	}
	return series, len(series) == known, true, nil
}

// union joins two ascending lists of different series.
func union(a, b []uint64) []uint64 {
	if len(b) == 0 {
		return a
	}
	out := make([]uint64, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			out, a = append(out, a[0]), a[1:]
		case a[0] > b[0]:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, a[0]), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// extendTagIndexes adds the series whose records are among the keys; none is left if
// the index becomes larger than limit.
func (l *Layout) extendTagIndexes(ctx context.Context, r kv.Reader, x tagIndexes, written []kv.Key, limit int64) (tagIndexes, error) {
	if len(x) == 0 {
		return nil, nil
	}
	prefix := l.recordPrefix()
	keys := slices.DeleteFunc(written, func(k kv.Key) bool { return len(k) < len(prefix)+8 || string(k[:len(prefix)]) != string(prefix) })
	slices.SortFunc(keys, func(a, b kv.Key) int { return bytes.Compare(a, b) })
	added := newTagIndexer(l)
	for _, key := range keys {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		record, found, err := r.Get(ctx, key)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		if err := added.add(binary.BigEndian.Uint64(key[len(prefix):]), record); err != nil {
			return nil, err
		}
	}
	if len(added.index.ids) == 0 {
		return x, nil
	}
	added.finish()
	out := append(slices.Clone(x), added.index)
	for n := len(out); n > 1 && len(out[n-2].ids) < partGrowth*len(out[n-1].ids); n = len(out) {
		both, err := l.joinTagIndexes(out[n-2], out[n-1])
		if err != nil {
			return nil, err
		}
		out = append(out[:n-2], both)
	}
	if out.Bytes() > limit {
		return nil, nil
	}
	return out, nil
}

// joinTagIndexes makes one index of two.
func (l *Layout) joinTagIndexes(a, b *tagIndex) (*tagIndex, error) {
	out := newTagIndexer(l)
	var record []byte
	i, k := 0, 0
	for i < len(a.ids) || k < len(b.ids) {
		from, at := a, i
		if i == len(a.ids) || k < len(b.ids) && b.ids[k] < a.ids[i] {
			from, at = b, k
			k++
		} else {
			i++
		}
		record = from.record(record[:0], at)
		if n := len(out.index.ids); n > 0 && out.index.ids[n-1] == from.ids[at] && string(out.last) == string(record) {
			continue // both have it
		}
		if err := out.add(from.ids[at], record); err != nil {
			return nil, err
		}
		out.last = append(out.last[:0], record...)
	}
	out.finish()
	return out.index, nil
}

// record appends the record of the series at a place.
func (x *tagIndex) record(dst []byte, place int) []byte {
	for i := range x.tags {
		t := &x.tags[i]
		dst = append(dst, t.keys.value(t.codes[place])...)
	}
	return dst
}
