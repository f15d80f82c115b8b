package rules

import (
	"slices"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
)

// keysets finds the beginning of an index range in the comparison of a row, which
// reads on where a page ended, or in what it is spelled out to:
//
//	(a, b) > (x, y)  =  a > x OR (a = x AND b > y)  =  a >= x AND (a > x OR b > y)
//
// and likewise for <. Where a >= x, a row that a > x refuses has a = x; a condition of
// rows does not tell NULL from false. It fires for a column of some index of a table and a
// value that is the same for all of its rows, and not without the arm a > x, nor
// if another arm does not have a = x, nor for volatile values.
func (r *Rewriter) keysets(n logical.Node) {
	eachSubquery(n, func(_ *expr.Subplan, t logical.Node) { r.keysets(t) })
	if s, ok := n.(*logical.Scan); ok {
		var out []expr.Expr
		for i, c := range s.Filter {
			bound, rest := keyset(s, c)
			if bound == nil {
				continue
			}
			if out == nil {
				out = slices.Clone(s.Filter)
			}
			out[i] = rest
			out = append(out, bound)
			r.fire("Keyset")
		}
		if out != nil {
			s.Filter = out
		}
	}
	logical.VisitInputs(n, func(c *logical.Node) { r.keysets(*c) })
}

// keyset takes one condition apart; bound is nil if it is none.
func keyset(s *logical.Scan, c expr.Expr) (bound, rest expr.Expr) {
	or, ok := c.(*expr.Logic)
	if !ok || !or.Or {
		return nil, nil
	}
	for at, a := range or.Args {
		first, ok := a.(*expr.Call)
		if !ok || first.Op != ">" && first.Op != "<" || !indexBound(s, first) {
			continue
		}
		args := []expr.Expr{first}
		for i, other := range or.Args {
			if i == at {
				continue
			}
			arm := withoutEquality(other, first)
			if arm == nil {
				args = nil
				break
			}
			if or, ok := arm.(*expr.Logic); ok && or.Or {
				args = append(args, or.Args...)
			} else {
				args = append(args, arm)
			}
		}
		if len(args) < 2 {
			continue
		}
		op := functions.OperatorFor(first.Op+"=", first.Args[0].Type().OID, first.Args[1].Type().OID)
		if op == nil {
			return nil, nil
		}
		return &expr.Call{Fn: op.Fn, Op: op.Name, Args: first.Args, Typ: first.Typ}, &expr.Logic{Or: true, Args: args}
	}
	return nil, nil
}

// indexBound: the comparison is of a column of an index with a value.
func indexBound(s *logical.Scan, c *expr.Call) bool {
	col, ok := c.Args[0].(*expr.Column)
	if !ok || volatile(c.Args[1]) || logical.Any(c.Args[1], isSubplan) {
		return false
	}
	out, value := logical.OutputSet(s), logical.Columns(c.Args[1])
	if value.Intersects(&out) {
		return false
	}
	for i := range s.Table.Indexes {
		for _, k := range s.Table.Indexes[i].Columns {
			if k.Num != 0 && s.First+expr.ColumnID(k.Num-1) == col.ID {
				return true
			}
		}
	}
	return false
}

// withoutEquality is an arm without the equality of what first compares, nil if it
// has none or nothing else.
func withoutEquality(arm expr.Expr, first *expr.Call) expr.Expr {
	conds := logical.Conjuncts(nil, arm)
	at := slices.IndexFunc(conds, func(c expr.Expr) bool {
		e, ok := c.(*expr.Call)
		return ok && e.Op == "=" && logical.Equal(e.Args[0], first.Args[0]) && logical.Equal(e.Args[1], first.Args[1])
	})
	if at < 0 || len(conds) < 2 {
		return nil
	}
	return logical.And(slices.Delete(slices.Clone(conds), at, at+1))
}
