package embedded

import (
	"context"

	"github.com/cockroachdb/pebble/v2/batchrepr"

	"github.com/tidemarkdb/tidemark/kv"
)

// bulk writes pairs that carry the timestamp of its opening, so that whatever
// a transaction commits to the same keys from then on is newer. A backfill
// opens it first and then the snapshot that it copies from.
type bulk struct {
	store  *Store
	ts     kv.Timestamp
	arena  arena
	closed bool
}

// bulkBatchBytes is the size at which a bulk writes out by itself.
const bulkBatchBytes = 8 << 20

// Bulk implements kv.Store.
func (s *Store) Bulk(context.Context) (kv.Bulk, error) {
	ts, err := s.oracle.fresh()
	if err != nil {
		return nil, err
	}
	b := &bulk{store: s, ts: ts}
	b.arena.reset()
	return b, nil
}

// Put implements kv.Bulk.
func (b *bulk) Put(key kv.Key, value []byte) error {
	switch {
	case b.closed:
		return kv.ErrClosed
	case len(key) == 0:
		return errEmptyKey
	}
	b.arena.append(key, value, kindPut)
	if b.arena.bytes < bulkBatchBytes {
		return nil
	}
	return b.Flush()
}

// Flush implements kv.Bulk.
func (b *bulk) Flush() error {
	if b.closed {
		return kv.ErrClosed
	}
	if b.arena.count == 0 {
		return nil
	}
	if err := b.store.writable(b.arena.bytes); err != nil {
		return err
	}
	// Close waits for commits, and so for this.
	ticket := &commitTicket{}
	if err := b.store.oracle.begin(ticket); err != nil {
		return err
	}
	defer b.store.oracle.end(ticket, true)
	b.store.observed(ticket.ts, &b.arena)
	b.store.recent.note(&b.arena, ticket.ts)
	b.store.rows.forget(&b.arena)
	repr, _, owned := b.arena.batch(b.ts, 0)
	batch := b.store.db.NewBatch()
	if err := batch.SetRepr(repr); err != nil {
		return storageError(err)
	}
	b.store.destroying.RLock()
	err := b.store.write(batch, b.store.durable)
	b.store.destroying.RUnlock()
	if owned && (err != nil || batch.Len() <= batchrepr.HeaderLen) {
		b.arena.chunks = nil
	}
	b.arena.reset()
	return err
}

// Close implements kv.Bulk.
func (b *bulk) Close() {
	b.closed = true
	b.arena = arena{}
}
