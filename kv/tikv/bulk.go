package tikv

import (
	"context"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
)

// bulk writes in transactions of bulkStep bytes, all of which begin at the
// timestamp at which the bulk was opened: a key that somebody wrote since keeps
// what he wrote.
type bulk struct {
	ctx    context.Context
	store  *Store
	begin  kv.Timestamp
	begun  time.Time
	held   openSnapshot
	writes writes
	closed bool
}

const bulkStep = 4 << 20

// Bulk implements kv.Store.
func (s *Store) Bulk(ctx context.Context) (kv.Bulk, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return nil, err
	}
	b := &bulk{ctx: ctx, store: s, begin: now, begun: time.Now()}
	s.gc.open(&b.held, now)
	return b, nil
}

// Put implements kv.Bulk.
func (b *bulk) Put(key kv.Key, value []byte) error {
	if b.closed {
		return kv.ErrClosed
	}
	both := append(append(make([]byte, 0, len(key)+len(value)), key...), value...)
	b.writes.put(&write{key: both[:len(key):len(key)], value: both[len(key):], first: b.begin})
	if b.writes.bytes < bulkStep {
		return nil
	}
	return b.Flush()
}

// Flush implements kv.Bulk.
func (b *bulk) Flush() error {
	switch {
	case b.closed:
		return kv.ErrClosed
	case b.writes.len() == 0:
		return nil
	}
	t := b.store.newTxn(&b.store.keys, b.begin)
	t.begun = b.begun
	defer t.end()
	var keys [][]byte
	_ = b.writes.each(func(w *write) error {
		keys = append(keys, t.keys.stored(w.key))
		return nil
	})
	if err := t.acquireFresh(b.ctx, keys, b.begin, waiting{}); err != nil {
		return err
	}
	for _, key := range keys {
		if t.remote.held[string(key)].conflicts(b.begin) {
			b.writes.tree.Delete(&write{key: t.keys.user(key)})
		}
	}
	t.writes, b.writes = b.writes, writes{}
	if t.writes.len() == 0 {
		return nil
	}
	_, err := t.publish(b.ctx)
	return err
}

// Close implements kv.Bulk.
func (b *bulk) Close() {
	if !b.closed {
		b.closed = true
		b.store.gc.close(&b.held)
	}
}
