package tsengine

import (
	"context"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// TestCorruptBlock damages one partition: reading it names the table, and what
// is in the others stays readable.
func TestCorruptBlock(t *testing.T) {
	ctx := context.Background()
	m, store := openModel(t)
	defer store.Close()
	defer m.alloc.AssertSize(t, 0)
	m.packer = &Packer{Store: store, Alloc: m.alloc}
	rows := []modelRow{{1, 10, 1, "a"}, {1, 20, 2, "b"}, {1, 120, 3, "c"}}
	write := func(fn func(txn kv.Txn) error) {
		txn, err := store.Begin(ctx, kv.TxnOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer txn.Rollback()
		if err := fn(txn); err != nil {
			t.Fatal(err)
		}
		if _, err := txn.Commit(ctx, false); err != nil {
			t.Fatal(err)
		}
	}
	write(func(txn kv.Txn) error {
		w := m.writer(txn)
		defer w.Close()
		cols := m.columns(rows)
		defer release(cols)
		return errors.Join(w.Insert(ctx, cols, len(rows)), w.Flush(ctx))
	})
	if _, err := m.packer.Flush(ctx, m.layout.Table); err != nil {
		t.Fatal(err)
	}
	var parts []Partition
	var err error
	write(func(txn kv.Txn) error {
		if parts, err = m.layout.Partitions(ctx, txn, nil, nil, math.MinInt64, math.MaxInt64); err != nil {
			return err
		}
		it, err := txn.Scan(ctx, kv.Span{Start: append(parts[0].Prefix, 3), End: append(parts[0].Prefix, 4)}, kv.ScanOptions{})
		if err != nil {
			return err
		}
		defer it.Close()
		pairs, err := it.NextBatch(ctx)
		if err != nil {
			return err
		}
		bad := append([]byte(nil), pairs[0].Value...)
		bad[len(bad)-1] ^= 1
		return txn.Put(append(kv.Key(nil), pairs[0].Key...), bad)
	})
	if len(parts) != 2 {
		t.Fatalf("%d partitions", len(parts))
	}
	txn, err := store.Begin(ctx, kv.TxnOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer txn.Rollback()
	s := NewScanner(m.alloc, txn, ScanSpec{Layout: m.layout, Partitions: parts, Lower: math.MinInt64, Upper: math.MaxInt64, BatchRows: 10}, nil)
	_, err = s.Next(ctx)
	s.Close()
	if !errors.Is(err, block.ErrCorrupt) || !strings.Contains(err.Error(), `table "points"`) || !strings.Contains(err.Error(), "block 0") {
		t.Errorf("the damaged block gives %v", err)
	}
	if got := m.read(txn, ScanSpec{Lower: 100, Upper: 200}); len(got.rows) != 1 || got.rows[0] != rows[2] {
		t.Errorf("the others: %v", got.rows)
	}
	if _, err := m.packer.Compact(ctx, m.layout.Table); err != nil && !errors.Is(err, block.ErrCorrupt) && !errors.Is(err, io.EOF) {
		t.Errorf("packing gives %v", err)
	}
}
