package executor

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/rowstore"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// BuildIndex fills the index at a position of t.Indexes with the entries of
// the rows that are there now, through bulk, which it flushes and the caller
// closes. exprs are the index's bound expressions. If the index is unique and
// two rows have the same key the error is 23505, and the caller destroys what
// was written.
//
// Duplicates are found by the keys' hashes (8 bytes a row, reserved): only if
// two hashes are equal is the table read again to compare the keys themselves.
func BuildIndex(ctx context.Context, env *Env, t *catalog.Table, position int, exprs plan.IndexExprs, bulk kv.Bulk) error {
	indexes := make([]plan.IndexExprs, len(t.Indexes))
	indexes[position] = exprs
	// Other indexes' expressions are not computed: only this one's entries are.
	w, err := newDDLRun(env).newTableWriter(t, &plan.RowChecks{Indexes: indexes})
	if err != nil {
		return err
	}
	defer w.close()
	columns := indexColumns(t, &t.Indexes[position])
	w.narrow(columns)
	writer := rowstore.NewBulkWriter(bulk, t)
	d := newDuplicates(env)
	defer d.held.close()
	err = eachBatch(ctx, env, t, columns, func(cols []arrow.Array, handles arrow.Array, n int) error {
		im, err := w.images(cols, n)
		if err != nil {
			return err
		}
		defer im.release()
		for i := range n {
			key, distinct, err := writer.Entry(position, im.at(i), types.DatumAt(handles, i).Bytes())
			if err != nil {
				return err
			}
			if distinct {
				d.add(position, key)
			}
		}
		return d.reserve()
	})
	if err != nil {
		return err
	}
	if err := bulk.Flush(); err != nil {
		return err
	}
	if !d.suspicious() {
		return nil
	}
	return eachBatch(ctx, env, t, columns, func(cols []arrow.Array, handles arrow.Array, n int) error {
		im, err := w.images(cols, n)
		if err != nil {
			return err
		}
		defer im.release()
		for i := range n {
			row := im.at(i)
			key, ok, err := w.writer.UniqueKey(nil, position, row, types.DatumAt(handles, i).Bytes())
			if err != nil {
				return err
			}
			if ok && d.isDuplicate(position, key) {
				return w.duplicated(row, position)
			}
		}
		return nil
	})
}

// duplicated is the error of an index that cannot be made.
func (w *tableWriter) duplicated(row rowstore.Row, position int) error {
	ix := &w.table.Indexes[position]
	return pgerror.New(pgerror.UniqueViolation, "could not create unique index %q", ix.Name).
		WithDetail("Key %s is duplicated.", w.keyTextOf(row, position, ix)).
		WithTable(w.env.schemaName(w.table), w.table.Name).WithConstraint(ix.Name)
}

// duplicates finds keys that come twice: first by their hashes; then, with the
// rows read again, by the keys that have those hashes.
type duplicates struct {
	held   reservation
	hashes []uint64
	twice  map[uint64]bool
	seen   map[string]bool
}

func newDuplicates(env *Env) *duplicates { return &duplicates{held: reservation{env: env}} }

func (d *duplicates) add(position int, key []byte) {
	d.hashes = append(d.hashes, types.HashString(viewString(key), uint64(position)))
}

func (d *duplicates) reserve() error { return d.held.set(int64(cap(d.hashes)) * 8) }

// suspicious says whether there may be duplicates.
func (d *duplicates) suspicious() bool {
	slices.Sort(d.hashes)
	for i := 1; i < len(d.hashes); i++ {
		if d.hashes[i] == d.hashes[i-1] {
			if d.twice == nil {
				d.twice, d.seen = map[uint64]bool{}, map[string]bool{}
			}
			d.twice[d.hashes[i]] = true
		}
	}
	d.hashes = nil
	return d.twice != nil
}

// isDuplicate says whether a key came before, in the second reading.
func (d *duplicates) isDuplicate(position int, key []byte) bool {
	if !d.twice[types.HashString(viewString(key), uint64(position))] {
		return false
	}
	k := fmt.Sprint(position) + string(key)
	if d.seen[k] {
		return true
	}
	d.seen[k] = true
	return false
}

// liveColumns are the ordinals of the columns that are not dropped.
func liveColumns(t *catalog.Table) []int {
	var live []int
	for i := range t.Columns {
		if !t.Columns[i].Dropped {
			live = append(live, i)
		}
	}
	return live
}

// indexColumns are the ordinals of the columns that an index's entries are made
// of: all, if it computes something.
func indexColumns(t *catalog.Table, ix *catalog.Index) []int {
	if ix.Predicate != "" {
		return liveColumns(t)
	}
	var out []int
	for _, c := range ix.Columns {
		if c.Num == 0 {
			return liveColumns(t)
		}
		out = append(out, int(c.Num)-1)
	}
	for _, num := range ix.Include {
		out = append(out, int(num)-1)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// AtLatest runs fn with the transaction's snapshot moved to what is committed
// now, if the store can do that: for what REPEATABLE READ has to see of others.
func AtLatest(txn kv.Txn, fn func() error) error {
	if l, ok := txn.(kv.LatestReader); ok {
		return l.AtLatest(fn)
	}
	return fn()
}

// tableReader reads columns of a table, and its rows' handles behind them; next
// gives io.EOF after the last batch.
func tableReader(env *Env, t *catalog.Table, live []int) (next func(context.Context) (arrow.RecordBatch, error), stop func(), err error) {
	if t.TimeSeries == nil {
		s, err := rowstore.NewScanner(env.Alloc, env.Txn, rowstore.ScanSpec{Table: t, Output: live, WithHandle: true, BatchRows: env.batchRows()})
		if err != nil {
			return nil, nil, err
		}
		return s.Next, s.Close, nil
	}
	n := &plan.SeriesScan{Table: t, Output: live, WithHandle: true}
	for _, o := range live {
		n.Cols = append(n.Cols, plan.Column{Name: t.Columns[o].Name, Type: t.Columns[o].Type})
	}
	n.Cols = append(n.Cols, plan.Column{Type: types.Of(types.Bytea)})
	s, err := newDDLRun(env).newSeriesScan(n)
	if err != nil {
		return nil, nil, err
	}
	return s.Next, func() { s.Close() }, nil
}

// eachBatch reads columns of a table and calls fn with them by ordinal (nil for
// others) and the rows' handles. It reads what is committed now: the snapshot may
// be older than the lock that keeps writers out, and is at REPEATABLE READ.
func eachBatch(ctx context.Context, env *Env, t *catalog.Table, live []int, fn func(cols []arrow.Array, handles arrow.Array, n int) error) error {
	return AtLatest(env.Txn, func() error { return scanBatches(ctx, env, t, live, fn) })
}

func scanBatches(ctx context.Context, env *Env, t *catalog.Table, live []int, fn func(cols []arrow.Array, handles arrow.Array, n int) error) error {
	next, stop, err := tableReader(env, t, live)
	if err != nil {
		return err
	}
	defer stop()
	for {
		if err := checkContext(ctx); err != nil {
			return err
		}
		batch, err := next(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		cols := make([]arrow.Array, len(t.Columns))
		for i, o := range live {
			cols[o] = batch.Column(i)
		}
		err = fn(cols, batch.Column(len(live)), int(batch.NumRows()))
		batch.Release()
		if err != nil {
			return err
		}
	}
}
