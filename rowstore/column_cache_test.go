package rowstore

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// countedReader counts the scans that reach the store.
type countedReader struct {
	kv.Txn
	scans int
}

func (r *countedReader) Scan(ctx context.Context, span kv.Span, opts kv.ScanOptions) (kv.Iterator, error) {
	r.scans++
	return r.Txn.Scan(ctx, span, opts)
}

func (r *countedReader) WroteIn(span kv.Span) bool { return r.Txn.(kv.OwnWriter).WroteIn(span) }

// cacheFixture is a committed table of rows with a cache.
type cacheFixture struct {
	t     *testing.T
	store kv.Store
	table *catalog.Table
	cache *ColumnCache
}

func newCacheFixture(t *testing.T, rows int, limit int64) *cacheFixture {
	f := &cacheFixture{t: t, store: openStore(t), table: testTable(true)}
	f.table.Indexes = f.table.Indexes[:1]
	f.cache = NewColumnCache(f.store, limit)
	f.write(func(w *Writer) {
		for i := range rows {
			f.insert(w, int32(i*10))
		}
	})
	return f
}

func (f *cacheFixture) insert(w *Writer, id int32) {
	row := testRow(id, fmt.Sprint("n", id), float64(id), "d")
	handle, err := w.HandleOf(row)
	if err == nil {
		err = w.Insert(row, handle)
	}
	if err != nil {
		f.t.Error(err)
	}
}

func (f *cacheFixture) write(fn func(w *Writer)) {
	txn, err := f.store.Begin(context.Background(), kv.TxnOptions{})
	if err != nil {
		f.t.Error(err)
		return
	}
	defer txn.Rollback()
	w := NewWriter(txn, f.table)
	w.Locked = true
	fn(w)
	if _, err := txn.Commit(context.Background(), true); err != nil {
		f.t.Error(err)
	}
}

// scan reads the table by the cache and by the store; it returns the rows and
// how often the store was asked.
func (f *cacheFixture) scan(txn kv.Txn, output ...int) ([]string, int) {
	f.t.Helper()
	plain := scanAll(f.t, txn, ScanSpec{Table: f.table, Output: output})
	r := &countedReader{Txn: txn}
	got := scanAll(f.t, r, ScanSpec{Table: f.table, Output: output, Cache: f.cache})
	if !slices.Equal(got, plain) {
		f.t.Fatalf("%d rows by the cache, %d from the store, which differ", len(got), len(plain))
	}
	return got, r.scans
}

func (f *cacheFixture) expect(txn kv.Txn, rows, scans int, output ...int) {
	f.t.Helper()
	got, n := f.scan(txn, output...)
	if len(got) != rows || n != scans {
		f.t.Fatalf("%d rows by %d scans, want %d by %d", len(got), n, rows, scans)
	}
}

func TestColumnCache(t *testing.T) {
	f := newCacheFixture(t, 10_000, 64<<20)
	before := begin(t, f.store)
	f.expect(before, 10_000, 1, 0, 1)
	f.expect(before, 10_000, 0, 0, 1)
	f.expect(before, 10_000, 0, 1)
	f.expect(before, 10_000, 0)
	f.expect(before, 10_000, 3, 1, 2) // another column: each chunk is read again
	f.expect(before, 10_000, 0, 2, 0)

	// A write makes one chunk of three be read again, from a new snapshot.
	f.write(func(w *Writer) { f.insert(w, 15) })
	after := begin(t, f.store)
	f.expect(after, 10_001, 1, 0)
	f.expect(after, 10_001, 0, 0)
	f.expect(before, 10_000, 2, 0)
	f.expect(before, 10_000, 2, 0)
	f.expect(after, 10_001, 0, 0)

	// Own writes are seen by their transaction alone, and what was rolled back by nobody.
	own := begin(t, f.store)
	f.insert(NewWriter(own, f.table), 25)
	f.expect(own, 10_002, 1, 0)
	own.Rollback()
	f.expect(after, 10_001, 0, 0)

	// Appended rows grow the last chunk, which is cut when it is read.
	f.write(func(w *Writer) {
		for i := range 9_000 {
			f.insert(w, int32(200_000+i))
		}
	})
	last := begin(t, f.store)
	f.expect(last, 19_001, 1, 0)
	f.expect(last, 19_001, 0, 0)

	// So do deleted ones; what is left of a few chunks becomes one.
	f.write(func(w *Writer) {
		for i := range 9_000 {
			id := int32(200_000 + i)
			if err := w.Delete(IntHandle(nil, int64(id)), testRow(id, "", 0, "")); err != nil {
				t.Error(err)
			}
		}
	})
	f.scan(begin(t, f.store), 0)
	f.expect(begin(t, f.store), 10_001, 0, 0)
}

func TestColumnCacheDefaults(t *testing.T) {
	f := newCacheFixture(t, 100, 1<<20)
	txn := begin(t, f.store)
	add := func(missing types.Datum) {
		next := *f.table
		next.Columns = append(slices.Clone(f.table.Columns[:4]), testColumn(5, "added", types.Int4))
		next.Columns[4].Missing = missing
		f.table = &next
	}
	// A column that is added, rolled back and added again has one id.
	add(types.NewInt4(1))
	if got, _ := f.scan(txn, 4); got[0] != "1" {
		t.Fatal(got[0])
	}
	add(types.NewInt4(2))
	if got, _ := f.scan(txn, 4); got[0] != "2" {
		t.Fatal(got[0])
	}
}

func TestColumnCacheOverflow(t *testing.T) {
	f := newCacheFixture(t, 10, 1<<20)
	f.write(func(w *Writer) {
		row := testRow(5, strings.Repeat("x", 3_000_000), 1, "")
		if err := w.Insert(row, IntHandle(nil, 5)); err != nil {
			t.Error(err)
		}
	})
	txn := begin(t, f.store)
	f.expect(txn, 11, 1, 1)
	f.expect(txn, 11, 1, 1) // too large to keep
	f.expect(txn, 11, 1, 0)
	f.expect(txn, 11, 0, 0)
}

func TestColumnCacheLimit(t *testing.T) {
	f := newCacheFixture(t, 50_000, 200_000)
	txn := begin(t, f.store)
	for range 5 {
		f.scan(txn, 0, 1)
		if f.cache.bytes > f.cache.limit {
			t.Fatalf("%d bytes of %d", f.cache.bytes, f.cache.limit)
		}
	}
	// A part stays although the whole never fits.
	if _, n := f.scan(txn, 0, 1); n > 13 || len(f.cache.ring) == 0 {
		t.Fatalf("%d scans, %d chunks", n, len(f.cache.ring))
	}
}

func TestColumnCacheSplit(t *testing.T) {
	f := newCacheFixture(t, 30_000, 64<<20)
	span := TableSpan(f.table)
	gaps := 0
	split := func() []kv.Span {
		gaps = 0
		out, err := f.cache.Split(span, 2*DefaultBatchRows, func(s kv.Span) ([]kv.Span, error) {
			gaps++
			return []kv.Span{s}, nil
		})
		if err != nil || string(out[0].Start) != string(span.Start) || string(out[len(out)-1].End) != string(span.End) {
			t.Fatal(out, err)
		}
		for i := range out[1:] {
			if string(out[i].End) != string(out[i+1].Start) {
				t.Fatalf("piece %d does not follow on the one before", i+1)
			}
		}
		return out
	}
	if n := len(split()); n != 1 || gaps != 1 {
		t.Fatal(n, gaps)
	}
	f.scan(begin(t, f.store), 0)
	pieces := split()
	if len(pieces) != 4 || gaps != 0 {
		t.Fatal(len(pieces), gaps)
	}
	r := &countedReader{Txn: begin(t, f.store)}
	if n := len(scanAll(t, r, ScanSpec{Table: f.table, Output: []int{0}, Spans: pieces, Cache: f.cache})); n != 30_000 || r.scans != 0 {
		t.Fatal(n, r.scans)
	}
}

// Writers move rows about while readers with a snapshot each compare what the
// cache says with what the store says.
func TestColumnCacheConcurrent(t *testing.T) {
	for _, limit := range []int64{200_000, 16 << 20} {
		f := newCacheFixture(t, 10_000, limit)
		var stop atomic.Bool
		var writers, readers sync.WaitGroup
		for seed := range uint64(2) {
			writers.Go(func() {
				rnd := rand.New(rand.NewPCG(seed, 1))
				for !stop.Load() {
					f.write(func(w *Writer) {
						for range 1 + rnd.IntN(5) {
							id := int32(rnd.IntN(10_000)*10) + int32(seed) + 1
							if rnd.IntN(3) == 0 {
								_ = w.Delete(IntHandle(nil, int64(id)), testRow(id, "", 0, ""))
							} else {
								f.insert(w, id)
							}
						}
					})
				}
			})
		}
		for seed := range uint64(3) {
			readers.Go(func() {
				rnd := rand.New(rand.NewPCG(seed, 2))
				for range 6 {
					txn := begin(t, f.store)
					spec := ScanSpec{Table: f.table, Output: []int{rnd.IntN(2), 2}, Cache: f.cache, BatchRows: 1 << rnd.IntN(14)}
					if rnd.IntN(3) == 0 {
						low := int64(rnd.IntN(100_000))
						spec.Spans = []kv.Span{{Start: RowKey(nil, f.table, IntHandle(nil, low)), End: RowKey(nil, f.table, IntHandle(nil, low+30_000))}}
					}
					got := scanAll(t, txn, spec)
					spec.Cache = nil
					if want := scanAll(t, txn, spec); !slices.Equal(got, want) {
						t.Errorf("%d rows by the cache, %d from the store, which differ", len(got), len(want))
					}
					txn.Rollback()
				}
			})
		}
		readers.Wait()
		stop.Store(true)
		writers.Wait()
	}
}

// What does not fit as it is stays packed; what changes is read again.
func TestColumnCachePacks(t *testing.T) {
	f := newCacheFixture(t, 50_000, 500_000) // columns 0, 1, 3 take some 1.2 MB, packed 0.4
	txn := begin(t, f.store)
	f.scan(txn, 0, 1, 3)
	for range 3 {
		f.expect(txn, 50_000, 0, 3, 1, 0)
	}
	loose, bytes, packed := int64(0), int64(0), 0
	for _, k := range f.cache.ring {
		bytes += k.bytes
		if k.packed {
			packed++
		} else {
			loose += k.bytes
		}
	}
	if packed == 0 || bytes != f.cache.bytes || loose != f.cache.loose || bytes > f.cache.limit {
		t.Fatalf("%d packed chunks; %d bytes, counted %d; %d loose, counted %d", packed, bytes, f.cache.bytes, loose, f.cache.loose)
	}
	f.write(func(w *Writer) { f.insert(w, 15) })
	after := begin(t, f.store)
	f.expect(after, 50_001, 1, 0, 1, 3)
	f.expect(after, 50_001, 0, 0, 1, 3)
}
