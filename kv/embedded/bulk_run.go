package embedded

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/tidemarkdb/tidemark/kv"
)

// bulkRun puts a bulk's entries in the order of their keys.
type bulkRun struct {
	first   kv.Key // a copy
	common  int    // bytes that all keys begin with
	entries []runEntry
}

// runEntry is an entry of the arena, with the first bytes of its key behind those
// that all have: most comparisons end there.
type runEntry struct {
	head   uint64
	offset uint32
}

func (r *bulkRun) reset() { r.first, r.common, r.entries = r.first[:0], 0, r.entries[:0] }

func (r *bulkRun) add(key kv.Key, offset uint32) {
	if len(r.entries) == 0 {
		r.first = append(r.first, key...)
		r.common = len(key)
	}
	for !bytes.HasPrefix(key, r.first[:r.common]) {
		r.common--
	}
	r.entries = append(r.entries, runEntry{offset: offset})
}

// sort orders the entries. Of several with one key only the last stays.
func (r *bulkRun) sort(a *arena) []runEntry {
	for i := range r.entries {
		e := &r.entries[i]
		e.head = headOf(a.key(e.offset)[r.common:])
	}
	slices.SortFunc(r.entries, func(x, y runEntry) int {
		if x.head != y.head {
			return cmp.Compare(x.head, y.head)
		}
		if c := bytes.Compare(a.key(x.offset), a.key(y.offset)); c != 0 {
			return c
		}
		return cmp.Compare(y.offset, x.offset)
	})
	r.entries = slices.CompactFunc(r.entries, func(x, y runEntry) bool {
		return x.head == y.head && bytes.Equal(a.key(x.offset), a.key(y.offset))
	})
	return r.entries
}

// headOf reads the first eight bytes of a key as a number, zeros behind its end.
func headOf(key []byte) uint64 {
	if len(key) >= 8 {
		return binary.BigEndian.Uint64(key)
	}
	var b [8]byte
	copy(b[:], key)
	return binary.BigEndian.Uint64(b[:])
}
