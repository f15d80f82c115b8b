package binder

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Place is where a standalone expression stands; it decides what the
// expression may hold and how errors call it.
type Place = exprKind

// The places.
const (
	PlaceCheck     = kindCheck
	PlaceDefault   = kindDefault
	PlaceGenerated = kindGenerated
	PlaceIndex     = kindIndexExpr
	PlacePredicate = kindIndexPredicate
	PlaceUsing     = kindAlterUsing
	PlaceExecute   = kindExecute
)

// Standalone binds an expression that is no part of a query: a default, a
// check, an index expression, an EXECUTE argument. Columns of table (which may
// be nil) become ordinals into Table.Columns.
func (b *Binder) Standalone(e ast.Expr, table *catalog.Table, place Place) (expr.Expr, error) {
	s := &scope{depth: 1, kind: place}
	first := expr.ColumnID(0)
	if table != nil {
		first = b.tableColumns(table, table.Name, 1)
		s = b.tableScope(table, first, place)
	}
	out, err := b.bindExpr(s, e)
	if err != nil {
		return nil, err
	}
	if table == nil {
		return out, nil
	}
	return toOrdinals(out, len(table.Columns), first), nil
}

// Bool converts a bound expression to boolean, as the argument of construct.
func (b *Binder) Bool(e expr.Expr, construct string, loc int) (expr.Expr, error) {
	return b.coerceBool(e, construct, loc)
}

// Assign converts a bound expression to a column's type as an assignment does.
func (b *Binder) Assign(e expr.Expr, column string, t types.Type, loc int) (expr.Expr, error) {
	return b.assign(e, &catalog.Column{Name: column, Type: t}, loc)
}

// Convert converts a bound expression to t as an assignment does; ok is false
// when there is no such cast.
func (b *Binder) Convert(e expr.Expr, t types.Type, loc int) (out expr.Expr, ok bool, err error) {
	out, err = b.coerce(e, t, functions.CastAssignment, loc)
	return out, out != nil, err
}

// Known gives a literal of unknown type the type text.
func (b *Binder) Known(e expr.Expr) (expr.Expr, error) {
	if e.Type().OID != types.Unknown {
		return e, nil
	}
	return b.coerce(e, types.Of(types.Text), functions.CastImplicit, -1)
}

// TypeName resolves a type's name.
func (b *Binder) TypeName(tn *ast.TypeName) (types.Type, error) { return b.bindTypeName(tn) }

// TypeText is how messages call a type.
func (b *Binder) TypeText(t types.Type) string { return b.typeName(t) }
