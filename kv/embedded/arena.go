package embedded

import (
	"encoding/binary"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/batchrepr"

	"github.com/tidemarkdb/tidemark/kv"
)

const (
	chunkShift = 20
	chunkSize  = 1 << chunkShift
	chunkMask  = chunkSize - 1
)

// The flags that a buffered entry has in its kind byte; none of them is stored.
const (
	flagChecked  byte = 0x80 // written with a conflict check at commit
	flagReplaced byte = 0x40 // a later entry has the same key
	flagMask          = flagChecked | flagReplaced
)

// arena holds a transaction's writes as the records of a Pebble batch, so that
// a commit of usual size only has to fill in the timestamps. An entry is found
// by its offset.
//
// The first chunk grows up to 1 MiB and begins with room for the batch header;
// later chunks have 1 MiB each, so that a large transaction never copies while
// it grows. A larger entry gets a chunk of its own, which takes as many places
// in chunks as it has started mebibytes. Memory is append-only but for
// truncate.
type arena struct {
	chunks [][]byte
	end    uint32 // offset of the next entry
	count  int
	bytes  int64
}

func (a *arena) reset() {
	if len(a.chunks) > 0 {
		a.chunks[0] = a.chunks[0][:batchrepr.HeaderLen]
		clear(a.chunks[1:])
		a.chunks = a.chunks[:1]
	}
	a.end, a.count, a.bytes = batchrepr.HeaderLen, 0, 0
}

// entrySize bounds the size of an entry.
func entrySize(key kv.Key, value []byte) int {
	return 1 + 2*binary.MaxVarintLen32 + len(key) + keyOverhead + 1 + len(value)
}

// append adds an entry and returns its offset. The timestamp is left zero.
func (a *arena) append(key kv.Key, value []byte, kind byte) uint32 {
	size := entrySize(key, value)
	if a.chunks == nil {
		a.chunks = append(a.chunks, make([]byte, batchrepr.HeaderLen, max(512, min(batchrepr.HeaderLen+size, chunkSize))))
		a.end = batchrepr.HeaderLen
	}
	last := int(a.end >> chunkShift)
	if last >= len(a.chunks) || int(a.end&chunkMask)+size > chunkSize {
		// A new chunk after all places that exist.
		last = len(a.chunks)
		places := (size + chunkMask) >> chunkShift
		a.chunks = append(a.chunks, make([]byte, 0, places<<chunkShift))
		for range places - 1 {
			a.chunks = append(a.chunks, nil)
		}
		a.end = uint32(last) << chunkShift
	}
	b := a.chunks[last]
	offset := a.end
	b = append(b, byte(pebble.InternalKeyKindSet))
	b = binary.AppendUvarint(b, uint64(len(key)+keyOverhead))
	b = appendVersion(b, key, 0)
	b = binary.AppendUvarint(b, uint64(len(value)+1))
	b = append(b, kind)
	b = append(b, value...)
	a.bytes += int64(len(b) - len(a.chunks[last]))
	a.chunks[last] = b
	a.end = uint32(last)<<chunkShift + uint32(len(b))
	if len(b) > chunkSize {
		a.end = uint32(len(a.chunks)) << chunkShift
	}
	a.count++
	return offset
}

// full reports whether an entry of this size could overflow the offsets.
func (a *arena) full(size int) bool {
	return uint64(len(a.chunks)+1)<<chunkShift+uint64(size) >= 1<<32-chunkSize
}

// at returns the bytes from an entry's offset on.
func (a *arena) at(offset uint32) []byte {
	i := offset >> chunkShift
	return a.chunks[i][offset&chunkMask:]
}

// key returns the user key of the entry at offset.
func (a *arena) key(offset uint32) kv.Key {
	b := a.at(offset)
	n, w := uvarint(b[1:])
	b = b[1+w:]
	end := int(n) - suffixLen - 1
	return b[1:end:end]
}

// entry is a decoded buffered write.
type entry struct {
	stored []byte // the whole key, timestamp included
	value  []byte // kind byte first
	size   int
}

func (e *entry) kind() byte    { return e.value[0] &^ flagMask }
func (e *entry) checked() bool { return e.value[0]&flagChecked != 0 }

// entry decodes the entry at offset.
func (a *arena) entry(offset uint32) entry {
	return decodeEntry(a.at(offset))
}

func decodeEntry(b []byte) entry {
	n, w := uvarint(b[1:])
	p := 1 + w
	stored := b[p : p+int(n) : p+int(n)]
	p += int(n)
	n, w = uvarint(b[p:])
	p += w
	value := b[p : p+int(n) : p+int(n)]
	return entry{stored: stored, value: value, size: p + int(n)}
}

func uvarint(b []byte) (uint64, int) {
	if b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	return binary.Uvarint(b)
}

// each calls fn for every entry from offset on, in the order they were made.
func (a *arena) each(from uint32, fn func(offset uint32, e entry)) {
	for i := int(from >> chunkShift); i < len(a.chunks); i++ {
		b := a.chunks[i]
		if b == nil {
			continue
		}
		p := 0
		if i == 0 {
			p = batchrepr.HeaderLen
		}
		if i == int(from>>chunkShift) {
			p = max(p, int(from&chunkMask))
		}
		for p < len(b) {
			e := decodeEntry(b[p:])
			fn(uint32(i)<<chunkShift+uint32(p), e)
			p += e.size
		}
	}
}

// truncate drops the entries from offset on.
func (a *arena) truncate(end uint32, count int, bytes int64) {
	if end == 0 || a.chunks == nil {
		a.reset()
		return
	}
	last := int(end >> chunkShift)
	// end may be the place of a chunk that did not exist yet.
	if last < len(a.chunks) {
		keep := last
		if a.chunks[last] != nil && end&chunkMask != 0 {
			a.chunks[last] = a.chunks[last][:end&chunkMask]
			keep++
		}
		clear(a.chunks[keep:])
		a.chunks = a.chunks[:keep]
	}
	a.end, a.count, a.bytes = end, count, bytes
}

// batch returns the entries as the representation of a Pebble batch, with ts
// filled in, the flags removed and replaced entries left out. The arena must
// not be used afterwards but for reset; owned says whether the result is the
// arena's own memory.
func (a *arena) batch(ts kv.Timestamp, replaced int) (repr []byte, count int, owned bool) {
	if len(a.chunks) == 1 && replaced == 0 {
		repr = a.chunks[0]
		for p := batchrepr.HeaderLen; p < len(repr); {
			e := decodeEntry(repr[p:])
			binary.BigEndian.PutUint64(e.stored[len(e.stored)-suffixLen:], uint64(ts))
			e.value[0] &^= flagMask
			p += e.size
		}
		batchrepr.SetCount(repr, uint32(a.count))
		batchrepr.SetSeqNum(repr, 0) // of the commit that the memory was used for before
		return repr, a.count, true
	}
	repr = make([]byte, batchrepr.HeaderLen, batchrepr.HeaderLen+int(a.bytes))
	for i, b := range a.chunks {
		p := 0
		if i == 0 {
			p = batchrepr.HeaderLen
		}
		for p < len(b) {
			e := decodeEntry(b[p:])
			if e.value[0]&flagReplaced == 0 {
				binary.BigEndian.PutUint64(e.stored[len(e.stored)-suffixLen:], uint64(ts))
				e.value[0] &^= flagMask
				repr = append(repr, b[p:p+e.size]...)
				count++
			}
			p += e.size
		}
		if i > 0 {
			a.chunks[i] = nil // let it go as we proceed
		}
	}
	batchrepr.SetCount(repr, uint32(count))
	return repr, count, false
}
