package kvtest

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

var writeTests = map[string]func(*testing.T, *suite){
	"own writes": func(_ *testing.T, s *suite) {
		s.open(Options{})
		s.set("a", "1", "b", "1", "c", "1")
		txn := s.begin()
		s.put(txn, "a", "2", "aa", "2", "d", "2")
		s.ok(txn.Delete([]byte("c")))
		s.ok(txn.Delete([]byte("absent")))
		s.get(txn, "a", "2")
		s.get(txn, "aa", "2")
		s.get(txn, "c", "-")
		s.scan(txn, kv.Span{}, kv.ScanOptions{}, "a=2 aa=2 b=1 d=2")
		s.put(txn, "c", "3")
		s.get(txn, "c", "3")
		other := s.begin()
		s.scan(other, kv.Span{}, kv.ScanOptions{}, "a=1 b=1 c=1")
		s.commit(txn)
		s.scan(other, kv.Span{}, kv.ScanOptions{}, "a=1 b=1 c=1")
		s.scan(s.begin(), kv.Span{}, kv.ScanOptions{}, "a=2 aa=2 b=1 c=3 d=2")
	},
	"a large commit after a small one": func(t *testing.T, s *suite) {
		s.open(Options{})
		s.set("a", "1")
		for round := range 3 {
			txn := s.begin()
			for i := range 4000 {
				s.ok(txn.Put(fmt.Appendf(nil, "k%d/%d", round, i), make([]byte, 60)))
			}
			s.commit(txn)
			s.set("a", "2")
		}
		s.get(s.begin(), "k2/3999", string(make([]byte, 60)))
	},
	"rollback leaves nothing": func(t *testing.T, s *suite) {
		s.open(Options{})
		txn := s.begin()
		if txn.HasWrites() || txn.Bytes() != 0 {
			t.Fatal("a new transaction has writes")
		}
		s.put(txn, "a", "1")
		if !txn.HasWrites() || txn.Bytes() == 0 {
			t.Fatal("the write does not count")
		}
		txn.Rollback()
		txn.Rollback()
		txn.Close()
		s.get(s.begin(), "a", "-")
		if err := txn.Put([]byte("a"), nil); err == nil {
			t.Fatal("a write after the end")
		}
		if _, _, err := txn.Get(ctx, []byte("a")); err == nil {
			t.Fatal("a read after the end")
		}
	},
	"keys and values are copied": func(_ *testing.T, s *suite) {
		s.open(Options{})
		txn := s.begin()
		k, v := []byte("a"), []byte("1")
		s.ok(txn.Put(k, v))
		k[0], v[0] = 'x', 'x'
		s.get(txn, "a", "1")
		s.commit(txn)
		s.scan(s.begin(), kv.Span{}, kv.ScanOptions{}, "a=1")
	},
	"first committer wins": func(t *testing.T, s *suite) {
		s.open(Options{})
		s.set("a", "0", "b", "0")
		first, second := s.begin(), s.begin()
		s.put(first, "a", "1")
		s.put(second, "b", "2", "a", "2")
		s.commit(first)
		_, err := second.Commit(ctx, false)
		s.code(err, pgerror.SerializationFailure)
		if !errors.Is(err, kv.ErrWriteConflict) {
			t.Fatal(err)
		}
		s.scan(s.begin(), kv.Span{}, kv.ScanOptions{}, "a=1 b=0")
	},
	"first committer wins over a delete and an insert": func(_ *testing.T, s *suite) {
		s.open(Options{})
		s.set("a", "0")
		first, second, third := s.begin(), s.begin(), s.begin()
		s.ok(first.Delete([]byte("a")))
		s.put(first, "n", "1")
		s.put(second, "a", "2")
		s.put(third, "n", "3")
		s.commit(first)
		_, err := second.Commit(ctx, false)
		s.code(err, pgerror.SerializationFailure)
		_, err = third.Commit(ctx, false)
		s.code(err, pgerror.SerializationFailure)
	},
	"the read timestamp of the first write counts": func(_ *testing.T, s *suite) {
		s.open(Options{})
		txn := s.begin()
		s.put(txn, "a", "1")
		s.set("a", "x")
		s.ok(txn.Refresh(ctx))
		s.put(txn, "a", "2")
		_, err := txn.Commit(ctx, false)
		s.code(err, pgerror.SerializationFailure)

		txn = s.begin()
		s.set("a", "y")
		s.ok(txn.Refresh(ctx))
		s.put(txn, "a", "2")
		s.commit(txn)
		s.get(s.begin(), "a", "2")
	},
	"unchecked writes do not conflict": func(_ *testing.T, s *suite) {
		s.open(Options{})
		txn := s.begin()
		s.ok(txn.PutUnchecked([]byte("a"), []byte("1")))
		s.ok(txn.DeleteUnchecked([]byte("b")))
		s.set("a", "x", "b", "x")
		s.commit(txn)
		s.scan(s.begin(), kv.Span{}, kv.ScanOptions{}, "a=1")
	},
	"a checked write makes a key checked": func(_ *testing.T, s *suite) {
		s.open(Options{})
		txn := s.begin()
		s.ok(txn.Put([]byte("a"), []byte("1")))
		s.ok(txn.PutUnchecked([]byte("a"), []byte("2")))
		s.set("a", "x")
		_, err := txn.Commit(ctx, false)
		s.code(err, pgerror.SerializationFailure)
	},
	"no lost update": func(t *testing.T, s *suite) {
		s.open(Options{})
		s.set("n", "0")
		const workers, each = 4, 25
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				for done := 0; done < each; {
					txn, err := s.Begin(ctx, kv.TxnOptions{})
					if err != nil {
						t.Error(err)
						return
					}
					v, _, _ := txn.Get(ctx, []byte("n"))
					n, _ := strconv.Atoi(string(v))
					_ = txn.Put([]byte("n"), fmt.Append(nil, n+1))
					_, err = txn.Commit(ctx, false)
					switch {
					case err == nil:
						done++
					case !errors.Is(err, kv.ErrWriteConflict):
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		s.get(s.begin(), "n", strconv.Itoa(workers*each))
	},
	"too large": func(_ *testing.T, s *suite) {
		s.open(Options{})
		txn, err := s.Begin(ctx, kv.TxnOptions{MaxBytes: 10_000})
		s.ok(err)
		defer txn.Rollback()
		for i := range 1000 {
			if err = txn.Put(fmt.Append(nil, i), make([]byte, 100)); err != nil {
				break
			}
		}
		s.code(err, pgerror.ProgramLimitExceeded)
		s.get(txn, "0", string(make([]byte, 100)))
	},
	"async commit is visible": func(_ *testing.T, s *suite) {
		s.open(Options{})
		txn := s.begin()
		s.put(txn, "a", "1")
		_, err := txn.Commit(ctx, true)
		s.ok(err)
		s.get(s.begin(), "a", "1")
	},
	"bulk": func(_ *testing.T, s *suite) {
		s.open(Options{})
		b, err := s.Bulk(ctx)
		s.ok(err)
		defer b.Close()
		for i := range 1000 {
			s.ok(b.Put(fmt.Appendf(nil, "k%04d", i), fmt.Append(nil, i)))
		}
		s.set("k0500", "newer") // committed before the bulk is flushed, but newer
		s.ok(b.Flush())
		s.ok(b.Put([]byte("lost"), nil))
		b.Close()
		txn := s.begin()
		s.get(txn, "k0000", "0")
		s.get(txn, "k0500", "newer")
		s.get(txn, "k0999", "999")
		s.get(txn, "lost", "-")
		if n, err := s.ApproximateSize(ctx, span("k", "l")); err != nil || n < 100 || n > 1<<24 {
			s.t.Fatal(n, err)
		}
	},
	"destroy a span": func(_ *testing.T, s *suite) {
		clock := newFakeClock()
		s.open(Options{Name: "destroy", Clock: clock.Now})
		s.set("a", "1", "b1", "1", "b2", "1", "c", "1")
		old := s.begin()
		s.ok(s.DestroyRange(ctx, span("b", "c")))
		s.ok(s.DestroyRange(ctx, span("b", "c")))
		s.clean()
		s.scan(old, kv.Span{}, kv.ScanOptions{}, "a=1 b1=1 b2=1 c=1")
		old.Rollback()
		clock.advance(1e9)
		s.set("z", "1")
		s.clean()
		s.scan(s.begin(), kv.Span{}, kv.ScanOptions{}, "a=1 c=1 z=1")
		s.set("b1", "2") // the span may be used again
		s.clean()
		s.scan(s.begin(), kv.Span{}, kv.ScanOptions{}, "a=1 b1=2 c=1 z=1")
	},
}
