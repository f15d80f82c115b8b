package rowstore

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/kv/embedded"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// accountsTable is pgbench_accounts: 110-byte rows with an int4 primary key.
func accountsTable() *catalog.Table {
	return &catalog.Table{
		ID: 20001, Name: "pgbench_accounts", Kind: catalog.KindTable, Storage: 46, Clustered: true,
		Columns: []catalog.Column{
			testColumn(1, "aid", types.Int4), testColumn(2, "bid", types.Int4),
			testColumn(3, "abalance", types.Int4), testColumn(4, "filler", types.Bpchar),
		},
		Indexes: []catalog.Index{
			{ID: 1, Name: "pk", Columns: []catalog.IndexColumn{{Num: 1}}, Unique: true, Primary: true, Storage: 1},
			{ID: 2, Name: "bid", Columns: []catalog.IndexColumn{{Num: 2}}, Storage: 2},
		},
	}
}

func openStore(tb testing.TB) kv.Store {
	tb.Helper()
	store, err := embedded.Open(context.Background(), embedded.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := store.Close(); err != nil {
			tb.Error(err)
		}
	})
	return store
}

func begin(tb testing.TB, store kv.Store) kv.Txn {
	tb.Helper()
	txn, err := store.Begin(context.Background(), kv.TxnOptions{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(txn.Rollback)
	return txn
}

const benchRows = 200_000

func loadAccounts(b *testing.B, store kv.Store, table *catalog.Table) {
	bulk, err := store.Bulk(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	defer bulk.Close()
	w := NewBulkWriter(bulk, table)
	filler := strings.Repeat(" ", 84)
	for i := range int32(benchRows) {
		row := Row{Values: []types.Datum{types.NewInt4(i), types.NewInt4(i % 1000), types.NewInt4(i * 7), types.NewString(filler)}}
		handle, err := w.HandleOf(row)
		if err == nil {
			err = w.Insert(row, handle)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := bulk.Flush(); err != nil {
		b.Fatal(err)
	}
}

func benchScan(b *testing.B, index int, output []int, raw bool) {
	store := openStore(b)
	table := accountsTable()
	loadAccounts(b, store, table)
	var ix *catalog.Index
	if index > 0 {
		ix = &table.Indexes[index]
	}
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		txn := begin(b, store)
		rows := 0
		if raw {
			it, err := txn.Scan(ctx, IndexSpan(table, ix), kv.ScanOptions{})
			if err != nil {
				b.Fatal(err)
			}
			for {
				pairs, err := it.NextBatch(ctx)
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					b.Fatal(err)
				}
				rows += len(pairs)
			}
			it.Close()
		} else {
			s, err := NewScanner(memory.DefaultAllocator, txn, ScanSpec{Table: table, Index: ix, Output: output})
			if err != nil {
				b.Fatal(err)
			}
			for {
				batch, err := s.Next(ctx)
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					b.Fatal(err)
				}
				rows += int(batch.NumRows())
				batch.Release()
			}
			s.Close()
		}
		if rows != benchRows {
			b.Fatalf("%d rows", rows)
		}
		txn.Rollback()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRows, "ns/row")
}

func BenchmarkScanRaw(b *testing.B)       { benchScan(b, 0, nil, true) }
func BenchmarkScanInts(b *testing.B)      { benchScan(b, 0, []int{0, 1, 2}, false) }
func BenchmarkScanAll(b *testing.B)       { benchScan(b, 0, []int{0, 1, 2, 3}, false) }
func BenchmarkScanCount(b *testing.B)     { benchScan(b, 0, nil, false) }
func BenchmarkIndexCovering(b *testing.B) { benchScan(b, 1, []int{1, 0}, false) }
func BenchmarkIndexLookup(b *testing.B)   { benchScan(b, 1, []int{0, 1, 2}, false) }

func BenchmarkDecodePoint(b *testing.B) {
	l := NewLayout(accountsTable())
	value, _, _ := l.encoder.Append(nil, []types.Datum{types.NewInt4(1), types.NewInt4(2), types.NewInt4(30000), types.NewString(strings.Repeat(" ", 84))})
	handle := IntHandle(nil, 1)
	d := l.Decoder([]int{0, 1, 2, 3})
	dst := make([]types.Datum, 4)
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Decode(handle, value, dst); err != nil {
			b.Fatal(err)
		}
	}
}

// mixedTable has 10 columns of mixed types, as the COPY benchmark's.
func mixedTable() *catalog.Table {
	t := &catalog.Table{
		ID: 20002, Name: "mixed", Kind: catalog.KindTable, Storage: 47, Clustered: true,
		Indexes: []catalog.Index{{ID: 1, Name: "pk", Columns: []catalog.IndexColumn{{Num: 1}}, Unique: true, Primary: true, Storage: 1}},
	}
	for i, oid := range []types.OID{
		types.Int8, types.Int4, types.Text, types.Float8, types.Timestamptz,
		types.Bool, types.Numeric, types.Date, types.UUID, types.Varchar,
	} {
		t.Columns = append(t.Columns, testColumn(int16(i+1), string(rune('a'+i)), oid))
	}
	return t
}

func mixedBatch(tb testing.TB, alloc memory.Allocator, rows int) arrow.RecordBatch {
	tb.Helper()
	t := mixedTable()
	var fields []arrow.Field
	var columns []arrow.Array
	for i, c := range t.Columns {
		fields = append(fields, arrow.Field{Name: c.Name, Type: types.ArrowType(c.Type), Nullable: true})
		bld := types.NewBuilder(alloc, c.Type)
		for r := range rows {
			v := int64(r)
			switch i {
			case 2, 9:
				types.AppendDatum(bld, types.NewString("some text of a row"))
			case 3:
				types.AppendDatum(bld, types.NewFloat64(float64(v)/3))
			case 6:
				types.AppendDatum(bld, types.NewDecimal(v*100, 2).Datum())
			case 8:
				types.AppendDatum(bld, types.NewBinary("0123456789abcdef"))
			case 5:
				types.AppendDatum(bld, types.NewBool(r%2 == 0))
			default:
				types.AppendDatum(bld, types.NewInt(c.Type.Phys(), v))
			}
		}
		columns = append(columns, bld.NewArray())
		bld.Release()
	}
	batch := array.NewRecordBatch(arrow.NewSchema(fields, nil), columns, int64(rows))
	for _, c := range columns {
		c.Release()
	}
	return batch
}

// nullTxn takes writes and drops them.
type nullTxn struct{ kv.Txn }

func (nullTxn) Put(kv.Key, []byte) error          { return nil }
func (nullTxn) PutUnchecked(kv.Key, []byte) error { return nil }

func benchInsert(b *testing.B, txn func() kv.Txn) {
	batch := mixedBatch(b, memory.DefaultAllocator, 4096)
	table := mixedTable()
	layout := NewLayout(table)
	reader := NewBatchReader(len(table.Columns), []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	b.ReportAllocs()
	for b.Loop() {
		tx := txn()
		w := layout.Writer(tx)
		if err := reader.Reset(batch); err != nil {
			b.Fatal(err)
		}
		for i := range int(batch.NumRows()) {
			row := Row{Values: reader.Row(i)}
			handle, err := w.HandleOf(row)
			if err == nil {
				err = w.Insert(row, handle)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
		if _, ok := tx.(nullTxn); !ok {
			tx.Rollback()
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/4096, "ns/row")
}

func BenchmarkInsertEncode(b *testing.B) { benchInsert(b, func() kv.Txn { return nullTxn{} }) }

func BenchmarkInsertTxn(b *testing.B) {
	store := openStore(b)
	benchInsert(b, func() kv.Txn { return begin(b, store) })
}

// cannedReader hands out the same pairs again: the decoders alone.
type cannedReader struct {
	kv.Reader
	pairs []kv.KeyValue
}

type cannedIterator struct {
	pairs []kv.KeyValue
	left  int
}

func (r *cannedReader) Scan(context.Context, kv.Span, kv.ScanOptions) (kv.Iterator, error) {
	return &cannedIterator{pairs: r.pairs, left: benchRows / len(r.pairs)}, nil
}

func (it *cannedIterator) NextBatch(context.Context) ([]kv.KeyValue, error) {
	if it.left == 0 {
		return nil, io.EOF
	}
	it.left--
	return it.pairs, nil
}

func (it *cannedIterator) Close() {}

func benchDecode(b *testing.B, index int, output []int) {
	table := accountsTable()
	txn := newFakeTxn()
	w := NewWriter(txn, table)
	for i := range int32(1000) {
		row := Row{Values: []types.Datum{types.NewInt4(i), types.NewInt4(i % 1000), types.NewInt4(i * 7), types.NewString(strings.Repeat(" ", 84))}}
		handle, err := w.HandleOf(row)
		if err == nil {
			err = w.Insert(row, handle)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	var ix *catalog.Index
	if index > 0 {
		ix = &table.Indexes[index]
	}
	it, _ := txn.Scan(context.Background(), IndexSpan(table, ix), kv.ScanOptions{BatchSize: 1000})
	r := &cannedReader{}
	r.pairs, _ = it.NextBatch(context.Background())
	b.ReportAllocs()
	for b.Loop() {
		s, err := NewScanner(memory.DefaultAllocator, r, ScanSpec{Table: table, Index: ix, Output: output})
		if err != nil {
			b.Fatal(err)
		}
		for {
			batch, err := s.Next(context.Background())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			batch.Release()
		}
		s.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRows, "ns/row")
}

func BenchmarkDecodeInts(b *testing.B)    { benchDecode(b, 0, []int{0, 1, 2}) }
func BenchmarkDecodeAll(b *testing.B)     { benchDecode(b, 0, []int{0, 1, 2, 3}) }
func BenchmarkDecodeCovered(b *testing.B) { benchDecode(b, 1, []int{1, 0}) }
