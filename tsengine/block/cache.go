package block

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/kv"
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

	mu    sync.RWMutex
	runs  map[runName]*cachedRun
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
	blocks  map[uint32]*cacheEntry
}

// cacheEntry holds the headers of a run, or parts of one block.
type cacheEntry struct {
	name    runName
	headers []*header // of a run; nil for a block
	number  uint32
	rows    *rowNumbers
	columns []cachedColumn
	bytes   int64
	used    atomic.Bool // since the hand came by
}

type cachedColumn struct {
	id     uint32
	values arrow.Array
}

// cacheEntryBytes is about what an entry itself takes.
const cacheEntryBytes = 256

// NewCache makes a cache of about limit bytes.
func NewCache(limit int64) *Cache {
	return &Cache{limit: limit, alloc: memory.NewGoAllocator(), runs: map[runName]*cachedRun{}}
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

func (e *cacheEntry) use() {
	if !e.used.Load() {
		e.used.Store(true)
	}
}

// runHeaders are the headers of a run, nil if they are not kept.
func (c *Cache) runHeaders(name runName) []*header {
	if c == nil {
		return nil
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if r := c.runs[name]; r != nil && r.headers != nil {
		r.headers.use()
		return r.headers.headers
	}
	return nil
}

// block is what is kept of a block, nil for nothing; the caller holds the lock.
func (c *Cache) block(name runName, number uint32) *cacheEntry {
	r := c.runs[name]
	if r == nil {
		return nil
	}
	e := r.blocks[number]
	if e != nil {
		e.use()
	}
	return e
}

// blockRows are the rows of a block, nil if they are not kept.
func (c *Cache) blockRows(name runName, number uint32) *rowNumbers {
	if c == nil {
		return nil
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if e := c.block(name, number); e != nil {
		return e.rows
	}
	return nil
}

// column is a column of a block with a reference for the caller, nil if it is
// not kept, or not as this type.
func (c *Cache) column(name runName, number uint32, col *Column) arrow.Array {
	if c == nil {
		return nil
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if e := c.block(name, number); e != nil {
		for i := range e.columns {
			if k := &e.columns[i]; k.id == col.ID && arrow.TypeEqual(k.values.DataType(), col.Type) {
				k.values.Retain()
				c.hits.Add(1)
				return k.values
			}
		}
	}
	c.misses.Add(1)
	return nil
}

// keepHeaders keeps the headers of a run.
func (c *Cache) keepHeaders(name runName, list []*header) {
	if c == nil {
		return
	}
	size := int64(cacheEntryBytes)
	for _, h := range list {
		size += h.memory()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.runs[name]; r != nil && r.headers != nil || !c.room(size) {
		return
	}
	e := &cacheEntry{name: name, headers: list, bytes: size}
	c.run(name).headers = e
	c.insert(e)
}

// keepRows keeps the rows of a block; false without room for them.
func (c *Cache) keepRows(name runName, number uint32, rows *rowNumbers) bool {
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entry(name, number, rows.memory())
	if e != nil && e.rows == nil {
		e.rows = rows
		c.grow(e, rows.memory())
	}
	return e != nil
}

// allocator is where a column is to be decoded to of which a source expects
// that it takes size bytes: the cache's own memory if it will be kept.
func (c *Cache) allocator(size int64) (alloc memory.Allocator, keep bool) {
	if c == nil {
		return nil, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.alloc, c.room(size + cacheEntryBytes)
}

// hasRoom reports whether size bytes more would be kept.
func (c *Cache) hasRoom(size int64) bool {
	_, keep := c.allocator(size)
	return keep
}

// keepColumn keeps a column that was decoded into the cache's memory.
func (c *Cache) keepColumn(name runName, number uint32, id uint32, values arrow.Array) {
	size := int64(arrayBytes(values)) + int64(values.Len()/8)
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entry(name, number, size)
	if e == nil {
		return
	}
	for i := range e.columns {
		if e.columns[i].id == id {
			return
		}
	}
	values.Retain()
	e.columns = append(e.columns, cachedColumn{id, values})
	c.grow(e, size)
}

func (c *Cache) run(name runName) *cachedRun {
	r := c.runs[name]
	if r == nil {
		r = &cachedRun{blocks: map[uint32]*cacheEntry{}}
		c.runs[name] = r
	}
	return r
}

// entry finds or makes the entry of a block for size bytes more; nil without room.
func (c *Cache) entry(name runName, number uint32, size int64) *cacheEntry {
	if !c.room(size + cacheEntryBytes) {
		return nil
	}
	r := c.run(name)
	e := r.blocks[number]
	if e == nil {
		e = &cacheEntry{name: name, number: number, bytes: cacheEntryBytes}
		r.blocks[number] = e
		c.insert(e)
	}
	e.use()
	return e
}

func (c *Cache) insert(e *cacheEntry) {
	c.ring = append(c.ring, e)
	c.bytes += e.bytes
}

func (c *Cache) grow(e *cacheEntry, size int64) {
	e.bytes += size
	c.bytes += size
}

// room makes room by the clock algorithm, but gives up at the first entry that
// was used since the hand came by: what a scan reads that does not fit as a
// whole does not drive out what is used as often, and unused entries go at once.
func (c *Cache) room(size int64) bool {
	for c.bytes+c.Directory.keptBytes()+size > c.limit {
		if len(c.ring) == 0 {
			return false
		}
		if c.hand >= len(c.ring) {
			c.hand = 0
		}
		e := c.ring[c.hand]
		if e.used.Swap(false) {
			c.hand++
			return false
		}
		c.remove(c.hand)
	}
	return true
}

// remove forgets the entry at a place of the ring.
func (c *Cache) remove(at int) {
	e, last := c.ring[at], len(c.ring)-1
	c.ring[at], c.ring[last] = c.ring[last], nil
	c.ring = c.ring[:last]
	c.bytes -= e.bytes
	for _, k := range e.columns {
		k.values.Release()
	}
	r := c.runs[e.name]
	if e.headers != nil {
		r.headers = nil
	} else {
		delete(r.blocks, e.number)
	}
	if r.headers == nil && len(r.blocks) == 0 {
		delete(c.runs, e.name)
	}
}

// nameOf names a run of a partition.
func nameOf(prefix kv.Key, run uint64) runName { return runName{string(prefix), run} }
