package executor

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/rowstore"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// RewriteTable copies the rows of old, as they are now, into the storage
// of its new descriptor, with all index entries, through bulk, which it
// flushes and the caller closes. exprs[i] computes column i of the new table
// from the old columns (expr.Ordinal counts old.Columns), nil for dropped
// ones. checks has the new table's index expressions and the CHECK
// constraints to verify; NOT NULL and unique indexes are the new table's own.
// On an error the caller destroys what was written.
func RewriteTable(ctx context.Context, env *Env, old, table *catalog.Table, exprs []expr.Expr, checks *plan.RowChecks, bulk kv.Bulk) error {
	r := newDDLRun(env)
	w, err := r.newTableWriter(table, &plan.RowChecks{Indexes: checks.Indexes})
	if err != nil {
		return err
	}
	defer w.close()
	compiled, err := r.compileAll(exprs)
	if err != nil {
		return err
	}
	test, err := r.newRowTest(table, &RowTest{NotNull: w.notNull, Checks: checks.Checks})
	if err != nil {
		return err
	}
	rw := &rewriter{env: env, w: w, exprs: compiled, test: test, bulk: rowstore.NewBulkWriter(bulk, table), dup: newDuplicates(env)}
	defer rw.dup.held.close()
	if err := eachBatch(ctx, env, old, liveColumns(old), func(cols []arrow.Array, _ arrow.Array, n int) error {
		return rw.batch(ctx, cols, n)
	}); err != nil {
		return err
	}
	if err := bulk.Flush(); err != nil {
		return err
	}
	if !rw.dup.suspicious() {
		return nil
	}
	rw.second = true
	return eachBatch(ctx, env, old, liveColumns(old), func(cols []arrow.Array, _ arrow.Array, n int) error {
		return rw.batch(ctx, cols, n)
	})
}

// rewriter computes new rows from old ones, and writes them, or (second) looks
// for those whose keys come twice.
type rewriter struct {
	env    *Env
	w      *tableWriter
	exprs  []*scalar
	test   *rowTest
	bulk   *rowstore.BulkWriter
	dup    *duplicates
	second bool
}

func (rw *rewriter) batch(ctx context.Context, old []arrow.Array, n int) error {
	cols := make([]arrow.Array, len(rw.exprs))
	defer func() { releaseAll(cols) }()
	var err error
	for i, e := range rw.exprs {
		if e == nil {
			continue
		}
		if cols[i], err = e.column(rw.env, old, n); err != nil {
			return err
		}
	}
	if err := rw.test.batch(ctx, cols, n); err != nil {
		return err
	}
	im, err := rw.w.images(cols, n)
	if err != nil {
		return err
	}
	defer im.release()
	next := int64(0)
	if rw.w.layout.HasHiddenRowID() && !rw.second {
		if next, err = rw.env.RowIDs.Take(ctx, rw.env.Txn, rw.w.layout, n); err != nil {
			return err
		}
	}
	var handle []byte
	for i := range n {
		row := im.at(i)
		if rw.w.layout.HasHiddenRowID() {
			handle = rowstore.IntHandle(handle[:0], next+int64(i))
		} else if handle, err = rw.w.layout.Handle(handle[:0], row); err != nil {
			return err
		}
		if err := rw.row(row, handle); err != nil {
			return err
		}
	}
	return rw.dup.reserve()
}

func (rw *rewriter) row(row rowstore.Row, handle []byte) error {
	keys, err := rw.w.writer.UniqueKeys(row, handle)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if !rw.second {
			rw.dup.add(k.Index, k.Key)
		} else if rw.dup.isDuplicate(k.Index, k.Key) {
			return rw.w.duplicated(row, k.Index)
		}
	}
	if rw.second {
		return nil
	}
	return rw.bulk.Insert(row, handle)
}
