package tsengine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/catalog/cattest"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/kv/embedded"
	"github.com/tidemarkdb/tidemark/sql/types"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// The metamorphic test does random things to a table and, with plain slices,
// to a model of it, and compares what both read.
type metamorphic struct {
	t       *testing.T
	rng     *rand.Rand
	alloc   *memory.CheckedAllocator
	fs      *vfs.MemFS
	store   kv.Store
	layout  *Layout
	scanned int // rows that newestOf saw
	packer  *Packer
	cache   *block.Cache // of the store
	rows    []modelRow
	serial  int
	log     []string
}

// modelRow is a row: tag, time, value and a text that no other version has.
type modelRow struct {
	tag  int64
	time int64
	v    float64
	note string
}

func (r modelRow) String() string { return fmt.Sprintf("%d@%d=%g/%s", r.tag, r.time, r.v, r.note) }

func seriesTable(unique bool) *catalog.Table {
	t := cattest.Table("points", "tag int8 null", "ts int8 not null", "v float8 null", "note text null")
	t.ID, t.Storage, t.Kind = 7, 7, catalog.KindTable
	t.TimeSeries = &catalog.TimeSeries{Time: 2, Tags: []int16{1}, Buckets: 3, Slices: []catalog.SliceInterval{{From: math.MinInt64, Length: 100}, {From: 250, Length: 60}}}
	if unique {
		t.Indexes = []catalog.Index{{Name: "points_key", Unique: true, Columns: []catalog.IndexColumn{{Num: 1}, {Num: 2}}}}
	}
	return t
}

func TestMetamorphic(t *testing.T) {
	for _, unique := range []bool{false, true} {
		for seed := range uint64(4) {
			t.Run(fmt.Sprintf("unique=%v/seed=%d", unique, seed), func(t *testing.T) {
				m := &metamorphic{t: t, rng: rand.New(rand.NewPCG(seed, 1)), alloc: memory.NewCheckedAllocator(memory.DefaultAllocator), fs: vfs.NewCrashableMem()}
				m.layout = NewLayout(seriesTable(unique))
				m.open()
				defer func() { m.store.Close() }()
				defer m.alloc.AssertSize(t, 0)
				for range 80 {
					m.step()
					if t.Failed() {
						t.Log(strings.Join(m.log, "\n"))
						return
					}
				}
			})
		}
	}
}

func (m *metamorphic) open() {
	store, err := embedded.Open(context.Background(), embedded.Config{Dir: "d", FS: m.fs, Logger: slog.New(slog.DiscardHandler), MemTableBytes: 1 << 20})
	if err != nil {
		m.t.Fatal(err)
	}
	m.store = store
	m.cache = NewCache(store, []int64{0, 4 << 10, 64 << 10, 64 << 20}[m.rng.IntN(4)])
	m.packer = &Packer{Store: store, Alloc: m.alloc, Cache: m.cache}
}

func (m *metamorphic) step() {
	switch n := m.rng.IntN(20); {
	case n < 8:
		m.transaction()
	case n < 11:
		m.pack(false)
	case n < 12:
		m.pack(true)
	case n < 13:
		m.log = append(m.log, "crash")
		m.fs = m.fs.CrashClone(vfs.CrashCloneCfg{})
		m.store.Close()
		m.open()
	case n < 14:
		m.killedPack()
	case n < 16:
		m.join()
	case n < 17:
		m.compareOld()
	default:
		m.compare()
	}
}

// transaction writes one to three statements, with savepoints, and commits or not.
func (m *metamorphic) transaction() {
	ctx := context.Background()
	txn, err := m.store.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		m.t.Fatal(err)
	}
	defer txn.Rollback()
	before := slices.Clone(m.rows)
	for range 1 + m.rng.IntN(3) {
		sp, saved := txn.Savepoint(), slices.Clone(m.rows)
		switch m.rng.IntN(5) {
		case 0, 1:
			m.insert(ctx, txn)
		case 2:
			m.update(ctx, txn)
		case 3:
			m.delete(ctx, txn)
		case 4:
			m.deleteRange(ctx, txn)
		}
		if m.rng.IntN(6) == 0 {
			m.log = append(m.log, "  rollback to savepoint")
			txn.RollbackTo(sp, false)
			m.rows = saved
		}
		if m.rng.IntN(3) == 0 {
			m.compareIn(txn)
		}
	}
	if m.rng.IntN(5) == 0 {
		m.log = append(m.log, "  rollback")
		m.rows = before
		return
	}
	if _, err := txn.Commit(ctx, false); err != nil {
		m.t.Fatal(err)
	}
}

func (m *metamorphic) writer(txn kv.Txn) *Writer {
	return NewWriter(m.alloc, m.layout, txn, m.store.Now)
}

// put adds a row to the model.
func (m *metamorphic) put(r modelRow) {
	if m.layout.Unique {
		m.rows = slices.DeleteFunc(m.rows, func(x modelRow) bool { return x.tag == r.tag && x.time == r.time })
	}
	m.rows = append(m.rows, r)
}

func (m *metamorphic) newRow() modelRow {
	m.serial++
	return modelRow{int64(m.rng.IntN(9)), int64(m.rng.IntN(500)) - 100, float64(m.rng.IntN(1000)) / 10, fmt.Sprintf("n%d", m.serial)}
}

func (m *metamorphic) insert(ctx context.Context, txn kv.Txn) {
	n := 1 + m.rng.IntN([]int{3, 40, 400}[m.rng.IntN(3)])
	m.log = append(m.log, fmt.Sprintf("insert %d", n))
	rows := make([]modelRow, n)
	for i := range rows {
		rows[i] = m.newRow()
		m.put(rows[i])
	}
	w := m.writer(txn)
	defer w.Close()
	cols := m.columns(rows)
	defer release(cols)
	if err := errors.Join(w.Insert(ctx, cols, n), w.Flush(ctx)); err != nil {
		m.t.Fatal(err)
	}
}

func (m *metamorphic) columns(rows []modelRow) []arrow.Array {
	out := make([]arrow.Array, 4)
	for c := range out {
		b := types.NewBuilder(m.alloc, m.layout.Table.Columns[c].Type)
		for _, r := range rows {
			switch c {
			case 0:
				if r.tag == 0 {
					b.AppendNull()
				} else {
					types.AppendDatum(b, types.NewInt8(r.tag))
				}
			case 1:
				types.AppendDatum(b, types.NewInt8(r.time))
			case 2:
				types.AppendDatum(b, types.NewFloat64(r.v))
			case 3:
				types.AppendDatum(b, types.NewString(r.note))
			}
		}
		out[c] = b.NewArray()
		b.Release()
	}
	return out
}

func release(cols []arrow.Array) {
	for _, a := range cols {
		a.Release()
	}
}

// found are rows of the table with their handles.
type found struct {
	rows    []modelRow
	handles [][]byte
}

func (m *metamorphic) read(r kv.Reader, spec ScanSpec) found {
	ctx := context.Background()
	var out found
	parts, err := m.layout.Partitions(ctx, r, m.cache, spec.Series, spec.Lower, spec.Upper)
	if err != nil {
		m.t.Fatal(err)
	}
	spec.Layout, spec.Partitions, spec.BatchRows, spec.Cache = m.layout, parts, 1+m.rng.IntN(200), m.cache
	spec.Counted = m.rng.IntN(2) == 0
	s := NewScanner(m.alloc, r, spec, nil)
	defer s.Close()
	for {
		n, err := s.Next(ctx)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			m.t.Fatal(err)
		}
		cols := make([]arrow.Array, 4)
		for c := range cols {
			if cols[c], err = s.Column(ctx, c); err != nil {
				m.t.Fatal(err)
			}
		}
		handles := s.Handles()
		for i := range n {
			row := modelRow{time: types.DatumAt(cols[1], i).I, v: types.DatumAt(cols[2], i).Float64(), note: strings.Clone(types.DatumAt(cols[3], i).S)}
			row.tag = types.DatumAt(cols[0], i).I
			out.rows = append(out.rows, row)
			out.handles = append(out.handles, []byte(string(types.DatumAt(handles, i).Bytes())))
		}
		release(append(cols, handles))
	}
}

// some picks rows of the table at random, with their handles.
func (m *metamorphic) some(txn kv.Txn) found {
	all := m.read(txn, ScanSpec{Lower: math.MinInt64, Upper: math.MaxInt64})
	share := m.rng.IntN(4)
	var out found
	for i := range all.rows {
		if m.rng.IntN(5) < share {
			out.rows, out.handles = append(out.rows, all.rows[i]), append(out.handles, all.handles[i])
		}
	}
	return out
}

func (m *metamorphic) handles(list [][]byte) arrow.Array {
	b := types.NewBuilder(m.alloc, types.Of(types.Bytea))
	defer b.Release()
	for _, h := range list {
		types.AppendDatum(b, types.NewBytes(h))
	}
	return b.NewArray()
}

func (m *metamorphic) remove(r modelRow) {
	i := slices.Index(m.rows, r)
	if i < 0 {
		m.t.Errorf("the table has %s, the model has not", r)
		return
	}
	m.rows = slices.Delete(m.rows, i, i+1)
}

func (m *metamorphic) update(ctx context.Context, txn kv.Txn) {
	some := m.some(txn)
	if len(some.rows) == 0 {
		return
	}
	m.log = append(m.log, fmt.Sprintf("update %d", len(some.rows)))
	fresh := make([]modelRow, len(some.rows))
	for i, r := range some.rows {
		m.remove(r)
		fresh[i] = m.newRow()
		fresh[i].tag, fresh[i].time = r.tag, r.time
		if m.rng.IntN(4) == 0 && !m.layout.Unique {
			fresh[i].time = int64(m.rng.IntN(500))
		}
	}
	for _, r := range fresh {
		m.put(r)
	}
	w := m.writer(txn)
	defer w.Close()
	cols, handles := m.columns(fresh), m.handles(some.handles)
	defer release(append(cols, handles))
	if err := w.Update(ctx, handles, cols, len(fresh)); err != nil {
		m.t.Fatal(err)
	}
}

func (m *metamorphic) delete(ctx context.Context, txn kv.Txn) {
	some := m.some(txn)
	m.log = append(m.log, fmt.Sprintf("delete %d", len(some.rows)))
	for _, r := range some.rows {
		m.remove(r)
	}
	w := m.writer(txn)
	defer w.Close()
	handles := m.handles(some.handles)
	defer handles.Release()
	if err := w.Delete(ctx, handles); err != nil {
		m.t.Fatal(err)
	}
}

func (m *metamorphic) pack(full bool) {
	m.log = append(m.log, fmt.Sprintf("pack full=%v", full))
	pack := m.packer.Flush
	if full {
		pack = m.packer.Compact
	}
	if _, err := pack(context.Background(), m.layout.Table); err != nil {
		m.t.Fatal(err)
	}
}

// killedPack packs in a copy of the store's files and goes on with those of
// some moment of it, as if the process had been killed then.
func (m *metamorphic) killedPack() {
	m.log = append(m.log, "pack, killed")
	parts, err := func() ([]Partition, error) {
		txn, err := m.store.Begin(context.Background(), kv.TxnOptions{ReadOnly: true})
		if err != nil {
			return nil, err
		}
		defer txn.Rollback()
		return m.layout.Partitions(context.Background(), txn, m.cache, nil, math.MinInt64, math.MaxInt64)
	}()
	if err != nil {
		m.t.Fatal(err)
	}
	for i, p := range parts {
		if m.rng.IntN(len(parts)) == i {
			break
		}
		if _, err := m.packer.Partition(context.Background(), m.layout, p.Prefix, m.rng.IntN(2) == 0); err != nil {
			m.t.Fatal(err)
		}
	}
	m.fs = m.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: rand.New(rand.NewPCG(m.rng.Uint64(), 0))})
	m.store.Close()
	m.open()
}

func (m *metamorphic) compare() {
	txn, err := m.store.Begin(context.Background(), kv.TxnOptions{ReadOnly: true})
	if err != nil {
		m.t.Fatal(err)
	}
	defer txn.Rollback()
	m.compareIn(txn)
}

// compareOld reads the table as it was before a transaction and packing.
func (m *metamorphic) compareOld() {
	txn, err := m.store.Begin(context.Background(), kv.TxnOptions{ReadOnly: true})
	if err != nil {
		m.t.Fatal(err)
	}
	defer txn.Rollback()
	rows := slices.Clone(m.rows)
	if m.rng.IntN(2) == 0 {
		m.compareIn(txn)
	}
	m.transaction()
	m.pack(m.rng.IntN(2) == 0)
	m.compare()
	now := m.rows
	m.rows = rows
	m.compareIn(txn)
	m.rows = now
}

// compareIn reads the table in a random way.
func (m *metamorphic) compareIn(r kv.Reader) {
	spec := ScanSpec{Lower: math.MinInt64, Upper: math.MaxInt64}
	if m.rng.IntN(2) == 0 {
		spec.Lower, spec.Upper = int64(m.rng.IntN(400))-100, int64(m.rng.IntN(500))
		if spec.Lower > spec.Upper {
			spec.Lower, spec.Upper = spec.Upper, spec.Lower
		}
	}
	spec.Ordered, spec.Reverse = m.rng.IntN(2) == 0, m.rng.IntN(2) == 0
	tags := map[int64]bool{}
	ids := map[int64]uint64{}
	for tag := range int64(9) {
		d := types.NewInt8(tag)
		if tag == 0 {
			d = types.Datum{}
		}
		id, ok, err := m.layout.Series(context.Background(), r, []types.Datum{d})
		if err != nil {
			m.t.Fatal(err)
		}
		ids[tag] = id
		tags[tag] = ok
	}
	listed, err := m.layout.AllSeries(context.Background(), r, m.cache)
	if read, err2 := m.layout.readSeries(context.Background(), r); err != nil || err2 != nil || !slices.Equal(listed, read) {
		m.t.Errorf("%d series instead of %d, %v, %v", len(listed), len(read), err, err2)
	}
	if m.rng.IntN(2) == 0 {
		spec.Series = []uint64{}
		for tag := range int64(9) {
			if tags[tag] = tags[tag] && m.rng.IntN(3) == 0; tags[tag] {
				spec.Series = append(spec.Series, ids[tag])
			}
		}
		slices.Sort(spec.Series)
	}
	if m.rng.IntN(3) == 0 {
		spec.FromSeries, spec.EndSeries = ids[m.rng.Int64N(9)], ids[m.rng.Int64N(9)]
		if spec.FromSeries > spec.EndSeries {
			spec.FromSeries, spec.EndSeries = spec.EndSeries, spec.FromSeries
		}
	}
	// One row of each series, at one of its ends.
	switch m.rng.IntN(8) {
	case 0, 1:
		spec.Last = true
	case 2, 3:
		spec.First = true
	}
	got := m.read(r, spec)
	var want []string
	end := map[int64]int64{}
	for _, x := range m.rows {
		if x.time < spec.Lower || x.time > spec.Upper || spec.Series != nil && !tags[x.tag] || ids[x.tag] < spec.FromSeries || spec.EndSeries > 0 && ids[x.tag] >= spec.EndSeries {
			continue
		}
		want = append(want, x.String())
		if old, ok := end[x.tag]; !ok || spec.Last && old < x.time || spec.First && old > x.time {
			end[x.tag] = x.time
		}
	}
	var have []string
	for i, x := range got.rows {
		have = append(have, x.String())
		if i == 0 || !spec.Ordered {
			continue
		}
		p := got.rows[i-1]
		if bad := ids[p.tag] > ids[x.tag] || p.tag == x.tag && p.time > x.time; bad != spec.Reverse && (p.tag != x.tag || p.time != x.time) {
			m.t.Errorf("order %+v: %s before %s", spec, p, x)
		}
	}
	slices.Sort(want)
	slices.Sort(have)
	if spec.Last || spec.First {
		ends := map[int64]modelRow{}
		for _, x := range got.rows {
			if old, ok := ends[x.tag]; !ok || spec.Last && old.time <= x.time || spec.First && old.time > x.time {
				ends[x.tag] = x
			}
		}
		for tag, x := range ends {
			if !slices.Contains(want, x.String()) || x.time != end[tag] {
				m.t.Errorf("spec %+v: the newest or oldest row is not %s", spec, x)
			}
		}
		if len(end) != len(ends) {
			m.t.Errorf("spec %+v: rows of %d tags instead of %d", spec, len(ends), len(end))
		}
		return
	}
	if !slices.Equal(want, have) {
		m.t.Errorf("spec %+v: the table has %d rows, the model %d\nonly in the table: %v\nonly in the model: %v", spec, len(have), len(want), minus(have, want), minus(want, have))
	}
}

func minus(a, b []string) (out []string) {
	for _, x := range a {
		if !slices.Contains(b, x) {
			out = append(out, x)
		}
	}
	return out
}

// deleteRange removes a range of times of some or all series; nobody else writes here.
func (m *metamorphic) deleteRange(ctx context.Context, txn kv.Txn) {
	lower := int64(m.rng.IntN(500)) - 100
	upper := lower + int64(m.rng.IntN([]int{5, 100, 600}[m.rng.IntN(3)]))
	var series []uint64
	tags := map[int64]bool{}
	for tag := int64(0); tag < 9; tag++ {
		tags[tag] = true
	}
	if m.rng.IntN(2) == 0 {
		series, tags = []uint64{}, map[int64]bool{}
		for range 1 + m.rng.IntN(3) {
			tag := int64(m.rng.IntN(9))
			d := types.Null
			if tag != 0 {
				d = types.NewInt8(tag)
			}
			id, found, err := m.layout.Series(ctx, txn, []types.Datum{d})
			if err != nil {
				m.t.Fatal(err)
			}
			if tags[tag] = true; found {
				series = append(series, id)
			}
		}
		slices.Sort(series)
		series = slices.Compact(series)
	}
	m.log = append(m.log, fmt.Sprintf("delete from %d to %d of %v", lower, upper, tags))
	m.rows = slices.DeleteFunc(m.rows, func(r modelRow) bool { return tags[r.tag] && r.time >= lower && r.time <= upper })
	if series != nil && len(series) == 0 {
		return
	}
	parts, err := m.layout.Partitions(ctx, txn, m.cache, series, lower, upper)
	if err != nil {
		m.t.Fatal(err)
	}
	w := m.writer(txn)
	defer w.Close()
	for i := range parts {
		if err := w.DeleteRange(ctx, &parts[i], series, lower, upper, 1); err != nil {
			m.t.Fatal(err)
		}
	}
}

// openModel opens a store in memory with a table without a unique key, for tests
// that write by themselves. They close the store and check the allocator.
func openModel(t *testing.T) (*metamorphic, *embedded.Store) {
	t.Helper()
	store, err := embedded.Open(context.Background(), embedded.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return &metamorphic{
		t: t, alloc: memory.NewCheckedAllocator(memory.DefaultAllocator), store: store,
		layout: NewLayout(seriesTable(false)), rng: rand.New(rand.NewPCG(1, 1)),
	}, store
}
