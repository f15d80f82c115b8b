package executor

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// noKey is the id of a row whose key is not in a table (or is NULL where NULLs
// are not equal).
const noKey = ^uint32(0)

// keyTable numbers distinct keys of one or more columns 0, 1, 2, ... in the
// order in which they are seen: the hash table of joins, aggregates, DISTINCT
// and set operations.
type keyTable struct {
	nullEqual []bool // parallel to the columns; nil: NULLs are never equal
	ints      *intTable
	strings   *bytesTable
	encoder   *keyEncoder // nil if a single integer or string column is the key itself
	oneString bool
	nullID    uint32 // id of the NULL key (single column)
	count     uint32
}

// newKeyTable makes a table for keys of the given types.
func newKeyTable(ts []types.Type, nullEqual []bool) *keyTable {
	t := &keyTable{nullEqual: nullEqual, nullID: noKey}
	if len(ts) == 1 && !needsIntern(ts[0]) {
		switch ts[0].Phys() {
		case types.PhysBool, types.PhysInt16, types.PhysInt32, types.PhysInt64, types.PhysUint32:
			t.ints = newIntTable()
			return t
		case types.PhysString, types.PhysBinary:
			t.strings, t.oneString = newBytesTable(), true
			return t
		}
	}
	t.strings = newBytesTable()
	t.encoder = newKeyEncoder(ts)
	return t
}

// allEqual says that NULLs are equal in n columns (grouping).
func allEqual(n int) []bool {
	out := make([]bool, n)
	for i := range out {
		out[i] = true
	}
	return out
}

// len is the number of keys.
func (t *keyTable) len() int { return int(t.count) }

// bytes is the memory held.
func (t *keyTable) bytes() int64 {
	var n int64
	if t.ints != nil {
		n += int64(len(t.ints.slots)) * 16
	}
	if t.strings != nil {
		n += t.strings.bytes()
	}
	if t.encoder != nil {
		n += t.encoder.bytes()
	}
	return n
}

// insert writes the ids of n rows' keys to out, adding new keys.
func (t *keyTable) insert(cols []arrow.Array, n int, out []uint32) []uint32 {
	return t.find(cols, n, out, true)
}

// lookup is insert that adds nothing: unknown keys are noKey.
func (t *keyTable) lookup(cols []arrow.Array, n int, out []uint32) []uint32 {
	return t.find(cols, n, out, false)
}

func (t *keyTable) find(cols []arrow.Array, n int, out []uint32, add bool) []uint32 {
	if cap(out) < n {
		out = make([]uint32, n)
	}
	out = out[:n]
	switch {
	case t.ints != nil:
		t.findInts(cols[0], out, add)
	case t.oneString:
		offsets, data := byteValues(cols[0])
		hasNulls := cols[0].NullN() > 0
		for i := range out {
			if hasNulls && cols[0].IsNull(i) {
				out[i] = t.findNull(add)
				continue
			}
			out[i] = t.strings.find(data[offsets[i]:offsets[i+1]], &t.count, add)
		}
	default:
		rows, null := t.encoder.encode(cols, n, t.nullEqual, add)
		for i := range out {
			if null[i] {
				out[i] = noKey
				continue
			}
			out[i] = t.strings.find(rows[i], &t.count, add)
		}
	}
	return out
}

func (t *keyTable) findNull(add bool) uint32 {
	if t.nullEqual == nil || !t.nullEqual[0] {
		return noKey
	}
	if t.nullID == noKey && add {
		t.nullID = t.count
		t.count++
	}
	return t.nullID
}

func (t *keyTable) findInts(c arrow.Array, out []uint32, add bool) {
	switch c := c.(type) {
	case *array.Int16:
		findInts(t, c, c.Int16Values(), out, add)
	case *array.Int32:
		findInts(t, c, c.Int32Values(), out, add)
	case *array.Int64:
		findInts(t, c, c.Int64Values(), out, add)
	case *array.Uint32:
		findInts(t, c, c.Uint32Values(), out, add)
	case *array.Boolean:
		v := make([]uint32, c.Len())
		for i := range v {
			if c.Value(i) {
				v[i] = 1
			}
		}
		findInts(t, c, v, out, add)
	default: // all NULL
		for i := range out {
			out[i] = t.findNull(add)
		}
	}
}

func findInts[T int16 | int32 | int64 | uint32](t *keyTable, c arrow.Array, values []T, out []uint32, add bool) {
	if c.NullN() == 0 {
		for i, v := range values {
			out[i] = t.ints.find(int64(v), &t.count, add)
		}
		return
	}
	for i, v := range values {
		if c.IsNull(i) {
			out[i] = t.findNull(add)
			continue
		}
		out[i] = t.ints.find(int64(v), &t.count, add)
	}
}

// intTable is an open-addressing table of integers.
type intTable struct {
	slots []intSlot // a power of two
	used  int
}

type intSlot struct {
	key int64
	id  uint32 // id + 1; 0 is a free slot
}

func newIntTable() *intTable { return &intTable{slots: make([]intSlot, 64)} }

func (t *intTable) find(key int64, next *uint32, add bool) uint32 {
	mask := uint64(len(t.slots) - 1)
	for i := types.HashInt(key, 0) & mask; ; i = (i + 1) & mask {
		s := &t.slots[i]
		if s.id == 0 {
			if !add {
				return noKey
			}
			s.key, s.id = key, *next+1
			*next++
			t.used++
			if t.used*2 > len(t.slots) {
				t.resize()
			}
			return *next - 1
		}
		if s.key == key {
			return s.id - 1
		}
	}
}

func (t *intTable) resize() {
	old := t.slots
	t.slots = make([]intSlot, 2*len(old))
	mask := uint64(len(t.slots) - 1)
	for _, s := range old {
		if s.id == 0 {
			continue
		}
		i := types.HashInt(s.key, 0) & mask
		for t.slots[i].id != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = s
	}
}

// bytesTable is an open-addressing table of byte strings, which it copies.
type bytesTable struct {
	slots []bytesSlot // a power of two
	used  int
	arena []byte
}

type bytesSlot struct {
	hash   uint64
	offset uint64 // of the key in arena
	length uint32
	id     uint32 // id + 1; 0 is a free slot
}

func newBytesTable() *bytesTable { return &bytesTable{slots: make([]bytesSlot, 64)} }

func (t *bytesTable) bytes() int64 { return int64(len(t.slots))*24 + int64(cap(t.arena)) }

func (t *bytesTable) find(key []byte, next *uint32, add bool) uint32 {
	mask := uint64(len(t.slots) - 1)
	h := types.HashString(viewString(key), 0)
	for i := h & mask; ; i = (i + 1) & mask {
		s := &t.slots[i]
		if s.id == 0 {
			if !add {
				return noKey
			}
			*s = bytesSlot{hash: h, offset: uint64(len(t.arena)), length: uint32(len(key)), id: *next + 1}
			t.arena = append(t.arena, key...)
			*next++
			t.used++
			if t.used*2 > len(t.slots) {
				t.resize()
			}
			return *next - 1
		}
		if s.hash == h && string(t.arena[s.offset:s.offset+uint64(s.length)]) == string(key) {
			return s.id - 1
		}
	}
}

func (t *bytesTable) resize() {
	old := t.slots
	t.slots = make([]bytesSlot, 2*len(old))
	mask := uint64(len(t.slots) - 1)
	for _, s := range old {
		if s.id == 0 {
			continue
		}
		i := s.hash & mask
		for t.slots[i].id != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = s
	}
}
