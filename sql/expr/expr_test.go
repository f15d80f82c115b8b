package expr

import (
	"context"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// newContext makes a context whose allocations are checked when the test ends.
func newContext(t testing.TB) *functions.Context {
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	t.Cleanup(func() {
		if tt, ok := t.(*testing.T); ok {
			alloc.AssertSize(tt, 0)
		}
	})
	now := time.Date(2024, 2, 29, 12, 30, 0, 0, time.UTC)
	return &functions.Context{
		Ctx: context.Background(), Alloc: alloc, IO: &types.IO{ExtraFloatDigits: 1}, TxnStart: now, StatementStart: now,
		Clock: func() time.Time { return now },
	}
}

func parse(t testing.TB, oid types.OID, s string) types.Datum {
	t.Helper()
	if s == "NULL" {
		return types.Null
	}
	d, err := types.Parse(types.Of(oid), s, nil)
	if err != nil {
		t.Fatalf("parse %q: %v", s, err)
	}
	return d
}

func constant(t testing.TB, oid types.OID, s string) Expr {
	t.Helper()
	return &Const{Value: parse(t, oid, s), Typ: types.Of(oid)}
}

// column makes an array of a type's values from texts.
func column(t testing.TB, c *functions.Context, oid types.OID, vals ...string) arrow.Array {
	t.Helper()
	b := types.NewBuilder(c.Alloc, types.Of(oid))
	defer b.Release()
	for _, s := range vals {
		types.AppendDatum(b, parse(t, oid, s))
	}
	return b.NewArray()
}

func ordinal(i int, oid types.OID) Expr { return &Ordinal{Index: i, Typ: types.Of(oid)} }

// operate applies the operator for exactly the arguments' types.
func operate(t testing.TB, name string, args ...Expr) Expr {
	t.Helper()
	var left, right types.OID
	right = args[len(args)-1].Type().OID
	if len(args) == 2 {
		left = args[0].Type().OID
	}
	o := functions.OperatorFor(name, left, right)
	if o == nil {
		t.Fatalf("no operator %s(%d, %d)", name, left, right)
	}
	return &Call{Fn: o.Fn, Args: args, Typ: o.Fn.Returns, Op: name}
}

// evalText evaluates over columns and prints each row.
func evalText(t testing.TB, c *functions.Context, e Expr, cols []arrow.Array, n int) ([]string, error) {
	t.Helper()
	ev, err := Compile(e)
	if err != nil {
		t.Fatalf("compile: %v", err)
	}
	v, err := ev.Eval(c, cols, n)
	if err != nil {
		return nil, err
	}
	defer v.Array.Release()
	want := n
	if v.Const {
		want = 1
	}
	if v.Array.Len() != want {
		t.Fatalf("%d rows, want %d", v.Array.Len(), want)
	}
	out := make([]string, n)
	for i := range out {
		d := datumOf(v, i)
		out[i] = "NULL"
		if !d.IsNull() {
			out[i] = string(types.AppendText(nil, e.Type(), d, c.IO))
		}
	}
	return out, nil
}

func TestSmoke(t *testing.T) {
	c := newContext(t)
	a := column(t, c, types.Int4, "1", "NULL", "3", "0")
	defer a.Release()
	cols := []arrow.Array{a}
	x := ordinal(0, types.Int4)
	one := constant(t, types.Int4, "1")
	check := func(e Expr, want ...string) {
		t.Helper()
		got, err := evalText(t, c, e, cols, 4)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("row %d: %q, want %q", i, got[i], want[i])
			}
		}
	}
	check(operate(t, "+", x, one), "2", "NULL", "4", "1")
	check(operate(t, "<", x, one), "f", "NULL", "f", "t")
	check(operate(t, ">=", one, x), "t", "NULL", "f", "t")
	check(operate(t, "*", x, x), "1", "NULL", "9", "0")
	nonzero := operate(t, "<>", x, constant(t, types.Int4, "0"))
	div := operate(t, ">", operate(t, "/", one, x), constant(t, types.Int4, "0"))
	check(&Logic{Args: []Expr{nonzero, div}}, "t", "NULL", "f", "f")
	check(&Case{Whens: []When{{Cond: nonzero, Then: operate(t, "/", one, x)}}, Else: constant(t, types.Int4, "-1"), Typ: types.Of(types.Int4)},
		"1", "-1", "0", "-1")
	check(&Coalesce{Args: []Expr{x, one}, Typ: types.Of(types.Int4)}, "1", "1", "3", "0")
	check(&Not{Arg: nonzero}, "f", "NULL", "f", "t")
	check(&IsNull{Arg: x}, "f", "t", "f", "f")
}

func sliceOf(a arrow.Array, from, to int) arrow.Array {
	return array.NewSlice(a, int64(from), int64(to))
}

func tableOf(cols ...arrow.Array) []arrow.Array { return cols }
