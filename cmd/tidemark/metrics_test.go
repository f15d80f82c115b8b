package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// scrape reads the metrics of a server: values by name and labels.
func scrape(t *testing.T, port int) map[string]float64 {
	t.Helper()
	resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/metrics", port))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was read to its end
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v: %s", resp.StatusCode, err, body)
	}
	out := map[string]float64{}
	for _, line := range strings.Split(string(body), "\n") {
		at := strings.LastIndexByte(line, ' ')
		if strings.HasPrefix(line, "#") || at < 0 {
			continue
		}
		if out[line[:at]], err = strconv.ParseFloat(line[at+1:], 64); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	return out
}

// TestMetrics checks what is told of statements, errors, sessions, memory, caches
// and packing.
func TestMetrics(t *testing.T) {
	port := freePort(t)
	p := startProcess(t, "--store", "memory", "--metrics-addr", fmt.Sprintf("127.0.0.1:%d", port), "--timeseries-flush-points", "100")
	conn := p.mustConnect(t)
	mustExec(t, conn, "CREATE TABLE t (id int PRIMARY KEY, v int)")
	mustExec(t, conn, "INSERT INTO t SELECT g, g FROM generate_series(1, 20000) g")
	before := scrape(t, port)
	for range 10 {
		mustExec(t, conn, "SELECT v FROM t WHERE id = 7")
		if _, err := conn.Exec(context.Background(), "SELECT v FROM t WHERE id = $1", 8); err != nil {
			t.Fatal(err)
		}
	}
	mustExec(t, conn, "BEGIN; UPDATE t SET v = 0 WHERE id = 1; COMMIT")
	mustExec(t, conn, "SELECT sum(v) FROM t")
	mustExec(t, conn, "SELECT sum(v) FROM t")
	mustExec(t, conn, "SET work_mem = '64kB'; SET max_parallel_workers_per_gather = 0")
	mustExec(t, conn, "SELECT count(*) FROM (SELECT * FROM t ORDER BY v, id DESC OFFSET 1) x")
	if _, err := conn.Exec(context.Background(), "SELECT 1/0"); sqlState(err) != "22012" {
		t.Fatal(err)
	}
	other := p.mustConnect(t)
	mustExec(t, other, "DELETE FROM t WHERE id = 2")
	mustExec(t, other, "BEGIN")
	if err := conn.Close(context.Background()); err != nil { // its counts stay
		t.Fatal(err)
	}
	after := scrapeUntilOne(t, port)
	for _, c := range []struct {
		name     string
		min, max float64
	}{
		{`tidemark_statements_total{kind="select"}`, 23, 23},
		{`tidemark_statements_total{kind="update"}`, 1, 1},
		{`tidemark_statements_total{kind="delete"}`, 1, 1},
		{`tidemark_statements_total{kind="transaction"}`, 3, 3},
		{`tidemark_errors_total{sqlstate="22012"}`, 1, 1},
		{`tidemark_statement_seconds_count`, 25, 40},
		{`tidemark_statement_seconds_sum`, 0.0001, 60},
		{`tidemark_statement_seconds_bucket{le="+Inf"}`, 25, 40},
		{`tidemark_plan_cache_hits_total`, 5, 100},
		{`tidemark_cache_hits_total{cache="columns"}`, 1, 1000},
		{`tidemark_spilled_bytes_total`, 1000, 1e9},
	} {
		if got := after[c.name] - before[c.name]; got < c.min || got > c.max {
			t.Errorf("%s: %v, want %v to %v", c.name, got, c.min, c.max)
		}
	}
	for _, c := range []struct {
		name string
		want float64
	}{
		{`tidemark_sessions{state="idle in transaction"}`, 1},
		{`tidemark_sessions{state="idle"}`, 0},
		{`tidemark_spill_bytes`, 0},
		{`tidemark_query_memory_bytes`, 0},
		{`tidemark_max_connections`, 200},
	} {
		if got, ok := after[c.name]; !ok || got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	for _, name := range []string{"go_goroutines", "tidemark_gc_safe_point_seconds", `tidemark_cache_bytes{cache="store"}`, `tidemark_cache_bytes{cache="series"}`, "tidemark_series_packed_rows_total", "tidemark_store_disk_bytes"} {
		if _, ok := after[name]; !ok {
			t.Errorf("no %s", name)
		}
	}
}

// scrapeUntilOne scrapes when but one session is left: a server notices a while
// after its client that a connection ended.
func scrapeUntilOne(t *testing.T, port int) map[string]float64 {
	t.Helper()
	for {
		m := scrape(t, port)
		if m[`tidemark_sessions{state="idle"}`] == 0 || t.Context().Err() != nil {
			return m
		}
	}
}

// TestMetricsAddress: a server that cannot serve what it was asked for says so, and
// does not start.
func TestMetricsAddress(t *testing.T) {
	p := startProcess(t, "--store", "memory")
	conn := p.mustConnect(t)
	var n int
	if err := conn.QueryRow(context.Background(), "SELECT 1", pgx.QueryExecModeSimpleProtocol).Scan(&n); err != nil {
		t.Fatal(err)
	}
	for _, flag := range []string{"--metrics-addr", "--profile-addr"} {
		out, code := run(t, command("start", "--store", "memory", "--port-base", fmt.Sprint(freePort(t)), flag, fmt.Sprintf("127.0.0.1:%d", p.port)))
		if code == 0 || !strings.Contains(out, flag) {
			t.Errorf("%s that is taken: code %d, %s", flag, code, out)
		}
	}
}

// TestProfiles: a CPU profile is served, and nothing else but profiles.
func TestProfiles(t *testing.T) {
	port := freePort(t)
	startProcess(t, "--store", "memory", "--profile-addr", fmt.Sprintf("127.0.0.1:%d", port))
	for path, want := range map[string]int{"/debug/pprof/profile?seconds=1": http.StatusOK, "/debug/pprof/heap": http.StatusOK, "/metrics": http.StatusNotFound} {
		resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d%s", port, path))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != want || want == http.StatusOK && !strings.HasPrefix(string(body), "\x1f\x8b") {
			t.Errorf("%s: status %d, %v, %d bytes", path, resp.StatusCode, err, len(body))
		}
		_ = resp.Body.Close()
	}
}
