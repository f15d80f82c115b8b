package kvtest

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

var readTests = map[string]func(*testing.T, *suite){
	"snapshot": func(_ *testing.T, s *suite) {
		s.open(Options{})
		s.set("a", "1", "b", "1")
		old := s.begin()
		s.set("a", "2")
		s.unset("b")
		s.set("c", "2")
		s.get(old, "a", "1")
		s.get(old, "b", "1")
		s.get(old, "c", "-")
		s.scan(old, kv.Span{}, kv.ScanOptions{}, "a=1 b=1")
		now := s.begin()
		s.get(now, "a", "2")
		s.get(now, "b", "-")
		s.scan(now, kv.Span{}, kv.ScanOptions{}, "a=2 c=2")
		s.ok(old.Refresh(ctx))
		s.get(old, "a", "2")
	},
	"an iterator keeps its snapshot over Refresh": func(_ *testing.T, s *suite) {
		s.open(Options{})
		s.set("a", "1", "b", "1")
		txn := s.begin()
		it, err := txn.Scan(ctx, kv.Span{}, kv.ScanOptions{BatchSize: 1})
		s.ok(err)
		defer it.Close()
		s.set("b", "2")
		s.ok(txn.Refresh(ctx))
		if got := s.drain(it); got != "a=1 b=1" {
			s.t.Fatal(got)
		}
		s.get(txn, "b", "2")
	},
	"empty values and odd keys": func(_ *testing.T, s *suite) {
		s.open(Options{})
		ks := []string{"\x00", "\x00\x00", "\x00\x01", "a", "a\x00", "a\x00\x00", "a\x00\x09", "a\x01", "ab", "b", "\xff", "\xff\xff"}
		for i := len(ks) - 1; i >= 0; i-- {
			s.set(ks[i], "")
		}
		txn := s.begin()
		var want []string
		for _, k := range ks {
			s.get(txn, k, "")
			want = append(want, k+"=")
		}
		s.scan(txn, kv.Span{}, kv.ScanOptions{}, strings.Join(want, " "))
		s.scan(txn, span("a\x00", "ab"), kv.ScanOptions{}, "a\x00= a\x00\x00= a\x00\x09= a\x01=")
		s.scan(txn, span("\xff", ""), kv.ScanOptions{}, "\xff= \xff\xff=")
		s.get(txn, "a\x00\x08", "-")
	},
	"GetMany": func(t *testing.T, s *suite) {
		s.open(Options{})
		s.set("a", "1", "b", "2", "c", "3")
		txn := s.begin()
		s.put(txn, "d", "4")
		s.ok(txn.Delete([]byte("b")))
		var got []string
		s.ok(txn.GetMany(ctx, keys("d", "b", "x", "a", "a"), func(i int, v []byte) error {
			got = append(got, fmt.Sprintf("%d=%s", i, v))
			return nil
		}))
		if g := strings.Join(got, " "); g != "0=4 3=1 4=1" {
			t.Fatal(g)
		}
		stop := fmt.Errorf("stop")
		if err := txn.GetMany(ctx, keys("a", "c"), func(int, []byte) error { return stop }); err != stop { //nolint:errorlint // handed through
			t.Fatal(err)
		}
	},
	"a commit is seen whole or not at all": func(t *testing.T, s *suite) {
		s.open(Options{})
		s.set("x", "0", "y", "0")
		var wg sync.WaitGroup
		stop := make(chan struct{})
		wg.Go(func() {
			defer close(stop)
			for i := range 300 {
				txn, err := s.Begin(ctx, kv.TxnOptions{})
				if err != nil {
					t.Error(err)
					return
				}
				v := fmt.Append(nil, i)
				_, _ = txn.Put([]byte("x"), v), txn.Put([]byte("y"), v)
				if _, err := txn.Commit(ctx, i%2 == 0); err != nil {
					t.Error(err)
					return
				}
				// Whoever begins now sees it.
				r, err := s.Begin(ctx, kv.TxnOptions{ReadOnly: true})
				if err != nil {
					t.Error(err)
					return
				}
				if got, _, _ := r.Get(ctx, []byte("x")); string(got) != string(v) {
					t.Errorf("acknowledged commit %s not seen, but %s", v, got)
				}
				r.Close()
			}
		})
		for range 3 {
			wg.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					r, err := s.Begin(ctx, kv.TxnOptions{ReadOnly: true})
					if err != nil {
						t.Error(err)
						return
					}
					x, _, _ := r.Get(ctx, []byte("x"))
					xs := string(x)
					y, _, _ := r.Get(ctx, []byte("y"))
					if xs != string(y) {
						t.Errorf("half a commit: x=%s y=%s", xs, y)
					}
					r.Close()
				}
			})
		}
		wg.Wait()
	},
	"read-only transactions refuse writes and locks": func(_ *testing.T, s *suite) {
		s.open(Options{})
		txn, err := s.Begin(ctx, kv.TxnOptions{ReadOnly: true})
		s.ok(err)
		defer txn.Close()
		s.code(txn.Put([]byte("a"), nil), pgerror.ReadOnlySqlTransaction)
		s.code(txn.Delete([]byte("a")), pgerror.ReadOnlySqlTransaction)
		_, err = txn.Lock(ctx, keys("a"), kv.LockOptions{Mode: kv.LockUpdate})
		s.code(err, pgerror.ReadOnlySqlTransaction)
		_, err = txn.Commit(ctx, false)
		s.ok(err)
	},
}
