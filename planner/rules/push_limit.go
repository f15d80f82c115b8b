package rules

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// pushLimits gives a LIMIT, with the ORDER BY below it, to the arms of a UNION
// ALL and to the left side of a left join:
//
//	limit n (sort k (a ∪ b))         =  limit n (sort k (limit n (sort k a) ∪ limit n (sort k b)))
//	limit n (sort k (a LEFT JOIN b)) =  limit n (sort k (limit n (sort k a) LEFT JOIN b))
//
// The first n rows of the whole are among the first n of each arm, and a left
// join makes one row at least of each left row, in the order of k if k looks at
// the left side only. n counts the OFFSET in. It fires for constants, not WITH
// TIES (rows equal to the last one count too), and not for an arm that has a
// LIMIT already.
func (r *Rewriter) pushLimits(n logical.Node) {
	logical.VisitExprs(n, func(p *expr.Expr) { r.eachSubtree(*p, r.pushLimits) })
	if l, ok := n.(*logical.Limit); ok {
		r.pushLimit(l)
	}
	logical.VisitInputs(n, func(c *logical.Node) { r.pushLimits(*c) })
}

func (r *Rewriter) pushLimit(l *logical.Limit) {
	rows, ok := constantRows(l)
	if !ok {
		return
	}
	var keys []expr.SortKey
	sorted := false
	for n := l.Input; ; {
		switch x := n.(type) {
		case *logical.Sort:
			if sorted {
				return
			}
			keys, sorted, n = x.Keys, true, x.Input
		case *logical.Project:
			var ok bool
			if keys, ok = keysBelow(keys, x); !ok {
				return
			}
			n = x.Input
		case *logical.Union:
			for i := range x.Inputs {
				r.limitArm(x, i, keys, rows)
			}
			return
		case *logical.Join:
			left := logical.OutputSet(x.Left)
			for _, k := range keys {
				if cols := logical.Columns(k.Expr); !cols.SubsetOf(&left) {
					return
				}
			}
			if x.Type == plan.LeftJoin && !limited(x.Left) {
				r.fire("PushLimit")
				x.Left = limitOf(x.Left, keys, rows)
			}
			return
		default:
			return
		}
	}
}

// constantRows is LIMIT plus OFFSET.
func constantRows(l *logical.Limit) (int64, bool) {
	count, ok := l.Count.(*expr.Const)
	if !ok || count.Value.IsNull() || l.WithTies || count.Value.Int() < 0 {
		return 0, false
	}
	rows := count.Value.Int()
	if l.Offset != nil {
		o, ok := l.Offset.(*expr.Const)
		if !ok || o.Value.IsNull() || o.Value.Int() < 0 {
			return 0, false
		}
		rows += o.Value.Int()
	}
	return rows, rows >= 0
}

// keysBelow are sort keys over a projection's input.
func keysBelow(keys []expr.SortKey, p *logical.Project) ([]expr.SortKey, bool) {
	if p.Barrier {
		return nil, false
	}
	for _, it := range p.Items {
		if volatile(it.Expr) || logical.Any(it.Expr, isSubplan) {
			return nil, false
		}
	}
	out, _ := logical.MapKeys(keys, func(e expr.Expr) expr.Expr {
		return logical.Substitute(e, func(id expr.ColumnID) expr.Expr {
			for _, it := range p.Items {
				if it.ID == id {
					return it.Expr
				}
			}
			return nil
		})
	})
	return out, true
}

func limited(n logical.Node) bool {
	switch x := n.(type) {
	case *logical.Limit:
		return true
	case *logical.Project:
		return limited(x.Input)
	case *logical.Values:
		return true // not worth it
	}
	return false
}

func limitOf(n logical.Node, keys []expr.SortKey, rows int64) logical.Node {
	if len(keys) > 0 {
		n = &logical.Sort{Input: n, Keys: keys}
	}
	return &logical.Limit{Input: n, Count: &expr.Const{Typ: types.Of(types.Int8), Value: types.NewInt8(rows)}}
}

func (r *Rewriter) limitArm(u *logical.Union, i int, keys []expr.SortKey, rows int64) {
	if limited(u.Inputs[i]) {
		return
	}
	mine, _ := logical.MapKeys(keys, func(e expr.Expr) expr.Expr {
		return logical.Substitute(e, func(id expr.ColumnID) expr.Expr {
			for p, out := range u.Cols {
				if out == id {
					return r.MD.Col(u.InCols[i][p])
				}
			}
			return nil
		})
	})
	r.fire("PushLimit")
	u.Inputs[i] = limitOf(u.Inputs[i], mine, rows)
}
