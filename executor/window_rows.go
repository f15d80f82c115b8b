package executor

import (
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// windowRows are the rows that a window keeps, numbered from the input's first
// one, which may be gone.
type windowRows struct {
	KeptRows
	peers bitRows
	group peerGroup // that was found last
	last  arrow.RecordBatch
	words []int64 // scratch
}

// partition is rows [start, end) of the input; end is -1 until it is known.
type partition struct{ start, end int }

const partitionBytes = int64(unsafe.Sizeof(partition{}))

// peerGroup is rows [start, end) that are equal in the window's order.
type peerGroup struct{ start, end int }

func newWindowRows(buf *rowBuffer) *windowRows {
	return &windowRows{KeptRows: KeptRows{buf: buf, starts: []int{0}}}
}

func (r *windowRows) close() {
	r.Close()
	r.setLast(nil)
}

// add takes a batch over.
func (r *windowRows) add(batch arrow.RecordBatch) error {
	batch.Retain()
	r.setLast(batch)
	return r.Add(batch)
}

func (r *windowRows) setLast(batch arrow.RecordBatch) {
	if r.last != nil {
		r.last.Release()
	}
	r.last = batch
}

// drop lets go of chunks of rows before row, of the first most at most, and
// returns how many those are.
func (r *windowRows) drop(row, most int) int {
	n := r.KeptRows.drop(row, most)
	r.peers.forget(r.starts[0])
	return n
}

// value is a column's value in row i; its bytes are valid until other rows are
// looked at.
func (r *windowRows) value(column, i int) (types.Datum, error) {
	k, row := r.locate(i)
	chunk, err := r.buf.chunk(k)
	if err != nil {
		return types.Null, err
	}
	return types.DatumAt(chunk.Column(column), row), nil
}

// peersOf is the peer group of row i, whose partition has ended at end.
func (r *windowRows) peersOf(i, end int) peerGroup {
	if i < r.group.start || i >= r.group.end {
		r.group = peerGroup{start: r.peers.prev(i), end: r.peers.next(i+1, end)}
	}
	return r.group
}

// begins says which rows of a new batch differ from the row before them in the
// keys, whose columns begin at first.
func (r *windowRows) begins(batch arrow.RecordBatch, first int, keys []sortKey) []bool {
	out := make([]bool, batch.NumRows())
	for i, k := range keys {
		column := batch.Column(first + i)
		r.words = markChanges(k.typ, column, out, r.words)
		if r.last != nil && !sameDatum(k.typ, types.DatumAt(column, 0), types.DatumAt(r.last.Column(first+i), int(r.last.NumRows())-1)) {
			out[0] = true
		}
	}
	return out
}
