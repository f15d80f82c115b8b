package binder

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// assignPart is the new value of a column of which a part is set: base with
// the value v at the subscripts (transformAssignmentSubscripts).
func (b *Binder) assignPart(s *scope, base expr.Expr, col *catalog.Column, target *ast.InsertColumn, v expr.Expr, loc int) (expr.Expr, error) {
	slice := false
	for _, st := range target.Steps {
		if st.Field != "" || st.Star {
			return nil, pgerror.Unsupported("assignment to a field of a column").At(target.Loc())
		}
		slice = slice || st.Slice
	}
	elem, ok := b.elem(col.Type)
	if !ok || col.Type.OID == types.JSONB {
		if col.Type.OID == types.JSONB {
			return nil, pgerror.Unsupported("assignment to a part of a jsonb column").At(target.Loc())
		}
		return nil, at(target, pgerror.DatatypeMismatch, "cannot subscript type %s because it does not support subscripting", b.typeName(col.Type))
	}
	want := elem
	if slice {
		want = col.Type
	}
	value, err := b.coerce(v, want, functions.CastAssignment, loc)
	if err != nil {
		return nil, err
	}
	if value == nil {
		return nil, pgerror.New(pgerror.DatatypeMismatch, "subscripted assignment to %q requires type %s but expression is of type %s", col.Name, b.typeName(want), b.typeName(v.Type())).
			WithHint("You will need to rewrite or cast the expression.").At(loc)
	}
	args, given := []expr.Expr{base, value}, make([]bool, 0, 2*len(target.Steps))
	for _, st := range target.Steps {
		lower, upper := st.Lower, st.Upper
		if !st.Slice { // of an element, or in a slice 1:upper
			lower = upper
			if slice {
				lower = &ast.Const{Kind: ast.ConstInt, Int: 1, Text: "1"}
			}
		}
		for _, bound := range []ast.Expr{lower, upper} {
			e, err := b.subscriptBound(s, bound)
			if err != nil {
				return nil, err
			}
			args, given = append(args, e), append(given, bound != nil)
		}
	}
	return &expr.Call{Fn: functions.ArrayAssignment(col.Type, elem, slice, given), Args: args, Typ: col.Type}, nil
}

// subscriptBound binds a subscript; nil is NULL.
func (b *Binder) subscriptBound(s *scope, x ast.Expr) (expr.Expr, error) {
	if x == nil {
		return &expr.Const{Typ: int4Type}, nil
	}
	v, err := b.bindExpr(s, x)
	if err != nil {
		return nil, err
	}
	c, err := b.coerce(v, int4Type, functions.CastAssignment, leftmost(x))
	if err == nil && c == nil {
		err = at(x, pgerror.DatatypeMismatch, "array subscript must have type integer")
	}
	return c, err
}
