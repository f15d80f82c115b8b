package tsengine

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/kv/embedded"
)

// TestReclaim: after Compact the store has little more than the runs' own bytes, also
// if they were packed before; Flush leaves the deltas to who still reads them.
func TestReclaim(t *testing.T) {
	ctx := context.Background()
	store, err := embedded.Open(ctx, embedded.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	m := &metamorphic{t: t, alloc: memory.NewCheckedAllocator(memory.DefaultAllocator), store: store, layout: NewLayout(seriesTable(true)), rng: rand.New(rand.NewPCG(1, 1))}
	defer m.alloc.AssertSize(t, 0)
	m.packer = &Packer{Store: store, Alloc: m.alloc}
	var parts []Partition
	size := func() (out uint64) {
		t.Helper()
		for _, p := range parts {
			n, err := store.ApproximateSize(ctx, prefixSpan(p.Prefix))
			if err != nil {
				t.Fatal(err)
			}
			out += n
		}
		return out
	}
	for range 20 {
		txn, err := store.Begin(ctx, kv.TxnOptions{})
		if err != nil {
			t.Fatal(err)
		}
		rows := make([]modelRow, 4000)
		for i := range rows {
			rows[i] = modelRow{int64(i % 200), m.rng.Int64N(100), m.rng.Float64(), "value"}
		}
		w, cols := m.writer(txn), m.columns(rows)
		err = errors.Join(w.Insert(ctx, cols, len(rows)), w.Flush(ctx))
		release(cols)
		w.Close()
		if _, commitErr := txn.Commit(ctx, false); err != nil || commitErr != nil {
			t.Fatal(err, commitErr)
		}
	}
	txn, err := store.Begin(ctx, kv.TxnOptions{ReadOnly: true})
	if err == nil {
		parts, err = m.layout.Partitions(ctx, txn, nil, nil, -1<<62, 1<<62)
		txn.Rollback()
	}
	if err != nil {
		t.Fatal(err)
	}
	loaded := size()
	if _, err := m.packer.Flush(ctx, m.layout.Table); err != nil || size() < loaded {
		t.Errorf("%d of %d bytes after Flush, %v", size(), loaded, err)
	}
	if _, err := m.packer.Compact(ctx, m.layout.Table); err != nil || size() > loaded/2 {
		t.Errorf("%d of %d bytes after Compact, %v", size(), loaded, err)
	}
}
