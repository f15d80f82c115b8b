// Package locktable holds the row locks of one process: four modes, FIFO queues, deadlock detection. The embedded store
// has no other locks; the TiKV driver asks it first, and the cluster after it.
package locktable

import (
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
)

// Table is a lock table. It lives in memory: its locks die with the process, as
// their transactions do.
//
// A key is known by a 61-bit hash with a random seed. Two keys of one hash
// would share a lock, which costs a needless wait once in 2^61/n^2 cases and
// nothing else: conflicts are judged by real keys. In return a lock that
// nobody contends for is one pointer-free map entry (16 bytes) in its shard
// and one word in its owner, so that a transaction may hold millions.
//
// Invariant: a hash is in held (one holder, no waiter) or in queues, never in
// both, and in neither when it is free.
//
// Lock order: detect, then one shard at a time.
type Table struct {
	seed   maphash.Seed
	shards [shardCount]shard
	// detect serializes going to sleep, so that of all the waits of a cycle
	// exactly one, the last, finds it.
	detect sync.Mutex
	owners registry
	waits  atomic.Uint64 // how many there have been
	closed atomic.Bool
}

const (
	shardCount = 64
	modeBits   = 3
	modeMask   = 1<<modeBits - 1
)

type shard struct {
	mu     sync.Mutex
	held   map[uint64]uint64 // hash -> owner id << 3 | mode
	queues map[uint64]*queue
	_      [40]byte // a cache line each
}

// queue is a lock with several holders or with waiters.
type queue struct {
	holders []holder
	waiters []*waiter // FIFO, but upgrades first
}

type holder struct {
	owner *Owner
	mode  kv.LockMode
}

// waiter is one sleeping request.
type waiter struct {
	owner *Owner
	key   kv.Key // for the deadlock report
	hash  uint64
	mode  kv.LockMode
	id    uint64 // tells waits apart
	since time.Time
	// granted, or err if somebody ended the wait, is set under the shard's mutex,
	// before ready is closed.
	granted bool
	err     error
	ready   chan struct{}
}

// Owner is what the lock table knows of a transaction. It is used by the
// transaction's goroutine.
type Owner struct {
	id uint64
	// taken lists the locks in the order they were taken: hash | mode held
	// before (0 for none, else this entry is an upgrade).
	taken []uint64
	// kept lists the hashes of the locks that ReleaseRows leaves.
	kept []uint64
	// waiting is the request the transaction sleeps on.
	waiting atomic.Pointer[waiter]
}

// NewOwner registers a transaction by its id, which is unique among the living.
// It ends with End.
func (t *Table) NewOwner(id uint64) *Owner {
	o := &Owner{id: id}
	t.owners.add(o)
	return o
}

// End releases all locks of o and forgets it.
func (t *Table) End(o *Owner) {
	t.ReleaseTo(o, 0)
	t.owners.remove(o)
}

// Taken is how many locks and upgrades o has taken: a mark for ReleaseTo.
func (o *Owner) Taken() int { return len(o.taken) }

// conflicts is PostgreSQL's table of row-level lock conflicts (section 13.3.2):
// bit m of conflicts[n] is set when modes n and m exclude each other.
var conflicts = [5]uint8{
	kv.LockKeyShare:    1 << kv.LockUpdate,
	kv.LockShare:       1<<kv.LockNoKeyUpdate | 1<<kv.LockUpdate,
	kv.LockNoKeyUpdate: 1<<kv.LockShare | 1<<kv.LockNoKeyUpdate | 1<<kv.LockUpdate,
	kv.LockUpdate:      1<<kv.LockKeyShare | 1<<kv.LockShare | 1<<kv.LockNoKeyUpdate | 1<<kv.LockUpdate,
}

func conflict(a, b kv.LockMode) bool { return conflicts[a]&(1<<b) != 0 }

// New returns an empty table.
func New() *Table {
	t := &Table{seed: maphash.MakeSeed()}
	for i := range t.shards {
		t.shards[i].held = make(map[uint64]uint64)
		t.shards[i].queues = make(map[uint64]*queue)
	}
	return t
}

// Hash returns what the table knows a key by.
func (t *Table) Hash(key kv.Key) uint64 {
	return maphash.Bytes(t.seed, key) &^ modeMask
}

func (t *Table) shard(hash uint64) *shard {
	return &t.shards[hash>>(64-6)]
}

// Certify takes the lock that a commit needs for a key it writes. held says
// that o had a lock already that keeps other writers out; free is false when
// the commit has to wait.
func (t *Table) Certify(o *Owner, hash uint64) (held, free bool) {
	s := t.shard(hash)
	s.mu.Lock()
	v, ok := s.held[hash]
	if ok {
		if v>>modeBits == o.id && kv.LockMode(v&modeMask) >= kv.LockNoKeyUpdate {
			s.mu.Unlock()
			return true, true
		}
	} else if len(s.queues) == 0 {
		s.held[hash] = o.id<<modeBits | uint64(kv.LockUpdate)
		o.taken = append(o.taken, hash)
		s.mu.Unlock()
		return false, true
	} else if q := s.queues[hash]; q != nil {
		if h := q.holder(o); h != nil && h.mode >= kv.LockNoKeyUpdate {
			s.mu.Unlock()
			return true, true
		}
	}
	s.mu.Unlock()
	return false, t.tryLock(o, hash, kv.LockUpdate, nil)
}

// tryLock takes a lock if it is free for o. If not, and w is not nil, w is
// queued.
func (t *Table) tryLock(o *Owner, hash uint64, mode kv.LockMode, w *waiter) bool {
	s := t.shard(hash)
	s.mu.Lock()
	v, ok := s.held[hash]
	switch {
	case ok && v>>modeBits == o.id:
		if had := kv.LockMode(v & modeMask); mode > had {
			s.held[hash] = o.id<<modeBits | uint64(mode)
			o.taken = append(o.taken, hash|uint64(had))
		}
		s.mu.Unlock()
		return true
	case !ok:
		q := s.queues[hash]
		if q == nil {
			s.held[hash] = o.id<<modeBits | uint64(mode)
			o.taken = append(o.taken, hash)
			s.mu.Unlock()
			return true
		}
		granted := q.lock(o, hash, mode, w)
		s.mu.Unlock()
		return granted
	}
	// Held by one other transaction.
	had := kv.LockMode(v & modeMask)
	if conflict(had, mode) && w == nil {
		s.mu.Unlock()
		return false
	}
	q := &queue{holders: make([]holder, 0, 4)}
	q.holders = append(q.holders, holder{owner: t.owners.get(v >> modeBits), mode: had})
	delete(s.held, hash)
	s.queues[hash] = q
	granted := q.lock(o, hash, mode, w)
	s.mu.Unlock()
	return granted
}

func (q *queue) holder(o *Owner) *holder {
	for i := range q.holders {
		if q.holders[i].owner == o {
			return &q.holders[i]
		}
	}
	return nil
}

// free reports whether no holder but o excludes mode.
func (q *queue) free(o *Owner, mode kv.LockMode) bool {
	for _, h := range q.holders {
		if h.owner != o && conflict(h.mode, mode) {
			return false
		}
	}
	return true
}

// lock grants the lock or queues w. The shard is locked.
func (q *queue) lock(o *Owner, hash uint64, mode kv.LockMode, w *waiter) bool {
	own := q.holder(o)
	if own != nil && own.mode >= mode {
		return true
	}
	grant := q.free(o, mode)
	if own == nil {
		// No overtaking of somebody we would exclude: first come, first served.
		for _, other := range q.waiters {
			grant = grant && !conflict(other.mode, mode)
		}
	}
	if grant {
		q.grant(o, hash, mode)
		return true
	}
	if w == nil {
		return false
	}
	at := len(q.waiters)
	if own != nil {
		// Those in the queue wait for us anyway: an upgrade goes before them.
		at = 0
		for at < len(q.waiters) && q.holder(q.waiters[at].owner) != nil {
			at++
		}
	}
	q.waiters = append(q.waiters, nil)
	copy(q.waiters[at+1:], q.waiters[at:])
	q.waiters[at] = w
	o.waiting.Store(w)
	return false
}

// grant makes o a holder, or a stronger one.
func (q *queue) grant(o *Owner, hash uint64, mode kv.LockMode) {
	if h := q.holder(o); h != nil {
		o.taken = append(o.taken, hash|uint64(h.mode))
		h.mode = mode
		return
	}
	q.holders = append(q.holders, holder{owner: o, mode: mode})
	o.taken = append(o.taken, hash)
}

// wake grants what can be granted, in order, and tidies up. The shard is
// locked. The owner of a waiter sleeps meanwhile, so that its list may be
// written.
func (s *shard) wake(hash uint64, q *queue) {
	kept := q.waiters[:0]
	var ahead uint8 // modes that somebody still waiting ahead excludes
	for _, w := range q.waiters {
		if ahead&(1<<w.mode) == 0 && q.free(w.owner, w.mode) {
			q.grant(w.owner, hash, w.mode)
			w.granted = true
			w.owner.waiting.Store(nil)
			close(w.ready)
			continue
		}
		ahead |= conflicts[w.mode]
		kept = append(kept, w)
	}
	clear(q.waiters[len(kept):])
	q.waiters = kept
	s.tidy(hash, q)
}

// tidy restores the invariant after holders or waiters went.
func (s *shard) tidy(hash uint64, q *queue) {
	if len(q.waiters) > 0 || len(q.holders) > 1 {
		return
	}
	delete(s.queues, hash)
	if len(q.holders) == 1 {
		h := q.holders[0]
		s.held[hash] = h.owner.id<<modeBits | uint64(h.mode)
	}
}

// unlock takes a lock back to a weaker mode, 0 to give it up.
func (t *Table) unlock(o *Owner, hash uint64, to kv.LockMode) {
	s := t.shard(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	if to == 0 && len(s.queues) == 0 {
		delete(s.held, hash)
		return
	}
	if _, ok := s.held[hash]; ok {
		if to == 0 {
			delete(s.held, hash)
		} else {
			s.held[hash] = o.id<<modeBits | uint64(to)
		}
		return
	}
	q := s.queues[hash]
	for i := range q.holders {
		if q.holders[i].owner != o {
			continue
		}
		if to == 0 {
			q.holders[i] = q.holders[len(q.holders)-1]
			q.holders[len(q.holders)-1] = holder{}
			q.holders = q.holders[:len(q.holders)-1]
		} else {
			q.holders[i].mode = to
		}
		break
	}
	s.wake(hash, q)
}

// ReleaseTo undoes the locks taken after the first n.
func (t *Table) ReleaseTo(o *Owner, n int) {
	for i := len(o.taken) - 1; i >= n; i-- {
		t.unlock(o, o.taken[i]&^modeMask, kv.LockMode(o.taken[i]&modeMask))
	}
	released := len(o.taken) - n
	o.taken = o.taken[:n]
	t.shrink(released)
}

// manyLocks is how many released locks are worth a look at the maps' sizes: a
// map of Go does not give back the memory of what is deleted from it.
const manyLocks = 1 << 16

// shrink makes the maps of the shards anew that nobody uses, after many locks
// were released.
func (t *Table) shrink(released int) {
	if released < manyLocks {
		return
	}
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		if len(s.held) == 0 {
			s.held = make(map[uint64]uint64)
		}
		s.mu.Unlock()
	}
}

// Keep marks a lock that ReleaseRows leaves.
func (o *Owner) Keep(hash uint64) {
	if !slices.Contains(o.kept, hash) {
		o.kept = append(o.kept, hash)
	}
}

// ReleaseRows undoes all locks but those that are to be kept.
func (t *Table) ReleaseRows(o *Owner) {
	rest := make([]uint64, 0, len(o.kept))
	for i := len(o.taken) - 1; i >= 0; i-- {
		hash := o.taken[i] &^ modeMask
		if slices.Contains(o.kept, hash) {
			rest = append(rest, o.taken[i])
			continue
		}
		t.unlock(o, hash, kv.LockMode(o.taken[i]&modeMask))
	}
	released := len(o.taken) - len(rest)
	slices.Reverse(rest)
	o.taken = rest
	t.shrink(released)
}

// registry finds owners by their id, when a lock becomes contended.
type registry struct {
	shards [16]struct {
		mu sync.Mutex
		m  map[uint64]*Owner
		_  [48]byte
	}
}

func (r *registry) add(o *Owner) {
	s := &r.shards[o.id%16]
	s.mu.Lock()
	if s.m == nil {
		s.m = make(map[uint64]*Owner)
	}
	s.m[o.id] = o
	s.mu.Unlock()
}

func (r *registry) remove(o *Owner) {
	s := &r.shards[o.id%16]
	s.mu.Lock()
	delete(s.m, o.id)
	s.mu.Unlock()
}

func (r *registry) get(id uint64) *Owner {
	s := &r.shards[id%16]
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.m[id]
}
