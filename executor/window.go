package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// window computes window functions. Its input is sorted by the partition and
// order keys. The whole input is kept:
//
//  1. Load: batches are kept with the partition keys, order keys and function
//     arguments computed behind their columns.
//  2. Partitions and peer groups are found by comparing neighbours.
//  3. Each call walks all rows and leaves one result array a batch
//     (window_call.go; frames are in window_frame.go).
//  4. Batches come out with their results.
type window struct {
	run         *run
	env         *Env
	input       Operator
	node        *plan.Window
	schema      *arrow.Schema
	partitionBy []sortKey
	orderBy     []sortKey
	calls       []*windowCall

	rows    *rowBuffer
	width   int // of the input
	refs    []rowRef
	parts   []partition
	peers   []peerGroup
	peerOf  []int32 // row -> peer group
	results [][]arrow.Array
	held    reservation
	ready   bool
	next    int
}

// partition is rows [start, end) of the input, and their peer groups.
type partition struct{ start, end, firstPeer, endPeer int }

// peerGroup is rows [start, end) that are equal in the window's order.
type peerGroup struct{ start, end int }

func (r *run) newWindow(n *plan.Window) (Operator, error) {
	if runsAlong(n) {
		return r.newRunningWindow(n)
	}
	w := &window{run: r, env: r.env, node: n, schema: schemaOf(n.Cols), held: reservation{env: r.env}}
	var err error
	keys := make([]expr.SortKey, len(n.PartitionBy))
	for i, e := range n.PartitionBy {
		keys[i].Expr = e
	}
	if w.partitionBy, err = r.compileSortKeys(keys); err != nil {
		return nil, err
	}
	if w.orderBy, err = r.compileSortKeys(n.OrderBy); err != nil {
		return nil, err
	}
	for i := range n.Calls {
		c, err := w.newCall(&n.Calls[i], n.Cols[len(n.Cols)-len(n.Calls)+i].Type)
		if err != nil {
			return nil, err
		}
		w.calls = append(w.calls, c)
	}
	if w.input, err = r.build(n.Input); err != nil {
		return nil, err
	}
	w.width = w.input.Schema().NumFields()
	return w, nil
}

func (w *window) Schema() *arrow.Schema { return w.schema }

func (w *window) Close() error {
	for _, r := range w.results {
		releaseAll(r)
	}
	w.results = nil
	if w.rows != nil {
		w.rows.clear()
	}
	w.held.close()
	return w.input.Close()
}

func (w *window) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if err := checkContext(ctx); err != nil {
		return nil, err
	}
	if !w.ready {
		if err := w.load(ctx); err != nil {
			return nil, err
		}
		w.ready = true
	}
	if w.next == len(w.rows.chunks) {
		return nil, io.EOF
	}
	k := w.next
	w.next++
	cols := append([]arrow.Array(nil), w.rows.chunks[k].Columns()[:w.width]...)
	for _, r := range w.results {
		cols = append(cols, r[k])
	}
	return array.NewRecordBatch(w.schema, cols, w.rows.chunks[k].NumRows()), nil
}

// computed are the expressions kept behind the input's columns.
func (w *window) computed() []*scalar {
	out := append(sortScalars(w.partitionBy), sortScalars(w.orderBy)...)
	for _, c := range w.calls {
		c.firstArg = w.width + len(out)
		out = append(out, c.args...)
	}
	return out
}

func (w *window) load(ctx context.Context) error {
	computed := w.computed()
	fields := w.input.Schema().Fields()
	for _, s := range computed {
		fields = append(fields, arrow.Field{Type: s.typ.Phys().ArrowType(), Nullable: true})
	}
	w.rows = newRowBuffer(w.env, arrow.NewSchema(fields, nil))
	err := drain(ctx, w.input, func(batch arrow.RecordBatch) error {
		defer batch.Release()
		n := int(batch.NumRows())
		extra, err := columns(w.env, computed, batch.Columns(), n)
		if err != nil {
			return err
		}
		defer releaseAll(extra)
		cols := append(append([]arrow.Array(nil), batch.Columns()...), extra...)
		return w.rows.add(array.NewRecordBatch(w.rows.schema, cols, int64(n)))
	})
	if err != nil {
		return err
	}
	if err := w.held.set(int64(w.rows.rows) * 32); err != nil {
		return err
	}
	w.refs = w.rows.refs()
	w.findPartitions()
	for _, c := range w.calls {
		if err := w.compute(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// findPartitions cuts the rows into partitions and peer groups.
func (w *window) findPartitions() {
	same := func(keys []sortKey, first int) func(a, b int) bool {
		cols := w.rows.columns[first : first+len(keys)]
		return func(a, b int) bool {
			for i, k := range keys {
				ra, rb := w.refs[a], w.refs[b]
				if !sameDatum(k.typ, types.DatumAt(cols[i][ra.chunk()], ra.row()), types.DatumAt(cols[i][rb.chunk()], rb.row())) {
					return false
				}
			}
			return true
		}
	}
	inPartition := same(w.partitionBy, w.width)
	arePeers := same(w.orderBy, w.width+len(w.partitionBy))
	w.peerOf = make([]int32, len(w.refs))
	for i := range w.refs {
		newPart := i == 0 || !inPartition(i-1, i)
		if newPart {
			w.parts = append(w.parts, partition{start: i, firstPeer: len(w.peers)})
		}
		if newPart || !arePeers(i-1, i) {
			w.peers = append(w.peers, peerGroup{start: i})
		}
		w.peers[len(w.peers)-1].end = i + 1
		w.peerOf[i] = int32(len(w.peers) - 1)
		p := &w.parts[len(w.parts)-1]
		p.end, p.endPeer = i+1, len(w.peers)
	}
}

// value is a computed column's value in a row.
func (w *window) value(column, row int) types.Datum {
	r := w.refs[row]
	return types.DatumAt(w.rows.columns[column][r.chunk()], r.row())
}

// compute walks the rows for a call and makes its result arrays.
func (w *window) compute(ctx context.Context, c *windowCall) error {
	out := make([]arrow.Array, 0, len(w.rows.chunks))
	w.results = append(w.results, nil)
	at := len(w.results) - 1
	defer func() { w.results[at] = out }()
	b := types.NewBuilder(w.env.Alloc, c.typ)
	defer b.Release()
	if err := c.frame.open(w); err != nil {
		return err
	}
	for _, p := range w.parts {
		fn, err := w.start(c, p)
		if err != nil {
			return err
		}
		for i := p.start; i < p.end; i++ {
			if err := fn(i, b); err != nil {
				return err
			}
			r := w.refs[i]
			if r.row()+1 == int(w.rows.chunks[r.chunk()].NumRows()) {
				if err := checkContext(ctx); err != nil {
					return err
				}
				a := b.NewArray()
				out = append(out, a)
				if err := w.held.set(w.held.held + columnBytes(a)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// eachSlice calls fn with the input's columns of rows [from, to), chunk by chunk.
func (w *window) eachSlice(from, to int, fn func(cols []arrow.Array, n int) error) error {
	for from < to {
		r := w.refs[from]
		chunk := w.rows.chunks[r.chunk()]
		n := min(to-from, int(chunk.NumRows())-r.row())
		cols := make([]arrow.Array, w.width)
		for i := range cols {
			cols[i] = array.NewSlice(chunk.Column(i), int64(r.row()), int64(r.row()+n))
		}
		err := fn(cols, n)
		releaseAll(cols)
		if err != nil {
			return err
		}
		from += n
	}
	return nil
}
