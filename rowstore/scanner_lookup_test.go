package rowstore

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// TestScanManySpans: entries of many short spans are taken together, and their
// rows come in the order of the spans whatever the order of their keys is.
func TestScanManySpans(t *testing.T) {
	table := testTable(true)
	txn := newFakeTxn()
	w := NewWriter(txn, table)
	var spans []kv.Span
	var want []string
	for n := range 40 {
		name := fmt.Sprintf("name%02d", n)
		span, err := w.EncodeRange(&table.Indexes[1], Range{Equal: []types.Datum{types.NewString(name)}})
		if err != nil {
			t.Fatal(err)
		}
		spans = append(spans, span)
		if n%7 == 0 {
			continue // a span without entries
		}
		for k := range int32(3) {
			id := k*1000 + int32(40-n)
			insertRows(t, w, testRow(id, name, float64(id), "d"))
			want = append(want, fmt.Sprintf("%s|%d", name, id))
		}
	}
	for _, batch := range []int{1, 2, 3, 50, 0} {
		for _, whole := range []bool{false, true} {
			spec := ScanSpec{Table: table, Index: &table.Indexes[1], Output: []int{1, 0}, Spans: spans, BatchRows: batch, Whole: whole}
			expect(t, scanAll(t, txn, spec), want...)
		}
	}
}

// TestScanKeys: rows by whole keys of the table and of a unique index; those
// that are not there are left out.
func TestScanKeys(t *testing.T) {
	table := testTable(true)
	txn := newFakeTxn()
	w := NewWriter(txn, table)
	for _, id := range []int32{5, 1, 9, -3} {
		insertRows(t, w, testRow(id, fmt.Sprint("n", id), float64(20-id), "d"))
	}
	keys := func(position int, values ...types.Datum) []kv.Key {
		out := []kv.Key{}
		for _, v := range values {
			ix := &table.Indexes[position]
			key, ok, err := w.PointKey(nil, ix, []types.Datum{v})
			if err != nil || !ok {
				t.Fatal(ok, err)
			}
			out = append(out, key)
		}
		slices.SortFunc(out, slices.Compare)
		return out
	}
	for _, batch := range []int{1, 2, 3, 0} {
		spec := ScanSpec{Table: table, Output: []int{0, 1}, BatchRows: batch, Whole: true}
		spec.Keys = keys(0, types.NewInt4(9), types.NewInt4(2), types.NewInt4(-3), types.NewInt4(5))
		expect(t, scanAll(t, txn, spec), "-3|n-3", "5|n5", "9|n9")
		spec.Index, spec.Output = &table.Indexes[2], []int{2, 3}
		spec.Keys = keys(2, types.NewFloat64(23), types.NewFloat64(19), types.NewFloat64(18))
		expect(t, scanAll(t, txn, spec), "23|\\x64", "19|\\x64") // the index is descending
		spec.Keys = []kv.Key{}
		expect(t, scanAll(t, txn, spec))
	}
}
