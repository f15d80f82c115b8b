package tsengine

import (
	"context"
	"hash/fnv"
	"slices"
	"time"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// The keepers of processes that share a store share its work:
//
//   - Each packs the partitions that its own sessions wrote to, all deltas of them.
//     Whoever packs a partition has claimed it; another one leaves it alone then, and
//     has less to do when it looks again.
//   - What nobody living has counted (deltas of a process that died, slices that
//     have expired) is work of one process for each partition, which all find out alike
//     from the names of those that live. When one dies its part goes to the others.
//
// Claims are what keeps two from the same work at once, and what they write is safe
// without (see Packer); names only say who begins.
type sharing struct {
	store   kv.SharedStore // nil if there are no others
	self    string
	members []string
	asked   time.Time // when they were asked for
	// given are expired partitions, by prefix, whose space is to be freed once no
	// snapshot needs them, and when that was said. They are seen until then.
	given map[string]time.Time
}

// meetEvery is how often a process asks at most who lives: leases last longer.
const meetEvery = 5 * time.Second

// givenFor is after what time the space of an expired partition that is still seen
// is given up again: something was written there afterwards.
const givenFor = time.Hour

// meet asks who lives, if it is time. It reports whether somebody has gone since it
// asked last.
func (s *sharing) meet(ctx context.Context) (gone bool, err error) {
	if s.store == nil || time.Since(s.asked) < meetEvery {
		return false, nil
	}
	self, members, err := s.store.Members(ctx)
	if err != nil {
		return false, err
	}
	for _, m := range s.members {
		gone = gone || m != self && !slices.Contains(members, m)
	}
	s.self, s.members, s.asked = self, members, time.Now()
	return gone, nil
}

// mine reports whether work on a partition that nobody has counted is this
// process's: its name, with the partition's, has the highest hash. So what one that
// has gone leaves is spread over the others, and nothing else moves.
func (s *sharing) mine(prefix kv.Key) bool {
	if s.store == nil {
		return true
	}
	own := rank(s.self, prefix)
	for _, m := range s.members {
		if r := rank(m, prefix); r > own || r == own && m > s.self {
			return false
		}
	}
	return true
}

func rank(member string, prefix kv.Key) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(prefix)
	_, _ = h.Write([]byte(member))
	// The last bytes of what FNV hashes hardly reach its highest bits.
	x := h.Sum64()
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	return x ^ x>>32
}

// giveUp reports whether the space of an expired partition is still to be given up.
func (s *sharing) giveUp(prefix kv.Key, now time.Time) bool {
	if s.store == nil {
		return true // it is gone at once
	}
	if at, ok := s.given[string(prefix)]; ok && now.Sub(at) < givenFor {
		return false
	}
	if s.given == nil {
		s.given = map[string]time.Time{}
	}
	s.given[string(prefix)] = now
	return true
}

// forgetGiven forgets what was given up long ago.
func (s *sharing) forgetGiven(now time.Time) {
	for prefix, at := range s.given {
		if now.Sub(at) >= givenFor {
			delete(s.given, prefix)
		}
	}
}

// errClaimed says that another process packs the partition.
var errClaimed = pgerror.New(pgerror.LockNotAvailable, "the partition is being packed by another node")

// claim keeps other processes from packing a partition until release. wait says
// what to do if one does: fail with errClaimed, or wait for it.
func (p *Packer) claim(ctx context.Context, t *catalog.Table, prefix kv.Key, wait kv.LockWait) (release func(), err error) {
	if _, ok := p.Store.(kv.SharedStore); !ok {
		return func() {}, nil
	}
	txn, err := p.Store.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		return nil, err
	}
	if _, err := txn.Lock(ctx, []kv.Key{claimKey(t.Storage, prefix)}, kv.LockOptions{Mode: kv.LockNoKeyUpdate, Wait: wait}); err != nil {
		txn.Rollback()
		if pgerror.CodeOf(err) == pgerror.LockNotAvailable {
			err = errClaimed
		}
		return nil, err
	}
	return txn.Rollback, nil
}
