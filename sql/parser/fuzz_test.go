package parser

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

func seeds(f *testing.F) {
	for _, sql := range []string{
		pointSelect, joinSelect, "select -1, 'it''s', 1.5e3, .5", "insert into t values (1, 'a'), (-2, $1)",
		"create table t (a int default 1 check (a > 0))", "select e'\\'' || $$x$$ /* c */ -- d", "select 'é\xff",
		"create view v as select 1 union select 2", "alter table t add a int, drop b", "select 1; select 2;",
		"grant select on t to x", "select case when a then 1 end + 2", "select a[1:2].b, (c).*",
	} {
		f.Add(sql)
	}
	for _, s := range clientStatements(f) {
		f.Add(s.sql)
	}
}

// FuzzParse checks that no text crashes the parser, that every text of a
// statement parses by itself, and that places lie in the text.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, sql string) {
		stmts, err := Parse(sql)
		if err != nil {
			e := pgerror.From(err)
			if e.Code == pgerror.InternalError {
				t.Errorf("%q: %v", sql, err)
			}
			if e.Offset() > len(sql) || !utf8.ValidString(e.Message) {
				t.Errorf("%q: %v at %d", sql, err, e.Offset())
			}
			return
		}
		for _, s := range stmts {
			if sql[s.Start:s.Start+s.Len] != s.Text {
				t.Errorf("%q: %q at %d", sql, s.Text, s.Start)
			}
			ast.Tag(s.Stmt)
			for _, c := range s.Consts {
				if int(c.TokenLoc+c.TokenLen) > len(sql) {
					t.Errorf("%q: constant %+v", sql, c)
				}
			}
		}
	})
}

// FuzzNormalize checks that a key with its literals put back is the text, and
// that the parser finds the same literals.
func FuzzNormalize(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, sql string) {
		var n Normalized
		if !Normalize(sql, &n) {
			return
		}
		if !utf8.ValidString(sql) {
			t.Fatalf("%q: took invalid UTF-8", sql)
		}
		var back strings.Builder
		i := 0
		for _, b := range n.Key {
			if b >= firstPlaceholder {
				l := n.Literals[i]
				back.WriteString(sql[l.Offset : l.Offset+l.Len])
				i++
				continue
			}
			back.WriteByte(b)
		}
		trimmed := strings.TrimRight(strings.TrimSpace(sql), ";")
		if i != len(n.Literals) || strings.TrimSpace(back.String()) != strings.TrimSpace(trimmed) {
			t.Fatalf("%q: %s", sql, describe(&n))
		}
		stmts, err := Parse(sql)
		if err != nil {
			return
		}
		if len(stmts) != 1 {
			t.Fatalf("%q: %d statements", sql, len(stmts))
		}
		if _, err := checkLiterals(sql, &n, stmts[0]); err != nil {
			t.Fatal(err)
		}
	})
}
