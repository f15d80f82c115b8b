package embedded

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/tidemarkdb/tidemark/kv"
)

// keysOf reads a span's keys.
func keysOf(t *testing.T, r kv.Reader, span kv.Span) []string {
	t.Helper()
	it, err := r.Scan(context.Background(), span, kv.ScanOptions{KeysOnly: true, BatchSize: 7})
	if err != nil {
		t.Fatal(err)
	}
	defer it.Close()
	var out []string
	for {
		pairs, err := it.NextBatch(context.Background())
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pairs {
			out = append(out, string(p.Key))
		}
	}
}

// The pieces of a span are adjacent, and their keys are the span's, whatever
// the keys look like and whether they are on disk or not.
func TestSplit(t *testing.T) {
	shapes := map[string]func(i int) []byte{
		"even":   func(i int) []byte { return binary.BigEndian.AppendUint64([]byte("p"), uint64(i)) },
		"skewed": func(i int) []byte { return binary.BigEndian.AppendUint64([]byte("p"), uint64(i)<<(uint(i)%40)) },
		"text":   func(i int) []byte { return []byte("p" + fmt.Sprintf("user-%06d", i*i)) },
		"one":    func(int) []byte { return []byte("p") },
	}
	for name, key := range shapes {
		for _, flush := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/flush=%v", name, flush), func(t *testing.T) {
				ctx := context.Background()
				s, err := Open(ctx, Config{})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close() //nolint:errcheck // nothing is kept
				fillKeys(t, s, key, 20000)
				if flush {
					if err := s.db.Flush(); err != nil {
						t.Fatal(err)
					}
				}
				txn, err := s.Begin(ctx, kv.TxnOptions{})
				if err != nil {
					t.Fatal(err)
				}
				defer txn.Close()
				span := kv.Span{Start: []byte("p"), End: []byte("q")}
				pieces, err := txn.(kv.ParallelReader).Split(ctx, span, 16<<10)
				if err != nil {
					t.Fatal(err)
				}
				if name != "one" && len(pieces) < 8 {
					t.Errorf("only %d pieces", len(pieces))
				}
				checkPieces(t, txn, span, pieces)
			})
		}
	}
}

func fillKeys(t *testing.T, s *Store, key func(int) []byte, n int) {
	t.Helper()
	txn, err := s.Begin(context.Background(), kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer txn.Close()
	for i := range n {
		if err := txn.Put(key(i), bytes.Repeat([]byte{byte(i)}, 60)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := txn.Commit(context.Background(), false); err != nil {
		t.Fatal(err)
	}
}

func checkPieces(t *testing.T, r kv.Reader, span kv.Span, pieces []kv.Span) {
	t.Helper()
	var got []string
	at := span.Start
	for _, p := range pieces {
		if !bytes.Equal(p.Start, at) || len(p.End) > 0 && bytes.Compare(p.Start, p.End) >= 0 {
			t.Fatalf("the piece %q is not adjacent to %q", p, at)
		}
		at = p.End
		got = append(got, keysOf(t, r, p)...)
	}
	if !bytes.Equal(at, span.End) {
		t.Errorf("the pieces end at %q", at)
	}
	want := keysOf(t, r, span)
	if len(got) != len(want) {
		t.Fatalf("%d keys, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("key %d is %q, want %q", i, got[i], want[i])
		}
	}
}

// Views of a transaction with writes read at the same time (run with -race) and
// outlive nothing: closing one leaves the transaction alone.
func TestViews(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // nothing is kept
	key := func(i int) []byte { return binary.BigEndian.AppendUint32([]byte("p"), uint32(i)) }
	fillKeys(t, s, key, 3000)
	txn, err := s.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer txn.Close()
	for i := range 1000 {
		if err := txn.Put(key(3000+i), []byte("own")); err != nil {
			t.Fatal(err)
		}
		if err := txn.Delete(key(3 * i)); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	for range 4 {
		view := txn.(kv.ParallelReader).View()
		wg.Go(func() {
			defer view.Close()
			if n := len(keysOf(t, view, kv.Span{Start: []byte("p"), End: []byte("q")})); n != 3000 {
				t.Errorf("%d keys, want 3000", n)
			}
			for i := range 4000 {
				_, found, err := view.Get(ctx, key(i))
				if want := i >= 3000 || i%3 != 0; err != nil || found != want {
					t.Errorf("key %d: %v %v", i, found, err)
				}
			}
			if err := view.Put(key(0), nil); err == nil {
				t.Error("a view took a write")
			}
		})
	}
	wg.Wait()
	if _, err := txn.Commit(ctx, false); err != nil {
		t.Fatal(err)
	}
}
