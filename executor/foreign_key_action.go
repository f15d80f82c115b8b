package executor

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func sortKeys(keys []kv.Key) { slices.SortFunc(keys, bytes.Compare) }

// keyChanges are the referenced keys that a statement removed or changed. At
// its end the actions of the foreign keys that point at them run: nested plans
// with the keys as execution parameters, or a probe that must find nothing.
type keyChanges struct{ changes []keyChange }

type keyChange struct {
	action   int // position in tableWriter.referencing
	old, new []types.Datum
}

// add notes the keys that rows lost; after is nil if the rows were deleted.
func (k *keyChanges) add(w *tableWriter, before, after *rowImages) {
	if len(w.referencing) == 0 {
		return
	}
	for i := range before.n {
		var now []types.Datum
		if after != nil {
			now = after.reader.Row(i)
		}
		k.addRow(w.referencing, before.reader.Row(i), now)
	}
}

// addRow is add for one row; row is nil if it was deleted.
func (k *keyChanges) addRow(actions []plan.ForeignKeyAction, old, row []types.Datum) {
	for a := range actions {
		c := keyChange{action: a, old: pickValues(old, actions[a].Key.RefColumns)}
		if slices.ContainsFunc(c.old, types.Datum.IsNull) {
			continue
		}
		if row != nil {
			if c.new = pickValues(row, actions[a].Key.RefColumns); slices.Equal(c.old, c.new) {
				continue
			}
		}
		k.changes = append(k.changes, c)
	}
}

// pickValues copies the values of columns (attnums).
func pickValues(row []types.Datum, columns []int16) []types.Datum {
	out := make([]types.Datum, len(columns))
	for i, num := range columns {
		out[i] = row[num-1].Clone()
	}
	return out
}

// run runs the actions. The changed rows are locked by now, so that nobody can
// come to reference them any more; who did since the statement's snapshot was
// taken is seen by looking at the newest versions.
func (k *keyChanges) run(ctx context.Context, w *tableWriter) error {
	if len(k.changes) == 0 {
		return nil
	}
	return AtLatest(w.env.Txn, func() error { return k.runAll(ctx, w) })
}

func (k *keyChanges) runAll(ctx context.Context, w *tableWriter) error {
	for _, c := range k.changes {
		if err := checkContext(ctx); err != nil {
			return err
		}
		a := &w.referencing[c.action]
		if err := w.runAction(ctx, a, c); err != nil {
			return err
		}
	}
	return nil
}

func (w *tableWriter) runAction(ctx context.Context, a *plan.ForeignKeyAction, c keyChange) error {
	node, kind := a.OnDelete, a.Key.OnDelete
	if c.new != nil {
		node, kind = a.OnUpdate, a.Key.OnUpdate
	}
	for i, slot := range a.KeySlots {
		w.run.setExec(slot, c.old[i])
	}
	for i, slot := range a.NewSlots {
		if c.new != nil {
			w.run.setExec(slot, c.new[i])
		}
	}
	probe := a.Probe
	if node != nil {
		if _, err := w.runNested(ctx, node, false); err != nil {
			return err
		}
		u, ok := node.(*plan.Update)
		if kind != catalog.FKSetDefault || !ok {
			return nil
		}
		// Rows whose default is the very key that is gone still reference it.
		probe = u.Input
	}
	if kind != catalog.FKRestrict {
		// NO ACTION looks at the end of the statement: somebody else may have the key now.
		if has, err := w.hasKey(ctx, a.Key, c.old); err != nil || has {
			return err
		}
	}
	found, err := w.runNested(ctx, probe, true)
	if err != nil || !found {
		return err
	}
	names, texts := make([]string, len(c.old)), make([]string, len(c.old))
	for i, num := range a.Key.RefColumns {
		col := &w.table.Columns[num-1]
		names[i], texts[i] = col.Name, w.env.datumText(col.Type, c.old[i])
	}
	return pgerror.New(pgerror.ForeignKeyViolation, "update or delete on table %q violates foreign key constraint %q on table %q", w.table.Name, a.Key.Name, a.Table.Name).
		WithDetail("Key (%s)=(%s) is still referenced from table %q.", strings.Join(names, ", "), strings.Join(texts, ", "), a.Table.Name).
		WithTable(w.env.schemaName(a.Table), a.Table.Name).WithConstraint(a.Key.Name)
}

// runNested runs a plan to its end, or to its first row; found says whether
// there was one.
func (w *tableWriter) runNested(ctx context.Context, n plan.Node, first bool) (found bool, err error) {
	op, err := w.run.build(n)
	if err != nil {
		return false, err
	}
	defer func() {
		if e := op.Close(); err == nil {
			err = e
		}
	}()
	err = drain(ctx, op, func(b arrow.RecordBatch) error {
		b.Release()
		found = true
		if first {
			return errFound
		}
		return nil
	})
	if err == errFound { //nolint:errorlint // our own
		err = nil
	}
	return found, err
}

var errFound = pgerror.New(pgerror.InternalError, "a row was found")

// hasKey says whether a row has a referenced key.
func (w *tableWriter) hasKey(ctx context.Context, fk *catalog.ForeignKey, values []types.Datum) (bool, error) {
	for i := range w.table.Indexes {
		ix := &w.table.Indexes[i]
		if ix.ID != fk.RefIndex {
			continue
		}
		ordered := make([]types.Datum, len(ix.Columns))
		for k, c := range ix.Columns {
			if at := slices.Index(fk.RefColumns, c.Num); at >= 0 {
				ordered[k] = values[at]
			}
		}
		key, ok, err := w.layout.PointKey(nil, ix, ordered)
		if err != nil || !ok {
			return false, err
		}
		_, found, err := w.env.Txn.Get(ctx, key)
		return found, err
	}
	return false, nil
}
