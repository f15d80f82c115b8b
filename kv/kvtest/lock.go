package kvtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

var update = kv.LockOptions{Mode: kv.LockUpdate}

var lockTests = map[string]func(*testing.T, *suite){
	"modes": func(t *testing.T, s *suite) {
		s.open(Options{})
		modes := []kv.LockMode{kv.LockKeyShare, kv.LockShare, kv.LockNoKeyUpdate, kv.LockUpdate}
		excludes := map[[2]kv.LockMode]bool{
			{kv.LockKeyShare, kv.LockUpdate}: true,
			{kv.LockShare, kv.LockUpdate}:    true, {kv.LockShare, kv.LockNoKeyUpdate}: true,
			{kv.LockNoKeyUpdate, kv.LockNoKeyUpdate}: true, {kv.LockNoKeyUpdate, kv.LockUpdate}: true,
			{kv.LockUpdate, kv.LockUpdate}: true,
		}
		for _, a := range modes {
			for _, b := range modes {
				first, second := s.begin(), s.begin()
				s.lock(first, a, "k")
				_, err := second.Lock(ctx, keys("k"), kv.LockOptions{Mode: b, Wait: kv.LockNoWait})
				want := excludes[[2]kv.LockMode{a, b}] || excludes[[2]kv.LockMode{b, a}]
				if got := err != nil; got != want {
					t.Errorf("%d then %d: %v", a, b, err)
				}
				if err != nil {
					s.code(err, pgerror.LockNotAvailable)
				}
				first.Rollback()
				s.lock(second, b, "k")
				second.Rollback()
			}
		}
	},
	"wait and then conflict": func(_ *testing.T, s *suite) {
		s.open(Options{})
		s.set("a", "0")
		first, second := s.begin(), s.begin()
		s.lock(first, kv.LockUpdate, "a")
		p := s.lockAsync(second, update, "a")
		s.stillWaits(p)
		s.put(first, "a", "1")
		s.commit(first)
		s.code(s.await(p), pgerror.SerializationFailure)
		// The lock was kept: after a refresh it wins.
		s.ok(second.Refresh(ctx))
		third := s.begin()
		_, err := third.Lock(ctx, keys("a"), kv.LockOptions{Mode: kv.LockUpdate, Wait: kv.LockNoWait})
		s.code(err, pgerror.LockNotAvailable)
		s.lock(second, kv.LockUpdate, "a")
		s.get(second, "a", "1")
		s.put(second, "a", "2")
		s.commit(second)
		s.get(s.begin(), "a", "2")
	},
	"wait and then no conflict": func(_ *testing.T, s *suite) {
		s.open(Options{})
		first, second := s.begin(), s.begin()
		s.lock(first, kv.LockUpdate, "a")
		p := s.lockAsync(second, update, "a")
		first.Rollback()
		s.ok(s.await(p))
	},
	"no conflict check on request": func(_ *testing.T, s *suite) {
		s.open(Options{})
		txn := s.begin()
		s.set("a", "1")
		_, err := txn.Lock(ctx, keys("a"), kv.LockOptions{Mode: kv.LockUpdate, NoConflictCheck: true})
		s.ok(err)
		_, err = txn.Lock(ctx, keys("a"), update)
		s.code(err, pgerror.SerializationFailure)
	},
	"skip locked": func(t *testing.T, s *suite) {
		s.open(Options{})
		first, second := s.begin(), s.begin()
		s.lock(first, kv.LockUpdate, "b")
		granted, err := second.Lock(ctx, keys("a", "b", "c"), kv.LockOptions{Mode: kv.LockUpdate, Wait: kv.LockSkipLocked})
		s.ok(err)
		if fmt.Sprint(granted) != "[true false true]" {
			t.Fatal(granted)
		}
		_, err = first.Lock(ctx, keys("c"), kv.LockOptions{Mode: kv.LockKeyShare, Wait: kv.LockNoWait})
		s.code(err, pgerror.LockNotAvailable)
	},
	"timeout and cancel": func(t *testing.T, s *suite) {
		s.open(Options{})
		first, second, third := s.begin(), s.begin(), s.begin()
		s.lock(first, kv.LockUpdate, "a")
		_, err := second.Lock(ctx, keys("x", "a"), kv.LockOptions{Mode: kv.LockUpdate, Timeout: time.Millisecond})
		s.code(err, pgerror.LockNotAvailable)
		if err.Error() != "canceling statement due to lock timeout" {
			t.Fatal(err)
		}
		c, cancel := context.WithCancel(ctx)
		p := async(func() error {
			_, err := second.Lock(c, keys("a"), update)
			return err
		})
		s.awaitWaiters(1)
		q := s.lockAsync(third, kv.LockOptions{Mode: kv.LockUpdate}, "a")
		cancel()
		s.code(s.await(p), pgerror.QueryCanceled)
		c2, cancel2 := context.WithCancelCause(ctx)
		p = async(func() error {
			_, err := second.Lock(c2, keys("a"), update)
			return err
		})
		s.awaitWaiters(2)
		cancel2(pgerror.New(pgerror.IdleInTransactionSessionTimeout, "reason"))
		s.code(s.await(p), pgerror.IdleInTransactionSessionTimeout)
		// Those who gave up do not hold up the queue.
		first.Rollback()
		s.ok(s.await(q))
		// What was granted before the timeout is still held.
		_, err = third.Lock(ctx, keys("x"), kv.LockOptions{Mode: kv.LockUpdate, Wait: kv.LockNoWait})
		s.code(err, pgerror.LockNotAvailable)
	},
	"first come first served": func(t *testing.T, s *suite) {
		s.open(Options{})
		holder := s.begin()
		s.lock(holder, kv.LockUpdate, "a")
		const n = 8
		var order []int
		done := make(chan int)
		var waiting []*pending
		for i := range n {
			txn := s.begin()
			before := s.waiters()
			waiting = append(waiting, async(func() error {
				_, err := txn.Lock(ctx, keys("a"), update)
				done <- i
				txn.Rollback()
				return err
			}))
			s.awaitWaiters(before + 1)
		}
		holder.Rollback()
		for range n {
			order = append(order, <-done)
		}
		for _, p := range waiting {
			s.ok(s.await(p))
		}
		if got := fmt.Sprint(order); got != "[0 1 2 3 4 5 6 7]" {
			t.Fatal(got)
		}
	},
	"shared locks do not starve an exclusive one, and are granted together": func(_ *testing.T, s *suite) {
		s.open(Options{})
		reader, writer, late1, late2 := s.begin(), s.begin(), s.begin(), s.begin()
		s.lock(reader, kv.LockShare, "a")
		w := s.lockAsync(writer, update, "a")
		r1 := s.lockAsync(late1, kv.LockOptions{Mode: kv.LockShare}, "a")
		r2 := s.lockAsync(late2, kv.LockOptions{Mode: kv.LockShare}, "a")
		s.stillWaits(r1)
		reader.Rollback()
		s.ok(s.await(w))
		s.stillWaits(r1)
		s.stillWaits(r2)
		writer.Rollback()
		s.ok(s.await(r1))
		s.ok(s.await(r2))
	},
	"upgrade": func(_ *testing.T, s *suite) {
		s.open(Options{})
		a, b, c := s.begin(), s.begin(), s.begin()
		s.lock(a, kv.LockKeyShare, "k")
		s.lock(a, kv.LockNoKeyUpdate, "k")
		s.lock(b, kv.LockKeyShare, "k")
		waiting := s.lockAsync(c, update, "k")
		// The holder's upgrade goes before the queue.
		up := s.lockAsync(a, update, "k")
		b.Rollback()
		s.ok(s.await(up))
		s.stillWaits(waiting)
		a.Rollback()
		s.ok(s.await(waiting))
	},
	"deadlock has one victim": func(t *testing.T, s *suite) {
		s.open(Options{})
		for _, n := range []int{2, 3, 5} {
			txns := make([]kv.Txn, n)
			for i := range txns {
				txns[i] = s.begin()
				s.lock(txns[i], kv.LockUpdate, fmt.Sprint("k", i))
			}
			waits := make([]*pending, n)
			for i := range txns {
				waits[i] = async(func() error {
					_, err := txns[i].Lock(ctx, keys(fmt.Sprint("k", (i+1)%n)), update)
					if err != nil {
						txns[i].Rollback()
					}
					return err
				})
			}
			// Each one that ends lets the one before it go on.
			victims := 0
			for range n {
				i := firstDone(s, waits)
				if err := waits[i].err; err != nil {
					s.code(err, pgerror.DeadlockDetected)
					if d := pgerror.From(err).Detail; strings.Count(d, "waits for") != n {
						t.Errorf("detail: %s", d)
					}
					victims++
				}
				txns[i].Rollback()
				waits[i] = nil
			}
			if victims != 1 {
				t.Errorf("%d victims among %d", victims, n)
			}
		}
	},
	"deadlock by upgrade": func(t *testing.T, s *suite) {
		s.open(Options{})
		a, b := s.begin(), s.begin()
		s.lock(a, kv.LockShare, "k")
		s.lock(b, kv.LockShare, "k")
		p := s.lockAsync(a, update, "k")
		_, err := b.Lock(ctx, keys("k"), update)
		s.code(err, pgerror.DeadlockDetected)
		if err.Error() != "deadlock detected" {
			t.Fatal(err)
		}
		b.Rollback()
		s.ok(s.await(p))
	},
	"deadlock through the queue": func(_ *testing.T, s *suite) {
		s.open(Options{})
		a, b, c := s.begin(), s.begin(), s.begin()
		s.lock(a, kv.LockShare, "k")
		s.lock(c, kv.LockUpdate, "z")
		w := s.lockAsync(b, update, "k")                             // b waits for a
		q := s.lockAsync(c, kv.LockOptions{Mode: kv.LockShare}, "k") // c waits for b only
		_, err := a.Lock(ctx, keys("z"), update)                     // a waits for c
		s.code(err, pgerror.DeadlockDetected)
		a.Rollback()
		s.ok(s.await(w))
		b.Rollback()
		s.ok(s.await(q))
	},
	"commit waits for locks of others": func(_ *testing.T, s *suite) {
		s.open(Options{})
		s.set("a", "0")
		holder, writer := s.begin(), s.begin()
		s.lock(holder, kv.LockUpdate, "a")
		s.put(writer, "a", "1")
		p := async(func() error {
			_, err := writer.Commit(ctx, false)
			return err
		})
		s.awaitWaiters(1)
		s.put(holder, "a", "2")
		s.commit(holder)
		s.code(s.await(p), pgerror.SerializationFailure)
		s.get(s.begin(), "a", "2")
	},
	"locks end with the transaction": func(_ *testing.T, s *suite) {
		s.open(Options{})
		a, b := s.begin(), s.begin()
		s.lock(a, kv.LockUpdate, "k", "k")
		s.put(a, "other", "1")
		s.commit(a)
		s.lock(b, kv.LockUpdate, "k")
		b.Close()
		s.lock(s.begin(), kv.LockUpdate, "k")
	},
	"ids": func(t *testing.T, s *suite) {
		s.open(Options{Name: "ids"})
		seen := map[uint64]bool{}
		for range 3 {
			for range 3 {
				txn := s.begin()
				if id := txn.ID(); id == 0 || seen[id] || id != txn.ID() {
					t.Fatalf("id %d", id)
				}
				seen[txn.ID()] = true
				txn.Rollback()
			}
			s.ok(s.Close())
			s.open(Options{Name: "ids"})
		}
	},
	"close ends waits": func(t *testing.T, s *suite) {
		s.open(Options{})
		a, b := s.begin(), s.begin()
		s.lock(a, kv.LockUpdate, "k")
		p := s.lockAsync(b, update, "k")
		s.ok(s.Close())
		if err := s.await(p); !errors.Is(err, kv.ErrClosed) {
			t.Fatal(err)
		}
		if _, _, err := a.Get(ctx, []byte("x")); err == nil {
			t.Fatal("a read after Close")
		}
		if _, err := s.Begin(ctx, kv.TxnOptions{}); err == nil {
			t.Fatal("a Begin after Close")
		}
	},
}

// firstDone returns the index of a call that ended.
func firstDone(s *suite, waits []*pending) int {
	s.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		for i, p := range waits {
			if p == nil {
				continue
			}
			select {
			case <-p.done:
				return i
			case <-deadline:
				s.t.Fatal("nobody gets on")
			default:
			}
		}
		time.Sleep(time.Microsecond)
	}
}
