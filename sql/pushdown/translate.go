package pushdown

import (
	"fmt"

	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Node is a part of an expression as the stores compute it: a column, a
// constant or a call of one of their functions.
type Node struct {
	Kind Kind
	Sig  string // tipb.ScalarFuncSig of a call
	Args []*Node
	// Column is the column's position, of what is neither a call nor a constant.
	Column int
	// Const: Null, Int or Bytes is the value, as it is stored.
	Const bool
	Null  bool
	Int   int64
	Bytes string
}

// Rules say what is pushed.
type Rules struct {
	// Blocked are the names of what is not: functions, aggregates, or one of the
	// words that Blockable lists.
	Blocked map[string]bool
}

// Refusal says why an expression is computed here. It is an error so that it can
// be returned; it never reaches a client but through EXPLAIN.
type Refusal string

// Error implements error.
func (r Refusal) Error() string { return string(r) }

func refuse(format string, args ...any) error { return Refusal(fmt.Sprintf(format, args...)) }

// Check reports whether an expression over a scan's columns can be pushed, nil
// or why not.
func (r *Rules) Check(e expr.Expr) error {
	_, err := (&translator{rules: r}).node(e)
	return err
}

// Translate translates an expression; eval computes what has no columns in it.
// Values that the stores cannot take are refused though Check did not.
func (r *Rules) Translate(e expr.Expr, eval func(expr.Expr) (types.Datum, error)) (*Node, error) {
	return (&translator{rules: r, eval: eval}).node(e)
}

// CheckCondition is Check of a condition of which the stores may let more rows
// pass than it does: exact is false if they may.
func (r *Rules) CheckCondition(e expr.Expr) (exact bool, err error) {
	t := &translator{rules: r}
	_, err = t.condition(e)
	return !t.weakened, err
}

// TranslateCondition is Translate of a condition that CheckCondition took.
func (r *Rules) TranslateCondition(e expr.Expr, eval func(expr.Expr) (types.Datum, error)) (*Node, error) {
	return (&translator{rules: r, eval: eval}).condition(e)
}

// translator translates one expression. Without eval, when statements are
// planned, it takes constants as they come.
type translator struct {
	rules *Rules
	eval  func(expr.Expr) (types.Datum, error)
	// weakened says that a condition lets more rows pass than it should.
	weakened bool
}

// condition is node of a whole condition, which may be weakened: within another
// expression that would not be the same.
func (t *translator) condition(e expr.Expr) (*Node, error) {
	if c, ok := e.(*expr.Call); ok && hasColumns(e) {
		return t.call(c, true)
	}
	return t.node(e)
}

func (t *translator) blocked(name string) error {
	if t.rules.Blocked[name] {
		return refuse("%s is blocked", name)
	}
	return nil
}

func (t *translator) node(e expr.Expr) (*Node, error) {
	if !hasColumns(e) {
		return t.constant(e)
	}
	switch e := e.(type) {
	case *expr.Ordinal:
		k := KindOf(e.Typ)
		if k == Opaque {
			return nil, refuse("values of type %s mean nothing to the stores", types.Format(e.Typ))
		}
		return &Node{Kind: k, Column: e.Index}, nil
	case *expr.Call:
		return t.call(e, false)
	case *expr.Cast:
		return t.cast(e)
	case *expr.Logic:
		return t.logic(e)
	case *expr.Not:
		return t.integer("UnaryNotInt", e.Arg)
	case *expr.IsNull:
		return t.isNull(e)
	case *expr.BoolTest:
		return t.boolTest(e)
	case *expr.Distinct:
		return t.distinct(e)
	case *expr.InList:
		return t.inList(e)
	case *expr.AnyAll:
		return t.anyAll(e)
	case *expr.Case:
		return t.caseWhen(e)
	case *expr.Coalesce:
		if err := t.blocked("coalesce"); err != nil {
			return nil, err
		}
		return t.integer("CoalesceInt", e.Args...)
	}
	return nil, refuse("the stores do not compute it")
}

// hasColumns reports whether an expression depends on the row, or cannot be
// computed before the scan.
func hasColumns(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Ordinal, *expr.Column, *expr.Aggregate:
			found = true
		case *expr.Subplan:
			found = len(x.Args) > 0 // else it is run once
		}
		return !found
	})
	return found || expr.Volatility(e) == functions.Volatile
}

func (t *translator) constant(e expr.Expr) (*Node, error) {
	n := &Node{Kind: KindOf(e.Type()), Const: true}
	if n.Kind == Opaque {
		return nil, refuse("values of type %s mean nothing to the stores", types.Format(e.Type()))
	}
	if t.eval == nil {
		return n, nil
	}
	d, err := t.eval(e)
	if err != nil {
		return nil, err
	}
	return n, n.set(d)
}

// set makes a node a constant.
func (n *Node) set(d types.Datum) error {
	switch {
	case d.IsNull():
		n.Null = true
	case n.Kind == Int:
		n.Int = d.I
	case n.Kind == Float:
		n.Bytes = floatBytes(floatOf(d))
	case len(d.S) > maxInRow:
		return refuse("a constant is longer than values in rows are")
	default:
		n.Bytes = storedBytes(d)
	}
	return nil
}

// storedBytes is how a value of bytes lies in a row (rowcodec): bytes that begin
// with 0xFF are escaped.
func storedBytes(d types.Datum) string {
	if d.P == types.PhysBinary && d.S != "" && d.S[0] == 0xFF {
		return "\xff\x00" + d.S
	}
	return d.S
}

// integer makes a call of a function of integers.
func (t *translator) integer(sig string, args ...expr.Expr) (*Node, error) {
	out := &Node{Kind: Int, Sig: sig}
	for _, a := range args {
		n, err := t.node(a)
		if err != nil {
			return nil, err
		}
		if n.Kind != Int {
			return nil, refuse("the stores compute it of integers only")
		}
		out.Args = append(out.Args, n)
	}
	return out, nil
}

func (t *translator) logic(e *expr.Logic) (*Node, error) {
	sig := "LogicalAnd"
	if e.Or {
		sig = "LogicalOr"
	}
	var out *Node
	for _, a := range e.Args {
		n, err := t.node(a)
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = n
			continue
		}
		out = call(sig, out, n)
	}
	return out, nil
}

func call(sig string, args ...*Node) *Node { return &Node{Kind: Int, Sig: sig, Args: args} }

func not(n *Node) *Node { return call("UnaryNotInt", n) }

func (t *translator) isNull(e *expr.IsNull) (*Node, error) {
	var arg *Node
	var err error
	if o, ok := e.Arg.(*expr.Ordinal); ok {
		arg = &Node{Kind: KindOf(o.Typ), Column: o.Index}
	} else if arg, err = t.node(e.Arg); err != nil {
		return nil, err
	}
	sig := "StringIsNull"
	if arg.Kind == Int {
		sig = "IntIsNull"
	}
	out := call(sig, arg)
	if e.Not {
		out = not(out)
	}
	return out, nil
}

func (t *translator) boolTest(e *expr.BoolTest) (*Node, error) {
	sig := "IntIsNull"
	if !e.Want.IsNull() {
		sig = "IntIsFalse"
		if e.Want.Bool() {
			sig = "IntIsTrue"
		}
	}
	out, err := t.integer(sig, e.Arg)
	if err == nil && e.Not {
		out = not(out)
	}
	return out, err
}

func (t *translator) caseWhen(e *expr.Case) (*Node, error) {
	if err := t.blocked("case"); err != nil {
		return nil, err
	}
	var args []expr.Expr
	for _, w := range e.Whens {
		args = append(args, w.Cond, w.Then)
	}
	if e.Else != nil {
		args = append(args, e.Else)
	}
	if KindOf(e.Typ) != Int {
		return nil, refuse("the stores compute it of integers only")
	}
	return t.integer("CaseWhenInt", args...)
}

func (t *translator) cast(e *expr.Cast) (*Node, error) {
	if e.Kind != expr.CastRelabel || e.Domain != 0 || e.Arg.Type().OID == types.Bpchar || e.Typ.OID == types.Bpchar {
		return nil, refuse("the stores do not convert to %s", types.Format(e.Typ))
	}
	n, err := t.node(e.Arg)
	if err == nil && n.Kind != KindOf(e.Typ) {
		return nil, refuse("the stores do not convert to %s", types.Format(e.Typ))
	}
	return n, err
}
