package tikv

import (
	"context"
	"slices"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/kv/locktable"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// Row locks are taken twice: first among the transactions of this node, in the
// lock table, which has all modes, queues and deadlock reports at no cost; then
// in the cluster, where the node's transaction meets those of other nodes.
//
// In the cluster, NO KEY UPDATE and UPDATE are the servers' exclusive
// pessimistic lock of the key. share.go says how the others are made of that.
//
// A lock of the cluster is asked for with the timestamp its row was read at: the
// server refuses it when the row has a newer version. Then it is taken with the
// newest timestamp, because a lock is kept over a conflict, and the conflict is
// reported.

// Lock implements kv.Txn.
func (t *txn) Lock(ctx context.Context, keys []kv.Key, opts kv.LockOptions) ([]bool, error) {
	switch {
	case t.ended:
		return nil, kv.ErrClosed
	case t.readOnly:
		return nil, errReadOnly
	case opts.Mode < kv.LockKeyShare || opts.Mode > kv.LockUpdate:
		return nil, pgerror.New(pgerror.InternalError, "invalid lock mode %d", opts.Mode)
	case len(keys) == 0:
		return nil, nil
	}
	w := waiting{wait: opts.Wait}
	if opts.Timeout > 0 {
		w.deadline = time.Now().Add(opts.Timeout)
	}
	granted, err := t.lockLocal(ctx, keys, opts, w.deadline)
	if err != nil {
		return nil, err
	}
	list := keys
	if granted != nil {
		list = nil
		for i, key := range keys {
			if granted[i] {
				list = append(list, key)
			}
		}
	}
	skipped, err := t.lockRemote(ctx, list, opts, w, t.readTS)
	if err != nil || granted == nil {
		return nil, err
	}
	for i, key := range keys {
		if granted[i] && skipped[string(key)] {
			granted[i] = false // the lock table keeps it: a lock too many harms nobody
		}
	}
	return granted, nil
}

// owner returns the transaction's side of the lock table, where it has the name
// that it has in the cluster.
func (t *txn) owner() *locktable.Owner {
	if t.local == nil {
		t.local = t.store.locks.NewOwner(uint64(t.beginTS))
	}
	return t.local
}

// lockLocal takes the locks of this node. granted is nil unless keys may be
// skipped.
func (t *txn) lockLocal(ctx context.Context, keys []kv.Key, opts kv.LockOptions, deadline time.Time) (granted []bool, err error) {
	o, table := t.owner(), t.store.locks
	if opts.Wait == kv.LockSkipLocked {
		granted = make([]bool, len(keys))
	}
	for i, key := range keys {
		ok, err := table.Lock(ctx, o, key, table.Hash(key), opts, deadline)
		if err != nil {
			return nil, err
		}
		if granted != nil {
			granted[i] = ok
		}
	}
	return granted, nil
}

// waiting says how to wait for a lock.
type waiting struct {
	wait     kv.LockWait
	deadline time.Time // zero: for ever
}

// lockRemote takes the cluster's locks of keys. skipped has the keys left out
// under SKIP LOCKED.
func (t *txn) lockRemote(ctx context.Context, keys []kv.Key, opts kv.LockOptions, w waiting, at kv.Timestamp) (skipped map[string]bool, err error) {
	if opts.Mode < kv.LockNoKeyUpdate {
		if opts.NoConflictCheck {
			keys = t.lockFast(keys)
		}
		return t.lockShared(ctx, keys, opts, w, at)
	}
	check := at
	if opts.NoConflictCheck {
		check = 0
	}
	list := make([][]byte, 0, len(keys))
	for _, key := range keys {
		list = append(list, t.keys.stored(key))
		if opts.Mode == kv.LockUpdate {
			list = append(list, updateKey(t.keys.stored(key)))
		}
	}
	fresh, conflict, err := t.acquireAll(ctx, list, at, check, w)
	if err == nil && len(fresh) > 0 && (opts.NoConflictCheck || opts.Announce) {
		err = t.announceAll(ctx, keys, w)
	}
	if err == nil && len(fresh) > 0 {
		// Whoever holds a shared lock was there before: wait for it.
		err = t.awaitSharers(ctx, fresh, opts.Mode, w)
	}
	if err != nil && w.wait == kv.LockSkipLocked && isNotAvailable(err) {
		return t.lockEach(ctx, keys, opts, w, at)
	}
	if err == nil && conflict {
		err = kv.ErrWriteConflict
	}
	return nil, err
}

// lockFast takes the shared locks that need not leave the node, and returns the
// other keys.
func (t *txn) lockFast(keys []kv.Key) (rest []kv.Key) {
	for _, key := range keys {
		switch {
		case slices.Contains(t.fast, string(key)):
		case t.store.announced.hold(key):
			t.fast = append(t.fast, string(key))
		default:
			rest = append(rest, key)
		}
	}
	return rest
}

// announceAll announces exclusive locks, until the transaction ends.
func (t *txn) announceAll(ctx context.Context, keys []kv.Key, w waiting) error {
	for _, key := range keys {
		if t.announced[string(key)] != nil {
			continue
		}
		withdraw, err := t.store.announce(ctx, t.beginTS, key, w)
		if err != nil {
			return err
		}
		if t.announced == nil {
			t.announced = map[string]func(){}
		}
		t.announced[string(key)] = withdraw
	}
	return nil
}

// lockEach locks keys one by one, after not all could be had.
func (t *txn) lockEach(ctx context.Context, keys []kv.Key, opts kv.LockOptions, w waiting, at kv.Timestamp) (map[string]bool, error) {
	skipped := map[string]bool{}
	one := opts
	one.Wait = kv.LockNoWait
	w.wait = kv.LockNoWait
	for _, key := range keys {
		mark := len(t.remote.taken)
		_, err := t.lockRemote(ctx, []kv.Key{key}, one, w, at)
		if isNotAvailable(err) {
			t.releaseRemote(mark)
			skipped[string(key)] = true
			continue
		}
		if err != nil {
			return nil, err
		}
	}
	return skipped, nil
}

func isNotAvailable(err error) bool {
	return err != nil && pgerror.CodeOf(err) == pgerror.LockNotAvailable
}
