package executor

import (
	"context"
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/rowstore"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// maxVerified bounds how many referenced keys a statement remembers.
const maxVerified = 100_000

// foreignKeyCheck verifies that new rows' references exist, and locks the
// referenced rows FOR KEY SHARE, so that they stay. A reference that is not
// found is looked for once more at the end of the statement: it may be to a
// later row of the same statement.
type foreignKeyCheck struct {
	env      *Env
	table    *catalog.Table // referencing
	key      *catalog.ForeignKey
	parent   *catalog.Table
	layout   *rowstore.Layout
	index    *catalog.Index
	position int   // of index in parent.Indexes
	noLock   bool  // only look
	columns  []int // ordinals here, in the order of the index's columns
	verified map[string]struct{}
	missing  map[string][]types.Datum
}

func newForeignKeyCheck(env *Env, t *catalog.Table, parent *rowstore.Layout, c *plan.ForeignKeyCheck) (*foreignKeyCheck, error) {
	f := &foreignKeyCheck{env: env, table: t, key: c.Key, parent: c.Table, layout: parent, position: -1}
	for i := range c.Table.Indexes {
		if c.Table.Indexes[i].ID == c.Key.RefIndex {
			f.position, f.index = i, &c.Table.Indexes[i]
		}
	}
	if f.index == nil {
		return nil, pgerror.New(pgerror.InternalError, "foreign key %q has no index on %q", c.Key.Name, c.Table.Name)
	}
	f.columns = keyOrdinals(f.index, c.Key)
	return f, nil
}

// keyOrdinals are a foreign key's referencing columns in the order of the index's columns.
func keyOrdinals(ix *catalog.Index, fk *catalog.ForeignKey) []int {
	out := make([]int, len(ix.Columns))
	for i, c := range ix.Columns {
		for k, num := range fk.RefColumns {
			if num == c.Num {
				out[i] = int(fk.Columns[k]) - 1
			}
		}
	}
	return out
}

// checkParents verifies the references of rows; of updated rows only those that changed.
func (w *tableWriter) checkParents(ctx context.Context, im, old *rowImages) error {
	for _, f := range w.foreignKeys {
		keys := map[string][]types.Datum{}
		for i := range im.n {
			var before []types.Datum
			if old != nil {
				before = old.reader.Row(i)
			}
			if err := f.collect(im.reader.Row(i), before, keys); err != nil {
				return err
			}
		}
		if err := f.verify(ctx, keys); err != nil {
			return err
		}
	}
	return nil
}

// collect adds the key that a row references to keys, if it is to be verified.
func (f *foreignKeyCheck) collect(row, old []types.Datum, keys map[string][]types.Datum) error {
	nulls, same := 0, old != nil
	for _, o := range f.columns {
		if row[o].IsNull() {
			nulls++
		}
		same = same && row[o] == old[o]
	}
	if same || nulls == len(f.columns) {
		return nil
	}
	if nulls > 0 {
		if f.key.MatchFull {
			return f.violation().WithDetail("MATCH FULL does not allow mixing of null and nonnull key values.")
		}
		return nil
	}
	values := make([]types.Datum, len(f.columns))
	for i, o := range f.columns {
		d, err := convertKey(f.table.Columns[o].Type, f.parent.Columns[f.index.Columns[i].Num-1].Type, row[o])
		if err != nil {
			return err
		}
		values[i] = d
	}
	key, _, err := f.layout.PointKey(nil, f.index, values)
	if err != nil {
		return err
	}
	if _, ok := f.verified[string(key)]; ok {
		return nil
	}
	if _, ok := keys[string(key)]; !ok {
		for i := range values {
			values[i] = values[i].Clone()
		}
		keys[string(key)] = values
	}
	return nil
}

// convertKey turns a referencing value into the referenced column's type.
func convertKey(from, to types.Type, d types.Datum) (types.Datum, error) {
	p := to.Phys()
	if d.P == p && (from.OID == to.OID || p != types.PhysBinary) {
		return d, nil
	}
	if hashClass(d.P) == types.PhysInt64 && hashClass(p) == types.PhysInt64 {
		return types.NewInt(p, d.I), nil
	}
	return types.Parse(types.Of(to.OID), string(types.AppendText(nil, from, d, nil)), nil)
}

// verify looks up and locks referenced rows; those not found become missing.
func (f *foreignKeyCheck) verify(ctx context.Context, keys map[string][]types.Datum) error {
	if len(keys) == 0 {
		return nil
	}
	list := make([]kv.Key, 0, len(keys))
	for k := range keys {
		list = append(list, kv.Key(k))
	}
	sortKeys(list)
	options := kv.LockOptions{Mode: kv.LockKeyShare, Timeout: f.env.LockTimeout}
	isRow := f.parent.Clustered && f.index.Primary
	if isRow && !f.noLock {
		if _, err := f.env.Txn.Lock(ctx, list, options); err != nil {
			return err
		}
	}
	var rows []kv.Key
	err := f.env.Txn.GetMany(ctx, list, func(i int, value []byte) error {
		if !isRow {
			handle, err := f.layout.HandleOfEntry(f.position, list[i], value)
			if err != nil {
				return err
			}
			rows = append(rows, rowstore.RowKey(nil, f.parent, handle))
		}
		delete(keys, string(list[i]))
		delete(f.missing, string(list[i]))
		if f.verified == nil {
			f.verified = map[string]struct{}{}
		}
		if len(f.verified) < maxVerified {
			f.verified[string(list[i])] = struct{}{}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(rows) > 0 && !f.noLock {
		sortKeys(rows)
		if _, err := f.env.Txn.Lock(ctx, rows, options); err != nil {
			return err
		}
	}
	for k, v := range keys {
		if f.missing == nil {
			f.missing = map[string][]types.Datum{}
		}
		f.missing[k] = v
	}
	return nil
}

// finish looks once more for what was missing.
func (f *foreignKeyCheck) finish(ctx context.Context, _ *tableWriter) error {
	if len(f.missing) == 0 {
		return nil
	}
	again := make(map[string][]types.Datum, len(f.missing))
	for k, v := range f.missing {
		again[k] = v
	}
	if err := f.verify(ctx, again); err != nil {
		return err
	}
	for _, values := range f.missing {
		return f.notPresent(values)
	}
	return nil
}

func (f *foreignKeyCheck) violation() *pgerror.Error {
	return pgerror.New(pgerror.ForeignKeyViolation, "insert or update on table %q violates foreign key constraint %q", f.table.Name, f.key.Name).
		WithTable(f.env.schemaName(f.table), f.table.Name).WithConstraint(f.key.Name)
}

// notPresent is the error for referenced values (in the order of the index's columns).
func (f *foreignKeyCheck) notPresent(values []types.Datum) error {
	names, texts := make([]string, len(f.key.Columns)), make([]string, len(f.key.Columns))
	for k, num := range f.key.Columns {
		names[k] = f.table.Columns[num-1].Name
		for i, c := range f.index.Columns {
			if c.Num == f.key.RefColumns[k] {
				texts[k] = f.env.datumText(f.parent.Columns[c.Num-1].Type, values[i])
			}
		}
	}
	return f.violation().WithDetail("Key (%s)=(%s) is not present in table %q.", strings.Join(names, ", "), strings.Join(texts, ", "), f.parent.Name)
}
