package session_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/session/sessiontest"
)

// TestDictionaries: statements over strings answer the same whether operators see
// them as codes of words or as they are, in batches of any size, with workers, and
// when they spill.
func TestDictionaries(t *testing.T) {
	node := sessiontest.Open(t)
	coded, plain := node.Connect(), node.Connect()
	for _, sql := range []string{
		"CREATE TABLE f (id int PRIMARY KEY, low text, mid varchar(20), high text, pad char(6), n int, j jsonb)",
		`INSERT INTO f SELECT g, CASE WHEN g % 7 = 0 THEN NULL ELSE 'low' || g % 5 END, 'm' || (g * 31 % 700),
			md5(g::text), CASE WHEN g % 11 = 3 THEN NULL ELSE 'p' || g % 9 END, g % 13, ('{"a": ' || g % 4 || '}')::jsonb
			FROM generate_series(1, 5000) g`,
		"CREATE TABLE d (k text, name text, grp text)",
		"INSERT INTO d SELECT 'low' || g % 6, 'name' || g, CASE WHEN g % 3 = 0 THEN NULL ELSE 'g' || g % 4 END FROM generate_series(1, 18) g",
		"CREATE TABLE e (mid text, cat text, v int)",
		"INSERT INTO e SELECT 'm' || g, 'cat' || g % 3, g FROM generate_series(0, 1500) g",
		"ANALYZE",
		"SET min_parallel_table_scan_size = 0",
	} {
		if got := coded.Query(sql); strings.Contains(got, "ERROR") {
			t.Fatalf("%s: %s", sql, got)
		}
	}
	plain.Query("SET enable_dictionaries = off")
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	rounds, failed := 100, 0
	if testing.Short() {
		rounds = 30
	}
	for i := range rounds {
		for _, s := range []string{
			fmt.Sprintf("SET batch_size = %d", []int{7, 100, 4096, 4096, 4096}[r.IntN(5)]),
			fmt.Sprintf("SET max_parallel_workers_per_gather = %d", r.IntN(3)),
			fmt.Sprintf("SET work_mem = %s", []string{"64", "'4MB'", "'4MB'"}[r.IntN(3)]),
			fmt.Sprintf("SET enable_mergejoin = %v", r.IntN(2) == 0),
			fmt.Sprintf("SET enable_nestloop = %v", r.IntN(4) == 0),
			"SET parallel_setup_cost = 0", "SET min_parallel_table_scan_size = 0",
		} {
			coded.Query(s)
			plain.Query(s)
		}
		if i%20 == 10 {
			coded.Query(fmt.Sprintf("UPDATE f SET low = 'new%d', mid = md5(id::text) WHERE id BETWEEN %d AND %d", i, r.IntN(5000), r.IntN(5000)))
		}
		sql := dictionaryQuery(r)
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

// dictionaryQuery makes a statement whose answer has one order.
func dictionaryQuery(r *rand.Rand) string {
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	column := func() string { return pick("f.low", "f.mid", "f.high", "f.pad", "f.j", "f.n") }
	value := func() string {
		return pick(column(), "upper(f.low)", "f.low || '-'", "coalesce(f.low, 'none')", "length(f.mid)", "f.low IS NULL", "substr(f.mid, 1, 2)",
			"CASE WHEN f.low = 'low1' THEN f.mid ELSE f.pad END", "f.low || f.pad", "f.pad::text", "nullif(f.low, 'low2')")
	}
	condition := func() string {
		return pick("f.low = 'low1'", "f.low <> 'low1'", "f.low IN ('low1', 'low3', 'x')", "f.low LIKE '%3'", "f.mid ~ '^m[1-3]+$'", "f.low IS NULL",
			"f.low IS NOT NULL", "f.low IS DISTINCT FROM 'low2'", "f.pad = 'p1'", "f.pad > 'p4  '", "f.mid < 'm3' AND f.low > 'low1'",
			"(f.low = 'low1' OR f.mid LIKE '%7')", "f.n = 3 AND f.low = 'low3'", "NOT f.low = 'low1'", "f.low = f.pad", "f.mid >= f.low",
			"coalesce(f.low, 'low1') = 'low1'", "f.low || 'x' = 'low1x'", "CASE WHEN f.low = 'low0' THEN false ELSE f.mid > 'm5' END", "f.id % 3 = 1",
			"substr(f.mid, 2)::text = '5'", "(CASE WHEN f.mid LIKE 'm%' THEN substr(f.mid, 2)::int ELSE 0 END) < 40", "f.j = '{\"a\": 1}'",
			"f.low = ANY (ARRAY['low1', NULL])", "f.low NOT IN ('low1', 'low2')", "true")
	}
	where := " WHERE " + condition() + pick("", " AND "+condition(), " OR "+condition())
	from := pick("f", "f", "f", "f JOIN d ON d.k = f.low", "f LEFT JOIN d ON d.k = f.low", "f JOIN e ON e.mid = f.mid", "f LEFT JOIN e ON e.mid = f.mid AND e.cat <> f.low",
		"f JOIN e ON e.mid = f.mid JOIN d ON d.k = f.low", "d RIGHT JOIN f ON d.k = f.low", "f FULL JOIN d ON d.k = f.low", "f JOIN d ON d.grp IS NOT DISTINCT FROM f.low",
		"f JOIN d ON d.k = f.low AND d.name = f.pad", "(SELECT * FROM f ORDER BY id LIMIT 500) f", "(SELECT *, low AS again FROM f WHERE n < 9) f")
	if r.IntN(5) == 0 {
		where += pick(" AND f.low IN (SELECT k FROM d)", " AND f.mid NOT IN (SELECT mid FROM e WHERE v < 300)", " AND EXISTS (SELECT 1 FROM e WHERE e.mid = f.mid AND e.cat = 'cat1')",
			" AND NOT EXISTS (SELECT 1 FROM d WHERE d.k = f.low AND d.grp > f.pad)")
	}
	other := func() string {
		switch {
		case strings.Contains(from, " d ") || strings.HasPrefix(from, "d "):
			return pick("d.name", "d.grp", "d.k", value())
		case strings.Contains(from, " e "):
			return pick("e.cat", "e.mid", "e.v", value())
		}
		return value()
	}
	if strings.Contains(from, "FULL") {
		where = pick("", where)
	}
	switch r.IntN(8) {
	case 6:
		return "SELECT f.id, f.low, f.mid, f.pad, " + other() + ", f.high FROM " + from + where + " ORDER BY " + pick("1, 5", "f.n, 1, 5", "upper(f.low), 1, 5", "f.mid, f.id, 5") + pick("", " LIMIT 40", " OFFSET 30")
	case 7:
		key := pick("f.n", "f.low", "f.mid", "upper(f.pad)")
		return "SELECT DISTINCT ON (" + key + ") f.id, f.mid, f.low, " + other() + " AS x, f.pad FROM " + from + where + " ORDER BY " + key + ", f.id, x"
	case 0, 1, 2:
		a, b := other(), value()
		keys := pick(a, a+", "+b)
		return "SELECT " + keys + ", count(*), count(" + other() + "), min(" + pick("f.low", "f.mid") + "), max(" + pick("f.pad", "f.high") + "), sum(f.n), count(DISTINCT " + pick("f.low", "f.mid") +
			"), count(*) FILTER (WHERE " + condition() + ") FROM " + from + where + " GROUP BY " + keys + pick("", " HAVING count(*) > 2") + " ORDER BY " + keys
	case 3:
		return "SELECT DISTINCT " + other() + " AS x FROM " + from + where + " ORDER BY 1"
	case 4:
		return "SELECT f.id, " + other() + ", " + other() + ", " + value() + " FROM " + from + where + " ORDER BY 1, 2, 3, 4 LIMIT 300"
	}
	a := other()
	return "SELECT " + a + ", f.low, count(*), string_agg(f.pad, ',' ORDER BY f.pad, f.id) FROM " + from + where + " GROUP BY GROUPING SETS ((" + a + "), (f.low, " + a + "), ()) ORDER BY 1, 2, 3, 4 LIMIT 200"
}

// BenchmarkDictionaries has statements over 200,000 cached rows with strings of few
// values, on one core, with dictionaries and without. With them a condition or a key
// of one string column costs a load of a code and of what is known of its word, some
// 2 ns a row; without, reading and comparing or hashing the string, 10 to 40.
func BenchmarkDictionaries(b *testing.B) {
	node := sessiontest.Open(b)
	c := node.Connect()
	for _, sql := range []string{
		"CREATE TABLE f (id int PRIMARY KEY, flag text, mode text, city text, n int)",
		`INSERT INTO f SELECT g, chr(65 + g % 3), (ARRAY['AIR', 'SHIP', 'TRUCK', 'RAIL', 'DELIVER IN PERSON'])[1 + g * 7 % 5], 'city ' || g * 31 % 800, g % 100
			FROM generate_series(1, 200000) g`,
		"CREATE TABLE d (city text, region text)",
		"INSERT INTO d SELECT 'city ' || g, 'region ' || g % 12 FROM generate_series(0, 799) g",
		"ANALYZE", "SET max_parallel_workers_per_gather = 0",
	} {
		if got := c.Query(sql); strings.Contains(got, "ERROR") {
			b.Fatalf("%s: %s", sql, got)
		}
	}
	for _, q := range []struct{ name, sql string }{
		{"filter", "SELECT count(*) FROM f WHERE mode IN ('AIR', 'RAIL')"},
		{"like", "SELECT count(*) FROM f WHERE city LIKE '%y 1%7'"},
		{"filter-sum", "SELECT sum(n) FROM f WHERE mode = 'SHIP' AND n < 50"},
		{"group", "SELECT flag, count(*), sum(n) FROM f GROUP BY flag"},
		{"group-two", "SELECT flag, mode, count(*), sum(n) FROM f GROUP BY flag, mode"},
		{"group-mixed", "SELECT flag, n, count(*) FROM f GROUP BY flag, n"},
		{"group-800", "SELECT city, count(*), sum(n) FROM f GROUP BY city"},
		{"distinct", "SELECT count(DISTINCT city) FROM f"},
		{"join", "SELECT count(*) FROM f JOIN d ON d.city = f.city"},
		{"join-group", "SELECT d.region, f.mode, count(*) FROM f JOIN d ON d.city = f.city GROUP BY 1, 2"},
		{"sort", "SELECT id, mode FROM f ORDER BY mode, n LIMIT 1 OFFSET 190000"},
		{"output", "SELECT flag, mode, city FROM f"},
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

// processorTime is what the process has used of the processors.
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
