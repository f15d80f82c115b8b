package pushdown

import (
	"math"
	"strings"
	"testing"

	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func column(oid types.OID) expr.Expr { return &expr.Ordinal{Index: 0, Name: "c", Typ: types.Of(oid)} }

func constant(oid types.OID, d types.Datum) expr.Expr {
	return &expr.Const{Value: d, Typ: types.Of(oid)}
}

func compare(t *testing.T, op string, oid types.OID, left, right expr.Expr) expr.Expr {
	t.Helper()
	o := functions.OperatorFor(op, oid, oid)
	if o == nil {
		t.Fatalf("no operator %s", op)
	}
	return &expr.Call{Fn: o.Fn, Args: []expr.Expr{left, right}, Typ: types.Of(types.Bool), Op: op}
}

func value(e expr.Expr) (types.Datum, error) { return e.(*expr.Const).Value, nil }

// truth computes a node for a row whose only column is bytes, as the stores would.
func truth(t *testing.T, n *Node, column string) bool {
	t.Helper()
	arg := func(i int) string {
		if n.Args[i].Const {
			return n.Args[i].Bytes
		}
		return column
	}
	switch n.Sig {
	case "LogicalAnd":
		return truth(t, n.Args[0], column) && truth(t, n.Args[1], column)
	case "LogicalOr":
		return truth(t, n.Args[0], column) || truth(t, n.Args[1], column)
	case "EQString":
		return arg(0) == arg(1)
	case "NEString":
		return arg(0) != arg(1)
	case "LTString":
		return arg(0) < arg(1)
	case "LEString":
		return arg(0) <= arg(1)
	case "GTString":
		return arg(0) > arg(1)
	case "GEString":
		return arg(0) >= arg(1)
	}
	t.Fatalf("unexpected function %s", n.Sig)
	return false
}

// TestFloats compares each pair of odd numbers by each operator, on either side.
func TestFloats(t *testing.T) {
	odd := []float64{
		math.NaN(), math.Copysign(math.NaN(), -1), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1),
		1, -1, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64,
	}
	float8 := types.Of(types.Float8)
	var rules Rules
	for _, op := range []string{"=", "<>", "<", "<=", ">", ">="} {
		for _, a := range odd {
			for _, b := range odd {
				for _, swapped := range []bool{false, true} {
					left, right := column(types.Float8), constant(types.Float8, types.NewFloat64(b))
					x, y := types.NewFloat64(a), types.NewFloat64(b)
					if swapped {
						left, right, x, y = right, left, y, x
					}
					n, err := rules.Translate(compare(t, op, types.Float8, left, right), value)
					if err != nil {
						t.Fatal(err)
					}
					c := types.Compare(float8, x, y)
					want := map[string]bool{"=": c == 0, "<>": c != 0, "<": c < 0, "<=": c <= 0, ">": c > 0, ">=": c >= 0}[op]
					if got := truth(t, n, floatBytes(a)); got != want {
						t.Errorf("column %v, %s, constant %v, swapped %v: %v, want %v", a, op, b, swapped, got, want)
					}
				}
			}
		}
	}
}

// TestRefusals has what the stores must not be asked.
func TestRefusals(t *testing.T) {
	text := func(s string) expr.Expr { return constant(types.Text, types.NewString(s)) }
	short := &expr.Cast{Kind: expr.CastRelabel, Typ: types.Of(types.Text), Arg: &expr.Ordinal{Typ: types.Type{OID: types.Varchar, Mod: 24}}}
	mod := functions.OperatorFor("%", types.Int8, types.Int8)
	remainder := func(by expr.Expr) expr.Expr {
		return &expr.Call{Fn: mod.Fn, Args: []expr.Expr{column(types.Int8), by}, Typ: types.Of(types.Int8)}
	}
	for _, c := range []struct {
		what string
		e    expr.Expr
		why  string // "" if it is pushed
	}{
		{"text = constant", compare(t, "=", types.Text, column(types.Text), text("a")), ""},
		{"text < constant", compare(t, "<", types.Text, column(types.Text), text("a")), "apart"},
		{"text = text", compare(t, "=", types.Text, column(types.Text), column(types.Text)), "apart"},
		{"varchar(20) < constant", compare(t, "<", types.Text, short, text("a")), ""},
		{"varchar(20) = varchar(20)", compare(t, "=", types.Text, short, short), ""},
		{"long constant", compare(t, "=", types.Text, column(types.Text), text(strings.Repeat("a", maxInRow+1))), "longer"},
		{"float = float", compare(t, "=", types.Float8, column(types.Float8), column(types.Float8)), "constants only"},
		{"numeric = constant", compare(t, "=", types.Numeric, column(types.Numeric), constant(types.Numeric, types.DecimalFromInt(1).Datum())), "numeric"},
		{"int % 3", remainder(constant(types.Int8, types.NewInt8(3))), ""},
		{"int % 0", remainder(constant(types.Int8, types.NewInt8(0))), "divisor"},
		{"int % int", remainder(column(types.Int8)), "divisor"},
		{"numeric IS NULL", &expr.IsNull{Arg: column(types.Numeric)}, ""},
	} {
		var rules Rules
		_, err := rules.Translate(c.e, value)
		if c.why == "" && err != nil || c.why != "" && (err == nil || !strings.Contains(err.Error(), c.why)) {
			t.Errorf("%s: %v, want %q", c.what, err, c.why)
		}
	}
	blocked := Rules{Blocked: map[string]bool{"texteq": true}}
	if err := blocked.Check(compare(t, "=", types.Text, column(types.Text), text("a"))); err == nil {
		t.Error("a blocked function was pushed")
	}
}

// TestConditions has conditions of values that may lie apart: the stores let such
// values pass, if the condition is a whole one.
func TestConditions(t *testing.T) {
	text := func(s string) expr.Expr { return constant(types.Text, types.NewString(s)) }
	varchar := &expr.Cast{Kind: expr.CastRelabel, Typ: types.Of(types.Text), Arg: &expr.Ordinal{Typ: types.Type{OID: types.Varchar, Mod: 24}}}
	for _, c := range []struct {
		op      string
		left    expr.Expr
		right   string
		exact   bool
		refused bool
	}{
		{op: "<", left: column(types.Text), right: "b"},
		{op: ">=", left: column(types.Text), right: "b"},
		{op: "=", left: column(types.Text), right: "b", exact: true},
		{op: "<", left: varchar, right: "b", exact: true},
		{op: "~~", left: column(types.Text), right: "b%"},
		{op: "!~~", left: column(types.Text), right: "b%"},
		{op: "~~", left: varchar, right: "%b%", exact: true},
		{op: "!~~", left: varchar, right: "%b%", exact: true},
		{op: "~~", left: column(types.Text), right: "b_", refused: true},
		{op: "~~", left: varchar, right: `b\%`, refused: true},
	} {
		e := compare(t, c.op, types.Text, c.left, text(c.right))
		var rules Rules
		exact, err := rules.CheckCondition(e)
		if (err != nil) != c.refused || err == nil && exact != c.exact {
			t.Errorf("%s %q: exact %v, %v", c.op, c.right, exact, err)
		}
		if _, err := rules.TranslateCondition(e, value); (err != nil) != c.refused {
			t.Errorf("%s %q: %v", c.op, c.right, err)
		}
		if _, err := rules.Translate(e, value); (err == nil) != c.exact {
			t.Errorf("%s %q within another expression: %v", c.op, c.right, err)
		}
	}
	n, err := (&Rules{}).TranslateCondition(compare(t, "<", types.Text, column(types.Text), text("b")), value)
	if err != nil {
		t.Fatal(err)
	}
	for s, want := range map[string]bool{"a": true, "b": false, "\u00ff": false, "\xff\x01\x80\x80\x08": true} {
		if got := truth(t, n, s); got != want {
			t.Errorf("%q passes: %v, want %v", s, got, want)
		}
	}
}
