package tsengine

import (
	"context"
	"math/rand/v2"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

const (
	flushRows  = 16 << 10  // rows that are gathered for common deltas
	deltaRows  = 8 << 10   // rows of a delta at most
	deltaBytes = 512 << 10 // and about how large it may be, decoded
)

// sequence numbers the writes of the process, above a number of its own.
var sequence atomic.Uint64

func init() { sequence.Store(uint64(rand.Uint32()) << 32) }

// Writer writes points in a transaction: the rows it is given are gathered,
// sorted, and written as one delta for each partition by Flush.
//
// It checks no constraint: the caller has verified that time is not NULL, and
// for unique points it has locked and looked up what must not exist. Of two
// rows at a unique point the later one wins.
type Writer struct {
	layout *Layout
	alloc  memory.Allocator
	txn    kv.Txn
	now    func(ctx context.Context) (kv.Timestamp, error)

	// OnWrite, if set, is told of every partition that rows were written to.
	OnWrite func(ctx context.Context, prefix kv.Key, rows int) error

	inputs     []*block.Input
	values     [][]types.Datum // of rows given one by one, by ordinal
	rows       []pendingRow
	spare      []pendingRow // room for rows
	order      []rowOrder
	orderSpare []rowOrder
	bytes      int

	fresh   map[string]uint64 // series that this writer has made
	readers []types.ColumnReader
	tags    []byte
	lastKey []byte
	last    uint64
}

type pendingRow struct {
	slice int64
	block.Row
}

// NewWriter makes a writer. now gives the store's time: rows that were written
// after the locks of their points were granted are newer than those before.
func NewWriter(alloc memory.Allocator, l *Layout, txn kv.Txn, now func(ctx context.Context) (kv.Timestamp, error)) *Writer {
	return &Writer{layout: l, alloc: alloc, txn: txn, now: now, readers: make([]types.ColumnReader, len(l.Tags))}
}

// Insert takes rows; cols are the table's columns by ordinal, nil for dropped ones.
func (w *Writer) Insert(ctx context.Context, cols []arrow.Array, n int) error {
	series, times, err := w.Points(ctx, cols, n)
	if err != nil {
		return err
	}
	in := w.input(cols)
	for i := range n {
		w.add(block.Row{Group: series[i], Position: times[i], Input: in, Index: int32(i)})
	}
	return w.flushIfFull(ctx)
}

// Delete removes rows by their handles.
func (w *Writer) Delete(ctx context.Context, handles arrow.Array) error {
	if err := w.Flush(ctx); err != nil { // deletions of their own carry no columns
		return err
	}
	in := block.NewInput(nil, nil)
	w.inputs = append(w.inputs, in)
	for i := range handles.Len() {
		p, err := readHandle(types.DatumAt(handles, i).Bytes())
		if err != nil {
			return err
		}
		w.add(block.Row{Group: p.series, Position: p.time, Input: in, Op: block.OpDelete, Sub: p.sub})
	}
	return w.Flush(ctx)
}

// Update replaces rows, by their handles, with new ones. A row that keeps its
// series and time gets a new version; one that moves is removed and inserted.
func (w *Writer) Update(ctx context.Context, handles arrow.Array, cols []arrow.Array, n int) error {
	series, times, err := w.Points(ctx, cols, n)
	if err != nil {
		return err
	}
	in := w.input(cols)
	for i := range n {
		p, err := readHandle(types.DatumAt(handles, i).Bytes())
		if err != nil {
			return err
		}
		row := block.Row{Group: series[i], Position: times[i], Input: in, Index: int32(i)}
		if p.series == series[i] && p.time == times[i] {
			row.Op, row.Sub = block.OpPut, p.sub
		} else {
			w.add(block.Row{Group: p.series, Position: p.time, Input: in, Index: int32(i), Op: block.OpDelete, Sub: p.sub})
		}
		w.add(row)
	}
	return w.Flush(ctx)
}

func (w *Writer) input(cols []arrow.Array) *block.Input {
	stored := make([]arrow.Array, len(w.layout.ordinals))
	for i, o := range w.layout.ordinals {
		stored[i] = cols[o]
	}
	in := block.NewInput(w.layout.columns, stored)
	w.inputs = append(w.inputs, in)
	w.bytes += in.Bytes()
	return in
}

func (w *Writer) add(r block.Row) {
	w.rows = append(w.rows, pendingRow{w.layout.slice(r.Position), r})
}

func (w *Writer) flushIfFull(ctx context.Context) error {
	if len(w.rows) < flushRows && w.bytes < 16*deltaBytes {
		return nil
	}
	return w.Flush(ctx)
}

// expectRows makes room for rows that are given one by one.
func (w *Writer) expectRows(n int) {
	w.rows, w.order, w.values = make([]pendingRow, 0, n), make([]rowOrder, 0, n), make([][]types.Datum, 0, n)
}

// InsertRow takes one row, its values by ordinal, which stay as they are until
// Flush. Rows that are given so are not mixed with those of arrays.
func (w *Writer) InsertRow(at Place, values []types.Datum) {
	w.add(block.Row{Group: at.Series, Position: at.Time, Index: int32(len(w.values))})
	w.values = append(w.values, values)
	for i := range values {
		w.bytes += 8 + len(values[i].S)
	}
}

// Place computes the place of a row, and makes its series if it is new.
func (w *Writer) Place(ctx context.Context, values []types.Datum) (at Place, err error) {
	l := w.layout
	if values[l.Time].IsNull() {
		return at, l.noTime()
	}
	at.Time = values[l.Time].I
	if len(l.Tags) == 0 {
		return at, nil
	}
	w.tags = w.tags[:0]
	for _, o := range l.Tags {
		w.tags = appendTag(w.tags, &values[o])
	}
	at.Series, err = w.series(ctx, w.tags)
	return at, err
}

// Points computes the series and times of rows, and makes the series that are new.
func (w *Writer) Points(ctx context.Context, cols []arrow.Array, n int) (series []uint64, times []int64, err error) {
	l := w.layout
	series, times = make([]uint64, n), make([]int64, n)
	var reader types.ColumnReader
	if err := reader.Reset(cols[l.Time]); err != nil {
		return nil, nil, err
	}
	var d types.Datum
	for i := range n {
		reader.Read(i, &d)
		if d.IsNull() {
			return nil, nil, l.noTime()
		}
		times[i] = d.I
	}
	if len(l.Tags) == 0 {
		return series, times, nil
	}
	for k, o := range l.Tags {
		if err := w.readers[k].Reset(cols[o]); err != nil {
			return nil, nil, err
		}
	}
	for i := range n {
		w.tags = w.tags[:0]
		for k := range w.readers {
			w.readers[k].Read(i, &d)
			w.tags = appendTag(w.tags, &d)
		}
		if w.lastKey == nil || string(w.tags) != string(w.lastKey) {
			if w.last, err = w.series(ctx, w.tags); err != nil {
				w.lastKey = nil
				return nil, nil, err
			}
			w.lastKey = append(w.lastKey[:0], w.tags...)
		}
		series[i] = w.last
	}
	return series, times, nil
}

func (l *Layout) noTime() error {
	return pgerror.New(pgerror.NotNullViolation, "null value in column %q of relation %q violates not-null constraint", l.Table.Columns[l.Time].Name, l.Table.Name)
}

// series finds or makes a series.
func (w *Writer) series(ctx context.Context, tags []byte) (uint64, error) {
	if id, ok := known.get(w.layout, tags); ok {
		return id, nil
	}
	if id, ok := w.fresh[string(tags)]; ok {
		return id, nil
	}
	if len(tags) > maxTagBytes {
		return 0, pgerror.New(pgerror.ProgramLimitExceeded, "the tags of a point have %d bytes, at most %d are possible", len(tags), maxTagBytes)
	}
	// What the transaction itself wrote may be rolled back: nobody else may know it.
	committed := !w.txn.HasWrites()
	id, found, err := w.layout.findSeries(ctx, w.txn, tags)
	if err != nil {
		return 0, err
	}
	if found && committed {
		known.put(w.layout, string(tags), id)
		return id, nil
	}
	if !found {
		if err := w.txn.PutUnchecked(w.layout.recordKey(id, tags), tags); err != nil {
			return 0, err
		}
	}
	if w.fresh == nil {
		w.fresh = map[string]uint64{}
	}
	w.fresh[string(tags)] = id
	return id, nil
}

// Flush writes the gathered rows.
func (w *Writer) Flush(ctx context.Context) error {
	if len(w.rows) == 0 {
		return nil
	}
	ts, err := w.now(ctx)
	if err != nil {
		return err
	}
	w.sort()
	if w.layout.Unique {
		w.dropReplaced()
	}
	perRow := w.bytes/len(w.rows) + 16
	limit := max(1, min(deltaRows, deltaBytes/perRow))
	delta := make([]block.Row, 0, min(limit, len(w.rows)))
	for i := 0; i < len(w.rows); {
		slice, bucket := w.rows[i].slice, w.layout.bucket(w.rows[i].Group)
		delta = delta[:0]
		for ; i < len(w.rows) && len(delta) < limit && w.rows[i].slice == slice && w.layout.bucket(w.rows[i].Group) == bucket; i++ {
			delta = append(delta, w.rows[i].Row)
		}
		prefix := w.layout.prefix(bucket, slice)
		order := block.Order{TS: ts, Seq: sequence.Add(1)}
		b, err := w.encode(ctx, delta, order)
		if err != nil {
			return err
		}
		if err := w.txn.PutUnchecked(block.DeltaKey(prefix, order), b); err != nil {
			return err
		}
		if w.OnWrite != nil {
			if err := w.OnWrite(ctx, prefix, len(delta)); err != nil {
				return err
			}
		}
	}
	w.clear()
	return nil
}

func (w *Writer) encode(ctx context.Context, delta []block.Row, order block.Order) ([]byte, error) {
	if len(w.values) == 0 {
		return block.BuildDelta(ctx, w.alloc, w.layout.columns, delta, order)
	}
	return block.BuildDatumDelta(w.layout.columns, delta, func(r *block.Row, col int) types.Datum {
		return w.values[r.Index][w.layout.ordinals[col]]
	})
}

// sort orders the rows by slice, series and time; those of a point stay in the
// order in which they came. It sorts short keys and moves each row once.
func (w *Writer) sort() {
	w.order = w.order[:0]
	sorted := true
	for i := range w.rows {
		r := &w.rows[i]
		w.order = append(w.order, rowOrder{r.slice, r.Group, r.Position, int32(i)})
		sorted = sorted && (i == 0 || compareOrder(w.order[i-1], w.order[i]) <= 0)
	}
	if sorted {
		return
	}
	w.order, w.orderSpare = sortOrder(w.order, w.orderSpare)
	rows := w.spare[:0]
	for i := range w.order {
		rows = append(rows, w.rows[w.order[i].index])
	}
	w.rows, w.spare = rows, w.rows
}

// dropReplaced keeps the last row of each point that has one only.
func (w *Writer) dropReplaced() {
	kept := w.rows[:0]
	for i := range w.rows {
		r := &w.rows[i]
		if n := len(kept); n > 0 && r.Group&w.layout.several == 0 && kept[n-1].Group == r.Group && kept[n-1].Position == r.Position {
			kept[n-1] = *r
		} else {
			kept = append(kept, *r)
		}
	}
	w.rows = kept
}

func (w *Writer) clear() {
	for _, in := range w.inputs {
		in.Release()
	}
	clear(w.values)
	w.inputs, w.values, w.rows, w.bytes = w.inputs[:0], w.values[:0], w.rows[:0], 0
}

// Close drops what was not flushed.
func (w *Writer) Close() { w.clear() }

// Reset drops what was not flushed and goes on in another transaction.
func (w *Writer) Reset(txn kv.Txn) {
	w.clear()
	w.txn, w.fresh, w.lastKey = txn, nil, nil
}
