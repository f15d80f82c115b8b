package ddl

import (
	"context"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// qualifiedName is a table's name as SQL, with its schema.
func qualifiedName(env *Env, t *catalog.Table) string {
	return nameIn(env.Editor.Snapshot(), t)
}

// refill gives a table the descriptor next, with new storage, and copies the rows
// of old into it through SQL: between access methods, or between layouts of a
// time-series table. Generated columns are computed again.
func refill(ctx context.Context, env *Env, old, next *catalog.Table) error {
	var names, quoted []string
	for i := range old.Columns {
		if c := &old.Columns[i]; !c.Dropped && !c.Generated && !next.Columns[i].Dropped {
			names, quoted = append(names, c.Name), append(quoted, catalog.QuoteIdent(c.Name))
		}
	}
	stmt, err := parseQuery("SELECT " + strings.Join(quoted, ", ") + " FROM " + qualifiedName(env, old))
	if err != nil {
		return err
	}
	next.Storage = 0
	if next.TimeSeries != nil {
		next.TimeSeries.MarksNulls = true
	}
	for i := range next.Columns {
		next.Columns[i].Missing = types.Null // the copied rows have every column
	}
	var ins *executor.Inserter
	start := func() error {
		if err := env.Editor.UpdateTable(next); err != nil {
			return err
		}
		opts := env.PlanOptions()
		rv := &ast.RangeVar{Schema: opts.Catalog.SchemaByID(next.Schema).Name, Name: next.Name}
		q, err := planner.PlanCopyFrom(ctx, rv, names, nil, opts)
		if err != nil {
			return err
		}
		ins, err = executor.NewInserter(env.Exec(), q.Root.(*plan.Insert))
		return err
	}
	// The query is planned over old before the first batch comes.
	err = executor.AtLatest(env.Txn, func() error { // no row comes or goes any more
		return env.Query(ctx, stmt, func(batch arrow.RecordBatch) error {
			if ins == nil {
				if err := start(); err != nil {
					return err
				}
			}
			return ins.Insert(ctx, batch)
		})
	})
	if ins != nil {
		defer ins.Close()
	}
	if err != nil {
		return err
	}
	if ins == nil { // no rows
		return env.Editor.UpdateTable(next)
	}
	return ins.Finish(ctx)
}
