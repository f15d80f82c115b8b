package clustertests

import (
	"context"
	"errors"
	"fmt"
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
	if _, err := b.Exec(ctx, "SELECT * FROM t"); code(err) != "42P01" {
		t.Errorf("the table is still there for the other node: %v", err)
	}
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
				if _, err := conn.Exec(ctx, "INSERT INTO t (node) VALUES ($1)", i); err != nil {
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
			_, err := b.Exec(ctx, "SELECT FROM p WHERE id = 1 FOR "+other+" NOWAIT")
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
	if _, err := b.Exec(ctx, "DELETE FROM p WHERE id = 1"); code(err) != "55P03" {
		t.Errorf("a parent was deleted below an uncommitted child: %v", err)
	}
	exec(t, a, "COMMIT")
	if _, err := b.Exec(ctx, "DELETE FROM p WHERE id = 1"); code(err) != "23503" {
		t.Errorf("a parent was deleted: %v", err)
	}
	exec(t, b, "RESET lock_timeout")
	deadlock(t, a, b)
}

func deadlock(t *testing.T, a, b *pgx.Conn) {
	t.Helper()
	exec(t, a, "BEGIN")
	exec(t, b, "BEGIN")
	exec(t, a, "UPDATE p SET v = 2 WHERE id = 1")
	exec(t, b, "UPDATE p SET v = 2 WHERE id = 2")
	ended := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		_, err := a.Exec(ctx, "UPDATE p SET v = 3 WHERE id = 2")
		ended <- err
	}()
	time.Sleep(time.Second) // it waits now
	_, errB := b.Exec(ctx, "UPDATE p SET v = 3 WHERE id = 1")
	if errB != nil {
		exec(t, b, "ROLLBACK")
	}
	errA := <-ended
	if (code(errA) == "40P01") == (code(errB) == "40P01") || errA != nil && errB != nil {
		t.Errorf("a deadlock over two nodes ended with %v and %v, want one victim", errA, errB)
	}
	_, _ = a.Exec(ctx, "ROLLBACK")
	_, _ = b.Exec(ctx, "ROLLBACK")
}

func code(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
