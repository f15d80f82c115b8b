package expr

import (
	"testing"

	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// The wanted texts are PostgreSQL's pg_get_expr(..., false) and (..., true).
func TestDeparse(t *testing.T) {
	a := &Column{ID: 1, Name: "a", Typ: types.Of(types.Int4)}
	b := &Column{ID: 2, Name: "b", Typ: types.Of(types.Text)}
	j := &Column{ID: 3, Name: "j", Typ: types.Of(types.Varchar)}
	h := &Column{ID: 4, Name: "Select", Typ: types.Of(types.Bool)}
	f := &Column{ID: 5, Name: "f", Typ: types.Of(types.Int4Array)}
	one := intConst(t, 1)
	x := func(s string) Expr { return textConst(t, s) }
	plus := operate(t, "+", a, one)
	jText := &Cast{Arg: j, Typ: types.Of(types.Text)}
	eq := opFn(t, "=", types.Int4, types.Int4)
	lower := &Call{Fn: &functions.Scalar{Name: "lower"}, Args: []Expr{jText}, Typ: types.Of(types.Text)}
	cases := []struct {
		e            Expr
		want, pretty string
	}{
		{plus, "(a + 1)", "a + 1"},
		{operate(t, "*", plus, one), "((a + 1) * 1)", "(a + 1) * 1"},
		{operate(t, "+", operate(t, "*", a, one), one), "((a * 1) + 1)", "a * 1 + 1"},
		{operate(t, "-", a, operate(t, "-", a, one)), "(a - (a - 1))", "a - (a - 1)"},
		{operate(t, "-", a), "(- a)", "- a"},
		{intConst(t, -5), "'-5'::integer", "'-5'::integer"},
		{x("it's"), "'it''s'::text", "'it''s'::text"},
		{x(`a\b`), `E'a\\b'::text`, `E'a\\b'::text`},
		{constant(t, types.Numeric, "1.5"), "1.5", "1.5"},
		{constant(t, types.Numeric, "15"), "'15'::numeric", "'15'::numeric"},
		{constant(t, types.Int8, "5"), "'5'::bigint", "'5'::bigint"},
		{constant(t, types.Bool, "t"), "true", "true"},
		{constant(t, types.Int4Array, "{1,2}"), "'{1,2}'::integer[]", "'{1,2}'::integer[]"},
		{&Const{Typ: types.Of(types.Text)}, "NULL::text", "NULL::text"},
		{&Cast{Arg: one, Typ: types.Of(types.Int8), Kind: CastFunc}, "1", "1"},
		{operate(t, "=", jText, x("x")), "((j)::text = 'x'::text)", "j::text = 'x'::text"},
		{&Cast{Arg: plus, Typ: types.Of(types.Text), Kind: CastIO, Explicit: true}, "((a + 1))::text", "(a + 1)::text"},
		{&Cast{Arg: b, Typ: types.Type{OID: types.Varchar, Mod: 14}, Kind: CastMod, Explicit: true}, "(b)::character varying(10)", "b::character varying(10)"},
		{&Cast{
			Arg: &Cast{Arg: b, Typ: types.Of(types.Varchar), Explicit: true},
			Typ: types.Type{OID: types.Varchar, Mod: 14}, Kind: CastMod, Explicit: true,
		}, "(b)::character varying(10)", "b::character varying(10)"},
		{lower, "lower((j)::text)", "lower(j::text)"},
		{&Logic{Args: []Expr{h, &Logic{Or: true, Args: []Expr{&Not{Arg: h}, operate(t, "=", a, one)}}}}, `("Select" AND ((NOT "Select") OR (a = 1)))`, `"Select" AND (NOT "Select" OR a = 1)`},
		{&IsNull{Arg: plus}, "((a + 1) IS NULL)", "(a + 1) IS NULL"},
		{&BoolTest{Arg: h, Not: true}, `("Select" IS NOT UNKNOWN)`, `"Select" IS NOT UNKNOWN`},
		{&Distinct{Left: a, Right: one, Eq: eq}, "(a IS DISTINCT FROM 1)", "a IS DISTINCT FROM 1"},
		{&AnyAll{Left: a, Array: f, Fn: eq, Op: "="}, "(a = ANY (f))", "a = ANY (f)"},
		{&InList{Left: a, List: []Expr{one, a}, Eq: eq, Not: true}, "(a <> ALL (ARRAY[1, a]))", "a <> ALL (ARRAY[1, a])"},
		{&Subscript{Arg: f, Upper: []Expr{one}, Typ: types.Of(types.Int4)}, "f[1]", "f[1]"},
		{&Case{Whens: []When{{operate(t, "=", a, one), x("one")}}, Typ: types.Of(types.Text)}, "CASE WHEN (a = 1) THEN 'one'::text ELSE NULL::text END", "CASE WHEN a = 1 THEN 'one'::text ELSE NULL::text END"},
		{&Coalesce{Args: []Expr{a, one}, Typ: types.Of(types.Int4)}, "COALESCE(a, 1)", "COALESCE(a, 1)"},
		{&Param{Index: 0, Typ: types.Of(types.Int4)}, "$1", "$1"},
		{&Aggregate{Fn: functions.Aggregates("count")[0], Typ: types.Of(types.Int8)}, "count(*)", "count(*)"},
		{&Aggregate{Fn: functions.Aggregates("string_agg")[0], Args: []Expr{b, x(",")}, OrderBy: []SortKey{{Expr: a, Desc: true, NullsFirst: true}}}, "string_agg(b, ','::text ORDER BY a DESC)", "string_agg(b, ','::text ORDER BY a DESC)"},
	}
	for _, k := range cases {
		if got := Deparse(k.e, DeparseOptions{}); got != k.want {
			t.Errorf("got %s, want %s", got, k.want)
		}
		if got := Deparse(k.e, DeparseOptions{Pretty: true}); got != k.pretty {
			t.Errorf("pretty: got %s, want %s", got, k.pretty)
		}
	}
}
