package rules

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// orToIn makes one IN list of equalities of the same expression:
//
//	x = 1 OR x = 2 OR y    =  x IN (1, 2) OR y
//
// so that an index on x can be read at two keys. IN is defined as that OR, so
// NULLs come out the same. It fires for values without columns of the same
// type only, and not for volatile operands, which an OR computes for each arm.
func (r *Rewriter) orToIn(n logical.Node) {
	logical.VisitExprs(n, func(p *expr.Expr) {
		*p = logical.MapDeep(*p, r.orExpr)
	})
	logical.VisitInputs(n, func(c *logical.Node) { r.orToIn(*c) })
}

func (r *Rewriter) orExpr(e expr.Expr) expr.Expr {
	if in, ok := e.(*expr.InList); ok && len(in.List) > 0 && in.Eq.Strict {
		// NULL IN (...) is NULL.
		if c, ok := in.Left.(*expr.Const); ok && c.Value.IsNull() {
			r.fire("OrToIn")
			return &expr.Const{Typ: types.Of(types.Bool)}
		}
	}
	l, ok := e.(*expr.Logic)
	if !ok || !l.Or {
		return e
	}
	if f := r.factorOr(l); f != expr.Expr(l) {
		return f
	}
	type group struct {
		left expr.Expr
		eq   *functions.Scalar
		vals []expr.Expr
		at   int
	}
	var groups []*group
	var out []expr.Expr
	merged := false
	for _, a := range l.Args {
		left, eq, vals := equality(a)
		if left == nil {
			out = append(out, a)
			continue
		}
		var g *group
		for _, have := range groups {
			if have.eq == eq && logical.Equal(have.left, left) && have.vals[0].Type().OID == vals[0].Type().OID {
				g = have
			}
		}
		if g == nil {
			groups = append(groups, &group{left, eq, vals, len(out)})
			out = append(out, a)
			continue
		}
		g.vals = append(g.vals[:len(g.vals):len(g.vals)], vals...)
		out[g.at] = &expr.InList{Left: g.left, List: g.vals, Eq: g.eq}
		merged = true
	}
	if !merged {
		return e
	}
	r.fire("OrToIn")
	if len(out) == 1 {
		return out[0]
	}
	return &expr.Logic{Or: true, Args: out}
}

// equality reads an arm as column = value or column IN (values).
func equality(e expr.Expr) (left expr.Expr, eq *functions.Scalar, vals []expr.Expr) {
	plain := func(x expr.Expr) bool {
		cols := logical.Columns(x)
		return cols.Empty() && !volatile(x) && !logical.Any(x, isSubplan)
	}
	switch x := e.(type) {
	case *expr.Call:
		if x.Op != "=" || len(x.Args) != 2 || volatile(x.Args[0]) || plain(x.Args[0]) || !plain(x.Args[1]) {
			return nil, nil, nil
		}
		return x.Args[0], x.Fn, x.Args[1:]
	case *expr.InList:
		if x.Not || volatile(x.Left) || len(x.List) == 0 {
			return nil, nil, nil
		}
		for _, v := range x.List {
			if !plain(v) {
				return nil, nil, nil
			}
		}
		return x.Left, x.Eq, x.List
	}
	return nil, nil, nil
}
