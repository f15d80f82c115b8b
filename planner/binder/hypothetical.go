package binder

import (
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// hypotheticalSet are the aggregates that ask where a row would stand among
// the group's. They count rows that sort before it, so that they are counts
// with a FILTER here:
//
//	rank         1 + count(*) of the rows before it
//	dense_rank   1 + count(DISTINCT ROW(keys)) of the rows before it
//	percent_rank the rows before it / all rows, 0 without rows
//	cume_dist    (1 + the rows before it or beside it) / (1 + all rows)
var hypotheticalSet = map[string]bool{"rank": true, "dense_rank": true, "percent_rank": true, "cume_dist": true}

func (b *Binder) bindHypothetical(s *scope, f *ast.FuncCall) (expr.Expr, error) {
	name := f.Name[len(f.Name)-1]
	switch {
	case f.Over != nil:
		return nil, at(f, pgerror.FeatureNotSupported, "OVER is not supported for ordered-set aggregate %s", name)
	case f.Distinct:
		return nil, at(f, pgerror.SyntaxError, "cannot use DISTINCT with WITHIN GROUP")
	case f.Variadic:
		return nil, pgerror.Unsupported("VARIADIC of a hypothetical-set aggregate").At(f.Loc())
	case len(f.Args) != len(f.OrderBy):
		return nil, b.hypotheticalMismatch(s, f, name)
	}
	for i, o := range f.OrderBy {
		if err := b.hypotheticalPair(s, o.Expr, f.Args[i]); err != nil {
			return nil, err
		}
	}
	h := &hypothetical{call: f}
	less := &ast.Or{Pos: f.Pos}
	var same []ast.Expr
	for i, o := range f.OrderBy {
		before, err := h.before(o, f.Args[i])
		if err != nil {
			return nil, err
		}
		less.Args = append(less.Args, h.and(append(same[:len(same):len(same)], before)...))
		same = append(same, h.same(o.Expr, f.Args[i]))
	}
	before := h.or(less.Args...)
	all := h.count(nil)
	var out ast.Expr
	switch name {
	case "rank":
		out = h.op("+", h.int(1), h.count(before))
	case "dense_rank":
		row := &ast.Row{Pos: f.Pos, Explicit: true}
		for _, o := range f.OrderBy {
			row.Args = append(row.Args, o.Expr)
		}
		c := h.count(before)
		c.Star, c.Distinct, c.Args = false, true, []ast.Expr{row}
		out = h.op("+", h.int(1), c)
	case "percent_rank":
		none := &ast.Cast{Pos: f.Pos, Arg: h.op("=", all, h.int(0)), Type: h.typeName("int4")}
		out = h.op("/", h.float(h.count(before)), h.op("+", all, none))
	default:
		out = h.op("/", h.float(h.op("+", h.int(1), h.count(h.or(before, h.and(same...))))), h.op("+", h.int(1), all))
	}
	return b.bindExpr(s, out)
}

// hypotheticalPair checks that a direct argument and its sort key have a common
// type (unify_hypothetical_args).
func (b *Binder) hypotheticalPair(s *scope, key, arg ast.Expr) error {
	k, err := b.bindExpr(s, key)
	if err != nil {
		return err
	}
	a, err := b.bindExpr(s, arg)
	if err != nil {
		return err
	}
	s.direct = append(s.direct, a)
	_, err = b.commonType([]expr.Expr{k, a}, []int{leftmost(key), leftmost(arg)}, "WITHIN GROUP")
	return err
}

// hypotheticalMismatch is the error of a call with another number of arguments
// than sort keys.
func (b *Binder) hypotheticalMismatch(s *scope, f *ast.FuncCall, name string) error {
	var oids []types.OID
	for _, list := range [][]ast.Expr{f.Args, sortExprs(f.OrderBy)} {
		for _, a := range list {
			e, err := b.bindExpr(s, a)
			if err != nil {
				return err
			}
			oids = append(oids, e.Type().OID)
		}
	}
	return at(f, pgerror.UndefinedFunction, "function %s does not exist", b.signature(name, oids)).
		WithHint("To use the hypothetical-set aggregate %s, the number of hypothetical direct arguments (here %d) must match the number of ordering columns (here %d).",
			name, len(f.Args), len(f.OrderBy))
}

func sortExprs(list []*ast.SortBy) []ast.Expr {
	out := make([]ast.Expr, len(list))
	for i, o := range list {
		out[i] = o.Expr
	}
	return out
}

// hypothetical makes the parts of the rewritten call.
type hypothetical struct{ call *ast.FuncCall }

// before is whether key sorts before value.
func (h *hypothetical) before(o *ast.SortBy, value ast.Expr) (ast.Expr, error) {
	if o.Dir == ast.SortUsing {
		return nil, pgerror.Unsupported("USING in a hypothetical-set aggregate").At(h.call.Loc())
	}
	op, nullsFirst := "<", false
	if o.Dir == ast.SortDesc {
		op, nullsFirst = ">", true
	}
	switch o.Nulls {
	case ast.NullsFirst:
		nullsFirst = true
	case ast.NullsLast:
		nullsFirst = false
	}
	byNull := h.and(&ast.IsNull{Pos: h.call.Pos, Arg: o.Expr, Not: !nullsFirst}, &ast.IsNull{Pos: h.call.Pos, Arg: value, Not: nullsFirst})
	return h.or(h.op(op, o.Expr, value), byNull), nil
}

func (h *hypothetical) same(key, value ast.Expr) ast.Expr {
	null := func(e ast.Expr) ast.Expr { return &ast.IsNull{Pos: h.call.Pos, Arg: e} }
	return h.or(h.op("=", key, value), h.and(null(key), null(value)))
}

// count is count(*) of the rows that satisfy the call's FILTER and cond.
func (h *hypothetical) count(cond ast.Expr) *ast.FuncCall {
	c := &ast.FuncCall{Pos: h.call.Pos, Name: []string{"pg_catalog", "count"}, Star: true, Filter: h.call.Filter}
	switch {
	case cond != nil && c.Filter != nil:
		c.Filter = h.and(c.Filter, cond)
	case cond != nil:
		c.Filter = cond
	}
	return c
}

func (h *hypothetical) op(name string, left, right ast.Expr) ast.Expr {
	return &ast.Operator{Pos: h.call.Pos, Schema: "pg_catalog", Name: name, Left: left, Right: right}
}

func (h *hypothetical) and(args ...ast.Expr) ast.Expr {
	if len(args) == 1 {
		return args[0]
	}
	return &ast.And{Pos: h.call.Pos, Args: args}
}

func (h *hypothetical) or(args ...ast.Expr) ast.Expr {
	if len(args) == 1 {
		return args[0]
	}
	return &ast.Or{Pos: h.call.Pos, Args: args}
}

func (h *hypothetical) int(v int64) ast.Expr {
	return &ast.Const{Pos: h.call.Pos, Kind: ast.ConstInt, Int: v, Text: string(rune('0' + v))}
}

func (h *hypothetical) float(e ast.Expr) ast.Expr {
	return &ast.Cast{Pos: h.call.Pos, Arg: e, Type: h.typeName("float8")}
}

func (h *hypothetical) typeName(name string) *ast.TypeName {
	return &ast.TypeName{Pos: h.call.Pos, Names: []string{"pg_catalog", name}}
}
