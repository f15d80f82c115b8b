package clustertests

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tidemarkdb/tidemark/internal/testcluster"
	"github.com/tidemarkdb/tidemark/kv/tikv"
)

// lockLife is how long the locks of a dead node may be in the way: the time they
// live, and what it takes to see that.
const lockLife = 40 * time.Second

// TestNodeKilled kills a node in mid-transaction and under load. Its locks end,
// nothing of its open transactions is seen, and nothing acknowledged is lost. Another
// node stands still for as long: what its transaction reads by was collected then,
// and it says so; after that it works as before.
func TestNodeKilled(t *testing.T) {
	// Old versions are collected as soon as nobody has a snapshot of them.
	nodes := startNodesWith(t, 1, tikv.Config{PDs: testcluster.PDs(t), Prefix: prefixOf(t), GCLifetime: -1, GCInterval: time.Second}, packOften)
	conn := connect(t, nodes[0])
	makeAccounts(t, conn)
	doomed := startNodeProcess(t, 0)
	frozen := startNodeProcess(t, 0)
	reader := connectTo(t, frozen.url)
	exec(t, reader, "BEGIN ISOLATION LEVEL REPEATABLE READ")
	if n := queryInt(t, reader, "SELECT sum(balance) FROM account"); n != accounts*balance {
		t.Errorf("the balances add up to %d", n)
	}
	victim := connectTo(t, doomed.url)
	exec(t, victim, "BEGIN")
	exec(t, victim, "UPDATE account SET balance = 0 WHERE id = 1")
	exec(t, victim, "INSERT INTO transfer VALUES ('dead', 1, 1, 0)")
	exec(t, conn, "SET lock_timeout = '300ms'")
	if err := try(t, conn, "UPDATE account SET balance = balance + 1 WHERE id = 1"); code(err) != "55P03" {
		t.Errorf("the node's lock does not hold: %v", err)
	}
	exec(t, conn, "RESET lock_timeout")

	l := newLedger()
	l.lossy = true
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for i, url := range []string{doomed.url, doomed.url, nodes[0].URL, nodes[0].URL} {
		client := connectTo(t, url)
		wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				if !transferBetween(t, client, l, fmt.Sprintf("%s/%d/%d", t.Name(), i, n), 2, accounts) {
					return
				}
			}
		})
	}
	await(t, l, 40, serviceBack)
	doomed.kill()
	frozen.freeze(t)
	killed := time.Now()
	took := map[string]time.Duration{}
	for _, sql := range []string{
		"UPDATE account SET balance = balance + 1 WHERE id = 1",
		"UPDATE account SET balance = balance - 1 WHERE id = 1",
		"ALTER TABLE account ADD note text",
	} {
		begun := time.Now()
		exec(t, conn, sql)
		took[sql] = time.Since(begun).Round(100 * time.Millisecond)
	}
	if free := time.Since(killed); free > 2*lockLife {
		t.Errorf("locks and DDL were held up for %s", free)
	}
	await(t, l, 20, lockLife)
	close(stop)
	wg.Wait()
	frozen.thaw(t)
	if err := try(t, reader, "SELECT sum(balance) FROM account"); code(err) != "72000" {
		t.Errorf("a transaction of a node that stood still reads by its old snapshot: %v", err)
	}
	exec(t, reader, "ROLLBACK")
	if n := queryInt(t, reader, "SELECT sum(balance) FROM account"); n != accounts*balance {
		t.Errorf("the balances add up to %d for a node that stood still", n)
	}
	exec(t, reader, "UPDATE account SET note = 'alive' WHERE id = 1")
	verify(t, conn, l)
	if n := queryInt(t, conn, "SELECT count(*) FROM transfer WHERE id = 'dead'"); n != 0 {
		t.Error("a row of a transaction that never committed is there")
	}
	t.Logf("%d transfers, longest pause %s, %d unknown outcomes, statements took %v", len(l.acked), l.gap.Round(10*time.Millisecond), len(l.unknown), took)
}

// TestNodeClock runs a node whose clock is an hour ahead and one whose clock is an
// hour behind. Nothing of what the nodes agree on may depend on it: what is seen,
// locks, whether a node lives, DDL.
func TestNodeClock(t *testing.T) {
	nodes := startNodes(t, 1)
	conn := connect(t, nodes[0])
	exec(t, conn, "CREATE TABLE t (id int PRIMARY KEY, v int)")
	for i, off := range []time.Duration{time.Hour, -time.Hour} {
		node := startNodeProcess(t, off)
		other := connectTo(t, node.url)
		wrong := queryInt(t, other, "SELECT extract(epoch FROM now())::int8") - time.Now().Unix()
		if d := time.Duration(wrong)*time.Second - off; d < -time.Minute || d > time.Minute {
			t.Fatalf("the node's clock is wrong by %d s, not by %s", wrong, off)
		}
		for n := range 10 {
			exec(t, other, "INSERT INTO t VALUES ($1, 0)", 100*i+n)
			exec(t, conn, "UPDATE t SET v = v + 1 WHERE id = $1", 100*i+n)
			if v := queryInt(t, other, "SELECT v FROM t WHERE id = $1", 100*i+n); v != 1 {
				t.Errorf("the node with a clock off by %s reads %d, want 1", off, v)
			}
		}
		exec(t, other, fmt.Sprintf("ALTER TABLE t ADD c%d int DEFAULT 7", i))
		if n := queryInt(t, conn, fmt.Sprintf("SELECT count(*) FROM t WHERE c%d = 7", i)); n != int64(10*(i+1)) {
			t.Errorf("%d rows have the new column, want %d", n, 10*(i+1))
		}
		holds(t, conn, other, off)
		holds(t, other, conn, off)
	}
}

// holds checks that a lock of one session holds for another for longer than a
// lease of a wrong clock would, and ends with its transaction.
func holds(t *testing.T, one, other *pgx.Conn, off time.Duration) {
	t.Helper()
	exec(t, one, "BEGIN")
	exec(t, one, "UPDATE t SET v = v + 1 WHERE id % 100 = 3")
	time.Sleep(time.Second)
	if err := try(t, other, "SELECT FROM t WHERE id % 100 = 3 FOR UPDATE NOWAIT"); code(err) != "55P03" {
		t.Errorf("a lock does not hold where a clock is off by %s: %v", off, err)
	}
	exec(t, one, "COMMIT")
	exec(t, other, "UPDATE t SET v = v - 1 WHERE id % 100 = 3")
}

func makeAccounts(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	exec(t, conn, "CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL)")
	exec(t, conn, "CREATE TABLE transfer (id text PRIMARY KEY, source int, target int, amount int)")
	exec(t, conn, "INSERT INTO account SELECT g, $1 FROM generate_series(1, $2) g", balance, accounts)
}
