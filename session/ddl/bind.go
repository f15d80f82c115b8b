package ddl

import (
	"context"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// bindDefault binds a DEFAULT expression, converted to the column's type, and
// returns it with the text to store.
func bindDefault(ctx context.Context, env *Env, e ast.Expr, col *catalog.Column) (expr.Expr, string, error) {
	bound, err := planner.BindTableExpr(ctx, e, planner.UseDefault, nil, col, env.PlanOptions())
	if err != nil {
		return nil, "", err
	}
	return bound, deparse(env, bound, nil), nil
}

// bindOver binds an expression over the table's columns, for a use other than
// a default. target, if not nil, is the column whose value it is.
func bindOver(ctx context.Context, env *Env, e ast.Expr, use planner.ExprUse, t *catalog.Table, target *catalog.Column) (expr.Expr, string, error) {
	bound, err := planner.BindTableExpr(ctx, e, use, t, target, env.PlanOptions())
	if err != nil {
		return nil, "", err
	}
	return bound, deparse(env, bound, t), nil
}

func deparse(env *Env, e expr.Expr, t *catalog.Table) string {
	opts := env.PlanOptions()
	d := expr.DeparseOptions{IO: &types.IO{Resolve: &catalog.RegResolver{Snapshot: opts.Catalog, Path: []string{"pg_catalog", "public"}}}}
	if t != nil {
		d.Column = func(e expr.Expr) string {
			if o, ok := e.(*expr.Ordinal); ok {
				return catalog.QuoteIdent(t.Columns[o.Index].Name)
			}
			return "?"
		}
	}
	return expr.Deparse(e, d)
}

// indexExprs binds an index's stored expressions and predicate, for backfill.
func indexExprs(ctx context.Context, env *Env, t *catalog.Table, ix *catalog.Index) (plan.IndexExprs, error) {
	out := plan.IndexExprs{Columns: make([]expr.Expr, len(ix.Columns))}
	var err error
	for i, c := range ix.Columns {
		if c.Num != 0 {
			continue
		}
		if out.Columns[i], err = planner.BindTableText(ctx, c.Expr, planner.UseIndexExpr, t, nil, env.PlanOptions()); err != nil {
			return out, err
		}
	}
	if ix.Predicate != "" {
		out.Predicate, err = planner.BindTableText(ctx, ix.Predicate, planner.UseIndexPredicate, t, nil, env.PlanOptions())
	}
	return out, err
}
