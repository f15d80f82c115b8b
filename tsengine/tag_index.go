package tsengine

import (
	"context"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/types"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// tagIndex finds the series of a table by the values of their tags. It is made of the
// series' records and kept in memory:
//
//	tag    values, each once, numbered as they came
//	       of each series the number of its value
//	       of each value the series that have it
//
// A condition on one tag is evaluated for each value once, and for an equality the
// value is found in a hash table; the series of the values that meet it are a roaring
// bitmap (postings), and several conditions meet in what those have in common. A
// condition on several tags is evaluated for the series that the others have left.
type tagIndex struct {
	ids   []uint64 // ascending
	tags  []tagValues
	bytes int64
}

// tagValues are the values of a tag and who has them.
type tagValues struct {
	keys   tagValueSet // as appendTag writes them
	values arrow.Array // the same
	codes  []uint32    // of each series, its value
	series postings    // of each value
}

const (
	// maxIndexedTags is what an index may take, if the cache is large enough; the series
	// of larger ones are not found by tags.
	maxIndexedTags = 128 << 20
	// fewMatched is for how many rows at once a condition on several tags is evaluated.
	fewMatched = 4096
)

// TagCondition is a condition on tags.
type TagCondition struct {
	// Tags are the ones that it is about, by their places in Layout.Tags.
	Tags []int
	// Equal, if not nil, is the value that the only tag must have: equal values have
	// equal bytes.
	Equal *types.Datum
	// In, if not nil, are the values of which the only tag must have one; Select is nil.
	In []types.Datum
	// Select appends to sel which of n rows meet the condition; values are by place.
	Select func(values []arrow.Array, n int, sel []int32) ([]int32, error)
}

// MatchSeries finds the series that meet all conditions, ascending. ok is false if
// they cannot be found by their tags at present: the table is being given new series
// too often, has too many of them, or the reader has written some itself.
func (l *Layout) MatchSeries(ctx context.Context, r kv.Reader, c *block.Cache, conds []TagCondition) (series []uint64, all, ok bool, err error) {
	x, ok, err := l.tagIndexes(ctx, r, c)
	if err != nil || !ok || len(x) == 0 {
		return nil, false, false, err
	}
	return x.match(conds)
}

// match finds the series that meet all conditions.
func (x *tagIndex) match(conds []TagCondition) ([]uint64, error) {
	left, err := x.byValues(conds)
	if err != nil {
		return nil, err
	}
	places := x.places(left)
	for i := range conds {
		if len(conds[i].Tags) == 1 {
			continue
		}
		if places, err = x.filter(&conds[i], places); err != nil {
			return nil, err
		}
	}
	out := make([]uint64, 0, len(places))
	for _, p := range places {
		if id := x.ids[p]; len(out) == 0 || out[len(out)-1] != id {
			out = append(out, id)
		}
	}
	return out, nil
}

// byValues are the series that meet the conditions on one tag; nil stands for all.
func (x *tagIndex) byValues(conds []TagCondition) (left *roaring.Bitmap, err error) {
	for i := range conds {
		if len(conds[i].Tags) != 1 {
			continue
		}
		found, err := x.tags[conds[i].Tags[0]].match(&conds[i], len(x.tags))
		if err != nil {
			return nil, err
		}
		if left == nil {
			left = found
		} else {
			left = roaring.And(left, found) // found may be shared
		}
	}
	return left, nil
}

// places lists those of a bitmap, all if it is nil.
func (x *tagIndex) places(b *roaring.Bitmap) []uint32 {
	if b != nil {
		return b.ToArray()
	}
	out := make([]uint32, len(x.ids))
	for i := range out {
		out[i] = uint32(i)
	}
	return out
}

// match are the series whose value of the tag meets a condition; it is not to be changed.
func (t *tagValues) match(c *TagCondition, tags int) (*roaring.Bitmap, error) {
	if c.Equal != nil {
		return t.series.ofAny(t.find(c.Equal, nil)), nil
	}
	if c.In != nil {
		var found []int32
		for i := range c.In {
			found = t.find(&c.In[i], found)
		}
		slices.Sort(found)
		return t.series.ofAny(slices.Compact(found)), nil
	}
	values := make([]arrow.Array, tags)
	values[c.Tags[0]] = t.values
	sel, err := c.Select(values, t.keys.len(), nil)
	if err != nil {
		return nil, err
	}
	return t.series.ofAny(sel), nil
}

// find appends the place of a value, if it is there.
func (t *tagValues) find(d *types.Datum, found []int32) []int32 {
	if i, ok := t.keys.find(appendTag(nil, d)); ok {
		found = append(found, int32(i))
	}
	return found
}

// filter leaves those series that meet a condition on several tags, or on none.
func (x *tagIndex) filter(c *TagCondition, places []uint32) (out []uint32, err error) {
	values := make([]arrow.Array, len(x.tags))
	var sel []int32
	for len(places) > 0 {
		some := places[:min(len(places), fewMatched)]
		places = places[len(some):]
		for _, tag := range c.Tags {
			if values[tag], err = x.tags[tag].take(some); err != nil {
				break
			}
		}
		if err == nil {
			sel, err = c.Select(values, len(some), sel[:0])
		}
		for i, a := range values {
			if a != nil {
				a.Release()
				values[i] = nil
			}
		}
		if err != nil {
			return nil, err
		}
		for _, i := range sel {
			out = append(out, some[i])
		}
	}
	return out, nil
}

// take makes the array of the tag's values of series.
func (t *tagValues) take(places []uint32) (arrow.Array, error) {
	b := array.NewBuilder(memory.NewGoAllocator(), t.values.DataType())
	defer b.Release()
	b.Reserve(len(places))
	for _, p := range places {
		types.AppendDatum(b, types.DatumAt(t.values, int(t.codes[p])))
	}
	return b.NewArray(), nil
}

// tagIndexer makes an index of the series' records.
type tagIndexer struct {
	layout *Layout
	index  *tagIndex
	last   []byte // the record added last, for who joins indexes
}

// newTagIndexer begins without a record.
func newTagIndexer(l *Layout) *tagIndexer {
	return &tagIndexer{layout: l, index: &tagIndex{tags: make([]tagValues, len(l.Tags))}}
}

// readTagIndex makes the index of a table; nil if it becomes larger than limit.
func (l *Layout) readTagIndex(ctx context.Context, r kv.Reader, limit int64) (*tagIndex, error) {
	b := newTagIndexer(l)
	large := false
	err := l.eachRecord(ctx, r, func(id uint64, record []byte) (bool, error) {
		err := b.add(id, record)
		large = b.index.bytes > limit
		return !large, err
	})
	if err != nil || large {
		return nil, err
	}
	b.finish()
	return b.index, nil
}

// entryBytes is about what a value takes besides its bytes, which are there twice, in the
// table of values and as an array, while an index is made.
const entryBytes = 24

// listedBytes is what a series takes in the postings of a tag, until those are made.
const listedBytes = 4

func (b *tagIndexer) add(id uint64, record []byte) error {
	b.index.ids = append(b.index.ids, id)
	b.index.bytes += int64(8 + (4+listedBytes)*len(b.index.tags))
	for i := range b.index.tags {
		n, ok := tagSize(record)
		if !ok {
			return b.layout.corruptRecord()
		}
		t := &b.index.tags[i]
		code, added := t.keys.number(record[:n])
		if added {
			b.index.bytes += int64(entryBytes + 2*n)
		}
		t.codes = append(t.codes, code)
		record = record[n:]
	}
	return nil
}

// finish lists the series of each value, and counts what the index takes.
func (b *tagIndexer) finish() {
	b.index.bytes = int64(8 * cap(b.index.ids))
	for i := range b.index.tags {
		t := &b.index.tags[i]
		t.keys.trim()
		t.series = newPostings(t.codes, t.keys.len())
		b.values(t, b.layout.Tags[i])
		b.index.bytes += t.keys.bytes() + t.series.bytes() + int64(4*cap(t.codes))
		for _, buf := range t.values.Data().Buffers() {
			if buf != nil {
				b.index.bytes += int64(buf.Cap())
			}
		}
	}
}

// values makes the array of a tag's values.
func (b *tagIndexer) values(t *tagValues, ordinal int) {
	c := b.layout.Table.Columns[ordinal]
	out := array.NewBuilder(memory.NewGoAllocator(), types.ArrowType(c.Type))
	defer out.Release()
	out.Reserve(t.keys.len())
	for n := range t.keys.len() {
		types.AppendDatum(out, tagDatum(t.keys.value(uint32(n)), c.Type.Phys()))
	}
	t.values = out.NewArray()
}
