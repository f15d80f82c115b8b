package logical

import (
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// Equal reports whether two expressions are the same computation. Subplans
// are equal only to themselves.
func Equal(a, b expr.Expr) bool {
	if a == b {
		return true
	}
	if a == nil || b == nil || a.Type() != b.Type() {
		return false
	}
	switch x := a.(type) {
	case *expr.Column:
		y, ok := b.(*expr.Column)
		return ok && x.ID == y.ID
	case *expr.Const:
		y, ok := b.(*expr.Const)
		return ok && x.Value == y.Value
	case *expr.Param:
		y, ok := b.(*expr.Param)
		return ok && x.Index == y.Index
	case *expr.ExecParam:
		y, ok := b.(*expr.ExecParam)
		return ok && x.Slot == y.Slot
	case *expr.Call:
		y, ok := b.(*expr.Call)
		return ok && x.Fn == y.Fn && equalList(x.Args, y.Args)
	case *expr.Cast:
		y, ok := b.(*expr.Cast)
		return ok && x.Kind == y.Kind && x.Fn == y.Fn && x.Explicit == y.Explicit && Equal(x.Arg, y.Arg)
	case *expr.Logic:
		y, ok := b.(*expr.Logic)
		return ok && x.Or == y.Or && equalList(x.Args, y.Args)
	case *expr.Not:
		y, ok := b.(*expr.Not)
		return ok && Equal(x.Arg, y.Arg)
	case *expr.IsNull:
		y, ok := b.(*expr.IsNull)
		return ok && x.Not == y.Not && x.Row == y.Row && Equal(x.Arg, y.Arg)
	case *expr.BoolTest:
		y, ok := b.(*expr.BoolTest)
		return ok && x.Not == y.Not && x.Want == y.Want && Equal(x.Arg, y.Arg)
	case *expr.Distinct:
		y, ok := b.(*expr.Distinct)
		return ok && x.Not == y.Not && x.Eq == y.Eq && Equal(x.Left, y.Left) && Equal(x.Right, y.Right)
	}
	return equalOther(a, b)
}

func equalOther(a, b expr.Expr) bool {
	switch x := a.(type) {
	case *expr.Case:
		y, ok := b.(*expr.Case)
		if !ok || len(x.Whens) != len(y.Whens) || !Equal(x.Else, y.Else) {
			return false
		}
		for i, w := range x.Whens {
			if !Equal(w.Cond, y.Whens[i].Cond) || !Equal(w.Then, y.Whens[i].Then) {
				return false
			}
		}
		return true
	case *expr.Coalesce:
		y, ok := b.(*expr.Coalesce)
		return ok && equalList(x.Args, y.Args)
	case *expr.MinMax:
		y, ok := b.(*expr.MinMax)
		return ok && x.Least == y.Least && equalList(x.Args, y.Args)
	case *expr.AnyAll:
		y, ok := b.(*expr.AnyAll)
		return ok && x.All == y.All && x.Fn == y.Fn && Equal(x.Left, y.Left) && Equal(x.Array, y.Array)
	case *expr.InList:
		y, ok := b.(*expr.InList)
		return ok && x.Not == y.Not && x.Eq == y.Eq && Equal(x.Left, y.Left) && equalList(x.List, y.List)
	case *expr.Array:
		y, ok := b.(*expr.Array)
		return ok && x.Multi == y.Multi && equalList(x.Args, y.Args)
	case *expr.Subscript:
		y, ok := b.(*expr.Subscript)
		return ok && x.Slice == y.Slice && Equal(x.Arg, y.Arg) && equalList(x.Lower, y.Lower) && equalList(x.Upper, y.Upper)
	case *expr.Row:
		y, ok := b.(*expr.Row)
		return ok && equalList(x.Args, y.Args)
	case *expr.Field:
		y, ok := b.(*expr.Field)
		return ok && x.Index == y.Index && Equal(x.Arg, y.Arg)
	case *expr.Aggregate:
		y, ok := b.(*expr.Aggregate)
		return ok && x.Fn == y.Fn && x.Distinct == y.Distinct && Equal(x.Filter, y.Filter) &&
			equalList(x.Args, y.Args) && EqualKeys(x.OrderBy, y.OrderBy)
	case *Grouping:
		y, ok := b.(*Grouping)
		return ok && x.Depth == y.Depth && equalList(x.Args, y.Args)
	case *WindowCall:
		y, ok := b.(*WindowCall)
		return ok && x.Name == y.Name && x.Agg == y.Agg && Equal(x.Filter, y.Filter) && equalList(x.Args, y.Args) && x.Spec.Equal(y.Spec)
	case *SetCall:
		y, ok := b.(*SetCall)
		return ok && x.Call.Fn == y.Call.Fn && x.Column == y.Column && equalList(x.Call.Args, y.Call.Args) && Equal(x.Call.Scalar, y.Call.Scalar)
	}
	return false
}

// Equal reports whether two windows are the same.
func (w *WindowSpec) Equal(o *WindowSpec) bool {
	return w == o || w != nil && o != nil && equalList(w.Partition, o.Partition) && EqualKeys(w.Order, o.Order) &&
		w.Frame.Units == o.Frame.Units && w.Frame.Start == o.Frame.Start && w.Frame.End == o.Frame.End && w.Frame.Exclude == o.Frame.Exclude &&
		Equal(w.Frame.StartOffset, o.Frame.StartOffset) && Equal(w.Frame.EndOffset, o.Frame.EndOffset)
}

// EqualKeys reports whether two orderings are the same.
func EqualKeys(a, b []expr.SortKey) bool {
	if len(a) != len(b) {
		return false
	}
	for i, k := range a {
		if k.Desc != b[i].Desc || k.NullsFirst != b[i].NullsFirst || !Equal(k.Expr, b[i].Expr) {
			return false
		}
	}
	return true
}

func equalList(a, b []expr.Expr) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}
