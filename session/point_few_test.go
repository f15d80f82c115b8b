package session_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/session/sessiontest"
)

// TestFewRowsConflict: an UPDATE of a few rows that waits for one of them goes
// on from what was committed, and at REPEATABLE READ fails; nothing of it is
// left half done.
func TestFewRowsConflict(t *testing.T) {
	node := sessiontest.Open(t)
	a, b := node.Connect(), node.Connect()
	want := func(c *sessiontest.Conn, sql, part string) {
		t.Helper()
		if got := c.Query(sql); !strings.Contains(got, part) {
			t.Fatalf("%s: %q, want %q in it", sql, got, part)
		}
	}
	want(a, "CREATE TABLE line (o int, n int, x int, PRIMARY KEY (o, n))", "CREATE")
	want(a, "INSERT INTO line SELECT o, n, 0 FROM generate_series(1, 3) o, generate_series(1, 5) n", "INSERT 0 15")
	for _, c := range []*sessiontest.Conn{a, b} {
		want(c, "PREPARE up AS UPDATE line SET x = x + $2 WHERE o = $1 AND x < 100 RETURNING n, x", "PREPARE")
	}
	for _, test := range []struct{ isolation, first, second, then string }{
		{"READ COMMITTED", "UPDATE line SET x = 5 WHERE o = 1 AND n = 4", "UPDATE 5", "1\n1\n1\n6\n1\n"},
		{"READ COMMITTED", "UPDATE line SET x = 200 WHERE o = 2 AND n = 4", "UPDATE 4", "1\n1\n1\n200\n1\n"},
		{"READ COMMITTED", "DELETE FROM line WHERE o = 2 AND n = 2", "UPDATE 3", "2\n2\n200\n2\n"},
		{"REPEATABLE READ", "UPDATE line SET x = 7 WHERE o = 3 AND n = 5", "40001", "0\n0\n0\n0\n7\n"},
	} {
		o := test.first[strings.Index(test.first, "o = ")+4:][:1]
		want(b, "BEGIN ISOLATION LEVEL "+test.isolation, "BEGIN")
		want(b, "SELECT count(*) FROM line", "SELECT 1")
		want(a, "BEGIN", "BEGIN")
		want(a, test.first, " 1")
		got := make(chan string)
		go func() { got <- b.Query("EXECUTE up(" + o + ", 1)") }()
		select {
		case r := <-got:
			t.Fatalf("did not wait: %s", r)
		case <-time.After(30 * time.Millisecond):
		}
		want(a, "COMMIT", "COMMIT")
		if r := <-got; !strings.Contains(r, test.second) {
			t.Fatalf("after %s: %s, want %s", test.first, r, test.second)
		}
		_ = b.Query("COMMIT")
		want(a, "SELECT x FROM line WHERE o = "+o+" ORDER BY n", test.then)
	}
}
