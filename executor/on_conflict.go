package executor

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/rowstore"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// onConflict is INSERT ... ON CONFLICT. The unique keys of a batch are locked
// together; then row by row, as each may be in conflict with the one before:
// if the row's key in an arbiter index exists, nothing happens or the existing
// row is updated; else the row is inserted.
type onConflict struct {
	w        *tableWriter
	spec     *plan.OnConflict
	rows     *plan.RowChecks
	arbiters map[int]bool // nil: any unique index
	mode     kv.LockMode
	decoder  *rowstore.RowDecoder
	touched  map[string]struct{} // handles of rows written by this command
	changes  keyChanges
}

func (r *run) newOnConflict(w *tableWriter, c *plan.OnConflict) (*onConflict, error) {
	o := &onConflict{w: w, spec: c, mode: updateLock(w.table, c.Update), decoder: w.layout.Decoder(w.live), touched: map[string]struct{}{}}
	if len(c.Arbiters) > 0 {
		o.arbiters = map[int]bool{}
		for _, a := range c.Arbiters {
			o.arbiters[a] = true
		}
	}
	return o, nil
}

func (o *onConflict) insert(ctx context.Context, ins *Inserter, im *rowImages) (arrow.RecordBatch, error) {
	o.rows = &ins.node.Rows
	handles, err := ins.handles(ctx, im)
	if err != nil {
		return nil, err
	}
	keys, err := o.w.uniqueKeys(im, handles)
	if err != nil {
		return nil, err
	}
	if err := o.lock(ctx, ins, keys); err != nil {
		return nil, err
	}
	parents := make([]map[string][]types.Datum, len(o.w.foreignKeys))
	out := newBuilders(o.w.env, o.liveTypes())
	defer out.release()
	n := 0
	for i := range im.n {
		var mine []uniqueKey
		for len(keys) > 0 && keys[0].row == i {
			mine = append(mine, keys[0])
			keys = keys[1:]
		}
		row, old, err := o.row(ctx, im.at(i), handles[i], mine)
		if err != nil {
			return nil, err
		}
		if row == nil {
			continue
		}
		for k, f := range o.w.foreignKeys {
			if parents[k] == nil {
				parents[k] = map[string][]types.Datum{}
			}
			if err := f.collect(row, old, parents[k]); err != nil {
				return nil, err
			}
		}
		for k, c := range o.w.live {
			types.AppendDatum(out[k], row[c])
		}
		n++
	}
	for k, f := range o.w.foreignKeys {
		if err := f.verify(ctx, parents[k]); err != nil {
			return nil, err
		}
	}
	ins.wrote(int64(n))
	if n == 0 || len(ins.returning) == 0 {
		return nil, nil
	}
	return o.returning(ins, out.arrays(), n)
}

func (o *onConflict) liveTypes() []types.Type {
	ts := make([]types.Type, len(o.w.live))
	for i, c := range o.w.live {
		ts[i] = o.w.table.Columns[c].Type
	}
	return ts
}

func (o *onConflict) returning(ins *Inserter, live []arrow.Array, n int) (arrow.RecordBatch, error) {
	defer releaseAll(live)
	return returning(o.w.env, ins.returning, ins.schema, o.byOrdinal(live), n)
}

func (o *onConflict) lock(ctx context.Context, ins *Inserter, keys []uniqueKey) error {
	if len(keys) == 0 {
		return nil
	}
	list := make([]kv.Key, len(keys))
	for i, k := range keys {
		list[i] = k.key
	}
	sortKeys(list)
	ins.locked += len(keys)
	o.w.writer.Locked = true
	_, err := o.w.env.Txn.Lock(ctx, list, kv.LockOptions{Mode: kv.LockUpdate, Timeout: o.w.env.LockTimeout})
	return lockError(err, o.w.table)
}

// row inserts a row or deals with its conflict. It returns the row as written,
// nil if nothing was, and its old version if it was updated.
func (o *onConflict) row(ctx context.Context, row rowstore.Row, handle []byte, keys []uniqueKey) (written, old []types.Datum, err error) {
	for _, arbiter := range []bool{true, false} {
		for _, k := range keys {
			if arbiter != (o.arbiters == nil || o.arbiters[k.index]) {
				continue
			}
			value, found, err := o.w.env.Txn.Get(ctx, k.key)
			if err != nil {
				return nil, nil, err
			}
			if !found {
				continue
			}
			if !arbiter {
				return nil, nil, o.w.duplicate(row, k.index)
			}
			if o.spec.Update == nil {
				return nil, nil, nil
			}
			existing, err := o.w.layout.HandleOfEntry(k.index, k.key, value)
			if err != nil {
				return nil, nil, err
			}
			return o.update(ctx, row, append([]byte(nil), existing...))
		}
	}
	if err := o.w.writer.Insert(row, handle); err != nil {
		return nil, nil, err
	}
	if o.spec.Update != nil {
		o.touched[string(handle)] = struct{}{}
	}
	return row.Values, nil, nil
}

var errSecondTime = pgerror.New(pgerror.CardinalityViolation, "ON CONFLICT DO UPDATE command cannot affect row a second time").
	WithHint("Ensure that no rows proposed for insertion within the same command have duplicate constrained values.")

// update updates the existing row that a new one is in conflict with.
func (o *onConflict) update(ctx context.Context, excluded rowstore.Row, handle []byte) (written, old []types.Datum, err error) {
	if _, ok := o.touched[string(handle)]; ok {
		return nil, nil, errSecondTime
	}
	env, t := o.w.env, o.w.table
	key := rowstore.RowKey(nil, t, handle)
	if env.changedHere(key) {
		return nil, nil, errSecondTime
	}
	if _, err := env.Txn.Lock(ctx, []kv.Key{key}, kv.LockOptions{Mode: o.mode, Timeout: env.LockTimeout}); err != nil {
		return nil, nil, lockError(err, t)
	}
	if old, err = readRow(ctx, env, o.decoder, t, o.w.live, handle); err != nil || old == nil {
		return nil, nil, err
	}
	values, err := o.updatedRow(old, excluded.Values)
	if values == nil || err != nil {
		return nil, nil, err
	}
	before, err := env.storedRow(o.rows.Indexes, old)
	if err != nil {
		return nil, nil, err
	}
	after, err := env.storedRow(o.rows.Indexes, values)
	if err != nil {
		return nil, nil, err
	}
	o.touched[string(handle)] = struct{}{}
	if err := o.w.updateRow(ctx, handle, before, after); err != nil {
		return nil, nil, err
	}
	o.changes.addRow(o.w.referencing, old, values)
	return values, old, nil
}

// updatedRow computes DO UPDATE's row, nil if its WHERE is not true.
func (o *onConflict) updatedRow(old, excluded []types.Datum) ([]types.Datum, error) {
	env, t := o.w.env, o.w.table
	both := append(append(make([]types.Datum, 0, 2*len(old)), old...), excluded...)
	if o.spec.Where != nil {
		if ok, err := expr.ConditionRow(env.Functions, o.spec.Where, both); !ok || err != nil {
			return nil, err
		}
	}
	values := append([]types.Datum(nil), old...)
	for _, a := range o.spec.Update {
		var err error
		if values[a.Column], err = expr.EvalRow(env.Functions, a.Value, both); err != nil {
			return nil, err
		}
	}
	return values, env.checkRow(t, o.rows, values)
}

// readRow reads a whole row by its handle; its strings are its own. It returns
// nil if there is none.
func readRow(ctx context.Context, env *Env, d *rowstore.RowDecoder, t *catalog.Table, live []int, handle []byte) ([]types.Datum, error) {
	value, found, err := env.Txn.Get(ctx, rowstore.RowKey(nil, t, handle))
	if err != nil || !found {
		return nil, err
	}
	decoded := make([]types.Datum, len(live))
	if err := d.DecodeFull(ctx, env.Txn, handle, value, decoded); err != nil {
		return nil, err
	}
	row := make([]types.Datum, len(t.Columns))
	for i, o := range live {
		row[o] = decoded[i].Clone()
	}
	return row, nil
}

func (o *onConflict) finish(ctx context.Context) error { return o.changes.run(ctx, o.w) }
