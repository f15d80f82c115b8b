package tsengine

import (
	"context"
	"errors"
	"io"
	"math"
	"testing"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// TestCounted counts rows of packed and unpacked points within bounds: what whole
// blocks have, their headers say.
func TestCounted(t *testing.T) {
	ctx := context.Background()
	m, store := openModel(t)
	defer store.Close()
	defer m.alloc.AssertSize(t, 0)
	m.packer = &Packer{Store: store, Alloc: m.alloc}
	write := func(from int64) {
		rows := make([]modelRow, 9000)
		for i := range rows {
			rows[i] = modelRow{int64(i % 7), from + int64(i/7), 1, "x"}
		}
		m.write(ctx, rows)
	}
	write(0)
	if _, err := m.packer.Compact(ctx, m.layout.Table); err != nil {
		t.Fatal(err)
	}
	all := ScanSpec{Lower: math.MinInt64, Upper: math.MaxInt64}
	if f := m.countBoth(ctx, all, 9000); f.BlocksRead != 0 || f.FromHeaders == 0 || f.BytesDecoded != 0 {
		t.Errorf("all: %+v", f)
	}
	if f := m.countBoth(ctx, ScanSpec{Lower: 50, Upper: 449}, 2800); f.BlocksRead == 0 || f.FromHeaders == 0 {
		t.Errorf("some: %+v", f)
	}
	write(500) // unpacked, over the blocks
	m.countBoth(ctx, all, 18000)
	m.countBoth(ctx, ScanSpec{Lower: 450, Upper: 549}, 1050)
}

// countBoth counts with and without the numbers of rows.
func (m *metamorphic) countBoth(ctx context.Context, spec ScanSpec, want int) (f block.Figures) {
	txn, err := m.store.Begin(ctx, kv.TxnOptions{ReadOnly: true})
	if err != nil {
		m.t.Fatal(err)
	}
	defer txn.Rollback()
	spec.Layout, spec.BatchRows, spec.Counted = m.layout, 1000, true
	if spec.Partitions, err = m.layout.Partitions(ctx, txn, nil, nil, spec.Lower, spec.Upper); err != nil {
		m.t.Fatal(err)
	}
	if n := m.count(ctx, txn, spec, &f); n != want {
		m.t.Errorf("%d rows are counted, want %d", n, want)
	}
	spec.Counted = false
	if n := m.count(ctx, txn, spec, &block.Figures{}); n != want {
		m.t.Errorf("%d rows are read, want %d", n, want)
	}
	return f
}

func (m *metamorphic) count(ctx context.Context, r kv.Reader, spec ScanSpec, f *block.Figures) (rows int) {
	s := NewScanner(m.alloc, r, spec, f)
	defer s.Close()
	for {
		n, err := s.Next(ctx)
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			m.t.Fatal(err)
		}
		rows += n
	}
}
