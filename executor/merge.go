package executor

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// merge is MERGE:
//
//  1. all rows of the join are read from the statement's snapshot, with what is
//     to be done with each; rows of the table that change are locked, and one
//     that would change twice fails the statement (21000);
//  2. chunk by chunk, the rows of each action go to its writer;
//  3. references are verified and foreign key actions run at the end.
type merge struct {
	run     *run
	node    *plan.Merge
	input   Operator
	actions []mergeAction
	figures MergeFigures
	// Of the rows that change: the handles seen, and how many there were.
	seen    *keyTable
	changed int
	held    reservation
}

// mergeAction is a WHEN clause at work.
type mergeAction struct {
	// write changes the rows of a batch, which it takes over.
	write   func(ctx context.Context, batch arrow.RecordBatch) error
	finish  func(ctx context.Context) error
	columns []int // of the input, nil for all
	writer  *tableWriter
	// lock is of the rows that are changed; inserts lock nothing before.
	changes bool
	lock    kv.LockMode
	count   *int64
}

func (r *run) newMerge(n *plan.Merge) (Operator, error) {
	m := &merge{run: r, node: n, held: reservation{env: r.env}}
	for _, a := range n.Actions {
		action, err := m.action(a)
		if err != nil {
			m.close()
			return nil, err
		}
		m.actions = append(m.actions, action)
	}
	var err error
	if m.input, err = r.build(n.Input); err != nil {
		m.close()
		return nil, err
	}
	return &modify{
		env: r.env, inputs: []Operator{m.input}, schema: schemaOf(n.Cols), stats: r.statsOf(n), cleanup: m.close,
		execute: func(ctx context.Context, _ func(arrow.RecordBatch) error) error { return m.execute(ctx) },
	}, nil
}

func (m *merge) action(a plan.MergeAction) (mergeAction, error) {
	switch n := a.Write.(type) {
	case *plan.Insert:
		ins, err := m.run.newInserter(n)
		if err != nil {
			return mergeAction{}, err
		}
		return mergeAction{write: ins.takeOver, finish: ins.Finish, columns: a.Columns, writer: ins.w, count: &m.figures.Inserted}, nil
	case *plan.Update:
		u, err := m.run.newUpdater(n)
		if err != nil {
			return mergeAction{}, err
		}
		u.w.writer.Locked = true
		write := func(ctx context.Context, batch arrow.RecordBatch) error {
			defer batch.Release()
			_, err := u.chunk(ctx, 0, batch)
			return err
		}
		return mergeAction{write: write, finish: u.finish, writer: u.w, changes: true, lock: updateLock(n.Table, n.Assignments), count: &m.figures.Updated}, nil
	}
	d, err := m.run.newDeleter(a.Write.(*plan.Delete))
	if err != nil {
		return mergeAction{}, err
	}
	d.w.writer.Locked = true
	write := func(ctx context.Context, batch arrow.RecordBatch) error {
		defer batch.Release()
		_, err := d.chunk(ctx, batch)
		return err
	}
	finish := func(ctx context.Context) error { return d.changes.run(ctx, d.w) }
	return mergeAction{write: write, finish: finish, writer: d.w, changes: true, lock: kv.LockUpdate, count: &m.figures.Deleted}, nil
}

func (m *merge) close() {
	for _, a := range m.actions {
		a.writer.close()
	}
	m.held.close()
}

func (m *merge) execute(ctx context.Context) error {
	rows := newSpooledBuffer(m.run.env, m.input.Schema(), m.run.statsOf(m.node))
	defer rows.clear()
	m.seen = newKeyTable([]types.Type{types.Of(types.Bytea)}, nil)
	err := drain(ctx, m.input, func(batch arrow.RecordBatch) error {
		err := m.lockRows(ctx, batch)
		if err != nil {
			batch.Release()
			return err
		}
		return rows.add(batch)
	})
	if err != nil {
		return err
	}
	for k := range rows.chunks {
		if err := checkContext(ctx); err != nil {
			return err
		}
		if err := m.chunk(ctx, rows, k); err != nil {
			return err
		}
	}
	for _, a := range m.actions {
		if err := a.finish(ctx); err != nil {
			return err
		}
	}
	m.report()
	return nil
}

// lockRows locks the rows of the table that actions will change.
func (m *merge) lockRows(ctx context.Context, batch arrow.RecordBatch) error {
	handles := batch.Column(m.node.Handle)
	keys := make([][]kv.Key, len(m.actions))
	var changed []int32
	for i, a := range m.actionsOf(batch) {
		if a < 0 || !m.actions[a].changes {
			continue
		}
		key := handleKey(m.node.Table, types.DatumAt(handles, i).Bytes())
		if m.run.env.changedHere(key) {
			return errMergedTwice()
		}
		keys[a] = append(keys[a], key)
		changed = append(changed, int32(i))
	}
	if err := m.once(handles, changed); err != nil {
		return err
	}
	for a, list := range keys {
		if len(list) == 0 {
			continue
		}
		if _, err := m.run.env.Txn.Lock(ctx, list, kv.LockOptions{Mode: m.actions[a].lock, Timeout: m.run.env.LockTimeout}); err != nil {
			return rowConflict(ctx, m.run.env, m.node.Table, list, err)
		}
	}
	refs := make([]rowRef, len(changed))
	for i, row := range changed {
		refs[i] = refOf(0, int(row))
	}
	return verifyPoints(ctx, m.run.env, m.node.Table, handles, refs)
}

// once fails if one of the handles at idx was there before.
func (m *merge) once(handles arrow.Array, idx []int32) error {
	if len(idx) == 0 {
		return nil
	}
	own, err := take(m.run.env.Alloc, handles, idx)
	if err != nil {
		return err
	}
	defer own.Release()
	m.seen.insert([]arrow.Array{own}, len(idx), nil)
	if m.changed += len(idx); m.seen.len() < m.changed {
		return errMergedTwice()
	}
	return m.held.set(m.seen.bytes())
}

func errMergedTwice() error {
	return pgerror.New(pgerror.CardinalityViolation, "MERGE command cannot affect row a second time").
		WithHint("Ensure that not more than one source row matches any one target row.")
}

// actionsOf is the action of each row, -1 for none.
func (m *merge) actionsOf(batch arrow.RecordBatch) []int32 {
	col := batch.Column(m.node.Action).(*array.Int32)
	out := make([]int32, col.Len())
	for i := range out {
		if out[i] = -1; col.IsValid(i) {
			out[i] = col.Value(i)
		}
	}
	return out
}

// chunk hands the rows of chunk k to the actions.
func (m *merge) chunk(ctx context.Context, rows *rowBuffer, k int) error {
	batch, err := rows.chunk(k)
	if err != nil {
		return err
	}
	own := make([][]rowRef, len(m.actions))
	for i, a := range m.actionsOf(batch) {
		if a < 0 {
			m.figures.Skipped++
		} else {
			own[a] = append(own[a], refOf(k, i))
		}
	}
	for a, refs := range own {
		if len(refs) == 0 {
			continue
		}
		part, err := rows.gather(refs)
		if err != nil {
			return err
		}
		*m.actions[a].count += int64(len(refs))
		if err := m.actions[a].write(ctx, m.actions[a].pick(part)); err != nil {
			return err
		}
		if points := m.actions[a].writer.points; points != nil {
			if err := points.writer.Flush(ctx); err != nil { // the other actions look for points in the store
				return err
			}
		}
	}
	return nil
}

// pick leaves the columns that the action reads of a batch, which it takes over.
func (a *mergeAction) pick(batch arrow.RecordBatch) arrow.RecordBatch {
	if a.columns == nil {
		return batch
	}
	defer batch.Release()
	fields := make([]arrow.Field, len(a.columns))
	cols := make([]arrow.Array, len(a.columns))
	for i, c := range a.columns {
		fields[i], cols[i] = batch.Schema().Field(c), batch.Column(c)
	}
	return array.NewRecordBatch(arrow.NewSchema(fields, nil), cols, batch.NumRows())
}

// report makes known what was done.
func (m *merge) report() {
	if s := m.run.statsOf(m.node); s != nil {
		s.Merged = &m.figures
	}
	if m.run.counts(m.node) {
		m.run.env.Merged = m.figures
		m.run.env.Affected += m.figures.Inserted + m.figures.Updated + m.figures.Deleted
	}
}
