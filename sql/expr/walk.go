package expr

import "github.com/tidemarkdb/tidemark/sql/functions"

// children calls fn for each direct subexpression that is there.
func children(e Expr, fn func(Expr)) {
	visit := func(list []Expr) {
		for _, x := range list {
			if x != nil {
				fn(x)
			}
		}
	}
	one := func(x Expr) {
		if x != nil {
			fn(x)
		}
	}
	switch e := e.(type) {
	case *Call:
		visit(e.Args)
	case *Cast:
		one(e.Arg)
	case *Logic:
		visit(e.Args)
	case *Not:
		one(e.Arg)
	case *IsNull:
		one(e.Arg)
	case *BoolTest:
		one(e.Arg)
	case *Distinct:
		one(e.Left)
		one(e.Right)
	case *Case:
		for _, w := range e.Whens {
			one(w.Cond)
			one(w.Then)
		}
		one(e.Else)
	case *Coalesce:
		visit(e.Args)
	case *MinMax:
		visit(e.Args)
	case *AnyAll:
		one(e.Left)
		one(e.Array)
	case *InList:
		one(e.Left)
		visit(e.List)
	case *Array:
		visit(e.Args)
	case *Subscript:
		one(e.Arg)
		visit(e.Lower)
		visit(e.Upper)
	case *Row:
		visit(e.Args)
	case *Field:
		one(e.Arg)
	case *Subplan:
		visit(e.Args)
		visit(e.Left)
	case *Aggregate:
		visit(e.Args)
		one(e.Filter)
		for _, k := range e.OrderBy {
			one(k.Expr)
		}
	}
}

// Walk calls fn for e and, where it answers true, for the subexpressions, from
// the outside in and from left to right. The plan of a Subplan is not entered,
// its Args and Left are.
func Walk(e Expr, fn func(Expr) bool) {
	if e == nil || !fn(e) {
		return
	}
	children(e, func(x Expr) { Walk(x, fn) })
}

// Transform rewrites e from the inside out: fn gets each node with its
// subexpressions rewritten already and answers it or what replaces it. What
// does not change is shared, not copied.
func Transform(e Expr, fn func(Expr) Expr) Expr {
	if e == nil {
		return nil
	}
	return fn(mapChildren(e, func(x Expr) Expr { return Transform(x, fn) }))
}

// mapChildren copies e with other direct subexpressions, or answers e itself
// if none changed.
func mapChildren(e Expr, fn func(Expr) Expr) Expr {
	m := mapper{fn: fn}
	switch e := e.(type) {
	case *Call:
		if args := m.list(e.Args); m.changed {
			c := *e
			c.Args = args
			return &c
		}
	case *Cast:
		if arg := m.one(e.Arg); m.changed {
			c := *e
			c.Arg = arg
			return &c
		}
	case *Logic:
		if args := m.list(e.Args); m.changed {
			return &Logic{Or: e.Or, Args: args}
		}
	case *Not:
		if arg := m.one(e.Arg); m.changed {
			return &Not{Arg: arg}
		}
	case *IsNull:
		if arg := m.one(e.Arg); m.changed {
			return &IsNull{Arg: arg, Not: e.Not, Row: e.Row}
		}
	case *BoolTest:
		if arg := m.one(e.Arg); m.changed {
			return &BoolTest{Arg: arg, Want: e.Want, Not: e.Not}
		}
	case *Distinct:
		if left, right := m.one(e.Left), m.one(e.Right); m.changed {
			return &Distinct{Left: left, Right: right, Eq: e.Eq, Not: e.Not}
		}
	case *Case:
		whens := make([]When, len(e.Whens))
		for i, w := range e.Whens {
			whens[i] = When{Cond: m.one(w.Cond), Then: m.one(w.Then)}
		}
		if otherwise := m.one(e.Else); m.changed {
			return &Case{Whens: whens, Else: otherwise, Typ: e.Typ}
		}
	case *Coalesce:
		if args := m.list(e.Args); m.changed {
			return &Coalesce{Args: args, Typ: e.Typ}
		}
	case *MinMax:
		if args := m.list(e.Args); m.changed {
			return &MinMax{Args: args, Least: e.Least, Typ: e.Typ}
		}
	case *AnyAll:
		if left, arr := m.one(e.Left), m.one(e.Array); m.changed {
			return &AnyAll{Left: left, Array: arr, Fn: e.Fn, Op: e.Op, All: e.All}
		}
	case *InList:
		if left, list := m.one(e.Left), m.list(e.List); m.changed {
			return &InList{Left: left, List: list, Eq: e.Eq, Not: e.Not}
		}
	case *Array:
		if args := m.list(e.Args); m.changed {
			return &Array{Args: args, Typ: e.Typ, Multi: e.Multi}
		}
	case *Subscript:
		if arg, lo, up := m.one(e.Arg), m.list(e.Lower), m.list(e.Upper); m.changed {
			return &Subscript{Arg: arg, Lower: lo, Upper: up, Slice: e.Slice, Typ: e.Typ}
		}
	case *Row:
		if args := m.list(e.Args); m.changed {
			return &Row{Args: args, Names: e.Names, Typ: e.Typ}
		}
	case *Field:
		if arg := m.one(e.Arg); m.changed {
			return &Field{Arg: arg, Index: e.Index, Name: e.Name, Typ: e.Typ}
		}
	case *Subplan:
		if args, left := m.list(e.Args), m.list(e.Left); m.changed {
			c := *e
			c.Args, c.Left = args, left
			return &c
		}
	case *Aggregate:
		return mapAggregate(e, &m)
	}
	return e
}

func mapAggregate(e *Aggregate, m *mapper) Expr {
	args, filter := m.list(e.Args), m.one(e.Filter)
	keys := make([]SortKey, len(e.OrderBy))
	for i, k := range e.OrderBy {
		keys[i] = k
		keys[i].Expr = m.one(k.Expr)
	}
	if !m.changed {
		return e
	}
	c := *e
	c.Args, c.Filter = args, filter
	if e.OrderBy != nil {
		c.OrderBy = keys
	}
	return &c
}

// mapper applies fn and notes whether anything changed.
type mapper struct {
	fn      func(Expr) Expr
	changed bool
}

func (m *mapper) one(e Expr) Expr {
	if e == nil {
		return nil
	}
	x := m.fn(e)
	if x != e {
		m.changed = true
	}
	return x
}

func (m *mapper) list(es []Expr) []Expr {
	var out []Expr
	for i, e := range es {
		x := m.one(e)
		if x != e && out == nil {
			out = append(make([]Expr, 0, len(es)), es[:i]...)
		}
		if out != nil {
			out = append(out, x)
		}
	}
	if out == nil {
		return es
	}
	return out
}

// Volatility is that of the most volatile part of e. Columns and parameters
// count as immutable, subplans as stable: what they read is their own affair.
func Volatility(e Expr) functions.Volatility {
	worst := functions.Immutable
	Walk(e, func(x Expr) bool {
		worst = moreVolatile(worst, ownVolatility(x))
		return worst != functions.Volatile
	})
	return worst
}

func ownVolatility(e Expr) functions.Volatility {
	var fn *functions.Scalar
	switch e := e.(type) {
	case *Call:
		fn = e.Fn
	case *Cast:
		if e.Kind == CastIO || e.Kind == CastArray && e.Fn == nil {
			return ioVolatility(e)
		}
		fn = e.Fn
	case *AnyAll:
		fn = e.Fn
	case *InList:
		fn = e.Eq
	case *Distinct:
		fn = e.Eq
	case *Subplan:
		return functions.Stable
	}
	if fn == nil {
		return functions.Immutable
	}
	return fn.Volatility
}

func moreVolatile(a, b functions.Volatility) functions.Volatility {
	rank := func(v functions.Volatility) int {
		switch v {
		case functions.Volatile:
			return 2
		case functions.Stable:
			return 1
		}
		return 0
	}
	if rank(b) > rank(a) {
		return b
	}
	return a
}
