package embedded

import (
	"math"
	"sort"
	"sync"

	"github.com/cockroachdb/pebble/v2/batchrepr"

	"github.com/tidemarkdb/tidemark/kv"
)

// writeBuffer holds what a transaction wrote. It only ever appends: a second
// write of a key replaces the first in the index and remembers it in previous,
// so that a savepoint is an offset, a rollback to it unwinds what came after,
// and an iterator sees the writes below the offset at which it was opened.
type writeBuffer struct {
	arena    arena
	index    offsetIndex
	previous map[uint32]uint32 // entry -> the entry of the same key it replaced
	epochs   []readEpoch       // ascending by offset
}

// readEpoch says which read timestamp was in force from an offset on.
type readEpoch struct {
	from uint32
	ts   kv.Timestamp
}

var writeBuffers = sync.Pool{New: func() any {
	w := &writeBuffer{}
	w.arena.end = batchrepr.HeaderLen
	w.index.arena = &w.arena
	return w
}}

// keepArenaBytes is the largest first chunk that goes back to the pool.
const keepArenaBytes = 64 << 10

func newWriteBuffer(readTS kv.Timestamp) *writeBuffer {
	w := writeBuffers.Get().(*writeBuffer)
	w.epochs = append(w.epochs[:0], readEpoch{from: 0, ts: readTS})
	return w
}

// release gives the buffer back; nobody may use its memory any more.
// taken says that its first chunk belongs to somebody else now.
func (w *writeBuffer) release(taken bool) {
	if taken || len(w.arena.chunks) > 0 && cap(w.arena.chunks[0]) > keepArenaBytes {
		w.arena.chunks = nil
	}
	w.arena.reset()
	if len(w.index.leaves) > 1 {
		w.index.leaves = nil
	}
	if len(w.index.leaves) == 1 {
		l := w.index.leaves[0]
		w.index.reset()
		l.n = 0
		w.index.leaves = append(w.index.leaves, l)
	} else {
		w.index.reset()
	}
	w.previous = nil
	writeBuffers.Put(w)
}

// put adds a write.
func (w *writeBuffer) put(key kv.Key, value []byte, kind byte) {
	offset := w.arena.append(key, value, kind)
	place, found := w.index.upsert(key, offset)
	if !found {
		return
	}
	old := *place
	previous := w.arena.entry(old)
	if previous.checked() {
		e := w.arena.entry(offset)
		e.value[0] |= flagChecked
	}
	previous.value[0] |= flagReplaced
	if w.previous == nil {
		w.previous = make(map[uint32]uint32)
	}
	w.previous[offset] = old
	*place = offset
}

// get returns the newest write of key.
func (w *writeBuffer) get(key kv.Key) (entry, bool) {
	place := w.index.get(key)
	if place == nil {
		return entry{}, false
	}
	return w.arena.entry(*place), true
}

// allWrites is the limit below which all writes are.
const allWrites = math.MaxUint32

// below returns the newest write of key below limit.
func (w *writeBuffer) below(key kv.Key, limit uint32) (entry, bool) {
	place := w.index.get(key)
	if place == nil {
		return entry{}, false
	}
	offset, ok := w.before(*place, limit)
	if !ok {
		return entry{}, false
	}
	return w.arena.entry(offset), true
}

// before returns the newest write of an entry's key below limit.
func (w *writeBuffer) before(offset, limit uint32) (uint32, bool) {
	for offset >= limit {
		older, ok := w.previous[offset]
		if !ok {
			return 0, false
		}
		offset = older
	}
	return offset, true
}

// refreshed notes that writes from here on are made at another read timestamp.
func (w *writeBuffer) refreshed(ts kv.Timestamp) {
	last := &w.epochs[len(w.epochs)-1]
	if last.from == w.arena.end {
		last.ts = ts
		return
	}
	w.epochs = append(w.epochs, readEpoch{from: w.arena.end, ts: ts})
}

// readTSOf returns the read timestamp that was in force when the key of an
// entry was first written.
func (w *writeBuffer) readTSOf(offset uint32) kv.Timestamp {
	for {
		older, ok := w.previous[offset]
		if !ok {
			break
		}
		offset = older
	}
	i := sort.Search(len(w.epochs), func(i int) bool { return w.epochs[i].from > offset })
	return w.epochs[i-1].ts
}

// bufferMark is a state of a writeBuffer.
type bufferMark struct {
	end   uint32
	count int
	bytes int64
}

func (w *writeBuffer) mark() bufferMark {
	return bufferMark{end: w.arena.end, count: w.arena.count, bytes: w.arena.bytes}
}

// rollback drops all writes after m. now is the present read timestamp.
func (w *writeBuffer) rollback(m bufferMark, now kv.Timestamp) {
	if w.arena.end <= m.end {
		return
	}
	w.arena.each(m.end, func(offset uint32, e entry) {
		if e.value[0]&flagReplaced != 0 {
			return // the last entry of the key unwinds them all
		}
		if older, ok := w.before(offset, m.end); ok {
			*w.index.get(userKey(e.stored)) = older
			w.arena.entry(older).value[0] &^= flagReplaced
			return
		}
		w.index.remove(userKey(e.stored))
	})
	if len(w.previous) > 0 {
		// In a second pass, because the first follows the chains.
		w.arena.each(m.end, func(offset uint32, _ entry) { delete(w.previous, offset) })
	}
	w.index.version++
	w.arena.truncate(m.end, m.count, m.bytes)
	for len(w.epochs) > 1 && w.epochs[len(w.epochs)-1].from >= m.end {
		w.epochs = w.epochs[:len(w.epochs)-1]
	}
	w.refreshed(now)
}
