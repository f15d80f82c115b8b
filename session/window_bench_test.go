package session_test

import (
	"strings"
	"testing"

	"github.com/tidemarkdb/tidemark/session/sessiontest"
)

// BenchmarkWindows has sums over windows of 500,000 cached rows in 1000 partitions, on one
// core, with the sort below them.
func BenchmarkWindows(b *testing.B) {
	node := sessiontest.Open(b)
	c := node.Connect()
	for _, sql := range []string{
		"CREATE TABLE fact (id int PRIMARY KEY, grp int, k int, f float8)",
		"INSERT INTO fact SELECT g, g * 31 % 1000, g * 7 % 100000, g * 0.5 FROM generate_series(1, 500000) g",
		"ANALYZE", "SET max_parallel_workers_per_gather = 0",
	} {
		if got := c.Query(sql); strings.Contains(got, "ERROR") {
			b.Fatalf("%s: %s", sql, got)
		}
	}
	for _, q := range []struct{ name, sql string }{
		{"sort", "SELECT max(k) FROM (SELECT k FROM fact ORDER BY grp, id OFFSET 0) q"},
		{"running", "SELECT max(s) FROM (SELECT sum(k) OVER (PARTITION BY grp ORDER BY id) s FROM fact) q"},
		{"sliding", "SELECT max(s) FROM (SELECT sum(k) OVER (PARTITION BY grp ORDER BY id ROWS 20 PRECEDING) s FROM fact) q"},
		{"sliding-float", "SELECT max(s) FROM (SELECT avg(f) OVER (PARTITION BY grp ORDER BY id ROWS 20 PRECEDING) s FROM fact) q"},
	} {
		b.Run(q.name, func(b *testing.B) {
			c.Query(q.sql)
			start := processorTime()
			for b.Loop() {
				c.Query(q.sql)
			}
			rows := 500000 * float64(b.N)
			b.ReportMetric(float64(processorTime()-start)/rows, "cpu-ns/row")
			b.ReportMetric(rows/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
