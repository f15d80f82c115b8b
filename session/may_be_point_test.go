package session

import (
	"testing"

	"github.com/tidemarkdb/tidemark/sql/parser"
)

func TestMayBePoint(t *testing.T) {
	for sql, want := range map[string]bool{
		"SELECT a FROM t WHERE id = 1":                        true,
		"SELECT a FROM t WHERE b > 2 AND 1 = id FOR UPDATE":   true,
		"SELECT a FROM t WHERE id IN (3)":                     true,
		"SELECT a FROM t WHERE flag":                          true,
		"INSERT INTO t VALUES (1)":                            true,
		"UPDATE t SET a = 2 WHERE id = 1":                     true,
		"SELECT a FROM t":                                     false,
		"SELECT a FROM t WHERE id > 1 AND b BETWEEN 2 AND 3":  false,
		"SELECT a FROM t WHERE id = 1 OR id = 2":              false,
		"SELECT count(*) FROM t WHERE id = 1 GROUP BY b":      false,
		"SELECT a FROM t, u WHERE t.id = 1":                   false,
		"SELECT a FROM t WHERE id = 1 ORDER BY a LIMIT 1":     false,
		"SELECT a FROM t WHERE id = 1 UNION SELECT 2":         false,
		"WITH x AS (SELECT 1) SELECT a FROM t WHERE id = 1":   false,
		"SELECT DISTINCT a FROM t WHERE id = 1":               false,
		"SELECT a FROM t WHERE s LIKE 'x%' AND c IS NOT NULL": false,
		"VALUES (1)": false,
	} {
		stmts, err := parser.Parse(sql)
		if err != nil {
			t.Fatal(sql, err)
		}
		if got := mayBePoint(stmts[0].Stmt); got != want {
			t.Errorf("%s: %v", sql, got)
		}
	}
}
