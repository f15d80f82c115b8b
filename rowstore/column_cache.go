package rowstore

import (
	"bytes"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/rowstore/keycodec"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// ColumnCache keeps the decoded columns of rows that were scanned, so that the
// next scan of them neither walks versions nor decodes. It is to row scans what
// a buffer cache is to pages.
//
// A table's keys are tiled by chunks: spans of some 4096 rows, cut where the
// batches of the first scan ended. A chunk holds the columns that somebody asked
// for, as Arrow arrays that scans share without a copy. When the cache is full,
// chunks that were not used lately are packed (package packed) before they are
// dropped: tables several times as large as the limit stay, for the price of
// unpacking. Every commit tells the cache its keys before it becomes visible (kv.WriteObserver), which marks their
// chunks as changed; the next scan reads those few again.
//
// Invariant: no commit that wrote into a chunk has a timestamp above the chunk's
// changed, unless it has not been told yet and is not visible either. So a
// snapshot at or above changed sees exactly what every other such snapshot sees,
// and the columns of a chunk are good for it if they were read when changed was
// what it is now.
//
// It is safe for use by many goroutines.
type ColumnCache struct {
	limit int64
	alloc memory.Allocator
	// committed is the newest timestamp that Committing was called with: a new
	// chunk is taken for changed by it.
	committed atomic.Uint64
	watching  atomic.Bool // there are chunks
	// Chunks that scans found, or did not.
	hits, misses atomic.Int64

	mu     sync.RWMutex
	tables map[uint64]*cachedTable // by storage
	bytes  int64
	loose  int64    // of bytes, those of chunks that are not packed
	ring   []*chunk // that hold columns, for eviction
	hand   int
	turned int // chunks that came when there was no room
}

// cachedTable has the chunks of one table, ascending; gaps are possible.
type cachedTable struct {
	chunks []*chunk
	words  map[uint32]*types.WordList // by column, the last ones
}

// chunk is the span [start, end) of row keys; an empty end is the end of all keys.
type chunk struct {
	storage    uint64
	start, end kv.Key
	changed    atomic.Uint64
	used       atomic.Bool // since the hand came by

	read    kv.Timestamp // changed, when the columns were read
	rows    int          // that were read; stays when the columns are out of date
	ring    int          // place in the ring, -1 without columns
	bytes   int64
	columns []cachedColumn
	packed  bool // the columns are as small as they get, or about to be
}

// NewColumnCache makes a cache of at most limit bytes for the rows of a store;
// nil if the store does not tell its writes.
func NewColumnCache(store kv.Store, limit int64) *ColumnCache {
	o, ok := store.(kv.Observable)
	if !ok || limit <= 0 {
		return nil
	}
	c := &ColumnCache{limit: limit, alloc: memory.NewGoAllocator(), tables: map[uint64]*cachedTable{}}
	since, ok := o.Observe(c)
	if !ok {
		return nil
	}
	raise(&c.committed, since)
	return c
}

// raise makes a at least ts.
func raise(a *atomic.Uint64, ts kv.Timestamp) {
	for {
		old := a.Load()
		if old >= uint64(ts) || a.CompareAndSwap(old, uint64(ts)) {
			return
		}
	}
}

// Committing implements kv.WriteObserver. A chunk that is made after the look at
// watching finds the timestamp in committed.
func (c *ColumnCache) Committing(ts kv.Timestamp) bool {
	raise(&c.committed, ts)
	return c.watching.Load()
}

// Wrote implements kv.WriteObserver.
func (c *ColumnCache) Wrote(ts kv.Timestamp, key kv.Key, _ bool) {
	storage, kind, _, err := keycodec.DecodePrefix(key)
	if err != nil || kind != keycodec.KindRow {
		return
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	t := c.tables[storage]
	if t == nil {
		return
	}
	if i := t.find(key); i < len(t.chunks) && bytes.Compare(t.chunks[i].start, key) <= 0 {
		raise(&t.chunks[i].changed, ts)
	}
}

// find returns the first chunk that ends after key.
func (t *cachedTable) find(key kv.Key) int {
	i, _ := slices.BinarySearchFunc(t.chunks, key, func(k *chunk, key kv.Key) int {
		if len(k.end) == 0 || bytes.Compare(k.end, key) > 0 {
			return 1
		}
		return -1
	})
	return i
}

// endsWithin reports whether a span that ends at end ends at or before limit.
func endsWithin(end, limit kv.Key) bool {
	return len(limit) == 0 || len(end) > 0 && bytes.Compare(end, limit) <= 0
}

// piece is what comes next in a scan: columns of a chunk, or a span to read.
type piece struct {
	rows    int
	columns []heldColumn // of the caller; nil if the span is to be read
	end     kv.Key       // where the piece ends
	keep    bool         // what is read may be kept
}

// next finds what stands at the key at of a scan that ends at end.
func (c *ColumnCache) next(storage uint64, at, end kv.Key, ts kv.Timestamp, want []cachedColumn) piece {
	c.mu.RLock()
	if t := c.tables[storage]; t != nil {
		if i := t.find(at); i < len(t.chunks) {
			k := t.chunks[i]
			if bytes.Equal(k.start, at) && endsWithin(k.end, end) && k.holds(ts) {
				if cols, ok := k.take(want); ok {
					c.mu.RUnlock()
					c.hits.Add(1)
					return piece{rows: k.rows, columns: cols, end: k.end}
				}
			}
		}
	}
	c.mu.RUnlock()
	c.misses.Add(1)
	return c.miss(storage, at, end, ts)
}

// Asked returns how many chunks scans found, and how many they did not.
func (c *ColumnCache) Asked() (hits, misses int64) { return c.hits.Load(), c.misses.Load() }

// Bytes is what the cache keeps.
func (c *ColumnCache) Bytes() int64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.bytes
}

// holds reports whether the chunk's columns are what a snapshot at ts sees.
func (k *chunk) holds(ts kv.Timestamp) bool {
	changed := kv.Timestamp(k.changed.Load())
	return !k.stale() && ts >= changed
}

// take returns the wanted columns.
func (k *chunk) take(want []cachedColumn) ([]heldColumn, bool) {
	out := make([]heldColumn, len(want))
	for i := range want {
		h := k.column(&want[i])
		if h == nil {
			return nil, false
		}
		out[i] = h.heldColumn
	}
	for i := range out {
		out[i].retain()
	}
	if !k.used.Load() {
		k.used.Store(true)
	}
	return out, true
}

func (k *chunk) column(want *cachedColumn) *cachedColumn {
	for i := range k.columns {
		if h := &k.columns[i]; h.id == want.id && h.phys == want.phys && h.missing == want.missing {
			return h
		}
	}
	return nil
}

// miss says what to read at the key at, and makes a chunk of a gap there.
func (c *ColumnCache) miss(storage uint64, at, end kv.Key, ts kv.Timestamp) piece {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.tables[storage]
	if t == nil {
		t = &cachedTable{}
	}
	i := t.find(at)
	if i == len(t.chunks) || bytes.Compare(t.chunks[i].start, at) > 0 {
		if i < len(t.chunks) && (len(end) == 0 || bytes.Compare(t.chunks[i].start, end) < 0) {
			end = t.chunks[i].start
		}
		if !c.hasRoom() {
			return piece{end: end}
		}
		c.tables[storage] = t
		return piece{end: end, keep: c.insert(t, i, at, end).keeps(ts)}
	}
	k := t.chunks[i]
	aligned := bytes.Equal(k.start, at)
	switch {
	case aligned && endsWithin(k.end, end):
		c.absorb(t, i, end)
		return piece{end: k.end, keep: k.keeps(ts)}
	case k.ring < 0 && k.rows == 0: // nothing was read yet: it is cut where this scan cuts it
		if !endsWithin(k.end, end) {
			c.split(t, i, end)
		}
		if !aligned {
			k = c.split(t, i, at)
		}
		return piece{end: k.end, keep: k.keeps(ts)}
	case endsWithin(k.end, end):
		end = k.end
	}
	return piece{end: end}
}

// keeps reports whether what a snapshot at ts reads may be kept.
func (k *chunk) keeps(ts kv.Timestamp) bool { return uint64(ts) >= k.changed.Load() }

// hasRoom decides whether a new chunk may push out others when the cache is
// full and packed. One in sixteen may: a table that does not fit as a whole keeps
// the part that it has, and is not driven out by its own scans.
func (c *ColumnCache) hasRoom() bool {
	if c.bytes < c.limit-c.limit/64 || c.canPack() {
		return true
	}
	c.turned++
	return c.turned%16 == 0
}

// canPack reports whether packing what is not packed makes room.
func (c *ColumnCache) canPack() bool { return c.loose > c.limit/16 }

// insert makes a chunk at place i.
func (c *ColumnCache) insert(t *cachedTable, i int, start, end kv.Key) *chunk {
	k := &chunk{storage: keyStorage(start), start: bytes.Clone(start), end: bytes.Clone(end), ring: -1}
	t.chunks = slices.Insert(t.chunks, i, k)
	c.watching.Store(true)
	// In this order: a commit that was told before saw no chunk, but is in committed.
	raise(&k.changed, kv.Timestamp(c.committed.Load()))
	return k
}

func keyStorage(key kv.Key) uint64 {
	storage, _, _, _ := keycodec.DecodePrefix(key)
	return storage
}

// split cuts a chunk without columns in two and returns the second.
func (c *ColumnCache) split(t *cachedTable, i int, at kv.Key) *chunk {
	k := t.chunks[i]
	right := &chunk{storage: k.storage, start: bytes.Clone(at), end: k.end, ring: -1}
	right.changed.Store(k.changed.Load())
	k.end = right.start
	t.chunks = slices.Insert(t.chunks, i+1, right)
	return right
}

// absorb joins a chunk that is out of date with those behind it that are too,
// as far as they had few rows: a table that shrinks keeps no crumbs.
func (c *ColumnCache) absorb(t *cachedTable, i int, end kv.Key) {
	k := t.chunks[i]
	if k.rows == 0 || !k.stale() {
		return
	}
	n := 0
	for _, o := range t.chunks[i+1:] {
		if o.rows == 0 || !o.stale() || k.rows+o.rows > DefaultBatchRows || !bytes.Equal(k.end, o.start) || !endsWithin(o.end, end) {
			break
		}
		c.clear(o)
		k.end, k.rows = o.end, k.rows+o.rows
		raise(&k.changed, kv.Timestamp(o.changed.Load()))
		n++
	}
	t.chunks = slices.Delete(t.chunks, i+1, i+1+n)
}

// stale reports whether a chunk has no columns, or some that are out of date.
func (k *chunk) stale() bool { return k.ring < 0 || uint64(k.read) != k.changed.Load() }

// keep stores what a snapshot at ts read in [start, end): rows of the wanted
// columns. It copies the arrays. They are dropped if the span was written
// meanwhile, or cut otherwise by somebody else.
func (c *ColumnCache) keep(storage uint64, start, end kv.Key, ts kv.Timestamp, rows int, want []cachedColumn, read []heldColumn) {
	own := c.copies(storage, want, read)
	defer releaseColumns(own)
	defer c.makeRoom()
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.tables[storage]
	if t == nil {
		return
	}
	i := t.find(start)
	if i == len(t.chunks) {
		return
	}
	k := t.chunks[i]
	if !bytes.Equal(k.start, start) || !endsWithin(end, k.end) || !k.keeps(ts) {
		return
	}
	if !bytes.Equal(k.end, end) {
		if k.ring >= 0 && k.holds(ts) {
			return
		}
		c.clear(k)
		c.split(t, i, end)
	}
	if k.stale() {
		c.clear(k)
		k.read = kv.Timestamp(k.changed.Load())
	}
	k.rows = rows
	c.add(k, own)
}

// add puts columns into a chunk, those that it does not have yet.
func (c *ColumnCache) add(k *chunk, columns []cachedColumn) {
	if k.ring < 0 {
		k.ring = len(c.ring)
		c.ring = append(c.ring, k)
		k.bytes = chunkBytes
		c.bytes += chunkBytes
		c.loose += chunkBytes
	}
	if k.packed {
		k.packed = false
		c.loose += k.bytes
	}
	for i := range columns {
		col := &columns[i]
		if k.column(col) != nil {
			continue
		}
		col.retain()
		k.columns = append(k.columns, *col)
		k.bytes += col.bytes()
		c.bytes += col.bytes()
		c.loose += col.bytes()
	}
}

// chunkBytes is about what a chunk itself takes.
const chunkBytes = 256

// clear drops a chunk's columns; the chunk stays.
func (c *ColumnCache) clear(k *chunk) {
	for i := range k.columns {
		k.columns[i].release()
	}
	k.columns = nil
	c.bytes -= k.bytes
	if !k.packed {
		c.loose -= k.bytes
	}
	k.bytes, k.packed = 0, false
	if k.ring >= 0 {
		last := c.ring[len(c.ring)-1]
		c.ring[k.ring], last.ring = last, k.ring
		c.ring[len(c.ring)-1] = nil
		c.ring = c.ring[:len(c.ring)-1]
		k.ring = -1
	}
}

// makeRoom packs and drops chunks until the limit is kept.
func (c *ColumnCache) makeRoom() {
	for {
		c.mu.Lock()
		unpacked := c.evict()
		c.mu.Unlock()
		if len(unpacked) == 0 {
			return
		}
		c.pack(unpacked)
	}
}

// evict makes room by the clock algorithm: what was used since the hand came by
// is passed over once, what was not is to be packed. Packed chunks are dropped
// only when there is little left to pack. What it returns is to be packed, which
// others need not wait for.
func (c *ColumnCache) evict() (unpacked []heldChunk) {
	saved := int64(0) // by packing to half of the bytes or less
	for c.bytes-saved > c.limit && len(c.ring) > 0 {
		if c.hand >= len(c.ring) {
			c.hand = 0
		}
		k := c.ring[c.hand]
		switch {
		case k.stale():
			c.clear(k)
			c.remove(k)
		case k.used.Swap(false):
			c.hand++
		case !k.packed:
			unpacked = append(unpacked, c.toPack(k))
			saved += k.bytes / 2
			c.hand++
		case c.canPack():
			c.hand++
		default:
			c.clear(k)
			c.remove(k)
		}
	}
	return unpacked
}

// remove forgets a chunk without columns.
func (c *ColumnCache) remove(k *chunk) {
	t := c.tables[k.storage]
	if i := t.find(k.start); i < len(t.chunks) && t.chunks[i] == k {
		t.chunks = slices.Delete(t.chunks, i, i+1)
	}
	if len(t.chunks) == 0 {
		delete(c.tables, k.storage)
		c.watching.Store(len(c.tables) > 0)
	}
}

// Split cuts a span of row keys, in order, into pieces of about rows rows that
// begin and end with chunks, and calls gap for what no chunk is known of.
func (c *ColumnCache) Split(span kv.Span, rows int, gap func(kv.Span) ([]kv.Span, error)) ([]kv.Span, error) {
	var out []kv.Span
	for _, p := range c.known(span, rows) {
		if p.rows >= 0 {
			out = append(out, p.span)
			continue
		}
		pieces, err := gap(p.span)
		if err != nil {
			return nil, err
		}
		out = append(out, pieces...)
	}
	return out, nil
}

// knownSpan is a span with the rows that it had when it was read, -1 if it was not.
type knownSpan struct {
	span kv.Span
	rows int
}

func (c *ColumnCache) known(span kv.Span, rows int) []knownSpan {
	c.mu.RLock()
	defer c.mu.RUnlock()
	at := span.Start
	var out []knownSpan
	extend := func(end kv.Key, n int) {
		last := len(out) - 1
		joins := last >= 0 && (n < 0) == (out[last].rows < 0) && (n < 0 || out[last].rows+n <= rows)
		if !joins {
			out = append(out, knownSpan{span: kv.Span{Start: at, End: end}, rows: n})
		} else {
			out[last].span.End = end
			out[last].rows += max(n, 0)
		}
		at = end
	}
	if t := c.tables[keyStorage(span.Start)]; t != nil {
		for _, k := range t.chunks[t.find(span.Start):] {
			if len(span.End) > 0 && bytes.Compare(k.start, span.End) >= 0 {
				break
			}
			if bytes.Compare(at, k.start) < 0 {
				extend(k.start, -1)
			}
			n := k.rows
			if k.ring < 0 && n == 0 {
				n = -1
			}
			if !endsWithin(k.end, span.End) {
				extend(span.End, n)
				return out
			}
			extend(k.end, n)
			if len(k.end) == 0 {
				return out
			}
		}
	}
	if len(span.End) == 0 || bytes.Compare(at, span.End) < 0 {
		extend(span.End, -1)
	}
	return out
}
