package ddl

import (
	"context"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// createIndex executes CREATE INDEX: it keeps writers out, fills the index from
// the rows that are there then and makes it public with the commit.
func createIndex(ctx context.Context, env *Env, st *ast.CreateIndex) error {
	t, err := indexTable(env, st)
	if err != nil {
		return err
	}
	if err := env.Lock(ctx, t.ID, kv.LockNoKeyUpdate); err != nil {
		return err
	}
	next, err := addIndex(ctx, env, t.ID, st)
	if err != nil || next == nil {
		return err
	}
	return buildIndex(ctx, env, next, len(next.Indexes)-1)
}

// StartIndex adds the index of CREATE INDEX CONCURRENTLY, empty and write-only.
// index is 0 if it exists already and may.
func StartIndex(ctx context.Context, env *Env, st *ast.CreateIndex) (table, index catalog.OID, err error) {
	t, err := indexTable(env, st)
	if err != nil {
		return 0, 0, err
	}
	if t.TimeSeries != nil && st.Unique {
		return 0, 0, pgerror.Unsupported("CREATE UNIQUE INDEX CONCURRENTLY on a time-series table")
	}
	next, err := addIndex(ctx, env, t.ID, st)
	if err != nil || next == nil {
		return 0, 0, err
	}
	next.Indexes[len(next.Indexes)-1].State = catalog.IndexWriteOnly
	if err := env.Editor.UpdateTable(next); err != nil {
		return 0, 0, err
	}
	indexes := env.Editor.Snapshot().TableByID(t.ID).Indexes
	return t.ID, indexes[len(indexes)-1].ID, nil
}

// Backfill writes the entries of an index of t for the rows that exec's
// transaction sees into bulk.
func Backfill(ctx context.Context, exec *executor.Env, opts planner.Options, t *catalog.Table, ix *catalog.Index, bulk kv.Bulk) error {
	if t.TimeSeries != nil {
		return nil // a descriptor only
	}
	exprs, err := boundIndex(ctx, opts, t, ix)
	if err != nil {
		return err
	}
	for i := range t.Indexes {
		if t.Indexes[i].ID == ix.ID {
			return executor.BuildIndex(ctx, exec, t, i, exprs, bulk)
		}
	}
	return pgerror.New(pgerror.UndefinedObject, "index %q does not exist", ix.Name)
}

// indexTable finds the table of CREATE INDEX.
func indexTable(env *Env, st *ast.CreateIndex) (*catalog.Table, error) {
	switch st.AccessMethod {
	case "", "btree":
	case "hash", "gist", "gin", "spgist", "brin":
		return nil, pgerror.Unsupported("an index of access method %q", st.AccessMethod)
	default:
		return nil, pgerror.New(pgerror.UndefinedObject, "access method %q does not exist", st.AccessMethod)
	}
	t, err := needTable(env, st.Table)
	if err != nil {
		return nil, err
	}
	if t.Kind != catalog.KindTable && t.Kind != catalog.KindMaterializedView {
		return nil, pgerror.New(pgerror.WrongObjectType, "cannot create index on relation %q", t.Name).
			WithDetail("This operation is not supported for %s.", kindPlural(t.Kind))
	}
	return t, nil
}

// addIndex returns a copy of the table with the new index at the end of Indexes; nil
// if it exists already and may.
func addIndex(ctx context.Context, env *Env, id catalog.OID, st *ast.CreateIndex) (*catalog.Table, error) {
	next := env.Editor.Snapshot().TableByID(id).Clone()
	taken := relationTaken(env, next.Schema, next)
	if st.Name != "" && taken(st.Name) {
		if st.IfNotExists {
			env.Notice(pgerror.NewNotice("relation %q already exists, skipping", st.Name).WithCode(pgerror.DuplicateTable))
			return nil, nil
		}
		return nil, pgerror.New(pgerror.DuplicateTable, "relation %q already exists", st.Name)
	}
	ix, err := newIndex(ctx, env, next, st)
	if err != nil {
		return nil, err
	}
	if ix.Name == "" {
		ix.Name = chooseName(next.Name, indexNamePart(next, st), "idx", taken)
	}
	next.Indexes = append(next.Indexes, *ix)
	return next, nil
}

func kindPlural(k catalog.RelKind) string {
	switch k {
	case catalog.KindView:
		return "views"
	case catalog.KindSequence:
		return "sequences"
	case catalog.KindMaterializedView:
		return "materialized views"
	}
	return "tables"
}

// newIndex makes the descriptor of CREATE INDEX.
func newIndex(ctx context.Context, env *Env, t *catalog.Table, st *ast.CreateIndex) (*catalog.Index, error) {
	ix := &catalog.Index{Name: st.Name, Unique: st.Unique, Method: "btree", NullsNotDistinct: st.NullsNotDistinct}
	for _, o := range st.Options {
		if o.Name != "fillfactor" && o.Name != "deduplicate_items" {
			return nil, pgerror.New(pgerror.InvalidParameterValue, "unrecognized parameter %q", o.Name)
		}
		if ix.Options == nil {
			ix.Options = map[string]string{}
		}
		ix.Options[o.Name] = o.Text()
	}
	if len(st.Elems) > 32 {
		return nil, pgerror.New(pgerror.TooManyColumns, "cannot use more than 32 columns in an index")
	}
	for _, el := range st.Elems {
		c, err := indexColumn(ctx, env, t, ix, el)
		if err != nil {
			return nil, err
		}
		ix.Columns = append(ix.Columns, c)
	}
	for _, el := range st.Include {
		if el.Name == "" {
			return nil, pgerror.Unsupported("an expression in INCLUDE")
		}
		col := columnByName(t, el.Name)
		if col == nil {
			return nil, pgerror.New(pgerror.UndefinedColumn, "column %q does not exist", el.Name)
		}
		ix.Include = append(ix.Include, col.Num)
	}
	if st.Where != nil {
		e, text, err := bindOver(ctx, env, st.Where, planner.UseIndexPredicate, t, nil)
		if err != nil {
			return nil, err
		}
		if expr.Volatility(e) != functions.Immutable {
			return nil, pgerror.New(pgerror.InvalidObjectDefinition, "functions in index predicate must be marked IMMUTABLE")
		}
		ix.Predicate = text
		ix.DependsOn = append(ix.DependsOn, functionDependencies(env, e)...)
	}
	return ix, nil
}

func indexColumn(ctx context.Context, env *Env, t *catalog.Table, ix *catalog.Index, el *ast.IndexElem) (catalog.IndexColumn, error) {
	c := catalog.IndexColumn{Desc: el.Dir == ast.SortDesc, NullsFirst: el.Dir == ast.SortDesc}
	switch el.Nulls {
	case ast.NullsFirst:
		c.NullsFirst = true
	case ast.NullsLast:
		c.NullsFirst = false
	}
	if len(el.Collation) > 0 {
		c.Collation = el.Collation[len(el.Collation)-1]
		if err := checkCollation(c.Collation, -1); err != nil {
			return c, err
		}
	}
	if len(el.OpClass) > 0 {
		c.OpClass = el.OpClass[len(el.OpClass)-1]
	}
	if el.Name != "" {
		col := columnByName(t, el.Name)
		if col == nil {
			return c, pgerror.New(pgerror.UndefinedColumn, "column %q does not exist", el.Name)
		}
		c.Num, c.ExprType = col.Num, col.Type
		return c, checkIndexable(env, col.Type)
	}
	e, text, err := bindOver(ctx, env, el.Expr, planner.UseIndexExpr, t, nil)
	if err != nil {
		return c, err
	}
	if expr.Volatility(e) != functions.Immutable {
		return c, pgerror.New(pgerror.InvalidObjectDefinition, "functions in index expression must be marked IMMUTABLE")
	}
	c.Expr, c.ExprType = text, e.Type()
	ix.DependsOn = append(ix.DependsOn, functionDependencies(env, e)...)
	return c, checkIndexable(env, e.Type())
}

// indexNamePart is the middle of an index's default name: its columns, "expr"
// for expressions, joined (PostgreSQL's ChooseIndexNameAddition).
func indexNamePart(_ *catalog.Table, st *ast.CreateIndex) string {
	out := ""
	n := 0
	add := func(s string) {
		if out != "" {
			out += "_"
		}
		out += s
	}
	for _, el := range append(append([]*ast.IndexElem(nil), st.Elems...), st.Include...) {
		if el.Name != "" {
			add(el.Name)
			continue
		}
		name := "expr"
		if f, ok := el.Expr.(*ast.FuncCall); ok && len(f.Name) > 0 {
			name = f.Name[len(f.Name)-1]
		}
		if n > 0 && name == "expr" {
			name += itoa(n)
		}
		n++
		add(name)
	}
	return out
}

func itoa(n int) string {
	if n == 0 {
		return "0"
	}
	var b [20]byte
	i := len(b)
	for ; n > 0; n /= 10 {
		i--
		b[i] = byte('0' + n%10)
	}
	return string(b[i:])
}

// buildIndex stores next, whose index at pos is new, and fills that index.
func buildIndex(ctx context.Context, env *Env, next *catalog.Table, pos int) error {
	if next.TimeSeries != nil {
		return addSeriesIndex(ctx, env, next, pos)
	}
	if err := env.Editor.UpdateTable(next); err != nil {
		return err
	}
	t := env.Editor.Snapshot().TableByID(next.ID)
	ix := &t.Indexes[pos]
	exprs, err := indexExprs(ctx, env, t, ix)
	if err != nil {
		return err
	}
	if err := env.Editor.Protect(ctx, catalog.IndexSpan(t.Storage, ix.Storage)); err != nil {
		return err
	}
	bulk, err := openBulk(ctx, env)
	if err != nil {
		return err
	}
	defer bulk.Close()
	if err := executor.BuildIndex(ctx, env.Exec(), t, pos, exprs, bulk); err != nil {
		return err
	}
	return finishBulk(ctx, env)
}

// reindex executes REINDEX: indexes get new storage and are filled anew, those
// that were left invalid included. A primary key is its table.
func reindex(ctx context.Context, env *Env, st *ast.Reindex) error {
	for _, o := range st.Options {
		if on, _ := o.Bool(); o.Name == "concurrently" && on {
			return pgerror.Unsupported("REINDEX CONCURRENTLY")
		}
	}
	switch st.Kind {
	case ast.ObjectIndex:
		id, kind := findRelation(env, st.Table)
		if id == 0 {
			return undefinedRelation(env, st.Table)
		}
		if kind != catalog.KindIndex {
			return pgerror.New(pgerror.WrongObjectType, "%q is not an index", st.Table.Name)
		}
		t, _ := env.Editor.Snapshot().IndexByID(id)
		return rebuildIndexes(ctx, env, t.ID, id)
	case ast.ObjectTable:
		t, err := needTable(env, st.Table)
		if err != nil {
			return err
		}
		if t.Kind != catalog.KindTable && t.Kind != catalog.KindMaterializedView {
			return pgerror.New(pgerror.WrongObjectType, "%q is not a table or materialized view", t.Name)
		}
		if len(t.Indexes) == 0 {
			env.Notice(pgerror.NewNotice("table %q has no indexes to reindex", t.Name))
			return nil
		}
		return rebuildIndexes(ctx, env, t.ID, 0)
	}
	if env.InBlock {
		return pgerror.New(pgerror.ActiveSqlTransaction, "REINDEX %s cannot run inside a transaction block", string(st.Kind))
	}
	snap := env.Editor.Snapshot()
	switch st.Kind {
	case ast.ObjectSchema:
		if snap.Schema(st.Name) == nil {
			return pgerror.New(pgerror.UndefinedSchema, "schema %q does not exist", st.Name)
		}
	case ast.ObjectDatabase:
		if st.Name != "" && st.Name != snap.Database().Name {
			return pgerror.New(pgerror.FeatureNotSupported, "can only reindex the currently open database")
		}
	default:
		return pgerror.Unsupported("REINDEX %s", string(st.Kind))
	}
	for _, t := range snap.Tables() {
		if st.Kind == ast.ObjectSchema && snap.SchemaByID(t.Schema).Name != st.Name {
			continue
		}
		if err := rebuildIndexes(ctx, env, t.ID, 0); err != nil {
			return err
		}
	}
	return nil
}

// rebuildIndexes fills one index of a table anew, or with 0 all.
func rebuildIndexes(ctx context.Context, env *Env, table, index catalog.OID) error {
	if err := env.Lock(ctx, table, kv.LockUpdate); err != nil {
		return err
	}
	for i, ix := range env.Editor.Snapshot().TableByID(table).Indexes {
		next := env.Editor.Snapshot().TableByID(table).Clone()
		if index != 0 && ix.ID != index || i == 0 && next.Clustered {
			continue
		}
		next.Indexes[i].Storage, next.Indexes[i].State = 0, catalog.IndexPublic
		if err := buildIndex(ctx, env, next, i); err != nil {
			return err
		}
	}
	return nil
}
