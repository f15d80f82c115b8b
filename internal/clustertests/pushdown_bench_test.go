package clustertests

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tidemarkdb/tidemark/internal/testcluster"
	"github.com/tidemarkdb/tidemark/internal/testserver"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/kv/tikv"
)

// pushedStatements are the measured ones, over a million rows of some 150 bytes.
var pushedStatements = []struct{ name, sql string }{
	{"count of all", "SELECT count(*) FROM pushed_bench"},
	{"filter 1%", "SELECT id, v, t FROM pushed_bench WHERE f = 7"},
	{"count, sum, group by 10", "SELECT g, count(*), sum(v) FROM pushed_bench GROUP BY g"},
	{"top 10", "SELECT id, v FROM pushed_bench ORDER BY v DESC, id LIMIT 10"},
}

// BenchmarkPushDown measures statements with and without push-down in turn, and
// prints medians and ratios (make bench-cluster). ROWS is how many rows there
// are, in regions of an eighth of them.
func BenchmarkPushDown(b *testing.B) {
	rows := 1_000_000
	if n, err := strconv.Atoi(os.Getenv("ROWS")); err == nil {
		rows = n
	}
	store, err := tikv.Open(ctx, tikv.Config{PDs: testcluster.PDs(b), Logger: slog.New(slog.DiscardHandler)})
	must(b, err)
	node, err := testserver.StartOn(store)
	must(b, err)
	defer func() { must(b, node.Close()) }()
	limited, cancel := context.WithTimeout(ctx, 15*time.Minute)
	defer cancel()
	conn, err := pgx.Connect(limited, node.URL)
	must(b, err)
	fillPushed(limited, b, conn, store, rows)
	const rounds = 5
	for _, s := range pushedStatements {
		b.Run(s.name, func(b *testing.B) {
			var off, on pushedCost
			for range rounds { // in turn: others use the machine
				off.add(pushedRun(limited, b, node, conn, "off", s.sql))
				on.add(pushedRun(limited, b, node, conn, "on", s.sql))
			}
			b.ReportMetric(off.median().Seconds()*1000, "ms-here")
			b.ReportMetric(on.median().Seconds()*1000, "ms-pushed")
			b.ReportMetric(float64(off.bytes)/rounds, "bytes-here")
			b.ReportMetric(float64(on.bytes)/rounds, "bytes-pushed")
			b.ReportMetric(off.median().Seconds()/on.median().Seconds(), "x-time")
			b.ReportMetric(float64(off.bytes)/float64(on.bytes), "x-bytes")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func fillPushed(ctx context.Context, b *testing.B, conn *pgx.Conn, store *tikv.Store, rows int) {
	b.Helper()
	run := func(sql string, args ...any) {
		b.Helper()
		_, err := conn.Exec(ctx, sql, args...)
		must(b, err)
	}
	run("DROP TABLE IF EXISTS pushed_bench")
	run("CREATE TABLE pushed_bench (id int PRIMARY KEY, g int, v bigint, f int, t text, pad text)")
	const step = 5000
	for from := 0; from < rows; from += step {
		run(fmt.Sprintf("INSERT INTO pushed_bench SELECT i, i %% 10, (i * 7919::bigint) %% 1000003, i %% 100, 'text ' || i, repeat('p', 100) FROM generate_series(%d, %d) i",
			from, min(from+step, rows)-1))
	}
	run("ANALYZE pushed_bench")
	must(b, store.SplitRegions(ctx, benchCuts(ctx, b, store, rows), serviceBack))
}

// benchCuts are keys of rows that cut the largest table into eight pieces.
func benchCuts(ctx context.Context, b *testing.B, store *tikv.Store, rows int) []kv.Key {
	b.Helper()
	var cuts []kv.Key
	must(b, eachRowKey(ctx, store, func(keys []kv.Key) {
		if len(keys) == rows {
			for i := 1; i < 8; i++ {
				cuts = append(cuts, keys[i*rows/8])
			}
		}
	}))
	return cuts
}

// pushedCost is what runs of a statement cost.
type pushedCost struct {
	times []time.Duration
	bytes int64
}

func (c *pushedCost) add(took time.Duration, bytes int64) {
	c.times = append(c.times, took)
	c.bytes += bytes
}

func (c *pushedCost) median() time.Duration {
	slices.Sort(c.times)
	return c.times[len(c.times)/2]
}

func pushedRun(ctx context.Context, b *testing.B, node *testserver.Server, conn *pgx.Conn, setting, sql string) (time.Duration, int64) {
	b.Helper()
	_, err := conn.Exec(ctx, "SET tidemark.pushdown = "+setting)
	must(b, err)
	before, start := node.Traffic().Counts(), time.Now()
	r, err := conn.Query(ctx, sql)
	must(b, err)
	for r.Next() {
	}
	must(b, r.Err())
	took := time.Since(start)
	c := node.Traffic().Since(before)
	return took, c.Sent + c.Received
}
