package embedded

import (
	"context"
	"slices"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/kv/locktable"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// txn is a transaction, or a mere Reader when it was made by Snapshot.
type txn struct {
	store    *Store
	readTS   kv.Timestamp
	snapshot snapshot
	// builtOn is the newest timestamp above visible that the transaction read
	// at, because a lock was released early to it; 0 for none. The transaction
	// is not acknowledged before visible has passed it.
	builtOn  kv.Timestamp
	readOnly bool
	isView   bool // reads for another transaction, see View
	past     bool // opened at a timestamp that was named
	ended    bool
	maxBytes int64

	buf    []byte           // the value Get returned last
	cached int64            // bytes that GetMany put into the row cache
	write  *writeBuffer     // nil until the first write
	locks  *locktable.Owner // nil until the first lock
	id     uint64           // 0 until asked for

	savepoints []savepoint
}

type savepoint struct {
	mark  bufferMark
	locks int // how many locks had been taken
}

var _ kv.Txn = (*txn)(nil)

// ID implements kv.Txn.
func (t *txn) ID() uint64 {
	if t.id == 0 {
		t.id = t.store.ids.next()
	}
	return t.id
}

// ReadTS implements kv.Reader.
func (t *txn) ReadTS() kv.Timestamp { return t.readTS }

// Get implements kv.Reader.
func (t *txn) Get(_ context.Context, key kv.Key) ([]byte, bool, error) {
	return t.get(key, allWrites)
}

// get reads a key, with the own writes below an offset.
func (t *txn) get(key kv.Key, limit uint32) ([]byte, bool, error) {
	if t.ended {
		return nil, false, kv.ErrClosed
	}
	if err := t.checkPastKey(key); err != nil {
		return nil, false, err
	}
	if t.write != nil {
		if e, ok := t.write.below(key, limit); ok {
			if e.kind() == kindTombstone {
				return nil, false, nil
			}
			return e.value[1:], true, nil
		}
	}
	var value []byte
	var found bool
	if t.buf, value, found = t.store.rows.get(t.buf, key, t.readTS); found {
		return value, true, nil
	}
	pi, err := t.store.iters.get(t.readTS)
	if err != nil {
		return nil, false, err
	}
	value, found, err = pi.lookup(key, t.readTS)
	if found {
		t.store.rows.add(key, versionTimestamp(pi.it.Key()), value, t.readTS)
		t.buf = append(t.buf[:0], value...)
		value = t.buf
		if len(value) <= fillRow && t.store.rows.hasRoom() {
			t.store.fill(pi, key, t.readTS)
		}
	}
	t.store.iters.put(pi)
	return value, found, err
}

// GetMany implements kv.Reader.
func (t *txn) GetMany(ctx context.Context, keys []kv.Key, fn func(i int, value []byte) error) error {
	return t.getMany(ctx, keys, allWrites, fn)
}

// rowCacheShare says what part of the row cache the GetManys of one transaction
// may fill: the rows that one join looks up do not push out all others.
const rowCacheShare = 8

func (t *txn) getMany(ctx context.Context, keys []kv.Key, limit uint32, fn func(i int, value []byte) error) error {
	if t.ended {
		return kv.ErrClosed
	}
	var pi *pointIter
	defer func() {
		if pi != nil {
			t.store.iters.put(pi)
		}
	}()
	for i, key := range keys {
		if i&0xff == 0xff && ctx.Err() != nil {
			return kv.Cancelled(ctx)
		}
		if err := t.checkPastKey(key); err != nil {
			return err
		}
		if t.write != nil {
			if e, ok := t.write.below(key, limit); ok {
				if e.kind() != kindTombstone {
					if err := fn(i, e.value[1:]); err != nil {
						return err
					}
				}
				continue
			}
		}
		var value []byte
		var found bool
		if t.buf, value, found = t.store.rows.get(t.buf, key, t.readTS); found {
			if err := fn(i, value); err != nil {
				return err
			}
			continue
		}
		if pi == nil {
			var err error
			if pi, err = t.store.iters.get(t.readTS); err != nil {
				return err
			}
		}
		value, found, err := pi.lookup(key, t.readTS)
		if err != nil {
			return err
		}
		if found {
			if t.cached < t.store.cfg.RowCacheBytes/rowCacheShare {
				t.cached += int64(len(key) + len(value))
				t.store.rows.add(key, versionTimestamp(pi.it.Key()), value, t.readTS)
			}
			if err := fn(i, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// Refresh implements kv.Txn.
func (t *txn) Refresh(context.Context) error {
	if t.ended {
		return kv.ErrClosed
	}
	ts := kv.Timestamp(t.store.oracle.visible.Load())
	if !t.HasWrites() { // else the commit will ask what was committed since the first write: that must stay
		ts = t.store.snapshots.refresh(&t.snapshot)
	}
	if t.builtOn > ts {
		ts = t.newest()
	}
	t.readAt(ts)
	return nil
}

func (t *txn) readAt(ts kv.Timestamp) {
	t.readTS = ts
	if t.write != nil {
		t.write.refreshed(ts)
	}
}

// newest returns the timestamp up to which everything is applied, for reads
// under a lock.
func (t *txn) newest() kv.Timestamp {
	t.builtOn = max(t.builtOn, kv.Timestamp(t.store.oracle.applied.Load()))
	return t.builtOn
}

// checkNewest fails when key has a version newer than ts. The transaction
// holds a lock on key that keeps others from committing it.
func (t *txn) checkNewest(key kv.Key, ts kv.Timestamp) error {
	newest, err := t.store.newerThan(key, ts)
	if err != nil || newest == 0 {
		return err
	}
	t.builtOn = max(t.builtOn, newest) // the next Refresh has to show it
	return kv.ErrWriteConflict
}

var _ kv.LatestReader = (*txn)(nil)

// AtLatest implements kv.LatestReader.
func (t *txn) AtLatest(fn func() error) error {
	if t.ended {
		return kv.ErrClosed
	}
	old := t.readTS // its versions stay: the snapshot is not moved
	t.readAt(t.newest())
	defer t.readAt(old)
	return fn()
}

// Put implements kv.Txn.
func (t *txn) Put(key kv.Key, value []byte) error {
	return t.buffer(key, value, kindPut|flagChecked)
}

// PutUnchecked implements kv.Txn.
func (t *txn) PutUnchecked(key kv.Key, value []byte) error {
	return t.buffer(key, value, kindPut)
}

// Delete implements kv.Txn.
func (t *txn) Delete(key kv.Key) error {
	return t.buffer(key, nil, kindTombstone|flagChecked)
}

// DeleteUnchecked implements kv.Txn.
func (t *txn) DeleteUnchecked(key kv.Key) error {
	return t.buffer(key, nil, kindTombstone)
}

func (t *txn) buffer(key kv.Key, value []byte, kind byte) error {
	switch {
	case t.ended:
		return kv.ErrClosed
	case t.readOnly:
		return errReadOnly
	case len(key) == 0:
		return errEmptyKey
	}
	if t.write == nil {
		t.write = newWriteBuffer(t.readTS)
	}
	size := entrySize(key, value)
	if t.write.arena.bytes+int64(size) > t.maxBytes || t.write.arena.full(size) {
		return pgerror.New(pgerror.ProgramLimitExceeded, "transaction is too large").
			WithDetail("Its changes exceed %d bytes.", t.maxBytes)
	}
	t.write.put(key, value, kind)
	return nil
}

// owner returns the transaction's side of the lock table.
func (t *txn) owner() *locktable.Owner {
	if t.locks == nil {
		t.locks = t.store.locks.NewOwner(t.ID())
	}
	return t.locks
}

// Lock implements kv.Txn.
func (t *txn) Lock(ctx context.Context, keys []kv.Key, opts kv.LockOptions) ([]bool, error) {
	switch {
	case t.ended:
		return nil, kv.ErrClosed
	case t.readOnly:
		return nil, errReadOnly
	case opts.Mode < kv.LockKeyShare || opts.Mode > kv.LockUpdate:
		return nil, pgerror.New(pgerror.InternalError, "invalid lock mode %d", opts.Mode)
	}
	o := t.owner()
	table := t.store.locks
	var deadline time.Time
	if opts.Timeout > 0 {
		deadline = time.Now().Add(opts.Timeout)
	}
	var granted []bool
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
		if ok && (opts.NoConflictCheck || opts.UntilVisible) {
			o.Keep(table.Hash(key))
		}
		if !ok || opts.NoConflictCheck {
			continue
		}
		if err := t.checkNewest(key, t.readTS); err != nil {
			return nil, err
		}
	}
	return granted, nil
}

// Savepoint implements kv.Txn.
func (t *txn) Savepoint() kv.Savepoint {
	var sp savepoint
	if t.write != nil {
		sp.mark = t.write.mark()
	}
	if t.locks != nil {
		sp.locks = t.locks.Taken()
	}
	t.savepoints = append(t.savepoints, sp)
	return kv.Savepoint(len(t.savepoints) - 1)
}

// RollbackTo implements kv.Txn.
func (t *txn) RollbackTo(sp kv.Savepoint, keepLocks bool) {
	if t.ended || int(sp) >= len(t.savepoints) {
		return
	}
	s := t.savepoints[sp]
	t.savepoints = t.savepoints[:sp+1]
	if t.write != nil {
		t.write.rollback(s.mark, t.readTS)
	}
	if t.locks != nil && !keepLocks {
		t.store.locks.ReleaseTo(t.locks, s.locks)
	}
}

// Release implements kv.Txn.
func (t *txn) Release(sp kv.Savepoint) {
	if int(sp) < len(t.savepoints) {
		t.savepoints = slices.Delete(t.savepoints, int(sp), len(t.savepoints))
	}
}

// HasWrites implements kv.Txn.
func (t *txn) HasWrites() bool { return t.write != nil && t.write.arena.count > 0 }

// Bytes implements kv.Txn.
func (t *txn) Bytes() int64 {
	if t.write == nil {
		return 0
	}
	return t.write.arena.bytes
}

// Rollback implements kv.Txn.
func (t *txn) Rollback() { t.end(false) }

// Close implements kv.Reader.
func (t *txn) Close() { t.end(false) }

// end releases everything. taken says that the write buffer's memory went to
// Pebble.
func (t *txn) end(taken bool) {
	if t.ended {
		return
	}
	t.ended = true
	if t.isView {
		t.write = nil
		return
	}
	if t.locks != nil {
		t.store.locks.End(t.locks)
		t.locks = nil
	}
	t.store.snapshots.close(&t.snapshot)
	if t.write != nil {
		t.write.release(taken)
		t.write = nil
	}
}
