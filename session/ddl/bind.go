package ddl

import (
	"context"
	"slices"

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
	bound, err := planner.BindTableExpr(ctx, e, planner.UseDefault, nil, col, asWritten(env))
	if err != nil {
		return nil, "", err
	}
	return bound, deparse(env, bound, nil), nil
}

// bindOver binds an expression over the table's columns, for a use other than
// a default. target, if not nil, is the column whose value it is.
func bindOver(ctx context.Context, env *Env, e ast.Expr, use planner.ExprUse, t *catalog.Table, target *catalog.Column) (expr.Expr, string, error) {
	bound, err := planner.BindTableExpr(ctx, e, use, t, target, asWritten(env))
	if err != nil {
		return nil, "", err
	}
	return bound, deparse(env, bound, t), nil
}

// asWritten are the options to bind what is stored as text: nothing is
// computed before it is printed.
func asWritten(env *Env) planner.Options {
	opts := env.PlanOptions()
	opts.NoFold = true
	return opts
}

// storeDefault binds a DEFAULT expression and puts it into the column with what
// it depends on. DEFAULT NULL is no default.
func storeDefault(ctx context.Context, env *Env, e ast.Expr, col *catalog.Column) error {
	bound, text, err := bindDefault(ctx, env, e, col)
	if err != nil {
		return err
	}
	if c, ok := bound.(*expr.Const); ok && c.Value.IsNull() {
		return nil
	}
	col.Default, col.DependsOn = text, dependencies(env, bound)
	return nil
}

// dependencies lists the user's relations, functions and types that an expression names.
func dependencies(env *Env, e expr.Expr) []catalog.OID {
	snap := env.Editor.Snapshot()
	var out []catalog.OID
	add := func(id catalog.OID) {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	expr.Walk(e, func(x expr.Expr) bool {
		if t, _ := snap.TypeOrRow(x.Type().OID); t != nil {
			add(t.ID)
		}
		if c, ok := x.(*expr.Cast); ok && c.Domain != 0 {
			add(c.Domain)
		}
		if c, ok := x.(*expr.Call); ok && c.Fn.Routine {
			add(c.Fn.OID)
		}
		c, ok := x.(*expr.Const)
		if !ok || c.Typ.OID != types.Regclass || c.Value.IsNull() {
			return true
		}
		if id := catalog.OID(c.Value.I); snap.TableByID(id) != nil && id >= firstUserOID {
			add(id)
		}
		return true
	})
	return out
}

const firstUserOID = 16384

// deparse prints a bound expression as the catalog keeps it: names of the
// user's objects are qualified, so that they are found under every search path.
func deparse(env *Env, e expr.Expr, t *catalog.Table) string {
	return deparseIn(env.PlanOptions().Catalog, e, t)
}

func deparseIn(snap *catalog.Snapshot, e expr.Expr, t *catalog.Table) string {
	d := expr.DeparseOptions{IO: &types.IO{Resolve: &catalog.RegResolver{Snapshot: snap, Path: []string{"pg_catalog"}}}}
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
	return boundIndex(ctx, env.PlanOptions(), t, ix)
}

func boundIndex(ctx context.Context, opts planner.Options, t *catalog.Table, ix *catalog.Index) (plan.IndexExprs, error) {
	out := plan.IndexExprs{Columns: make([]expr.Expr, len(ix.Columns))}
	var err error
	for i, c := range ix.Columns {
		if c.Num != 0 {
			continue
		}
		if out.Columns[i], err = planner.BindTableText(ctx, c.Expr, planner.UseIndexExpr, t, nil, opts); err != nil {
			return out, err
		}
	}
	if ix.Predicate != "" {
		out.Predicate, err = planner.BindTableText(ctx, ix.Predicate, planner.UseIndexPredicate, t, nil, opts)
	}
	return out, err
}

// functionDependencies lists the user's functions that an expression calls.
func functionDependencies(env *Env, e expr.Expr) []catalog.OID {
	return slices.DeleteFunc(dependencies(env, e), func(id catalog.OID) bool { return env.Editor.Snapshot().Function(id) == nil })
}
