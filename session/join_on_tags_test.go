package session_test

import (
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/tidemarkdb/tidemark/session"
	"github.com/tidemarkdb/tidemark/session/sessiontest"
)

// TestJoinOnTags: a join on one of the tags reads the series that its small side names,
// alone and in workers.
func TestJoinOnTags(t *testing.T) {
	node := sessiontest.Open(t)
	node.Server = session.NewServer(node.Store, node.Catalog, session.Config{
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), SeriesCacheBytes: 32 << 20,
	})
	c := node.Connect()
	for _, sql := range []string{
		"CREATE TABLE points (ts timestamptz NOT NULL, host int, region text, v float8) USING timeseries WITH (time = 'ts', tags = 'host,region')",
		"INSERT INTO points SELECT timestamptz '2024-01-01' + i * interval '1 min', h, 'r' || h % 20, i FROM generate_series(1, 400) h, generate_series(1, 250) i",
		"CREATE TABLE devices (id int PRIMARY KEY, region text)",
		"INSERT INTO devices SELECT g, 'r' || g FROM generate_series(1, 20) g",
		"ANALYZE",
	} {
		if err := c.Err(sql); err != nil {
			t.Fatal(err)
		}
	}
	for sql, want := range map[string]string{
		"SELECT count(*) FROM points p JOIN devices d ON d.region = p.region WHERE d.id IN (3, 4)":          "Series Matched: 40",
		"SELECT count(*) FROM points p JOIN devices d ON d.id = p.host WHERE d.region IN ('r3', 'r4')":      "Series Matched: 2",
		"SELECT count(*) FROM points WHERE region IN (SELECT region FROM devices WHERE id = 3)":             "Series Matched: 20",
		"SELECT count(*) FROM points p JOIN devices d ON d.region = p.region WHERE d.id = 3 AND p.host < 9": "Series Matched: 1",
	} {
		for _, workers := range []string{"0", "2"} {
			c.Query("SET max_parallel_workers_per_gather = " + workers)
			c.Query("SET min_parallel_table_scan_size = 0")
			if got := c.Query("EXPLAIN (ANALYZE, COSTS off, TIMING off) " + sql); !strings.Contains(got, want) {
				t.Errorf("%s with %s workers: %s", sql, workers, got)
			}
		}
	}
}
