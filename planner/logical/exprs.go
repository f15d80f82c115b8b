package logical

import (
	"slices"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// SetCall is a set-returning function in a select list; the planner moves it
// to a ProjectSet.
type SetCall struct {
	Call   Call
	Column int // the result column, -1 for a record of all
	Typ    types.Type
	// Position is where it was written, for errors.
	Position int
}

// WindowCall is a window function call; the planner moves it to a Window. A Spec of nil
// marks a window to group by, which the binder replaces.
type WindowCall struct {
	Name     string
	Agg      *functions.Aggregate
	Args     []expr.Expr
	Sig      functions.Signature
	Filter   expr.Expr
	Spec     *WindowSpec
	Typ      types.Type
	Position int
}

// WindowSpec is a bound OVER clause.
type WindowSpec struct {
	Partition []expr.Expr
	Order     []expr.SortKey
	Frame     plan.Frame
}

// Grouping is GROUPING(args) of the query level Depth.
type Grouping struct {
	Args  []expr.Expr
	Locs  []int // where the arguments were written
	Depth int32
}

// Type implements expr.Expr.
func (e *SetCall) Type() types.Type { return e.Typ }

// Type implements expr.Expr.
func (e *WindowCall) Type() types.Type { return e.Typ }

// Type implements expr.Expr.
func (e *Grouping) Type() types.Type { return types.Of(types.Int4) }

// mapSlice maps the elements, returning the same slice if nothing changed.
func mapSlice(list []expr.Expr, f func(expr.Expr) expr.Expr) []expr.Expr {
	for i, e := range list {
		n := mapOne(e, f)
		if n == e {
			continue
		}
		out := make([]expr.Expr, len(list))
		copy(out, list[:i])
		out[i] = n
		for j := i + 1; j < len(list); j++ {
			out[j] = mapOne(list[j], f)
		}
		return out
	}
	return list
}

func mapOne(e expr.Expr, f func(expr.Expr) expr.Expr) expr.Expr {
	if e == nil {
		return nil
	}
	return f(e)
}

func same(a, b []expr.Expr) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// MapKeys maps sort keys.
func MapKeys(keys []expr.SortKey, f func(expr.Expr) expr.Expr) ([]expr.SortKey, bool) {
	changed := false
	out := keys
	for i, k := range keys {
		n := f(k.Expr)
		if n == k.Expr {
			continue
		}
		if !changed {
			out = append([]expr.SortKey(nil), keys...)
			changed = true
		}
		out[i].Expr = n
	}
	return out, changed
}

// MapChildren applies f to the direct arguments of e and returns e itself if
// none changed, else a copy. The plan inside of a Subplan is not entered.
func MapChildren(e expr.Expr, f func(expr.Expr) expr.Expr) expr.Expr {
	switch x := e.(type) {
	case *expr.Column, *expr.Ordinal, *expr.Const, *expr.Param, *expr.ExecParam, *expr.Default:
		return e
	case *expr.Call:
		if args := mapSlice(x.Args, f); !same(args, x.Args) {
			c := *x
			c.Args = args
			return &c
		}
	case *expr.Cast:
		if a := f(x.Arg); a != x.Arg {
			c := *x
			c.Arg = a
			return &c
		}
	case *expr.Logic:
		if args := mapSlice(x.Args, f); !same(args, x.Args) {
			c := *x
			c.Args = args
			return &c
		}
	case *expr.Not:
		if a := f(x.Arg); a != x.Arg {
			return &expr.Not{Arg: a}
		}
	case *expr.IsNull:
		if a := f(x.Arg); a != x.Arg {
			return &expr.IsNull{Arg: a, Not: x.Not, Row: x.Row}
		}
	case *expr.BoolTest:
		if a := f(x.Arg); a != x.Arg {
			c := *x
			c.Arg = a
			return &c
		}
	case *expr.Distinct:
		l, r := f(x.Left), f(x.Right)
		if l != x.Left || r != x.Right {
			c := *x
			c.Left, c.Right = l, r
			return &c
		}
	default:
		return mapOther(e, f)
	}
	return e
}

func mapOther(e expr.Expr, f func(expr.Expr) expr.Expr) expr.Expr {
	switch x := e.(type) {
	case *expr.Case:
		whens, changed := x.Whens, false
		for i, w := range x.Whens {
			to := expr.When{Cond: f(w.Cond), Then: f(w.Then)}
			if to == w {
				continue
			}
			if !changed {
				whens, changed = slices.Clone(x.Whens), true
			}
			whens[i] = to
		}
		els := mapOne(x.Else, f)
		if changed || els != x.Else {
			return &expr.Case{Whens: whens, Else: els, Typ: x.Typ}
		}
	case *expr.Coalesce:
		if args := mapSlice(x.Args, f); !same(args, x.Args) {
			return &expr.Coalesce{Args: args, Typ: x.Typ}
		}
	case *expr.MinMax:
		if args := mapSlice(x.Args, f); !same(args, x.Args) {
			return &expr.MinMax{Args: args, Least: x.Least, Typ: x.Typ}
		}
	case *expr.AnyAll:
		l, r := f(x.Left), f(x.Array)
		if l != x.Left || r != x.Array {
			c := *x
			c.Left, c.Array = l, r
			return &c
		}
	case *expr.InList:
		l, list := f(x.Left), mapSlice(x.List, f)
		if l != x.Left || !same(list, x.List) {
			c := *x
			c.Left, c.List = l, list
			return &c
		}
	case *expr.Array:
		if args := mapSlice(x.Args, f); !same(args, x.Args) {
			c := *x
			c.Args = args
			return &c
		}
	case *expr.Subscript:
		a, lo, up := f(x.Arg), mapSlice(x.Lower, f), mapSlice(x.Upper, f)
		if a != x.Arg || !same(lo, x.Lower) || !same(up, x.Upper) {
			c := *x
			c.Arg, c.Lower, c.Upper = a, lo, up
			return &c
		}
	case *expr.Row:
		if args := mapSlice(x.Args, f); !same(args, x.Args) {
			c := *x
			c.Args = args
			return &c
		}
	case *expr.Field:
		if a := f(x.Arg); a != x.Arg {
			c := *x
			c.Arg = a
			return &c
		}
	case *expr.Subplan:
		args, left := mapSlice(x.Args, f), mapSlice(x.Left, f)
		if !same(args, x.Args) || !same(left, x.Left) {
			c := *x
			c.Args, c.Left = args, left
			return &c
		}
	case *expr.Aggregate:
		args, filter := mapSlice(x.Args, f), mapOne(x.Filter, f)
		keys, changed := MapKeys(x.OrderBy, f)
		if changed || filter != x.Filter || !same(args, x.Args) {
			c := *x
			c.Args, c.Filter, c.OrderBy = args, filter, keys
			return &c
		}
	case *SetCall:
		args, scalar := mapSlice(x.Call.Args, f), mapOne(x.Call.Scalar, f)
		if scalar != x.Call.Scalar || !same(args, x.Call.Args) {
			c := *x
			c.Call.Args, c.Call.Scalar = args, scalar
			return &c
		}
	case *WindowCall:
		args, filter := mapSlice(x.Args, f), mapOne(x.Filter, f)
		if x.Spec == nil {
			if same(args, x.Args) {
				return x
			}
			c := *x
			c.Args = args
			return &c
		}
		part := mapSlice(x.Spec.Partition, f)
		keys, changed := MapKeys(x.Spec.Order, f)
		if changed || filter != x.Filter || !same(args, x.Args) || !same(part, x.Spec.Partition) {
			c := *x
			c.Args, c.Filter = args, filter
			c.Spec = &WindowSpec{Partition: part, Order: keys, Frame: x.Spec.Frame}
			return &c
		}
	case *Grouping:
		if args := mapSlice(x.Args, f); !same(args, x.Args) {
			return &Grouping{Args: args, Locs: x.Locs, Depth: x.Depth}
		}
	}
	return e
}

// Walk calls fn for e and, while fn returns true, for what is below it. The
// plan inside of a Subplan is not entered.
func Walk(e expr.Expr, fn func(expr.Expr) bool) {
	if e == nil || !fn(e) {
		return
	}
	switch x := e.(type) {
	case *expr.Column, *expr.Const, *expr.Param, *expr.ExecParam, *expr.Ordinal:
	case *expr.Call:
		for _, a := range x.Args {
			Walk(a, fn)
		}
	case *expr.Logic:
		for _, a := range x.Args {
			Walk(a, fn)
		}
	case *expr.Cast:
		Walk(x.Arg, fn)
	default:
		MapChildren(e, func(c expr.Expr) expr.Expr {
			Walk(c, fn)
			return c
		})
	}
}

// Any reports whether pred holds for e or anything below it (subplans' insides
// excepted).
func Any(e expr.Expr, pred func(expr.Expr) bool) bool {
	found := false
	Walk(e, func(x expr.Expr) bool {
		found = found || pred(x)
		return !found
	})
	return found
}

// Conjuncts appends the conjuncts of e to list.
func Conjuncts(list []expr.Expr, e expr.Expr) []expr.Expr {
	if l, ok := e.(*expr.Logic); ok && !l.Or {
		for _, a := range l.Args {
			list = Conjuncts(list, a)
		}
		return list
	}
	return append(list, e)
}

// And joins conjuncts, nil for none.
func And(list []expr.Expr) expr.Expr {
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	}
	return &expr.Logic{Args: list}
}
