package rowstore

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/rowstore/keycodec"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// The metamorphic test runs random writes and schema changes on a table and on
// a plain model of it (a list of rows), and checks that every way of reading
// gives the model's answer and that no key is left over.
type world struct {
	t     *testing.T
	rnd   *rand.Rand
	store kv.Store // nil: a fake
	txn   kv.Txn
	ids   *RowIDs
	table *catalog.Table
	rows  []modelRow
	log   []string
}

type modelRow struct {
	handle []byte
	values []types.Datum
}

var worldTypes = []types.OID{
	types.Bool, types.Int2, types.Int4, types.Int8, types.Oid, types.Float4, types.Float8, types.Numeric,
	types.Text, types.Bpchar, types.Bytea, types.UUID, types.Date, types.Timestamptz, types.Interval,
}

func TestMetamorphic(t *testing.T) {
	for seed := range uint64(60) {
		runWorld(t, seed, false)
	}
	for seed := range uint64(6) {
		runWorld(t, 1000+seed, true)
	}
}

func runWorld(t *testing.T, seed uint64, real bool) {
	w := &world{t: t, rnd: rand.New(rand.NewPCG(seed, 1)), ids: NewRowIDs()}
	if real {
		w.store = openStore(t)
		w.txn = begin(t, w.store)
	} else {
		w.txn = newFakeTxn()
	}
	w.makeTable()
	for range 40 {
		w.step()
		if w.rnd.IntN(5) == 0 {
			w.check()
		}
	}
	w.check()
	if t.Failed() {
		t.Fatalf("seed %d, real %v:\n%s", seed, real, strings.Join(w.log, "\n"))
	}
}

func (w *world) makeTable() {
	w.table = &catalog.Table{ID: 20000, Name: "t", Storage: 100 + w.rnd.Uint64N(1000)}
	// Some tables start with many columns dropped, so that ids need 4 bytes.
	if w.rnd.IntN(6) == 0 {
		for i := range 254 {
			w.table.Columns = append(w.table.Columns, catalog.Column{Num: int16(i + 1), Type: types.Of(types.Int4), Dropped: true})
		}
	}
	for range 2 + w.rnd.IntN(6) {
		w.addColumn()
	}
	first := len(w.table.Columns) - 1
	for w.table.Columns[first-1].Num > 0 && !w.table.Columns[first-1].Dropped && first > 1 {
		first--
	}
	pk := catalog.Index{ID: 1, Name: "pk", Unique: true, Primary: true, Storage: 1}
	for i := range 1 + w.rnd.IntN(2) {
		c := &w.table.Columns[min(first+i, len(w.table.Columns)-1)]
		if i > 0 && c.NotNull {
			break
		}
		c.NotNull = true
		pk.Columns = append(pk.Columns, catalog.IndexColumn{Num: c.Num})
	}
	w.table.Clustered = w.rnd.IntN(3) > 0
	w.table.Indexes = append(w.table.Indexes, pk)
	for range w.rnd.IntN(4) {
		w.addIndex()
	}
}

func (w *world) addColumn() {
	n := int16(len(w.table.Columns) + 1)
	oid := worldTypes[w.rnd.IntN(len(worldTypes))]
	c := testColumn(n, fmt.Sprintf("c%d", n), oid)
	if w.rnd.IntN(2) == 0 {
		c.Missing = w.value(&c)
	}
	w.table.Columns = append(w.table.Columns, c)
	for i := range w.rows {
		w.rows[i].values = append(w.rows[i].values, c.Missing)
	}
}

// dropColumn drops a column that no index uses, with its large values.
func (w *world) dropColumn() {
	o := w.rnd.IntN(len(w.table.Columns))
	num := w.table.Columns[o].Num
	for _, ix := range w.table.Indexes {
		if slices.Contains(ix.Include, num) || slices.ContainsFunc(ix.Columns, func(c catalog.IndexColumn) bool { return c.Num == num }) {
			return
		}
	}
	w.table.Columns[o].Dropped = true
	for i := range w.rows {
		w.rows[i].values[o] = types.Null
	}
	for _, k := range w.keys(OverflowSpan(w.table, num)) {
		w.must(w.txn.Delete(k))
	}
}

func (w *world) live() []int {
	var out []int
	for i, c := range w.table.Columns {
		if !c.Dropped {
			out = append(out, i)
		}
	}
	return out
}

// addIndex adds an index and its entries.
func (w *world) addIndex() {
	id := uint64(len(w.table.Indexes) + 1)
	ix := catalog.Index{ID: catalog.OID(id), Name: fmt.Sprintf("ix%d", id), Storage: id, NullsNotDistinct: w.rnd.IntN(2) == 0}
	live := w.live()
	for range 1 + w.rnd.IntN(3) {
		ix.Columns = append(ix.Columns, catalog.IndexColumn{
			Num: w.table.Columns[live[w.rnd.IntN(len(live))]].Num, Desc: w.rnd.IntN(2) == 0, NullsFirst: w.rnd.IntN(2) == 0,
		})
	}
	for range w.rnd.IntN(3) {
		ix.Include = append(ix.Include, w.table.Columns[live[w.rnd.IntN(len(live))]].Num)
	}
	w.table.Indexes = append(w.table.Indexes, ix)
	// A unique one only if the rows are.
	pos := len(w.table.Indexes) - 1
	w.table.Indexes[pos].Unique = w.rnd.IntN(2) == 0
	l := NewLayout(w.table)
	seen := map[string]bool{}
	for _, r := range w.rows {
		entries, err := l.IndexEntries(Row{Values: r.values}, r.handle)
		if err != nil { // a value too long for a key
			w.table.Indexes = w.table.Indexes[:pos]
			return
		}
		for _, e := range entries {
			if e.Index == pos && seen[string(e.Key)] {
				w.table.Indexes = w.table.Indexes[:pos]
				return
			}
			seen[string(e.Key)] = true
		}
	}
	for _, r := range w.rows {
		entries, _ := l.IndexEntries(Row{Values: r.values}, r.handle)
		for _, e := range entries {
			if e.Index == pos {
				w.must(w.txn.Put(e.Key, e.Value))
			}
		}
	}
}

func (w *world) value(c *catalog.Column) types.Datum {
	r := w.rnd
	if !c.NotNull && r.IntN(4) == 0 {
		return types.Null
	}
	switch c.Type.OID {
	case types.Bool:
		return types.NewBool(r.IntN(2) == 0)
	case types.Numeric:
		d, err := types.Parse(c.Type, []string{"NaN", "1.0", "1.00", "-17.25", "12345678901234567890.5", "0", "0.000"}[r.IntN(7)], nil)
		w.must(err)
		return d
	case types.Float4:
		return types.NewFloat32([]float32{0, float32(math.Copysign(0, -1)), 1.5, float32(math.NaN())}[r.IntN(4)])
	case types.Float8:
		return types.NewFloat64([]float64{0, math.Copysign(0, -1), -1.5, math.NaN(), math.Inf(1)}[r.IntN(5)])
	case types.UUID:
		return types.NewBinary(strings.Repeat(string([]byte{byte(r.IntN(256))}), 16))
	case types.Bytea:
		return types.NewBinary(w.long([]string{"", "\xff", "\xff\x00", "\xff\x01", "\x00a"}[r.IntN(5)]))
	case types.Interval:
		return types.IntervalValue{Months: int32(r.IntN(2)), Days: int32(30 * r.IntN(2)), Micros: int64(r.IntN(2))}.Datum()
	case types.Bpchar:
		return types.NewString([]string{"a", "a  ", "b", " "}[r.IntN(4)])
	case types.Text:
		return types.NewString(w.long(strings.Repeat("ab", r.IntN(9))))
	}
	return types.NewInt(c.Type.Phys(), int64(r.IntN(20))*int64(r.IntN(6)))
}

// long makes a value large now and then.
func (w *world) long(s string) string {
	if w.rnd.IntN(40) == 0 {
		return s + strings.Repeat("z", []int{65530, 70_000, 1 << 20, 2_500_000}[w.rnd.IntN(4)])
	}
	return s
}

func (w *world) must(err error) {
	if err != nil {
		w.t.Helper()
		w.t.Fatalf("%v\n%s", err, strings.Join(w.log, "\n"))
	}
}

func (w *world) newRow() []types.Datum {
	row := make([]types.Datum, len(w.table.Columns))
	for i := range w.table.Columns {
		if c := &w.table.Columns[i]; !c.Dropped {
			row[i] = w.value(c)
		}
	}
	return row
}

// allowed reports whether the row fits the keys and collides with no other
// row, the one at except left out.
func (w *world) allowed(wr *Writer, values []types.Datum, except int) bool {
	row := Row{Values: values}
	var handle []byte
	if wr.HasHiddenRowID() {
		handle = IntHandle(nil, 1<<40)
	} else if h, err := wr.Handle(nil, row); err == nil {
		handle = h
	} else {
		return false
	}
	if _, err := wr.IndexEntries(row, handle); err != nil {
		return false
	}
	keys, err := wr.UniqueKeys(row, handle)
	w.must(err)
	for _, k := range keys {
		value, found, err := w.txn.Get(context.Background(), k.Key)
		w.must(err)
		if !found {
			continue
		}
		owner, err := wr.HandleOfEntry(k.Index, k.Key, value)
		w.must(err)
		if except < 0 || !bytes.Equal(owner, w.rows[except].handle) {
			return false
		}
	}
	return true
}

func (w *world) step() {
	wr := NewWriter(w.txn, w.table)
	wr.Locked = w.rnd.IntN(2) == 0
	switch op := w.rnd.IntN(20); {
	case op == 0 && len(w.table.Columns) < 300:
		w.log = append(w.log, "add column")
		w.addColumn()
	case op == 1:
		w.log = append(w.log, "drop column")
		w.dropColumn()
	case op == 2:
		w.log = append(w.log, "add index")
		w.addIndex()
	case op == 3 && w.store != nil:
		w.log = append(w.log, "commit")
		_, err := w.txn.Commit(context.Background(), true)
		w.must(err)
		w.txn = begin(w.t, w.store)
	case op < 12 || len(w.rows) == 0:
		values := w.newRow()
		if !w.allowed(wr, values, -1) {
			return
		}
		handle, err := []byte(nil), error(nil)
		if wr.HasHiddenRowID() {
			handle, err = wr.NewRowID(context.Background(), w.ids)
		} else {
			handle, err = wr.HandleOf(Row{Values: values})
		}
		w.must(err)
		w.log = append(w.log, fmt.Sprintf("insert %x", handle))
		w.must(wr.Insert(Row{Values: values}, handle))
		w.rows = append(w.rows, modelRow{slices.Clone(handle), values})
	case op < 17:
		i := w.rnd.IntN(len(w.rows))
		values := slices.Clone(w.rows[i].values)
		live := w.live()
		for range 1 + w.rnd.IntN(3) {
			o := live[w.rnd.IntN(len(live))]
			values[o] = w.value(&w.table.Columns[o])
		}
		if !w.allowed(wr, values, i) {
			return
		}
		w.log = append(w.log, fmt.Sprintf("update %x", w.rows[i].handle))
		handle, err := wr.Update(w.rows[i].handle, Row{Values: w.rows[i].values}, Row{Values: values})
		w.must(err)
		w.rows[i] = modelRow{slices.Clone(handle), values}
	default:
		i := w.rnd.IntN(len(w.rows))
		w.log = append(w.log, fmt.Sprintf("delete %x", w.rows[i].handle))
		w.must(wr.Delete(w.rows[i].handle, Row{Values: w.rows[i].values}))
		w.rows = slices.Delete(w.rows, i, i+1)
	}
}

func (w *world) keys(span kv.Span) []kv.Key {
	it, err := w.txn.Scan(context.Background(), span, kv.ScanOptions{})
	w.must(err)
	defer it.Close()
	var out []kv.Key
	for {
		pairs, err := it.NextBatch(context.Background())
		if err != nil {
			return out
		}
		for _, p := range pairs {
			out = append(out, slices.Clone(p.Key))
		}
	}
}

func (w *world) check() {
	w.checkKeys()
	w.checkScan(nil)
	for i := range w.table.Indexes {
		w.checkScan(&w.table.Indexes[i])
	}
	w.checkPoints()
}

// checkKeys compares the keys with those of the same rows freshly inserted.
func (w *world) checkKeys() {
	fresh := newFakeTxn()
	wr := NewWriter(fresh, w.table)
	for _, r := range w.rows {
		w.must(wr.Insert(Row{Values: r.values}, r.handle))
	}
	var want, got []string
	for k := range fresh.data {
		want = append(want, keycodec.Describe([]byte(k)))
	}
	for _, k := range w.keys(StorageSpan(w.table)) {
		got = append(got, keycodec.Describe(k))
	}
	sort.Strings(want)
	sort.Strings(got)
	if !slices.Equal(got, want) {
		w.t.Errorf("keys\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// checkScan reads some columns by an index, in both directions.
func (w *world) checkScan(ix *catalog.Index) {
	var output []int
	for _, o := range w.live() {
		if w.rnd.IntN(3) > 0 {
			output = append(output, o)
		}
	}
	if ix != nil && w.rnd.IntN(2) == 0 { // columns that the index may cover
		output = output[:0]
		for _, c := range ix.Columns {
			output = append(output, int(c.Num)-1)
		}
		for _, num := range ix.Include {
			output = append(output, int(num)-1)
		}
	}
	rows := w.ordered(ix)
	var want []string
	for _, r := range rows {
		var text []string
		for _, o := range output {
			text = append(text, datumText(w.table.Columns[o].Type, r.values[o]))
		}
		text = append(text, datumText(types.Of(types.Bytea), types.NewBytes(r.handle)))
		want = append(want, strings.Join(text, "|"))
	}
	spec := ScanSpec{Table: w.table, Index: ix, Output: output, WithHandle: true, BatchRows: []int{0, 1, 3}[w.rnd.IntN(3)]}
	if got := scanAll(w.t, w.txn, spec); !slices.Equal(got, want) {
		w.t.Errorf("scan of %v by %+v\n%s\nwant\n%s", output, ix, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	spec.Reverse = true
	slices.Reverse(want)
	if got := scanAll(w.t, w.txn, spec); !slices.Equal(got, want) {
		w.t.Errorf("reverse scan of %v by %+v\n%s\nwant\n%s", output, ix, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// ordered sorts the model's rows as the index should.
func (w *world) ordered(ix *catalog.Index) []modelRow {
	rows := slices.Clone(w.rows)
	slices.SortFunc(rows, func(a, b modelRow) int {
		if ix == nil || isClusteredKey(w.table, ix) {
			return bytes.Compare(a.handle, b.handle)
		}
		for _, c := range ix.Columns {
			o := int(c.Num) - 1
			if cmp := compareKey(w.table.Columns[o].Type, a.values[o], b.values[o], c); cmp != 0 {
				return cmp
			}
		}
		return bytes.Compare(a.handle, b.handle)
	})
	return rows
}

func compareKey(t types.Type, a, b types.Datum, c catalog.IndexColumn) int {
	switch {
	case a.IsNull() && b.IsNull():
		return 0
	case a.IsNull() == c.NullsFirst && (a.IsNull() || b.IsNull()):
		return -1
	case a.IsNull() || b.IsNull():
		return 1
	}
	if c.Desc {
		a, b = b, a
	}
	return types.Compare(t, a, b)
}

// checkPoints reads rows one by one, and by ranges of each index.
func (w *world) checkPoints() {
	ctx := context.Background()
	output := w.live()
	d := NewRowDecoder(w.table, output)
	dst := make([]types.Datum, len(output))
	for _, r := range w.rows {
		value, found, err := w.txn.Get(ctx, RowKey(nil, w.table, r.handle))
		w.must(err)
		if !found {
			w.t.Errorf("row %x not found", r.handle)
			continue
		}
		w.must(d.DecodeFull(ctx, w.txn, r.handle, value, dst))
		for i, o := range output {
			if dst[i] != r.values[o] {
				w.t.Errorf("row %x column %d: got %v, want %v", r.handle, o, dst[i], r.values[o])
			}
		}
	}
	for i := range w.table.Indexes {
		w.checkRange(&w.table.Indexes[i])
	}
}

// checkRange reads a random range and compares with a filter over the model.
func (w *world) checkRange(ix *catalog.Index) {
	if len(w.rows) == 0 || isClusteredKey(w.table, ix) != (ix == &w.table.Indexes[0] && w.table.Clustered) {
		return
	}
	pick := func(c catalog.IndexColumn) types.Datum {
		return w.rows[w.rnd.IntN(len(w.rows))].values[c.Num-1]
	}
	var r Range
	n := w.rnd.IntN(len(ix.Columns) + 1)
	for _, c := range ix.Columns[:n] {
		d := pick(c)
		r.Equal = append(r.Equal, d)
		r.IsNull = append(r.IsNull, d.IsNull() && w.rnd.IntN(2) == 0)
	}
	if n < len(ix.Columns) {
		if w.rnd.IntN(2) == 0 {
			r.Lower = &Bound{pick(ix.Columns[n]), w.rnd.IntN(2) == 0}
		}
		if w.rnd.IntN(2) == 0 {
			r.Upper = &Bound{pick(ix.Columns[n]), w.rnd.IntN(2) == 0}
		}
		r.NotNull = w.rnd.IntN(3) == 0
	}
	span, err := EncodeRange(w.table, ix, r)
	if err != nil {
		return // a value too long for a key cannot be searched by one
	}
	var want []string
	for _, m := range w.ordered(ix) {
		if w.inRange(ix, r, m) {
			want = append(want, datumText(types.Of(types.Bytea), types.NewBytes(m.handle)))
		}
	}
	got := scanAll(w.t, w.txn, ScanSpec{Table: w.table, Index: ix, WithHandle: true, Spans: []kv.Span{span}})
	if !slices.Equal(got, want) {
		w.t.Errorf("range %+v of %+v: got %v, want %v", r, ix, got, want)
	}
}

func (w *world) inRange(ix *catalog.Index, r Range, m modelRow) bool {
	cmp := func(i int, d types.Datum) (int, bool) {
		o := ix.Columns[i].Num - 1
		v := m.values[o]
		if v.IsNull() || d.IsNull() {
			return 0, false
		}
		return types.Compare(w.table.Columns[o].Type, v, d), true
	}
	for i, d := range r.Equal {
		if r.IsNull[i] {
			if !m.values[ix.Columns[i].Num-1].IsNull() {
				return false
			}
		} else if c, ok := cmp(i, d); !ok || c != 0 {
			return false
		}
	}
	n := len(r.Equal)
	if r.NotNull && m.values[ix.Columns[n].Num-1].IsNull() {
		return false
	}
	if b := r.Lower; b != nil {
		if c, ok := cmp(n, b.Value); !ok || c < 0 || c == 0 && !b.Inclusive {
			return false
		}
	}
	if b := r.Upper; b != nil {
		if c, ok := cmp(n, b.Value); !ok || c > 0 || c == 0 && !b.Inclusive {
			return false
		}
	}
	return true
}
