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
	"github.com/tidemarkdb/tidemark/sql/types"
)

func testColumn(num int16, name string, oid types.OID) catalog.Column {
	return catalog.Column{Num: num, Name: name, Type: types.Of(oid)}
}

// testTable has an int4 primary key, a nullable text, a float and a bytea.
func testTable(clustered bool) *catalog.Table {
	t := &catalog.Table{
		ID: 20000, Name: "t", Kind: catalog.KindTable, Storage: 45, Clustered: clustered,
		Columns: []catalog.Column{
			testColumn(1, "id", types.Int4), testColumn(2, "name", types.Text),
			testColumn(3, "score", types.Float8), testColumn(4, "data", types.Bytea),
		},
		Indexes: []catalog.Index{
			{ID: 1, Name: "t_pkey", Columns: []catalog.IndexColumn{{Num: 1}}, Unique: true, Primary: true, Storage: 1},
			{ID: 2, Name: "t_name", Columns: []catalog.IndexColumn{{Num: 2}}, Storage: 2},
			{ID: 3, Name: "t_score", Columns: []catalog.IndexColumn{{Num: 3, Desc: true, NullsFirst: true}}, Unique: true, Storage: 3, Include: []int16{2}},
		},
	}
	return t
}

func testRow(id int32, name string, score float64, data string) Row {
	r := Row{Values: []types.Datum{types.NewInt4(id), types.NewString(name), types.NewFloat64(score), types.NewBinary(data)}}
	if name == "" {
		r.Values[1] = types.Null
	}
	if score < 0 {
		r.Values[2] = types.Null
	}
	return r
}

// scanAll reads a whole scan as rows of text, checking the allocator.
func scanAll(t *testing.T, r kv.Reader, spec ScanSpec) []string {
	t.Helper()
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(t, 0)
	s, err := NewScanner(alloc, r, spec)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var out []string
	for {
		batch, err := s.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range int(batch.NumRows()) {
			var row []string
			for c, col := range batch.Columns() {
				d := types.DatumAt(col, i)
				typ := types.Of(types.Bytea)
				if c < len(spec.Output) {
					typ = spec.Table.Columns[spec.Output[c]].Type
				}
				row = append(row, datumText(typ, d))
			}
			out = append(out, strings.Join(row, "|"))
		}
		batch.Release()
	}
}

func datumText(typ types.Type, d types.Datum) string {
	if d.IsNull() {
		return "NULL"
	}
	if len(d.S) > 100 {
		return d.S[:100]
	}
	return string(types.AppendText(nil, typ, d, nil))
}

func insertRows(t *testing.T, w *Writer, rows ...Row) {
	t.Helper()
	for i, r := range rows {
		handle := IntHandle(nil, int64(i+1))
		if !w.HasHiddenRowID() {
			var err error
			if handle, err = w.HandleOf(r); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Insert(r, handle); err != nil {
			t.Fatal(err)
		}
	}
}

func TestInsertScan(t *testing.T) {
	for _, clustered := range []bool{true, false} {
		table := testTable(clustered)
		txn := newFakeTxn()
		w := NewWriter(txn, table)
		large := strings.Repeat("x", 3_000_000)
		insertRows(t, w,
			testRow(3, "carl", 2.5, "\xff\x00"), testRow(-1, "", 7, ""), testRow(2, "bo", -1, "\xff"),
			testRow(9, "anna", 2.25, "\x01"), testRow(7, "long", 1, large))
		for _, batch := range []int{1, 2, 3, 0} {
			got := scanAll(t, txn, ScanSpec{Table: table, Output: []int{0, 1, 2}, BatchRows: batch})
			if clustered {
				expect(t, got, "-1|NULL|7", "2|bo|NULL", "3|carl|2.5", "7|long|1", "9|anna|2.25")
			}
			got = scanAll(t, txn, ScanSpec{Table: table, Index: &table.Indexes[1], Output: []int{1, 0, 3}, BatchRows: batch})
			expect(t, got, "anna|9|\\x01", "bo|2|\\xff", "carl|3|\\xff00", "long|7|"+large[:100], "NULL|-1|\\x")
		}
	}
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
