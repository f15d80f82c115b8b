package tikv

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/kv/locktable"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// txn is a transaction, or a mere Reader when it was made by Snapshot.
//
// Its writes stay in this process until Commit; the cluster knows of it before
// that only by its locks, which carry beginTS.
type txn struct {
	store  *Store
	keys   *keyspace
	readTS kv.Timestamp
	// beginTS names the transaction in the cluster. No read timestamp of it that
	// counts is older. It stays the same from the first lock or write on.
	beginTS kv.Timestamp
	// begun and readAt are the local times of beginTS and readTS.
	begun, readAt time.Time
	// takenTS is when a snapshot of the past was taken; of others it is readTS.
	takenTS kv.Timestamp

	readOnly bool
	from     readFrom
	isView   bool        // reads for another transaction, see View
	traffic  *kv.Traffic // of whoever began it; may be nil
	ended    bool
	maxBytes int64

	writes     writes
	local      *locktable.Owner // nil until the first lock
	remote     remoteLocks
	fast       []string          // keys of shared locks that stay within the node
	announced  map[string]func() // keys of announced locks, and what takes that back
	id         uint64            // 0 until asked for
	held       openSnapshot
	savepoints []savepoint
	gone       atomic.Bool // a heartbeat found the locks taken away
}

type savepoint struct {
	writes        writes
	local, remote int // how many locks had been taken
}

var _ kv.Txn = (*txn)(nil)

// ID implements kv.Txn: a timestamp that nobody else was given.
func (t *txn) ID() uint64 {
	if t.id == 0 {
		t.id = uint64(t.beginTS)
	}
	return t.id
}

// ReadTS implements kv.Reader.
func (t *txn) ReadTS() kv.Timestamp { return t.readTS }

// Refresh implements kv.Txn.
func (t *txn) Refresh(ctx context.Context) error {
	if t.ended {
		return kv.ErrClosed
	}
	now, err := t.store.Now(ctx)
	if err != nil {
		return err
	}
	t.readTS, t.readAt = now, time.Now()
	if !t.HasWrites() && t.remote.empty() && t.local == nil {
		// Nothing is compared with what was before: the old snapshot may go.
		t.beginTS, t.begun = now, t.readAt
		t.store.gc.move(&t.held, now)
	}
	return nil
}

var _ kv.LatestReader = (*txn)(nil)

// AtLatest implements kv.LatestReader.
func (t *txn) AtLatest(fn func() error) error {
	if t.ended {
		return kv.ErrClosed
	}
	now, err := t.store.Now(t.store.life)
	if err != nil {
		return err
	}
	ts, at := t.readTS, t.readAt
	t.readTS, t.readAt = now, time.Now()
	defer func() { t.readTS, t.readAt = ts, at }()
	return fn()
}

// Put implements kv.Txn.
func (t *txn) Put(key kv.Key, value []byte) error { return t.write(key, value, false, true) }

// PutUnchecked implements kv.Txn.
func (t *txn) PutUnchecked(key kv.Key, value []byte) error { return t.write(key, value, false, false) }

// Delete implements kv.Txn.
func (t *txn) Delete(key kv.Key) error { return t.write(key, nil, true, true) }

// DeleteUnchecked implements kv.Txn.
func (t *txn) DeleteUnchecked(key kv.Key) error { return t.write(key, nil, true, false) }

// maxEntry is the largest pair that servers take (their raft-entry-max-size is 8 MiB).
const maxEntry = 6 << 20

func (t *txn) write(key kv.Key, value []byte, deleted, checked bool) error {
	switch {
	case t.ended:
		return kv.ErrClosed
	case t.readOnly:
		return errReadOnly
	case len(key) == 0:
		return errEmptyKey
	case len(key)+len(value) > maxEntry:
		return pgerror.New(pgerror.ProgramLimitExceeded, "value is too large for the cluster").
			WithDetail("It has %d bytes; the limit is %d.", len(key)+len(value), maxEntry)
	case t.writes.bytes+writeSize(key, value) > t.maxBytes:
		return pgerror.New(pgerror.ProgramLimitExceeded, "transaction is too large").
			WithDetail("Its changes exceed %d bytes.", t.maxBytes)
	}
	both := append(append(make([]byte, 0, len(key)+len(value)), key...), value...)
	t.writes.put(&write{
		key: both[:len(key):len(key)], value: both[len(key):], deleted: deleted, checked: checked, first: t.readTS,
	})
	return nil
}

// Savepoint implements kv.Txn.
func (t *txn) Savepoint() kv.Savepoint {
	sp := savepoint{writes: t.writes.fork(), remote: len(t.remote.taken)}
	if t.local != nil {
		sp.local = t.local.Taken()
	}
	t.savepoints = append(t.savepoints, sp)
	return kv.Savepoint(len(t.savepoints) - 1)
}

// RollbackTo implements kv.Txn.
func (t *txn) RollbackTo(sp kv.Savepoint, keepLocks bool) {
	if t.ended || int(sp) >= len(t.savepoints) {
		return
	}
	s := &t.savepoints[sp]
	t.savepoints = t.savepoints[:sp+1]
	t.writes = s.writes.fork()
	if keepLocks {
		return
	}
	t.releaseRemote(s.remote)
	if t.local != nil {
		t.store.locks.ReleaseTo(t.local, s.local)
	}
}

// Release implements kv.Txn.
func (t *txn) Release(sp kv.Savepoint) {
	if int(sp) < len(t.savepoints) {
		t.savepoints = slices.Delete(t.savepoints, int(sp), len(t.savepoints))
	}
}

// HasWrites implements kv.Txn.
func (t *txn) HasWrites() bool { return t.writes.len() > 0 }

// Bytes implements kv.Txn.
func (t *txn) Bytes() int64 { return t.writes.bytes }

// Rollback implements kv.Txn.
func (t *txn) Rollback() { t.end() }

// Close implements kv.Reader.
func (t *txn) Close() { t.end() }

// end releases everything: the cluster's locks first, so that whoever gets one
// of this node's next finds the cluster's free.
func (t *txn) end() {
	if t.ended {
		return
	}
	t.ended = true
	t.writes = writes{}
	t.savepoints = nil
	if t.isView {
		return
	}
	t.releaseRemote(0)
	t.store.announced.drop(t.fast)
	for _, withdraw := range t.announced {
		withdraw()
	}
	if t.local != nil {
		t.store.locks.End(t.local)
		t.local = nil
	}
	t.store.gc.close(&t.held)
}

// View implements kv.ParallelReader.
func (t *txn) View() kv.Txn {
	return &txn{
		store: t.store, keys: t.keys, readTS: t.readTS, beginTS: t.beginTS, begun: t.begun, readAt: t.readAt, takenTS: t.takenTS,
		readOnly: true, ended: t.ended, id: t.id, isView: true, writes: t.writes.fork(), traffic: t.traffic, from: t.from,
	}
}

var _ kv.PastReader = (*txn)(nil)

// past reads a transaction as it was at a savepoint, at its present read
// timestamp.
type past struct {
	txn    *txn
	writes writes
}

// Before implements kv.PastReader.
func (t *txn) Before(sp kv.Savepoint) kv.Reader {
	if int(sp) >= len(t.savepoints) {
		return &past{txn: t, writes: t.writes.fork()}
	}
	return &past{txn: t, writes: t.savepoints[sp].writes.fork()}
}

// WrittenSince implements kv.PastReader.
func (t *txn) WrittenSince(sp kv.Savepoint, key kv.Key) bool {
	if int(sp) >= len(t.savepoints) {
		return false
	}
	now := t.writes.get(key)
	return now != nil && now != t.savepoints[sp].writes.get(key)
}

// ReadTS implements kv.Reader.
func (p *past) ReadTS() kv.Timestamp { return p.txn.readTS }

// Get implements kv.Reader.
func (p *past) Get(ctx context.Context, key kv.Key) ([]byte, bool, error) {
	return p.txn.get(ctx, key, &p.writes)
}

// GetMany implements kv.Reader.
func (p *past) GetMany(ctx context.Context, keys []kv.Key, fn func(i int, value []byte) error) error {
	return p.txn.getMany(ctx, keys, &p.writes, fn)
}

// Scan implements kv.Reader.
func (p *past) Scan(_ context.Context, span kv.Span, opts kv.ScanOptions) (kv.Iterator, error) {
	return p.txn.scan(span, opts, p.writes.fork())
}

// Close implements kv.Reader; the transaction lives on.
func (p *past) Close() {}
