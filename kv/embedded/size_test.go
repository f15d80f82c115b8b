package embedded

import (
	"context"
	"encoding/binary"
	"testing"

	"github.com/tidemarkdb/tidemark/kv"
)

// TestApproximateSize: what was just committed counts, before it is flushed
// and after, and nothing counts twice.
func TestApproximateSize(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const rows, valueBytes = 50_000, 100
	txn, err := s.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	value := make([]byte, valueBytes)
	for i := range rows {
		binary.BigEndian.PutUint64(value, uint64(i)*0x9e3779b97f4a7c15)
		if err := txn.Put(binary.BigEndian.AppendUint64([]byte("k"), uint64(i)), value); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := txn.Commit(ctx, false); err != nil {
		t.Fatal(err)
	}
	size := func(start, end string) uint64 {
		t.Helper()
		n, err := s.ApproximateSize(ctx, kv.Span{Start: kv.Key(start), End: kv.Key(end)})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := size("k", "l"); n < rows*valueBytes*8/10 || n > rows*valueBytes*2 {
		t.Errorf("%d bytes in memory", n)
	}
	if n := size("a", "k"); n != 0 {
		t.Errorf("%d bytes where nothing is", n)
	}
	if err := s.db.Flush(); err != nil {
		t.Fatal(err)
	}
	if n := size("k", "l"); n == 0 || n > rows*valueBytes*2 {
		t.Errorf("%d bytes on disk", n)
	}
}
