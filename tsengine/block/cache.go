package block

import (
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Cache keeps what was read of sorted runs and large deltas: the headers of
// blocks, and the rows and columns of blocks and deltas, decoded. Columns are
// Arrow arrays that scans share without a copy.
//
// A run or delta never changes and its key is never used again: what is kept of
// it is right for whoever sees the key, so that nothing has to be told of writes.
// Those that were packed are pushed out as nobody uses them.
//
// A store has one; it is safe for use by many goroutines. A nil Cache keeps nothing.
type Cache struct {
	// Directory, if set, knows the partitions of the store. What it derives counts as kept.
	Directory *Directory

	limit int64
	alloc memory.Allocator

	hits, misses atomic.Int64 // columns of blocks

	asked *frequencies

	mu    sync.RWMutex
	runs  map[runName]*cachedRun
	words map[columnName]*knownWords // by which columns are coded
	bytes int64
	ring  []*cacheEntry // all there are, for eviction
	hand  int
}

// runName is a run's partition and number, or a delta's key and 0.
type runName struct {
	prefix string
	run    uint64
}

type cachedRun struct {
	headers *cacheEntry
	blocks  map[uint32]*cachedBlock
}

type cachedBlock struct {
	rows    *cacheEntry
	columns []*cacheEntry
}

// cacheEntry holds the headers of a run, or the rows or one column of a block: one of the three.
type cacheEntry struct {
	part
	headers []*header
	rows    *rowNumbers
	codedValues
	of    columnName // of a column, whose words others share
	bytes int64
	slot  uint32  // of its part among the frequencies
	gain  float32 // what a use saves for a byte, see gainOf
}

// part names what an entry may hold.
type part struct {
	name   runName
	number uint32 // of the block
	id     uint32 // of the column, or rowsPart or headersPart
}

// The ids of what is no column.
const (
	rowsPart    = math.MaxUint32
	headersPart = math.MaxUint32 - 1
)

// gainOf is what keeping size bytes saves, for a byte, if rows of blocks are to be decoded
// for them: 1 for a column of 8 bytes a row.
func gainOf(rows int, size int64) float32 { return max(1, 8*float32(rows)/float32(size)) }

// headerRows is of how many rows decoding takes as long as decoding a header.
const headerRows = 1024

// cacheEntryBytes is about what an entry itself takes.
const cacheEntryBytes = 256

// NewCache makes a cache of about limit bytes.
func NewCache(limit int64) *Cache {
	return &Cache{limit: limit, alloc: memory.NewGoAllocator(), asked: newFrequencies(), runs: map[runName]*cachedRun{}, words: map[columnName]*knownWords{}}
}

// keeps reports whether it keeps anything that is read.
func (c *Cache) keeps() bool { return c != nil && c.limit > 0 }

// directory is nil if there is none.
func (c *Cache) directory() *Directory {
	if c == nil {
		return nil
	}
	return c.Directory
}

// Know gives the cache a directory (nil for none), which may derive values of half
// of the cache's bytes.
func (c *Cache) Know(d *Directory) {
	if d != nil {
		d.maxKept = max(c.limit/2, minDerived)
	}
	c.Directory = d
}

// directoryOnly keeps nothing but knows the partitions.
func (c *Cache) directoryOnly() *Cache { return &Cache{Directory: c.directory()} }

// Derived is Directory.Derived.
func (c *Cache) Derived(r kv.Reader, table kv.Key, read func() (Sized, error)) (any, error) {
	return c.directory().Derived(r, table, read)
}

// DerivedAtTimes is Directory.DerivedAtTimes.
func (c *Cache) DerivedAtTimes(ctx context.Context, r kv.Reader, table kv.Key, compute AtTimes) (any, bool, error) {
	return c.directory().DerivedAtTimes(ctx, r, table, compute)
}

// MaxDerived is Directory.MaxDerived.
func (c *Cache) MaxDerived() int64 { return c.directory().MaxDerived() }

// Prefixes is Directory.Prefixes.
func (c *Cache) Prefixes(r kv.Reader, table kv.Key, list func() ([]kv.Key, error)) ([]kv.Key, bool, error) {
	return c.directory().Prefixes(r, table, list)
}

// Asked returns how many columns of blocks were asked for and were there, or were not.
func (c *Cache) Asked() (hits, misses int64) { return c.hits.Load(), c.misses.Load() }

// Bytes is how much is kept.
func (c *Cache) Bytes() int64 {
	if c == nil {
		return 0
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.bytes + c.Directory.keptBytes()
}

// find is what is kept as a part, nil for nothing; the caller holds the lock.
func (c *Cache) find(p part) *cacheEntry {
	r := c.runs[p.name]
	if r == nil {
		return nil
	}
	if p.id == headersPart {
		return r.headers
	}
	b := r.blocks[p.number]
	if b == nil {
		return nil
	}
	if p.id == rowsPart {
		return b.rows
	}
	for _, e := range b.columns {
		if e.id == p.id {
			return e
		}
	}
	return nil
}

// ask is find, and counts that the part was asked for.
func (c *Cache) ask(p part) *cacheEntry {
	e := c.find(p)
	if e != nil {
		c.asked.count(e.slot)
	} else if c.asked != nil {
		c.asked.count(c.asked.slot(&p))
	}
	return e
}

// runHeaders are the headers of a run, nil if they are not kept.
func (c *Cache) runHeaders(name runName) []*header {
	if c == nil {
		return nil
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if e := c.ask(part{name, 0, headersPart}); e != nil {
		return e.headers
	}
	return nil
}

// blockRows are the rows of a block, nil if they are not kept.
func (c *Cache) blockRows(name runName, number uint32) *rowNumbers {
	if c == nil {
		return nil
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if e := c.ask(part{name, number, rowsPart}); e != nil {
		return e.rows
	}
	return nil
}

// column is a column of a block with a reference for the caller, without values if it is
// not kept, or not as this type.
func (c *Cache) column(name runName, number uint32, col *Column) codedValues {
	if c == nil {
		return codedValues{}
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if e := c.ask(part{name, number, col.ID}); e != nil && arrow.TypeEqual(plainType(e.values), col.Type) {
		e.values.Retain()
		c.hits.Add(1)
		return c.relabeled(e)
	}
	c.misses.Add(1)
	return codedValues{}
}

// keepHeaders keeps the headers of a run.
func (c *Cache) keepHeaders(name runName, list []*header) {
	if c == nil {
		return
	}
	size := int64(0)
	for _, h := range list {
		size += h.memory()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep(&cacheEntry{part: part{name, 0, headersPart}, headers: list, bytes: size}, headerRows*len(list))
}

// keepRows keeps the rows of a block, if there is room for them. So many rows were
// decoded to make them.
func (c *Cache) keepRows(name runName, number uint32, rows *rowNumbers, decoded int) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep(&cacheEntry{part: part{name, number, rowsPart}, rows: rows, bytes: rows.memory()}, decoded)
}

// allocator is where a column is to be decoded to, from so many rows, of which a source
// expects that it takes size bytes: the cache's own memory if it will be kept.
func (c *Cache) allocator(name runName, number, id uint32, size int64, rows int) (alloc memory.Allocator, keep bool) {
	if c == nil {
		return nil, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.alloc, c.room(&part{name, number, id}, size+cacheEntryBytes, rows)
}

// hasRoom reports whether a part of size bytes more would be kept.
func (c *Cache) hasRoom(name runName, number, id uint32, size int64, rows int) bool {
	_, keep := c.allocator(name, number, id, size, rows)
	return keep
}

// keepColumn keeps a column that was decoded, from so many rows, into the cache's memory. Columns of one id
// of a storage share words.
func (c *Cache) keepColumn(name runName, number uint32, storage uint64, id uint32, v codedValues, rows int) {
	size := int64(arrayBytes(v.values)) + int64(v.values.Len()/8)
	if types.IsCoded(v.values) && v.list == nil {
		size += int64(arrayBytes(types.Words(v.values)))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e := &cacheEntry{part: part{name, number, id}, codedValues: v, of: columnName{storage, id}, bytes: size}
	if c.keep(e, rows) {
		v.values.Retain()
		c.keepWords(e)
	}
}

// keep takes an entry, whose bytes are those of its content and which so many rows were
// decoded for, unless the part is there already or there is no room.
func (c *Cache) keep(e *cacheEntry, rows int) bool {
	e.bytes += cacheEntryBytes
	if c.find(e.part) != nil || !c.room(&e.part, e.bytes, rows) {
		return false
	}
	e.slot, e.gain = c.asked.slot(&e.part), gainOf(rows, e.bytes)
	r := c.runs[e.name]
	if r == nil {
		r = &cachedRun{blocks: map[uint32]*cachedBlock{}}
		c.runs[e.name] = r
	}
	if e.id == headersPart {
		r.headers = e
	} else {
		b := r.blocks[e.number]
		if b == nil {
			b = &cachedBlock{}
			r.blocks[e.number] = b
		}
		if e.id == rowsPart {
			b.rows = e
		} else {
			b.columns = append(b.columns, e)
		}
	}
	c.ring = append(c.ring, e)
	c.bytes += e.bytes
	return true
}

// evictionSample is of how many entries the least worth is driven out.
const evictionSample = 8

// room makes room for a part that saves more than what it drives out: it is asked for more
// often, or saves more for its size. What a scan reads that does not fit as a whole stays
// out, and drives out nothing: which of its parts are kept would change all the time else,
// and none would be there when its turn comes.
func (c *Cache) room(p *part, size int64, rows int) bool {
	if c.bytes+c.Directory.keptBytes()+size <= c.limit {
		return true
	}
	if len(c.ring) == 0 {
		return false
	}
	worth := float32(c.asked.of(c.asked.slot(p))) * gainOf(rows, size)
	for c.bytes+c.Directory.keptBytes()+size > c.limit {
		if len(c.ring) == 0 {
			return false
		}
		c.asked.contest(len(c.ring))
		least, at := float32(math.MaxFloat32), 0
		for range min(evictionSample, len(c.ring)) {
			if c.hand++; c.hand >= len(c.ring) {
				c.hand = 0
			}
			e := c.ring[c.hand]
			// Of what is read in turn, some was read once more than the rest: one more counts for nothing.
			if w := float32(c.asked.of(e.slot)+1) * e.gain; w < least {
				least, at = w, c.hand
			}
		}
		if worth <= least {
			return false
		}
		c.remove(at)
	}
	return true
}

// remove forgets the entry at a place of the ring.
func (c *Cache) remove(at int) {
	e, last := c.ring[at], len(c.ring)-1
	c.ring[at], c.ring[last] = c.ring[last], nil
	c.ring = c.ring[:last]
	c.bytes -= e.bytes
	r, b := c.runs[e.name], (*cachedBlock)(nil)
	switch {
	case e.headers != nil:
		r.headers = nil
	case e.rows != nil:
		b = r.blocks[e.number]
		b.rows = nil
	default:
		b = r.blocks[e.number]
		b.columns = slices.DeleteFunc(b.columns, func(o *cacheEntry) bool { return o == e })
		c.dropWords(e)
		e.values.Release()
	}
	if b != nil && b.rows == nil && len(b.columns) == 0 {
		delete(r.blocks, e.number)
	}
	if r.headers == nil && len(r.blocks) == 0 {
		delete(c.runs, e.name)
	}
}

// nameOf names a run of a partition.
func nameOf(prefix kv.Key, run uint64) runName { return runName{string(prefix), run} }
