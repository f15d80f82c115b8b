package tsengine

import (
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/types"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// TestLast reads the newest point of each series of packed points, which the cache
// keeps side by side after the first time, before and after newer, older and
// removed points lie beside them, and within bounds.
func TestLast(t *testing.T) {
	ctx := context.Background()
	m, store := openModel(t)
	defer store.Close()
	defer m.alloc.AssertSize(t, 0)
	m.packer = &Packer{Store: store, Alloc: m.alloc}
	const tags, times = 211, 90
	newest := map[int64]int64{}
	write := func(tag, from, to int64) {
		var rows []modelRow
		for at := from; at < to; at++ {
			rows = append(rows, modelRow{tag, at, float64(tag*1000 + at), "x"})
		}
		m.write(ctx, rows)
		newest[tag] = max(newest[tag], to-1)
	}
	for tag := int64(0); tag < tags; tag++ {
		write(tag, 0, times-tag%3)
	}
	if _, err := m.packer.Compact(ctx, m.layout.Table); err != nil {
		t.Fatal(err)
	}
	all := ScanSpec{Lower: math.MinInt64, Upper: math.MaxInt64}
	check := func(what string, spec ScanSpec, want map[int64]int64) block.Figures {
		t.Helper()
		got, f := m.newest(ctx, spec)
		for tag, at := range want {
			if got[tag] != (modelRow{tag, at, float64(tag*1000 + at), "x"}) {
				t.Errorf("%s: tag %d has %s, want time %d", what, tag, got[tag], at)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s: %d tags, want %d", what, len(got), len(want))
		}
		return f
	}
	check("without a cache", all, newest)
	m.cache = block.NewCache(64 << 20)
	if f := check("first", all, newest); f.BytesDecoded == 0 {
		t.Errorf("the first time nothing is decoded: %+v", f)
	}
	if f := check("again", all, newest); f.BytesDecoded != 0 || f.BlocksRead > 3 {
		t.Errorf("decoded once more: %+v", f)
	}
	below := map[int64]int64{}
	for tag := range newest {
		below[tag] = 50
	}
	check("until 50", ScanSpec{Lower: 10, Upper: 50}, below)
	late := map[int64]int64{}
	for tag, at := range newest {
		if at >= times-2 {
			late[tag] = at
		}
	}
	check("from late on", ScanSpec{Lower: times - 2, Upper: math.MaxInt64}, late)
	if f := check("again after bounds", all, newest); f.BytesDecoded != 0 {
		t.Errorf("decoded once more: %+v", f)
	}
	write(5, times, times+3) // newer, unpacked
	write(6, 0, 3)           // older
	write(tags, 1, 2)        // a new tag
	check("beside deltas", all, newest)
	if _, err := m.packer.Compact(ctx, m.layout.Table); err != nil {
		t.Fatal(err)
	}
	check("packed again", all, newest)
	removeWhere := func(goes func(x modelRow) bool) {
		t.Helper()
		txn, err := store.Begin(ctx, kv.TxnOptions{})
		if err != nil {
			t.Fatal(err)
		}
		rows := m.read(txn, all)
		for i, x := range rows.rows {
			if goes(x) {
				w, handles := m.writer(txn), m.handles(rows.handles[i:i+1])
				if err := w.Delete(ctx, handles); err != nil {
					t.Fatal(err)
				}
				w.Close()
				handles.Release()
			}
		}
		if _, err := txn.Commit(ctx, false); err != nil {
			t.Fatal(err)
		}
	}
	removeWhere(func(x modelRow) bool { return x.tag == 7 && x.time == newest[7] })
	newest[7]--
	check("with the newest one removed", all, newest)
	few := func(what string) {
		t.Helper()
		m.scanned = 0
		if check(what, all, newest); m.scanned > 2*tags+times {
			t.Errorf("%s: removed points have %d points read", what, m.scanned)
		}
	}
	few("again with the newest one removed")
	if _, err := m.packer.Flush(ctx, m.layout.Table); err != nil {
		t.Fatal(err)
	}
	few("with the removal packed")
	removeWhere(func(x modelRow) bool { return x.time == 40 })
	few("with an older point of each series removed")
	if _, err := m.packer.Flush(ctx, m.layout.Table); err != nil {
		t.Fatal(err)
	}
	few("with the older points' removals packed")
	small := m.cache
	for shift := 10; shift < 18; shift++ { // also with room for the rows but not for what was read to find them
		m.cache = block.NewCache(1 << shift)
		check("with a cache too small", all, newest)
	}
	m.cache = small
	if f := check("with the larger one", all, newest); f.Partitions == 0 {
		t.Errorf("%+v", f)
	}
}

// newest reads the newest point of each series, partition by partition.
func (m *metamorphic) newest(ctx context.Context, spec ScanSpec) (map[int64]modelRow, block.Figures) {
	txn, err := m.store.Begin(ctx, kv.TxnOptions{ReadOnly: true})
	if err != nil {
		m.t.Fatal(err)
	}
	defer txn.Rollback()
	series, err := m.layout.AllSeries(ctx, txn, m.cache)
	if err != nil {
		m.t.Fatal(err)
	}
	parts, err := m.layout.Partitions(ctx, txn, m.cache, series, spec.Lower, spec.Upper)
	if err != nil {
		m.t.Fatal(err)
	}
	out := map[int64]modelRow{}
	var f block.Figures
	for _, p := range parts {
		spec.Layout, spec.Partitions, spec.Series = m.layout, []Partition{p}, m.layout.SeriesOf(p.Bucket, series)
		spec.Ordered, spec.Last, spec.BatchRows, spec.Cache = true, true, 1+rand.IntN(100), m.cache
		m.newestOf(ctx, txn, spec, &f, out)
	}
	return out, f
}

func (m *metamorphic) newestOf(ctx context.Context, r kv.Reader, spec ScanSpec, f *block.Figures, out map[int64]modelRow) {
	s := NewScanner(m.alloc, r, spec, f)
	defer s.Close()
	for {
		n, err := s.Next(ctx)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			m.t.Fatal(err)
		}
		m.scanned += n
		cols := make([]arrow.Array, 4)
		for c := range cols {
			if cols[c], err = s.Column(ctx, c); err != nil {
				m.t.Fatal(err)
			}
		}
		for i := range n {
			row := modelRow{types.DatumAt(cols[0], i).I, types.DatumAt(cols[1], i).I, types.DatumAt(cols[2], i).Float64(), string([]byte(types.DatumAt(cols[3], i).S))}
			if old, ok := out[row.tag]; !ok || old.time <= row.time {
				out[row.tag] = row
			}
		}
		release(cols)
	}
}
