package session_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tidemarkdb/tidemark/session/sessiontest"
)

// TestShareSeriesExtended: statements of the extended protocol that differ in their
// literals share a plan and answer as a table of rows does, also when the catalog or
// the settings change between Parse and Bind, and by EXECUTE.
func TestShareSeriesExtended(t *testing.T) {
	node := sessiontest.Open(t)
	c := node.Connect()
	for _, sql := range []string{
		"SET timezone = 'UTC'",
		"CREATE TABLE tags (id int PRIMARY KEY, host text)",
		"CREATE INDEX ON tags (host)",
		"INSERT INTO tags SELECT g, 'h' || g FROM generate_series(1, 20) g",
		"CREATE TABLE cpu (time timestamptz NOT NULL, d int, v float8, w int) USING timeseries WITH (time = 'time', tags = 'd', partition_interval = '1 day')",
		"INSERT INTO cpu SELECT timestamptz '2024-01-01 00:00+00' + i * interval '10 min', g, (i * 7 + g) % 100, i FROM generate_series(1, 20) g, generate_series(0, 200) i",
		"CREATE TABLE rows AS SELECT * FROM cpu",
	} {
		if got := c.Query(sql); strings.Contains(got, "ERROR") {
			t.Fatalf("%s: %s", sql, got)
		}
	}
	execute := c.Extended
	shapes := []string{
		"SELECT time_bucket('1 hour', time) AS h, max(v) FROM %s WHERE d = %d AND time >= '2024-01-01 0%d:00+00' GROUP BY h ORDER BY h LIMIT 4",
		"SELECT time, v FROM %s WHERE d IN (%d, 3) AND time < '2024-01-01 1%d:00+00' ORDER BY time DESC, d LIMIT 5 OFFSET 2",
		"WITH x AS (SELECT time_bucket('2 hours', time) AS h, avg(v) AS a FROM %s WHERE d = %d AND time > '2024-01-01 0%d:00+00' GROUP BY 1) SELECT h, a + 1 FROM x WHERE a > 20 ORDER BY a, h LIMIT 3",
		"SELECT count(*), sum(v) FROM (SELECT v FROM %s WHERE d IN (SELECT id FROM tags WHERE host IN ('h%d')) AND time > '2024-01-01 0%d:30+00' AND w < 100) x",
		"SELECT time, v - lag(v) OVER (ORDER BY time) FROM %s WHERE d = %d AND time < '2024-01-01 0%d:00+00' ORDER BY time LIMIT 9",
		"SELECT time_bucket('5 min', time) AS h, max(v) FROM %s WHERE d = %d AND time < '2024-01-01 0%d:00+00' GROUP BY h, FILL(PREV) ORDER BY h",
	}
	for i, shape := range shapes {
		for k := 1; k < 8; k++ {
			name := ""
			if i%2 == 0 {
				name = fmt.Sprintf("s%d_%d", i, k)
			}
			sql := fmt.Sprintf(shape, "cpu", k, k)
			got, want := execute(name, sql, nil), c.Exec(fmt.Sprintf(shape, "rows", k, k))
			if !strings.Contains(want, got) || got == "" {
				t.Fatalf("%s:\n%s\nwant\n%s", sql, got, want)
			}
			if again := c.Exec(sql); again != want {
				t.Fatalf("%s: simple\n%s\nwant\n%s", sql, again, want)
			}
		}
	}
	shape := "SELECT max(w) FROM cpu WHERE d = %d AND time < '2024-01-01 0%d:00' LIMIT 1"
	for k := 1; k < 4; k++ {
		execute("", fmt.Sprintf(shape, k, k), nil)
	}
	if got := execute("a", fmt.Sprintf(shape, 2, 5), func() { c.Query("ALTER TABLE cpu ADD COLUMN x int") }); !strings.HasPrefix(got, "29") {
		t.Errorf("after ALTER TABLE: %s", got)
	}
	for k := 1; k < 4; k++ {
		execute("", fmt.Sprintf(shape, k, k), nil)
	}
	if got := execute("b", fmt.Sprintf(shape, 2, 5), func() { c.Query("SET timezone = 'Europe/Berlin'") }); !strings.HasPrefix(got, "23") {
		t.Errorf("after SET timezone: %s", got)
	}
	for k := 1; k < 4; k++ {
		execute("", fmt.Sprintf(shape, k, k), nil)
	}
	execute("c", fmt.Sprintf(shape, 2, 6), nil)
	if got := c.Query("EXECUTE c"); !strings.Contains(got, "29") {
		t.Errorf("EXECUTE: %s", got)
	}
	if got := c.Query("EXPLAIN EXECUTE c"); !strings.Contains(got, "2024-01-01 06:00:00+01") {
		t.Errorf("EXPLAIN EXECUTE: %s", got)
	}
}
