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
// the transaction's snapshot and makes it public with the commit.
func createIndex(ctx context.Context, env *Env, st *ast.CreateIndex) error {
	if st.Concurrently {
		return pgerror.Unsupported("CREATE INDEX CONCURRENTLY")
	}
	if st.AccessMethod != "" && st.AccessMethod != "btree" {
		return pgerror.Unsupported("an index of access method %q", st.AccessMethod)
	}
	t, err := needTable(env, st.Table)
	if err != nil {
		return err
	}
	if t.Kind != catalog.KindTable && t.Kind != catalog.KindMaterializedView {
		return pgerror.New(pgerror.WrongObjectType, "cannot create index on relation %q", t.Name).
			WithDetail("This operation is not supported for %s.", kindPlural(t.Kind))
	}
	if err := env.Lock(ctx, t.ID, kv.LockNoKeyUpdate); err != nil {
		return err
	}
	next := env.Editor.Snapshot().TableByID(t.ID).Clone()
	taken := relationTaken(env, t.Schema, next)
	if st.Name != "" && taken(st.Name) {
		if st.IfNotExists {
			env.Notice(pgerror.NewNotice("relation %q already exists, skipping", st.Name).WithCode(pgerror.DuplicateTable))
			return nil
		}
		return pgerror.New(pgerror.DuplicateTable, "relation %q already exists", st.Name)
	}
	ix, err := newIndex(ctx, env, next, st)
	if err != nil {
		return err
	}
	if ix.Name == "" {
		ix.Name = chooseName(t.Name, indexNamePart(next, st), "idx", taken)
	}
	next.Indexes = append(next.Indexes, *ix)
	return buildIndex(ctx, env, next, len(next.Indexes)-1)
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
		c, err := indexColumn(ctx, env, t, el)
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
	}
	return ix, nil
}

func indexColumn(ctx context.Context, env *Env, t *catalog.Table, el *ast.IndexElem) (catalog.IndexColumn, error) {
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
		return c, checkIndexable(col.Type, el.Name)
	}
	e, text, err := bindOver(ctx, env, el.Expr, planner.UseIndexExpr, t, nil)
	if err != nil {
		return c, err
	}
	if expr.Volatility(e) != functions.Immutable {
		return c, pgerror.New(pgerror.InvalidObjectDefinition, "functions in index expression must be marked IMMUTABLE")
	}
	c.Expr, c.ExprType = text, e.Type()
	return c, checkIndexable(e.Type(), "")
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
