package expr

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// table is the batch that the cases of TestEval run over.
var table = []struct {
	oid  types.OID
	vals []string
}{
	{types.Int4, []string{"1", "NULL", "3", "0", "-2147483648"}},
	{types.Text, []string{"a", "bb", "NULL", "", "é"}},
	{types.Bool, []string{"t", "f", "NULL", "t", "f"}},
	{types.Int4Array, []string{"{1,2,3}", "{}", "NULL", "{{1,2},{3,4}}", "[0:1]={7,8}"}},
	{types.Numeric, []string{"1.50", "NULL", "-2", "0", "1e30"}},
}

const (
	colInt = iota
	colText
	colBool
	colArray
	colNumeric
)

func col(i int) Expr { return ordinal(i, table[i].oid) }

func tableColumns(t testing.TB, c *functions.Context) []arrow.Array {
	cols := make([]arrow.Array, len(table))
	for i, x := range table {
		cols[i] = column(t, c, x.oid, x.vals...)
	}
	return cols
}

func intConst(t testing.TB, v int) Expr { return constant(t, types.Int4, fmt.Sprint(v)) }

func textConst(t testing.TB, s string) Expr { return constant(t, types.Text, s) }

func opFn(t testing.TB, name string, left, right types.OID) *functions.Scalar {
	o := functions.OperatorFor(name, left, right)
	if o == nil {
		t.Fatalf("no operator %s", name)
	}
	return o.Fn
}

// TestEval evaluates each case over the batch, over slices of it, and row by
// row; all must agree.
func TestEval(t *testing.T) {
	int4, text, boolean := types.Of(types.Int4), types.Of(types.Text), types.Of(types.Bool)
	x, zero := col(colInt), intConst(t, 0)
	nonzero := operate(t, "<>", x, zero)
	inverse := operate(t, "/", intConst(t, 6), x)
	eq := opFn(t, "=", types.Int4, types.Int4)
	null := &Const{Typ: int4}
	ints := func(vals ...int) (out []Expr) {
		for _, v := range vals {
			out = append(out, intConst(t, v))
		}
		return out
	}
	long := ints(1, 2, 4, 5, 6, 7, 8, 9, 10, 0)
	cases := []struct {
		name string
		e    Expr
		want string
	}{
		{"and guards", &Logic{Args: []Expr{nonzero, operate(t, ">", inverse, intConst(t, 2))}}, "t NULL f f f"},
		{"or guards", &Logic{Or: true, Args: []Expr{operate(t, "=", x, zero), operate(t, ">", inverse, intConst(t, 2))}}, "t NULL f t f"},
		{"and with null", &Logic{Args: []Expr{col(colBool), &Const{Typ: boolean}}}, "NULL f NULL NULL f"},
		{"or with null", &Logic{Or: true, Args: []Expr{col(colBool), &Const{Typ: boolean}}}, "t NULL NULL t NULL"},
		{"and of constants", &Logic{Args: []Expr{constant(t, types.Bool, "t"), constant(t, types.Bool, "f")}}, "f f f f f"},
		{"case guards", &Case{Whens: []When{{nonzero, inverse}}, Else: intConst(t, -1), Typ: int4}, "6 -1 2 -1 0"},
		{"case without else", &Case{Whens: []When{{col(colBool), col(colText)}, {nonzero, textConst(t, "n")}}, Typ: text}, "a NULL n  n"},
		{"case first const", &Case{Whens: []When{{constant(t, types.Bool, "t"), x}}, Else: operate(t, "/", x, zero), Typ: int4}, "1 NULL 3 0 -2147483648"},
		{"case array", &Case{Whens: []When{{nonzero, col(colArray)}}, Typ: types.Of(types.Int4Array)}, "{1,2,3} NULL NULL NULL [0:1]={7,8}"},
		{"coalesce", &Coalesce{Args: []Expr{null, x, operate(t, "/", zero, intConst(t, 1))}, Typ: int4}, "1 0 3 0 -2147483648"},
		{"coalesce lazily", &Coalesce{Args: []Expr{intConst(t, 5), operate(t, "/", zero, zero)}, Typ: int4}, "5 5 5 5 5"},
		{"coalesce numeric", &Coalesce{Args: []Expr{col(colNumeric), constant(t, types.Numeric, "7.0")}, Typ: types.Of(types.Numeric)}, "1.50 7.0 -2 0 1000000000000000000000000000000"},
		{"greatest", &MinMax{Args: []Expr{x, intConst(t, 1), null}, Typ: int4}, "1 1 3 1 1"},
		{"least", &MinMax{Args: []Expr{x, intConst(t, 1)}, Least: true, Typ: int4}, "1 1 1 0 -2147483648"},
		{"not", &Not{Arg: col(colBool)}, "f t NULL f t"},
		{"is null", &IsNull{Arg: x}, "f t f f f"},
		{"is not null", &IsNull{Arg: x, Not: true}, "t f t t t"},
		{"is true", &BoolTest{Arg: col(colBool), Want: types.NewBool(true)}, "t f f t f"},
		{"is not false", &BoolTest{Arg: col(colBool), Want: types.NewBool(false), Not: true}, "t f t t f"},
		{"is unknown", &BoolTest{Arg: col(colBool)}, "f f t f f"},
		{"distinct", &Distinct{Left: x, Right: null, Eq: eq}, "t f t t t"},
		{"not distinct", &Distinct{Left: x, Right: intConst(t, 3), Eq: eq, Not: true}, "f f t f f"},
		{"in", &InList{Left: x, List: ints(1, 3), Eq: eq}, "t NULL t f f"},
		{"in expressions", &InList{Left: x, List: []Expr{x, null}, Eq: eq}, "t NULL t t t"},
		{"not in null", &InList{Left: x, List: []Expr{intConst(t, 1), null}, Eq: eq, Not: true}, "f NULL NULL NULL NULL"},
		{"in set", &InList{Left: x, List: long, Eq: eq}, "t NULL f t f"},
		{"not in set", &InList{Left: x, List: long, Eq: eq, Not: true}, "f NULL t f t"},
		{"in set with null", &InList{Left: x, List: append(slices.Clone(long), null), Eq: eq}, "t NULL NULL t NULL"},
		{"any", &AnyAll{Left: x, Array: constant(t, types.Int4Array, "{1,NULL}"), Fn: eq, Op: "="}, "t NULL NULL NULL NULL"},
		{"any of set", &AnyAll{Left: x, Array: constant(t, types.Int4Array, "{1,2,4,5,6,7,8,9,0}"), Fn: eq, Op: "="}, "t NULL f t f"},
		{"any of empty", &AnyAll{Left: x, Array: constant(t, types.Int4Array, "{}"), Fn: eq, Op: "="}, "f f f f f"},
		{"all of empty", &AnyAll{Left: x, Array: constant(t, types.Int4Array, "{}"), Fn: eq, Op: "=", All: true}, "t t t t t"},
		{"any of null", &AnyAll{Left: x, Array: &Const{Typ: types.Of(types.Int4Array)}, Fn: eq, Op: "="}, "NULL NULL NULL NULL NULL"},
		{"any of column", &AnyAll{Left: x, Array: col(colArray), Fn: eq, Op: "="}, "t f NULL f f"},
		{"all less", &AnyAll{Left: zero, Array: col(colArray), Fn: opFn(t, "<", types.Int4, types.Int4), Op: "<", All: true}, "t t NULL t t"},
		{"array", &Array{Args: []Expr{x, intConst(t, 9)}, Typ: types.Of(types.Int4Array)}, "{1,9} {NULL,9} {3,9} {0,9} {-2147483648,9}"},
		{
			"array of arrays", &Array{Args: []Expr{constant(t, types.Int4Array, "{1,2}"), constant(t, types.Int4Array, "{3,4}")}, Multi: true, Typ: types.Of(types.Int4Array)},
			strings.TrimSpace(strings.Repeat("{{1,2},{3,4}} ", 5)),
		},
		{"subscript", &Subscript{Arg: col(colArray), Lower: []Expr{nil}, Upper: ints(1), Typ: int4}, "1 NULL NULL NULL 8"},
		{"subscript 2", &Subscript{Arg: col(colArray), Lower: []Expr{nil, nil}, Upper: ints(2, 1), Typ: int4}, "NULL NULL NULL 3 NULL"},
		{"slice", &Subscript{Arg: col(colArray), Lower: ints(1), Upper: ints(2), Slice: true, Typ: types.Of(types.Int4Array)}, "{1,2} {} NULL {{1,2},{3,4}} {8}"},
		{"open slice", &Subscript{Arg: col(colArray), Lower: []Expr{intConst(t, 2)}, Upper: []Expr{nil}, Slice: true, Typ: types.Of(types.Int4Array)}, "{2,3} {} NULL {{3,4}} {}"},
		{"row", &Row{Args: []Expr{x, col(colText)}, Typ: types.Of(types.Record)}, `(1,a) (,bb) (3,) (0,"") (-2147483648,é)`},
		{"field", &Field{Arg: &Row{Args: []Expr{x, col(colText)}, Typ: types.Of(types.Record)}, Index: 1, Typ: text}, "a bb NULL  é"},
		{"row is null", &IsNull{Arg: &Row{Args: []Expr{x, null}, Typ: types.Of(types.Record)}, Row: true}, "f t f f f"},
		{"row is not null", &IsNull{Arg: &Row{Args: []Expr{x, x}, Typ: types.Of(types.Record)}, Not: true, Row: true}, "t f t t t"},
		{"record is the null value", &IsNull{Arg: &Row{Args: []Expr{x, null}, Typ: types.Of(types.Record)}}, "f f f f f"},
		{"io cast", &Cast{Arg: x, Typ: text, Kind: CastIO}, "1 NULL 3 0 -2147483648"},
		{"length cast", &Cast{Arg: col(colText), Typ: types.Type{OID: types.Varchar, Mod: 5}, Kind: CastMod, Explicit: true}, "a b NULL  é"},
		{"array cast", &Cast{Arg: col(colArray), Typ: types.Of(types.TextArray), Kind: CastArray}, "{1,2,3} {} NULL {{1,2},{3,4}} [0:1]={7,8}"},
		{"array cast by function", &Cast{Arg: col(colArray), Typ: types.Of(types.Int8Array), Kind: CastArray, Fn: functions.FindCast(types.Int4, types.Int8).Fn}, "{1,2,3} {} NULL {{1,2},{3,4}} [0:1]={7,8}"},
		{"negate fails", operate(t, "-", x), "ERROR 22003: integer out of range"},
		{"null hides overflow", operate(t, "+", operate(t, "-", &Case{Whens: []When{{nonzero, intConst(t, 1)}}, Typ: int4}), x), "0 NULL 2 NULL ERROR"},
	}
	for _, k := range cases {
		t.Run(k.name, func(t *testing.T) { checkEval(t, k.e, k.want) })
	}
}

func checkEval(t *testing.T, e Expr, want string) {
	t.Helper()
	c := newContext(t)
	cols := tableColumns(t, c)
	defer release(cols)
	rows := len(table[0].vals)
	var byRow []string
	for i := range rows {
		row := make([]types.Datum, len(cols))
		for k, a := range cols {
			row[k] = types.DatumAt(a, i)
		}
		d, err := EvalRow(c, e, row)
		byRow = append(byRow, printDatum(c, e, d, err))
	}
	wantError := strings.Contains(want, "ERROR")
	if got := strings.Join(byRow, " "); got != want && !wantError {
		t.Errorf("by row: %s, want %s", got, want)
	}
	got, err := evalText(t, c, e, cols, rows)
	if wantError {
		if err == nil {
			t.Errorf("batch: no error, want %s", want)
		} else if text := printDatum(c, e, types.Null, err); !strings.Contains(want, text) && strings.HasPrefix(want, "ERROR") {
			t.Errorf("batch: %s, want %s", text, want)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if s := strings.Join(got, " "); s != want {
		t.Errorf("batch: %s, want %s", s, want)
	}
	for from := range rows { // arrays with an offset, of every length, and the empty batch
		part := make([]arrow.Array, len(cols))
		for k, a := range cols {
			part[k] = sliceOf(a, from, rows)
		}
		got, err := evalText(t, c, e, part, rows-from)
		release(part)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, byRow[from:]) {
			t.Errorf("rows from %d: %v, want %v", from, got, byRow[from:])
		}
	}
	empty := make([]arrow.Array, len(cols))
	for k, a := range cols {
		empty[k] = sliceOf(a, 0, 0)
	}
	defer release(empty)
	if _, err := Compile(e); err != nil {
		t.Fatal(err)
	}
	ev, _ := Compile(e)
	v, err := ev.Eval(c, empty, 0)
	if err != nil {
		t.Fatalf("empty batch: %v", err)
	}
	v.Release()
}

func printDatum(c *functions.Context, e Expr, d types.Datum, err error) string {
	switch {
	case err != nil:
		return "ERROR " + string(pgerror.CodeOf(err)) + ": " + err.Error()
	case d.IsNull():
		return "NULL"
	}
	return string(types.AppendText(nil, e.Type(), d, c.IO))
}

func release(cols []arrow.Array) {
	for _, a := range cols {
		a.Release()
	}
}
