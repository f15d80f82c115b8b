package session_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/session/sessiontest"
)

// TestSeriesDictionaries is TestDictionaries for a time-series table: packed blocks,
// points that are not packed, points that replaced others, tags of few and of many
// values, and tables to join.
func TestSeriesDictionaries(t *testing.T) {
	node := sessiontest.Open(t)
	coded, plain := node.Connect(), node.Connect()
	for _, sql := range []string{
		`CREATE TABLE f (ts timestamptz NOT NULL, low text, mid text, n int, id int, state text, note text, v float8)
			USING timeseries WITH (time = 'ts', tags = 'low,mid,n', partition_interval = '1 day', hash_buckets = 2)`,
		`INSERT INTO f SELECT '2026-01-01'::timestamptz + g * interval '20 seconds', CASE WHEN g % 97 = 0 THEN NULL ELSE 'low' || g % 5 END, 'm' || (g * 31 % 300), g % 3,
			g, CASE WHEN g % 7 = 0 THEN NULL ELSE 's' || g / 1000 END, md5((g % 3000)::text), g * 0.25 FROM generate_series(1, 9000) g`,
		"CALL tidemark.flush('f')",
		`INSERT INTO f SELECT '2026-01-02'::timestamptz + g * interval '7 seconds', 'low' || g % 6, 'm' || (g * 31 % 310), g % 2,
			g + 10000, 't' || g % 4, NULL, g FROM generate_series(1, 3000) g`,
		"CALL tidemark.flush('f')",
		"UPDATE f SET state = 'changed' WHERE id % 50 = 1",
		"DELETE FROM f WHERE id % 90 = 3",
		"CREATE TABLE d (k text, name text, grp text)",
		"INSERT INTO d SELECT 'low' || g % 6, 'name' || g, CASE WHEN g % 3 = 0 THEN NULL ELSE 'g' || g % 4 END FROM generate_series(1, 18) g",
		"CREATE TABLE e (mid text, cat text, v int)",
		"INSERT INTO e SELECT 'm' || g, 'cat' || g % 3, g FROM generate_series(0, 400) g",
		"ANALYZE",
	} {
		if got := coded.Query(sql); strings.Contains(got, "ERROR") {
			t.Fatalf("%s: %s", sql, got)
		}
	}
	plain.Query("SET enable_dictionaries = off")
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	rounds, failed := 120, 0
	if testing.Short() {
		rounds = 40
	}
	for i := range rounds {
		for _, s := range []string{
			fmt.Sprintf("SET batch_size = %d", []int{7, 100, 4096, 4096, 4096}[r.IntN(5)]),
			fmt.Sprintf("SET max_parallel_workers_per_gather = %d", r.IntN(3)),
			fmt.Sprintf("SET work_mem = %s", []string{"64", "'4MB'", "'4MB'"}[r.IntN(3)]),
			fmt.Sprintf("SET enable_mergejoin = %v", r.IntN(2) == 0),
			"SET parallel_setup_cost = 0", "SET min_parallel_table_scan_size = 0",
		} {
			coded.Query(s)
			plain.Query(s)
		}
		if i%20 == 10 {
			coded.Query(fmt.Sprintf("INSERT INTO f SELECT '2026-01-03'::timestamptz + g * interval '9 seconds', 'low' || g, 'new%d', 1, g + 20000, 'u' || g FROM generate_series(1, %d) g", i, r.IntN(500)))
		}
		if i%40 == 30 {
			coded.Query("CALL tidemark.flush('f')")
		}
		sql := seriesDictionaryQuery(r)
		want := plain.Query(sql)
		if strings.Contains(want, "ERROR") {
			failed++
		}
		if got := coded.Query(sql); got != want {
			t.Fatalf("%s:\n%.2000s\nwithout dictionaries\n%.2000s", sql, got, want)
		}
	}
	if failed > rounds/10 {
		t.Errorf("%d of %d statements failed", failed, rounds)
	}
}

// seriesDictionaryQuery makes a statement whose answer has one order.
func seriesDictionaryQuery(r *rand.Rand) string {
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	column := func() string { return pick("f.low", "f.mid", "f.state", "f.note", "f.n") }
	value := func() string {
		return pick(column(), column(), "upper(f.low)", "f.state || '-'", "coalesce(f.state, f.low)", "f.state IS NULL", "time_bucket('1 hour', f.ts)")
	}
	condition := func() string {
		return pick("f.low = 'low1'", "f.low <> 'low1'", "f.low IN ('low1', 'low3', 'x')", "f.low LIKE '%3'", "f.mid ~ '^m[1-3]+$'", "f.low IS NULL",
			"f.state IS NOT NULL", "f.state = 's3'", "f.state > 's4'", "f.state LIKE 's%' AND f.n = 1", "f.note < '3'", "f.low = f.state", "f.id % 3 = 1",
			"(f.low = 'low1' OR f.state = 's5')", "f.ts < '2026-01-01 12:00'", "coalesce(f.state, 'x') = 'x'", "f.mid = 'm31'", "true")
	}
	where := " WHERE " + condition() + pick("", " AND "+condition(), " OR "+condition())
	from := pick("f", "f", "f", "f JOIN d ON d.k = f.low", "f LEFT JOIN d ON d.k = f.low", "f JOIN e ON e.mid = f.mid", "f JOIN e ON e.mid = f.mid JOIN d ON d.k = f.low",
		"f JOIN d ON d.grp = f.state", "f FULL JOIN d ON d.k = f.low")
	if strings.Contains(from, "FULL") {
		where = ""
	}
	switch r.IntN(7) {
	case 0, 1, 2:
		a, b := value(), value()
		keys := pick(a, a+", "+b)
		return "SELECT " + keys + ", count(*), count(" + column() + "), min(" + pick("f.low", "f.state") + "), max(" + pick("f.mid", "f.note") + "), sum(f.id), count(DISTINCT " + pick("f.low", "f.state") +
			"), count(*) FILTER (WHERE " + condition() + ") FROM " + from + where + " GROUP BY " + keys + pick("", " HAVING count(*) > 2") + " ORDER BY " + keys
	case 3: // without what reads rows: blocks are aggregated where they lie
		keys := pick("f.low", "f.mid", "f.low, f.n", "f.mid, time_bucket('1 hour', f.ts)", "f.low, f.mid")
		return "SELECT " + keys + ", count(*), sum(f.id), max(f.v), min(f.state), count(f.note) FROM f GROUP BY " + keys + " ORDER BY " + keys
	case 4:
		return "SELECT DISTINCT " + value() + " AS x FROM " + from + where + " ORDER BY 1"
	case 5:
		return "SELECT f.id, f.ts, " + value() + ", " + value() + " FROM " + from + where + " ORDER BY 1, 2, 3, 4 LIMIT 300"
	}
	return pick(
		"SELECT DISTINCT ON (low, mid, n) low, mid, n, ts, state FROM f ORDER BY low, mid, n, ts DESC, id LIMIT 500",
		"SELECT ts, low, state, id FROM f"+where+" ORDER BY ts DESC, id LIMIT 50",
		"SELECT low, last(state, ts), first(state, ts) FROM f GROUP BY low ORDER BY low",
		"SELECT time_bucket('1 hour', ts) AS b, count(*), max(state) FROM f GROUP BY b ORDER BY b DESC LIMIT 5")
}

// BenchmarkSeriesDictionaries is BenchmarkDictionaries for a time-series table of
// 200,000 points of 50 series, packed.
func BenchmarkSeriesDictionaries(b *testing.B) {
	node := sessiontest.Open(b)
	c := node.Connect()
	for _, sql := range []string{
		`CREATE TABLE f (ts timestamptz NOT NULL, host text, region text, state text, v float8, n int)
			USING timeseries WITH (time = 'ts', tags = 'host,region', partition_interval = '30 days', hash_buckets = 1)`,
		`INSERT INTO f SELECT '2026-01-01'::timestamptz + g / 50 * interval '1 minute', 'host_' || g % 50, 'region-' || g % 50 % 7,
			(ARRAY['running', 'stopped', 'degraded', 'unknown'])[1 + g * 7 % 4], g * 0.5, g % 100 FROM generate_series(1, 200000) g`,
		"CALL tidemark.flush('f')",
		"CREATE TABLE d (host text, owner text)",
		"INSERT INTO d SELECT 'host_' || g, 'owner ' || g % 12 FROM generate_series(0, 49) g",
		"ANALYZE", "SET max_parallel_workers_per_gather = 0",
	} {
		if got := c.Query(sql); strings.Contains(got, "ERROR") {
			b.Fatalf("%s: %s", sql, got)
		}
	}
	for _, q := range []struct{ name, sql string }{
		{"filter", "SELECT count(*) FROM f WHERE state IN ('running', 'unknown')"},
		{"like", "SELECT count(*) FROM f WHERE state LIKE '%pp%'"},
		{"group", "SELECT host, count(*), sum(n) FROM f GROUP BY host"},
		{"group-filter", "SELECT host, count(*), sum(n) FROM f WHERE n < 50 GROUP BY host"},
		{"group-field", "SELECT state, count(*), sum(n) FROM f GROUP BY state"},
		{"group-two", "SELECT region, state, count(*), sum(n) FROM f GROUP BY region, state"},
		{"group-bucket", "SELECT host, time_bucket('1 hour', ts), avg(v) FROM f GROUP BY 1, 2"},
		{"join-group", "SELECT d.owner, f.state, count(*) FROM f JOIN d ON d.host = f.host GROUP BY 1, 2"},
		{"output", "SELECT host, region, state FROM f"},
	} {
		for _, on := range []string{"on", "off"} {
			b.Run(q.name+"/"+on, func(b *testing.B) {
				c.Query("SET enable_dictionaries = " + on)
				c.Query(q.sql)
				start := processorTime()
				for b.Loop() {
					c.Query(q.sql)
				}
				rows := 200000 * float64(b.N)
				b.ReportMetric(float64(processorTime()-start)/rows, "cpu-ns/row")
				b.ReportMetric(rows/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}
