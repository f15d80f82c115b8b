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
	if len(target.Steps) > 0 && target.Steps[0].Field != "" {
		return b.assignField(base, col.Type, col, target.Steps, target, v, loc)
	}
	slice := false
	for _, st := range target.Steps {
		if st.Field != "" || st.Star {
			return nil, pgerror.Unsupported("assignment to a field of a column").At(target.Loc())
		}
		slice = slice || st.Slice
	}
	if col.Type.OID == types.JSONB {
		return b.assignJSON(s, base, col, target, v, loc)
	}
	elem, ok := b.elem(col.Type)
	if !ok {
		return nil, at(target, pgerror.DatatypeMismatch, "cannot subscript type %s because it does not support subscripting", b.typeName(col.Type))
	}
	want := elem
	if slice {
		want = col.Type
	}
	value, err := b.partValue(v, want, col, target, loc)
	if err != nil {
		return nil, err
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

// partValue converts a value for a part of a column, which is of type want.
func (b *Binder) partValue(v expr.Expr, want types.Type, col *catalog.Column, target *ast.InsertColumn, loc int) (expr.Expr, error) {
	value, err := b.coerce(v, want, functions.CastAssignment, loc)
	if err == nil && value == nil {
		err = at(target, pgerror.DatatypeMismatch, "subscripted assignment to %q requires type %s but expression is of type %s", col.Name, b.typeName(want), b.typeName(v.Type())).
			WithHint("You will need to rewrite or cast the expression.")
	}
	return value, err
}

// assignJSON is assignPart of a jsonb column (jsonb_subscript_transform).
func (b *Binder) assignJSON(s *scope, base expr.Expr, col *catalog.Column, target *ast.InsertColumn, v expr.Expr, loc int) (expr.Expr, error) {
	args := []expr.Expr{base, nil}
	subscripts := make([]types.Type, len(target.Steps))
	for i, st := range target.Steps {
		k, err := b.jsonKey(s, st)
		if err != nil {
			return nil, err
		}
		args, subscripts[i] = append(args, k), k.Type()
	}
	var err error
	if args[1], err = b.partValue(v, col.Type, col, target, loc); err != nil {
		return nil, err
	}
	return &expr.Call{Fn: functions.JSONBAssignment(subscripts), Args: args, Typ: col.Type}, nil
}

// jsonKey binds a subscript of a jsonb value: an int4 or a text.
func (b *Binder) jsonKey(s *scope, st ast.Step) (expr.Expr, error) {
	if st.Slice {
		where := st.Upper
		if where == nil {
			where = st.Lower
		}
		err := pgerror.New(pgerror.DatatypeMismatch, "jsonb subscript does not support slices")
		if where != nil {
			err = err.At(leftmost(where))
		}
		return nil, err
	}
	k, err := b.bindExpr(s, st.Upper)
	if err != nil {
		return nil, err
	}
	loc := leftmost(st.Upper)
	if k.Type().OID == types.Unknown {
		return b.coerce(k, textType, functions.CastImplicit, loc)
	}
	for _, t := range []types.Type{int4Type, textType} {
		if b.canCoerce(k.Type().OID, t.OID, functions.CastImplicit) {
			return b.coerce(k, t, functions.CastImplicit, loc)
		}
	}
	return nil, at(st.Upper, pgerror.DatatypeMismatch, "subscript type %s is not supported", b.typeName(k.Type())).
		WithHint("jsonb subscript must be coercible to either integer or text.")
}
