package session

import (
	"container/list"
	"sync"
	"sync/atomic"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/parser"
)

// planned is a plan with what is needed to run it again. It is read-only and
// shared between sessions.
type planned struct {
	query *plan.Query
	point *executor.Point // the short path, nil if it does not fit
	// version is the newest catalog version the plan is known to be good for,
	// schema the schema version it was made at, and stats the statistics of the
	// tables it depends on, parallel to query.Deps.
	version atomic.Uint64
	schema  uint64
	stats   []*catalog.TableStats
	// negated says which literals that became parameters have a sign before them
	// that belongs to their value (normalized texts only).
	negated []bool
	// fixed are the literals that became none, of which the plan has the values;
	// nil if there are none.
	fixed []fixedLiteral
	// sample is a statement that a shared plan of series was made for.
	sample *ast.RawStmt
	// refused marks a normalized text that cannot share a plan.
	refused bool
}

func newPlanned(q *plan.Query, point *executor.Point, snap *catalog.Snapshot) *planned {
	p := &planned{query: q, point: point, schema: snap.SchemaVersion()}
	p.version.Store(snap.Version())
	if point == nil || point.Few() { // a plan by a key stays the best one
		p.stats = make([]*catalog.TableStats, len(q.Deps))
		for i, dep := range q.Deps {
			p.stats[i] = snap.Stats(dep.ID)
		}
	}
	return p
}

// validOn reports whether the plan may run on a catalog: nothing but
// statistics has changed since it was made, and those of other tables.
func (p *planned) validOn(snap *catalog.Snapshot) bool {
	if snap.Version() == p.version.Load() {
		return true
	}
	if snap.SchemaVersion() != p.schema {
		return false
	}
	for i, st := range p.stats {
		if snap.Stats(p.query.Deps[i].ID) != st {
			return false
		}
	}
	p.version.Store(snap.Version())
	return true
}

// planKey identifies a plan: its text and all else it depends on but the
// catalog's version.
type planKey struct {
	text string
	env  uint32
}

// planCache keeps plans by text, least recently used ones out first, bounded
// in (estimated) bytes. What comes for the first time is not kept: see seen.
type planCache struct {
	shards [16]planShard
	envs   envTable
	seen   *parser.Seen
}

type planShard struct {
	mu    sync.Mutex
	max   int64
	bytes int64
	items map[planKey]*list.Element
	order *list.List // front: most recent
	// How often a plan was asked for and was there, or was not.
	found, missed int64
}

type planItem struct {
	key  planKey
	plan *planned
	size int64
}

// planOverhead is what a cached plan is taken to cost besides its text.
const planOverhead = 8 << 10

func newPlanCache(bytes int64) *planCache {
	c := &planCache{seen: parser.NewSeen()}
	for i := range c.shards {
		c.shards[i] = planShard{max: bytes / int64(len(c.shards)), items: map[planKey]*list.Element{}, order: list.New()}
	}
	return c
}

func (c *planCache) shard(text string) *planShard {
	h := uint32(2166136261)
	for i := max(0, len(text)-16); i < len(text); i++ {
		h = (h ^ uint32(text[i])) * 16777619
	}
	return &c.shards[(h^uint32(len(text)))%uint32(len(c.shards))]
}

// get finds a plan. The key's text may alias a buffer.
func (c *planCache) get(key planKey) *planned {
	s := c.shard(key.text)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.items[key]
	if e == nil {
		s.missed++
		return nil
	}
	s.found++
	s.order.MoveToFront(e)
	return e.Value.(*planItem).plan
}

// asked returns how often a plan was asked for and was there, or was not.
func (c *planCache) asked() (found, missed int64) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		found, missed = found+s.found, missed+s.missed
		s.mu.Unlock()
	}
	return found, missed
}

// put keeps a plan. The key's text must not alias a buffer.
func (c *planCache) put(key planKey, p *planned) {
	s := c.shard(key.text)
	s.mu.Lock()
	defer s.mu.Unlock()
	size := int64(len(key.text)) + planOverhead
	if e := s.items[key]; e != nil {
		e.Value.(*planItem).plan = p
		s.order.MoveToFront(e)
		return
	}
	s.items[key] = s.order.PushFront(&planItem{key: key, plan: p, size: size})
	s.bytes += size
	for s.bytes > s.max && s.order.Len() > 1 {
		last := s.order.Back()
		item := last.Value.(*planItem)
		s.order.Remove(last)
		delete(s.items, item.key)
		s.bytes -= item.size
	}
}

// envTable numbers the environments of plans: database, search path, user.
type envTable struct {
	mu  sync.Mutex
	ids map[string]uint32
}

func (t *envTable) id(env string) uint32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ids == nil {
		t.ids = map[string]uint32{}
	}
	id, ok := t.ids[env]
	if !ok {
		id = uint32(len(t.ids) + 1)
		t.ids[env] = id
	}
	return id
}
