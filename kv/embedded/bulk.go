package embedded

import (
	"context"

	"github.com/cockroachdb/pebble/v2/batchrepr"

	"github.com/tidemarkdb/tidemark/kv"
)

// bulk writes pairs that carry the timestamp of its opening, so that whatever
// a transaction commits to the same keys from then on is newer. A backfill
// opens it first and then the snapshot that it copies from.
//
// Up to bulkRunBytes are collected, sorted and become a table of the tree as they
// are: neither the log nor a memtable has them, and what comes in order lies at
// the tree's bottom at once. What is too little for a table of its own goes the
// way of commits.
type bulk struct {
	store  *Store
	ts     kv.Timestamp
	arena  arena
	run    bulkRun
	closed bool
}

const (
	// bulkRunBytes is what is sorted at once.
	bulkRunBytes = 64 << 20
	// bulkTableBytes is from where on a table is made: it costs some syncs.
	bulkTableBytes = 1 << 20
)

// Bulk implements kv.Store.
func (s *Store) Bulk(context.Context) (kv.Bulk, error) {
	ts, err := s.oracle.fresh()
	if err != nil {
		return nil, err
	}
	b := &bulk{store: s, ts: ts}
	b.reset()
	return b, nil
}

func (b *bulk) reset() {
	b.arena.reset()
	b.run.reset()
}

// Put implements kv.Bulk.
func (b *bulk) Put(key kv.Key, value []byte) error {
	switch {
	case b.closed:
		return kv.ErrClosed
	case len(key) == 0:
		return errEmptyKey
	}
	b.run.add(key, b.arena.append(key, value, kindPut))
	if b.arena.bytes < bulkRunBytes {
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
	defer b.reset()
	if b.arena.bytes < bulkTableBytes {
		return b.publish(b.write)
	}
	path, err := b.writeTable()
	if err != nil {
		return err
	}
	return b.publish(func() error { return b.ingest(path) })
}

// publish makes visible what write writes.
func (b *bulk) publish(write func() error) error {
	s := b.store
	// Close waits for commits, and so for this.
	ticket := &commitTicket{}
	if err := s.oracle.begin(ticket); err != nil {
		return err
	}
	defer s.oracle.end(ticket, true)
	s.observed(ticket.ts, &b.arena)
	s.recent.note(&b.arena, ticket.ts)
	s.rows.forget(&b.arena)
	s.destroying.RLock()
	defer s.destroying.RUnlock()
	return write()
}

// write writes the run as a commit is written.
func (b *bulk) write() error {
	repr, _, owned := b.arena.batch(b.ts, 0)
	batch := b.store.db.NewBatch()
	if err := batch.SetRepr(repr); err != nil {
		return storageError(err)
	}
	err := b.store.write(batch, b.store.durable)
	if owned && (err != nil || batch.Len() <= batchrepr.HeaderLen) {
		b.arena.chunks = nil
	}
	return err
}

// Close implements kv.Bulk.
func (b *bulk) Close() {
	b.closed = true
	b.arena, b.run = arena{}, bulkRun{}
}
