package session_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/tidemarkdb/tidemark/session/sessiontest"
)

// BenchmarkAdHoc runs statements over thirty rows whose text is new each time, as
// those of the SQLite corpus: parsing, planning and setting up operators are most of
// it.
func BenchmarkAdHoc(b *testing.B) {
	node := sessiontest.Open(b)
	c := node.Connect()
	for _, sql := range []string{
		`CREATE TABLE t1 (a int, b int, c int, d int, e int)`,
		`INSERT INTO t1 SELECT 100 + 5 * i, 101 + 5 * i, 104 + 5 * i, 103 + 5 * i, 102 + 5 * i FROM generate_series(0, 29) i`,
	} {
		if err := c.Err(sql); err != nil {
			b.Fatal(err)
		}
	}
	for _, bench := range []struct{ name, sql string }{
		{"constants", `SELECT - 68 * %d - + - COALESCE(- 57, 93, + 8) * + (74) AS col1`},
		{"table", `SELECT a + b * 2 + c * 3, abs(a), c - d, CASE WHEN a < b - 3 THEN 111 WHEN a <= b THEN 222 ELSE 333 END FROM t1 WHERE d > e AND c > %d ORDER BY 1, 2, 3`},
		{"subquery", `SELECT a + b * 2 + %d, (SELECT count(*) FROM t1 AS x WHERE x.b < t1.b) FROM t1 WHERE c BETWEEN b - 2 AND d + 2 ORDER BY 1, 2`},
		{"exists", `SELECT a + %d FROM t1 WHERE EXISTS (SELECT 1 FROM t1 AS x WHERE x.b < t1.b) AND c > 110 ORDER BY 1`},
		{"aggregate", `SELECT count(*), sum(a), avg(b) FROM t1 WHERE c > %d AND d < 900 GROUP BY e %% 3`},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.Session.Query(fmt.Sprintf(bench.sql, rand.IntN(1e6))); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
