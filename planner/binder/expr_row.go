package binder

import (
	"strconv"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func (b *Binder) bindRow(s *scope, r *ast.Row) (expr.Expr, error) {
	out := &expr.Row{Typ: types.Of(types.Record)}
	for _, a := range r.Args {
		if c, ok := a.(*ast.ColumnRef); ok && c.Star {
			cols, err := b.expandStar(s, c)
			if err != nil {
				return nil, err
			}
			for _, t := range cols {
				out.Args = append(out.Args, t.expr)
				out.Names = append(out.Names, rowField(len(out.Names)))
			}
			continue
		}
		e, err := b.bindExpr(s, a)
		if err != nil {
			return nil, err
		}
		out.Args = append(out.Args, e)
		out.Names = append(out.Names, rowField(len(out.Names)))
	}
	return out, nil
}

// rowField names field i of ROW(...).
func rowField(i int) string { return "f" + strconv.Itoa(i+1) }

// recordFields are the fields of a record expression whose shape is known.
func (b *Binder) recordFields(e expr.Expr) []column {
	if fields := b.compositeFields(e.Type()); fields != nil {
		return fields
	}
	switch x := e.(type) {
	case *expr.Row:
		out := make([]column, len(x.Args))
		for i, a := range x.Args {
			out[i] = column{typ: a.Type()}
			if i < len(x.Names) {
				out[i].name = x.Names[i]
			}
		}
		return out
	case *logical.SetCall:
		out := make([]column, len(x.Call.Names))
		for i, c := range x.Call.Names {
			out[i] = column{name: c.Name, typ: c.Type}
		}
		return out
	}
	if c, ok := e.(*expr.Call); ok {
		if fields := b.routineFields(c); fields != nil {
			return fields
		}
	}
	if c, ok := e.(*expr.Column); ok && b.MD.Cols[c.ID].Fields != nil {
		fields := b.MD.Cols[c.ID].Fields
		out := make([]column, len(fields))
		for i, f := range fields {
			out[i] = column{name: f.Name, typ: f.Type}
		}
		return out
	}
	return nil
}

// rowCompare compares rows field by field (make_row_comparison_op).
func (b *Binder) rowCompare(schema, op string, l, r []expr.Expr, loc int) (expr.Expr, error) {
	if len(l) != len(r) {
		return nil, pgerror.New(pgerror.SyntaxError, "unequal number of entries in row expressions").At(loc)
	}
	if len(l) == 0 {
		return nil, pgerror.New(pgerror.FeatureNotSupported, "cannot compare rows of zero length").At(loc)
	}
	if len(l) == 1 {
		return b.operator(schema, op, l[0], r[0], loc, loc, loc)
	}
	if containsSet(&expr.Row{Args: l}) || containsSet(&expr.Row{Args: r}) {
		return nil, pgerror.New(pgerror.DatatypeMismatch, "row comparison operator must not return a set").At(loc)
	}
	all := func(op string) ([]expr.Expr, error) {
		out := make([]expr.Expr, len(l))
		for i := range l {
			e, err := b.operator(schema, op, l[i], r[i], loc, loc, loc)
			if err != nil {
				return nil, err
			}
			out[i] = e
		}
		return out, nil
	}
	switch op {
	case "=":
		list, err := all("=")
		return &expr.Logic{Args: list}, err
	case "<>", "!=":
		list, err := all("<>")
		return &expr.Logic{Or: true, Args: list}, err
	case "<", ">", "<=", ">=":
		strict := op[:1]
		eq, err := all("=")
		if err != nil {
			return nil, err
		}
		lt, err := all(strict)
		if err != nil {
			return nil, err
		}
		last := len(l) - 1
		out, err := b.operator(schema, op, l[last], r[last], loc, loc, loc)
		if err != nil {
			return nil, err
		}
		for i := last - 1; i >= 0; i-- {
			out = &expr.Logic{Or: true, Args: []expr.Expr{lt[i], &expr.Logic{Args: []expr.Expr{eq[i], out}}}}
		}
		return out, nil
	}
	return nil, pgerror.New(pgerror.FeatureNotSupported, "could not determine interpretation of row comparison operator %s", op).
		WithHint("Row comparison operators must be associated with btree operator families.").At(loc)
}

func (b *Binder) rowDistinct(n *ast.IsDistinct, l, r *expr.Row) (expr.Expr, error) {
	if len(l.Args) != len(r.Args) {
		return nil, at(n, pgerror.SyntaxError, "unequal number of entries in row expressions")
	}
	out := &expr.Logic{Or: !n.Not}
	for i := range l.Args {
		d, err := b.distinct(l.Args[i], r.Args[i], n.Not, n.Loc(), n.Loc(), n.Loc())
		if err != nil {
			return nil, err
		}
		out.Args = append(out.Args, d)
	}
	switch len(out.Args) {
	case 0:
		return &expr.Const{Value: types.NewBool(n.Not), Typ: boolType}, nil
	case 1:
		return out.Args[0], nil
	}
	return out, nil
}

// maxAutoList is the longest IN list whose literals become parameters.
const maxAutoList = 16

// bindIn is transformAExprIn.
func (b *Binder) bindIn(s *scope, n *ast.In) (expr.Expr, error) {
	if len(n.List) > maxAutoList {
		b.noAuto++ // a long list of constants can be sorted when it is planned
		defer func() { b.noAuto-- }()
	}
	left, err := b.bindExpr(s, n.Left)
	if err != nil {
		return nil, err
	}
	list := make([]expr.Expr, len(n.List))
	locs := make([]int, len(n.List)+1)
	locs[0] = leftmost(n.Left)
	rows := false
	_, rows = left.(*expr.Row)
	for i, x := range n.List {
		if list[i], err = b.bindExpr(s, x); err != nil {
			return nil, err
		}
		locs[i+1] = leftmost(x)
		if _, ok := list[i].(*expr.Row); ok {
			rows = true
		}
	}
	if !rows && len(list) > 1 {
		out, err := b.inList(left, list, locs, n)
		if out != nil || err != nil {
			return out, err
		}
	}
	op, or := "=", true
	if n.Not {
		op, or = "<>", false
	}
	var parts []expr.Expr
	for i, x := range list {
		e, err := b.compare(op, left, x, n.Loc(), locs[0], locs[i+1])
		if err != nil {
			return nil, err
		}
		parts = append(parts, e)
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return &expr.Logic{Or: or, Args: parts}, nil
}

// inList makes one InList if all elements have a common type with the left
// side; nil if they do not, and then each is compared on its own.
func (b *Binder) inList(left expr.Expr, list []expr.Expr, locs []int, n *ast.In) (expr.Expr, error) {
	all := append([]expr.Expr{left}, list...)
	t, err := b.commonType(all, locs, "IN")
	if err != nil {
		return nil, nil //nolint:nilerr // no common type: not an error yet
	}
	f, err := b.findOperator("", "=", left.Type().OID, t.OID, n.Loc())
	if err != nil {
		return nil, err
	}
	out := &expr.InList{Eq: f.op.Fn, Not: n.Not, List: make([]expr.Expr, len(list))}
	if out.Left, err = b.operand(left, f.left, locs[0]); err != nil {
		return nil, err
	}
	for i, x := range list {
		c, err := b.coerceCommon(x, t, "IN", locs[i+1])
		if err != nil {
			return nil, err
		}
		if out.List[i], err = b.operand(c, f.right, locs[i+1]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// bindAnyAll is expression op ANY/ALL (array).
func (b *Binder) bindAnyAll(s *scope, n *ast.AnyAll) (expr.Expr, error) {
	l, err := b.bindExpr(s, n.Left)
	if err != nil {
		return nil, err
	}
	r, err := b.bindExpr(s, n.Right)
	if err != nil {
		return nil, err
	}
	elem := unknownType
	if r.Type().OID != types.Unknown {
		e, ok := b.elem(r.Type())
		if !ok {
			return nil, at(n, pgerror.WrongObjectType, "op ANY/ALL (array) requires array on right side")
		}
		elem = types.Of(e.OID)
	}
	f, err := b.findOperator(n.Schema, n.Name, l.Type().OID, elem.OID, n.Loc())
	if err != nil {
		return nil, err
	}
	if f.returns != types.Bool {
		return nil, at(n, pgerror.WrongObjectType, "op ANY/ALL (array) requires operator to yield boolean")
	}
	if l, err = b.operand(l, f.left, leftmost(n.Left)); err != nil {
		return nil, err
	}
	arr, ok := b.arrayOf(types.Of(f.right))
	if !ok {
		return nil, at(n, pgerror.UndefinedObject, "could not find array type for data type %s", b.typeName(types.Of(f.right)))
	}
	vector := r.Type().OID == types.Int2Vector || r.Type().OID == types.OidVector
	if !vector || elem.OID != f.right {
		if r, err = b.operand(r, arr.OID, leftmost(n.Right)); err != nil {
			return nil, err
		}
	}
	return &expr.AnyAll{Left: l, Array: r, Fn: f.op.Fn, Op: n.Name, All: n.All}, nil
}

// fieldColumns are the fields of a record expression for the column it becomes.
func (b *Binder) fieldColumns(e expr.Expr) []plan.Column {
	if e.Type().OID != types.Record {
		return nil
	}
	var out []plan.Column
	for _, f := range b.recordFields(e) {
		out = append(out, plan.Column{Name: f.name, Type: f.typ})
	}
	return out
}
