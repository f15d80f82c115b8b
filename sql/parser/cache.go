package parser

import (
	"hash/maphash"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tidemarkdb/tidemark/sql/ast"
)

const (
	cacheShards = 16
	// A tree takes some 30 times the memory of its text (BenchmarkTreeBytes);
	// entryBytes is what an entry costs besides.
	treeFactor = 30
	entryBytes = 512
)

// Cache keeps the trees of texts that parsed without error, from the second time
// on that a text comes. Any number of goroutines may use it; the trees are shared
// and read-only.
type Cache struct {
	seen   *Seen
	seed   maphash.Seed
	shards [cacheShards]cacheShard
	limit  int64 // bytes per shard
}

// cacheShard is a map with a second-chance queue: entries leave in the order
// they came, but one that was used since it came or was last spared goes to
// the end of the queue. So a hit writes nothing but a flag.
type cacheShard struct {
	mu      sync.RWMutex
	entries map[string]*cacheEntry
	first   *cacheEntry // the next to leave
	last    *cacheEntry
	bytes   int64
}

type cacheEntry struct {
	text  string
	stmts []ast.RawStmt
	bytes int64
	used  atomic.Bool
	next  *cacheEntry
}

// NewCache makes a cache of about maxBytes bytes.
func NewCache(maxBytes int64) *Cache {
	c := &Cache{seen: NewSeen(), seed: maphash.MakeSeed(), limit: maxBytes / cacheShards}
	for i := range c.shards {
		c.shards[i].entries = make(map[string]*cacheEntry)
	}
	return c
}

// Parse is the package's Parse with a look into the cache first.
func (c *Cache) Parse(sql string) ([]ast.RawStmt, error) {
	shard := &c.shards[maphash.String(c.seed, sql)%cacheShards]
	shard.mu.RLock()
	e := shard.entries[sql]
	shard.mu.RUnlock()
	if e != nil {
		if !e.used.Load() {
			e.used.Store(true)
		}
		return e.stmts, nil
	}
	// The tree refers to the text: it must not keep a larger buffer alive.
	text := strings.Clone(sql)
	stmts, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if !c.seen.Again(text) {
		return stmts, nil
	}
	e = &cacheEntry{text: text, stmts: stmts, bytes: entryBytes + treeFactor*int64(len(text))}
	if e.bytes <= c.limit/4 {
		shard.add(e, c.limit)
	}
	return stmts, nil
}

// Bytes returns how many bytes the cache holds, by its own estimate.
func (c *Cache) Bytes() int64 {
	var sum int64
	for i := range c.shards {
		c.shards[i].mu.RLock()
		sum += c.shards[i].bytes
		c.shards[i].mu.RUnlock()
	}
	return sum
}

func (s *cacheShard) add(e *cacheEntry, limit int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.entries[e.text] != nil {
		return // another goroutine was first
	}
	for s.bytes+e.bytes > limit && s.first != nil {
		s.evict()
	}
	s.entries[e.text] = e
	s.bytes += e.bytes
	s.push(e)
}

// evict drops the first entry, or gives it its second chance.
func (s *cacheShard) evict() {
	e := s.first
	s.first = e.next
	if s.first == nil {
		s.last = nil
	}
	if e.used.Swap(false) {
		s.push(e)
		return
	}
	delete(s.entries, e.text)
	s.bytes -= e.bytes
}

func (s *cacheShard) push(e *cacheEntry) {
	e.next = nil
	if s.last == nil {
		s.first, s.last = e, e
		return
	}
	s.last.next, s.last = e, e
}
