package embedded

import (
	"context"
	"time"

	"github.com/cockroachdb/pebble/v2/batchrepr"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/kv/embedded/commitlog"
)

// Commit implements kv.Txn:
//
//  1. Lock the checked keys that are not locked yet, as anybody else would,
//     and compare them with what was committed since they were first written.
//  2. Take a timestamp and apply all writes as one Pebble batch. The log has it
//     now, in its place.
//  3. Release the row locks: whoever gets one of them next finds the new
//     version, and cannot be durable before it ("early lock release": Johnson
//     et al., Aether, VLDB 2010). So a row that all write is not locked while
//     the log is synced.
//  4. When it is durable, make it visible. Concurrent commits share a sync.
func (t *txn) Commit(ctx context.Context, async bool) (kv.Timestamp, error) {
	if t.ended {
		return 0, kv.ErrClosed
	}
	if t.write == nil || t.write.index.count == 0 {
		t.end(false)
		// What a lock released early let it see must not be lost after this.
		_, err := t.store.oracle.settle(t.builtOn)
		return t.readTS, err
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
		err = t.checkNewest(key, w.readTSOf(offset))
	})
	return err
}

// orderedBytes is the size of a commit up to which it is applied under
// Store.order: putting it into a memtable takes some microseconds.
const orderedBytes = 64 << 10

// publish is steps 2 to 4. taken says that Pebble keeps the buffer's memory.
func (t *txn) publish(async bool) (ts kv.Timestamp, taken bool, err error) {
	s := t.store
	ticket := &commitTicket{ordered: t.write.arena.bytes <= orderedBytes}
	at, taken, err := t.apply(ticket, async)
	if ticket.ts == 0 {
		return 0, taken, err
	}
	if err == nil && s.durable {
		if s.oracle.apply(ticket) {
			t.releaseEarly()
		}
		if !async {
			err = s.wait(at)
		}
	}
	if err != nil {
		s.rows.clear(ticket.ts) // it may hold what the store does not
	}
	s.oracle.end(ticket, err == nil && !async)
	if err != nil {
		return 0, taken, err
	}
	return ticket.ts, taken, nil
}

// apply is step 2. The ticket is to be ended if it has a timestamp.
func (t *txn) apply(ticket *commitTicket, async bool) (at commitlog.Entry, taken bool, err error) {
	s, w := t.store, t.write
	if ticket.ordered {
		s.order.Lock()
		defer s.order.Unlock()
	}
	if err := s.oracle.begin(ticket); err != nil {
		return at, false, err
	}
	s.recent.note(&w.arena, ticket.ts)
	s.rows.committing(&w.arena, ticket.ts)
	s.collector.notes.note(w, ticket.ts)
	s.observed(ticket.ts, &w.arena)
	repr, _, owned := w.arena.batch(ticket.ts, len(w.previous))
	batch := s.db.NewBatch()
	if err := batch.SetRepr(repr); err != nil {
		return at, owned, storageError(err)
	}
	s.destroying.RLock()
	at, err = s.apply(batch, async)
	s.destroying.RUnlock()
	// A large batch became a memtable of its own.
	taken = owned && (err != nil || batch.Len() <= batchrepr.HeaderLen)
	return at, taken, err
}

// releaseEarly is step 3. Locks of what is not judged by versions stay: who
// waits for one has to find everything done.
func (t *txn) releaseEarly() {
	if t.locks != nil {
		t.store.locks.ReleaseRows(t.locks)
	}
}
