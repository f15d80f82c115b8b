package expr

import (
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Fold replaces immutable parts without columns and parameters by their
// values, and simplifies AND, OR, CASE and COALESCE by constant arguments. A
// part that cannot be computed is left as it is, also where it would never be
// evaluated; the error is the first such part's.
func Fold(c *functions.Context, e Expr) (Expr, error) {
	var first error
	e = Transform(e, func(x Expr) Expr {
		y, err := FoldNode(c, x)
		if err != nil && first == nil {
			first = err
		}
		return y
	})
	return e, first
}

// FoldNode is Fold of an expression whose arguments are folded.
func FoldNode(c *functions.Context, e Expr) (Expr, error) {
	switch e := e.(type) {
	case *Const, *Column, *Ordinal, *Param, *ExecParam, *Subplan, *Aggregate, *Default, *Row:
		return e, nil
	case *Logic:
		return foldLogic(e), nil
	case *Case:
		return foldCase(e), nil
	case *Coalesce:
		return foldCoalesce(e), nil
	case *Call:
		if e.Fn.Strict && anyNullConst(e.Args) && e.Fn.Volatility != functions.Volatile {
			return &Const{Typ: e.Typ}, nil
		}
		if e.Fn.Routine {
			return e, nil
		}
	}
	if ownVolatility(e) != functions.Immutable || !childrenConst(e) {
		return e, nil
	}
	d, err := EvalRow(c, e, nil)
	if err != nil {
		return e, err
	}
	return &Const{Value: d.Clone(), Typ: e.Type()}, nil
}

func childrenConst(e Expr) bool {
	all := true
	children(e, func(x Expr) {
		if _, ok := x.(*Const); !ok {
			all = false
		}
	})
	return all
}

func anyNullConst(es []Expr) bool {
	for _, e := range es {
		if k, ok := e.(*Const); ok && k.Value.IsNull() {
			return true
		}
	}
	return false
}

// foldLogic drops what does not decide: TRUE of AND, FALSE of OR. A deciding
// constant decides the whole, as in PostgreSQL's simplify_and_arguments.
func foldLogic(e *Logic) Expr {
	args := make([]Expr, 0, len(e.Args))
	sawNull := false
	for _, a := range e.Args {
		k, ok := a.(*Const)
		switch {
		case !ok:
			if l, isLogic := a.(*Logic); isLogic && l.Or == e.Or {
				args = append(args, l.Args...)
			} else {
				args = append(args, a)
			}
		case k.Value.IsNull():
			sawNull = true
		case k.Value.Bool() == e.Or:
			return k
		}
	}
	if sawNull {
		args = append(args, &Const{Typ: boolType})
	}
	switch {
	case len(args) == 0:
		return &Const{Value: types.NewBool(!e.Or), Typ: boolType}
	case len(args) == 1:
		return args[0]
	case len(args) == len(e.Args) && !sawNull:
		for i := range args {
			if args[i] != e.Args[i] {
				return &Logic{Or: e.Or, Args: args}
			}
		}
		return e
	}
	return &Logic{Or: e.Or, Args: args}
}

func foldCase(e *Case) Expr {
	var whens []When
	changed := false
	for i, w := range e.Whens {
		k, ok := w.Cond.(*Const)
		if !ok {
			whens = append(whens, w)
			continue
		}
		changed = true
		if k.Value.IsNull() || !k.Value.Bool() {
			continue
		}
		if len(whens) == 0 {
			return w.Then
		}
		_ = i
		return &Case{Whens: whens, Else: w.Then, Typ: e.Typ}
	}
	if !changed {
		return e
	}
	if len(whens) == 0 {
		if e.Else == nil {
			return &Const{Typ: e.Typ}
		}
		return e.Else
	}
	return &Case{Whens: whens, Else: e.Else, Typ: e.Typ}
}

func foldCoalesce(e *Coalesce) Expr {
	var args []Expr
	for i, a := range e.Args {
		k, ok := a.(*Const)
		if ok && k.Value.IsNull() {
			continue
		}
		args = append(args, a)
		if ok && i < len(e.Args)-1 {
			break
		}
	}
	switch len(args) {
	case 0:
		return &Const{Typ: e.Typ}
	case 1:
		return args[0]
	case len(e.Args):
		return e
	}
	return &Coalesce{Args: args, Typ: e.Typ}
}

// ioVolatility says whether a conversion through text depends on settings: on
// the date and interval styles, the time zone, or the catalog.
func ioVolatility(e *Cast) functions.Volatility {
	if stableIO(e.Arg.Type()) || stableIO(e.Typ) {
		return functions.Stable
	}
	return functions.Immutable
}

func stableIO(t types.Type) bool {
	if t.IsArray() {
		t = t.Elem()
	}
	switch t.OID {
	case types.Date, types.Time, types.Timestamp, types.Timestamptz, types.Timetz, types.Interval, types.Money,
		types.Regproc, types.Regprocedure, types.Regoper, types.Regoperator, types.Regclass, types.Regtype,
		types.Regrole, types.Regnamespace, types.Regcollation, types.Regconfig, types.Regdictionary,
		types.XML, types.ACLItem, types.Record:
		return true
	}
	return types.Lookup(t.OID) == nil
}
