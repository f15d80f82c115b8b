package locktable

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

var (
	errLockNoWait  = pgerror.New(pgerror.LockNotAvailable, "could not obtain lock on row")
	errLockTimeout = pgerror.New(pgerror.LockNotAvailable, "canceling statement due to lock timeout")
	errDeadlock    = pgerror.New(pgerror.DeadlockDetected, "deadlock detected").
			WithHint("See server log for query details.")
)

// Lock takes a lock on key for o, waiting in FIFO order if need be. It reports
// false when the lock was not free and opts said to skip it.
func (t *Table) Lock(ctx context.Context, o *Owner, key kv.Key, hash uint64, opts kv.LockOptions, deadline time.Time) (bool, error) {
	if t.tryLock(o, hash, opts.Mode, nil) {
		return true, nil
	}
	switch opts.Wait {
	case kv.LockNoWait:
		return false, errLockNoWait
	case kv.LockSkipLocked:
		return false, nil
	}
	w := &waiter{
		owner: o, key: key, hash: hash, mode: opts.Mode, id: t.waits.Add(1), since: time.Now(), ready: make(chan struct{}),
	}
	t.detect.Lock()
	if t.closed.Load() {
		t.detect.Unlock()
		return false, kv.ErrClosed
	}
	if t.tryLock(o, hash, opts.Mode, w) {
		t.detect.Unlock()
		return true, nil
	}
	cycle := t.findCycle(w)
	t.detect.Unlock()
	if cycle != nil && !t.giveUp(w) {
		return false, errDeadlock.WithDetail("%s", describeCycle(cycle))
	}

	var timeout <-chan time.Time
	if !deadline.IsZero() {
		timer := time.NewTimer(time.Until(deadline))
		defer timer.Stop()
		timeout = timer.C
	}
	select {
	case <-w.ready:
	case <-timeout:
		if !t.giveUp(w) {
			return false, errLockTimeout
		}
	case <-ctx.Done():
		if !t.giveUp(w) {
			return false, kv.Cancelled(ctx)
		}
	}
	switch {
	case w.granted:
		return true, nil
	case w.err != nil:
		return false, w.err
	}
	return false, kv.ErrClosed
}

// giveUp takes w out of its queue; it reports true when w was granted, or ended
// by Close or Fail, first.
func (t *Table) giveUp(w *waiter) bool {
	s := t.shard(w.hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.remove(w)
}

// remove takes w out of its queue, if it is still there. The shard is locked.
func (s *shard) remove(w *waiter) bool {
	q := s.queues[w.hash]
	if q == nil {
		return false
	}
	i := slices.Index(q.waiters, w)
	if i < 0 {
		return false
	}
	q.waiters = slices.Delete(q.waiters, i, i+1)
	w.owner.waiting.Store(nil)
	s.wake(w.hash, q) // those behind may not have to wait any more
	return true
}

// Close ends all waits with ErrClosed.
func (t *Table) Close() {
	t.detect.Lock()
	defer t.detect.Unlock()
	t.closed.Store(true)
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		for hash, q := range s.queues {
			for _, w := range q.waiters {
				w.owner.waiting.Store(nil)
				close(w.ready)
			}
			q.waiters = nil
			s.tidy(hash, q)
		}
		s.mu.Unlock()
	}
}

// wait is one edge of the waits-for graph.
type wait struct {
	waiter *waiter
	on     *Owner
}

// findCycle looks for a way from w back to its owner. detect is held, so that
// no new waits appear; those that end meanwhile can only hide a cycle that is
// none any more.
func (t *Table) findCycle(w *waiter) []wait {
	seen := map[*Owner]bool{}
	var path []wait
	var visit func(w *waiter) bool
	visit = func(x *waiter) bool {
		blockers, holds := t.blockers(x)
		for _, on := range blockers {
			if on == w.owner {
				path = append(path, wait{waiter: x, on: on})
				return true
			}
			if seen[on] {
				continue
			}
			seen[on] = true
			next := on.waiting.Load()
			if next == nil || !holds && next.hash == x.hash && next.mode <= x.mode {
				// Whom one ahead in the same queue waits for, x waits for, too:
				// a long queue is looked at once, not once for each in it.
				continue
			}
			path = append(path, wait{waiter: x, on: on})
			if visit(next) {
				return true
			}
			path = path[:len(path)-1]
		}
		return false
	}
	if visit(w) {
		return path
	}
	return nil
}

// blockers returns those a waiter waits for: holders and waiters ahead of it
// with whom it conflicts. holds says that its owner has the lock in a weaker
// mode.
func (t *Table) blockers(w *waiter) (blockers []*Owner, holds bool) {
	s := t.shard(w.hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[w.hash]
	if q == nil {
		return nil, false
	}
	for _, h := range q.holders {
		if h.owner == w.owner {
			holds = true
		} else if conflict(h.mode, w.mode) {
			blockers = append(blockers, h.owner)
		}
	}
	for _, other := range q.waiters {
		if other == w {
			return blockers, holds
		}
		if conflict(other.mode, w.mode) {
			blockers = append(blockers, other.owner)
		}
	}
	return nil, false // not queued any more
}

var modeNames = [...]string{
	kv.LockKeyShare: "KEY SHARE", kv.LockShare: "SHARE", kv.LockNoKeyUpdate: "NO KEY UPDATE", kv.LockUpdate: "UPDATE",
}

func describeCycle(cycle []wait) string {
	var b strings.Builder
	for i, e := range cycle {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "Transaction %d waits for %s lock on key %x; blocked by transaction %d.",
			e.waiter.owner.id, modeNames[e.waiter.mode], e.waiter.key, e.on.id)
	}
	return b.String()
}
