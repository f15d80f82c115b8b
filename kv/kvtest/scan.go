package kvtest

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/tidemarkdb/tidemark/kv"
)

var scanTests = map[string]func(*testing.T, *suite){
	"both ways across own writes": func(_ *testing.T, s *suite) {
		s.open(Options{})
		s.set("b", "0", "d", "0", "f", "0", "h", "0")
		s.set("d", "1")
		txn := s.begin()
		s.put(txn, "a", "x", "c", "x", "d", "x", "g", "x", "i", "x")
		s.ok(txn.Delete([]byte("f")))
		s.ok(txn.Delete([]byte("e")))
		for _, size := range []int{0, 1, 2, 3} {
			s.scan(txn, kv.Span{}, kv.ScanOptions{BatchSize: size}, "a=x b=0 c=x d=x g=x h=0 i=x")
			s.scan(txn, kv.Span{}, kv.ScanOptions{BatchSize: size, Reverse: true}, "i=x h=0 g=x d=x c=x b=0 a=x")
			s.scan(txn, span("b", "g"), kv.ScanOptions{BatchSize: size}, "b=0 c=x d=x")
			s.scan(txn, span("b", "g"), kv.ScanOptions{BatchSize: size, Reverse: true}, "d=x c=x b=0")
			s.scan(txn, span("bb", "dd"), kv.ScanOptions{BatchSize: size}, "c=x d=x")
			s.scan(txn, span("e", ""), kv.ScanOptions{BatchSize: size, Reverse: true}, "i=x h=0 g=x")
			s.scan(txn, span("d", "d"), kv.ScanOptions{BatchSize: size}, "")
			s.scan(txn, span("e", "d"), kv.ScanOptions{BatchSize: size}, "")
			s.scan(txn, span("j", ""), kv.ScanOptions{BatchSize: size}, "")
		}
	},
	"writes during a scan": func(t *testing.T, s *suite) {
		s.open(Options{})
		for i := range 20 {
			s.set(fmt.Sprintf("k%02d", i*2), "old")
		}
		for _, reverse := range []bool{false, true} {
			txn := s.begin()
			s.put(txn, "k03", "own", "k05", "own", "k21", "own")
			s.ok(txn.Delete([]byte("k10")))
			it, err := txn.Scan(ctx, kv.Span{}, kv.ScanOptions{Reverse: reverse, BatchSize: 3})
			s.ok(err)
			seen := map[string]int{}
			last := ""
			for i := 0; ; i++ {
				batch, err := it.NextBatch(ctx)
				if errors.Is(err, io.EOF) {
					break
				}
				s.ok(err)
				for _, p := range batch {
					k := string(p.Key)
					seen[k]++
					if last != "" && (k <= last) != reverse {
						t.Fatalf("%s after %s", k, last)
					}
					last = k
					// As UPDATE does: change the row just read.
					s.ok(txn.Put(append([]byte(nil), p.Key...), []byte("new")))
				}
				// And others everywhere.
				for j := range 5 {
					s.ok(txn.Put(fmt.Appendf(nil, "k%02d-%d-%d", (i*7+j*11)%40, i, j), []byte("later")))
				}
			}
			it.Close()
			for i := range 20 {
				k := fmt.Sprintf("k%02d", i*2)
				if want := 1; k != "k10" && seen[k] != want {
					t.Errorf("reverse=%v: %s seen %d times", reverse, k, seen[k])
				}
			}
			for _, k := range []string{"k03", "k05", "k21"} {
				if seen[k] != 1 {
					t.Errorf("reverse=%v: %s seen %d times", reverse, k, seen[k])
				}
			}
			if seen["k10"] != 0 {
				t.Error("deleted key seen")
			}
			txn.Rollback()
		}
	},
	"many versions": func(_ *testing.T, s *suite) {
		s.open(Options{GCLifetime: 1 << 40})
		s.set("a", "first", "b", "first", "c", "first")
		early := s.begin()
		for i := range 50 {
			s.set("b", fmt.Sprint(i))
		}
		middle := s.begin()
		for range 50 {
			s.set("b", "later")
		}
		s.unset("b")
		late := s.begin()
		for _, r := range []struct {
			txn  kv.Txn
			want string
			back string
		}{
			{early, "a=first b=first c=first", "c=first b=first a=first"},
			{middle, "a=first b=49 c=first", "c=first b=49 a=first"},
			{late, "a=first c=first", "c=first a=first"},
		} {
			s.scan(r.txn, kv.Span{}, kv.ScanOptions{}, r.want)
			s.scan(r.txn, kv.Span{}, kv.ScanOptions{Reverse: true}, r.back)
			s.scan(r.txn, kv.Span{}, kv.ScanOptions{Reverse: true, BatchSize: 1}, r.back)
		}
	},
	"keys only": func(t *testing.T, s *suite) {
		s.open(Options{})
		s.set("a", "1", "b", "2")
		txn := s.begin()
		s.put(txn, "c", "3")
		it, err := txn.Scan(ctx, kv.Span{}, kv.ScanOptions{KeysOnly: true})
		s.ok(err)
		defer it.Close()
		n := 0
		for {
			batch, err := it.NextBatch(ctx)
			if errors.Is(err, io.EOF) {
				break
			}
			s.ok(err)
			for _, p := range batch {
				n++
				if p.Value != nil {
					t.Error("a value")
				}
			}
		}
		if n != 3 {
			t.Error(n)
		}
	},
	"close early and often": func(t *testing.T, s *suite) {
		s.open(Options{})
		s.set("a", "1", "b", "2", "c", "3")
		txn := s.begin()
		it, err := txn.Scan(ctx, kv.Span{}, kv.ScanOptions{BatchSize: 1})
		s.ok(err)
		if b, err := it.NextBatch(ctx); err != nil || len(b) != 1 {
			t.Fatal(b, err)
		}
		it.Close()
		it.Close()
		it, err = txn.Scan(ctx, kv.Span{}, kv.ScanOptions{})
		s.ok(err)
		it.Close()
		it, err = txn.Scan(ctx, kv.Span{}, kv.ScanOptions{})
		s.ok(err)
		txn.Rollback()
		it.Close()
	},
	"large": func(t *testing.T, s *suite) {
		s.open(Options{})
		txn := s.begin()
		for i := range 5000 {
			s.ok(txn.PutUnchecked(fmt.Appendf(nil, "k%06d", i*2), make([]byte, 1000)))
		}
		s.commit(txn)
		txn = s.begin()
		for i := range 5000 {
			s.ok(txn.PutUnchecked(fmt.Appendf(nil, "k%06d", i*2+1), make([]byte, 500)))
		}
		for _, reverse := range []bool{false, true} {
			it, err := txn.Scan(ctx, kv.Span{}, kv.ScanOptions{Reverse: reverse})
			s.ok(err)
			n := 0
			for {
				batch, err := it.NextBatch(ctx)
				if errors.Is(err, io.EOF) {
					break
				}
				s.ok(err)
				for _, p := range batch {
					i := n
					if reverse {
						i = 9999 - n
					}
					if want := fmt.Sprintf("k%06d", i); string(p.Key) != want || len(p.Value) != 1000-500*(i%2) {
						t.Fatalf("%s with %d bytes, want %s", p.Key, len(p.Value), want)
					}
					n++
				}
			}
			it.Close()
			if n != 10000 {
				t.Fatal(n)
			}
		}
	},
}
