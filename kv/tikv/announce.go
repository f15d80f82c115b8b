package tikv

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
)

// Some lock keys are shared by nearly every transaction and locked exclusively
// almost never: those of tables. A request to the cluster for each would cost
// more than the transaction's work. So a shared lock of a key that carries no
// data (NoConflictCheck) stays within its node, and who wants the key
// exclusively announces it to the nodes, and waits until each has said that
// nobody there holds it any more and that later ones will ask the cluster.
//
//	a {ts u64} {announcer u64}             the transaction u64, the key
//	b {ts u64} {announcer u64} {node u64}  the node knows
//
// An announcement is made before the nodes are listed, and a node lists the
// announcements after it made its record: one of the two sees the other. A node
// whose lease ended is not waited for; it gave up its fast locks before that.
//
// A node that cannot say so yet tells of its holders as waited for (deadlock.go).
type announcements struct {
	store *Store

	mu      sync.Mutex
	slow    map[string]bool // keys that others announced
	holders map[string]int  // transactions of this node with a fast lock, by key
	known   map[string]bool // announcements that the node acknowledged
	pending []pending       // those it cannot acknowledge yet
	epoch   uint64          // changes with slow
	heard   map[string]bool // words of other nodes (words.go)
	receive func(word []byte)
}

// pending is an announcement of a key that transactions of this node hold.
type pending struct {
	key   kv.Key
	txn   uint64 // that announced it
	id    uint64
	since time.Time
}

// pollEvery is how often announcements are looked for: what an exclusive lock
// of such a key waits for other nodes.
const (
	pollEvery = 200 * time.Millisecond
	pollAgain = 20 * time.Millisecond // while one waits for fast locks to end
	// announcePatience is how long other nodes have to hear of an announcement,
	// however short the wait for the lock itself is to be.
	announcePatience = 5 * pollEvery
	announceLen      = 1 + 8 + 8
)

var announceSpan = kv.Span{Start: kv.Key{'a'}, End: kv.Key{'b'}}

func (a *announcements) init(s *Store) {
	a.store = s
	a.slow, a.holders, a.known = map[string]bool{}, map[string]int{}, map[string]bool{}
}

// Watch implements kv.SharedStore.
func (s *Store) Watch(key kv.Key) (epoch uint64, quiet bool) {
	a := &s.announced
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.epoch, !a.slow[string(key)] && s.gc.leased()
}

// hold takes a fast lock, if it may.
func (a *announcements) hold(key kv.Key) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.slow[string(key)] || !a.store.gc.leased() {
		return false
	}
	a.holders[string(key)]++
	return true
}

func (a *announcements) drop(keys []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, k := range keys {
		if a.holders[k]--; a.holders[k] == 0 {
			delete(a.holders, k)
		}
	}
}

// announce tells the other nodes of an exclusive lock and waits for them.
// withdraw is called when the lock is given up.
func (s *Store) announce(ctx context.Context, from kv.Timestamp, key kv.Key, w waiting) (withdraw func(), err error) {
	var id kv.Key
	err = s.gc.update(ctx, false, func(t *txn) error {
		id = binary.BigEndian.AppendUint64(kv.Key{'a'}, uint64(t.readTS))
		id = append(id, s.gc.node[:]...)
		return t.PutUnchecked(id, append(binary.BigEndian.AppendUint64(nil, uint64(from)), key...))
	})
	if err != nil {
		return nil, err
	}
	ctx, waits := s.deadlocks.begin(ctx, from, binary.BigEndian.Uint64(id[1:]))
	defer s.deadlocks.end(waits)
	withdraw = func() { s.work.Go(func() { s.withdraw(id) }) }
	heard := time.Now().Add(announcePatience)
	for {
		all, err := s.acknowledged(ctx, id)
		switch {
		case err != nil:
		case all:
			return withdraw, nil
		case time.Now().Before(heard): // nobody need hold the lock
			err = s.sleep(ctx, pollAgain)
		case w.wait != kv.LockBlock:
			err = errLockNoWait
		case !w.deadline.IsZero() && time.Now().After(w.deadline):
			err = errLockTimeout
		default:
			err = s.sleep(ctx, pollAgain)
		}
		if err != nil {
			withdraw()
			return nil, err
		}
	}
}

// acknowledgements is the span of what nodes said to an announcement.
func acknowledgements(id kv.Key) kv.Span {
	start := append(kv.Key{'b'}, id[1:]...)
	return kv.Span{Start: start, End: append(slices.Clone(start), bytes.Repeat([]byte{0xff}, 9)...)}
}

func (s *Store) acknowledged(ctx context.Context, id kv.Key) (bool, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return false, err
	}
	t := s.newTxn(&s.records, now)
	said := map[string]bool{string(s.gc.node[:]): true}
	err = each(ctx, t, acknowledgements(id), func(p kv.KeyValue) error {
		said[string(p.Key[announceLen:])] = true
		return nil
	})
	if err != nil {
		return false, err
	}
	all := true
	err = each(ctx, t, nodeSpan, func(p kv.KeyValue) error {
		_, until, err := splitPair(p.Value)
		all = all && (said[string(p.Key[1:])] || kv.Timestamp(until) < now)
		return err
	})
	return all, err
}

func (s *Store) withdraw(id kv.Key) {
	ctx, cancel := context.WithTimeout(s.life, requestTimeout)
	defer cancel()
	err := s.gc.update(ctx, false, func(t *txn) error {
		if err := t.DeleteUnchecked(id); err != nil {
			return err
		}
		return each(ctx, t, acknowledgements(id), func(p kv.KeyValue) error { return t.DeleteUnchecked(bytes.Clone(p.Key)) })
	})
	if err != nil && s.life.Err() == nil {
		s.cfg.Logger.Warn("an announced lock was not withdrawn", "error", err)
	}
}

// poll looks for announcements, and acknowledges those whose key nobody here
// holds. again says that one is left.
func (a *announcements) poll(ctx context.Context) (again bool, err error) {
	s := a.store
	now, err := s.Now(ctx)
	if err != nil {
		return false, err
	}
	t := s.newTxn(&s.records, now)
	found := map[string]kv.Key{}
	var words []kv.KeyValue
	err = each(ctx, t, announceSpan, func(p kv.KeyValue) error {
		if isWord(p.Key) {
			words = append(words, kv.KeyValue{Key: bytes.Clone(p.Key), Value: bytes.Clone(p.Value)})
		} else if len(p.Key) == announceLen && len(p.Value) >= 8 && !bytes.Equal(p.Key[9:], s.gc.node[:]) {
			found[string(p.Key)] = bytes.Clone(p.Value)
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	a.hear(words, now)
	ready, again := a.update(found)
	for _, id := range ready {
		if err := a.acknowledge(ctx, t, kv.Key(id)); err != nil {
			return false, err
		}
	}
	return again, nil
}

// update takes over what is announced and returns what can be acknowledged.
func (a *announcements) update(found map[string]kv.Key) (ready []string, again bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	slow := map[string]bool{}
	before := a.pending
	a.pending = nil
	for id, value := range found {
		key := value[8:]
		slow[string(key)] = true
		switch {
		case a.known[id]:
		case a.holders[string(key)] > 0:
			again = true
			a.pending = append(a.pending, newPending(id, value, before))
		default:
			ready = append(ready, id)
		}
	}
	if len(slow) > 0 || len(a.slow) > 0 {
		a.epoch++
	}
	a.slow = slow
	for id := range a.known {
		if found[id] == nil {
			delete(a.known, id)
		}
	}
	return ready, again
}

func newPending(id string, value []byte, before []pending) pending {
	p := pending{key: value[8:], txn: binary.BigEndian.Uint64(value), id: binary.BigEndian.Uint64([]byte(id[1:])), since: time.Now()}
	for _, b := range before {
		if b.id == p.id {
			p.since = b.since
		}
	}
	return p
}

// delayed reports whether an announcement has waited for this node since before
// a time.
func (a *announcements) delayed(before time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.ContainsFunc(a.pending, func(p pending) bool { return p.since.Before(before) })
}

// waitsFor says who of other nodes has waited since before a time for whom of
// this one.
func (a *announcements) waitsFor(before time.Time) []edge {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []edge
	table := a.store.locks
	for _, p := range a.pending {
		if !p.since.Before(before) {
			continue
		}
		for _, holder := range table.Holders(table.Hash(p.key)) {
			out = append(out, edge{from: p.txn, wait: p.id, to: holder})
		}
	}
	return out
}

// acknowledge says that the node knows. The announcement of a node that died is
// taken away.
func (a *announcements) acknowledge(ctx context.Context, r *txn, id kv.Key) error {
	_, until, err := readPair(ctx, r, append(kv.Key{'n'}, id[9:]...))
	if err != nil {
		return err
	}
	if kv.Timestamp(until) < r.readTS {
		a.store.withdraw(id)
		return nil
	}
	err = a.store.gc.update(ctx, false, func(t *txn) error {
		key := append(append(kv.Key{'b'}, id[1:]...), a.store.gc.node[:]...)
		return t.PutUnchecked(key, nil)
	})
	if err != nil {
		return err
	}
	a.mu.Lock()
	a.known[string(id)] = true
	a.mu.Unlock()
	return nil
}

func (s *Store) runAnnouncements() {
	if s.cfg.GCInterval < 0 {
		return
	}
	timer := time.NewTimer(pollEvery)
	defer timer.Stop()
	for {
		select {
		case <-s.life.Done():
			return
		case <-timer.C:
		}
		again, err := s.announced.poll(s.life)
		if err != nil && s.life.Err() == nil {
			s.cfg.Logger.Debug("announced locks could not be read", "error", err)
		}
		if again {
			timer.Reset(pollAgain)
		} else {
			timer.Reset(pollEvery)
		}
	}
}
