package tikv

import (
	"context"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// twoNodes are two stores over one model cluster.
func twoNodes(t *testing.T) (a, b *Store) {
	t.Helper()
	client := newMock(t)
	open := func() *Store {
		cfg := Config{Prefix: t.Name() + "/", GCInterval: time.Hour, Logger: quiet}
		s, err := newStore(ctx, client(t), cfg.withDefaults(), true)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	}
	return open(), open()
}

// locker is a transaction that locks keys.
type locker struct {
	t   *testing.T
	txn kv.Txn
}

func begin(t *testing.T, s *Store) locker {
	t.Helper()
	txn, err := s.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(txn.Rollback)
	return locker{t, txn}
}

var (
	exclusive = kv.LockOptions{Mode: kv.LockUpdate}
	ofTable   = kv.LockOptions{Mode: kv.LockShare, NoConflictCheck: true}
	byDDL     = kv.LockOptions{Mode: kv.LockUpdate, NoConflictCheck: true, Announce: true}
)

func (l locker) lock(key string, opts kv.LockOptions) {
	l.t.Helper()
	if _, err := l.txn.Lock(ctx, []kv.Key{kv.Key(key)}, opts); err != nil {
		l.t.Fatal(err)
	}
}

// start locks in the background; a transaction whose lock fails is rolled back.
func (l locker) start(key string, opts kv.LockOptions) chan error {
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		_, err := l.txn.Lock(ctx, []kv.Key{kv.Key(key)}, opts)
		if err != nil {
			l.txn.Rollback()
		}
		done <- err
	}()
	return done
}

// TestDeadlockOverTableAndStores checks a circle of which one wait is in the
// lock table of a node and the others are in the stores: nobody saw it.
func TestDeadlockOverTableAndStores(t *testing.T) {
	a, b := twoNodes(t)
	a1, b1, b2 := begin(t, a), begin(t, b), begin(t, b)
	a1.lock("r1", exclusive)
	b1.lock("r2", exclusive)
	b2.lock("r3", exclusive)
	endA1 := a1.start("r2", exclusive)
	endB1 := b1.start("r3", exclusive)
	endB2 := b2.start("r1", exclusive)
	wantVictim(t, endB2, "b2")
	wantLock(t, endB1, "b1")
	b1.txn.Rollback()
	wantLock(t, endA1, "a1")
}

// TestDeadlockOverAnnouncements checks a circle of which the waits are for what
// nodes say to announced locks.
func TestDeadlockOverAnnouncements(t *testing.T) {
	a, b := twoNodes(t)
	a1, b1 := begin(t, a), begin(t, b)
	a1.lock("x", ofTable)
	b1.lock("y", ofTable)
	endA1 := a1.start("y", byDDL)
	endB1 := b1.start("x", byDDL)
	wantVictim(t, endB1, "b1")
	wantLock(t, endA1, "a1")
}

// TestNoDeadlock checks that a long wait that goes in no circle is left alone.
func TestNoDeadlock(t *testing.T) {
	a, b := twoNodes(t)
	a1, b1, b2 := begin(t, a), begin(t, b), begin(t, b)
	a1.lock("r1", exclusive)
	b1.lock("r2", exclusive)
	endB2 := b2.start("r2", exclusive)
	endB1 := b1.start("r1", exclusive)
	time.Sleep(deadlockAfter + 5*deadlockRound)
	for name, end := range map[string]chan error{"b1": endB1, "b2": endB2} {
		select {
		case err := <-end:
			t.Fatalf("%s ended: %v", name, err)
		default:
		}
	}
	a1.txn.Rollback()
	wantLock(t, endB1, "b1")
	b1.txn.Rollback()
	wantLock(t, endB2, "b2")
}

func wantVictim(t *testing.T, end chan error, name string) {
	t.Helper()
	if err := <-end; pgerror.CodeOf(err) != pgerror.DeadlockDetected {
		t.Errorf("%s: %v, want a deadlock", name, err)
	}
}

func wantLock(t *testing.T, end chan error, name string) {
	t.Helper()
	if err := <-end; err != nil {
		t.Errorf("%s: %v, want the lock", name, err)
	}
}

// TestLasting checks which waits count: those that were told before a reading,
// and again with a stamp after it.
func TestLasting(t *testing.T) {
	e, f, g := edge{1, 10, 2}, edge{2, 11, 1}, edge{2, 12, 1}
	then := reading{at: 100, edges: map[edge]kv.Timestamp{e: 90, f: 90}}
	for _, c := range []struct {
		now    map[edge]kv.Timestamp
		circle bool
	}{
		{map[edge]kv.Timestamp{e: 110, f: 101}, true},
		{map[edge]kv.Timestamp{e: 110, f: 90}, false},  // it may have ended
		{map[edge]kv.Timestamp{e: 110, g: 110}, false}, // another wait
	} {
		if circle := lasting(then, reading{at: 120, edges: c.now}).circle(2); (circle != nil) != c.circle {
			t.Errorf("%v: %v", c.now, circle)
		}
	}
}

// TestCircle checks that the youngest transaction of a circle finds it, and
// nobody else.
func TestCircle(t *testing.T) {
	g := waitGraph{}
	for _, e := range []edge{{1, 0, 2}, {2, 0, 3}, {3, 0, 1}, {2, 0, 4}, {4, 0, 5}, {6, 0, 1}} {
		g[e.from] = append(g[e.from], e)
	}
	for from := uint64(1); from <= 6; from++ {
		if circle := g.circle(from); (circle != nil) != (from == 3) {
			t.Errorf("circle of %d: %v", from, circle)
		}
	}
}
