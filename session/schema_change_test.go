package session_test

import (
	"runtime"
	"testing"

	"github.com/tidemarkdb/tidemark/session/sessiontest"
)

// TestIndexNewerThanSnapshot reads at REPEATABLE READ a table that got an index
// after the snapshot: the index's entries are newer than the snapshot, so that
// a plan by the index would miss all rows.
func TestIndexNewerThanSnapshot(t *testing.T) {
	node := sessiontest.Open(t)
	a, b := node.Connect(), node.Connect()
	a.Query("CREATE TABLE t (a int PRIMARY KEY, b int); CREATE TABLE u (a int)")
	a.Query("INSERT INTO t SELECT g, g FROM generate_series(1, 100) g")
	a.Query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM u")
	b.Query("CREATE INDEX ON t (b)")
	if err := a.Err("SELECT * FROM t WHERE b = 7"); err == nil || err.Code != "40001" {
		t.Fatalf("got %v, want 40001", err)
	}
	a.Query("ROLLBACK")
	if got := a.Query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT a FROM t WHERE b = 7; COMMIT"); got != "BEGIN\na\n7\nSELECT 1\nCOMMIT\n" {
		t.Fatal(got)
	}
}

// TestChangeAfterWait has DDL wait for a transaction that writes the table, in
// both isolation levels: it has to see what that one committed, which is newer
// than its own snapshot. CREATE INDEX left rows without entries and entries
// without rows, a rewritten table lost rows, and constraints were not checked.
func TestChangeAfterWait(t *testing.T) {
	const writes = "UPDATE t SET b = 2000 WHERE a = 1; INSERT INTO t VALUES (101, NULL), (102, 2000)"
	for _, c := range []struct{ ddl, code, query, want string }{
		{ddl: "CREATE INDEX ON t (b)", query: "SET enable_seqscan = off; SELECT a FROM t WHERE b = 2000 OR b = 1", want: "SET\na\n1\n102\nSELECT 2\n"},
		{ddl: "CREATE UNIQUE INDEX ON t (b)", code: "23505"},
		{ddl: "ALTER TABLE t ALTER b TYPE bigint", query: "SELECT count(*), max(b) FROM t", want: "count|max\n102|2000\nSELECT 1\n"},
		{ddl: "ALTER TABLE t ALTER b SET NOT NULL", code: "23502"},
		{ddl: "ALTER TABLE t ADD CHECK (b < 1000)", code: "23514"},
		{ddl: "ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES p", code: "23503"},
		{ddl: "SELECT create_hypertable('t', 'a', chunk_time_interval => 50, migrate_data => true)", query: "SELECT count(*), max(b) FROM t", want: "count|max\n102|2000\nSELECT 1\n"},
	} {
		for _, level := range []string{"READ COMMITTED", "REPEATABLE READ"} {
			t.Run(c.ddl+"/"+level, func(t *testing.T) {
				node := sessiontest.Open(t)
				a, b := node.Connect(), node.Connect()
				a.Query("CREATE TABLE t (a int PRIMARY KEY, b int); CREATE TABLE p (a int PRIMARY KEY)")
				a.Query("INSERT INTO t SELECT g, g FROM generate_series(1, 100) g; INSERT INTO p SELECT g FROM generate_series(1, 100) g")
				a.Query("BEGIN; " + writes)
				b.Query("BEGIN ISOLATION LEVEL " + level + "; SELECT FROM p")
				done := make(chan string, 1)
				go func() {
					code := ""
					if err := b.Err(c.ddl); err != nil {
						code = string(err.Code)
					}
					b.Query("COMMIT")
					done <- code
				}()
				for node.Store.LockWaiters() == 0 && len(done) == 0 {
					runtime.Gosched()
				}
				a.Query("COMMIT")
				if code := <-done; code != c.code {
					t.Errorf("got %q, want %q", code, c.code)
				}
				if c.query == "" {
					return
				}
				if got := a.Query(c.query); got != c.want {
					t.Errorf("%s: got %q, want %q", c.query, got, c.want)
				}
			})
		}
	}
}
