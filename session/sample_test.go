package session_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/tidemarkdb/tidemark/session/sessiontest"
)

// TestSampledAnalyze: what ANALYZE makes of a part of a table is near what the
// whole of it says, for columns that are in order, at random, alike in
// neighbouring rows, and NULL.
func TestSampledAnalyze(t *testing.T) {
	node := sessiontest.Open(t)
	ask := asker(t, node)
	const rows = 100000
	ask("CREATE TABLE t (id int PRIMARY KEY, chance int, grp int, line int, part int, pad text)")
	ask(fmt.Sprintf(`INSERT INTO t SELECT i, (i::int8 * 7919 %% 997)::int, i / 10, i %% 10, CASE WHEN i %% 4 = 0 THEN i END, md5(i::text) || md5((i + 1)::text) || md5((i + 2)::text) || md5((i + 3)::text)
		FROM generate_series(1, %d) i`, rows))
	ask("SET default_statistics_target = 2")
	// Each of the 600 rows of the sample stands for 8 KiB at least, or all are read.
	if out := ask("SELECT pg_relation_size('t') > 600 * 8192"); strings.Split(out, "\n")[1] != "t" {
		t.Fatalf("the test's table is too small to be sampled: %s", ask("SELECT pg_relation_size('t')"))
	}
	ask("ANALYZE t")
	var n float64
	if _, err := fmt.Sscan(strings.Split(ask("SELECT reltuples FROM pg_class WHERE relname = 't'"), "\n")[1], &n); err != nil {
		t.Fatal(err)
	}
	if n < 0.8*rows || n > 1.25*rows {
		t.Errorf("%.0f rows estimated of %d", n, rows)
	}
	within := func(column, what string, low, high float64) {
		t.Helper()
		var v float64
		out := ask(fmt.Sprintf("SELECT %s FROM pg_stats WHERE tablename = 't' AND attname = '%s'", what, column))
		if _, err := fmt.Sscan(strings.Split(out, "\n")[1], &v); err != nil {
			t.Fatalf("%s of %s: %v in %q", what, column, err, out)
		}
		if math.IsNaN(v) || v < low || v > high {
			t.Errorf("%s of %s is %v, not between %v and %v", what, column, v, low, high)
		}
	}
	within("id", "n_distinct", -1, -0.9)
	within("id", "correlation", 0.99, 1)
	within("line", "n_distinct", 10, 10)
	within("chance", "n_distinct", 600, 1800)
	within("grp", fmt.Sprintf("CASE WHEN n_distinct < 0 THEN -n_distinct ELSE n_distinct / %d END", rows), 0.03, 0.5)
	within("part", "null_frac", 0.65, 0.85)
	within("id", "(histogram_bounds::text::int[])[2]", 0.3*rows, 0.7*rows)
}

// TestSampledAnalyzeOfPoints: a part of a time-series table, packed, with newer
// versions of points and removed ones over it, says what the whole of it would.
func TestSampledAnalyzeOfPoints(t *testing.T) {
	node := sessiontest.Open(t)
	ask := asker(t, node)
	number := func(sql string) (v float64) {
		t.Helper()
		if out := ask(sql); len(strings.Split(out, "\n")) > 1 {
			if _, err := fmt.Sscan(strings.Split(out, "\n")[1], &v); err != nil {
				t.Fatalf("%s: %v in %q", sql, err, out)
			}
		}
		return v
	}
	within := func(what string, got, low, high float64) {
		t.Helper()
		if math.IsNaN(got) || got < low || got > high {
			t.Errorf("%s is %v, not between %v and %v", what, got, low, high)
		}
	}
	ask(`CREATE TABLE p (ts timestamptz NOT NULL, host text, usage float8, line int, part int, PRIMARY KEY (host, ts))
		USING timeseries WITH (time = 'ts', tags = 'host', partition_interval = '1 day', hash_buckets = 2)`)
	insert := func(seconds int) {
		ask(fmt.Sprintf(`INSERT INTO p SELECT timestamptz '2026-01-01 00:00+00' + i / 10 * interval '1 s', 'h' || i %% 10, i * 0.5, i %% 7, CASE WHEN i %% 4 = 0 THEN i END
			FROM generate_series(0, %d) i ON CONFLICT (host, ts) DO UPDATE SET usage = excluded.usage`, seconds*10-1))
	}
	insert(70000)
	ask("CALL tidemark.flush('p')")
	ask("SET default_statistics_target = 2")
	check := func(rows float64) {
		t.Helper()
		ask("ANALYZE p")
		within("the number of rows", number("SELECT reltuples FROM pg_class WHERE relname = 'p'"), 0.8*rows, 1.25*rows)
		stat := func(column, what string) float64 {
			return number(fmt.Sprintf("SELECT %s FROM pg_stats WHERE tablename = 'p' AND attname = '%s'", what, column))
		}
		within("distinct hosts", stat("host", "n_distinct"), 9, 10)
		within("distinct lines", stat("line", "n_distinct"), 7, 7)
		if d := stat("ts", "n_distinct"); d > 0 { // of 70,000; else a part of the rows
			within("distinct times", d, 20000, 140000)
		}
		within("NULLs", stat("part", "null_frac"), 0.65, 0.85)
		within("the median of usage", stat("usage", "(histogram_bounds::text::float8[])[2]"), 0.2*350000, 0.8*350000)
	}
	check(700000)
	insert(20000)                          // newer versions, unpacked or in a run of their own
	ask("DELETE FROM p WHERE host = 'h3'") // by series
	check(630000)
}

// asker connects, and returns what runs a statement that must not fail.
func asker(t *testing.T, node *sessiontest.Node) func(sql string) string {
	c := node.Connect()
	return func(sql string) string {
		t.Helper()
		out := c.Query(sql)
		if strings.Contains(out, "ERROR") {
			t.Fatalf("%s: %s", sql, out)
		}
		return out
	}
}
