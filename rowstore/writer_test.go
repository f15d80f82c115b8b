package rowstore

import (
	"context"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/rowstore/keycodec"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// TestEntriesAsTiDB holds the bytes of index entries to the layout that TiDB's
// tablecodec documents (GenIndexValuePortal, version 0).
func TestEntriesAsTiDB(t *testing.T) {
	common := &catalog.Table{
		Storage: 45, Clustered: true,
		Columns: []catalog.Column{testColumn(1, "a", types.Text), testColumn(2, "b", types.Int4), testColumn(3, "c", types.Bpchar)},
		Indexes: []catalog.Index{
			{ID: 1, Columns: []catalog.IndexColumn{{Num: 1}}, Unique: true, Primary: true, Storage: 1},
			{ID: 2, Columns: []catalog.IndexColumn{{Num: 2}}, Unique: true, Storage: 2},
			{ID: 3, Columns: []catalog.IndexColumn{{Num: 2}}, Storage: 3},
			{ID: 4, Columns: []catalog.IndexColumn{{Num: 3}}, Unique: true, Storage: 4},
		},
	}
	ints := &catalog.Table{
		Storage: 45, Clustered: true, Columns: common.Columns,
		Indexes: append([]catalog.Index{{ID: 1, Columns: []catalog.IndexColumn{{Num: 2}}, Unique: true, Primary: true, Storage: 1}}, common.Indexes[1:]...),
	}
	row := Row{Values: []types.Datum{types.NewString("k"), types.NewInt4(-2), types.NewString("x ")}}
	prefix := func(index string) string { return "74800000000000002d5f69" + "80000000000" + index }
	const k, minus2 = "016b00000000000000f8", "7ffffffffffffffe"
	for _, c := range []struct {
		name  string
		table *catalog.Table
		want  [][2]string
	}{
		{"common handle", common, [][2]string{
			{prefix("00002") + "03" + minus2, "00" + "7f000a" + k},
			{prefix("00003") + "03" + minus2 + k, "30"},
			{prefix("00004") + "017800000000000000f8", "00" + "7f000a" + k + "80000100000003" + "0200" + "7820"},
		}},
		{"integer handle", ints, [][2]string{
			{prefix("00002") + "03" + minus2, "fffffffffffffffe"},
			{prefix("00003") + "03" + minus2 + "03" + minus2, "30"},
			{prefix("00004") + "017800000000000000f8", "08" + "80000100000003" + "0200" + "7820" + "fffffffffffffffe"},
		}},
	} {
		l := NewLayout(c.table)
		handle, err := l.Handle(nil, row)
		if err != nil {
			t.Fatal(err)
		}
		entries, err := l.IndexEntries(row, handle)
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range entries {
			if got := hex.EncodeToString(e.Key); got != c.want[i][0] {
				t.Errorf("%s: key %s, want %s", c.name, got, c.want[i][0])
			}
			if got := hex.EncodeToString(e.Value); got != c.want[i][1] {
				t.Errorf("%s: value %s, want %s", c.name, got, c.want[i][1])
			}
			back, err := l.HandleOfEntry(e.Index, e.Key, e.Value)
			if err != nil || string(back) != string(handle) {
				t.Errorf("%s: handle %x, want %x (%v)", c.name, back, handle, err)
			}
		}
	}
}

func TestUniqueKeys(t *testing.T) {
	table := testTable(true)
	table.Indexes = append(table.Indexes, catalog.Index{
		ID: 4, Name: "nd", Columns: []catalog.IndexColumn{{Num: 2}}, Unique: true, NullsNotDistinct: true, Storage: 4,
	})
	w := NewWriter(newFakeTxn(), table)
	for _, c := range []struct {
		row  Row
		want []int
	}{
		{testRow(1, "a", 1, ""), []int{0, 2, 3}},
		{testRow(1, "", 1, ""), []int{0, 2, 3}}, // NULL name counts in "nd" only
		{testRow(1, "a", -1, ""), []int{0, 3}},  // NULL score is distinct
		{Row{Values: testRow(1, "a", 1, "").Values, Skip: []bool{false, false, true, false}}, []int{0, 3}},
	} {
		handle, err := w.HandleOf(c.row)
		if err != nil {
			t.Fatal(err)
		}
		keys, err := w.UniqueKeys(c.row, handle)
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		for _, k := range keys {
			got = append(got, k.Index)
			one, ok, err := w.UniqueKey(nil, k.Index, c.row, handle)
			if err != nil || !ok || string(one) != string(k.Key) {
				t.Errorf("UniqueKey %d: %x, %v, %v", k.Index, one, ok, err)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%v: got indexes %v, want %v", c.row, got, c.want)
		}
	}
}

// TestExpressionsAndPredicates moves a row in and out of a partial index over
// an expression.
func TestExpressionsAndPredicates(t *testing.T) {
	table := testTable(true)
	table.Indexes = table.Indexes[:1]
	table.Indexes = append(table.Indexes, catalog.Index{
		ID: 2, Name: "e", Columns: []catalog.IndexColumn{{Expr: "lower(name)", ExprType: types.Of(types.Text)}, {Num: 1}}, Storage: 2, Predicate: "p",
	})
	row := func(expr string, skip bool) Row {
		r := testRow(1, "X", 1, "")
		r.Exprs = [][]types.Datum{nil, {types.NewString(expr), {}}}
		r.Skip = []bool{false, skip}
		return r
	}
	txn := newFakeTxn()
	w := NewWriter(txn, table)
	insertRows(t, w, row("x", true))
	handle := IntHandle(nil, 1)
	steps := []Row{row("x", true), row("x", false), row("x", false), row("y", false), row("y", true), row("z", false)}
	want := []string{"", `("x", 1, 1)`, `("x", 1, 1)`, `("y", 1, 1)`, "", `("z", 1, 1)`}
	for i := 1; i < len(steps); i++ {
		if _, err := w.Update(handle, steps[i-1], steps[i]); err != nil {
			t.Fatal(err)
		}
		expectText(t, indexKeys(txn, table, 2), want[i])
	}
	got := scanAll(t, txn, ScanSpec{Table: table, Index: &table.Indexes[1], Output: []int{0, 1}})
	expect(t, got, "1|X")
	if err := w.Delete(handle, steps[len(steps)-1]); err != nil || len(txn.data) > 0 {
		t.Errorf("%d keys left, %v", len(txn.data), err)
	}
}

// indexKeys describes the columns of all entries of an index.
func indexKeys(txn *fakeTxn, table *catalog.Table, index uint64) string {
	prefix := string(keycodec.AppendIndex(nil, table.Storage, index))
	var out []string
	for _, k := range slices.Sorted(maps.Keys(txn.data)) {
		if strings.HasPrefix(k, prefix) {
			_, text, _ := strings.Cut(DescribeKey([]byte(k)), ": ")
			out = append(out, text)
		}
	}
	return strings.Join(out, " ")
}

func expectText(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestIndexStates(t *testing.T) {
	for _, c := range []struct {
		state                  catalog.IndexState
		inserted, updated, end string
	}{
		{catalog.IndexPublic, `("a", 1)`, `("b", 1)`, ""},
		{catalog.IndexWriteOnly, `("a", 1)`, `("b", 1)`, ""},
		{catalog.IndexInvalid, `("a", 1)`, `("b", 1)`, ""},
		{catalog.IndexDeleteOnly, "", "", ""},
	} {
		table := testTable(true)
		table.Indexes = table.Indexes[:2]
		table.Indexes[1].State = c.state
		txn := newFakeTxn()
		w := NewWriter(txn, table)
		a, b := testRow(1, "a", 1, ""), testRow(1, "b", 1, "")
		insertRows(t, w, a)
		expectText(t, indexKeys(txn, table, 2), c.inserted)
		if _, err := w.Update(IntHandle(nil, 1), a, b); err != nil {
			t.Fatal(err)
		}
		expectText(t, indexKeys(txn, table, 2), c.updated)
		// A delete-only index loses what an earlier state had written.
		entries, _ := w.IndexEntries(b, IntHandle(nil, 1))
		_ = txn.Put(entries[0].Key, entries[0].Value)
		if err := w.Delete(IntHandle(nil, 1), b); err != nil {
			t.Fatal(err)
		}
		expectText(t, indexKeys(txn, table, 2), c.end)
	}
}

// TestUpdateWritesOnlyChanges counts the puts of updates.
func TestUpdateWritesOnlyChanges(t *testing.T) {
	txn := newFakeTxn()
	w := NewWriter(txn, testTable(true))
	old := testRow(1, "a", 1, strings.Repeat("d", 100_000))
	insertRows(t, w, old)
	for _, c := range []struct {
		name string
		row  Row
		puts int
	}{
		{"nothing", testRow(1, "a", 1, old.Values[3].S), 1},
		{"large value", testRow(1, "a", 1, "small"), 1},
		{"indexed and included column", testRow(1, "b", 1, old.Values[3].S), 3},
		{"key", testRow(2, "a", 1, old.Values[3].S), 4},
	} {
		txn.puts = 0
		if _, err := w.Update(IntHandle(nil, 1), old, c.row); err != nil {
			t.Fatal(err)
		}
		if txn.puts != c.puts {
			t.Errorf("%s: %d puts, want %d", c.name, txn.puts, c.puts)
		}
		txn = newFakeTxn()
		w.Reset(txn)
		insertRows(t, w, old)
	}
}

func TestTooLong(t *testing.T) {
	long := strings.Repeat("x", 10_000)
	w := NewWriter(newFakeTxn(), testTable(true))
	err := w.Insert(testRow(1, long, 1, ""), IntHandle(nil, 1))
	expectCode(t, err, pgerror.ProgramLimitExceeded)

	wide := &catalog.Table{Storage: 1}
	row := Row{}
	for i := range 100 {
		wide.Columns = append(wide.Columns, testColumn(int16(i+1), "c", types.Text))
		row.Values = append(row.Values, types.NewString(strings.Repeat("x", 65_000)))
	}
	err = NewWriter(newFakeTxn(), wide).Insert(row, IntHandle(nil, 1))
	expectCode(t, err, pgerror.ProgramLimitExceeded)
}

func expectCode(t *testing.T, err error, code pgerror.Code) {
	t.Helper()
	var e *pgerror.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Errorf("error %v, want code %s", err, code)
	}
}

func TestRowIDs(t *testing.T) {
	ctx := context.Background()
	store := openStore(t)
	table := testTable(false)
	l := NewLayout(table)
	txn := begin(t, store)
	ids := NewRowIDs()
	var wg sync.WaitGroup
	seen := make([][]int64, 4)
	for g := range seen {
		txn := begin(t, store)
		wg.Go(func() {
			for i := range 100 {
				n := i%3 + 1
				first, err := ids.Take(ctx, txn, l, n)
				if err != nil {
					t.Error(err)
				}
				for k := range n {
					seen[g] = append(seen[g], first+int64(k))
				}
			}
		})
	}
	wg.Wait()
	all := slices.Concat(seen...)
	slices.Sort(all)
	if len(slices.Compact(all)) != 4*199 || all[0] != 1 {
		t.Errorf("%d ids from %d, want %d from 1", len(all), all[0], 4*199)
	}
	// A new process goes on behind the highest committed row.
	w := l.Writer(txn)
	if err := w.Insert(testRow(1, "a", 1, ""), IntHandle(nil, 77)); err != nil {
		t.Fatal(err)
	}
	if _, err := txn.Commit(ctx, false); err != nil {
		t.Fatal(err)
	}
	w = l.Writer(begin(t, store))
	handle, err := w.NewRowID(ctx, NewRowIDs())
	if err != nil || string(handle) != string(IntHandle(nil, 78)) {
		t.Errorf("handle %x, %v; want 78", handle, err)
	}
}

// TestBulk loads a table and backfills an index past transactions, from Arrow
// batches, and compares with what a Writer writes.
func TestBulk(t *testing.T) {
	ctx := context.Background()
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(t, 0)
	batch := mixedBatch(t, alloc, 1000)
	defer batch.Release()
	table := mixedTable()
	table.Indexes = append(table.Indexes, catalog.Index{ID: 2, Name: "i", Columns: []catalog.IndexColumn{{Num: 7, Desc: true}, {Num: 2}}, Unique: true, Storage: 2})
	store := openStore(t)
	bulk, err := store.Bulk(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer bulk.Close()
	bw := NewBulkWriter(bulk, table)
	fake := newFakeTxn()
	w := NewWriter(fake, table)
	reader := NewBatchReader(len(table.Columns), []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	if err := reader.Reset(batch); err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		row := Row{Values: reader.Row(i)}
		for c := range row.Values {
			if want := types.DatumAt(batch.Column(c), i); row.Values[c] != want {
				t.Fatalf("row %d column %d: got %v, want %v", i, c, row.Values[c], want)
			}
		}
		handle, err := bw.HandleOf(row)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Insert(row, handle); err != nil {
			t.Fatal(err)
		}
		if err := bw.InsertRow(row, handle); err != nil {
			t.Fatal(err)
		}
		if _, distinct, err := bw.Entry(1, row, handle); err != nil || !distinct {
			t.Fatal(distinct, err)
		}
	}
	if err := bulk.Flush(); err != nil {
		t.Fatal(err)
	}
	txn := begin(t, store)
	for key, value := range fake.data {
		got, found, err := txn.Get(ctx, kv.Key(key))
		if err != nil || !found || string(got) != string(value) {
			t.Fatalf("%s: got %x, want %x (%v)", DescribeKey([]byte(key)), got, value, err)
		}
	}
	if got := scanAll(t, txn, ScanSpec{Table: table, Index: &table.Indexes[1], Output: []int{6, 0}}); len(got) != 1000 || got[0] != "999.00|999" {
		t.Errorf("%d rows from %s", len(got), got[0])
	}
}

func TestPointKey(t *testing.T) {
	table := testTable(true)
	txn := newFakeTxn()
	w := NewWriter(txn, table)
	row := testRow(5, "a", 2, "")
	insertRows(t, w, row)
	for i, d := range []types.Datum{row.Values[0], {}, row.Values[2]} {
		if i == 1 {
			continue
		}
		key, ok, err := w.PointKey(nil, &table.Indexes[i], []types.Datum{d})
		if _, found := txn.data[string(key)]; err != nil || !ok || !found {
			t.Errorf("index %d: key %x, %v, %v", i, key, ok, err)
		}
	}
	if _, ok, err := w.PointKey(nil, &table.Indexes[2], []types.Datum{{}}); ok || err != nil {
		t.Errorf("a NULL has a point key: %v", err)
	}
}

func TestDescribeRow(t *testing.T) {
	table := testTable(true)
	txn := newFakeTxn()
	insertRows(t, NewWriter(txn, table), testRow(-3, "", 2, "abc"), testRow(-1, "n", 1, strings.Repeat("x", 70_000)))
	got := map[string]string{}
	for k, v := range txn.data {
		if name := DescribeKey([]byte(k)); strings.Contains(name, "overflow") {
			got[name] = "" // plain bytes
		} else {
			got[name] = DescribeRow(v)
		}
	}
	want := map[string]string{
		"table 45 row, handle -3":                           "row format 2, small, 2 values, 1 NULLs\ncolumn 3: 192 or 2f or \\xc000000000000000\ncolumn 4: \"abc\"\ncolumn 2: NULL",
		"table 45 row, handle -1":                           "row format 2, small, 3 values, 0 NULLs, values in overflow keys\ncolumn 2: 110 or \"n\"\ncolumn 3: 61631 or 1f or \\xbff0000000000000\ncolumn 4: 70000 bytes in overflow keys",
		"table 45 index 2: (NULL, -3)":                      "index entry, handle in the key",
		"table 45 index 2: (\"n\", -1)":                     "index entry, handle in the key",
		"table 45 index 3: (2f desc)":                       "index entry, handle -3, restored columns:\nrow format 2, small, 1 values, 1 NULLs\ncolumn 3: 192 or 2f or \\xc000000000000000\ncolumn 2: NULL",
		"table 45 index 3: (1f desc)":                       "index entry, handle -1, restored columns:\nrow format 2, small, 2 values, 0 NULLs\ncolumn 2: 110 or \"n\"\ncolumn 3: 61631 or 1f or \\xbff0000000000000",
		"table 45 overflow of column 4, handle -1, chunk 0": "",
	}
	for k, v := range want {
		expectText(t, got[k], v)
	}
	if len(got) != len(want) {
		t.Errorf("%d keys, want %d: %v", len(got), len(want), slices.Sorted(maps.Keys(got)))
	}
}
