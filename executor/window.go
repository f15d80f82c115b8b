package executor

import (
	"context"
	"io"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// window computes window functions. Its input is sorted by the partition and
// order keys.
//
//  1. Load: a batch is kept with the partition keys, order keys and function
//     arguments computed behind its columns; comparing neighbours shows where
//     partitions and peer groups begin (window_rows.go).
//  2. Once all partitions that a chunk of rows has a part in have ended, each call
//     walks its rows (window_call.go; frames are in window_frame.go) and the
//     chunk comes out with the results.
//  3. Chunks before the partition of the next row to come out are dropped.
//
// So a partition is kept whole, in memory and beyond in a file; of each row a
// bit stays in memory.
type window struct {
	run         *run
	env         *Env
	input       Operator
	node        *plan.Window
	schema      *arrow.Schema
	partitionBy []sortKey
	orderBy     []sortKey
	calls       []*windowCall

	rows   *windowRows
	width  int // of the input
	parts  []partition
	held   reservation
	opened bool
	ended  bool // the input
	next   int  // chunk to come out
	// Of results that may be long a slice of the chunk comes out: emitted rows of
	// it are out, slice are next (0 for all).
	emitted, slice int
}

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
	if w.hasLong() {
		w.slice = firstSlice
	}
	w.width = w.input.Schema().NumFields()
	w.rows = newWindowRows(newSpooledBuffer(r.env, w.keptSchema(), r.statsOf(n)))
	return w, nil
}

func (w *window) Schema() *arrow.Schema { return w.schema }

func (w *window) Close() error {
	w.rows.close()
	w.held.close()
	for _, c := range w.calls {
		c.state.close()
	}
	return w.input.Close()
}

func (w *window) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if err := checkContext(ctx); err != nil {
		return nil, err
	}
	if !w.opened {
		for _, c := range w.calls {
			if err := c.frame.open(w); err != nil {
				return nil, err
			}
		}
		w.opened = true
	}
	for {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		if w.next < w.rows.chunks() && w.rows.starts[w.next+1] <= w.complete() {
			return w.emit(ctx)
		}
		if w.ended {
			return nil, io.EOF
		}
		if err := w.load(ctx); err != nil {
			return nil, err
		}
	}
}

// keptSchema is the input's columns with what is computed behind them, where
// the calls find their arguments.
func (w *window) keptSchema() *arrow.Schema {
	fields := append([]arrow.Field(nil), w.input.Schema().Fields()...)
	add := func(s *scalar) {
		fields = append(fields, arrow.Field{Type: s.typ.Phys().ArrowType(), Nullable: true})
	}
	for _, s := range w.keys() {
		add(s)
	}
	for _, c := range w.calls {
		c.firstArg = len(fields)
		for _, s := range c.arguments() {
			add(s)
		}
		if c.filter() != nil {
			add(c.filter())
		}
	}
	return arrow.NewSchema(fields, nil)
}

// keys are the partition and order keys.
func (w *window) keys() []*scalar {
	return append(sortScalars(w.partitionBy), sortScalars(w.orderBy)...)
}

// load takes the input's next batch.
func (w *window) load(ctx context.Context) error {
	batch, err := w.input.Next(ctx)
	if err == io.EOF {
		w.ended = true
		if n := len(w.parts); n > 0 {
			w.parts[n-1].end = w.rows.end()
		}
		return nil
	}
	if err != nil {
		return err
	}
	defer batch.Release()
	n := int(batch.NumRows())
	cols, err := columns(w.env, w.keys(), batch.Columns(), n)
	defer func() { releaseAll(cols) }()
	for i := 0; err == nil && i < len(w.calls); i++ {
		var more []arrow.Array
		more, err = w.calls[i].evaluate(w.env, batch.Columns(), n)
		cols = append(cols, more...)
	}
	if err != nil {
		return err
	}
	all := append(append([]arrow.Array(nil), batch.Columns()...), cols...)
	return w.keep(array.NewRecordBatch(w.rows.buf.schema, all, int64(n)))
}

// keep takes a batch over and cuts its rows into partitions and peer groups.
func (w *window) keep(batch arrow.RecordBatch) error {
	begins := w.rows.begins(batch, w.width, w.partitionBy)
	peers := w.rows.begins(batch, w.width+len(w.partitionBy), w.orderBy)
	for i := range int(batch.NumRows()) {
		row := w.rows.end() + i
		if begins[i] || row == 0 {
			if n := len(w.parts); n > 0 {
				w.parts[n-1].end = row
			}
			w.parts = append(w.parts, partition{start: row, end: -1})
			w.rows.peers.set(row)
		} else if peers[i] {
			w.rows.peers.set(row)
		}
	}
	if err := w.rows.add(batch); err != nil {
		return err
	}
	return w.held.set(w.rows.peers.bytes() + partitionBytes*int64(cap(w.parts)))
}

// complete is the row after the last partition that has ended.
func (w *window) complete() int {
	if n := len(w.parts); n > 0 && w.parts[n-1].end < 0 {
		return w.parts[n-1].start
	}
	return w.rows.end()
}

const (
	// firstSlice is how many rows come out first where results may be long (an
	// aggregate's string or array, which each row has anew), sliceBytes about how
	// many bytes of such results.
	firstSlice = 64
	sliceBytes = 16 << 20
)

// hasLong reports whether a call's results may be long.
func (w *window) hasLong() bool {
	return slices.ContainsFunc(w.calls, func(c *windowCall) bool {
		return c.agg != nil && (c.typ.Phys() == types.PhysString || c.typ.IsArray() || c.typ.OID == types.JSONB || c.typ.OID == types.Bytea)
	})
}

// emit makes the output of the next chunk, or of the next slice of it.
func (w *window) emit(ctx context.Context) (arrow.RecordBatch, error) {
	first, end := w.rows.starts[w.next], w.rows.starts[w.next+1]
	from, to := first+w.emitted, end
	if w.slice > 0 {
		to = min(end, from+w.slice)
	}
	cols := make([]arrow.Array, 0, w.width+len(w.calls))
	defer func() { releaseAll(cols) }()
	for _, c := range w.calls {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		a, err := w.compute(ctx, c, from, to)
		if err != nil {
			return nil, err
		}
		cols = append(cols, a)
	}
	chunk, err := w.rows.buf.chunk(w.next)
	if err != nil {
		return nil, err
	}
	part := chunk.NewSlice(int64(from-first), int64(to-first))
	defer part.Release()
	out := array.NewRecordBatch(w.schema, append(append([]arrow.Array(nil), part.Columns()[:w.width]...), cols...), int64(to-from))
	w.adapt(cols, to-from)
	if w.emitted += to - from; to == end {
		w.emitted = 0
		w.next++
		w.drop(to)
	}
	return out, nil
}

// adapt chooses the rows of the next slice by what the results of n rows took.
func (w *window) adapt(cols []arrow.Array, n int) {
	if w.slice == 0 {
		return
	}
	size := int64(1)
	for _, c := range cols {
		size += columnBytes(c)
	}
	w.slice = int(max(1, min(int64(2*n), int64(n)*sliceBytes/size, BatchRows)))
}

// compute makes a call's results for rows [from, to).
func (w *window) compute(ctx context.Context, c *windowCall, from, to int) (arrow.Array, error) {
	b := types.NewBuilder(w.env.Alloc, c.typ)
	defer b.Release()
	for _, p := range w.parts {
		if from == p.start {
			fn, err := w.start(ctx, c, p)
			if err != nil {
				return nil, err
			}
			c.fn = fn
		}
		for end := min(p.end, to); from < end; from++ {
			if err := c.fn(from, b); err != nil {
				return nil, err
			}
		}
		if from == to {
			break
		}
	}
	return b.NewArray(), nil
}

// drop lets go of what rows from next on do not look at.
func (w *window) drop(next int) {
	n := 0
	for n < len(w.parts) && w.parts[n].end >= 0 && w.parts[n].end <= next {
		n++
	}
	w.parts = w.parts[n:]
	if len(w.parts) > 0 {
		next = min(next, w.parts[0].start)
	}
	w.next -= w.rows.drop(next, w.next)
}
