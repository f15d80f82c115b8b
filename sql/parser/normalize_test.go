package parser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tidemarkdb/tidemark/sql/ast"
)

func TestNormalize(t *testing.T) {
	tests := []struct{ sql, want string }{
		{"SELECT abalance FROM pgbench_accounts WHERE aid = 12345;", "SELECT abalance FROM pgbench_accounts WHERE aid = <int4> | 12345"},
		{" \n select 1 ; \n", "select <int4> | 1"},
		{"select -1, - 2, a-3", "select -<int4>, - <int4>, a-<int4> | 1 2 3"},
		{"select 2147483647, 2147483649, 9223372036854775807, 9223372036854775809, 99999999999999999999", "select <int4>, <int8>, <int8>, <numeric>, <numeric> | 2147483647 2147483649 9223372036854775807 9223372036854775809 99999999999999999999"},
		{"select 18446744073709551617", "select <numeric> | 18446744073709551617"},
		{"select 1.5, 1e3, 1.5E-3, 2.", "select <numeric>, <numeric>, <numeric>, <numeric> | 1.5 1e3 1.5E-3 2."},
		{"insert into t values ('a', 'it''s', '', 'é')", "insert into t values (<string>, <string>, <string>, <string>) | a it's  é"},
		{"select a1, t2.b3, \"x'1\" from t$1 where a<>1", "select a1, t2.b3, \"x'1\" from t$1 where a<><int4> | 1"},
		{"delete from t where b = date '2020-01-01' and c::int4 = '1'::int4", "delete from t where b = date <string> and c::int4 = <string>::int4 | 2020-01-01 1"},
		{"update t set a=1", "update t set a=<int4> | 1"},
		{"select 0", "select <int4> | 0"},
		{"With a AS (SELECT 1)\nselect 'x'", "With a AS (SELECT <int4>)\nselect <string> | 1 x"},
		{"select a[1:2]", "select a[<int4>:<int4>] | 1 2"},
	}
	var n Normalized
	for _, test := range tests {
		if !Normalize(test.sql, &n) {
			t.Errorf("%q: gave up", test.sql)
			continue
		}
		if got := describe(&n); got != test.want {
			t.Errorf("%q:\n got %s\nwant %s", test.sql, got, test.want)
		}
	}
}

func describe(n *Normalized) string {
	key := string(n.Key)
	for i, name := range []string{"<int4>", "<int8>", "<numeric>", "<string>"} {
		key = strings.ReplaceAll(key, string([]byte{firstPlaceholder + byte(i)}), name)
	}
	var texts []string
	for _, l := range n.Literals {
		texts = append(texts, l.Text)
	}
	return key + " | " + strings.Join(texts, " ")
}

func TestNormalizeGivesUp(t *testing.T) {
	texts := []string{
		"", "select", "begin", "with(a) select 1", "explain select 1", "selecta 1", "select$ 1",
		"select E'a'", "select B'0'", "select U&'a'", "select U&\"a\"", "select n'a'", "select $1", "select $$a$$",
		"select 1 -- c", "select /* c */ 1", "select '\\'", "select 1; select 2", "select 1;;", "select 'a", "select \"a",
		"select 'a' 'b'", "select 'a'\n'b'", "select 123abc", "select 1_000", "select 0x1f", "select 007",
		"select 2147483648", "select -2147483648", "select 9223372036854775808", "select .5", "select 1..2",
		"select é", "select \"é\"", "select '\xff'", "select \xf8", "select 'a\x00'", "select \x00", "select 1\x01",
		"select 1e", "select 1.5.2", "select 1 \\ 2", "select 1'a'", "select `a`",
		"select '" + strings.Repeat("x", maxNormalizeBytes) + "'",
		"select 1" + strings.Repeat(",1", maxNormalizeLiterals),
	}
	var n Normalized
	for _, sql := range texts {
		if Normalize(sql, &n) {
			t.Errorf("%q: got %s", sql, describe(&n))
		}
	}
}

// checkLiterals compares the literals with the constants of the real parse,
// and tells how many are in the tree.
func checkLiterals(sql string, n *Normalized, stmt ast.RawStmt) (found int, err error) {
	consts := map[int]*ast.Const{}
	for _, c := range stmt.Consts {
		consts[int(c.TokenLoc)] = c
	}
	for _, l := range n.Literals {
		c := consts[l.Offset]
		if c == nil {
			continue // part of the syntax
		}
		found++
		text := c.Text
		if c.Negated {
			text = strings.TrimPrefix(text, "-")
		}
		wantKind := map[LiteralKind]ast.ConstKind{
			LiteralInt4: ast.ConstInt, LiteralInt8: ast.ConstFloat, LiteralNumeric: ast.ConstFloat,
			LiteralString: ast.ConstString,
		}[l.Kind]
		if text != l.Text || int(c.TokenLen) != l.Len || c.Kind != wantKind {
			return found, fmt.Errorf("%q: literal %+v, constant %+v", sql, l, c)
		}
	}
	return found, nil
}

// TestNormalizeClients checks literals against the parser on what real clients
// send.
func TestNormalizeClients(t *testing.T) {
	var n Normalized
	for _, s := range clientStatements(t) {
		if !Normalize(s.sql, &n) {
			continue
		}
		stmts, err := Parse(s.sql)
		if err != nil {
			continue // a wrong statement gets no plan, so its key is never found
		}
		if len(stmts) != 1 {
			t.Errorf("%s: %d statements: %s", s.file, len(stmts), s.sql)
			continue
		}
		found, err := checkLiterals(s.sql, &n, stmts[0])
		if err != nil {
			t.Errorf("%s: %v", s.file, err)
		}
		if found != len(n.Literals) {
			t.Errorf("%s: %d of %d literals in the tree: %s", s.file, found, len(n.Literals), s.sql)
		}
	}
}

func TestNormalizeAllocates(t *testing.T) {
	var n Normalized
	allocs := testing.AllocsPerRun(100, func() { Normalize(pointSelect, &n) })
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}
