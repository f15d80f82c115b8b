package executor

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// noKey is the id of a row whose key is not in a table (or is NULL where NULLs
// are not equal).
const noKey = ^uint32(0)

// keyTable numbers distinct keys of one or more columns 0, 1, 2, ... in the
// order in which they are seen: the hash table of joins, aggregates, DISTINCT
// and set operations. Equality is types.Compare's.
//
// Three forms, each an open-addressing table that is probed a batch at a time:
//
//	ints     one column of fixed width: the value itself
//	packed   several columns of fixed width, 16 bytes together: two words
//	strings  everything else: the bytes of a single column, or of encoded rows
type keyTable struct {
	nullEqual []bool // parallel to the columns; nil: NULLs are never equal
	ints      *intTable
	packed    *packedTable
	strings   *bytesTable
	encoder   *keyEncoder // nil if a single string column is the key itself
	words     []int64     // scratch of ints
	codes     keyCodes    // of coded columns
	mixed     mixedKeys   // of coded columns and others
	nullID    uint32      // id of the NULL key (single column)
	count     uint32
}

// newKeyTable makes a table for keys of the given types. Columns that are
// looked up may have other widths in a single column only: see joinKeyTypes.
func newKeyTable(ts []types.Type, nullEqual []bool) *keyTable {
	t := &keyTable{nullEqual: nullEqual, nullID: noKey}
	switch {
	case len(ts) == 1 && keyWidth(ts[0]) > 0:
		t.ints = newIntTable()
	case len(ts) == 1 && !needsEncoding(ts[0]):
		t.strings = newBytesTable()
	case packable(ts):
		t.packed = newPackedTable(ts)
	default:
		t.strings, t.encoder = newBytesTable(), newKeyEncoder(ts)
		t.mixed.types = ts
	}
	return t
}

// keyWidth is how many bytes a value takes in a packed key, 0 for types without
// a fixed width. Floats are compared as float8 throughout.
func keyWidth(t types.Type) int {
	switch t.Phys() {
	case types.PhysBool:
		return 1
	case types.PhysInt16:
		return 2
	case types.PhysInt32, types.PhysUint32:
		return 4
	case types.PhysInt64, types.PhysFloat32, types.PhysFloat64:
		return 8
	}
	return 0
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
	n := t.codes.bytes() + t.mixed.bytes()
	if t.ints != nil {
		n += int64(len(t.ints.slots)) * 16
	}
	if t.packed != nil {
		n += int64(len(t.packed.slots)) * 24
	}
	if t.strings != nil {
		n += t.strings.bytes()
	}
	if t.encoder != nil {
		n += t.encoder.bytes()
	}
	return n
}

// growth is how many bytes inserting n rows of these keys may add.
func (t *keyTable) growth(cols []arrow.Array, n int) int64 {
	switch {
	case t.ints != nil:
		return slotGrowth(t.ints.used, len(t.ints.slots), n) * 16
	case t.packed != nil:
		return slotGrowth(t.packed.used, len(t.packed.slots), n) * 24
	}
	size := 8 * int64(n)
	for _, c := range cols {
		size += columnBytes(c)
	}
	size = slotGrowth(t.strings.used, len(t.strings.slots), n)*24 + t.strings.growth(size)
	if anyCoded(cols) {
		size += t.mixed.growth(n)
	}
	return size
}

// slotGrowth is how many slots a table of which used are taken gets for n more.
func slotGrowth(used, slots, n int) int64 {
	now := slots
	for slots < 2*(used+n) {
		slots *= 2
	}
	return int64(slots - now)
}

// reserve makes room for the keys of n rows in a table that has none yet: if they are
// many, and likely of a key, it need not grow step by step.
func (t *keyTable) reserve(n int) {
	if t.ints != nil && t.count == 0 && len(t.ints.slots) == firstSlots {
		t.ints.slots = make([]intSlot, firstSlots+int(slotGrowth(0, firstSlots, n)))
	}
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
	if anyCoded(cols) {
		t.findCoded(cols, n, out, add)
	} else {
		t.findPlain(cols, n, out, add)
	}
	return out
}

// findPlain is find for plain columns, or any if there is an encoder.
func (t *keyTable) findPlain(cols []arrow.Array, n int, out []uint32, add bool) {
	switch {
	case t.ints != nil:
		t.findInts(cols[0], out, add)
	case t.packed != nil:
		t.packed.find(cols, t.nullEqual, out, &t.count, add)
	case t.encoder != nil:
		rows := t.encoder.encode(cols, n, t.nullEqual, add)
		for i := range out {
			if rows.excluded[i] {
				out[i] = noKey
				continue
			}
			out[i] = t.strings.find(rows.row(i), &t.count, add)
		}
	default:
		t.findStrings(cols[0], out, add)
	}
}

func (t *keyTable) findStrings(c arrow.Array, out []uint32, add bool) {
	if c.DataType().ID() == arrow.NULL {
		t.findNulls(out, add)
		return
	}
	offsets, data := byteValues(c)
	hasNulls := c.NullN() > 0
	for i := range out {
		if hasNulls && c.IsNull(i) {
			out[i] = t.findNull(add)
			continue
		}
		out[i] = t.strings.find(data[offsets[i]:offsets[i+1]], &t.count, add)
	}
}

func (t *keyTable) findNulls(out []uint32, add bool) {
	for i := range out {
		out[i] = t.findNull(add)
	}
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
	if c.DataType().ID() == arrow.NULL {
		t.findNulls(out, add)
		return
	}
	var words []int64
	words, t.words = keyWords(c, t.words)
	if c.NullN() == 0 {
		t.ints.find(words, out, &t.count, add)
		return
	}
	for i := 0; i < len(words); { // runs without NULLs
		if c.IsNull(i) {
			out[i] = t.findNull(add)
			i++
			continue
		}
		end := i + 1
		for end < len(words) && c.IsValid(end) {
			end++
		}
		t.ints.find(words[i:end], out[i:end], &t.count, add)
		i = end
	}
}
