package binder

import (
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// bindExpr binds an expression (transformExprRecurse).
func (b *Binder) bindExpr(s *scope, e ast.Expr) (expr.Expr, error) {
	switch e := e.(type) {
	case *ast.Const:
		return b.bindConst(e)
	case *ast.ColumnRef:
		return b.bindColumnRef(s, e)
	case *ast.ParamRef:
		return b.bindParam(e)
	case *ast.Operator:
		return b.bindOperator(s, e)
	case *ast.And:
		return b.bindLogic(s, e.Args, false)
	case *ast.Or:
		return b.bindLogic(s, e.Args, true)
	case *ast.Not:
		a, err := b.bindExpr(s, e.Arg)
		if err != nil {
			return nil, err
		}
		if a, err = b.coerceBool(a, "NOT", leftmost(e.Arg)); err != nil {
			return nil, err
		}
		return &expr.Not{Arg: a}, nil
	case *ast.FuncCall:
		return b.bindFuncCall(s, e)
	case *ast.Cast:
		return b.bindCast(s, e)
	}
	if err := b.enter(); err != nil {
		return nil, err
	}
	defer func() { b.depth-- }()
	return b.bindOther(s, e)
}

func (b *Binder) bindOther(s *scope, e ast.Expr) (expr.Expr, error) {
	switch e := e.(type) {
	case *ast.IsNull:
		return b.bindIsNull(s, e)
	case *ast.BooleanTest:
		return b.bindBoolTest(s, e)
	case *ast.IsDistinct:
		return b.bindIsDistinct(s, e)
	case *ast.In:
		return b.bindIn(s, e)
	case *ast.Between:
		return b.bindBetween(s, e)
	case *ast.Like:
		return b.bindLike(s, e)
	case *ast.AnyAll:
		return b.bindAnyAll(s, e)
	case *ast.Case:
		return b.bindCase(s, e)
	case *ast.Coalesce:
		args, t, err := b.bindCommon(s, e.Args, "COALESCE")
		if err != nil {
			return nil, err
		}
		if err := noSets(true, "set-returning functions are not allowed in COALESCE", args...); err != nil {
			return nil, err
		}
		return &expr.Coalesce{Args: args, Typ: t}, nil
	case *ast.GreatestLeast:
		name := "GREATEST"
		if e.Least {
			name = "LEAST"
		}
		args, t, err := b.bindCommon(s, e.Args, name)
		if err != nil {
			return nil, err
		}
		if err := b.sortable(t, e.Loc()); err != nil {
			return nil, err
		}
		return &expr.MinMax{Args: args, Least: e.Least, Typ: t}, nil
	case *ast.NullIf:
		return b.bindNullIf(s, e)
	case *ast.Array:
		return b.bindArray(s, e, types.Type{})
	case *ast.Row:
		return b.bindRow(s, e)
	case *ast.Indirection:
		return b.bindIndirection(s, e)
	case *ast.SubLink:
		return b.bindSubLink(s, e)
	case *ast.SQLValueFunction:
		return b.bindValueFunction(e)
	case *ast.Collate:
		return b.bindCollate(s, e)
	case *ast.Grouping:
		return b.bindGrouping(s, e)
	case *ast.NamedArg:
		return b.bindExpr(s, e.Arg)
	case *ast.SetToDefault:
		return nil, at(e, pgerror.SyntaxError, "DEFAULT is not allowed in this context")
	case *ast.CurrentOf:
		return nil, pgerror.Unsupported("WHERE CURRENT OF").At(e.Loc())
	case *ast.UnsupportedExpr:
		return nil, pgerror.Unsupported("%s", e.Name).At(e.Loc())
	}
	return nil, pgerror.New(pgerror.InternalError, "unrecognized expression %T", e)
}

// bindCondition binds a boolean clause of a kind of its own.
func (b *Binder) bindCondition(s *scope, e ast.Expr, kind exprKind, construct string) (expr.Expr, error) {
	saved := s.kind
	s.kind = kind
	out, err := b.bindExpr(s, e)
	s.kind = saved
	if err != nil {
		return nil, err
	}
	return b.coerceBool(out, construct, leftmost(e))
}

func (b *Binder) bindLogic(s *scope, args []ast.Expr, or bool) (expr.Expr, error) {
	if err := b.enter(); err != nil {
		return nil, err
	}
	defer func() { b.depth-- }()
	name := "AND"
	if or {
		name = "OR"
	}
	out := make([]expr.Expr, 0, len(args))
	for _, a := range args {
		e, err := b.bindExpr(s, a)
		if err != nil {
			return nil, err
		}
		if e, err = b.coerceBool(e, name, leftmost(a)); err != nil {
			return nil, err
		}
		if l, ok := e.(*expr.Logic); ok && l.Or == or {
			out = append(out, l.Args...)
			continue
		}
		out = append(out, e)
	}
	return &expr.Logic{Or: or, Args: out}, nil
}

func (b *Binder) bindOperator(s *scope, o *ast.Operator) (expr.Expr, error) {
	if err := b.enter(); err != nil {
		return nil, err
	}
	defer func() { b.depth-- }()
	if o.Left == nil {
		r, err := b.bindExpr(s, o.Right)
		if err != nil {
			return nil, err
		}
		return b.operator(o.Schema, o.Name, nil, r, o.Loc(), -1, leftmost(o.Right))
	}
	if sub, ok := o.Right.(*ast.SubLink); ok && sub.Kind == ast.SubLinkScalar {
		if row, ok := o.Left.(*ast.Row); ok {
			return b.rowSubquery(s, o, row, sub)
		}
	}
	l, err := b.bindExpr(s, o.Left)
	if err != nil {
		return nil, err
	}
	r, err := b.bindExpr(s, o.Right)
	if err != nil {
		return nil, err
	}
	if lr, ok := l.(*expr.Row); ok && isRowNode(o.Left) {
		if rr, ok := r.(*expr.Row); ok && isRowNode(o.Right) {
			return b.rowCompare(o.Schema, o.Name, lr.Args, rr.Args, o.Loc())
		}
	}
	return b.operator(o.Schema, o.Name, l, r, o.Loc(), leftmost(o.Left), leftmost(o.Right))
}

func isRowNode(e ast.Expr) bool { _, ok := e.(*ast.Row); return ok }

func (b *Binder) bindCast(s *scope, c *ast.Cast) (expr.Expr, error) {
	if err := b.enter(); err != nil {
		return nil, err
	}
	defer func() { b.depth-- }()
	t, err := b.bindTypeName(c.Type)
	if err != nil {
		return nil, err
	}
	domain := b.domain(t.OID)
	if domain != nil {
		t = b.domainBase(t.OID)
	} else if err := RefuseDomain(b.cat, t); err != nil {
		return nil, withLoc(err, c.Type.Loc())
	}
	var e expr.Expr
	if arr, ok := c.Arg.(*ast.Array); ok && b.isArray(t.OID) {
		if e, err = b.bindArray(s, arr, t); err != nil {
			return nil, err
		}
	} else if e, err = b.bindExpr(s, c.Arg); err != nil {
		return nil, err
	}
	loc := c.Loc()
	if loc < 0 || e.Type().OID == types.Unknown {
		if l := leftmost(c.Arg); l >= 0 {
			loc = l
		}
	}
	out, err := b.coerce(e, t, functions.CastExplicit, loc)
	if err != nil {
		return nil, err
	}
	if out == nil {
		return nil, pgerror.New(pgerror.CannotCoerce, "cannot cast type %s to %s", b.typeName(e.Type()), b.typeName(t)).At(c.Loc())
	}
	if domain != nil {
		return b.checkDomain(out, domain)
	}
	return out, nil
}

func (b *Binder) bindIsNull(s *scope, n *ast.IsNull) (expr.Expr, error) {
	a, err := b.bindExpr(s, n.Arg)
	if err != nil {
		return nil, err
	}
	if row, ok := a.(*expr.Row); ok && len(row.Args) > 0 {
		l := &expr.Logic{}
		for _, f := range row.Args {
			l.Args = append(l.Args, &expr.IsNull{Arg: f, Not: n.Not})
		}
		if len(l.Args) == 1 {
			return l.Args[0], nil
		}
		return l, nil
	}
	return &expr.IsNull{Arg: a, Not: n.Not, Row: a.Type().OID == types.Record || b.isComposite(a.Type().OID)}, nil
}

func (b *Binder) bindBoolTest(s *scope, n *ast.BooleanTest) (expr.Expr, error) {
	t := &expr.BoolTest{}
	name := ""
	switch n.Test {
	case ast.IsTrue:
		name, t.Want = "IS TRUE", types.NewBool(true)
	case ast.IsNotTrue:
		name, t.Want, t.Not = "IS NOT TRUE", types.NewBool(true), true
	case ast.IsFalse:
		name, t.Want = "IS FALSE", types.NewBool(false)
	case ast.IsNotFalse:
		name, t.Want, t.Not = "IS NOT FALSE", types.NewBool(false), true
	case ast.IsUnknown:
		name = "IS UNKNOWN"
	case ast.IsNotUnknown:
		name, t.Not = "IS NOT UNKNOWN", true
	}
	a, err := b.bindExpr(s, n.Arg)
	if err != nil {
		return nil, err
	}
	if t.Arg, err = b.coerceBool(a, name, leftmost(n.Arg)); err != nil {
		return nil, err
	}
	return t, nil
}

func (b *Binder) bindIsDistinct(s *scope, n *ast.IsDistinct) (expr.Expr, error) {
	l, err := b.bindExpr(s, n.Left)
	if err != nil {
		return nil, err
	}
	r, err := b.bindExpr(s, n.Right)
	if err != nil {
		return nil, err
	}
	if c, ok := n.Right.(*ast.Const); ok && c.Kind == ast.ConstNull {
		return &expr.IsNull{Arg: l, Not: !n.Not}, nil
	}
	if c, ok := n.Left.(*ast.Const); ok && c.Kind == ast.ConstNull {
		return &expr.IsNull{Arg: r, Not: !n.Not}, nil
	}
	if lr, ok := l.(*expr.Row); ok {
		if rr, ok := r.(*expr.Row); ok {
			return b.rowDistinct(n, lr, rr)
		}
	}
	return b.distinct(l, r, n.Not, n.Loc(), leftmost(n.Left), leftmost(n.Right))
}

func (b *Binder) distinct(l, r expr.Expr, not bool, loc, lloc, rloc int) (expr.Expr, error) {
	eq, err := b.operator("", "=", l, r, loc, lloc, rloc)
	if err != nil {
		return nil, err
	}
	c, ok := eq.(*expr.Call)
	if !ok || c.Typ.OID != types.Bool {
		return nil, pgerror.New(pgerror.DatatypeMismatch, "IS DISTINCT FROM requires = operator to yield boolean").At(loc)
	}
	return &expr.Distinct{Left: c.Args[0], Right: c.Args[1], Eq: c.Fn, Not: not}, nil
}

func (b *Binder) bindBetween(s *scope, n *ast.Between) (expr.Expr, error) {
	a, err := b.bindExpr(s, n.Arg)
	if err != nil {
		return nil, err
	}
	low, err := b.bindExpr(s, n.Low)
	if err != nil {
		return nil, err
	}
	high, err := b.bindExpr(s, n.High)
	if err != nil {
		return nil, err
	}
	al, ll, hl := leftmost(n.Arg), leftmost(n.Low), leftmost(n.High)
	half := func(lo, hi expr.Expr, lol, hil int) (expr.Expr, error) {
		lop, hop, name := ">=", "<=", "AND"
		if n.Not {
			lop, hop, name = "<", ">", "OR"
		}
		x, err := b.compare(lop, a, lo, n.Loc(), al, lol)
		if err != nil {
			return nil, err
		}
		y, err := b.compare(hop, a, hi, n.Loc(), al, hil)
		if err != nil {
			return nil, err
		}
		for _, c := range []expr.Expr{x, y} {
			if _, err := b.coerceBool(c, name, al); err != nil {
				return nil, err
			}
		}
		return &expr.Logic{Or: n.Not, Args: []expr.Expr{x, y}}, nil
	}
	x, err := half(low, high, ll, hl)
	if err != nil || !n.Symmetric {
		return x, err
	}
	y, err := half(high, low, hl, ll)
	if err != nil {
		return nil, err
	}
	return &expr.Logic{Or: !n.Not, Args: []expr.Expr{x, y}}, nil
}

// compare is an operator that also takes rows.
func (b *Binder) compare(op string, l, r expr.Expr, loc, lloc, rloc int) (expr.Expr, error) {
	if lr, ok := l.(*expr.Row); ok {
		if rr, ok := r.(*expr.Row); ok {
			return b.rowCompare("", op, lr.Args, rr.Args, loc)
		}
	}
	return b.operator("", op, l, r, loc, lloc, rloc)
}

func (b *Binder) bindLike(s *scope, n *ast.Like) (expr.Expr, error) {
	l, err := b.bindExpr(s, n.Left)
	if err != nil {
		return nil, err
	}
	p, err := b.bindExpr(s, n.Pattern)
	if err != nil {
		return nil, err
	}
	op := "~~"
	fn := "like_escape"
	switch n.Kind {
	case ast.LikeILike:
		op = "~~*"
	case ast.LikeSimilar:
		op, fn = "~", "similar_to_escape"
	}
	if n.Not {
		op = "!" + op
	}
	if n.Escape != nil || n.Kind == ast.LikeSimilar {
		args, locs := []expr.Expr{p}, []int{leftmost(n.Pattern)}
		if n.Escape != nil {
			e, err := b.bindExpr(s, n.Escape)
			if err != nil {
				return nil, err
			}
			args, locs = append(args, e), append(locs, leftmost(n.Escape))
		}
		if p, err = b.callNamed(fn, args, locs, n); err != nil {
			return nil, err
		}
	}
	return b.operator("", op, l, p, n.Loc(), leftmost(n.Left), leftmost(n.Pattern))
}

// callNamed calls a built-in scalar function with bound arguments.
func (b *Binder) callNamed(name string, args []expr.Expr, locs []int, n ast.Node) (expr.Expr, error) {
	ts := make([]types.OID, len(args))
	for i, a := range args {
		ts[i] = a.Type().OID
	}
	c, how, _ := b.findFunction(name, ts, true)
	if how == foundFunction {
		out := &boundCall{ref: c.ref, name: name}
		if err := b.coerceArgs(out, c, args, locs, n); err != nil {
			return nil, err
		}
		if fn, ok := out.ref.(*functions.Scalar); ok {
			return &expr.Call{Fn: fn, Args: out.args, Typ: out.returns}, nil
		}
	}
	return nil, at(n, pgerror.UndefinedFunction, "function %s does not exist", b.signature(name, ts)).
		WithHint("No function matches the given name and argument types. You might need to add explicit type casts.")
}

func (b *Binder) bindCollate(s *scope, c *ast.Collate) (expr.Expr, error) {
	a, err := b.bindExpr(s, c.Arg)
	if err != nil {
		return nil, err
	}
	switch b.category(b.base(a.Type()).OID) {
	case 'S', 'X', 'A':
	default:
		return nil, at(c, pgerror.DatatypeMismatch, "collations are not supported by type %s", b.typeName(a.Type()))
	}
	return a, b.checkCollation(c.Name, c)
}

// checkCollation accepts the collations that order by bytes.
func (b *Binder) checkCollation(name []string, n ast.Node) error {
	switch name[len(name)-1] {
	case "C", "POSIX", "default", "ucs_basic", "C.UTF-8", "C.utf8":
		return nil
	}
	return at(n, pgerror.UndefinedObject, "collation %q for encoding \"UTF8\" does not exist", name[len(name)-1])
}

func (b *Binder) bindValueFunction(f *ast.SQLValueFunction) (expr.Expr, error) {
	mod := int32(-1)
	if f.Precision >= 0 {
		mod = int32(min(f.Precision, 6))
	}
	now := func(t types.OID) (expr.Expr, error) {
		e, err := b.callNamed("now", nil, nil, f)
		if err != nil {
			return nil, err
		}
		return b.coerce(e, types.Type{OID: t, Mod: mod}, functions.CastExplicit, f.Loc())
	}
	switch f.Func {
	case ast.CurrentDate:
		return now(types.Date)
	case ast.CurrentTime:
		return now(types.Timetz)
	case ast.CurrentTimestamp:
		return now(types.Timestamptz)
	case ast.LocalTime:
		return now(types.Time)
	case ast.LocalTimestamp:
		return now(types.Timestamp)
	case ast.SessionUser:
		return b.callNamed("session_user", nil, nil, f)
	case ast.CurrentCatalog:
		return b.callNamed("current_database", nil, nil, f)
	case ast.CurrentSchema:
		return b.callNamed("current_schema", nil, nil, f)
	}
	return b.callNamed("current_user", nil, nil, f)
}
