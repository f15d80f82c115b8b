package ddl

import (
	"context"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/parser"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// bindDefault binds a DEFAULT expression, converted to the column's type, and
// returns it with the text to store. Columns and subqueries are refused (0A000).
func bindDefault(ctx context.Context, env *Env, e ast.Expr, want types.Type, column string) (expr.Expr, string, error) {
	bound, err := planner.BindDefault(ctx, e, want, column, env.PlanOptions())
	if err != nil {
		return nil, "", err
	}
	return bound, deparse(env, bound, nil), nil
}

// bindCheck binds a boolean expression over the table's columns.
func bindCheck(ctx context.Context, env *Env, e ast.Expr, t *catalog.Table, place planner.Place) (expr.Expr, string, error) {
	bound, err := planner.BindBool(ctx, e, t, place, env.PlanOptions())
	if err != nil {
		return nil, "", err
	}
	return bound, deparse(env, bound, t), nil
}

// bindColumnExpr binds an expression over the table's columns; with a wanted
// type it is converted as an assignment.
func bindColumnExpr(ctx context.Context, env *Env, e ast.Expr, t *catalog.Table, want *types.Type, place planner.Place) (expr.Expr, string, error) {
	bound, err := planner.BindExpr(ctx, e, t, want, place, env.PlanOptions())
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

// rowChecks binds all of t's index expressions, for backfill.
func indexExprs(ctx context.Context, env *Env, t *catalog.Table, ix *catalog.Index) (plan.IndexExprs, error) {
	out := plan.IndexExprs{Columns: make([]expr.Expr, len(ix.Columns))}
	for i, c := range ix.Columns {
		if c.Num != 0 {
			continue
		}
		e, err := bindText(ctx, env, t, c.Expr, planner.PlaceIndex)
		if err != nil {
			return out, err
		}
		out.Columns[i] = e
	}
	if ix.Predicate != "" {
		e, err := bindText(ctx, env, t, ix.Predicate, planner.PlacePredicate)
		if err != nil {
			return out, err
		}
		out.Predicate = e
	}
	return out, nil
}

// bindText binds a stored expression.
func bindText(ctx context.Context, env *Env, t *catalog.Table, text string, place planner.Place) (expr.Expr, error) {
	e, err := parser.ParseExpr(text)
	if err != nil {
		return nil, err
	}
	return planner.BindExpr(ctx, e, t, nil, place, env.PlanOptions())
}
