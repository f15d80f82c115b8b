package embedded

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
)

// highWaterStep is how far ahead of the last timestamp the durable high-water
// mark is put. After a crash timestamps go on from the mark, so they may run
// ahead of the clock by as much.
const highWaterStep = kv.Timestamp(3000) << kv.TimestampLogicalBits

// oracle issues commit timestamps and knows up to which of them everything is
// visible, that is durable, and up to which everything is applied.
//
// Invariants, under mu:
//   - every timestamp ever issued is <= last < limit, and limit is durable;
//   - pending holds the commits that were issued a timestamp and have not
//     ended, in the order of their timestamps;
//   - visible is just below the first pending timestamp, or last;
//   - applied is just below the first pending timestamp whose batch is not
//     readable in Pebble yet, or last. It is never below visible.
//
// A snapshot at visible therefore never misses an acknowledged commit
// (a commit is acknowledged after visible passed it) and never sees half of
// one (its batch was applied before visible passes it). Only transactions that
// got a lock early (txn.releaseEarly) read at applied, and their own
// acknowledgement waits until visible has passed what they read.
type oracle struct {
	clock func() time.Time
	// persist makes a new limit durable; it is called with mu held.
	persist func(limit kv.Timestamp) error

	mu      sync.Mutex
	last    kv.Timestamp
	limit   kv.Timestamp
	pending []*commitTicket
	head    int // index of the first live entry of pending
	closed  bool
	idle    sync.Cond // pending became empty

	visible atomic.Uint64
	applied atomic.Uint64
	// published counts commits that were applied: while it stands still, an
	// old view of the store is as good as a new one.
	published atomic.Uint64
}

// commitTicket is one commit between its timestamp and its visibility.
type commitTicket struct {
	ts kv.Timestamp
	// ordered: it was issued and applied under Store.order, so that its place in
	// the log among such commits is that of its timestamp.
	ordered bool
	applied bool
	done    bool
	visible chan struct{} // made by the waiter, closed when passed
}

func (o *oracle) init(clock func() time.Time, mark kv.Timestamp, persist func(kv.Timestamp) error) {
	o.clock, o.persist = clock, persist
	o.idle.L = &o.mu
	o.last, o.limit = mark, mark
	o.visible.Store(uint64(mark))
	o.applied.Store(uint64(mark))
}

// issue returns the next timestamp. mu is held.
func (o *oracle) issue() (kv.Timestamp, error) {
	ts := o.last + 1
	if now := kv.TimestampAt(o.clock()); now > ts {
		ts = now
	}
	if err := o.reserve(ts); err != nil {
		return 0, err
	}
	o.last = ts
	return ts, nil
}

// reserve makes ts safe to hand out. mu is held.
func (o *oracle) reserve(ts kv.Timestamp) error {
	if ts < o.limit {
		return nil
	}
	limit := ts + highWaterStep
	if err := o.persist(limit); err != nil {
		return err
	}
	o.limit = limit
	return nil
}

// begin issues a commit timestamp; nothing at or above it becomes visible
// until end is called.
func (o *oracle) begin(t *commitTicket) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return kv.ErrClosed
	}
	ts, err := o.issue()
	if err != nil {
		return err
	}
	t.ts = ts
	o.pending = append(o.pending, t)
	return nil
}

// apply notes that a commit's batch is readable. It reports whether everything
// before it is, too.
func (o *oracle) apply(t *commitTicket) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	t.applied = true
	o.published.Add(1) // before applied moves: see iterPool
	o.advanceApplied()
	return kv.Timestamp(o.applied.Load()) >= t.ts
}

// end finishes a commit and waits until it is visible. durable says that the
// log is synced up to it.
func (o *oracle) end(t *commitTicket, durable bool) {
	o.mu.Lock()
	t.done = true
	if !t.applied {
		t.applied = true
		o.published.Add(1)
	}
	if durable && t.ordered {
		// What stands before it in the log is durable with it.
		for _, p := range o.pending {
			if p.ts > t.ts {
				break
			}
			p.done = p.done || p.ordered && p.applied
		}
	}
	o.advance()
	o.waitVisible(t)
	o.mu.Unlock()
}

// waitVisible waits until visible has passed a ticket that is pending, or was.
// mu is held, but not while it waits.
func (o *oracle) waitVisible(t *commitTicket) {
	if kv.Timestamp(o.visible.Load()) >= t.ts {
		return
	}
	if t.visible == nil {
		t.visible = make(chan struct{})
	}
	o.mu.Unlock()
	<-t.visible
	o.mu.Lock()
}

// advanceApplied moves applied. mu is held.
func (o *oracle) advanceApplied() {
	for _, p := range o.pending {
		if !p.applied {
			o.applied.Store(uint64(p.ts - 1))
			return
		}
	}
	o.applied.Store(uint64(o.last))
}

// advance drops the ended commits at the head of pending and moves visible.
// mu is held.
func (o *oracle) advance() {
	o.advanceApplied() // first: it is never below visible
	for o.head < len(o.pending) && o.pending[o.head].done {
		o.head++
	}
	if o.head == len(o.pending) {
		o.visible.Store(uint64(o.last))
	} else {
		o.visible.Store(uint64(o.pending[o.head].ts - 1))
	}
	// Waiters are woken after visible moved past them.
	for i := 0; i < o.head; i++ {
		if ch := o.pending[i].visible; ch != nil {
			close(ch)
		}
		o.pending[i] = nil
	}
	n := copy(o.pending, o.pending[o.head:])
	clear(o.pending[n:])
	o.pending, o.head = o.pending[:n], 0
	if n == 0 {
		o.idle.Broadcast()
	}
}

// now returns a timestamp at which every acknowledged commit is visible: a
// fresh one when no commit is under way.
func (o *oracle) now() (kv.Timestamp, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return 0, kv.ErrClosed
	}
	if len(o.pending) > 0 {
		return kv.Timestamp(o.visible.Load()), nil
	}
	if now := kv.TimestampAt(o.clock()); now > o.last {
		if err := o.reserve(now); err != nil {
			return 0, err
		}
		o.last = now
		o.advance()
	}
	return o.last, nil
}

// fresh issues a timestamp for writes that are not made through a commit.
func (o *oracle) fresh() (kv.Timestamp, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return 0, kv.ErrClosed
	}
	ts, err := o.issue()
	if err == nil {
		o.advance()
	}
	return ts, err
}

// settle makes ts a timestamp below which nothing changes any more, waiting
// for commits under way. It reports false when ts lies in the future.
func (o *oracle) settle(ts kv.Timestamp) (bool, error) {
	if ts <= kv.Timestamp(o.visible.Load()) {
		return true, nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return false, kv.ErrClosed
	}
	if ts > o.last {
		// The whole present millisecond counts as present.
		if ts>>kv.TimestampLogicalBits > kv.TimestampAt(o.clock())>>kv.TimestampLogicalBits {
			return false, nil
		}
		if err := o.reserve(ts); err != nil {
			return false, err
		}
		o.last = ts
		o.advance()
	}
	for ts > kv.Timestamp(o.visible.Load()) {
		last := o.pending[0]
		for _, p := range o.pending {
			if p.ts > ts {
				break
			}
			last = p
		}
		o.waitVisible(last)
	}
	return true, nil
}

// close refuses new timestamps and waits for the commits under way, unless
// they cannot end.
func (o *oracle) close(wedged func() bool) kv.Timestamp {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	for len(o.pending) > 0 && !wedged() {
		o.idle.Wait()
	}
	return o.last
}

// wake makes close look again.
func (o *oracle) wake() {
	o.idle.Broadcast()
}
