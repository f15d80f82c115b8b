package expr

import "slices"

// Equal reports whether two expressions are the same tree. Subplans and
// volatile calls equal only themselves.
func Equal(a, b Expr) bool {
	if a == b {
		return true
	}
	if a == nil || b == nil || !equalNode(a, b) {
		return false
	}
	var ac, bc []Expr
	children(a, func(x Expr) { ac = append(ac, x) })
	children(b, func(x Expr) { bc = append(bc, x) })
	return slices.EqualFunc(ac, bc, Equal)
}

// equalNode compares all of two nodes but their subexpressions' insides.
func equalNode(a, b Expr) bool {
	if a.Type() != b.Type() {
		return false
	}
	switch a := a.(type) {
	case *Column:
		b, ok := b.(*Column)
		return ok && a.ID == b.ID
	case *Ordinal:
		b, ok := b.(*Ordinal)
		return ok && a.Index == b.Index
	case *Const:
		b, ok := b.(*Const)
		return ok && a.Value == b.Value
	case *Param:
		b, ok := b.(*Param)
		return ok && a.Index == b.Index
	case *ExecParam:
		b, ok := b.(*ExecParam)
		return ok && a.Slot == b.Slot
	case *Call:
		b, ok := b.(*Call)
		return ok && a.Fn == b.Fn && a.Fn.Volatility != 'v'
	case *Cast:
		b, ok := b.(*Cast)
		return ok && a.Kind == b.Kind && a.Explicit == b.Explicit && a.Domain == b.Domain && (a.Fn == b.Fn || a.Domain != 0)
	case *Logic:
		b, ok := b.(*Logic)
		return ok && a.Or == b.Or
	case *Not:
		_, ok := b.(*Not)
		return ok
	case *IsNull:
		b, ok := b.(*IsNull)
		return ok && a.Not == b.Not && a.Row == b.Row
	case *BoolTest:
		b, ok := b.(*BoolTest)
		return ok && a.Want == b.Want && a.Not == b.Not
	case *Distinct:
		b, ok := b.(*Distinct)
		return ok && a.Eq == b.Eq && a.Not == b.Not
	case *Case:
		b, ok := b.(*Case)
		return ok && len(a.Whens) == len(b.Whens) && (a.Else == nil) == (b.Else == nil)
	case *Coalesce:
		_, ok := b.(*Coalesce)
		return ok
	case *MinMax:
		b, ok := b.(*MinMax)
		return ok && a.Least == b.Least
	case *AnyAll:
		b, ok := b.(*AnyAll)
		return ok && a.Fn == b.Fn && a.All == b.All
	case *InList:
		b, ok := b.(*InList)
		return ok && a.Eq == b.Eq && a.Not == b.Not
	case *Array:
		b, ok := b.(*Array)
		return ok && a.Multi == b.Multi
	case *Subscript:
		b, ok := b.(*Subscript)
		return ok && a.Slice == b.Slice && sameBounds(a.Lower, b.Lower) && sameBounds(a.Upper, b.Upper)
	case *Row:
		b, ok := b.(*Row)
		return ok && slices.Equal(a.Names, b.Names)
	case *Field:
		b, ok := b.(*Field)
		return ok && a.Index == b.Index
	case *Aggregate:
		b, ok := b.(*Aggregate)
		return ok && a.Fn == b.Fn && a.Distinct == b.Distinct && (a.Filter == nil) == (b.Filter == nil) &&
			len(a.Args) == len(b.Args) && slices.EqualFunc(a.OrderBy, b.OrderBy, func(x, y SortKey) bool {
			return x.Desc == y.Desc && x.NullsFirst == y.NullsFirst
		})
	case *Default:
		_, ok := b.(*Default)
		return ok
	}
	return false
}

func sameBounds(a, b []Expr) bool {
	return slices.EqualFunc(a, b, func(x, y Expr) bool { return (x == nil) == (y == nil) })
}
