package ddl

import (
	"context"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/parser"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// createTableAs executes CREATE TABLE AS, SELECT INTO and CREATE MATERIALIZED VIEW.
func createTableAs(ctx context.Context, env *Env, st *ast.CreateTableAs) (string, error) {
	tag := ast.Tag(st)
	sel, ok := st.Query.(*ast.Select)
	if !ok {
		return "", pgerror.Unsupported("%s of %s", tag, ast.Tag(st.Query))
	}
	into := st.Into
	schema, err := creationSchema(env, into.Table)
	if err != nil {
		return "", err
	}
	if relationTaken(env, schema.ID, nil)(into.Table.Name) {
		if !st.IfNotExists {
			return "", pgerror.New(pgerror.DuplicateTable, "relation %q already exists", into.Table.Name)
		}
		env.Notice(pgerror.NewNotice("relation %q already exists, skipping", into.Table.Name).WithCode(pgerror.DuplicateTable))
		return tag, nil
	}
	if st.Materialized && asksContinuous(into.Options) {
		return tag, createContinuous(ctx, env, st, sel)
	}
	access, err := accessMethod(env, into.AccessMethod)
	if err != nil {
		return "", err
	}
	if st.Materialized && access != "heap" {
		return "", pgerror.Unsupported("a materialized view with access method %q", access)
	}
	cols, _, err := planner.ViewColumns(ctx, sel, env.PlanOptions())
	if err != nil {
		return "", err
	}
	t := &catalog.Table{
		Name: into.Table.Name, Schema: schema.ID, Kind: catalog.KindTable, Owner: roleID(env, env.User), Access: access,
		Temporary: into.Table.Persistence == ast.Temporary, Unlogged: into.Table.Persistence == ast.Unlogged,
	}
	tooMany := "too many column names were specified"
	if t.Columns, err = viewColumns(cols, into.Columns, tooMany); err != nil {
		return "", err
	}
	if err := setStorageOptions(env, t, into.Options); err != nil {
		return "", err
	}
	var view *catalog.View
	if st.Materialized {
		q, err := traceQuery(ctx, env, env.PlanOptions().Catalog, nil, st.QueryText)
		if err != nil {
			return "", err
		}
		if readsTemporary(q) {
			return "", pgerror.New(pgerror.FeatureNotSupported, "materialized views must not use temporary tables or views")
		}
		view = storedQuery(env, q)
		view.Populated = !into.NoData
	}
	if err := env.Editor.CreateTable(t); err != nil {
		return "", err
	}
	if err := registerOnCommit(env, t.ID, into.OnCommit); err != nil {
		return "", err
	}
	if !into.NoData {
		n, err := fillTable(ctx, env, t.ID, sel)
		if err != nil {
			return "", err
		}
		tag = "SELECT " + strconv.FormatInt(n, 10)
	}
	if view == nil {
		return tag, nil
	}
	next := env.Editor.Snapshot().TableByID(t.ID).Clone()
	next.Kind, next.View = catalog.KindMaterializedView, view
	return tag, env.Editor.UpdateTable(next)
}

// fillTable inserts a query's rows into a table of the same columns.
func fillTable(ctx context.Context, env *Env, id catalog.OID, query *ast.Select) (int64, error) {
	opts := env.PlanOptions()
	t := opts.Catalog.TableByID(id)
	var names []string
	for i := range t.Columns {
		names = append(names, t.Columns[i].Name)
	}
	if len(names) == 0 {
		return 0, pgerror.Unsupported("a table without columns from a query")
	}
	rv := &ast.RangeVar{Schema: opts.Catalog.SchemaByID(t.Schema).Name, Name: t.Name}
	q, err := planner.PlanCopyFrom(ctx, rv, names, nil, opts)
	if err != nil {
		return 0, err
	}
	ins, err := executor.NewInserter(env.Exec(), q.Root.(*plan.Insert))
	if err != nil {
		return 0, err
	}
	defer ins.Close()
	var n int64
	err = env.Query(ctx, query, func(batch arrow.RecordBatch) error {
		n += batch.NumRows()
		return ins.Insert(ctx, batch)
	})
	if err != nil {
		return 0, err
	}
	return n, ins.Finish(ctx)
}

// refreshMaterializedView executes REFRESH MATERIALIZED VIEW.
func refreshMaterializedView(ctx context.Context, env *Env, st *ast.RefreshMaterializedView) error {
	t, err := needTable(env, st.View)
	if err != nil {
		return err
	}
	if IsContinuous(t) {
		return pgerror.New(pgerror.FeatureNotSupported, "operation not supported on continuous aggregate").
			WithDetail("What is read is always up to date.")
	}
	if t.Kind != catalog.KindMaterializedView {
		return pgerror.New(pgerror.WrongObjectType, "%q is not a materialized view", t.Name)
	}
	if st.Concurrently {
		return pgerror.Unsupported("REFRESH MATERIALIZED VIEW CONCURRENTLY")
	}
	if err := env.Lock(ctx, t.ID, kv.LockUpdate); err != nil {
		return err
	}
	if err := emptyTable(env, t.ID, false); err != nil {
		return err
	}
	next := env.Editor.Snapshot().TableByID(t.ID).Clone()
	view := *next.View
	view.Populated = !st.NoData
	if view.Populated {
		stmts, err := parser.Parse(view.Query)
		if err != nil {
			return err
		}
		sel, ok := stmts[0].Stmt.(*ast.Select)
		if !ok {
			return pgerror.New(pgerror.InternalError, "materialized view %q is no query", t.Name)
		}
		next.Kind, next.View = catalog.KindTable, nil // rows go in as into any table
		if err := env.Editor.UpdateTable(next); err != nil {
			return err
		}
		if _, err := fillTable(ctx, env, t.ID, sel); err != nil {
			return err
		}
		next = env.Editor.Snapshot().TableByID(t.ID).Clone()
	}
	next.Kind, next.View = catalog.KindMaterializedView, &view
	return env.Editor.UpdateTable(next)
}
