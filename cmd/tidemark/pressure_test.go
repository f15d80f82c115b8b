package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// hard are statements that keep many rows, each with one row for an answer.
var hard = []string{
	`SELECT count(*), sum(a) FILTER (WHERE n % 1000 = 0) FROM (SELECT a, row_number() OVER (ORDER BY pad DESC, a) n FROM big) t`,
	`SELECT count(*), max(pad), sum(a) FROM (SELECT * FROM big ORDER BY b, pad OFFSET 5) t`,
	`SELECT count(*), sum(x.a), max(y.pad) FROM big x JOIN big y ON x.a = y.a + 1`,
	`SELECT count(*), count(y.a), sum(y.b) FROM big x LEFT JOIN big y ON x.pad = y.pad AND y.b > 3`,
	`SELECT count(*), sum(n), max(p) FROM (SELECT pad p, count(*) n, avg(b) FROM big GROUP BY pad) t`,
	`SELECT count(DISTINCT pad), count(DISTINCT a), sum(b) FROM big`,
	`SELECT count(*), max(l) FROM (SELECT a % 5000, length(string_agg(pad, ',')) l FROM big GROUP BY 1) t`,
	`SELECT count(*), max(p) FROM (SELECT pad p FROM big UNION SELECT pad || 'x' FROM big) t`,
	`SELECT count(*), sum(a) FROM (SELECT pad, a FROM big EXCEPT SELECT pad, a FROM big WHERE a % 3 = 0) t`,
	`SELECT sum(d), max(f) FROM (SELECT last_value(b) OVER w - b d, first_value(pad) OVER w f FROM big WINDOW w AS (PARTITION BY c ORDER BY pad ROWS BETWEEN 5 PRECEDING AND UNBOUNDED FOLLOWING)) t`,
	`WITH RECURSIVE t(a, n, pad) AS (SELECT a, 0, pad FROM big UNION SELECT a / 3, (n + 1) % 3, left(pad, 40) FROM t WHERE a > 0) SELECT count(*), sum(a), max(pad) FROM t`,
	`WITH t AS MATERIALIZED (SELECT a, pad FROM big) SELECT count(*), max(x.pad) FROM t x JOIN t y ON x.a = y.a AND x.pad = y.pad`,
	`SELECT percentile_disc(0.3) WITHIN GROUP (ORDER BY pad), mode() WITHIN GROUP (ORDER BY b) FROM big`,
	`SELECT length(string_agg(repeat(pad, 12), '')) FROM big`, // more than the process may keep
}

// TestPressure runs hard statements on eight connections of a server that may not
// keep what they want together. Each gives its answer or ends with 53200 (one with a
// time limit with 57014); nothing hangs, the process stays near its limit, and
// nothing is left reserved or on disk.
func TestPressure(t *testing.T) {
	const limit = 24 << 20
	metrics := freePort(t)
	p := startProcess(t, "--data-dir", t.TempDir(), "--memory-limit", strconv.Itoa(limit), "--metrics-addr", fmt.Sprintf("127.0.0.1:%d", metrics),
		"--cache-size", "16MB", "--row-cache-size", "0", "--column-cache-size", "16MB", "--series-cache-size", "0", "--no-autovacuum")
	conn := p.mustConnect(t)
	mustExec(t, conn, "CREATE TABLE big (a int PRIMARY KEY, b int, c int, pad text)")
	mustExec(t, conn, "INSERT INTO big SELECT i, i % 11, i % 3, md5(i::text) || repeat(chr(97 + i % 20), 60) FROM generate_series(1, 30000) i")
	mustExec(t, conn, "ANALYZE big")
	want := make([]string, len(hard))
	for i, sql := range hard {
		answer, err := answerOf(context.Background(), conn, sql)
		if err != nil && sqlState(err) != "53200" {
			t.Fatalf("%s: %v", sql, err)
		}
		want[i] = answer
	}
	before := residentPeak(t, p)

	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	defer cancel()
	var workers sync.WaitGroup
	refused := make([]int, 8)
	for k := range refused {
		c := p.mustConnect(t)
		mustExec(t, c, "SET work_mem = '8MB'; SET hash_mem_multiplier = 2")
		if k == 0 {
			mustExec(t, c, "SET statement_timeout = '70ms'")
		}
		workers.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(k), 3))
			for _, i := range rng.Perm(len(hard)) {
				got, err := answerOf(ctx, c, hard[i])
				switch code := sqlState(err); {
				case code == "53200":
					refused[k]++
				case code == "57014" && k == 0:
				case err != nil:
					t.Errorf("%s: %v", hard[i], err)
					return
				case got != want[i]:
					t.Errorf("%s: %s, want %s", hard[i], got, want[i])
				}
			}
		})
	}
	workers.Wait()
	n := 0
	for _, r := range refused {
		n += r
	}
	peak := residentPeak(t, p)
	t.Logf("%d of %d statements were refused; resident memory peaked at %d MB, %d before", n, len(hard)*len(refused), peak>>20, before>>20)
	if n > len(hard)*len(refused)/4 {
		t.Errorf("%d of %d statements ended with 53200", n, len(hard)*len(refused))
	}
	// Beside what is kept are the server itself, caches, batches on their way, and as
	// much garbage as all of these.
	if most := int64(300<<20 + 2*limit); peak > most {
		t.Errorf("resident memory peaked at %d MB, more than %d", peak>>20, most>>20)
	}
	after := scrape(t, metrics)
	for _, name := range []string{"tidemark_query_memory_bytes", "tidemark_spill_bytes", "tidemark_spill_files"} {
		if v, ok := after[name]; !ok || v != 0 {
			t.Errorf("%s is %v at the end", name, v)
		}
	}
}

// answerOf is the only row of a query as text.
func answerOf(ctx context.Context, conn *pgx.Conn, sql string) (string, error) {
	results, err := conn.PgConn().Exec(ctx, sql).ReadAll()
	if err != nil {
		return "", err
	}
	if len(results) != 1 || len(results[0].Rows) != 1 {
		return "", errors.New("not one row")
	}
	var fields []string
	for _, f := range results[0].Rows[0] {
		fields = append(fields, string(f))
	}
	return strings.Join(fields, "|"), nil
}

// residentPeak is the most memory that a process has had so far, in bytes.
func residentPeak(t *testing.T, p *process) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Skip(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kB, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kB << 10
}
