package session_test

import (
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
