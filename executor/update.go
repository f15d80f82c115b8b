package executor

import (
	"bytes"
	"cmp"
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/rowstore"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// update is UPDATE:
//
//  1. the rows are collected and locked (target_rows.go);
//  2. chunk by chunk, assignments are computed over the old rows and verified;
//  3. row by row, keys that change in unique indexes are looked for, as
//     PostgreSQL does at once, and the row is written;
//  4. references are verified and foreign key actions run at the end.
type update struct {
	run       *run
	w         *tableWriter
	node      *plan.Update
	values    []*scalar
	returning []*scalar
	schema    *arrow.Schema
	changes   keyChanges
	// early: the assignments have subqueries, which must not see the statement's
	// writes: all of them are computed before the first row is written.
	early    bool
	assigned [][]arrow.Array // by chunk, if early
}

func (r *run) newUpdate(n *plan.Update) (Operator, error) {
	u, err := r.newUpdater(n)
	if err != nil {
		return nil, err
	}
	input, err := r.build(n.Input)
	if err != nil {
		return nil, err
	}
	m := &modify{env: r.env, inputs: []Operator{input}, schema: u.schema, stats: r.statsOf(n), cleanup: u.w.close}
	m.execute = func(ctx context.Context, emit func(arrow.RecordBatch) error) error {
		return u.execute(ctx, input, emit)
	}
	return m, nil
}

// newUpdater is newUpdate without an input.
func (r *run) newUpdater(n *plan.Update) (*update, error) {
	w, err := r.newTableWriter(n.Table, &n.Rows)
	if err != nil {
		return nil, err
	}
	u := &update{run: r, w: w, node: n, schema: schemaOf(n.Cols)}
	for _, a := range n.Assignments {
		s, err := r.compile(a.Value)
		if err != nil {
			return nil, err
		}
		u.values = append(u.values, s)
		u.early = u.early || hasSubplan([]expr.Expr{a.Value})
	}
	if u.returning, err = r.compileAll(n.Returning); err != nil {
		return nil, err
	}
	return u, nil
}

// updateLock is the lock an UPDATE of the given columns takes: rows whose key
// may be referenced by others are locked against FOR KEY SHARE too.
func updateLock(t *catalog.Table, assignments []plan.Assignment) kv.LockMode {
	for _, a := range assignments {
		num := t.Columns[a.Column].Num
		for i := range t.Indexes {
			ix := &t.Indexes[i]
			if !ix.Unique || ix.Predicate != "" {
				continue
			}
			for _, c := range ix.Columns {
				if c.Num == num {
					return kv.LockUpdate
				}
			}
		}
	}
	return kv.LockNoKeyUpdate
}

func (u *update) execute(ctx context.Context, input Operator, emit func(arrow.RecordBatch) error) error {
	rows, err := collectTargets(ctx, u.run.env, input, targets{
		table: u.node.Table, handle: u.node.Handle, mode: updateLock(u.node.Table, u.node.Assignments),
		distinct: findsOnce(u.node.Input), recheck: u.run.writesFound(u.node, u.node.Input, u.node.Table), stats: u.run.statsOf(u.node),
	})
	if err != nil {
		return err
	}
	defer rows.clear()
	u.w.writer.Locked = true
	if u.early {
		defer u.dropAssigned()
		if err := u.assignAll(ctx, rows); err != nil {
			return err
		}
	}
	for k := range rows.chunks {
		if err := checkContext(ctx); err != nil {
			return err
		}
		batch, err := rows.chunk(k)
		if err != nil {
			return err
		}
		if batch == nil {
			continue
		}
		out, err := u.chunk(ctx, k, batch)
		batch.Release()
		if err != nil {
			return err
		}
		if out != nil {
			if err := emit(out); err != nil {
				return err
			}
		}
	}
	return u.finish(ctx)
}

// finish verifies what must hold at the end and runs foreign keys' actions.
func (u *update) finish(ctx context.Context) error {
	for _, fk := range u.w.foreignKeys {
		if err := fk.finish(ctx, u.w); err != nil {
			return err
		}
	}
	return u.changes.run(ctx, u.w)
}

// assignAll computes the assignments of all chunks.
func (u *update) assignAll(ctx context.Context, rows *targetRows) error {
	u.assigned = make([][]arrow.Array, len(rows.chunks))
	for k := range rows.chunks {
		if err := checkContext(ctx); err != nil {
			return err
		}
		batch, err := rows.chunk(k)
		if err != nil {
			return err
		}
		if batch == nil {
			continue
		}
		u.assigned[k], err = columns(u.run.env, u.values, batch.Columns(), int(batch.NumRows()))
		batch.Release()
		if err != nil {
			return err
		}
		size := u.w.held.held
		for _, a := range u.assigned[k] {
			size += columnBytes(a)
		}
		if err := u.w.held.set(size); err != nil {
			return err
		}
	}
	return nil
}

func (u *update) dropAssigned() {
	for _, a := range u.assigned {
		releaseAll(a)
	}
	u.assigned = nil
}

// assign are the assigned values of chunk k, whose rows are in batch.
func (u *update) assign(k int, batch arrow.RecordBatch) ([]arrow.Array, error) {
	if u.early {
		out := u.assigned[k]
		u.assigned[k] = nil
		return out, nil
	}
	return columns(u.run.env, u.values, batch.Columns(), int(batch.NumRows()))
}

// chunk updates the rows of chunk k, which are in batch.
func (u *update) chunk(ctx context.Context, k int, batch arrow.RecordBatch) (arrow.RecordBatch, error) {
	n := int(batch.NumRows())
	assigned, err := u.assign(k, batch)
	if err != nil {
		return nil, err
	}
	defer releaseAll(assigned)
	old := oldColumns(batch, u.node.OldColumns)
	cols := append([]arrow.Array(nil), old...)
	for i, a := range u.node.Assignments {
		cols[a.Column] = assigned[i]
	}
	before, err := u.w.images(old, n)
	if err != nil {
		return nil, err
	}
	defer before.release()
	after, err := u.w.images(cols, n)
	if err != nil {
		return nil, err
	}
	defer after.release()
	if err := u.w.check(after); err != nil {
		return nil, err
	}
	if handles := batch.Column(u.node.Handle); u.w.points != nil {
		err = u.w.points.update(ctx, handles, after)
	} else {
		for i := 0; i < n && err == nil; i++ {
			err = u.w.updateRow(ctx, types.DatumAt(handles, i).Bytes(), before.at(i), after.at(i))
		}
	}
	if err != nil {
		return nil, err
	}
	if err := u.w.checkParents(ctx, after, before); err != nil {
		return nil, err
	}
	u.changes.add(u.w, before, after)
	if u.run.counts(u.node) {
		u.run.env.Affected += int64(n)
	}
	if len(u.returning) == 0 {
		return nil, nil
	}
	in := append([]arrow.Array(nil), batch.Columns()...)
	for o, at := range u.node.OldColumns {
		if at >= 0 {
			in[at] = cols[o]
		}
	}
	return returning(u.run.env, u.returning, u.schema, in, n)
}

// oldColumns are the table's columns in a batch by ordinal, nil for dropped ones.
func oldColumns(batch arrow.RecordBatch, positions []int) []arrow.Array {
	out := make([]arrow.Array, len(positions))
	for o, at := range positions {
		if at >= 0 {
			out[o] = batch.Column(at)
		}
	}
	return out
}

// updateRow verifies the unique keys that change and writes the row.
func (w *tableWriter) updateRow(ctx context.Context, handle []byte, old, row rowstore.Row) error {
	if err := w.claimChanged(ctx, handle, old, row); err != nil {
		return err
	}
	_, err := w.writer.Update(handle, old, row)
	return err
}

// claimChanged locks and probes the unique keys of a row that its old version had not.
func (w *tableWriter) claimChanged(ctx context.Context, handle []byte, old, row rowstore.Row) error {
	newHandle := handle
	for i := range w.table.Indexes {
		ix := &w.table.Indexes[i]
		if !ix.Unique || !w.keyDiffers(ix, i, old, row) {
			continue
		}
		key, ok, err := w.writer.UniqueKey(nil, i, row, handle)
		if i == 0 && !w.layout.HasHiddenRowID() {
			if newHandle, err = w.layout.Handle(nil, row); err == nil {
				key, ok, err = w.writer.UniqueKey(nil, i, row, newHandle)
			}
		}
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if was, had, err := w.writer.UniqueKey(nil, i, old, handle); err != nil || (had && bytes.Equal(was, key)) {
			if err != nil {
				return err
			}
			continue
		}
		if _, err := w.env.Txn.Lock(ctx, []kv.Key{key}, kv.LockOptions{Mode: kv.LockUpdate, Timeout: w.env.LockTimeout}); err != nil {
			if c, latestErr := w.latestConflict(ctx, []uniqueKey{{key: key, index: i}}, err); c != nil || latestErr != nil {
				return cmp.Or(latestErr, w.duplicate(row, i))
			}
			return lockError(err, w.table)
		}
		if _, found, err := w.env.Txn.Get(ctx, key); err != nil {
			return err
		} else if found {
			return w.duplicate(row, i)
		}
	}
	return nil
}

// keyDiffers says whether a row's key in an index may differ from its old one.
func (w *tableWriter) keyDiffers(ix *catalog.Index, position int, old, row rowstore.Row) bool {
	if old.Skip != nil && old.Skip[position] != row.Skip[position] {
		return true
	}
	for i, c := range ix.Columns {
		if c.Num > 0 {
			if old.Values[c.Num-1] != row.Values[c.Num-1] {
				return true
			}
		} else if old.Exprs[position][i] != row.Exprs[position][i] {
			return true
		}
	}
	return false
}
