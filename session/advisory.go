package session

import (
	"context"
	"sync"
	"time"

	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// advisoryLocks are the advisory locks of a node (PostgreSQL section 13.3.5).
// They live in memory: they die with the process, as their sessions do.
//
// Invariant: a lock in locks has a holder or a waiter.
type advisoryLocks struct {
	mu    sync.Mutex
	locks map[functions.AdvisoryKey]*advisoryLock
}

type advisoryLock struct {
	holders map[*Session]*advisoryHold
	waiters []*advisoryWaiter // first come, first served
}

// advisoryHold counts how often a session holds a lock, by mode ([1]: shared)
// and level ([1]: until the end of the transaction).
type advisoryHold struct{ counts [2][2]int }

type advisoryWaiter struct {
	session *Session
	key     functions.AdvisoryKey
	shared  bool
	granted chan struct{}
}

func (h *advisoryHold) has(shared int) bool { return h.counts[shared][0]+h.counts[shared][1] > 0 }

func index(b bool) int {
	if b {
		return 1
	}
	return 0
}

// conflicts reports whether s would have to wait for the lock's holders.
func (l *advisoryLock) conflicts(s *Session, shared bool) bool {
	for holder, h := range l.holders {
		if holder != s && (h.has(0) || !shared && h.has(1)) {
			return true
		}
	}
	return false
}

// take tries to take a lock; if it has to wait it returns the waiter.
func (a *advisoryLocks) take(s *Session, key functions.AdvisoryKey, mode functions.AdvisoryMode) (*advisoryWaiter, bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.locks == nil {
		a.locks = map[functions.AdvisoryKey]*advisoryLock{}
	}
	l := a.locks[key]
	if l == nil {
		l = &advisoryLock{holders: map[*Session]*advisoryHold{}}
		a.locks[key] = l
	}
	_, mine := l.holders[s]
	if !l.conflicts(s, mode.Shared) && (mine || len(l.waiters) == 0) {
		l.hold(s, mode)
		return nil, true, nil
	}
	if mode.NoWait {
		return nil, false, nil
	}
	if a.wouldDeadlock(s, l, map[*Session]bool{}) {
		return nil, false, pgerror.New(pgerror.DeadlockDetected, "deadlock detected")
	}
	w := &advisoryWaiter{session: s, key: key, shared: mode.Shared, granted: make(chan struct{})}
	l.waiters = append(l.waiters, w)
	return w, false, nil
}

func (l *advisoryLock) hold(s *Session, mode functions.AdvisoryMode) {
	h := l.holders[s]
	if h == nil {
		h = &advisoryHold{}
		l.holders[s] = h
	}
	h.counts[index(mode.Shared)][index(mode.Transaction)]++
}

// wouldDeadlock reports whether someone that l's holders wait for, directly or
// not, waits for s.
func (a *advisoryLocks) wouldDeadlock(s *Session, l *advisoryLock, seen map[*Session]bool) bool {
	for holder := range l.holders {
		if holder == s || seen[holder] {
			continue
		}
		seen[holder] = true
		for _, other := range a.locks {
			for _, w := range other.waiters {
				if w.session != holder {
					continue
				}
				if _, mine := other.holders[s]; mine || a.wouldDeadlock(s, other, seen) {
					return true
				}
			}
		}
	}
	return false
}

// wake grants the lock to the waiters at the front that can have it. The lock
// goes away when nobody is left.
func (a *advisoryLocks) wake(key functions.AdvisoryKey, l *advisoryLock) {
	for len(l.waiters) > 0 && !l.conflicts(l.waiters[0].session, l.waiters[0].shared) {
		w := l.waiters[0]
		l.waiters = l.waiters[1:]
		if l.holders[w.session] == nil {
			l.holders[w.session] = &advisoryHold{} // counted by the session when it wakes
		}
		l.holders[w.session].counts[index(w.shared)][0]++
		close(w.granted)
	}
	if len(l.waiters) == 0 && len(l.holders) == 0 {
		delete(a.locks, key)
	}
}

// giveUp takes a waiter out; granted says that it got the lock meanwhile.
func (a *advisoryLocks) giveUp(w *advisoryWaiter) (granted bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	select {
	case <-w.granted:
		return true
	default:
	}
	l := a.locks[w.key]
	for i, x := range l.waiters {
		if x == w {
			l.waiters = append(l.waiters[:i:i], l.waiters[i+1:]...)
			break
		}
	}
	a.wake(w.key, l)
	return false
}

// release drops one hold; held is false if there was none.
func (a *advisoryLocks) release(s *Session, key functions.AdvisoryKey, shared, transaction bool) (held bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.locks[key]
	if l == nil || l.holders[s] == nil || l.holders[s].counts[index(shared)][index(transaction)] == 0 {
		return false
	}
	h := l.holders[s]
	h.counts[index(shared)][index(transaction)]--
	if !h.has(0) && !h.has(1) {
		delete(l.holders, s)
	}
	a.wake(key, l)
	return true
}

// releaseAll drops a session's locks of a level.
func (a *advisoryLocks) releaseAll(s *Session, transaction bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for key, l := range a.locks {
		h := l.holders[s]
		if h == nil {
			continue
		}
		h.counts[0][index(transaction)], h.counts[1][index(transaction)] = 0, 0
		if !h.has(0) && !h.has(1) {
			delete(l.holders, s)
		}
		a.wake(key, l)
	}
}

var _ functions.AdvisorySession = (*functionSession)(nil)

// AdvisoryLock implements functions.AdvisorySession.
func (f *functionSession) AdvisoryLock(ctx context.Context, key functions.AdvisoryKey, mode functions.AdvisoryMode) (bool, error) {
	s, locks := f.s, &f.s.server.advisory
	w, ok, err := locks.take(s, key, mode)
	if err != nil {
		return false, err
	}
	if w != nil {
		if err := s.awaitAdvisory(ctx, w); err != nil {
			return false, err
		}
		if mode.Transaction { // wake counted it for the session
			locks.mu.Lock()
			h := locks.locks[key].holders[s]
			h.counts[index(mode.Shared)][0]--
			h.counts[index(mode.Shared)][1]++
			locks.mu.Unlock()
		}
		ok = true
	}
	if ok {
		s.hasAdvisory = true
	}
	return ok, nil
}

func (s *Session) awaitAdvisory(ctx context.Context, w *advisoryWaiter) error {
	var expired <-chan time.Time
	if d := s.settings.lockTimeout; d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		expired = timer.C
	}
	var err error
	select {
	case <-w.granted:
		return nil
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-expired:
		err = pgerror.New(pgerror.LockNotAvailable, "canceling statement due to lock timeout")
	}
	if s.server.advisory.giveUp(w) {
		s.server.advisory.release(s, w.key, w.shared, false)
	}
	return err
}

// AdvisoryUnlock implements functions.AdvisorySession.
func (f *functionSession) AdvisoryUnlock(_ context.Context, key functions.AdvisoryKey, shared bool) (bool, error) {
	if f.s.server.advisory.release(f.s, key, shared, false) {
		return true, nil
	}
	mode := "ExclusiveLock"
	if shared {
		mode = "ShareLock"
	}
	f.s.warn("01000", "you don't own a lock of type %s", mode)
	return false, nil
}

// AdvisoryUnlockAll implements functions.AdvisorySession.
func (f *functionSession) AdvisoryUnlockAll(context.Context) error {
	f.s.server.advisory.releaseAll(f.s, false)
	return nil
}

// endAdvisory drops the advisory locks of the transaction that ends.
func (s *Session) endAdvisory() {
	if s.hasAdvisory {
		s.server.advisory.releaseAll(s, true)
	}
}

// AdvisoryWaiters is how many sessions wait for an advisory lock.
func (srv *Server) AdvisoryWaiters() int {
	srv.advisory.mu.Lock()
	defer srv.advisory.mu.Unlock()
	n := 0
	for _, l := range srv.advisory.locks {
		n += len(l.waiters)
	}
	return n
}
