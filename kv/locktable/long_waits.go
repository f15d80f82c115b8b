package locktable

import "time"

// LongWait is a request that has waited for some time, for those who look for
// deadlocks that only partly lie in this table.
type LongWait struct {
	Owner uint64
	// ID tells the wait apart from others of the owner: as long as it is reported
	// the owner has done nothing else.
	ID    uint64
	Since time.Time
	// For are the owners waited for. Those who wait ahead for the same lock are
	// left out if what they wait for is waited for here, too.
	For    []uint64
	waiter *waiter
}

// LongWaits returns the requests that wait since before a time.
func (t *Table) LongWaits(before time.Time) []LongWait {
	var found []*waiter
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		for _, q := range s.queues {
			for _, w := range q.waiters {
				if w.since.Before(before) {
					found = append(found, w)
				}
			}
		}
		s.mu.Unlock()
	}
	out := make([]LongWait, 0, len(found))
	for _, w := range found {
		blockers, holds := t.blockers(w)
		long := LongWait{Owner: w.owner.id, ID: w.id, Since: w.since, waiter: w}
		for _, on := range blockers {
			if next := on.waiting.Load(); next == nil || holds || next.hash != w.hash || next.mode > w.mode {
				long.For = append(long.For, on.id)
			}
		}
		if len(long.For) > 0 {
			out = append(out, long)
		}
	}
	return out
}

// Fail ends a wait with an error. One that has ended meanwhile stays as it ended.
func (t *Table) Fail(long LongWait, err error) {
	w := long.waiter
	s := t.shard(w.hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.remove(w) {
		w.err = err
		close(w.ready)
	}
}

// Holders returns the owners that hold a lock.
func (t *Table) Holders(hash uint64) []uint64 {
	s := t.shard(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, ok := s.held[hash]; ok {
		return []uint64{v >> modeBits}
	}
	var out []uint64
	if q := s.queues[hash]; q != nil {
		for _, h := range q.holders {
			out = append(out, h.owner.id)
		}
	}
	return out
}
