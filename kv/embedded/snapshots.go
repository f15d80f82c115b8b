package embedded

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/tidemarkdb/tidemark/kv"
)

// snapshots knows which timestamps are being read, so that versions they need
// are kept, and the horizon below which versions may be gone.
//
// Beginning a read takes the visible timestamp and enters the list under one
// shard's mutex. The cleaner first takes its candidate, which is <= visible,
// and then visits the shards: whoever it does not find will read at the
// candidate or later.
type snapshots struct {
	oracle *oracle
	shards [snapshotShards]snapshotShard

	mu       sync.Mutex // guards what follows, and opening reads in the past
	horizon  kv.Timestamp
	barriers map[*barrier]struct{}
	// Spans whose past ends behind the horizon (reclaim.go), and the highest timestamp
	// that any span ever had.
	spans     []reclaimedSpan
	reclaimed kv.Timestamp
}

const snapshotShards = 8

type snapshotShard struct {
	mu   sync.Mutex
	root snapshot // of a ring
	_    [16]byte
}

// snapshot is one reader's place in the list; it is part of a txn.
type snapshot struct {
	ts         atomic.Uint64
	prev, next *snapshot
	shard      uint8
}

type barrier struct{ ts kv.Timestamp }

func (s *snapshots) init(o *oracle, horizon kv.Timestamp) {
	s.oracle, s.horizon = o, horizon
	s.barriers = make(map[*barrier]struct{})
	for i := range s.shards {
		r := &s.shards[i].root
		r.prev, r.next = r, r
	}
}

// open enters a reader of the newest snapshot.
func (s *snapshots) open(n *snapshot) kv.Timestamp {
	n.shard = uint8(rand.Uint32() % snapshotShards)
	sh := &s.shards[n.shard]
	sh.mu.Lock()
	ts := s.oracle.visible.Load()
	n.ts.Store(ts)
	r := &sh.root
	n.prev, n.next = r.prev, r
	r.prev.next = n
	r.prev = n
	sh.mu.Unlock()
	return kv.Timestamp(ts)
}

// openAt enters a reader at a past timestamp.
func (s *snapshots) openAt(n *snapshot, ts kv.Timestamp) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ts < s.horizon {
		return errSnapshotTooOld
	}
	s.open(n)
	n.ts.Store(uint64(ts))
	return nil
}

// refresh moves a reader to the newest snapshot.
func (s *snapshots) refresh(n *snapshot) kv.Timestamp {
	ts := s.oracle.visible.Load()
	n.ts.Store(ts)
	return kv.Timestamp(ts)
}

func (s *snapshots) close(n *snapshot) {
	sh := &s.shards[n.shard]
	sh.mu.Lock()
	n.prev.next, n.next.prev = n.next, n.prev
	n.prev, n.next = nil, nil
	sh.mu.Unlock()
}

// barrier keeps the versions visible at or after ts.
func (s *snapshots) barrier(ts kv.Timestamp) (release func()) {
	b := &barrier{ts: ts}
	s.mu.Lock()
	s.barriers[b] = struct{}{}
	s.mu.Unlock()
	return func() {
		s.mu.Lock()
		delete(s.barriers, b)
		s.mu.Unlock()
	}
}

// oldest returns the oldest timestamp that is or can yet be read, at most
// visible, without regard to the horizon. mu is held.
func (s *snapshots) oldest() kv.Timestamp {
	ts := s.oracle.visible.Load()
	for i := range s.shards {
		sh := &s.shards[i]
		sh.mu.Lock()
		for n := sh.root.next; n != &sh.root; n = n.next {
			ts = min(ts, n.ts.Load())
		}
		sh.mu.Unlock()
	}
	return kv.Timestamp(ts)
}

// raise moves the horizon up to limit, as far as readers and barriers let it,
// and returns it.
func (s *snapshots) raise(limit kv.Timestamp) kv.Timestamp {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.horizon = max(s.horizon, min(limit, s.needed()))
	s.forgetSpans()
	return s.horizon
}

// needed is the oldest timestamp that a reader or barrier wants; mu is held.
func (s *snapshots) needed() kv.Timestamp {
	ts := s.oldest()
	for b := range s.barriers {
		ts = min(ts, b.ts)
	}
	return ts
}

// stored is what the store's record of the horizon has to say when versions below a
// timestamp are deleted.
func (s *snapshots) stored(horizon kv.Timestamp) kv.Timestamp {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(horizon, s.reclaimed)
}
