package kvtest

import (
	"fmt"
	"testing"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

var savepointTests = map[string]func(*testing.T, *suite){
	"rollback to": func(_ *testing.T, s *suite) {
		s.open(Options{})
		s.set("a", "0", "b", "0")
		txn := s.begin()
		empty := txn.Savepoint()
		s.put(txn, "a", "1")
		sp := txn.Savepoint()
		s.put(txn, "a", "2", "c", "2")
		s.ok(txn.Delete([]byte("b")))
		inner := txn.Savepoint()
		s.put(txn, "a", "3", "b", "3", "d", "3")
		s.scan(txn, kv.Span{}, kv.ScanOptions{}, "a=3 b=3 c=2 d=3")
		txn.RollbackTo(inner, false)
		s.scan(txn, kv.Span{}, kv.ScanOptions{}, "a=2 c=2")
		txn.RollbackTo(sp, false)
		s.scan(txn, kv.Span{}, kv.ScanOptions{}, "a=1 b=0")
		s.put(txn, "a", "4", "e", "4")
		txn.RollbackTo(sp, false) // again
		s.scan(txn, kv.Span{}, kv.ScanOptions{Reverse: true}, "b=0 a=1")
		txn.RollbackTo(empty, false)
		if txn.HasWrites() {
			s.t.Fatal("writes are left")
		}
		s.put(txn, "a", "5")
		s.commit(txn)
		s.scan(s.begin(), kv.Span{}, kv.ScanOptions{}, "a=5 b=0")
	},
	"before": func(_ *testing.T, s *suite) {
		s.open(Options{})
		s.set("a", "0", "b", "0")
		txn := s.begin()
		past, ok := txn.(kv.PastReader)
		if !ok {
			s.t.Skip("no PastReader")
		}
		first := txn.Savepoint()
		empty := past.Before(first)
		s.put(txn, "a", "1")
		sp := txn.Savepoint()
		before := past.Before(sp)
		s.put(txn, "a", "2", "c", "2")
		s.ok(txn.Delete([]byte("b")))
		for range 2 {
			s.scan(empty, kv.Span{}, kv.ScanOptions{}, "a=0 b=0")
			s.scan(before, kv.Span{}, kv.ScanOptions{}, "a=1 b=0")
			s.scan(before, kv.Span{}, kv.ScanOptions{Reverse: true}, "b=0 a=1")
			if v, found, err := before.Get(ctx, []byte("a")); err != nil || !found || string(v) != "1" {
				s.t.Fatalf("a is %q, %v, %v", v, found, err)
			}
			if past.WrittenSince(sp, []byte("d")) || !past.WrittenSince(first, []byte("a")) {
				s.t.Fatal("written since: wrong")
			}
			txn.RollbackTo(sp, true)
			if past.WrittenSince(sp, []byte("a")) {
				s.t.Fatal("written since, after the rollback")
			}
		}
	},
	"release keeps the writes": func(_ *testing.T, s *suite) {
		s.open(Options{})
		txn := s.begin()
		outer := txn.Savepoint()
		s.put(txn, "a", "1")
		inner := txn.Savepoint()
		s.put(txn, "b", "1")
		txn.Release(inner)
		s.scan(txn, kv.Span{}, kv.ScanOptions{}, "a=1 b=1")
		txn.RollbackTo(outer, false)
		s.scan(txn, kv.Span{}, kv.ScanOptions{}, "")
	},
	"locks": func(_ *testing.T, s *suite) {
		s.open(Options{})
		txn, other := s.begin(), s.begin()
		noWait := kv.LockOptions{Mode: kv.LockUpdate, Wait: kv.LockNoWait}
		s.lock(txn, kv.LockKeyShare, "a")
		sp := txn.Savepoint()
		s.lock(txn, kv.LockUpdate, "a", "b")
		_, err := other.Lock(ctx, keys("b"), noWait)
		s.code(err, pgerror.LockNotAvailable)
		txn.RollbackTo(sp, true)
		_, err = other.Lock(ctx, keys("b"), noWait)
		s.code(err, pgerror.LockNotAvailable)
		txn.RollbackTo(sp, false)
		s.lock(other, kv.LockUpdate, "b")
		s.lock(other, kv.LockNoKeyUpdate, "a") // back to KEY SHARE
		_, err = other.Lock(ctx, keys("a"), noWait)
		s.code(err, pgerror.LockNotAvailable)
	},
	"a rolled back write does not conflict": func(_ *testing.T, s *suite) {
		s.open(Options{})
		txn := s.begin()
		sp := txn.Savepoint()
		s.put(txn, "a", "1")
		s.set("a", "x")
		txn.RollbackTo(sp, false)
		s.put(txn, "b", "1")
		s.commit(txn)
		s.scan(s.begin(), kv.Span{}, kv.ScanOptions{}, "a=x b=1")
	},
	"large": func(_ *testing.T, s *suite) {
		s.open(Options{})
		txn := s.begin()
		value := make([]byte, 1000)
		for i := range 1500 {
			s.ok(txn.Put(fmt.Appendf(nil, "k%05d", i), value))
		}
		bytes := txn.Bytes()
		sp := txn.Savepoint()
		for i := range 3000 {
			s.ok(txn.Put(fmt.Appendf(nil, "k%05d", i), []byte("new")))
		}
		s.ok(txn.Put([]byte("large"), make([]byte, 3<<20)))
		s.ok(txn.Put([]byte("last"), []byte("1")))
		txn.RollbackTo(sp, false)
		if txn.Bytes() != bytes {
			s.t.Fatalf("%d bytes, want %d", txn.Bytes(), bytes)
		}
		s.ok(txn.Put([]byte("big"), make([]byte, 5<<20)))
		s.put(txn, "k00000", "1", "end", "1")
		s.get(txn, "k01499", string(value))
		s.get(txn, "k01500", "-")
		s.commit(txn)
		r := s.begin()
		s.get(r, "k00000", "1")
		s.get(r, "k01499", string(value))
		s.get(r, "k01500", "-")
		s.get(r, "big", string(make([]byte, 5<<20)))
		s.get(r, "end", "1")
		s.get(r, "last", "-")
	},
}
