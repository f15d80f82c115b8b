package planner

import (
	"context"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/binder"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Place is where a standalone expression stands.
type Place = binder.Place

// The places.
const (
	PlaceCheck     = binder.PlaceCheck
	PlaceGenerated = binder.PlaceGenerated
	PlaceIndex     = binder.PlaceIndex
	PlacePredicate = binder.PlacePredicate
	PlaceUsing     = binder.PlaceUsing
)

// ResolveType finds the type that a type name means.
func ResolveType(tn *ast.TypeName, opts Options) (types.Type, error) {
	return binder.New(&opts).TypeName(tn)
}

// BindExpr binds an expression over a table's columns, which become ordinals
// into Table.Columns. With a wanted type it is converted as an assignment.
func BindExpr(_ context.Context, e ast.Expr, t *catalog.Table, want *types.Type, place Place, opts Options) (expr.Expr, error) {
	b := binder.New(&opts)
	out, err := b.Standalone(e, t, place)
	if err != nil {
		return nil, err
	}
	if want == nil {
		return b.Known(out)
	}
	conv, ok, err := b.Convert(out, *want, e.Loc())
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, pgerror.New(pgerror.DatatypeMismatch, "column is of type %s but expression is of type %s", b.TypeText(*want), b.TypeText(out.Type())).
			WithHint("You will need to rewrite or cast the expression.").At(e.Loc())
	}
	return conv, nil
}

// BindBool binds a condition over a table's columns.
func BindBool(_ context.Context, e ast.Expr, t *catalog.Table, place Place, opts Options) (expr.Expr, error) {
	b := binder.New(&opts)
	out, err := b.Standalone(e, t, place)
	if err != nil {
		return nil, err
	}
	construct := "CHECK"
	if place == PlacePredicate {
		construct = "WHERE"
	}
	return b.Bool(out, construct, e.Loc())
}

// BindDefault binds a DEFAULT expression of a column and converts it to its type.
func BindDefault(_ context.Context, e ast.Expr, want types.Type, column string, opts Options) (expr.Expr, error) {
	b := binder.New(&opts)
	out, err := b.Standalone(e, nil, binder.PlaceDefault)
	if err != nil {
		return nil, err
	}
	conv, ok, err := b.Convert(out, want, e.Loc())
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, pgerror.New(pgerror.DatatypeMismatch, "column %q is of type %s but default expression is of type %s", column, b.TypeText(want), b.TypeText(out.Type())).
			WithHint("You will need to rewrite or cast the expression.")
	}
	return conv, nil
}

// BindAssignment binds a value without columns (an argument of EXECUTE) and
// converts it to the wanted type.
func BindAssignment(e ast.Expr, want types.Type, opts Options) (expr.Expr, error) {
	b := binder.New(&opts)
	out, err := b.Standalone(e, nil, binder.PlaceExecute)
	if err != nil {
		return nil, err
	}
	conv, ok, err := b.Convert(out, want, e.Loc())
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, pgerror.New(pgerror.DatatypeMismatch, "parameter of type %s cannot be coerced to the expected type %s", b.TypeText(out.Type()), b.TypeText(want)).
			WithHint("You will need to rewrite or cast the expression.").At(e.Loc())
	}
	return conv, nil
}
