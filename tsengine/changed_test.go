package tsengine

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/kv/embedded"
)

// TestComparison: what others commit after a snapshot is a conflict at their
// points and at no other; packing is none.
func TestComparison(t *testing.T) {
	ctx := context.Background()
	store, err := embedded.Open(ctx, embedded.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	m := &metamorphic{t: t, alloc: memory.NewCheckedAllocator(memory.DefaultAllocator), store: store, layout: NewLayout(seriesTable(true)), rng: rand.New(rand.NewPCG(1, 1))}
	defer m.alloc.AssertSize(t, 0)
	m.cache = NewCache(store, 1<<20)
	m.packer = &Packer{Store: store, Alloc: m.alloc, Cache: m.cache}
	insert := func(rows ...modelRow) {
		txn, err := store.Begin(ctx, kv.TxnOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer txn.Rollback()
		w := m.writer(txn)
		defer w.Close()
		cols := m.columns(rows)
		defer release(cols)
		if err := errors.Join(w.Insert(ctx, cols, len(rows)), w.Flush(ctx)); err != nil {
			t.Fatal(err)
		}
		if _, err := txn.Commit(ctx, false); err != nil {
			t.Fatal(err)
		}
	}
	insert(modelRow{1, 10, 1, "a"}, modelRow{1, 20, 2, "b"})
	mine, err := store.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Rollback()
	all := m.read(mine, ScanSpec{Lower: math.MinInt64, Upper: math.MaxInt64})
	handles := m.handles(all.handles)
	defer handles.Release()
	series, _, err := m.layout.findSeries(ctx, mine, []byte{2, 1, 0, 0, 0, 0, 0, 0, 0})
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, rows []bool, place int64, want bool) {
		t.Helper()
		c, err := NewComparison(ctx, m.alloc, store, m.cache, m.layout, mine.ReadTS())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for i, want := range rows {
			if got, err := c.Rows(ctx, handles, []int{i}); err != nil || got != want {
				t.Errorf("%s: row %s changed is %v, %v", what, all.rows[i], got, err)
			}
		}
		if got, err := c.Places(ctx, []Place{{series, place}}); err != nil || got != want {
			t.Errorf("%s: place %d changed is %v, %v", what, place, got, err)
		}
	}
	check("at first", []bool{false, false}, 10, false)
	if _, err := m.packer.Flush(ctx, m.layout.Table); err != nil {
		t.Fatal(err)
	}
	check("packed", []bool{false, false}, 20, false)
	insert(modelRow{1, 20, 3, "c"}, modelRow{1, 30, 3, "d"})
	check("one changed", []bool{false, true}, 20, true)
	check("a new one", []bool{false, true}, 30, true)
	if _, err := m.packer.Compact(ctx, m.layout.Table); err != nil {
		t.Fatal(err)
	}
	check("compacted", []bool{false, true}, 10, false)
}
