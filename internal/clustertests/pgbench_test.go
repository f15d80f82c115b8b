package clustertests

import (
	"fmt"
	"net/url"
	"os"
	osexec "os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tidemarkdb/tidemark/internal/testcluster"
)

// envClients says that PostgreSQL's client programs are there, or have to be.
const envClients = "TIDEMARK_TEST_CLIENTS"

// pgbench is the program, empty if it is not installed and need not be.
func pgbench(t *testing.T) string {
	t.Helper()
	for _, path := range []string{"/usr/lib/postgresql/15/bin/pgbench", "pgbench"} {
		if found, err := osexec.LookPath(path); err == nil {
			return found
		}
	}
	if os.Getenv(envClients) != "" {
		t.Fatal("pgbench is not installed")
	}
	return ""
}

// benchAccounts are the accounts of pgbench's tables, which has 100,000 of a scale:
// fewer are filled sooner, and as well for what is tested.
const benchAccounts = 1000

// makeBenchTables makes what pgbench -i does, with fewer accounts.
func makeBenchTables(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	exec(t, conn, `CREATE TABLE pgbench_accounts (aid int PRIMARY KEY, bid int, abalance int, filler char(84));
		CREATE TABLE pgbench_tellers (tid int PRIMARY KEY, bid int, tbalance int, filler char(84));
		CREATE TABLE pgbench_branches (bid int PRIMARY KEY, bbalance int, filler char(88));
		CREATE TABLE pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22))`)
	exec(t, conn, "INSERT INTO pgbench_accounts SELECT g, 1, 0, '' FROM generate_series(1, $1) g", benchAccounts)
	exec(t, conn, "INSERT INTO pgbench_tellers SELECT g, 1, 0, '' FROM generate_series(1, 10) g")
	exec(t, conn, "INSERT INTO pgbench_branches VALUES (1, 0, '')")
}

// tpcb is pgbench's built-in script over fewer accounts.
const tpcb = `\set aid random(1, 1000)
\set tid random(1, 10)
\set delta random(-5000, 5000)
BEGIN;
UPDATE pgbench_accounts SET abalance = abalance + :delta WHERE aid = :aid;
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
UPDATE pgbench_tellers SET tbalance = tbalance + :delta WHERE tid = :tid;
UPDATE pgbench_branches SET bbalance = bbalance + :delta WHERE bid = 1;
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (:tid, 1, :aid, :delta, CURRENT_TIMESTAMP);
END;
`

// TestPgbench kills each store in turn while pgbench runs on two nodes. No client is
// given up but for an outcome that nobody knows; every transaction that pgbench
// counted is in the history, and no more than those and the unknown ones; the
// balances agree.
func TestPgbench(t *testing.T) {
	program := pgbench(t)
	if program == "" {
		t.Skip("pgbench is not installed; " + envClients + "=1 makes that an error")
	}
	c := testcluster.Shared(t)
	nodes := startNodes(t, 2)
	conn := connect(t, nodes[0])
	makeBenchTables(t, conn)
	script := t.TempDir() + "/tpcb.sql"
	check(t, os.WriteFile(script, []byte(tpcb), 0o600))
	check(t, c.WaitReplicated(ctx))
	const seconds = 22
	var wg sync.WaitGroup
	out := make([]string, len(nodes))
	for i, node := range nodes {
		u, err := url.Parse(node.URL)
		check(t, err)
		// -P notes each second's transactions: pauses show.
		cmd := osexec.Command(program, "-n", "-f", script, "-M", "prepared", "-c", "2", "-j", "1", "-T", strconv.Itoa(seconds), "-P", "1", "--max-tries", "100",
			"-h", u.Hostname(), "-p", u.Port(), "-U", u.User.Username(), strings.TrimPrefix(u.Path, "/"))
		wg.Go(func() {
			b, _ := cmd.CombinedOutput() // what it says is looked at
			out[i] = string(b)
		})
	}
	for i := range c.Stores() {
		time.Sleep(2 * time.Second)
		c.Kill(i)
		time.Sleep(2 * time.Second)
		check(t, c.Restart(i))
		check(t, c.WaitReplicated(ctx))
	}
	boundedWait(t, "pgbench", wg.Wait)
	var done, given, pause int64
	for _, o := range out {
		done += figure(t, o, `number of transactions actually processed: (\d+)`)
		if n := figure(t, o, `number of failed transactions: (\d+)`); n > 0 {
			t.Errorf("%d failed transactions:\n%s", n, o)
		}
		given += int64(strings.Count(o, "aborted in command"))
		pause = max(pause, longestPause(o))
		for _, line := range regexp.MustCompile(`(?m)^.*(ERROR|FATAL|error:).*$`).FindAllString(o, -1) {
			if !strings.Contains(line, "outcome of the commit is unknown") {
				t.Errorf("pgbench was told: %s", line)
			}
		}
	}
	history := queryInt(t, conn, "SELECT count(*) FROM pgbench_history")
	if history < done || history > done+given {
		t.Errorf("%d transactions are in the history, pgbench counts %d and %d clients that were given up", history, done, given)
	}
	for _, table := range []string{"(SELECT sum(abalance) FROM pgbench_accounts)", "(SELECT sum(tbalance) FROM pgbench_tellers)", "(SELECT sum(bbalance) FROM pgbench_branches)"} {
		if queryInt(t, conn, fmt.Sprintf("SELECT %s - (SELECT coalesce(sum(delta), 0) FROM pgbench_history)", table)) != 0 {
			t.Errorf("%s is not the sum of the history", table)
		}
	}
	if limit := int64(serviceBackAfterOne / time.Second); pause > limit {
		t.Errorf("no transactions for %d s, want them back within %d s:\n%s", pause, limit, strings.Join(out, "\n"))
	}
	if done < 20 {
		t.Errorf("%d transactions: the test proves nothing:\n%s", done, strings.Join(out, "\n"))
	}
	t.Logf("%d transactions, %d clients given up, longest pause %d s", done, given, pause)
}

// figure finds a number in what pgbench says.
func figure(t *testing.T, out, pattern string) int64 {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(out)
	if m == nil {
		t.Fatalf("pgbench says nothing of %q:\n%s", pattern, out)
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	check(t, err)
	return n
}

// longestPause is for how many seconds on end pgbench's progress tells of no
// transaction.
func longestPause(out string) (longest int64) {
	n := int64(0)
	for _, m := range regexp.MustCompile(`progress: [0-9.]+ s, ([0-9.]+) tps`).FindAllStringSubmatch(out, -1) {
		if n++; m[1] != "0.0" {
			n = 0
		}
		longest = max(longest, n)
	}
	return longest
}
