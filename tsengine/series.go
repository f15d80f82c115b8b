package tsengine

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"sync"

	"github.com/zeebo/xxh3"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// maxTagBytes bounds the tags of a series, as they are a value of the store.
const maxTagBytes = 1 << 20

// appendTag appends the value of a tag to a series' key.
func appendTag(dst []byte, d *types.Datum) []byte {
	switch d.P {
	case types.PhysNull:
		return append(dst, 0)
	case types.PhysString, types.PhysBinary:
		dst = binary.AppendUvarint(append(dst, 1), uint64(len(d.S)))
		return append(dst, d.S...)
	}
	return binary.LittleEndian.AppendUint64(append(dst, 2), uint64(d.I))
}

// seriesHash is where the search for a series' id begins. The last id is never
// given, so that a bucket's series end before the next key.
func seriesHash(tags []byte) uint64 { return xxh3.Hash(tags) }

// nullTag is the bit of a series' id that says that a tag is NULL, in tables that
// mark them (catalog.TimeSeries.MarksNulls).
const nullTag = 1

// firstID is where the search for a series' id begins, and step leads to the next
// one that it could have.
func (l *Layout) firstID(tags []byte) (id, step uint64) {
	id = seriesHash(tags)
	if !l.Table.TimeSeries.MarksNulls {
		return id, 1
	}
	id &^= nullTag
	if hasNullTag(tags) {
		id |= nullTag
	}
	return id, nullTag + 1
}

// hasNullTag reports whether one of the tags of a series' key is NULL.
func hasNullTag(tags []byte) bool {
	for len(tags) > 0 {
		if tags[0] == 0 {
			return true
		}
		n, _ := tagSize(tags)
		tags = tags[n:]
	}
	return false
}

// recordKey is the key of a series record. check makes it another key for
// other tags, should two series ever be given one id at the same time.
func (l *Layout) recordKey(series uint64, tags []byte) kv.Key {
	k := append(l.recordPrefix(), make([]byte, 0, 16)...)
	k = binary.BigEndian.AppendUint64(k, series)
	return binary.BigEndian.AppendUint64(k, xxh3.HashSeed(tags, 1))
}

func (l *Layout) recordPrefix() kv.Key {
	return append(binary.BigEndian.AppendUint16(tablePrefix(l.Table.Storage), metaBucket), metaRecord)
}

func (l *Layout) recordSpan() kv.Span {
	start := l.recordPrefix()
	end := append(kv.Key(nil), start...)
	end[len(end)-1]++
	return kv.Span{Start: start, End: end}
}

// known remembers series whose records are committed. It belongs to a process,
// which may have several stores: layouts tell them apart, as a descriptor comes
// from one store. It starts anew when it is full.
var known = seriesCache{max: 1 << 20}

type seriesKey struct {
	layout *Layout
	tags   string
}

type seriesCache struct {
	sync.RWMutex
	max int
	ids map[seriesKey]uint64
}

func (c *seriesCache) get(l *Layout, tags []byte) (uint64, bool) {
	c.RLock()
	id, ok := c.ids[seriesKey{l, string(tags)}]
	c.RUnlock()
	return id, ok
}

func (c *seriesCache) put(l *Layout, tags string, id uint64) {
	if len(tags) > 256 {
		return
	}
	c.Lock()
	defer c.Unlock()
	if c.ids == nil || len(c.ids) >= c.max {
		c.ids = map[seriesKey]uint64{}
	}
	c.ids[seriesKey{l, tags}] = id
}

// findSeries looks a series up by its encoded tags: its id, or the one that it
// would get and found false.
func (l *Layout) findSeries(ctx context.Context, r kv.Reader, tags []byte) (id uint64, found bool, err error) {
	if len(l.Tags) == 0 {
		return 0, true, nil
	}
	id, step := l.firstID(tags)
	for ; ; id += step {
		span := l.recordSpan()
		span.Start = binary.BigEndian.AppendUint64(span.Start, id)
		if id+1 != 0 {
			span.End = binary.BigEndian.AppendUint64(l.recordPrefix(), id+1)
		}
		it, err := r.Scan(ctx, span, kv.ScanOptions{BatchSize: 4})
		if err != nil {
			return 0, false, err
		}
		taken := false
		for {
			pairs, err := it.NextBatch(ctx)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				it.Close()
				return 0, false, err
			}
			for _, p := range pairs {
				if string(p.Value) == string(tags) {
					it.Close()
					return id, true, nil
				}
				taken = true
			}
		}
		it.Close()
		if !taken {
			return id, false, nil
		}
	}
}

// Series looks up the series with the given values of Tags.
func (l *Layout) Series(ctx context.Context, r kv.Reader, tags []types.Datum) (id uint64, found bool, err error) {
	var key []byte
	for i := range tags {
		key = appendTag(key, &tags[i])
	}
	if id, ok := known.get(l, key); ok {
		return id, true, nil
	}
	id, found, err = l.findSeries(ctx, r, key)
	// What the transaction itself wrote may be rolled back.
	if own, ok := r.(kv.OwnWriter); ok && found && err == nil && !own.WroteIn(l.recordSpan()) {
		known.put(l, string(key), id)
	}
	return id, found, err
}

// seriesList are series, ascending.
type seriesList []uint64

// Bytes implements block.Sized.
func (l seriesList) Bytes() int64 { return int64(8 * len(l)) }

// AllSeries lists the series of the table, ascending. The cache (nil for none) may
// know them.
func (l *Layout) AllSeries(ctx context.Context, r kv.Reader, c *block.Cache) ([]uint64, error) {
	if len(l.Tags) == 0 {
		return []uint64{0}, nil
	}
	list, err := c.Derived(r, tablePrefix(l.Table.Storage), func() (block.Sized, error) { return l.readSeries(ctx, r) })
	if err != nil {
		return nil, err
	}
	return slices.Clone(list.(seriesList)), nil
}

func (l *Layout) readSeries(ctx context.Context, r kv.Reader) (seriesList, error) {
	it, err := r.Scan(ctx, l.recordSpan(), kv.ScanOptions{KeysOnly: true})
	if err != nil {
		return nil, err
	}
	defer it.Close()
	out := seriesList{}
	prefix := len(l.recordPrefix())
	for {
		pairs, err := it.NextBatch(ctx)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		for _, p := range pairs {
			if len(p.Key) < prefix+8 {
				return nil, pgerror.New(pgerror.DataCorrupted, "the record of a series of table %q is corrupted", l.Table.Name)
			}
			if id := binary.BigEndian.Uint64(p.Key[prefix:]); len(out) == 0 || out[len(out)-1] != id {
				out = append(out, id)
			}
		}
	}
}
