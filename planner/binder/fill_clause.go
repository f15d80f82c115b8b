package binder

import (
	"slices"
	"strings"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// fillClause is FILL among the expressions of GROUP BY, which completes the buckets of
// time of the query, whatever function makes them, and says what all that is aggregated
// has in a bucket without rows:
//
//	FILL(NONE)                no buckets are added
//	FILL(NULL)
//	FILL(PREV | NEXT | LINEAR)
//	FILL(VALUE, v, ...)       a value for all, or one for each
//	FILL(v)
type fillClause struct {
	pos    int
	method plan.FillMethod
	null   bool
	values []ast.Expr
}

// fillOf is a call of FILL in GROUP BY, nil for other items.
func fillOf(g ast.GroupItem) *ast.FuncCall {
	if f, ok := g.(*ast.FuncCall); ok && len(f.Name) == 1 && f.Name[0] == functions.FillName && f.Over == nil {
		return f
	}
	return nil
}

// bindFill reads FILL; it is nil for NONE.
func (p *pending) bindFill(s *scope, f *ast.FuncCall) error {
	switch {
	case p.fill != nil:
		return at(f, pgerror.SyntaxError, "multiple FILL clauses not allowed")
	case len(f.Args) == 0:
		return at(f, pgerror.SyntaxError, "FILL needs NONE, NULL, PREV, NEXT, LINEAR or VALUE")
	}
	fill := &fillClause{pos: f.Loc(), method: plan.FillConstant, values: f.Args}
	word := ""
	if c, ok := f.Args[0].(*ast.ColumnRef); ok && len(c.Names) == 1 && !c.Star {
		word = strings.ToLower(c.Names[0])
		fill.values = f.Args[1:]
	} else if c, ok := f.Args[0].(*ast.Const); ok && c.Kind == ast.ConstNull {
		fill.null, fill.values = true, f.Args[1:]
	}
	methods := map[string]plan.FillMethod{
		"prev": plan.FillPrevious, "previous": plan.FillPrevious, "next": plan.FillNext, "linear": plan.FillLinear, "value": plan.FillConstant,
	}
	method, known := methods[word]
	switch {
	case word != "" && word != "none" && !known:
		return at(f.Args[0], pgerror.SyntaxError, "unrecognized FILL mode %q", word).WithHint("Modes are NONE, NULL, PREV, NEXT, LINEAR and VALUE.")
	case word == "value" && len(fill.values) == 0:
		return at(f, pgerror.SyntaxError, "FILL(VALUE) needs a value")
	case word != "value" && (word != "" || fill.null) && len(fill.values) > 0:
		return at(fill.values[0], pgerror.SyntaxError, "FILL takes values with VALUE only")
	case word == "none":
		return nil
	case known:
		fill.method = method
	}
	p.fill, s.fillsRows = fill, true
	return nil
}

// bucketCall is a grouping key as a call that cuts times, or numbers, to the start of a
// bucket; nil if it is none.
func (p *pending) bucketCall(e expr.Expr) *expr.Call {
	if c := gapFillCall(e, functions.GapFillName); c != nil || p.fill == nil {
		return c
	}
	if c, ok := e.(*expr.Call); ok && c.Fn != nil && c.Fn.Steps != nil && c.Typ.OID == c.Args[c.Fn.Steps.Of-1].Type().OID {
		return c
	}
	return nil
}

// apply makes what targets aggregate columns of g.
func (f *fillClause) apply(b *Binder, s *scope, p *pending, g *logical.GapFill, agg *logical.Aggregate) error {
	if f.null {
		return nil
	}
	var aggs logical.ColSet
	for _, a := range agg.Aggs {
		aggs.Add(a.ID)
	}
	n := 0
	for i := range p.targets {
		e, err := f.fill(b, s, g, &aggs, &n, p.targets[i].expr)
		if err != nil {
			return err
		}
		p.targets[i].expr = e
	}
	if len(f.values) > 1 && n != len(f.values) {
		return pgerror.New(pgerror.SyntaxError, "FILL has %d values for %d columns", len(f.values), n).At(f.pos)
	}
	return nil
}

// fill replaces the largest parts of e that aggregate and hold neither window functions
// nor fills by columns of g.
func (f *fillClause) fill(b *Binder, s *scope, g *logical.GapFill, aggs *logical.ColSet, n *int, e expr.Expr) (expr.Expr, error) {
	if e == nil {
		return nil, nil
	}
	used := logical.Columns(e)
	if !used.Intersects(aggs) {
		return e, nil
	}
	filled := slices.ContainsFunc(g.Fills, func(x logical.Fill) bool { return used.Has(x.ID) })
	if findWindow(e) != nil || filled {
		var err error
		out := logical.MapChildren(e, func(x expr.Expr) expr.Expr {
			y, bad := f.fill(b, s, g, aggs, n, x)
			if bad != nil {
				err = bad
				return x
			}
			return y
		})
		return out, err
	}
	fill := logical.Fill{Method: f.method, Value: e, ID: b.MD.Add(logical.ColumnInfo{Name: functions.FillName, Type: e.Type()})}
	switch f.method {
	case plan.FillLinear:
		if !slices.ContainsFunc(functions.Scalars(functions.InterpolateName), func(fn *functions.Scalar) bool { return fn.Args[0].OID == e.Type().OID }) {
			return nil, pgerror.New(pgerror.DatatypeMismatch, "FILL(LINEAR) cannot fill values of type %s", e.Type().String()).At(f.pos)
		}
	case plan.FillConstant:
		v, err := f.value(b, s, *n, e.Type())
		if err != nil {
			return nil, err
		}
		fill.Prev = v
	}
	*n++
	g.Fills = append(g.Fills, fill)
	return b.MD.Col(fill.ID), nil
}

// value is the value of filled column n in its type.
func (f *fillClause) value(b *Binder, s *scope, n int, t types.Type) (expr.Expr, error) {
	if len(f.values) > 1 && n >= len(f.values) {
		return nil, pgerror.New(pgerror.SyntaxError, "FILL has %d values for more columns", len(f.values)).At(f.pos)
	}
	v := f.values[min(n, len(f.values)-1)]
	kind := s.kind
	s.kind = kindGroupBy
	e, err := b.bindExpr(s, v)
	s.kind = kind
	if err != nil {
		return nil, err
	}
	if cols := logical.Columns(e); !cols.Empty() || logical.Any(e, func(x expr.Expr) bool { _, ok := x.(*expr.Aggregate); return ok }) {
		return nil, pgerror.Unsupported("FILL with a value that is not constant").At(v.Loc())
	}
	from := e.Type()
	if e, err = b.coerce(e, t, functions.CastAssignment, v.Loc()); err == nil && e == nil {
		err = at(v, pgerror.DatatypeMismatch, "FILL cannot put a value of type %s in the place of type %s", from.String(), t.String())
	}
	return e, err
}
