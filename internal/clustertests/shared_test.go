package clustertests

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// TestCatalogOfOthers checks that DDL of one node is there for the next
// statement of another.
func TestCatalogOfOthers(t *testing.T) {
	nodes := startNodes(t, 3)
	a, b := connect(t, nodes[0]), connect(t, nodes[1])
	exec(t, a, "CREATE TABLE t (id int PRIMARY KEY)")
	for i := range 10 {
		exec(t, a, fmt.Sprintf("ALTER TABLE t ADD c%d int DEFAULT %d", i, i))
		exec(t, b, fmt.Sprintf("INSERT INTO t (id, c%d) VALUES (%d, 100)", i, i))
		if n := queryInt(t, b, fmt.Sprintf("SELECT count(*) FROM t WHERE c%d IS NOT NULL", i)); n != int64(i)+1 {
			t.Errorf("%d rows have c%d, want %d", n, i, i+1)
		}
		a, b = b, a
	}
	exec(t, a, "DROP TABLE t")
	if err := try(t, b, "SELECT * FROM t"); code(err) != "42P01" {
		t.Errorf("the table is still there for the other node: %v", err)
	}
}

// TestPreparedOfOthers checks that prepared statements of one node live through DDL of
// another as they do in PostgreSQL: they are planned anew, and fail only if their
// columns have changed or what they name is gone.
func TestPreparedOfOthers(t *testing.T) {
	nodes := startNodes(t, 2)
	a, b := connect(t, nodes[0]), connect(t, nodes[1])
	exec(t, a, "CREATE TABLE t (id int PRIMARY KEY, v int); CREATE INDEX t_v ON t (v); INSERT INTO t VALUES (1, 10)")
	exec(t, b, "PREPARE one AS SELECT id FROM t WHERE v = $1")
	exec(t, b, "PREPARE every AS SELECT * FROM t")
	exec(t, b, "PREPARE put AS INSERT INTO t (id, v) VALUES ($1, $2)")
	all := func(want map[string]string) {
		t.Helper()
		for sql, state := range want {
			if err := try(t, b, sql); code(err) != state {
				t.Errorf("%s: %v, want %q", sql, err, state)
			}
		}
	}
	all(map[string]string{"EXECUTE one(10)": "", "EXECUTE every": "", "EXECUTE put(2, 10)": ""})
	exec(t, a, "DROP INDEX t_v")
	all(map[string]string{"EXECUTE one(10)": "", "EXECUTE every": "", "EXECUTE put(3, 10)": ""})
	exec(t, a, "ALTER TABLE t ADD w int DEFAULT 5; CREATE INDEX t_w ON t (w)")
	all(map[string]string{"EXECUTE one(10)": "", "EXECUTE every": "0A000", "EXECUTE put(4, 10)": ""})
	if n := queryInt(t, a, "SELECT count(*) FROM t WHERE w = 5 AND v = 10"); n != 4 {
		t.Errorf("%d rows have the new column's default, want 4", n)
	}
	exec(t, a, "ALTER TABLE t DROP v")
	all(map[string]string{"EXECUTE one(10)": "42703", "EXECUTE put(5, 10)": "42703"})
	exec(t, a, "DROP TABLE t")
	all(map[string]string{"EXECUTE one(10)": "42P01", "EXECUTE every": "42P01"})
}

// TestNumbersOfOthers checks that sequences and hidden row ids give no number
// twice.
func TestNumbersOfOthers(t *testing.T) {
	nodes := startNodes(t, 3)
	first := connect(t, nodes[0])
	exec(t, first, "CREATE TABLE t (n serial, node int)")
	var wg sync.WaitGroup
	for i, node := range nodes {
		conn := connect(t, node)
		wg.Go(func() {
			for range 100 {
				if err := try(t, conn, "INSERT INTO t (node) VALUES ($1)", i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if n := queryInt(t, first, "SELECT count(*) FROM t"); n != 300 {
		t.Errorf("%d rows, want 300: hidden row ids came twice", n)
	}
	if n := queryInt(t, first, "SELECT count(DISTINCT n) FROM t"); n != 300 {
		t.Errorf("%d different numbers of 300", n)
	}
}

// TestLocksOfOthers checks that the row locks of one node hold for another: the
// modes that exclude each other, a foreign key, a deadlock over two nodes.
func TestLocksOfOthers(t *testing.T) {
	nodes := startNodes(t, 2)
	a, b := connect(t, nodes[0]), connect(t, nodes[1])
	exec(t, a, "CREATE TABLE p (id int PRIMARY KEY, v int); INSERT INTO p VALUES (1, 0), (2, 0)")
	exec(t, a, "CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p)")
	modes := []string{"KEY SHARE", "SHARE", "NO KEY UPDATE", "UPDATE"}
	for i, one := range modes {
		for j, other := range modes {
			exec(t, a, "BEGIN")
			exec(t, a, "SELECT FROM p WHERE id = 1 FOR "+one)
			err := try(t, b, "SELECT FROM p WHERE id = 1 FOR "+other+" NOWAIT")
			if want := i+j >= 3 && !(i == 1 && j == 1); (code(err) == "55P03") != want {
				t.Errorf("FOR %s, then FOR %s on another node: %v, want a conflict: %v", one, other, err, want)
			}
			exec(t, a, "ROLLBACK")
		}
	}
	exec(t, a, "BEGIN")
	exec(t, a, "INSERT INTO c VALUES (1, 1)")
	exec(t, b, "UPDATE p SET v = 1 WHERE id = 1") // no key of it
	exec(t, b, "SET lock_timeout = '300ms'")
	if err := try(t, b, "DELETE FROM p WHERE id = 1"); code(err) != "55P03" {
		t.Errorf("a parent was deleted below an uncommitted child: %v", err)
	}
	exec(t, a, "COMMIT")
	if err := try(t, b, "DELETE FROM p WHERE id = 1"); code(err) != "23503" {
		t.Errorf("a parent was deleted: %v", err)
	}
	exec(t, b, "RESET lock_timeout")
	// A request waits in its store for a second at a time: either side may be the
	// one that is waiting when the circle closes, or asks again.
	for _, head := range []time.Duration{300 * time.Millisecond, 950 * time.Millisecond, time.Second} {
		deadlock(t, a, b, head)
	}
}

// deadlock makes two nodes wait for each other. The victim says ROLLBACK only
// after the other one has gone on: that one may not need it.
func deadlock(t *testing.T, a, b *pgx.Conn, head time.Duration) {
	t.Helper()
	exec(t, a, "BEGIN")
	exec(t, b, "BEGIN")
	exec(t, a, "UPDATE p SET v = 2 WHERE id = 1")
	exec(t, b, "UPDATE p SET v = 2 WHERE id = 2")
	ended := make(chan error, 1)
	go func() { ended <- try(t, a, "UPDATE p SET v = 3 WHERE id = 2") }()
	time.Sleep(head) // it waits now
	errB := try(t, b, "UPDATE p SET v = 3 WHERE id = 1")
	errA := <-ended
	if (code(errA) == "40P01") == (code(errB) == "40P01") || errA != nil && errB != nil {
		t.Errorf("a deadlock over two nodes ended with %v and %v, want one victim", errA, errB)
	}
	exec(t, a, "ROLLBACK")
	exec(t, b, "ROLLBACK")
}

// TestDeadlockWithinAndOver checks a circle that no place sees as a whole: one
// wait is between transactions of one node, the others are for locks of another
// node; and one that goes through DDL.
func TestDeadlockWithinAndOver(t *testing.T) {
	nodes := startNodes(t, 2)
	a, b, c := connect(t, nodes[0]), connect(t, nodes[1]), connect(t, nodes[1])
	exec(t, a, "CREATE TABLE p (id int PRIMARY KEY, v int); INSERT INTO p VALUES (1, 0), (2, 0), (3, 0)")
	exec(t, a, "CREATE TABLE q (id int)")
	circle(t, []*pgx.Conn{a, b, c}, func(i int) string { return fmt.Sprintf("UPDATE p SET v = %d WHERE id = %d", i, i%3+1) },
		func(i int) string { return fmt.Sprintf("UPDATE p SET v = 9 WHERE id = %d", (i+1)%3+1) })
	circle(t, []*pgx.Conn{a, b}, func(i int) string { return []string{"INSERT INTO p VALUES (4, 0)", "INSERT INTO q VALUES (4)"}[i] },
		func(i int) string { return []string{"LOCK TABLE q", "LOCK TABLE p"}[i] })
}

// circle makes transactions wait for each other: each does first(i), and then
// next(i), for which it has to wait for the one after it. One is to be the
// victim, the others go on, each when its own transaction is over.
func circle(t *testing.T, conns []*pgx.Conn, first, next func(i int) string) {
	t.Helper()
	for i, conn := range conns {
		exec(t, conn, "BEGIN")
		exec(t, conn, first(i))
	}
	var wg sync.WaitGroup
	errs := make([]error, len(conns))
	for i, conn := range conns {
		wg.Go(func() {
			errs[i] = try(t, conn, next(i))
			_ = try(t, conn, "ROLLBACK") // its error was the statement's
		})
	}
	wg.Wait()
	victims := 0
	for i, err := range errs {
		switch {
		case code(err) == "40P01":
			victims++
		case err != nil:
			t.Errorf("%s: %v", next(i), err)
		}
	}
	if victims != 1 {
		t.Errorf("%d victims of %v, want one", victims, errs)
	}
}

// TestShortLockTimeout: that other nodes have to hear of a lock before it is
// granted is no wait for the lock.
func TestShortLockTimeout(t *testing.T) {
	nodes := startNodes(t, 2)
	a, b := connect(t, nodes[0]), connect(t, nodes[1])
	exec(t, a, "CREATE TABLE t (id int PRIMARY KEY)")
	exec(t, a, "SET lock_timeout = '1ms'")
	exec(t, a, "ALTER TABLE t ADD c int")
	exec(t, a, "BEGIN; LOCK TABLE t NOWAIT; ROLLBACK")
	exec(t, b, "BEGIN; INSERT INTO t VALUES (1)")
	for _, sql := range []string{"ALTER TABLE t ADD d int", "LOCK TABLE t NOWAIT"} {
		if err := try(t, a, "BEGIN; "+sql); code(err) != "55P03" {
			t.Errorf("%s while another node writes: %v, want 55P03", sql, err)
		}
		exec(t, a, "ROLLBACK")
	}
	exec(t, b, "ROLLBACK")
}

// TestCancelOverNodes sends the cancel request of a session to another node. A
// wrong secret ends nothing.
func TestCancelOverNodes(t *testing.T) {
	nodes := startNodes(t, 2)
	conn := connect(t, nodes[0])
	other := connect(t, nodes[1]).Config()
	cancel := func(secret []byte) {
		c, err := net.Dial("tcp", net.JoinHostPort(other.Host, fmt.Sprint(other.Port)))
		check(t, err)
		defer c.Close() //nolint:errcheck // it is only written to
		request := binary.BigEndian.AppendUint32([]byte{0, 0, 0, 16, 0x04, 0xd2, 0x16, 0x2e}, conn.PgConn().PID())
		_, err = c.Write(append(request, secret...))
		check(t, err)
	}
	secret := conn.PgConn().SecretKey()
	wrong := bytes.Clone(secret)
	wrong[0]++
	cancel(wrong)
	begun := time.Now()
	exec(t, conn, "SELECT pg_sleep(1.5)")
	time.AfterFunc(200*time.Millisecond, func() { cancel(secret) })
	err := try(t, conn, "SELECT pg_sleep(30)")
	if code(err) != "57014" {
		t.Errorf("a statement that another node was asked to end: %v", err)
	}
	t.Logf("cancelled after %s", time.Since(begun)-1500*time.Millisecond)
}

func code(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
