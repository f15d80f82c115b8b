package tikv

import (
	"context"
	"slices"
	"sync"

	"github.com/tidemarkdb/tidemark/kv"
)

// remoteLocks are the locks a transaction has in the cluster.
//
// Invariant: the first of taken is the primary, whose lock decides whether the
// others still count, and which heartbeats keep alive. So it is given up last.
type remoteLocks struct {
	taken []string // stored keys in the order they were locked
	held  map[string]heldLock
	// highest is the newest timestamp a lock was asked for with.
	highest kv.Timestamp

	mu      sync.Mutex // guards primary, which the heartbeat reads
	primary []byte
}

// heldLock is what is known of a locked key's versions: none is newer than
// clean, and, if newer is not zero, one was committed at or after it.
type heldLock struct {
	clean, newer kv.Timestamp
}

// conflicts reports whether the key may have a version newer than ts. Between
// newer and clean nobody knows; that is taken for a conflict, and comes up only
// where a lock was taken at a newer snapshot than the one that asks.
func (h heldLock) conflicts(ts kv.Timestamp) bool { return ts < h.clean }

func (r *remoteLocks) empty() bool { return len(r.taken) == 0 }

func (r *remoteLocks) add(key []byte, h heldLock) {
	if r.held == nil {
		r.held = map[string]heldLock{}
	}
	if _, ok := r.held[string(key)]; !ok {
		r.taken = append(r.taken, string(key))
	}
	r.held[string(key)] = h
	r.highest = max(r.highest, h.clean)
}

func (r *remoteLocks) setPrimary(key []byte) {
	r.mu.Lock()
	r.primary = slices.Clone(key)
	r.mu.Unlock()
}

func (r *remoteLocks) getPrimary() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.primary
}

// acquireAll locks stored keys, those at least that are not locked yet: fresh.
// The timestamp at is what the rows were read at; conflict says that a key has
// a version newer than check (zero: nobody asks).
func (t *txn) acquireAll(ctx context.Context, keys [][]byte, at, check kv.Timestamp, w waiting) (fresh [][]byte, conflict bool, err error) {
	r := &t.remote
	for _, key := range keys {
		h, ok := r.held[string(key)]
		if !ok {
			fresh = append(fresh, key)
			continue
		}
		conflict = conflict || check != 0 && h.conflicts(check)
	}
	if len(fresh) == 0 {
		return nil, conflict, nil
	}
	slices.SortFunc(fresh, slices.Compare)
	fresh = slices.CompactFunc(fresh, slices.Equal)
	at = max(at, t.beginTS)
	if err := t.acquireFresh(ctx, fresh, at, w); err != nil {
		return nil, false, err
	}
	for _, key := range fresh {
		conflict = conflict || check != 0 && r.held[string(key)].conflicts(check)
	}
	return fresh, conflict, nil
}

// acquireFresh locks keys, in order, that are not locked yet: by one request for each
// region, or as few as it takes.
func (t *txn) acquireFresh(ctx context.Context, keys [][]byte, at kv.Timestamp, w waiting) error {
	if len(keys) == 1 {
		_, err := t.acquire(ctx, keys[0], at, w)
		return err
	}
	groups, err := t.store.groupByRegion(ctx, keys)
	if err != nil {
		return err
	}
	type refusal struct {
		group [][]byte
		got   lockAnswer
	}
	var refused []refusal
	for _, group := range groups {
		got, locked, err := t.acquireAtOnce(ctx, group, at)
		if err != nil {
			return err
		}
		if !locked {
			refused = append(refused, refusal{group, got})
		}
	}
	for _, r := range refused {
		if err := t.acquireAround(ctx, r.group, at, w, r.got); err != nil {
			return err
		}
	}
	return nil
}

// acquireAtOnce tries to lock keys of one region with one request.
func (t *txn) acquireAtOnce(ctx context.Context, keys [][]byte, at kv.Timestamp) (got lockAnswer, locked bool, err error) {
	got, err = t.requestLocks(ctx, keys, at, noWait)
	if err != nil || !got.locked() {
		return got, false, err
	}
	for _, key := range keys {
		t.remote.add(key, heldLock{clean: at})
	}
	return got, true, nil
}

// acquireAround locks keys of one region, in order, that were refused together: those
// before the first that is in the way at once, then that one, then the others at
// once. One by one thousands of keys took minutes, each of them a write of its own.
func (t *txn) acquireAround(ctx context.Context, keys [][]byte, at kv.Timestamp, w waiting, got lockAnswer) error {
	for {
		i := got.firstOf(keys)
		switch {
		case i < 0: // nobody knows which
			for _, key := range keys {
				if _, err := t.acquire(ctx, key, at, w); err != nil {
					return err
				}
			}
			return nil
		case i > 0:
			before, locked, err := t.acquireAtOnce(ctx, keys[:i], at)
			if err == nil && !locked {
				err = t.acquireAround(ctx, keys[:i], at, w, before)
			}
			if err != nil {
				return err
			}
		}
		if _, err := t.acquire(ctx, keys[i], at, w); err != nil {
			return err
		}
		if keys = keys[i+1:]; len(keys) == 0 {
			return nil
		}
		var locked bool
		var err error
		if got, locked, err = t.acquireAtOnce(ctx, keys, at); err != nil || locked {
			return err
		}
	}
}

// acquire locks one key: as it was at the timestamp at if it has no newer
// version, else as it is now.
//
//  1. Ask without waiting. The answer is the lock, a conflict, or somebody who
//     holds it.
//  2. At a conflict ask again with the newest timestamp.
//  3. Wait for the one who holds it, on the server, which grants the lock or says
//     that something happened; then from 1.
func (t *txn) acquire(ctx context.Context, key []byte, at kv.Timestamp, w waiting) (heldLock, error) {
	h := heldLock{clean: at}
	var waits *clusterWait
	for {
		got, err := t.requestLocks(ctx, [][]byte{key}, h.clean, noWait)
		if err != nil {
			return h, err
		}
		switch {
		case got.locked():
			t.remote.add(key, h)
			return h, nil
		case got.conflict:
			if h.newer == 0 {
				h.newer = max(at+1, got.conflictTS)
			}
			if h.clean, err = t.store.Now(ctx); err != nil {
				return h, err
			}
		default:
			if waits == nil && w.wait == kv.LockBlock {
				ctx, waits = t.store.deadlocks.begin(ctx, t.beginTS, 0)
				defer t.store.deadlocks.end(waits)
			}
			if waits != nil {
				t.store.deadlocks.isFor(waits, got.holders)
			}
			locked, err := t.awaitHolder(ctx, key, h.clean, w, got)
			if err != nil {
				return h, err
			}
			if locked {
				t.remote.add(key, h)
				return h, nil
			}
		}
	}
}

// releaseRemote gives up the locks taken after the first n. It does not fail:
// locks that could not be given up end when nobody keeps them alive.
func (t *txn) releaseRemote(n int) {
	r := &t.remote
	if len(r.taken) <= n {
		return
	}
	keys := make([][]byte, 0, len(r.taken)-n)
	for _, key := range r.taken[n:] {
		keys = append(keys, []byte(key))
		delete(r.held, key)
	}
	r.taken = r.taken[:n]
	if n == 0 {
		t.store.hearts.remove(t)
	}
	t.rollbackLocks(keys, r.highest)
	if n == 0 {
		r.setPrimary(nil)
	}
}
