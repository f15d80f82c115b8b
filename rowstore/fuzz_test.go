package rowstore

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/rowstore/keycodec"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// fuzzTables have each kind of handle.
func fuzzTables() []*catalog.Table {
	common := testTable(true)
	common.Indexes[0].Columns = []catalog.IndexColumn{{Num: 2}, {Num: 1}}
	return []*catalog.Table{testTable(true), testTable(false), common}
}

// FuzzScan puts arbitrary bytes behind the prefixes of rows and entries and
// reads them in every way: the answer is rows or XX001/XX002, never a panic.
func FuzzScan(f *testing.F) {
	for _, table := range fuzzTables() {
		l := NewLayout(table)
		row := testRow(3, "abc", 2, "\xff")
		handle := IntHandle(nil, 3)
		if !l.HasHiddenRowID() {
			handle, _ = l.Handle(nil, row)
		}
		value, _, _ := l.encoder.Append(nil, row.Values)
		f.Add(handle, value, []byte("0"), []byte("0"))
		entries, _ := l.IndexEntries(row, handle)
		f.Add(entries[0].Key[19:], entries[0].Value, entries[1].Key[19:], entries[1].Value)
	}
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2 []byte) {
		_, _ = DescribeRow(v1), DescribeRow(v2)
		for _, table := range fuzzTables() {
			spans := []*catalog.Index{nil, &table.Indexes[1], &table.Indexes[2]}
			txn := newFakeTxn()
			for _, ix := range spans {
				prefix := string(IndexSpan(table, ix).Start)
				_ = txn.Put([]byte(prefix+string(k1)), v1)
				_ = txn.Put([]byte(prefix+string(k2)), v2)
			}
			for _, ix := range spans {
				for _, output := range [][]int{{0, 1, 2, 3}, {1}, {2, 0}, nil} {
					fuzzScan(t, txn, ScanSpec{Table: table, Index: ix, Output: output, WithHandle: true})
				}
			}
			d := NewRowDecoder(table, []int{3, 2, 1, 0})
			expectCorrupt(t, d.DecodeFull(context.Background(), txn, k1, v1, make([]types.Datum, 4)))
		}
	})
}

func fuzzScan(t *testing.T, r kv.Reader, spec ScanSpec) {
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(t, 0)
	s, err := NewScanner(alloc, r, spec)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for {
		batch, err := s.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			expectCorrupt(t, err)
			return
		}
		for c, col := range batch.Columns() {
			for i := range col.Len() {
				d := types.DatumAt(col, i)
				if c < len(spec.Output) {
					_ = types.AppendText(nil, spec.Table.Columns[spec.Output[c]].Type, d, nil)
				}
			}
		}
		batch.Release()
	}
}

func expectCorrupt(t *testing.T, err error) {
	t.Helper()
	var e *pgerror.Error
	if err != nil && (!errors.As(err, &e) || e.Code != pgerror.DataCorrupted && e.Code != pgerror.IndexCorrupted) {
		t.Fatalf("error %v is not about corrupted data", err)
	}
}

func TestScanEnds(t *testing.T) {
	table := testTable(true)
	txn := newFakeTxn()
	w := NewWriter(txn, table)
	for i := range int32(50) {
		insertRows(t, w, testRow(i, "n", float64(i), ""))
	}
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(t, 0)
	ctx, cancel := context.WithCancel(context.Background())
	s, err := NewScanner(alloc, txn, ScanSpec{Table: table, Output: []int{0, 1}, BatchRows: 10})
	if err != nil {
		t.Fatal(err)
	}
	batch, err := s.Next(ctx)
	if err != nil || batch.NumRows() != 10 {
		t.Fatal(err)
	}
	batch.Release()
	cancel()
	if _, err := s.Next(ctx); err == nil {
		t.Error("a cancelled scan goes on")
	}
	s.Close()
	s.Close()
	if _, err := s.Next(context.Background()); err == nil {
		t.Error("a closed scan goes on")
	}
	// An entry without its row is a corrupted index.
	delete(txn.data, string(RowKey(nil, table, IntHandle(nil, 7))))
	s, _ = NewScanner(alloc, txn, ScanSpec{Table: table, Index: &table.Indexes[1], Output: []int{3}})
	expectCode(t, scanError(s), pgerror.IndexCorrupted)
	s.Close()
	// So is a row without a piece of a large value.
	txn = newFakeTxn()
	w.Reset(txn)
	insertRows(t, w, testRow(1, "n", 1, strings.Repeat("x", 3<<20)))
	delete(txn.data, string(keycodec.AppendOverflow(nil, table.Storage, 4, IntHandle(nil, 1), 1)))
	s, _ = NewScanner(alloc, txn, ScanSpec{Table: table, Output: []int{3}})
	expectCode(t, scanError(s), pgerror.DataCorrupted)
	s.Close()
}

// scanError reads to the end of a scan and returns what ended it.
func scanError(s *Scanner) error {
	for {
		batch, err := s.Next(context.Background())
		if err != nil {
			return err
		}
		batch.Release()
	}
}
