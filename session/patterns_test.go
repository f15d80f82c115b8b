package session_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tidemarkdb/tidemark/session/sessiontest"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/regex"
)

// TestPatternsCompiledOnce: each LIKE pattern and regular expression of a statement is
// compiled once, not for each batch: constants and parameters, in the filter of a scan, above
// a join, in CASE, beside other patterns, with workers, and no more when it is run again.
func TestPatternsCompiledOnce(t *testing.T) {
	node := sessiontest.Open(t)
	c := node.Connect()
	run := func(sql string) string {
		t.Helper()
		got := c.Query(sql)
		if strings.Contains(got, "ERROR") {
			t.Fatalf("%s: %s", sql, got)
		}
		return got
	}
	run("CREATE TABLE p (id int PRIMARY KEY, s text, b bytea, grp int)")
	run("INSERT INTO p SELECT g, md5(g::text), decode(md5(g::text), 'hex'), g % 7 FROM generate_series(1, 20000) g")
	run("ANALYZE p")
	run("SET batch_size = 100")
	run("SET parallel_setup_cost = 0")
	run("SET min_parallel_table_scan_size = 0")
	for i, q := range []struct {
		sql           string
		likes, regexs int64
	}{
		{"SELECT count(*) FROM p WHERE s LIKE '%aN%%b' OR s LIKE 'N_a%' OR s NOT LIKE '%N'", 3, 0},
		{"SELECT count(*) FROM p WHERE s ILIKE '%AN%' AND s ~ '^[a-f]N?.*1' AND s ~* 'N?A.*2' AND s !~ 'xyN'", 1, 3},
		{"SELECT count(CASE WHEN s LIKE 'a%N' THEN 1 WHEN s LIKE '%N_b' THEN 2 WHEN s ~ 'N?c.d' THEN 3 END), sum(CASE WHEN b LIKE 'a%'::bytea THEN 1 ELSE 0 END) FROM p", 3, 1},
		{"SELECT count(*) FROM p JOIN p q ON q.id = p.id + 1 WHERE p.s || q.s LIKE '%NNa%b' OR p.s < q.s AND q.s || p.s ~ 'N*ff'", 1, 1},
		{"SELECT grp, count(*) FILTER (WHERE s LIKE '%N1%') FROM p WHERE regexp_replace(s, 'N?a+', 'x', 'g') <> s GROUP BY grp HAVING max(s) LIKE 'f%' OR max(s) LIKE 'N%' ORDER BY grp", 3, 1},
		{"PREPARE stN(text, text, text) AS SELECT count(*) FROM p WHERE s LIKE $1 OR s LIKE $2 OR s ~ $3; EXECUTE stN('%aN%1', 'N%b', '^N?0+[1-9]')", 2, 1},
		{"EXECUTE stN('%aN%2', 'N%b', '^N?0+[1-9]')", 1, 0},
		{"EXECUTE stN('%aN%2', 'N%b', '^N?0+[1-9]')", 0, 0},
		{"SELECT count(*) FROM p WHERE s LIKE ANY (ARRAY['%qN%1', 'N%c']) OR id IN (1, 2, 3, 5, 8, 13)", 2, 0},
	} {
		n := i
		if strings.HasPrefix(q.sql, "EXECUTE") || strings.HasPrefix(q.sql, "PREPARE") {
			n = 5
		}
		sql := strings.ReplaceAll(q.sql, "N_", fmt.Sprint(n, "_"))
		sql = strings.ReplaceAll(sql, "stN", fmt.Sprint("st", n))
		for _, workers := range []int{0, 2} {
			run(fmt.Sprintf("SET max_parallel_workers_per_gather = %d", workers))
			likes, regexs := functions.LikeCompilations(), regex.Compilations()
			if workers == 2 && strings.HasPrefix(sql, "PREPARE") {
				continue
			}
			run(sql)
			likes, regexs = functions.LikeCompilations()-likes, regex.Compilations()-regexs
			if workers == 2 { // again: all are known
				q.likes, q.regexs = 0, 0
			}
			if likes > q.likes || regexs > q.regexs {
				t.Errorf("%s: %d LIKE patterns and %d regular expressions were compiled, %d and %d are new", sql, likes, regexs, q.likes, q.regexs)
			}
		}
	}
}
