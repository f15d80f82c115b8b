package tsengine

import (
	"context"
	"errors"
	"io"
	"math"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// TestConcurrentScans reads a table by many goroutines through caches of
// several sizes, whole and in pieces, while it is packed again and again.
func TestConcurrentScans(t *testing.T) {
	ctx := context.Background()
	m, store := openModel(t)
	defer store.Close()
	defer m.alloc.AssertSize(t, 0)
	m.packer = &Packer{Store: store, Alloc: m.alloc}
	const batches, batchRows = 8, 3000
	for b := range batches {
		rows := make([]modelRow, batchRows)
		for i := range rows {
			rows[i] = modelRow{int64(i % 7), int64(b*60 + i%60), 1, "x"}
		}
		m.write(ctx, rows)
		if b%2 == 0 {
			if _, err := m.packer.Flush(ctx, m.layout.Table); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, limit := range []int64{0, 100 << 10, 64 << 20} {
		cache := NewCache(store, limit)
		var wg sync.WaitGroup
		for g := range 6 {
			wg.Go(func() {
				for round := range 3 {
					sum, err := sumOfV(ctx, m, cache, g%2 == 0)
					if err != nil || sum != batches*batchRows {
						t.Errorf("cache of %d, round %d: %g, %v", limit, round, sum, err)
						return
					}
				}
			})
		}
		if _, err := m.packer.Compact(ctx, m.layout.Table); err != nil {
			t.Error(err)
		}
		wg.Wait()
	}
}

func (m *metamorphic) write(ctx context.Context, rows []modelRow) {
	txn, err := m.store.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		m.t.Fatal(err)
	}
	defer txn.Rollback()
	w := m.writer(txn)
	defer w.Close()
	cols := m.columns(rows)
	defer release(cols)
	if err := errors.Join(w.Insert(ctx, cols, len(rows)), w.Flush(ctx)); err != nil {
		m.t.Fatal(err)
	}
	if _, err := txn.Commit(ctx, false); err != nil {
		m.t.Fatal(err)
	}
}

// sumOfV adds up the values of the table, in pieces or as a whole.
func sumOfV(ctx context.Context, m *metamorphic, cache *block.Cache, pieces bool) (sum float64, err error) {
	txn, err := m.store.Begin(ctx, kv.TxnOptions{ReadOnly: true})
	if err != nil {
		return 0, err
	}
	defer txn.Rollback()
	parts, err := m.layout.Partitions(ctx, txn, cache, nil, math.MinInt64, math.MaxInt64)
	if err != nil {
		return 0, err
	}
	list := []ScanSpec{{Layout: m.layout, Partitions: parts, Lower: math.MinInt64, Upper: math.MaxInt64, BatchRows: 1000, Cache: cache}}
	if pieces {
		if list, err = list[0].Pieces(ctx, txn, 500); err != nil {
			return 0, err
		}
	}
	for _, spec := range list {
		s := NewScanner(m.alloc, txn, spec, nil)
		defer s.Close()
		for {
			_, err := s.Next(ctx)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return 0, err
			}
			a, err := s.Column(ctx, 2)
			if err != nil {
				return 0, err
			}
			for _, v := range a.(*array.Float64).Float64Values() {
				sum += v
			}
			a.Release()
		}
	}
	return sum, nil
}
