package session_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/tidemarkdb/tidemark/session/sessiontest"
)

// TestByTimeManySeries: the first points of many series with the same times. A LIMIT of 5
// once made batches of one row each of what was read to be sorted, whose columns were
// decoded anew for each, and windows with too many rows were made smaller step by step:
// 12 to 88 s for 500,000 series.
func TestByTimeManySeries(t *testing.T) {
	c := sessiontest.Open(t).Connect()
	manySeries(t, c, 80_000, 2)
	for _, sql := range []string{
		"SELECT * FROM m WHERE kind = 'kind3' ORDER BY ts LIMIT 5",
		"SELECT * FROM m WHERE kind = 'kind3' OR rack = 2 ORDER BY ts DESC LIMIT 5",
		"SELECT * FROM m WHERE rack > 3 ORDER BY ts LIMIT 5",
		"SELECT * FROM m ORDER BY ts DESC LIMIT 5",
		"SELECT * FROM m WHERE v > 20 ORDER BY ts DESC LIMIT 5",
	} {
		got := c.Query("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) " + sql)
		if parts := figure(t, got, "Partitions Read"); parts > 12 {
			t.Errorf("%s read %d partitions:\n%s", sql, parts, got)
		}
	}
}

// figure is a number in the answer of EXPLAIN.
func figure(t *testing.T, explained, name string) int {
	m := regexp.MustCompile(name + `: (\d+)`).FindStringSubmatch(explained)
	if m == nil {
		t.Fatalf("no %s:\n%s", name, explained)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

type queryer interface{ Query(sql string) string }

// manySeries makes the table m of series with five tags and some points each.
func manySeries(t testing.TB, c queryer, n, points int) {
	for _, sql := range []string{
		`CREATE TABLE m (ts timestamptz, host int, region text, rack int, kind text, v float8, PRIMARY KEY (host, region, rack, kind, ts))
			USING timeseries WITH (time = 'ts', tags = 'host,region,rack,kind')`,
		fmt.Sprintf(`INSERT INTO m SELECT timestamptz '2026-01-01 00:00+00' + p * interval '10 minutes', s, 'region_' || s * 7919::bigint %% 11,
			s * 104729::bigint %% 97, 'kind' || s * 1299709::bigint %% 5, s %% 100 + p FROM generate_series(1, %d) p, generate_series(1, %d) s`, points, n),
		"CALL tidemark.flush('m')",
	} {
		if got := c.Query(sql); strings.Contains(got, "ERROR") {
			t.Fatalf("%s: %s", sql, got)
		}
	}
}

// TestByTimeShapes compares the times of the first and newest points with those of a
// table of rows, of points that lie evenly, at few times, most at one time, and in heaps
// far from each other.
func TestByTimeShapes(t *testing.T) {
	c := sessiontest.Open(t).Connect()
	for name, ts := range map[string]string{
		"even":   "g * 1000 + s",
		"steady": "g * 600000000::bigint",
		"most":   "CASE WHEN g < 140 THEN 77 ELSE g * 1000000::bigint + s END",
		"heaps":  "g % 5 * 100000000000 + g * s % 50",
		"far":    "(g - 75) * 10000000000000 + s % 3",
	} {
		for _, sql := range []string{
			fmt.Sprintf("CREATE TABLE %s (ts bigint, s int, v int) USING timeseries WITH (time = 'ts', tags = 's', time_unit = 'us', partition_interval = '1000 days')", name),
			fmt.Sprintf("INSERT INTO %s SELECT %s, s, g FROM generate_series(0, 149) g, generate_series(1, 60) s", name, ts),
			fmt.Sprintf("CALL tidemark.flush('%s')", name),
			fmt.Sprintf("CREATE TABLE rows_%s AS SELECT * FROM %[1]s", name),
			"ANALYZE",
		} {
			if got := c.Query(sql); strings.Contains(got, "ERROR") {
				t.Fatalf("%s: %s", sql, got)
			}
		}
		for _, order := range []string{"ts", "ts DESC"} {
			for _, where := range []string{"", "WHERE v % 7 = 3", "WHERE s % 5 = 2", "WHERE ts > 60000"} {
				for _, limit := range []int{1, 5, 1100} {
					sql := fmt.Sprintf("SELECT ts FROM %%s %s ORDER BY %s LIMIT %d", strings.ReplaceAll(where, "%", "%%"), order, limit)
					if got, want := c.Query(fmt.Sprintf(sql, name)), c.Query(fmt.Sprintf(sql, "rows_"+name)); got != want {
						t.Fatalf("%s: %s\ngot %.300s\nwant %.300s", name, sql, got, want)
					}
				}
			}
		}
	}
}

// BenchmarkByTimeManySeries reads the first five points of 500,000 series that have
// one of five kinds.
func BenchmarkByTimeManySeries(b *testing.B) {
	c := sessiontest.Open(b).Connect()
	manySeries(b, c, 500_000, 5)
	for name, sql := range map[string]string{
		"oldest": "SELECT * FROM m WHERE kind = 'kind3' ORDER BY ts LIMIT 5",
		"newest": "SELECT * FROM m WHERE rack > 3 ORDER BY ts DESC LIMIT 5",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if got := c.Query(sql); strings.Contains(got, "ERROR") {
					b.Fatal(got)
				}
			}
		})
	}
}
