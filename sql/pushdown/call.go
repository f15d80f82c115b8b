package pushdown

import (
	"slices"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// find returns the table's entry of a function.
func (t *translator) find(fn *functions.Scalar) (*function, error) {
	if fn == nil {
		return nil, refuse("the stores do not compute it")
	}
	if err := t.blocked(fn.Name); err != nil {
		return nil, err
	}
	for _, f := range byName[fn.Name] {
		if f.args == nil || len(fn.Args) > 0 && slices.Contains(f.args, fn.Args[0].OID) {
			return f, t.blocked(f.sig)
		}
	}
	return nil, refuse("function %s is not computed by the stores", fn.Name)
}

func (t *translator) call(e *expr.Call, weak bool) (*Node, error) {
	f, err := t.find(e.Fn)
	if err != nil {
		return nil, err
	}
	args := make([]*Node, len(e.Args))
	for i, a := range e.Args {
		if args[i], err = t.node(a); err != nil {
			return nil, err
		}
		if args[i].Kind != f.kind {
			return nil, refuse("function %s is not computed by the stores of such values", e.Fn.Name)
		}
	}
	switch {
	case f.sig == "":
		return args[0], nil
	case f.check == divisor:
		if err := t.checkDivisor(args[1]); err != nil {
			return nil, err
		}
	case f.kind == Float:
		return t.compareFloats(f, args)
	case f.kind == Bytes:
		return t.compareBytes(f, e, args, weak)
	}
	return call(f.sig, args...), nil
}

// escapeByte is the character by which patterns of LIKE take others literally.
const escapeByte = '\\'

// compareBytes is a comparison of bytes, or LIKE. What it says of values that lie
// apart from their rows is nothing; a weak condition lets these pass.
func (t *translator) compareBytes(f *function, e *expr.Call, args []*Node, weak bool) (*Node, error) {
	err := comparable(f.ordered, e.Args)
	if err != nil && (!weak || !f.ordered) {
		return nil, err
	}
	if f.check == pattern {
		if err := checkPattern(e.Args[1], args[1]); err != nil {
			return nil, err
		}
		args = append(args, &Node{Kind: Int, Const: true, Int: escapeByte})
	}
	out := call(f.sig, args...)
	if f.negated {
		out = not(out)
	}
	if err == nil {
		return out, nil
	}
	t.weakened = true
	for i, a := range e.Args {
		if hasColumns(a) && !bounded(a) {
			out = call("LogicalOr", out, call("GEString", args[i], &Node{Kind: Bytes, Const: true, Bytes: apartFrom}))
		}
	}
	return out, nil
}

// checkPattern refuses patterns that mean something else to who looks at bytes.
func checkPattern(e expr.Expr, n *Node) error {
	text := n.Bytes
	if c, ok := e.(*expr.Const); ok && !c.Value.IsNull() {
		text = c.Value.S // known before it is computed
	}
	if !n.Const || strings.ContainsAny(text, `_\`) {
		return refuse("the pattern is not a constant, or has _ or \\ in it")
	}
	return nil
}

func (t *translator) checkDivisor(n *Node) error {
	if !n.Const || t.eval != nil && !n.Null && (n.Int == 0 || n.Int == -1) {
		return refuse("the divisor is not a constant, or it is 0 or -1")
	}
	return nil
}

// comparable checks that values of bytes can be compared though some may lie
// apart from their rows.
func comparable(ordered bool, args []expr.Expr) error {
	columns, apart := 0, false
	for _, a := range args {
		if !hasColumns(a) {
			continue
		}
		columns++
		if bounded(a) {
			continue
		}
		apart = true
		if ordered {
			return refuse("values of type %s may lie apart from their rows, which tells nothing of their order", types.Format(a.Type()))
		}
	}
	if apart && columns > 1 {
		return refuse("values that may lie apart from their rows are compared with constants only")
	}
	return nil
}

func (t *translator) distinct(e *expr.Distinct) (*Node, error) {
	if err := t.blocked("distinct"); err != nil {
		return nil, err
	}
	f, err := t.find(e.Eq)
	if err != nil {
		return nil, err
	}
	left, err := t.node(e.Left)
	if err != nil {
		return nil, err
	}
	right, err := t.node(e.Right)
	if err != nil {
		return nil, err
	}
	if left.Kind != f.kind || right.Kind != f.kind || f.kind == Float {
		return nil, refuse("the stores do not compute it of such values")
	}
	sig := "NullEQInt"
	if f.kind == Bytes {
		sig = "NullEQString"
		if err := comparable(false, []expr.Expr{e.Left, e.Right}); err != nil {
			return nil, err
		}
	}
	out := call(sig, left, right)
	if !e.Not {
		out = not(out)
	}
	return out, nil
}

// maxList is how long a list of constants may be that is sent to all stores.
const maxList = 1024

func (t *translator) inList(e *expr.InList) (*Node, error) {
	left, sig, err := t.listLeft(e.Left, e.Eq)
	if err != nil {
		return nil, err
	}
	out := call(sig, left)
	for _, x := range e.List {
		if hasColumns(x) {
			return nil, refuse("the list is not one of constants")
		}
		n, err := t.constant(x)
		if err != nil {
			return nil, err
		}
		if n.Kind != left.Kind {
			return nil, refuse("the list is not one of the column's type")
		}
		out.Args = append(out.Args, n)
	}
	if len(e.List) == 0 || len(e.List) > maxList {
		return nil, refuse("the list is empty, or longer than %d", maxList)
	}
	if e.Not {
		out = not(out)
	}
	return out, nil
}

// listLeft translates the left side of IN.
func (t *translator) listLeft(left expr.Expr, eq *functions.Scalar) (n *Node, sig string, err error) {
	if err := t.blocked("in"); err != nil {
		return nil, "", err
	}
	f, err := t.find(eq)
	if err != nil {
		return nil, "", err
	}
	if n, err = t.node(left); err != nil {
		return nil, "", err
	}
	switch {
	case n.Kind != f.kind:
	case f.sig == "EQInt":
		return n, "InInt", nil
	case f.sig == "EQString" && f.kind == Bytes:
		return n, "InString", nil
	}
	return nil, "", refuse("the stores do not look for such values in lists")
}

// anyAll translates x = ANY (constant array), and x <> ALL (constant array).
func (t *translator) anyAll(e *expr.AnyAll) (*Node, error) {
	if e.All && e.Op != "<>" || !e.All && e.Op != "=" || hasColumns(e.Array) {
		return nil, refuse("the stores look for values in lists of constants only")
	}
	f, err := t.find(e.Fn)
	if err != nil {
		return nil, err
	}
	if f.ordered || f.check != noCheck || f.sig == "" {
		return nil, refuse("the stores do not look for such values in lists")
	}
	if err := t.blocked("in"); err != nil {
		return nil, err
	}
	left, err := t.node(e.Left)
	if err != nil {
		return nil, err
	}
	sig := map[Kind]string{Int: "InInt", Bytes: "InString"}[f.kind]
	if sig == "" || left.Kind != f.kind || KindOf(e.Array.Type().Elem()) != f.kind {
		return nil, refuse("the stores do not look for such values in lists")
	}
	out := call(sig, left)
	if err := t.elements(e.Array, out); err != nil {
		return nil, err
	}
	if e.All {
		out = not(out)
	}
	return out, nil
}

// elements appends the elements of a constant array.
func (t *translator) elements(array expr.Expr, out *Node) error {
	d, known, err := t.array(array)
	switch {
	case err != nil || !known:
		return err
	case d.IsNull():
		return refuse("the list is NULL")
	}
	list := types.DecodeArray(d.S).Elements()
	if len(list) == 0 || len(list) > maxList {
		return refuse("the list is empty, or longer than %d", maxList)
	}
	for _, x := range list {
		n := &Node{Kind: out.Args[0].Kind, Const: true}
		if err := n.set(x); err != nil {
			return err
		}
		out.Args = append(out.Args, n)
	}
	return nil
}

// array computes a constant array; it may not be known yet.
func (t *translator) array(e expr.Expr) (d types.Datum, known bool, err error) {
	if c, ok := e.(*expr.Const); ok {
		return c.Value, true, nil
	}
	if t.eval == nil {
		return d, false, nil
	}
	d, err = t.eval(e)
	return d, true, err
}
