package tikv

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tikv/client-go/v2/txnkv/txnlock"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// A circle of waits that all lie in one node's lock table, or all in the stores,
// is found there when its last wait begins. A circle that goes through both, or
// through a wait for what other nodes say to an announcement, nobody sees as a
// whole. So nodes tell each other of the waits that last:
//
//		w {node u64}   stamp u64, then {waiter u64} {wait u64} {waited for u64} for each
//
//	 1. A node takes a timestamp, the stamp, then collects its waits older than
//	    deadlockAfter and writes them.
//	 2. It reads what all nodes wrote, at a timestamp R.
//	 3. A wait that is told at an R of before and again with a stamp above that R
//	    lasted at R. All such waits lasted at once, so a circle of them is real.
//	 4. The youngest transaction of a circle is its victim, whose wait its own node
//	    ends: a circle has one victim.
//
// Nodes on which nobody waits for long do nothing.
type deadlocks struct {
	store *Store

	mu    sync.Mutex
	waits map[*clusterWait]struct{}
	last  uint64 // id of the last wait

	// What follows is the detector's own.
	told  bool // the node's record is there
	reads []reading
}

// reading is what one look at the records of all nodes brought.
type reading struct {
	at    kv.Timestamp
	edges map[edge]kv.Timestamp // the stamps
}

// edge says that a transaction waits for another. The number of the wait tells
// it from later ones of the same two.
type edge struct{ from, wait, to uint64 }

// clusterWait is a wait that is not in the node's lock table.
type clusterWait struct {
	id    uint64
	from  kv.Timestamp
	since time.Time
	to    []uint64
	fail  context.CancelCauseFunc
}

const (
	// deadlockAfter is how long a wait lasts before anybody looks, as PostgreSQL's
	// deadlock_timeout.
	deadlockAfter = time.Second
	// deadlockRound is how often nodes with such waits tell each other.
	deadlockRound = 500 * time.Millisecond
	// deadlockReads is how many readings of before are kept. A node that is slower
	// than others writes once in as many of their rounds.
	deadlockReads = 4
	// clusterWaits is set in the ids of waits for locks of the stores; others are
	// numbers of the lock table or timestamps.
	clusterWaits = 1 << 63
	// maxEdges bounds a record. Old waits go first, and those of a deadlock age.
	maxEdges = 10_000
	edgeLen  = 3 * 8
)

var waitSpan = kv.Span{Start: kv.Key{'w'}, End: kv.Key{'w' + 1}}

func waitsKey(node []byte) kv.Key { return append(kv.Key{'w'}, node...) }

func (d *deadlocks) init(s *Store) {
	d.store, d.waits = s, map[*clusterWait]struct{}{}
}

// begin registers a wait; id 0 asks for one. The context it returns ends if the
// wait is to.
func (d *deadlocks) begin(ctx context.Context, from kv.Timestamp, id uint64) (context.Context, *clusterWait) {
	ctx, fail := context.WithCancelCause(ctx)
	w := &clusterWait{id: id, from: from, since: time.Now(), fail: fail}
	d.mu.Lock()
	defer d.mu.Unlock()
	if id == 0 {
		d.last++
		w.id = d.last | clusterWaits
	}
	d.waits[w] = struct{}{}
	return ctx, w
}

// isFor says whose locks a wait is for.
func (d *deadlocks) isFor(w *clusterWait, holders []*txnlock.Lock) {
	to := make([]uint64, len(holders))
	for i, h := range holders {
		to[i] = h.TxnID
	}
	d.mu.Lock()
	w.to = to
	d.mu.Unlock()
}

func (d *deadlocks) end(w *clusterWait) {
	d.mu.Lock()
	delete(d.waits, w)
	d.mu.Unlock()
	w.fail(nil)
}

// ownWait is a long wait of this node.
type ownWait struct {
	from, id uint64
	since    time.Time
	to       []uint64
	fail     func(error)
}

// long returns the waits of the node that began before a time, the oldest first.
func (d *deadlocks) long(before time.Time) []ownWait {
	var out []ownWait
	table := d.store.locks
	for _, w := range table.LongWaits(before) {
		out = append(out, ownWait{from: w.Owner, id: w.ID, since: w.Since, to: w.For, fail: func(err error) { table.Fail(w, err) }})
	}
	d.mu.Lock()
	for w := range d.waits {
		if w.since.Before(before) {
			out = append(out, ownWait{from: uint64(w.from), id: w.id, since: w.since, to: w.to, fail: w.fail})
		}
	}
	d.mu.Unlock()
	slices.SortFunc(out, func(a, b ownWait) int { return a.since.Compare(b.since) })
	return out
}

func edgesOf(waits []ownWait) []edge {
	var out []edge
	for _, w := range waits {
		for _, to := range w.to {
			out = append(out, edge{from: w.from, wait: w.id, to: to})
		}
	}
	return out
}

func (s *Store) runDeadlocks() {
	if s.cfg.GCInterval < 0 {
		return
	}
	tick := time.NewTicker(deadlockRound)
	defer tick.Stop()
	for {
		select {
		case <-s.life.Done():
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(s.life, requestTimeout)
		if err := s.deadlocks.round(ctx); err != nil && s.life.Err() == nil {
			s.cfg.Logger.Debug("waits of the nodes could not be compared", "error", err)
		}
		cancel()
	}
}

// round is steps 1 to 4.
func (d *deadlocks) round(ctx context.Context) error {
	before := time.Now().Add(-deadlockAfter)
	if len(d.long(before)) == 0 && !d.store.announced.delayed(before) {
		d.reads = nil
		return d.forget(ctx)
	}
	waits, err := d.tell(ctx, before)
	if err != nil {
		return err
	}
	now, err := d.read(ctx)
	if err != nil {
		return err
	}
	for _, then := range d.reads {
		if judge(waits, lasting(then, now)) {
			break // what else there is may be over with that
		}
	}
	d.reads = append(d.reads[max(0, len(d.reads)-deadlockReads+1):], now)
	return nil
}

// tell is step 1.
func (d *deadlocks) tell(ctx context.Context, before time.Time) (waits []ownWait, err error) {
	d.told = true
	return waits, d.store.gc.update(ctx, false, func(t *txn) error {
		waits = d.long(before)
		edges := append(d.store.announced.waitsFor(before), edgesOf(waits)...)
		value := binary.BigEndian.AppendUint64(nil, uint64(t.readTS))
		for _, e := range edges[:min(len(edges), maxEdges)] {
			for _, n := range [...]uint64{e.from, e.wait, e.to} {
				value = binary.BigEndian.AppendUint64(value, n)
			}
		}
		return t.PutUnchecked(waitsKey(d.store.gc.node[:]), value)
	})
}

// forget takes the node's record away.
func (d *deadlocks) forget(ctx context.Context) error {
	if !d.told {
		return nil
	}
	err := d.store.gc.update(ctx, false, func(t *txn) error { return t.DeleteUnchecked(waitsKey(d.store.gc.node[:])) })
	d.told = err != nil
	return err
}

// read is step 2.
func (d *deadlocks) read(ctx context.Context) (reading, error) {
	now, err := d.store.Now(ctx)
	if err != nil {
		return reading{}, err
	}
	r := reading{at: now, edges: map[edge]kv.Timestamp{}}
	return r, each(ctx, d.store.newTxn(&d.store.records, now), waitSpan, func(p kv.KeyValue) error {
		if len(p.Value)%edgeLen != 8 {
			return pgerror.New(pgerror.DataCorrupted, "data is corrupted: a record of waits has %d bytes", len(p.Value))
		}
		stamp := kv.Timestamp(binary.BigEndian.Uint64(p.Value))
		for v := p.Value[8:]; len(v) > 0; v = v[edgeLen:] {
			e := edge{binary.BigEndian.Uint64(v), binary.BigEndian.Uint64(v[8:]), binary.BigEndian.Uint64(v[16:])}
			r.edges[e] = stamp
		}
		return nil
	})
}

// waitGraph has the waits of transactions, by who waits.
type waitGraph map[uint64][]edge

// lasting is step 3: the waits that lasted when then was read.
func lasting(then, now reading) waitGraph {
	g := waitGraph{}
	for e, stamp := range now.edges {
		if _, ok := then.edges[e]; ok && stamp > then.at {
			g[e.from] = append(g[e.from], e)
		}
	}
	return g
}

// judge is step 4. It reports whether there was a victim.
func judge(waits []ownWait, g waitGraph) (done bool) {
	for _, w := range waits {
		circle := g.circle(w.from)
		if circle == nil || circle[0].wait != w.id {
			continue
		}
		w.fail(circleError(circle))
		delete(g, w.from)
		done = true
	}
	return done
}

// circle returns a way from a transaction back to it over older ones.
func (g waitGraph) circle(from uint64) []edge {
	seen := map[uint64]bool{}
	var path []edge
	var visit func(at uint64) bool
	visit = func(at uint64) bool {
		for _, e := range g[at] {
			if e.to > from || seen[e.to] {
				continue
			}
			seen[e.to] = true
			path = append(path, e)
			if e.to == from || visit(e.to) {
				return true
			}
			path = path[:len(path)-1]
		}
		return false
	}
	if visit(from) {
		return path
	}
	return nil
}

func circleError(circle []edge) error {
	var b strings.Builder
	for i, e := range circle {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "Transaction %d waits for a lock; blocked by transaction %d.", e.from, e.to)
	}
	return pgerror.New(pgerror.DeadlockDetected, "deadlock detected").
		WithHint("See server log for query details.").WithDetail("%s", b.String())
}
