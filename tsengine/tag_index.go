package tsengine

import (
	"context"
	"math/bits"
	"slices"

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
//	tag    values, each once, in the order of their bytes
//	       of each series the number of its value
//	       of each value the series that have it
//
// A condition on one tag is evaluated for each value once, and for an equality the
// value is found by binary search; then the series of the values that meet it are
// marked in a bitmap. A condition on several tags is evaluated for the series that the
// others have left.
type tagIndex struct {
	ids   []uint64 // ascending
	tags  []tagValues
	bytes int64
}

// tagValues are the values of a tag and who has them.
type tagValues struct {
	keys   []string    // as appendTag writes them, ascending
	values arrow.Array // the same
	codes  []uint32    // of each series, its value
	starts []uint32    // of each value, where its series begin, and where the last ones end
	series []uint32    // places in ids, ascending by value
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
	var left bitmap // nil: all
	for i := range conds {
		if len(conds[i].Tags) != 1 {
			continue
		}
		found, err := x.tags[conds[i].Tags[0]].match(&conds[i], len(x.tags), len(x.ids))
		if err != nil {
			return nil, err
		}
		if left == nil {
			left = found
		} else {
			left.and(found)
		}
	}
	places := left.list(len(x.ids))
	for i := range conds {
		if len(conds[i].Tags) == 1 {
			continue
		}
		var err error
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

// match marks the series whose value of the tag meets a condition.
func (t *tagValues) match(c *TagCondition, tags, series int) (bitmap, error) {
	out := newBitmap(series)
	if c.Equal != nil {
		t.markValue(out, c.Equal)
		return out, nil
	}
	if c.In != nil {
		for i := range c.In {
			t.markValue(out, &c.In[i])
		}
		return out, nil
	}
	values := make([]arrow.Array, tags)
	values[c.Tags[0]] = t.values
	sel, err := c.Select(values, len(t.keys), nil)
	for _, i := range sel {
		t.mark(out, int(i))
	}
	return out, err
}

// markValue marks the series that have a value, if there are any.
func (t *tagValues) markValue(b bitmap, d *types.Datum) {
	if i, found := slices.BinarySearch(t.keys, string(appendTag(nil, d))); found {
		t.mark(b, i)
	}
}

// mark marks the series that have a value, by its place.
func (t *tagValues) mark(b bitmap, value int) {
	for _, s := range t.series[t.starts[value]:t.starts[value+1]] {
		b.set(s)
	}
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

// bitmap marks places.
type bitmap []uint64

func newBitmap(n int) bitmap { return make(bitmap, (n+63)/64) }

func (b bitmap) set(i uint32) { b[i/64] |= 1 << (i % 64) }

func (b bitmap) and(o bitmap) {
	for i := range b {
		b[i] &= o[i]
	}
}

// list is the marked ones of n places, all of them if the bitmap is nil.
func (b bitmap) list(n int) []uint32 {
	if b == nil {
		out := make([]uint32, n)
		for i := range out {
			out[i] = uint32(i)
		}
		return out
	}
	count := 0
	for _, w := range b {
		count += bits.OnesCount64(w)
	}
	out := make([]uint32, 0, count)
	for i, w := range b {
		for ; w != 0; w &= w - 1 {
			out = append(out, uint32(i*64+bits.TrailingZeros64(w)))
		}
	}
	return out
}

// tagIndexer makes an index of the series' records.
type tagIndexer struct {
	layout  *Layout
	index   *tagIndex
	numbers []tagValueSet
	last    []byte // the record added last, for who joins indexes
}

// newTagIndexer begins without a record.
func newTagIndexer(l *Layout) *tagIndexer {
	return &tagIndexer{layout: l, index: &tagIndex{tags: make([]tagValues, len(l.Tags))}, numbers: make([]tagValueSet, len(l.Tags))}
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

// entryBytes is about what a value takes besides its bytes, which are there twice, while
// values are numbered and as an array.
const entryBytes = 48

func (b *tagIndexer) add(id uint64, record []byte) error {
	b.index.ids = append(b.index.ids, id)
	b.index.bytes += int64(8 + 8*len(b.numbers))
	for i := range b.numbers {
		n, ok := tagSize(record)
		if !ok {
			return b.layout.corruptRecord()
		}
		t := &b.index.tags[i]
		code, added := b.numbers[i].number(record[:n])
		if added {
			b.index.bytes += int64(entryBytes + 2*n)
		}
		t.codes = append(t.codes, code)
		record = record[n:]
	}
	return nil
}

// finish sorts the values and lists the series of each.
func (b *tagIndexer) finish() {
	for i := range b.index.tags {
		t := &b.index.tags[i]
		keys, place := b.numbers[i].sorted()
		b.numbers[i] = tagValueSet{}
		t.keys = keys
		t.starts = make([]uint32, len(keys)+1)
		for k, code := range t.codes {
			t.codes[k] = place[code]
			t.starts[place[code]+1]++
		}
		for k := range keys {
			t.starts[k+1] += t.starts[k]
		}
		next := slices.Clone(t.starts)
		t.series = make([]uint32, len(t.codes))
		for k, code := range t.codes {
			t.series[next[code]] = uint32(k)
			next[code]++
		}
		b.values(t, b.layout.Tags[i])
	}
}

// values makes the array of a tag's values.
func (b *tagIndexer) values(t *tagValues, ordinal int) {
	c := b.layout.Table.Columns[ordinal]
	out := array.NewBuilder(memory.NewGoAllocator(), types.ArrowType(c.Type))
	defer out.Release()
	for _, key := range t.keys {
		types.AppendDatum(out, tagDatum([]byte(key), c.Type.Phys()))
	}
	t.values = out.NewArray()
}
