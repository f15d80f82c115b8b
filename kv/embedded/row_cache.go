package embedded

import (
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/VictoriaMetrics/fastcache"

	"github.com/tidemarkdb/tidemark/kv"
)

// rowCache keeps the newest versions of keys that point reads asked for. A hit
// costs a hash lookup, a miss a walk down the memtables and levels of Pebble.
//
// Invariant: a key that is here is here with its newest version that was
// applied or is being applied. So an entry answers every snapshot at or above
// its timestamp, and none below. Who changes an entry holds the stripe of its
// key:
//
//   - a commit, after it noted its timestamp in recentCommits and before it is
//     applied, replaces or removes the entries of its keys;
//   - a reader adds what it read at a snapshot only if nothing with the key's
//     hash was noted above that snapshot. A commit that it did not see has
//     either been noted, or comes to the stripe later and replaces the entry.
//
// The bytes lie outside the collected heap.
type rowCache struct {
	cache   *fastcache.Cache // nil: no cache
	bytes   int64            // its size
	filled  atomic.Int64     // bytes stored since it was empty, those pushed out included
	recent  *recentCommits
	stripes [rowStripes]rowStripe
	floor   kv.Timestamp // see init and clear; all stripes are held to change it
}

const rowStripes = 256

type rowStripe struct {
	sync.Mutex
	_ [56]byte // a cache line each
}

// maxCachedRow is the longest key and value kept, together. The cache itself
// takes less than 64 KiB.
const maxCachedRow = 16 << 10

// init makes the cache of a store whose commits so far are below opened:
// recentCommits does not know them, so nothing read below it is added.
func (c *rowCache) init(bytes int64, recent *recentCommits, opened kv.Timestamp) {
	c.recent, c.floor = recent, opened
	if bytes > 0 {
		c.cache, c.bytes = fastcache.New(int(bytes)), bytes
	}
}

// close gives the memory back. Nobody reads any more.
func (c *rowCache) close() {
	if c.cache != nil {
		c.cache.Reset()
	}
}

// get returns the version of key that a snapshot at ts sees, in the memory of
// dst, if it is here.
func (c *rowCache) get(dst []byte, key kv.Key, ts kv.Timestamp) (buf, value []byte, ok bool) {
	if c.cache == nil {
		return dst, nil, false
	}
	buf, ok = c.cache.HasGet(dst[:0], key)
	if !ok || binary.BigEndian.Uint64(buf) > uint64(ts) {
		return buf, nil, false
	}
	return buf, buf[timestampLen:], true
}

// newest returns the timestamp of the newest version of key if it is here. The
// caller holds a lock on key that keeps others from committing it.
func (c *rowCache) newest(key kv.Key) (kv.Timestamp, bool) {
	if c.cache == nil {
		return 0, false
	}
	var room [512]byte
	buf, ok := c.cache.HasGet(room[:0], key)
	if !ok {
		return 0, false
	}
	return kv.Timestamp(binary.BigEndian.Uint64(buf)), true
}

// add keeps the version of key with the timestamp version, which a snapshot at
// ts sees.
func (c *rowCache) add(key kv.Key, version kv.Timestamp, value []byte, ts kv.Timestamp) {
	if c.cache == nil || len(key)+len(value) > maxCachedRow {
		return
	}
	hash := c.recent.hash(key)
	stripe := &c.stripes[hash%rowStripes]
	stripe.Lock()
	if ts >= c.floor && !c.recent.above(hash, ts) {
		c.set(key, version, value)
	}
	stripe.Unlock()
}

// set stores an entry. The stripe is held.
func (c *rowCache) set(key kv.Key, version kv.Timestamp, value []byte) {
	var room [512]byte
	entry := append(binary.BigEndian.AppendUint64(room[:0], uint64(version)), value...)
	c.cache.Set(key, entry)
	c.filled.Add(int64(len(key) + len(entry)))
}

// committing takes up the writes of a commit at ts that is about to be applied.
// Those of a large one only leave.
func (c *rowCache) committing(a *arena, ts kv.Timestamp) {
	c.change(a, func(key kv.Key, e entry) {
		if a.bytes > orderedBytes || e.kind() != kindPut || len(key)+len(e.value) > maxCachedRow {
			c.cache.Del(key)
		} else {
			c.set(key, ts, e.value[1:])
		}
	})
}

// forget removes the entries of keys that are about to be written out of order.
func (c *rowCache) forget(a *arena) {
	c.change(a, func(key kv.Key, _ entry) { c.cache.Del(key) })
}

// change calls fn for the writes to keys that are here, with the stripe held.
func (c *rowCache) change(a *arena, fn func(kv.Key, entry)) {
	if c.cache == nil {
		return
	}
	a.each(0, func(_ uint32, e entry) {
		if e.value[0]&flagReplaced != 0 {
			return
		}
		key := userKey(e.stored)
		stripe := &c.stripes[c.recent.hash(key)%rowStripes]
		stripe.Lock()
		if c.cache.Has(key) {
			fn(key, e)
		}
		stripe.Unlock()
	})
}

// clear forgets everything. Nothing that was read at a snapshot below ts is
// added from now on.
func (c *rowCache) clear(ts kv.Timestamp) {
	if c.cache == nil {
		return
	}
	for i := range c.stripes {
		c.stripes[i].Lock()
	}
	c.floor = max(c.floor, ts)
	c.cache.Reset()
	c.filled.Store(0)
	for i := range c.stripes {
		c.stripes[i].Unlock()
	}
}
