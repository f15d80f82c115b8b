package rowstore

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/rowstore/keycodec"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Range bounds a scan of an index or primary key: Equal fixes the first key
// columns, Lower and Upper bound the column after them in the order of values,
// whatever the column's direction. Datums have the key columns' types.
type Range struct {
	Equal []types.Datum
	// IsNull, parallel to Equal if not nil, looks for NULL in that column; its
	// datum is ignored.
	IsNull       []bool
	Lower, Upper *Bound
	// NotNull leaves out NULLs of the column after Equal.
	NotNull bool
}

// Bound is one end of a range. A bound above a NULL Value makes the range empty.
type Bound struct {
	Value     types.Datum
	Inclusive bool
}

// emptySpan contains no key.
func emptySpan(start []byte) kv.Span {
	return kv.Span{Start: start, End: start}
}

// EncodeRange turns a range of an index (nil: the clustered primary key) into
// a span. A range that a NULL makes empty gives a span with End == Start.
func EncodeRange(t *catalog.Table, ix *catalog.Index, r Range) (kv.Span, error) {
	return NewLayout(t).EncodeRange(ix, r)
}

// EncodeRange is the function of the same name for a prepared table.
func (l *Layout) EncodeRange(ix *catalog.Index, r Range) (kv.Span, error) {
	prefix, columns := l.rowPrefix, l.pk
	if ix != nil {
		if x := l.index(ix); x != nil {
			prefix, columns = x.prefix, x.columns
		}
	}
	if l.handle == handleInt && len(prefix) == keycodec.PrefixLen {
		return l.intRange(r)
	}
	start := append(make([]byte, 0, 64), prefix...)
	var err error
	for i, d := range r.Equal {
		if r.IsNull != nil && r.IsNull[i] {
			d = types.Datum{}
		} else if d.IsNull() {
			return emptySpan(start), nil
		}
		if start, err = columns[i].Append(start, d); err != nil {
			return kv.Span{}, err
		}
	}
	if r.Lower == nil && r.Upper == nil && !r.NotNull || len(r.Equal) == len(columns) {
		return prefixSpan(start), nil
	}
	return boundSpan(&columns[len(r.Equal)], start, r)
}

func boundSpan(k *keyColumn, prefix []byte, r Range) (kv.Span, error) {
	first, end := k.AppendNotNull(prefix)
	span := kv.Span{Start: first, End: end}
	low, high := r.Lower, r.Upper
	if k.Desc() {
		low, high = high, low
	}
	if low != nil {
		key, empty, err := boundKey(k, prefix, low)
		if err != nil || empty {
			return emptySpan(prefix), err
		}
		if span.Start = key; !low.Inclusive {
			span.Start = keycodec.PrefixEnd(key)
		}
	}
	if high != nil {
		key, empty, err := boundKey(k, prefix, high)
		if err != nil || empty {
			return emptySpan(prefix), err
		}
		if span.End = key; high.Inclusive {
			span.End = keycodec.PrefixEnd(key)
		}
	}
	return orderedSpan(span), nil
}

func boundKey(k *keyColumn, prefix []byte, b *Bound) (key []byte, empty bool, err error) {
	if b.Value.IsNull() {
		return nil, true, nil
	}
	key, err = k.Append(append([]byte(nil), prefix...), b.Value)
	return key, false, err
}

// orderedSpan makes a span whose bounds crossed an empty one.
func orderedSpan(s kv.Span) kv.Span {
	if string(s.Start) > string(s.End) {
		return emptySpan(s.Start)
	}
	return s
}

// intRange is EncodeRange for an integer handle, which has no flag in front.
func (l *Layout) intRange(r Range) (kv.Span, error) {
	if len(r.Equal) > 0 {
		start := append([]byte(nil), l.rowPrefix...)
		if r.Equal[0].IsNull() || r.IsNull != nil && r.IsNull[0] {
			return emptySpan(start), nil
		}
		return prefixSpan(keycodec.AppendInt(start, r.Equal[0].I)), nil
	}
	span := prefixSpan(l.rowPrefix)
	if b := r.Lower; b != nil {
		if b.Value.IsNull() {
			return emptySpan(span.Start), nil
		}
		key := keycodec.AppendInt(append([]byte(nil), l.rowPrefix...), b.Value.I)
		if span.Start = key; !b.Inclusive {
			span.Start = keycodec.PrefixEnd(key)
		}
	}
	if b := r.Upper; b != nil {
		if b.Value.IsNull() {
			return emptySpan(span.Start), nil
		}
		key := keycodec.AppendInt(append([]byte(nil), l.rowPrefix...), b.Value.I)
		if span.End = key; b.Inclusive {
			span.End = keycodec.PrefixEnd(key)
		}
	}
	return orderedSpan(span), nil
}
