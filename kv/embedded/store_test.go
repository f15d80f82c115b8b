package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"testing"

	"github.com/tidemarkdb/tidemark/kv"
)

var ctx = context.Background()

func openTest(t testing.TB, cfg Config) *Store {
	t.Helper()
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := Open(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func begin(t testing.TB, s kv.Store) kv.Txn {
	t.Helper()
	txn, err := s.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return txn
}

func commit(t testing.TB, txn kv.Txn) kv.Timestamp {
	t.Helper()
	ts, err := txn.Commit(ctx, false)
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

func put(t testing.TB, s kv.Store, pairs ...string) kv.Timestamp {
	t.Helper()
	txn := begin(t, s)
	for i := 0; i < len(pairs); i += 2 {
		if err := txn.Put([]byte(pairs[i]), []byte(pairs[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	return commit(t, txn)
}

func scanAll(t testing.TB, r kv.Reader, span kv.Span, opts kv.ScanOptions) []string {
	t.Helper()
	it, err := r.Scan(ctx, span, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer it.Close()
	var out []string
	for {
		batch, err := it.NextBatch(ctx)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range batch {
			out = append(out, fmt.Sprintf("%s=%s", p.Key, p.Value))
		}
	}
}

func TestReopen(t *testing.T) {
	dir := t.TempDir()
	cfg := Config{Dir: dir, Logger: slog.New(slog.DiscardHandler)}
	s, err := Open(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	first := put(t, s, "a", "1", "b", "2")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openTest(t, cfg)
	txn := begin(t, s)
	defer txn.Rollback()
	if txn.ReadTS() < first {
		t.Errorf("read timestamp %d is before the commit %d", txn.ReadTS(), first)
	}
	if got := fmt.Sprint(scanAll(t, txn, kv.Span{}, kv.ScanOptions{})); got != "[a=1 b=2]" {
		t.Errorf("got %s", got)
	}
	if got := fmt.Sprint(scanAll(t, txn, kv.Span{}, kv.ScanOptions{Reverse: true, BatchSize: 1})); got != "[b=2 a=1]" {
		t.Errorf("got %s", got)
	}
}
