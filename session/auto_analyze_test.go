package session_test

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/session"
	"github.com/tidemarkdb/tidemark/session/sessiontest"
)

// TestAutoAnalyze: the job analyzes tables that changed more than the
// threshold says, and only those, and ends when it is told to.
func TestAutoAnalyze(t *testing.T) {
	node := sessiontest.Open(t)
	node.Server = session.NewServer(node.Store, node.Catalog, session.Config{
		Logger:      slog.New(slog.NewTextHandler(io.Discard, nil)),
		AutoAnalyze: session.AutoAnalyze{NapTime: time.Millisecond},
	})
	c := node.Connect()
	ask := func(sql string) string { return c.Query(sql) }
	ask("CREATE TABLE big (a int)")
	ask("CREATE TABLE small (a int)")
	ask("CREATE TABLE off (a int) WITH (autovacuum_enabled = false)")
	ask("INSERT INTO small SELECT generate_series(1, 50)")
	ask("INSERT INTO off SELECT generate_series(1, 1000)")
	ask("BEGIN")
	ask("INSERT INTO off SELECT generate_series(1, 1000)")
	ask("ROLLBACK")
	ask("INSERT INTO big SELECT generate_series(1, 1000)")
	if got := ask("SELECT relname, n_tup_ins, n_live_tup, n_mod_since_analyze FROM pg_stat_user_tables ORDER BY 1"); !strings.Contains(got, "big|1000|1000|1000\noff|1000|1000|1000\nsmall|50|50|50\n") {
		t.Errorf("before the job: %s", got)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { node.Server.RunAutoAnalyze(ctx); close(done) }()
	defer func() { stop(); <-done }()
	await := func(sql, want string) {
		t.Helper()
		var got string
		for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			if got = ask(sql); strings.Contains(got, want) {
				return
			}
		}
		t.Errorf("%s: %s, want %s in it", sql, got, want)
	}
	await("SELECT relname, reltuples FROM pg_class WHERE relname IN ('big', 'off', 'small') ORDER BY 1", "big|1000\noff|-1\nsmall|-1\n")
	// A tenth of the rows and 50 more are not enough ...
	ask("DELETE FROM big WHERE a <= 150")
	await("SELECT n_live_tup, n_mod_since_analyze FROM pg_stat_user_tables WHERE relname = 'big'", "850|150\n")
	// ... one more is.
	ask("DELETE FROM big WHERE a = 151")
	await("SELECT n_live_tup, n_mod_since_analyze FROM pg_stat_user_tables WHERE relname = 'big'", "849|0\n")
}

// TestStatsAndPlans: a cached plan is made anew when its own tables were
// analyzed; prepared statements see the new one too.
func TestStatsAndPlans(t *testing.T) {
	node := sessiontest.Open(t)
	c := node.Connect()
	c.Query("CREATE TABLE a (id int PRIMARY KEY, b int); CREATE INDEX a_b ON a (b); CREATE TABLE other (x int)")
	c.Query("INSERT INTO a SELECT g, 1 FROM generate_series(1, 2000) g")
	c.Query("PREPARE q AS SELECT id FROM a WHERE b = 1")
	if got := c.Query("EXPLAIN EXECUTE q"); !strings.Contains(got, "Index Scan using a_b") {
		t.Errorf("before ANALYZE: %s", got)
	}
	c.Query("ANALYZE other")
	c.Query("ANALYZE a")
	if got := c.Query("EXPLAIN EXECUTE q"); !strings.Contains(got, "Seq Scan") {
		t.Errorf("all rows have b = 1: %s", got)
	}
}
