package binder

import (
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// bindCommon binds expressions and converts them to their common type.
func (b *Binder) bindCommon(s *scope, nodes []ast.Expr, construct string) ([]expr.Expr, types.Type, error) {
	list := make([]expr.Expr, len(nodes))
	locs := make([]int, len(nodes))
	for i, n := range nodes {
		e, err := b.bindExpr(s, n)
		if err != nil {
			return nil, types.Type{}, err
		}
		list[i], locs[i] = e, leftmost(n)
	}
	t, err := b.commonType(list, locs, construct)
	if err != nil {
		return nil, t, err
	}
	return b.toCommon(list, locs, t, construct)
}

func (b *Binder) toCommon(list []expr.Expr, locs []int, t types.Type, construct string) ([]expr.Expr, types.Type, error) {
	t.Mod = commonMod(list, t)
	for i, e := range list {
		c, err := b.coerceCommon(e, t, construct, locs[i])
		if err != nil {
			return nil, t, err
		}
		list[i] = c
	}
	return list, t, nil
}

func (b *Binder) bindCase(s *scope, c *ast.Case) (expr.Expr, error) {
	var arg expr.Expr
	if c.Arg != nil {
		a, err := b.bindExpr(s, c.Arg)
		if err != nil {
			return nil, err
		}
		if arg, err = b.toText(a, leftmost(c.Arg)); err != nil {
			return nil, err
		}
	}
	out := &expr.Case{Whens: make([]expr.When, len(c.Whens))}
	results := make([]expr.Expr, 0, len(c.Whens)+1)
	locs := make([]int, 0, len(c.Whens)+1)
	// PostgreSQL's common type starts with the ELSE result.
	var els expr.Expr = &expr.Const{Typ: unknownType}
	elseLoc := c.Loc()
	results, locs = append(results, els), append(locs, elseLoc)
	for i, w := range c.Whens {
		cond, err := b.bindExpr(s, w.Cond)
		if err != nil {
			return nil, err
		}
		if arg != nil {
			if cond, err = b.compare("=", arg, cond, leftmost(w.Cond), leftmost(c.Arg), leftmost(w.Cond)); err != nil {
				return nil, err
			}
		}
		if cond, err = b.coerceBool(cond, "CASE/WHEN", leftmost(w.Cond)); err != nil {
			return nil, err
		}
		then, err := b.bindExpr(s, w.Result)
		if err != nil {
			return nil, err
		}
		out.Whens[i].Cond = cond
		results, locs = append(results, then), append(locs, leftmost(w.Result))
	}
	if c.Else != nil {
		e, err := b.bindExpr(s, c.Else)
		if err != nil {
			return nil, err
		}
		results[0], locs[0] = e, leftmost(c.Else)
	}
	t, err := b.commonType(results, locs, "CASE")
	if err != nil {
		return nil, err
	}
	if c.Else == nil {
		list, typ, err := b.toCommon(results[1:], locs[1:], t, "CASE/WHEN")
		if err != nil {
			return nil, err
		}
		typ.Mod = -1 // as of a NULL, which is the missing ELSE
		out.Typ, results = typ, append(results[:1], list...)
	} else {
		if results, out.Typ, err = b.toCommon(results, locs, t, "CASE/WHEN"); err != nil {
			return nil, err
		}
		out.Else = results[0]
	}
	for i := range out.Whens {
		out.Whens[i].Then = results[i+1]
	}
	if err := noSets(true, "set-returning functions are not allowed in CASE", out); err != nil {
		return nil, err
	}
	return out, nil
}

func (b *Binder) bindNullIf(s *scope, n *ast.NullIf) (expr.Expr, error) {
	l, err := b.bindExpr(s, n.Left)
	if err != nil {
		return nil, err
	}
	r, err := b.bindExpr(s, n.Right)
	if err != nil {
		return nil, err
	}
	eq, err := b.operator("", "=", l, r, n.Loc(), leftmost(n.Left), leftmost(n.Right))
	if err != nil {
		return nil, err
	}
	c := eq.(*expr.Call)
	if c.Typ.OID != types.Bool {
		return nil, at(n, pgerror.DatatypeMismatch, "NULLIF requires = operator to yield boolean")
	}
	// The result is the first operand as the operator takes it.
	return &expr.Case{
		Whens: []expr.When{{Cond: c, Then: &expr.Const{Typ: c.Args[0].Type()}}},
		Else:  c.Args[0], Typ: c.Args[0].Type(),
	}, nil
}

// bindArray binds ARRAY[...]; want is the array type of an enclosing cast.
func (b *Binder) bindArray(s *scope, a *ast.Array, want types.Type) (expr.Expr, error) {
	if err := b.enter(); err != nil {
		return nil, err
	}
	defer func() { b.depth-- }()
	list := make([]expr.Expr, len(a.Elems))
	locs := make([]int, len(a.Elems))
	multi := false
	for i, n := range a.Elems {
		var e expr.Expr
		var err error
		if sub, ok := n.(*ast.Array); ok {
			multi = true
			e, err = b.bindArray(s, sub, want)
		} else {
			e, err = b.bindExpr(s, n)
		}
		if err != nil {
			return nil, err
		}
		if b.isArray(e.Type().OID) {
			multi = true
		}
		list[i], locs[i] = e, leftmost(n)
	}
	var t, elem types.Type
	var err error
	if want.OID != 0 {
		t = want
		el, _ := b.elem(want)
		elem = el
	} else {
		if len(list) == 0 {
			return nil, at(a, pgerror.IndeterminateDatatype, "cannot determine type of empty array").
				WithHint("Explicitly cast to the desired type, for example ARRAY[]::integer[].")
		}
		if elem, err = b.commonType(list, locs, "ARRAY"); err != nil {
			return nil, err
		}
		if multi {
			t = elem
		} else {
			var ok bool
			if t, ok = b.arrayOf(elem); !ok {
				return nil, at(a, pgerror.UndefinedObject, "could not find array type for data type %s", b.typeName(elem))
			}
		}
	}
	to := elem
	if multi {
		to = types.Of(t.OID)
	}
	for i, e := range list {
		var c expr.Expr
		if want.OID != 0 {
			if c, err = b.coerce(e, to, functions.CastExplicit, locs[i]); err == nil && c == nil {
				err = pgerror.New(pgerror.CannotCoerce, "cannot cast type %s to %s", b.typeName(e.Type()), b.typeName(to)).At(locs[i])
			}
		} else {
			c, err = b.coerceCommon(e, to, "ARRAY", locs[i])
		}
		if err != nil {
			return nil, err
		}
		list[i] = c
	}
	return &expr.Array{Args: list, Typ: t, Multi: multi}, nil
}

func (b *Binder) bindIndirection(s *scope, n *ast.Indirection) (expr.Expr, error) {
	e, err := b.bindExpr(s, n.Arg)
	if err != nil {
		return nil, err
	}
	steps := n.Steps
	for len(steps) > 0 {
		st := steps[0]
		switch {
		case st.Star:
			return nil, at(n, pgerror.SyntaxError, "row expansion via \"*\" is not supported here")
		case st.Field != "":
			if e, err = b.field(e, st.Field, n); err != nil {
				return nil, err
			}
			steps = steps[1:]
		default:
			k := 1
			for k < len(steps) && steps[k].Field == "" && !steps[k].Star {
				k++
			}
			if e, err = b.subscript(s, e, steps[:k], n); err != nil {
				return nil, err
			}
			steps = steps[k:]
		}
	}
	return e, nil
}

func (b *Binder) subscript(s *scope, e expr.Expr, steps []ast.Step, n ast.Node) (expr.Expr, error) {
	if e.Type().OID == types.JSONB {
		return b.jsonSubscript(s, e, steps, n)
	}
	elem, ok := b.elem(e.Type())
	if e.Type().OID == types.Name {
		elem, ok = types.Of(types.Char), true
	}
	if !ok {
		return nil, at(n, pgerror.DatatypeMismatch, "cannot subscript type %s because it does not support subscripting", b.typeName(e.Type()))
	}
	out := &expr.Subscript{Arg: e, Typ: elem}
	for _, st := range steps {
		out.Slice = out.Slice || st.Slice
	}
	one := func(x ast.Expr) (expr.Expr, error) {
		if x == nil {
			return nil, nil
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
	for _, st := range steps {
		up, err := one(st.Upper)
		if err != nil {
			return nil, err
		}
		var lo expr.Expr
		if out.Slice {
			if lo, err = one(st.Lower); err != nil {
				return nil, err
			}
			if !st.Slice {
				lo = &expr.Const{Value: types.NewInt4(1), Typ: int4Type}
			}
			out.Lower = append(out.Lower, lo)
		}
		out.Upper = append(out.Upper, up)
	}
	if out.Slice && e.Type().OID == types.Name {
		return nil, at(n, pgerror.FeatureNotSupported, "slices of fixed-length arrays not implemented")
	}
	if out.Slice {
		out.Typ = e.Type()
	}
	return out, nil
}

// jsonSubscript is j['a'][0]: the same as j #> path for reading.
func (b *Binder) jsonSubscript(s *scope, e expr.Expr, steps []ast.Step, n ast.Node) (expr.Expr, error) {
	for _, st := range steps {
		k, err := b.jsonKey(s, st)
		if err != nil {
			return nil, err
		}
		if e, err = b.operator("", "->", e, k, n.Loc(), n.Loc(), leftmost(st.Upper)); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// field selects a named field of a record.
func (b *Binder) field(e expr.Expr, name string, n ast.Node) (expr.Expr, error) {
	row, _ := e.(*expr.Row)
	for i, f := range b.recordFields(e) {
		switch {
		case f.name != name:
		case row != nil:
			return row.Args[i], nil
		default:
			return &expr.Field{Arg: e, Index: i, Name: name, Typ: f.typ}, nil
		}
	}
	if ind, ok := n.(*ast.Indirection); ok {
		if ref, ok := ind.Arg.(*ast.ColumnRef); ok && isWholeRow(e) && len(ref.Names) == 1 {
			return nil, at(ref, pgerror.UndefinedColumn, "column %s.%s does not exist", ref.Names[0], name)
		}
	}
	if t := e.Type(); b.category(t.OID) != 'C' && t.OID != types.Record {
		return nil, at(n, pgerror.WrongObjectType, "column notation .%s applied to type %s, which is not a composite type", name, b.typeName(t))
	}
	if b.isComposite(e.Type().OID) {
		return nil, at(n, pgerror.UndefinedColumn, "column %q not found in data type %s", name, b.typeName(e.Type()))
	}
	return nil, at(n, pgerror.UndefinedColumn, "could not identify column %q in record data type", name)
}

func isWholeRow(e expr.Expr) bool { _, ok := e.(*expr.Row); return ok }
