package session_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tidemarkdb/tidemark/session"
	"github.com/tidemarkdb/tidemark/session/sessiontest"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// spilling are statements, each with an operator that keeps many rows. Those with
// "!" in front change rows; they run in a transaction that is taken back.
var spilling = map[string]string{
	"sort":                    "SELECT a, b, pad FROM big ORDER BY b, a",
	"sort of expressions":     "SELECT lower(pad) p, a % 7, a FROM big ORDER BY 2 DESC NULLS LAST, 1, 3",
	"top-n of many":           "SELECT a, pad FROM big ORDER BY pad, a LIMIT 12000 OFFSET 10",
	"with ties":               "SELECT c FROM big ORDER BY c FETCH FIRST 9000 ROWS WITH TIES",
	"hash join":               "SELECT x.a, y.pad, x.pad FROM big x JOIN big y ON x.a = y.a + 1",
	"left hash join":          "SELECT x.a, y.pad FROM big x LEFT JOIN big y ON x.a = y.a * 2 AND x.b > 3",
	"full hash join":          "SELECT x.a, y.a, y.pad FROM big x FULL JOIN (SELECT a + 8000 AS a, pad FROM big) y ON x.a = y.a",
	"semi join":               "SELECT a FROM big x WHERE pad IN (SELECT pad FROM big WHERE b % 2 = 0)",
	"anti join":               "SELECT a FROM big x WHERE NOT EXISTS (SELECT FROM big y WHERE y.pad = x.pad AND y.b % 3 = 0)",
	"not in":                  "SELECT a FROM big WHERE pad NOT IN (SELECT pad FROM big WHERE b % 5 = 0)",
	"hash join of one key":    "/*+ HASH_JOIN_BUILD(y) */ SELECT x.a, y.a, y.pad FROM big x JOIN big y ON x.c = y.c WHERE x.a <= 20",
	"merge join of one key":   "/*+ MERGE_JOIN(x, y) */ SELECT x.a, y.a, y.pad FROM big x JOIN big y ON x.c = y.c WHERE x.a <= 20",
	"nested loop":             "SELECT x.a, y.a FROM big x JOIN big y ON x.a < y.a - 13500 AND x.pad < y.pad WHERE x.a <= 1000 AND y.a > 14000",
	"hash aggregate":          "SELECT pad, count(*), sum(a), avg(b), min(a) FROM big GROUP BY pad",
	"grouping sets":           "SELECT pad, b, c, count(*) FROM big GROUP BY GROUPING SETS ((pad), (b, c), (pad, b), ())",
	"count distinct":          "SELECT c, count(DISTINCT pad), count(DISTINCT a) FROM big GROUP BY c",
	"ordered aggregate":       "SELECT c, md5(string_agg(pad, ',' ORDER BY pad DESC, a)) FROM big GROUP BY c",
	"ordered-set aggregate":   "SELECT c, mode() WITHIN GROUP (ORDER BY pad) FROM big GROUP BY c",
	"percentiles":             "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY pad), percentile_cont(ARRAY[0.1, NULL, 0.9]) WITHIN GROUP (ORDER BY a), mode() WITHIN GROUP (ORDER BY left(pad, 2)) FROM big",
	"lists":                   "SELECT b, c, md5(string_agg(pad, ',')), md5(array_agg(pad)::text), md5(jsonb_agg(a)::text), md5(json_object_agg(a, b)::text) FROM big GROUP BY b, c",
	"lists of many groups":    "SELECT a % 7000, string_agg(pad, NULL), array_agg(b), json_agg(c), jsonb_object_agg(pad, a) FROM big GROUP BY 1",
	"lists of points":         "SELECT c, b, lttb(to_timestamp(a), a, 5)::text FROM big GROUP BY c, b",
	"ordered lists":           "SELECT b, c, md5(string_agg(pad, ',' ORDER BY pad DESC, a)), md5(array_agg(DISTINCT pad)::text), md5(json_agg(a ORDER BY pad)::text) FROM big GROUP BY b, c",
	"ordered lists of sets":   "SELECT b, c, md5(string_agg(pad, ',' ORDER BY a DESC)) FROM big GROUP BY GROUPING SETS ((b, c), (b, a % 7))",
	"distinct":                "SELECT DISTINCT pad, b FROM big",
	"distinct on":             "SELECT DISTINCT ON (b) b, pad, a FROM big ORDER BY b, pad, a",
	"union":                   "SELECT pad FROM big UNION SELECT pad || 'x' FROM big",
	"intersect":               "SELECT pad, b FROM big INTERSECT SELECT pad, b FROM big WHERE a > 100",
	"intersect all":           "SELECT pad FROM big INTERSECT ALL SELECT pad FROM big WHERE a % 2 = 0",
	"except":                  "SELECT pad FROM big EXCEPT SELECT pad FROM big WHERE a % 3 = 0",
	"except all":              "SELECT pad FROM big EXCEPT ALL SELECT pad FROM big WHERE a % 3 = 0",
	"window over all":         "SELECT a, pad, sum(b) OVER (ORDER BY a ROWS BETWEEN 500 PRECEDING AND 500 FOLLOWING), last_value(pad) OVER () FROM big",
	"window of partitions":    "SELECT a, rank() OVER w, lag(pad, 3) OVER w, percent_rank() OVER w FROM big WINDOW w AS (PARTITION BY c ORDER BY pad)",
	"window groups":           "SELECT a, count(*) OVER (ORDER BY a / 20 GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES), first_value(pad) OVER (ORDER BY a) FROM big",
	"cte":                     "WITH t AS MATERIALIZED (SELECT a, pad FROM big) SELECT x.a FROM t x JOIN t y ON x.a = y.a AND x.pad = y.pad",
	"recursive":               "WITH RECURSIVE t(a, n, pad) AS (SELECT a, 0, pad FROM big UNION ALL SELECT a, n + 1, md5(pad) FROM t WHERE n < 2) SELECT n, count(*), max(pad) FROM t GROUP BY n",
	"recursive union":         "WITH RECURSIVE t(a, n, pad) AS (SELECT a, 0, pad FROM big UNION SELECT a / 2, (n + 1) % 3, CASE WHEN n % 2 = 0 THEN pad ELSE md5(pad) END FROM t WHERE a > 0) SELECT n, count(*), sum(a), max(pad), min(pad) FROM t GROUP BY n",
	"recursive union of few":  "WITH RECURSIVE t(i, pad) AS (SELECT 1, repeat('x', 90) UNION SELECT i + 1, md5(i::text) || repeat('x', 60) FROM t WHERE i < 8000) SELECT count(*), max(pad), sum(i) FROM t",
	"update":                  "!UPDATE big SET pad = 'new ' || pad RETURNING a, pad",
	"delete":                  "!DELETE FROM big RETURNING *",
	"insert":                  "!INSERT INTO big SELECT a + 100000, b, c, pad FROM big RETURNING *",
	"merge":                   "!MERGE INTO big USING (SELECT a + 8000 AS a, pad FROM big) s ON big.a = s.a WHEN MATCHED THEN UPDATE SET pad = s.pad WHEN NOT MATCHED THEN INSERT VALUES (s.a, 0, 0, s.pad)",
	"data-modifying with":     "!WITH d AS (DELETE FROM big WHERE b > 2 RETURNING *) SELECT x.a, y.pad FROM d x JOIN d y USING (a)",
	"subquery for each row":   "SELECT a, (SELECT max(pad) FROM big y WHERE y.c = x.c AND y.a > 14000) FROM big x WHERE a < 30",
	"set-returning functions": "SELECT s, i FROM (SELECT string_to_table(pad, '7') s, a FROM big) t, generate_series(1, 2) i ORDER BY 1, 2",
}

var (
	memoryFigure = regexp.MustCompile(`(?:Memory|Memory Usage|CTE Storage): (\d+)kB`)
	diskFigure   = regexp.MustCompile(`Disk(?: Usage)?: [1-9]\d*kB`)
)

// TestSpilling runs statements with a twentieth of the memory that they take when
// they have enough: work_mem, and a limit of the query. They write files then and
// answer the same.
func TestSpilling(t *testing.T) {
	node := sessiontest.Open(t)
	c := node.Connect()
	ask(t, c, "CREATE TABLE big (a int PRIMARY KEY, b int, c int, pad text)")
	ask(t, c, "INSERT INTO big SELECT i, i % 11, i % 3, md5(i::text) || repeat(chr(97 + i % 20), 60) FROM generate_series(1, 15000) i")
	ask(t, c, "ANALYZE big")
	ask(t, c, "SET max_parallel_workers_per_gather = 0")
	ask(t, c, "SET hash_mem_multiplier = 1")
	for name, sql := range spilling {
		t.Run(name, func(t *testing.T) {
			ask(t, c, "SET work_mem = '1GB'")
			want := answer(t, c, sql)
			plan := explain(t, c, sql)
			most := 0
			for _, m := range memoryFigure.FindAllStringSubmatch(plan, -1) {
				kB, _ := strconv.Atoi(m[1])
				most = max(most, kB)
			}
			if diskFigure.MatchString(plan) {
				t.Fatalf("it spills with enough memory:\n%s", plan)
			}
			ask(t, c, fmt.Sprintf("SET work_mem = %d", max(64, most/20)))
			if got := answer(t, c, sql); got != want {
				t.Errorf("with work_mem of %d kB: %s", max(64, most/20), firstDifference(got, want))
			}
			if plan := explain(t, c, sql); !diskFigure.MatchString(plan) {
				t.Errorf("nothing was spilled:\n%s", plan)
			}
		})
	}
}

// TestMemoryLimit: what cannot spill ends with 53200 at the query's limit, and
// leaves nothing reserved. What can goes on in files.
func TestMemoryLimit(t *testing.T) {
	node := sessiontest.Open(t)
	c := node.Connect()
	ask(t, c, "CREATE TABLE big (a int PRIMARY KEY, b int, c int, pad text)")
	ask(t, c, "INSERT INTO big SELECT i, i % 11, i % 3, md5(i::text) || repeat(chr(97 + i % 20), 60) FROM generate_series(1, 15000) i")
	ask(t, c, "CREATE TABLE wide AS SELECT a, pad || pad AS pad FROM big")
	node.Server = session.NewServer(node.Store, node.Catalog, session.Config{QueryMemoryLimit: 2 << 20})
	c = node.Connect()
	ask(t, c, "SET work_mem = '1GB'")
	for _, sql := range []string{
		"SELECT length(string_agg(pad, ',')) FROM wide",
		"SELECT length(string_agg(pad, ',' ORDER BY pad)) FROM wide",
		"SELECT cardinality(array_agg(pad)) FROM wide",
		"SELECT string_agg(repeat(pad, 50), ',') OVER (ORDER BY a) IS NULL FROM wide",
		"SELECT cardinality(ARRAY(SELECT pad FROM wide))",
		"SELECT cardinality(array_agg(ARRAY[pad, 'x'])) FROM wide",
		"SELECT length(json_agg(pad)::text) FROM wide",
		"SELECT length(jsonb_agg(pad)::text) FROM wide",
		"SELECT length(jsonb_object_agg(pad, a)::text) FROM wide",
		"SELECT length(json_object_agg(pad, a)::text) FROM wide",
	} {
		err := c.Err(sql)
		if err == nil || err.Code != pgerror.OutOfMemory {
			t.Errorf("%s: %v, want 53200", sql, err)
		}
	}
	for name, sql := range spilling {
		if strings.HasPrefix(sql, "!") || name == "ordered aggregate" {
			continue // the handles of changed rows stay in memory, and the text of one group of three
		}
		if err := c.Err(sql); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func ask(t *testing.T, c *sessiontest.Conn, sql string) string {
	t.Helper()
	out := c.Query(sql)
	if strings.Contains(out, "ERROR") {
		t.Fatalf("%s: %s", sql, out)
	}
	return out
}

// answer is what a statement says, its rows in an order of their own unless the
// statement gives one.
func answer(t *testing.T, c *sessiontest.Conn, sql string) string {
	t.Helper()
	if change, ok := strings.CutPrefix(sql, "!"); ok {
		ask(t, c, "BEGIN")
		defer ask(t, c, "ROLLBACK")
		sql = change
	}
	lines := strings.Split(ask(t, c, sql), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func explain(t *testing.T, c *sessiontest.Conn, sql string) string {
	t.Helper()
	hint, rest := "", strings.TrimPrefix(sql, "!")
	if i := strings.Index(rest, "*/"); i >= 0 {
		hint, rest = rest[:i+2], rest[i+2:]
	}
	change := ""
	if strings.HasPrefix(sql, "!") {
		change = "!"
	}
	return answer(t, c, change+hint+"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) "+rest)
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d is %q, want %q", i, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}
