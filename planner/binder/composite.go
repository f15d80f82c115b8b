package binder

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// recordToComposite converts a record field by field (coerce_record_to_complex).
func (b *Binder) recordToComposite(e expr.Expr, target types.Type, ctx functions.CastContext, loc int) (expr.Expr, error) {
	refused := pgerror.New(pgerror.CannotCoerce, "cannot cast type %s to %s", b.typeName(e.Type()), b.typeName(target)).At(loc)
	fields := b.compositeFields(target)
	var args []expr.Expr
	if row, ok := e.(*expr.Row); ok {
		args = row.Args
	} else {
		for i, f := range b.recordFields(e) {
			args = append(args, &expr.Field{Arg: e, Index: i, Name: f.name, Typ: f.typ})
		}
		if args == nil {
			return nil, refused
		}
	}
	if len(args) != len(fields) {
		if len(args) < len(fields) {
			return nil, refused.WithDetail("Input has too few columns.")
		}
		return nil, refused.WithDetail("Input has too many columns.")
	}
	out := &expr.Row{Typ: types.Of(target.OID)}
	for i, f := range fields {
		// Fields are converted as assignments where the whole is not cast by the user.
		v, err := b.coerce(args[i], f.typ, ctx, loc)
		if err != nil {
			return nil, err
		}
		if v == nil {
			return nil, refused.WithDetail("Cannot cast type %s to %s in column %d.", b.typeName(args[i].Type()), b.typeName(f.typ), i+1)
		}
		out.Args, out.Names = append(out.Args, v), append(out.Names, f.name)
	}
	return out, nil
}

// isComposite reports whether a type is a composite type or a relation's row type.
func (b *Binder) isComposite(t types.OID) bool {
	if t < types.FirstUserOID {
		return false
	}
	i := b.info(t)
	return i != nil && i.Type == 'c'
}

// assignField is the new value of a composite column of which a field is set: the other
// fields stay, NULL is a row of NULLs (FieldStore).
func (b *Binder) assignField(base expr.Expr, typ types.Type, col *catalog.Column, steps []ast.Step, target *ast.InsertColumn, v expr.Expr, loc int) (expr.Expr, error) {
	if len(steps) == 0 {
		return v, nil
	}
	name := steps[0].Field
	if name == "" {
		return nil, pgerror.Unsupported("assignment to an element inside of a composite column").At(target.Loc())
	}
	fields := b.compositeFields(typ)
	if fields == nil {
		return nil, at(target, pgerror.DatatypeMismatch, "cannot assign to field \"%s\" of column \"%s\" because its type %s is not a composite type", name, col.Name, b.typeName(typ))
	}
	out := &expr.Row{Typ: types.Of(typ.OID)}
	found := false
	for i, f := range fields {
		var x expr.Expr = &expr.Field{Arg: base, Index: i, Name: f.name, Typ: f.typ}
		if c, ok := base.(*expr.Const); ok && c.Value.IsNull() {
			x = &expr.Const{Typ: f.typ}
		} else if row, ok := base.(*expr.Row); ok && i < len(row.Args) {
			x = row.Args[i]
		}
		if f.name == name {
			found = true
			var err error
			if len(steps) > 1 {
				x, err = b.assignField(x, f.typ, col, steps[1:], target, v, loc)
			} else {
				x, err = b.fieldValue(v, f, target, loc)
			}
			if err != nil {
				return nil, err
			}
		}
		out.Args, out.Names = append(out.Args, x), append(out.Names, f.name)
	}
	if !found {
		return nil, at(target, pgerror.UndefinedColumn, "cannot assign to field \"%s\" of column \"%s\" because there is no such column in data type %s", name, col.Name, b.typeName(typ))
	}
	return out, nil
}

// fieldValue converts a value for a field.
func (b *Binder) fieldValue(v expr.Expr, f column, target *ast.InsertColumn, loc int) (expr.Expr, error) {
	out, err := b.coerce(v, f.typ, functions.CastAssignment, loc)
	if err == nil && out == nil {
		err = at(target, pgerror.DatatypeMismatch, "subfield \"%s\" is of type %s but expression is of type %s", f.name, b.typeName(f.typ), b.typeName(v.Type())).
			WithHint("You will need to rewrite or cast the expression.")
	}
	return out, err
}

// functionColumn is rel.f for f(rel), where the user has such a function of the
// relation's row; nil if there is none.
func (b *Binder) functionColumn(s *scope, item *nsItem, name string, c *ast.ColumnRef) (expr.Expr, error) {
	if item.table == nil && item.view == nil {
		return nil, nil
	}
	row := item.table
	if item.view != nil {
		row = item.view
	}
	for _, f := range b.routinesNamed([]string{name}) {
		if args := f.ArgTypes(); len(args) == 1 && args[0] == row.RowType {
			whole := &ast.ColumnRef{Pos: c.Pos, Names: c.Names[:len(c.Names)-1], Star: true}
			return b.bindCall(s, &ast.FuncCall{Pos: c.Pos, Name: []string{name}, Args: []ast.Expr{whole}})
		}
	}
	return nil, nil
}
