package executor

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/rowstore"
)

// Inserter writes batches of rows into a table: INSERT, and COPY FROM, which
// feeds it without a plan for its input.
//
// For each batch: NOT NULL and CHECK are verified over whole columns; the
// rows' unique keys are locked, so that of two transactions with one key the
// second waits and then sees the first's row, and probed; the rows are
// written; the rows they reference are looked up and locked. What must hold
// only at the end of the statement is verified by Finish.
type Inserter struct {
	run       *run
	w         *tableWriter
	node      *plan.Insert
	conflict  *onConflict
	returning []*scalar
	schema    *arrow.Schema
	locked    int
	count     int64
}

// NewInserter makes an inserter of rows as node.Input would yield them;
// node.Input itself is not looked at. The caller feeds it with Insert, then
// calls Finish, and Close in any case.
func NewInserter(env *Env, node *plan.Insert) (*Inserter, error) {
	r := newRun(env)
	r.top = node
	return r.newInserter(node)
}

func (r *run) newInserter(n *plan.Insert) (*Inserter, error) {
	w, err := r.newTableWriter(n.Table, &n.Rows)
	if err != nil {
		return nil, err
	}
	ins := &Inserter{run: r, w: w, node: n, schema: schemaOf(n.Cols)}
	if ins.returning, err = r.compileAll(n.Returning); err != nil {
		return nil, err
	}
	if n.Conflict != nil {
		if ins.conflict, err = r.newOnConflict(w, n.Conflict); err != nil {
			return nil, err
		}
	}
	return ins, nil
}

func (r *run) newInsert(n *plan.Insert) (Operator, error) {
	ins, err := r.newInserter(n)
	if err != nil {
		return nil, err
	}
	input, err := r.build(n.Input)
	if err != nil {
		return nil, err
	}
	collect := r.readsTable(n.Input, n.Table)
	m := &modify{env: r.env, inputs: []Operator{input}, schema: ins.schema, stats: r.statsOf(n), cleanup: func() { ins.Close() }}
	m.execute = func(ctx context.Context, emit func(arrow.RecordBatch) error) error {
		source := input
		if collect {
			rows := newSpooledBuffer(r.env, input.Schema(), r.statsOf(n))
			defer rows.clear()
			if err := rows.fill(ctx, input); err != nil {
				return err
			}
			source = &cteRef{buffer: &cteBuffer{rows: rows}, schema: input.Schema()}
		}
		err := drain(ctx, source, func(batch arrow.RecordBatch) error {
			out, err := ins.insert(ctx, batch)
			if err != nil || out == nil {
				return err
			}
			return emit(out)
		})
		if err != nil {
			return err
		}
		return ins.Finish(ctx)
	}
	return m, nil
}

// Insert writes a batch, which stays the caller's.
func (ins *Inserter) Insert(ctx context.Context, batch arrow.RecordBatch) error {
	if err := checkContext(ctx); err != nil {
		return err
	}
	batch.Retain()
	return ins.takeOver(ctx, batch)
}

// takeOver is Insert of a batch that the caller gives away.
func (ins *Inserter) takeOver(ctx context.Context, batch arrow.RecordBatch) error {
	out, err := ins.insert(ctx, batch)
	if out != nil {
		out.Release()
	}
	return err
}

// Rows is how many rows were written.
func (ins *Inserter) Rows() int64 { return ins.count }

// Finish verifies what must hold at the end of the statement.
func (ins *Inserter) Finish(ctx context.Context) error {
	if ins.w.points != nil {
		if err := ins.w.points.writer.Flush(ctx); err != nil {
			return err
		}
	}
	for _, fk := range ins.w.foreignKeys {
		if err := fk.finish(ctx, ins.w); err != nil {
			return err
		}
	}
	if ins.conflict != nil {
		return ins.conflict.finish(ctx)
	}
	return nil
}

// Close gives back what the inserter holds.
func (ins *Inserter) Close() error {
	ins.w.close()
	return nil
}

// insert writes a batch, which it takes over, and returns RETURNING's.
func (ins *Inserter) insert(ctx context.Context, batch arrow.RecordBatch) (arrow.RecordBatch, error) {
	defer batch.Release()
	cols := make([]arrow.Array, len(ins.w.table.Columns))
	for i, o := range ins.node.Target {
		cols[o] = batch.Column(i)
	}
	n := int(batch.NumRows())
	im, err := ins.w.images(cols, n)
	if err != nil {
		return nil, err
	}
	defer im.release()
	if err := ins.w.check(im); err != nil {
		return nil, err
	}
	if ins.w.points != nil {
		return ins.insertPoints(ctx, im)
	}
	if ins.conflict != nil {
		return ins.conflict.insert(ctx, ins, im)
	}
	if err := ins.writeRows(ctx, im); err != nil {
		return nil, err
	}
	if err := ins.w.checkParents(ctx, im, nil); err != nil {
		return nil, err
	}
	ins.wrote(int64(n))
	if len(ins.returning) == 0 {
		return nil, nil
	}
	return returning(ins.w.env, ins.returning, ins.schema, cols, n)
}

// writeRows claims the unique keys of new rows and writes them.
func (ins *Inserter) writeRows(ctx context.Context, im *rowImages) error {
	handles, err := ins.handles(ctx, im)
	if err != nil {
		return err
	}
	if err := ins.claim(ctx, im, handles); err != nil {
		return err
	}
	for i := range im.n {
		if err := ins.w.writer.Insert(im.at(i), handles[i]); err != nil {
			return err
		}
	}
	return nil
}

func (ins *Inserter) wrote(n int64) {
	ins.count += n
	if ins.run.counts(ins.node) {
		ins.w.env.Affected += n
	}
}

// handles makes the handles of new rows: their primary keys, or new row ids.
func (ins *Inserter) handles(ctx context.Context, im *rowImages) ([][]byte, error) {
	out := make([][]byte, im.n)
	if ins.w.layout.HasHiddenRowID() {
		first, err := ins.w.env.RowIDs.Take(ctx, ins.w.env.Txn, ins.w.layout, im.n)
		if err != nil {
			return nil, err
		}
		arena := make([]byte, 0, 8*im.n)
		for i := range out {
			arena = rowstore.IntHandle(arena, first+int64(i))
			out[i] = arena[8*i : 8*i+8 : 8*i+8]
		}
		return out, nil
	}
	var arena []byte
	for i := range out {
		start := len(arena)
		var err error
		if arena, err = ins.w.layout.Handle(arena, im.at(i)); err != nil {
			return nil, err
		}
		out[i] = arena[start:len(arena):len(arena)]
	}
	return out, nil
}

func (ins *Inserter) claim(ctx context.Context, im *rowImages, handles [][]byte) error {
	keys, err := ins.w.uniqueKeys(im, handles)
	if err != nil {
		return err
	}
	c, err := ins.w.claim(ctx, keys, &ins.locked)
	if err != nil || c == nil {
		return err
	}
	ins.run.env.rejected(c.row, true)
	return ins.w.duplicate(im.at(c.row), c.index)
}
