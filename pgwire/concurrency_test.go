package pgwire_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// TestDeadlock: of two transactions that wait for each other one is ended, and
// the other goes on.
func TestDeadlock(t *testing.T) {
	ts := startServer(t)
	a, b := ts.connect(t), ts.connect(t)
	exec(t, a, "create table t (a int primary key, b int); insert into t values (1, 0), (2, 0)")
	for range 5 {
		exec(t, a, "begin; update t set b = b + 1 where a = 1")
		exec(t, b, "begin; update t set b = b + 1 where a = 2")
		results := make(chan string, 1)
		go func() { results <- code(b, "update t set b = b + 1 where a = 1") }()
		time.Sleep(20 * time.Millisecond)
		first := code(a, "update t set b = b + 1 where a = 2")
		if first == "40P01" {
			exec(t, a, "rollback")
		}
		second := <-results
		if (first == "40P01") == (second == "40P01") || first+second != "40P01" {
			t.Fatalf("got %q and %q", first, second)
		}
		exec(t, a, "rollback")
		exec(t, b, "rollback")
	}
}

// TestForeignKeyRace: a child never outlives its parent, whatever runs at the
// same time, at both isolation levels.
func TestForeignKeyRace(t *testing.T) {
	for _, level := range []string{"read committed", "repeatable read"} {
		t.Run(level, func(t *testing.T) {
			ts := startServer(t)
			setup := ts.connect(t)
			exec(t, setup, "create table parent (id int primary key); create table child (id int primary key, p int references parent)")
			const rounds = 150
			child, parent := ts.connect(t), ts.connect(t)
			for i := range rounds {
				exec(t, setup, fmt.Sprintf("insert into parent values (%d)", i))
				// Both have their snapshots before either writes.
				exec(t, child, "begin isolation level "+level+"; select count(*) from parent")
				exec(t, parent, "begin isolation level "+level+"; select count(*) from child")
				var wg sync.WaitGroup
				wg.Go(func() {
					if code(child, fmt.Sprintf("insert into child values (%d, %d)", i, i)) == "" {
						time.Sleep(time.Duration(rand.IntN(2)) * time.Millisecond)
					}
					code(child, "commit")
				})
				wg.Go(func() {
					if code(parent, fmt.Sprintf("delete from parent where id = %d", i)) == "" {
						time.Sleep(time.Duration(rand.IntN(2)) * time.Millisecond)
					}
					code(parent, "commit")
				})
				wg.Wait()
			}
			var orphans int
			err := setup.QueryRow(context.Background(), "select count(*) from child left join parent on parent.id = p where parent.id is null").Scan(&orphans)
			if err != nil || orphans != 0 {
				t.Errorf("%d orphans, %v", orphans, err)
			}
		})
	}
}

// TestForeignKeySequential: the same in the two orders that a schedule cannot
// be trusted to hit: one side commits before the other begins to write.
func TestForeignKeySequential(t *testing.T) {
	ts := startServer(t)
	a, b := ts.connect(t), ts.connect(t)
	exec(t, a, "create table parent (id int primary key); create table child (id int primary key, p int references parent)")
	for _, level := range []string{"read committed", "repeatable read"} {
		exec(t, a, "truncate child; delete from parent; insert into parent values (1)")
		exec(t, a, "begin isolation level "+level+"; select * from parent")
		exec(t, b, "delete from parent where id = 1")
		if got := code(a, "insert into child values (1, 1)"); got != "23503" && got != "40001" {
			t.Errorf("%s: child after the parent was deleted: %q", level, got)
		}
		exec(t, a, "rollback")
		exec(t, a, "delete from parent; insert into parent values (1)")
		exec(t, a, "begin isolation level "+level+"; select * from child")
		exec(t, b, "insert into child values (1, 1)")
		if got := code(a, "delete from parent where id = 1"); got != "23503" && got != "40001" {
			t.Errorf("%s: parent after a child came: %q", level, got)
		}
		exec(t, a, "rollback")
		if got := code(a, "delete from parent where id = 1"); got != "23503" {
			t.Errorf("%s: parent with a child: %q", level, got)
		}
	}
}

// TestLostUpdate: counters incremented at once lose nothing.
func TestLostUpdate(t *testing.T) {
	ts := startServer(t)
	setup := ts.connect(t)
	exec(t, setup, "create table c (id int primary key, n int); insert into c values (1, 0), (2, 0)")
	const clients, rounds = 6, 40
	var mu sync.Mutex
	conflicts := 0
	var wg sync.WaitGroup
	for i := range clients {
		conn := ts.connect(t)
		wg.Go(func() {
			for range rounds {
				if got := code(conn, "update c set n = n + 1 where id = 1"); got != "" {
					t.Errorf("read committed: %q", got)
				}
				for {
					got := code(conn, "begin isolation level repeatable read; update c set n = n + 1 where id = 2; commit")
					if got == "" {
						break
					}
					exec(t, conn, "rollback")
					if got != "40001" {
						t.Errorf("repeatable read, client %d: %q", i, got)
						return
					}
					mu.Lock()
					conflicts++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	for id := range 2 {
		var n int
		if err := setup.QueryRow(context.Background(), "select n from c where id = $1", id+1).Scan(&n); err != nil || n != clients*rounds {
			t.Errorf("counter %d: %d of %d, %v (%d conflicts)", id+1, n, clients*rounds, err, conflicts)
		}
	}
}

// TestDiskFull: a store that cannot write says 53100, and goes on answering reads.
func TestDiskFull(t *testing.T) {
	var full atomic.Bool
	injector := errorfs.InjectorFunc(func(op errorfs.Op) error {
		if full.Load() && op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			return &os.PathError{Op: "write", Path: op.Path, Err: syscall.ENOSPC}
		}
		return nil
	})
	ts := startServer(t, func(o *serverOptions) { o.store.Dir, o.store.FS = "/data", errorfs.Wrap(vfs.NewMem(), injector) })
	conn := ts.connect(t)
	exec(t, conn, "create table t (a int primary key); insert into t values (1)")
	full.Store(true)
	waiting := make(chan string, 1) // what is under way waits for space
	other := ts.connect(t)
	go func() { waiting <- code(other, "insert into t values (2)") }()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		var free bool
		if err := conn.QueryRow(context.Background(), "select state = 'active' from pg_stat_activity where query like 'insert into t values (2)%'").Scan(&free); err == nil && free {
			break
		} else if time.Now().After(deadline) {
			t.Fatal("the insert does not run")
		}
	}
	time.Sleep(100 * time.Millisecond)
	for range 3 {
		if got := code(conn, "insert into t values (3)"); got != "53100" {
			t.Errorf("insert: %q", got)
		}
		if got := code(conn, "select * from t"); got != "" {
			t.Errorf("select: %q", got)
		}
	}
	full.Store(false)
	if got := <-waiting; got != "" {
		t.Errorf("the insert that waited: %q", got)
	}
	exec(t, conn, "insert into t values (3)")
}
