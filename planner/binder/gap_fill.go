package binder

import (
	"slices"
	"strings"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// gapFill puts a GapFill above an aggregate that groups by time_bucket_gapfill, or by
// another bucket beside FILL, and makes locf, interpolate and their kin in the targets
// its columns.
func (b *Binder) gapFill(s *scope, p *pending, agg *logical.Aggregate) error {
	at := -1
	for i, k := range agg.Keys {
		if p.bucketCall(k.Expr) == nil {
			continue
		}
		switch {
		case at >= 0 && p.fill != nil:
			return pgerror.Unsupported("FILL beside several buckets in GROUP BY").At(p.fill.pos)
		case at >= 0:
			return pgerror.New(pgerror.FeatureNotSupported, "multiple time_bucket_gapfill calls not allowed")
		}
		at = i
	}
	switch {
	case len(agg.Sets) > 0 && p.fill != nil:
		return pgerror.Unsupported("FILL with grouping sets").At(p.fill.pos)
	case at < 0 && p.fill != nil:
		return pgerror.New(pgerror.GroupingError, "FILL needs a bucket of time in GROUP BY").
			WithHint("Group by time_bucket, time_window, date_bin or date_trunc.").At(p.fill.pos)
	case at < 0:
		return nil
	case len(agg.Sets) > 0:
		return pgerror.Unsupported("time_bucket_gapfill with grouping sets")
	}
	call := p.bucketCall(agg.Keys[at].Expr)
	g := &logical.GapFill{Input: p.node, Time: agg.Keys[at].ID, Fn: call.Fn, Args: slices.Clone(call.Args)}
	time := call.Fn.Steps.Of - 1
	g.Args[time] = nil
	if call.Fn.Name == functions.GapFillName { // start and finish are the range
		g.Args = g.Args[:len(call.Fn.Args)-2]
	}
	for _, a := range g.Args {
		if a != nil && b.varies(s, a) {
			return pgerror.Unsupported("filling buckets of %s whose arguments are not constant", call.Fn.Name)
		}
	}
	for i, k := range agg.Keys {
		if i != at {
			g.Keys = append(g.Keys, k.ID)
		}
	}
	if err := b.gapFillRange(s, p, g, call.Args[time], call.Args[len(g.Args):]); err != nil {
		return err
	}
	for i := range p.targets {
		e, err := b.fills(g, p.targets[i].expr)
		if err != nil {
			return err
		}
		p.targets[i].expr = e
	}
	p.node = g
	if p.fill != nil {
		return p.fill.apply(b, s, p, g, agg)
	}
	return nil
}

// varies reports whether an expression has columns of this level.
func (b *Binder) varies(s *scope, e expr.Expr) bool {
	return logical.Any(e, func(x expr.Expr) bool {
		col, ok := x.(*expr.Column)
		return ok && b.MD.Cols[col.ID].Depth == s.depth
	})
}

// gapFillCall is e as a call of a function of gap filling, nil if it is none.
func gapFillCall(e expr.Expr, name string) *expr.Call {
	if c, ok := e.(*expr.Call); ok && c.Op == "" && c.Fn.Name == name {
		return c
	}
	return nil
}

// gapFillRange finds where the buckets begin and end: arguments, else bounds of the
// time in WHERE.
func (b *Binder) gapFillRange(s *scope, p *pending, g *logical.GapFill, time expr.Expr, rest []expr.Expr) error {
	if len(rest) > 0 && !isNullConst(rest[0]) {
		g.Start = rest[0]
	}
	if len(rest) > 1 && !isNullConst(rest[1]) {
		g.Finish = rest[1]
	}
	conds := p.where
	for n := agg0(p.node); n != nil; n = innerJoin(n, &conds) {
	}
	for _, c := range conds {
		b.gapFillBound(s, g, time, c)
	}
	for _, missing := range []struct {
		name string
		e    expr.Expr
	}{{"start", g.Start}, {"finish", g.Finish}} {
		if missing.e == nil && !s.fillsRows {
			return pgerror.New(pgerror.InvalidParameterValue, "missing time_bucket_gapfill argument: could not infer %s from WHERE clause", missing.name).
				WithHint("Specify start and finish as arguments or in the WHERE clause.")
		}
	}
	return nil
}

// agg0 is the input of the aggregate in a tree, below filters.
func agg0(n logical.Node) logical.Node {
	for {
		switch x := n.(type) {
		case *logical.Filter:
			n = x.Input
		case *logical.Aggregate:
			n = x.Input
		default:
			return n
		}
	}
}

// innerJoin adds the conditions of an inner join and returns its left side to look at.
func innerJoin(n logical.Node, conds *[]expr.Expr) logical.Node {
	j, ok := n.(*logical.Join)
	if !ok || j.Type != plan.InnerJoin {
		return nil
	}
	*conds = append((*conds)[:len(*conds):len(*conds)], j.On...)
	return j.Left
}

func isNullConst(e expr.Expr) bool {
	for {
		switch x := e.(type) {
		case *expr.Const:
			return x.Value.IsNull()
		case *expr.Cast:
			e = x.Arg
		default:
			return false
		}
	}
}

// gapFillBound takes a condition that compares the time with what no row changes.
func (b *Binder) gapFillBound(s *scope, g *logical.GapFill, time, cond expr.Expr) {
	c, ok := cond.(*expr.Call)
	if !ok || len(c.Args) != 2 {
		return
	}
	op, value := c.Op, c.Args[1]
	if logical.Equal(c.Args[1], time) {
		op, value = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<="}[op], c.Args[0]
	} else if !logical.Equal(c.Args[0], time) {
		return
	}
	if b.varies(s, value) {
		return
	}
	if value.Type().OID != time.Type().OID {
		var err error
		if value, err = b.coerce(value, time.Type(), functions.CastAssignment, -1); err != nil || value == nil {
			return
		}
	}
	switch {
	case strings.HasPrefix(op, ">") && g.Start == nil:
		g.Start, g.StartAfter = value, op == ">"
	case strings.HasPrefix(op, "<") && g.Finish == nil:
		g.Finish, g.FinishAt = value, op == "<="
	}
}

// fillMethods are the functions of gap filling.
var fillMethods = map[string]plan.FillMethod{
	functions.LocfName: plan.FillPrevious, functions.InterpolateName: plan.FillLinear, functions.NextName: plan.FillNext, functions.FillName: plan.FillConstant,
}

// fills replaces the functions of gap filling in a target by columns of the GapFill.
func (b *Binder) fills(g *logical.GapFill, e expr.Expr) (expr.Expr, error) {
	if e == nil {
		return nil, nil
	}
	call, ok := e.(*expr.Call)
	f := logical.Fill{}
	if ok = ok && call.Op == ""; ok {
		f.Method, ok = fillMethods[call.Fn.Name]
	}
	if !ok {
		var err error
		e = logical.MapChildren(e, func(x expr.Expr) expr.Expr {
			y, bad := b.fills(g, x)
			if bad != nil {
				err = bad
				return x
			}
			return y
		})
		return e, err
	}
	f.Value = call.Args[0]
	if len(call.Args) > 1 && !isNullConst(call.Args[1]) {
		if f.Prev = call.Args[1]; f.Method == plan.FillConstant {
			if cols := logical.Columns(f.Prev); !cols.Empty() {
				return nil, pgerror.Unsupported("fill with a value that is not constant")
			}
		}
	}
	if len(call.Args) > 2 {
		if f.Method == plan.FillLinear && !isNullConst(call.Args[2]) {
			f.Next = call.Args[2]
		}
		if c, ok := call.Args[2].(*expr.Const); ok && f.Method == plan.FillPrevious {
			f.NullMissing = !c.Value.IsNull() && c.Value.Bool()
		}
	}
	f.ID = b.MD.Add(logical.ColumnInfo{Name: call.Fn.Name, Type: call.Typ})
	g.Fills = append(g.Fills, f)
	return b.MD.Col(f.ID), nil
}
