package expr

import (
	"testing"

	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func TestFold(t *testing.T) {
	c := newContext(t)
	x := ordinal(0, types.Int4)
	yes, no := constant(t, types.Bool, "t"), constant(t, types.Bool, "f")
	null := &Const{Typ: types.Of(types.Int4)}
	cond := operate(t, "=", x, intConst(t, 1))
	boom := operate(t, "/", intConst(t, 1), intConst(t, 0))
	for _, k := range []struct {
		e    Expr
		want string
	}{
		{operate(t, "+", intConst(t, 1), intConst(t, 2)), "3"},
		{operate(t, "+", x, operate(t, "*", intConst(t, 3), intConst(t, 2))), "(#1 + 6)"},
		{boom, "(1 / 0)"},
		{operate(t, "+", x, null), "NULL::integer"},
		{&Logic{Args: []Expr{cond, yes}}, "(#1 = 1)"},
		{&Logic{Args: []Expr{cond, no, operate(t, "=", boom, x)}}, "false"},
		{&Logic{Or: true, Args: []Expr{cond, yes}}, "true"},
		{&Case{Whens: []When{{no, boom}, {cond, intConst(t, 1)}, {yes, intConst(t, 2)}}, Else: boom, Typ: types.Of(types.Int4)}, "CASE WHEN (#1 = 1) THEN 1 ELSE 2 END"},
		{&Coalesce{Args: []Expr{null, x, intConst(t, 1), boom}, Typ: types.Of(types.Int4)}, "COALESCE(#1, 1)"},
		{&Cast{Arg: intConst(t, 7), Typ: types.Of(types.Text), Kind: CastIO}, "'7'::text"},
		{&Cast{Arg: textConst(t, "2024-01-01"), Typ: types.Of(types.Date), Kind: CastIO, Explicit: true}, "('2024-01-01'::text)::date"},
		{&Array{Args: []Expr{intConst(t, 1), intConst(t, 2)}, Typ: types.Of(types.Int4Array)}, "'{1,2}'::integer[]"},
	} {
		folded, _ := Fold(c, k.e)
		if got := Deparse(folded, DeparseOptions{}); got != k.want {
			t.Errorf("fold %s: got %s, want %s", Deparse(k.e, DeparseOptions{}), got, k.want)
		}
	}
	e := operate(t, "+", x, intConst(t, 1))
	if folded, err := Fold(c, e); folded != e || err != nil {
		t.Error("what does not fold must be shared")
	}
	if folded, err := Fold(c, boom); folded != boom || pgerror.CodeOf(err) != pgerror.DivisionByZero {
		t.Errorf("what fails is left: %v, %v", folded, err)
	}
}

func TestEqualAndVolatility(t *testing.T) {
	x := ordinal(0, types.Int4)
	build := func(n int) Expr {
		return &Case{Whens: []When{{operate(t, "<", x, intConst(t, n)), x}}, Typ: types.Of(types.Int4)}
	}
	if !Equal(build(1), build(1)) || Equal(build(1), build(2)) || Equal(build(1), x) {
		t.Error("Equal")
	}
	random := &Call{Fn: &functions.Scalar{Name: "random", Volatility: functions.Volatile}, Typ: types.Of(types.Float8)}
	if Equal(random, &Call{Fn: random.Fn, Typ: random.Typ}) || !Equal(random, random) {
		t.Error("a volatile call equals itself only")
	}
	if Volatility(build(1)) != functions.Immutable || Volatility(&IsNull{Arg: random}) != functions.Volatile {
		t.Error("Volatility")
	}
}

func TestVolatileRunsForEachRow(t *testing.T) {
	c := newContext(t)
	n := int64(0)
	fn := &functions.Scalar{Name: "next", Returns: types.Of(types.Int8), Volatility: functions.Volatile, Eval: func(*functions.Context, []types.Datum) (types.Datum, error) {
		n++
		return types.NewInt8(n), nil
	}}
	call := &Call{Fn: fn, Typ: types.Of(types.Int8)}
	got, err := evalText(t, c, call, nil, 3)
	if err != nil || got[0] != "1" || got[2] != "3" {
		t.Errorf("got %v, %v", got, err)
	}
	n = 0
	b := column(t, c, types.Bool, "t", "f", "t", "NULL")
	defer b.Release()
	cols := tableOf(b)
	e := &Case{Whens: []When{{ordinal(0, types.Bool), call}}, Typ: types.Of(types.Int8)}
	if got, err = evalText(t, c, e, cols, 4); err != nil || n != 2 || got[2] != "2" {
		t.Errorf("in CASE: got %v after %d calls, %v", got, n, err)
	}
}

func TestEvalConstDoesNotAllocate(t *testing.T) {
	c := newContext(t)
	c.Params = []types.Datum{types.NewInt8(7)}
	e := &Cast{Arg: &Param{Typ: types.Of(types.Int8)}, Typ: types.Of(types.Timestamp)}
	if n := testing.AllocsPerRun(100, func() {
		if d, err := EvalConst(c, e); err != nil || d.I != 7 {
			t.Fatal(d, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if _, err := EvalConst(c, &Param{Index: 1, Typ: types.Of(types.Int8)}); err == nil {
		t.Error("missing parameter")
	}
}
