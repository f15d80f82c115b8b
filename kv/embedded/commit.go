package embedded

import (
	"context"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/batchrepr"

	"github.com/tidemarkdb/tidemark/kv"
)

// Commit implements kv.Txn:
//
//  1. Lock the checked keys that are not locked yet, as anybody else would,
//     and compare them with what was committed since they were first written.
//  2. Take a timestamp and apply all writes as one Pebble batch, whose commit
//     pipeline lets concurrent commits share a sync of the log.
//  3. When it is durable, make it visible, then release the locks: whoever
//     gets one of them next finds the new version.
func (t *txn) Commit(ctx context.Context, async bool) (kv.Timestamp, error) {
	if t.ended {
		return 0, kv.ErrClosed
	}
	if t.write == nil || t.write.index.count == 0 {
		t.end(false)
		return t.readTS, nil
	}
	if err := t.store.writable(t.write.arena.bytes); err != nil {
		t.end(false)
		return 0, err
	}
	if err := t.certify(ctx); err != nil {
		t.end(false)
		return 0, err
	}
	ts, taken, err := t.publish(async)
	t.end(taken)
	return ts, err
}

// certify is step 1.
func (t *txn) certify(ctx context.Context) error {
	w := t.write
	table := t.store.locks
	var err error
	n := 0
	w.arena.each(0, func(offset uint32, e entry) {
		if err != nil || !e.checked() || e.value[0]&flagReplaced != 0 {
			return
		}
		n++
		if n&0xfff == 0 && ctx.Err() != nil {
			err = kv.Cancelled(ctx)
			return
		}
		key := userKey(e.stored)
		hash := table.Hash(key)
		o := t.owner()
		held, free := table.Certify(o, hash)
		if held {
			return // checked when it was locked
		}
		if !free {
			if _, err = table.Lock(ctx, o, key, hash, kv.LockOptions{Mode: kv.LockUpdate}, time.Time{}); err != nil {
				return
			}
		}
		err = t.store.checkNewest(key, w.readTSOf(offset))
	})
	return err
}

// publish is steps 2 and 3. taken says that Pebble keeps the buffer's memory.
func (t *txn) publish(async bool) (ts kv.Timestamp, taken bool, err error) {
	s, w := t.store, t.write
	ticket := &commitTicket{}
	if err := s.oracle.begin(ticket); err != nil {
		return 0, false, err
	}
	s.recent.note(w, ticket.ts)
	s.collector.notes.note(w, ticket.ts)
	s.observed(ticket.ts, &w.arena)
	repr, _, owned := w.arena.batch(ticket.ts, len(w.previous))
	batch := s.db.NewBatch()
	if err := batch.SetRepr(repr); err != nil {
		s.oracle.end(ticket, false)
		return 0, owned, storageError(err)
	}
	opts := s.syncOptions
	if async {
		opts = pebble.NoSync
	}
	s.destroying.RLock()
	err = s.apply(batch, opts)
	s.destroying.RUnlock()
	// A large batch became a memtable of its own.
	taken = owned && (err != nil || batch.Len() <= batchrepr.HeaderLen)
	s.oracle.end(ticket, true)
	if err != nil {
		return 0, taken, err
	}
	return ticket.ts, taken, nil
}
