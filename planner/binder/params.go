package binder

import (
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// bindParam binds $n. Its type may be unknown until the first coercion tells it.
func (b *Binder) bindParam(p *ast.ParamRef) (expr.Expr, error) {
	if p.Number <= 0 || p.Number > 65535 {
		return nil, at(p, pgerror.UndefinedParameter, "there is no parameter $%d", p.Number)
	}
	if b.routine != nil {
		if p.Number > len(b.routine.types) {
			return nil, at(p, pgerror.UndefinedParameter, "there is no parameter $%d", p.Number)
		}
		return b.routine.param(p.Number - 1), nil
	}
	b.growParams(p.Number)
	return &expr.Param{Index: p.Number - 1, Typ: b.params[p.Number-1]}, nil
}

func (b *Binder) growParams(n int) {
	for len(b.params) < n {
		b.params = append(b.params, types.Type{})
	}
	if b.params[n-1].OID == 0 {
		b.params[n-1] = unknownType
	}
}

// autoParam binds a literal as a parameter if the options ask for it.
func (b *Binder) autoParam(c *ast.Const, t types.Type) (expr.Expr, bool) {
	if b.noAuto > 0 || len(b.opts.AutoParams) == 0 {
		return nil, false
	}
	i, ok := b.opts.AutoParams[int(c.TokenLoc)]
	if !ok || c.TokenLen == 0 {
		return nil, false
	}
	b.growParams(i + 1)
	for len(b.isAuto) <= i {
		b.isAuto = append(b.isAuto, false)
	}
	if !b.isAuto[i] {
		b.isAuto[i] = true
		b.used = append(b.used, int(c.TokenLoc))
		if c.Negated && strings.HasPrefix(c.Text, "-") {
			b.negated = append(b.negated, i)
		}
	}
	b.params[i] = t
	return &expr.Param{Index: i, Typ: t}, true
}

// coerceParam gives a parameter of unknown type its type.
func (b *Binder) coerceParam(p *expr.Param, target types.Type, loc int) (expr.Expr, error) {
	t := types.Of(target.OID)
	switch cur := b.params[p.Index]; {
	case cur.OID == types.Unknown || cur.OID == 0:
		b.params[p.Index] = t
	case cur.OID != t.OID:
		return nil, pgerror.New(pgerror.AmbiguousParameter, "inconsistent types deduced for parameter $%d", p.Index+1).
			WithDetail("%s versus %s", b.typeName(cur), b.typeName(t)).At(loc)
	}
	return &expr.Param{Index: p.Index, Typ: t}, nil
}

// finishParams checks that every parameter got a type.
func (b *Binder) finishParams() error {
	for i, t := range b.params {
		auto := i < len(b.isAuto) && b.isAuto[i]
		if t.OID == types.Unknown && !auto {
			return pgerror.New(pgerror.IndeterminateDatatype, "could not determine data type of parameter $%d", i+1)
		}
		if t.OID == types.Unknown || t.OID == 0 {
			b.params[i] = textType
		}
	}
	return nil
}

// bindConst binds a literal.
func (b *Binder) bindConst(c *ast.Const) (expr.Expr, error) {
	switch c.Kind {
	case ast.ConstNull:
		return &expr.Const{Typ: unknownType}, nil
	case ast.ConstBool:
		return &expr.Const{Value: types.NewBool(c.Bool()), Typ: boolType}, nil
	case ast.ConstInt:
		if e, ok := b.autoParam(c, int4Type); ok {
			return e, nil
		}
		return &expr.Const{Value: types.NewInt4(int32(c.Int)), Typ: int4Type}, nil
	case ast.ConstFloat:
		if v, err := strconv.ParseInt(c.Text, 10, 64); err == nil {
			if e, ok := b.autoParam(c, int8Type); ok {
				return e, nil
			}
			if int64(int32(v)) == v { // -2147483648: its digits alone are no int4
				return &expr.Const{Value: types.NewInt4(int32(v)), Typ: int4Type}, nil
			}
			return &expr.Const{Value: types.NewInt8(v), Typ: int8Type}, nil
		}
		t := types.Of(types.Numeric)
		if e, ok := b.autoParam(c, t); ok {
			return e, nil
		}
		d, err := types.Parse(t, c.Text, b.opts.IO)
		if err != nil {
			return nil, withLoc(err, c.Loc())
		}
		return &expr.Const{Value: d, Typ: t}, nil
	case ast.ConstBitString:
		t := types.Of(types.Bit)
		d, err := types.Parse(t, c.Text, b.opts.IO)
		if err != nil {
			return nil, withLoc(err, c.Loc())
		}
		return &expr.Const{Value: d, Typ: t}, nil
	}
	if e, ok := b.autoParam(c, unknownType); ok {
		return e, nil
	}
	return &expr.Const{Value: types.NewString(c.Text), Typ: unknownType}, nil
}
