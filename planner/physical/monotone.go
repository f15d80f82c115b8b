package physical

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// monotone reports whether an expression never decreases while a column that
// is not NULL grows.
func monotone(e, column expr.Expr) bool {
	if logical.Equal(e, column) {
		return true
	}
	switch x := e.(type) {
	case *expr.Cast:
		return x.Kind == expr.CastFunc && x.Fn != nil && x.Fn.Monotone == 1 && x.Fn.Strict && monotone(x.Arg, column)
	case *expr.Call:
		if x.Op == "*" && len(x.Args) == 2 && isPositive(x.Args[1]) {
			return monotone(x.Args[0], column)
		}
		if x.Fn == nil || x.Fn.Monotone == 0 || !x.Fn.Strict || x.Fn.Monotone > len(x.Args) {
			return false
		}
		for i, a := range x.Args {
			if _, fixed := a.(*expr.Const); !fixed && i != x.Fn.Monotone-1 {
				return false
			}
		}
		return monotone(x.Args[x.Fn.Monotone-1], column)
	}
	return false
}

// isPositive reports whether an expression is an integer above zero.
func isPositive(e expr.Expr) bool {
	c, ok := e.(*expr.Const)
	if !ok || c.Value.IsNull() {
		return false
	}
	switch c.Typ.OID {
	case types.Int2, types.Int4, types.Int8:
		return c.Value.Int() > 0
	}
	return false
}

// throughMonotone is an ordering by the first key of h's, which a projection computes,
// as one by the column below that the key never decreases with; nil if there is none.
// What is in the order of that column is in the order of the key, but rows of one key
// need not be of one column: the keys behind it are not ordered.
func throughMonotone(h hint, items []logical.Item) (below, above []expr.SortKey) {
	if len(h.order) == 0 {
		return nil, nil
	}
	key := h.order[0]
	c, ok := key.Expr.(*expr.Column)
	if !ok {
		return nil, nil
	}
	for _, it := range items {
		if it.ID != c.ID || it.Passes() {
			continue
		}
		var column expr.Expr
		of := logical.Columns(it.Expr)
		if of.Len() != 1 {
			return nil, nil
		}
		logical.Walk(it.Expr, func(x expr.Expr) bool {
			if c, ok := x.(*expr.Column); ok {
				column = c
			}
			return column == nil
		})
		if !monotone(it.Expr, column) {
			return nil, nil
		}
		key.Expr = column
		return []expr.SortKey{key}, h.order[:1]
	}
	return nil, nil
}
