package embedded

import (
	"hash/maphash"
	"sync/atomic"

	"github.com/tidemarkdb/tidemark/kv"
)

// recentCommits remembers, for a hash of a key, the newest commit of any key
// with that hash since the store was opened. Most conflict checks end here
// without a look at the store: nothing with this hash was committed since the
// snapshot. Every snapshot a writer can have is taken after the store was
// opened, so that nothing needs to be remembered over a restart.
//
// note is called before the commit is applied and so before its locks are
// released.
type recentCommits struct {
	seed  maphash.Seed
	slots []atomic.Uint64
}

// recentSlots is the number of slots (8 bytes each).
const recentSlots = 1 << 18

func (r *recentCommits) init() {
	r.seed = maphash.MakeSeed()
	r.slots = make([]atomic.Uint64, recentSlots)
}

func (r *recentCommits) hash(key kv.Key) uint64 { return maphash.Bytes(r.seed, key) }

func (r *recentCommits) note(a *arena, ts kv.Timestamp) {
	a.each(0, func(_ uint32, e entry) {
		slot := &r.slots[r.hash(userKey(e.stored))%recentSlots]
		for {
			old := slot.Load()
			if old >= uint64(ts) || slot.CompareAndSwap(old, uint64(ts)) {
				return
			}
		}
	})
}

// above reports whether a key with this hash may have been committed after ts.
func (r *recentCommits) above(hash uint64, ts kv.Timestamp) bool {
	return r.slots[hash%recentSlots].Load() > uint64(ts)
}

// newerThan returns the timestamp of the newest version of key if that is
// above ts, else 0. The caller holds a lock on key that keeps others from
// committing it.
func (s *Store) newerThan(key kv.Key, ts kv.Timestamp) (kv.Timestamp, error) {
	if !s.recent.above(s.recent.hash(key), ts) {
		return 0, nil
	}
	if newest, ok := s.rows.newest(key); ok {
		if newest <= ts {
			return 0, nil
		}
		return newest, nil
	}
	pi, err := s.iters.get(kv.Timestamp(s.oracle.applied.Load()))
	if err != nil {
		return 0, err
	}
	newest, err := pi.newest(key)
	s.iters.put(pi)
	if err != nil || newest <= ts {
		return 0, err
	}
	return newest, nil
}
