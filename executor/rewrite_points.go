package executor

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// RewritePoints is RewriteTable for time-series tables: it copies the points of old,
// as env.Txn sees them, into the storage of its new descriptor, within env.Txn. NOT
// NULL is verified; that no two points get one unique key is the caller's to know.
func RewritePoints(ctx context.Context, env *Env, old, table *catalog.Table, exprs []expr.Expr) error {
	r := newDDLRun(env)
	w, err := r.newTableWriter(table, &plan.RowChecks{Indexes: make([]plan.IndexExprs, len(table.Indexes))})
	if err != nil {
		return err
	}
	defer w.close()
	compiled, err := r.compileAll(exprs)
	if err != nil {
		return err
	}
	test, err := r.newRowTest(table, &RowTest{NotNull: w.notNull})
	if err != nil {
		return err
	}
	err = eachBatch(ctx, env, old, liveColumns(old), func(in []arrow.Array, _ arrow.Array, n int) error {
		cols := make([]arrow.Array, len(compiled))
		defer func() { releaseAll(cols) }()
		for i, e := range compiled {
			if e == nil {
				continue
			}
			var err error
			if cols[i], err = e.column(env, in, n); err != nil {
				return err
			}
		}
		if err := test.batch(ctx, cols, n); err != nil {
			return err
		}
		return w.points.writer.Insert(ctx, cols, n)
	})
	if err != nil {
		return storedError(err)
	}
	return w.points.writer.Flush(ctx)
}
