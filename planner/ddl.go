package planner

import (
	"context"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/binder"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/parser"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// ExprUse says what an expression outside of a query is for.
type ExprUse = binder.ExprUse

// The uses of expressions outside of queries.
const (
	UseDefault        = binder.UseDefault
	UseCheck          = binder.UseCheck
	UseGenerated      = binder.UseGenerated
	UseIndexExpr      = binder.UseIndexExpr
	UseIndexPredicate = binder.UseIndexPredicate
	UseAlterType      = binder.UseAlterType
	UseCopyWhere      = binder.UseCopyWhere
	UseExecute        = binder.UseExecute
)

// BindTableExpr binds an expression over a table's columns (table nil: none
// may be used); columns become expr.Ordinal, positions in Table.Columns. The
// value is converted to target's type if target is not nil. Store what
// expr.Deparse makes of the result as the catalog's text.
func BindTableExpr(ctx context.Context, e ast.Expr, use ExprUse, table *catalog.Table, target *catalog.Column, opts Options) (expr.Expr, error) {
	return binder.BindTableExpr(ctx, e, use, table, target, &opts.Options)
}

// BindTableText is BindTableExpr for an expression's text from the catalog.
func BindTableText(ctx context.Context, text string, use ExprUse, table *catalog.Table, target *catalog.Column, opts Options) (expr.Expr, error) {
	e, err := parser.ParseExpr(text)
	if err != nil {
		return nil, err
	}
	return binder.BindTableExpr(ctx, e, use, table, target, &opts.Options)
}

// AlterTypeCast is the conversion of ALTER COLUMN TYPE without USING.
func AlterTypeCast(table *catalog.Table, column int, to types.Type, opts Options) (expr.Expr, error) {
	return binder.AlterTypeCast(table, column, to, &opts.Options)
}

// ResolveType resolves a type as written: names, modifiers, array bounds.
func ResolveType(tn *ast.TypeName, opts Options) (types.Type, error) {
	return binder.ResolveType(tn, &opts.Options)
}

// RowChecks binds the checks and index expressions of a table's rows, for COPY
// and for backfills; expressions are over positions in Table.Columns.
func RowChecks(table *catalog.Table, opts Options) (plan.RowChecks, error) {
	rc, err := binder.New(&opts.Options).RowChecks(table)
	if err != nil {
		return plan.RowChecks{}, err
	}
	return *rc, nil
}

// ColumnDefault is the value a row gets in a column that is not given, a NULL
// constant if there is no default.
func ColumnDefault(c *catalog.Column, opts Options) (expr.Expr, error) {
	return binder.New(&opts.Options).DefaultFor(c)
}

// GeneratedColumn binds the expression of a generated column over positions in
// Table.Columns.
func GeneratedColumn(table *catalog.Table, column int, opts Options) (expr.Expr, error) {
	return BindTableText(context.Background(), table.Columns[column].Default, UseGenerated, table, &table.Columns[column], opts)
}

// Trace collects what the names of a query stand for.
type Trace = binder.Trace

// ViewColumns plans a view's query and returns its columns and the relations it
// reads (CREATE VIEW, CREATE TABLE AS).
func ViewColumns(ctx context.Context, query ast.Statement, opts Options) ([]plan.Column, []plan.Dep, error) {
	q, err := Plan(ctx, query, opts)
	if err != nil {
		return nil, nil, err
	}
	return q.Root.Columns(), q.Deps, nil
}

// ViewWritable says which columns (by number) of a view can be written and whether its
// rows can be deleted; why says why its columns cannot.
func ViewWritable(view *catalog.Table, opts Options) (columns []int16, deletable bool, why string) {
	return binder.ViewWritable(view, &opts.Options)
}

// RefuseDomain is the error (0A000) for values of a user's domain type, whose
// constraints are not enforced yet; nil for other types.
func RefuseDomain(cat *catalog.Snapshot, t types.Type) error { return binder.RefuseDomain(cat, t) }
