package session_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/tidemarkdb/tidemark/session/sessiontest"
)

// TestAdvisoryLocks takes advisory locks in two sessions: exclusive and shared
// ones, at both levels, with waits, a deadlock, and their release.
func TestAdvisoryLocks(t *testing.T) {
	node := sessiontest.Open(t)
	a, b := node.Connect(), node.Connect()
	defer a.Close()
	defer b.Close()
	want := func(c *sessiontest.Conn, sql, part string) {
		t.Helper()
		if got := c.Query(sql); !strings.Contains(got, part) {
			t.Fatalf("%s: got %q, want %q in it", sql, got, part)
		}
	}
	want(a, "SELECT pg_try_advisory_lock(1)", "t")
	want(a, "SELECT pg_try_advisory_lock(1)", "t") // counted
	want(b, "SELECT pg_try_advisory_lock(1)", "f")
	want(a, "SELECT pg_advisory_unlock(1)", "t")
	want(b, "SELECT pg_try_advisory_lock(1)", "f")
	want(a, "SELECT pg_advisory_unlock(1)", "t")
	want(a, "SELECT pg_advisory_unlock(1)", "you don't own a lock of type ExclusiveLock")
	want(b, "SELECT pg_try_advisory_lock_shared(1)", "t")
	want(a, "SELECT pg_try_advisory_lock_shared(1)", "t")
	want(a, "SELECT pg_try_advisory_lock(1)", "f")
	want(a, "SELECT pg_advisory_unlock_all()", "SELECT 1")
	want(b, "SELECT pg_advisory_unlock_all()", "SELECT 1")

	// A transaction's lock goes with it, and a waiter gets it then.
	want(a, "BEGIN", "BEGIN")
	want(a, "SELECT pg_advisory_xact_lock(2)", "SELECT 1")
	got := make(chan string)
	go func() { got <- b.Query("SELECT pg_advisory_lock(2)") }()
	for node.Server.AdvisoryWaiters() == 0 {
		runtime.Gosched()
	}
	want(a, "COMMIT", "COMMIT")
	if r := <-got; !strings.Contains(r, "SELECT 1") {
		t.Fatal(r)
	}
	want(a, "SET lock_timeout = '5ms'", "SET")
	want(a, "SELECT pg_advisory_lock(2)", "55P03")
	want(a, "RESET lock_timeout", "RESET")

	// Two that wait for each other: one is the victim.
	want(a, "SELECT pg_advisory_lock(3)", "SELECT 1")
	go func() { got <- a.Query("SELECT pg_advisory_lock(2)") }()
	for node.Server.AdvisoryWaiters() == 0 {
		runtime.Gosched()
	}
	want(b, "SELECT pg_advisory_lock(3)", "40P01")
	b.Close() // releases 2
	if r := <-got; !strings.Contains(r, "SELECT 1") {
		t.Fatal(r)
	}
}
