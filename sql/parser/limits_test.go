package parser

import (
	"strings"
	"testing"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// TestDepth sends texts that would overflow the C stack, or the bison stack,
// of libpg_query: they get an error, not a crash.
func TestDepth(t *testing.T) {
	chains := map[string][3]string{
		"plus":       {"select 1", "+1", ""},
		"cast":       {"select a", "::int", ""},
		"union":      {"select 1", " union all select 1", ""},
		"union list": {"select 1,2", " union select 1,2", ""},
		"union and":  {"select a and b", " union select a and b", ""},
		"join":       {"select 1 from a", " cross join a", ""},
		"join on":    {"select 1 from a", " join a on a=1 and b=2", ""},
		"collate":    {"select a", ` collate "C"`, ""},
		"at":         {"select a", " at time zone 'x'", ""},
		"not":        {"select ", "not ", "true"},
		"minus":      {"select ", "- ", "a"},
		"case":       {"select ", "case when a and b then 1 end + ", "1"},
		"label":      {"select 1", "+a.end", ""},
		"in string":  {"select e'\\''", " || e'\\''", ""},
		"dollar":     {"select $$'$$", " || $a$'$a$", ""},
		"comment":    {"select 1", " + /* ' */ 1", ""},
		"opens":      {"select ", "(", ""},
		"brackets":   {"select a", "[", ""},
		"open cases": {"select ", "case when ", ""},
		"froms":      {"select ", "(select 1 from ", ""},
	}
	for name, c := range chains {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(c[0] + strings.Repeat(c[1], 200_000) + c[2])
			code := pgerror.CodeOf(err)
			if code != pgerror.StatementTooComplex && code != pgerror.SyntaxError {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestWide sends large statements that are not deep.
func TestWide(t *testing.T) {
	chains := map[string][3]string{
		"in list":     {"select a in (1", ",1", ")"},
		"values":      {"insert into t values (1, 'a+b+c')", ", (-1 + 2, 'a''+b', 2*3)", ""},
		"or":          {"select a = 1", " or a = 1", ""},
		"and":         {"select a = 1", " and (a = 1 or b < 2)", ""},
		"select list": {"select 1", ", case when a+1 = 2 then -b end", ""},
		"statements":  {"select 1", "; select 1+1", ""},
		"string":      {"select '", "+-*/", "'"},
		"dollar":      {"select $x$", "+-*/'", "$x$"},
		"comment":     {"select 1 /*", "+-*/ /* + ", "*/"},
		"identifier":  {`select "`, "+-*", `"`},
	}
	for name, c := range chains {
		t.Run(name, func(t *testing.T) {
			sql := c[0] + strings.Repeat(c[1], 20_000) + c[2]
			if name == "comment" {
				sql = c[0] + strings.Repeat("+-*'", 20_000) + c[2]
			}
			if _, err := Parse(sql); err != nil {
				t.Error(printError(err))
			}
		})
	}
	t.Run("parentheses", func(t *testing.T) {
		if _, err := Parse("select " + strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000)); err != nil {
			t.Error(err)
		}
	})
	t.Run("chain", func(t *testing.T) {
		if _, err := Parse("select 1" + strings.Repeat("+1", maxNesting-1)); err != nil {
			t.Error(err)
		}
	})
}

func TestTooManyTokens(t *testing.T) {
	_, err := Parse("select 1" + strings.Repeat(",1", maxTokens/2))
	if pgerror.CodeOf(err) != pgerror.StatementTooComplex {
		t.Errorf("got %v", err)
	}
}

func TestText(t *testing.T) {
	tests := []struct{ name, sql, want string }{
		{"nul", "select 1\x00", `invalid byte sequence for encoding "UTF8": 0x00`},
		{"bad byte", "select '\xff'", `invalid byte sequence for encoding "UTF8": 0xff`},
		{"short sequence", "select '\xc3\x28'", `invalid byte sequence for encoding "UTF8": 0xc3 0x28`},
		{"surrogate", "select '\xed\xa0\x80'", `invalid byte sequence for encoding "UTF8": 0xed 0xa0 0x80`},
		{"end of text", "select '\xe2\x82", `invalid byte sequence for encoding "UTF8": 0xe2 0x82`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse(test.sql)
			e := pgerror.From(err)
			if e.Message != test.want || e.Code != pgerror.CharacterNotInRepertoire {
				t.Errorf("got %s %s", e.Code, e.Message)
			}
		})
	}
}
