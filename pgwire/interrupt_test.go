package pgwire_test

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// numbers makes a table of n rows of about 100 bytes.
func numbers(t testing.TB, conn *pgx.Conn, n string) {
	exec(t, conn, "create table numbers (a int primary key, b text)")
	exec(t, conn, "insert into numbers select i, repeat('x', 90) from generate_series(1, "+n+") i")
}

// TestCancel: a CancelRequest ends whatever the session does, and nothing when
// it does nothing.
func TestCancel(t *testing.T) {
	ts := startServer(t)
	setup := ts.connect(t)
	numbers(t, setup, "20000")
	holder := ts.connect(t)
	exec(t, holder, "begin; update numbers set b = '' where a = 1")
	exec(t, holder, "lock table numbers in share row exclusive mode")
	for _, c := range []struct{ name, sql string }{
		{"sleep", "select pg_sleep(60)"},
		{"scan", "select count(*) from numbers x, numbers y where x.a + y.a < 0"},
		{"sort", "select x.a from generate_series(1, 100000000) x(a) order by x.a desc limit 1"},
		{"aggregate", "select x.a, count(*) from numbers x, numbers y group by x.a"},
		{"row lock", "select * from numbers where a = 1 for update"},
		{"update", "update numbers set b = 'y' where a = 1"},
		{"table lock", "lock table numbers in exclusive mode"},
		{"insert", "insert into numbers select i from generate_series(100000, 100000000) i"},
		{"many statements", "select 1; select pg_sleep(60); select 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := ts.connect(t)
			if c.name == "table lock" {
				exec(t, conn, "begin")
			}
			time.AfterFunc(100*time.Millisecond, func() { _ = conn.PgConn().CancelRequest(context.Background()) })
			start := time.Now()
			if got := code(conn, c.sql); got != "57014" {
				t.Errorf("got %q", got)
			}
			if d := time.Since(start); d > 30*time.Second { // half of what it would sleep
				t.Errorf("it took %v", d)
			}
			exec(t, conn, "rollback; select 1")
		})
	}
	t.Run("copy from", func(t *testing.T) {
		conn := ts.connect(t)
		exec(t, conn, "create table target (a int)")
		r, w := io.Pipe()
		go func() { _, _ = io.WriteString(w, "1\n2\n") }() // and no more
		time.AfterFunc(100*time.Millisecond, func() { _ = conn.PgConn().CancelRequest(context.Background()) })
		time.AfterFunc(time.Second, func() { _ = w.Close() }) // pgx waits for its reader
		_, err := conn.PgConn().CopyFrom(context.Background(), r, "copy target from stdin")
		if codeOf(err) != "57014" || !strings.Contains(err.Error(), "user request") {
			t.Errorf("got %v", err)
		}
		exec(t, conn, "select 1")
	})
	t.Run("idle", func(t *testing.T) {
		conn := ts.connect(t)
		for range 20 {
			if err := conn.PgConn().CancelRequest(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		exec(t, conn, "select 1")
	})
	t.Run("wrong key", func(t *testing.T) {
		ts.sessions.Cancel(setup.PgConn().PID(), 12345)
		ts.sessions.Cancel(99999, 0)
		exec(t, setup, "select 1")
	})
}

func TestTimeouts(t *testing.T) {
	ts := startServer(t)
	conn := ts.connect(t)
	exec(t, conn, "create table t (a int primary key); insert into t values (1)")
	t.Run("statement", func(t *testing.T) {
		exec(t, conn, "set statement_timeout = 50")
		_, err := conn.Exec(context.Background(), "select pg_sleep(30)", pgx.QueryExecModeSimpleProtocol)
		if codeOf(err) != "57014" || !strings.Contains(err.Error(), "statement timeout") {
			t.Errorf("got %v", err)
		}
		_, err = conn.Exec(context.Background(), "select pg_sleep($1)", 30.0) // extended
		if codeOf(err) != "57014" || !strings.Contains(err.Error(), "statement timeout") {
			t.Errorf("got %v", err)
		}
		exec(t, conn, "select 1")
		exec(t, conn, "reset statement_timeout")
	})
	t.Run("lock", func(t *testing.T) {
		exec(t, conn, "begin; select * from t for update")
		other := ts.connect(t, "options=-clock_timeout%3D50")
		if got := code(other, "delete from t"); got != "55P03" {
			t.Errorf("got %q", got)
		}
		if got := code(other, "drop table t"); got != "55P03" {
			t.Errorf("got %q", got)
		}
		exec(t, conn, "rollback")
	})
	for _, c := range []struct{ name, sql, code string }{
		{"idle in transaction", "set idle_in_transaction_session_timeout = 50; begin", "25P03"},
		{"idle", "set idle_session_timeout = 50", "57P05"},
	} {
		t.Run(c.name, func(t *testing.T) {
			nc := ts.raw(t)
			if _, err := nc.Write(frameOf('Q', c.sql+"\x00")); err != nil {
				t.Fatal(err)
			}
			_ = nc.SetReadDeadline(time.Now().Add(5 * time.Second))
			all, err := io.ReadAll(nc)
			if err != nil || !strings.Contains(string(all), "C"+c.code+"\x00") || !strings.Contains(string(all), "SFATAL\x00") {
				t.Errorf("%q %v", all, err)
			}
		})
	}
	// The transaction of a session that was ended is rolled back.
	exec(t, conn, "delete from t")
}

func TestMaxConnections(t *testing.T) {
	ts := startServer(t, func(o *serverOptions) { o.session.MaxConnections = 3 })
	var conns []*pgx.Conn
	for range 3 {
		conns = append(conns, ts.connect(t))
	}
	if _, err := ts.tryConnect(); codeOf(err) != "53300" {
		t.Errorf("got %v", err)
	}
	_ = conns[0].Close(context.Background())
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if conn, err := ts.tryConnect(); err == nil {
			_ = conn.Close(context.Background())
			break
		} else if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func TestTerminateBackend(t *testing.T) {
	ts := startServer(t)
	conn, busy, idle := ts.connect(t), ts.connect(t), ts.connect(t)
	failed := make(chan string, 1)
	go func() { failed <- code(busy, "select pg_sleep(60)") }()
	time.Sleep(100 * time.Millisecond)
	for _, victim := range []*pgx.Conn{busy, idle} {
		var ok bool
		if err := conn.QueryRow(context.Background(), "select pg_terminate_backend($1)", int32(victim.PgConn().PID())).Scan(&ok); err != nil || !ok {
			t.Fatal(ok, err)
		}
	}
	if got := <-failed; got != "57P01" {
		t.Errorf("busy: %q", got)
	}
	if got := code(idle, "select 1"); got != "57P01" && !strings.Contains(got, "closed") && !strings.Contains(got, "EOF") && !strings.Contains(got, "reset") && !strings.Contains(got, "broken pipe") {
		t.Errorf("idle: %q", got)
	}
	var ok bool
	if err := conn.QueryRow(context.Background(), "select pg_terminate_backend(99999)").Scan(&ok); err != nil || ok {
		t.Fatal(ok, err)
	}
	if got := code(conn, "select pg_terminate_backend(pg_backend_pid())"); got != "57P01" {
		t.Errorf("self: %q", got)
	}
}

// TestDrain: idle sessions end at once, running statements may finish, those
// that do not are ended, and nobody new comes in.
func TestDrain(t *testing.T) {
	ts := startServer(t)
	quick, slow, idle, open := ts.connect(t), ts.connect(t), ts.raw(t), ts.connect(t)
	exec(t, open, "create table t (a int); begin; insert into t values (1)")
	results := make(chan string, 2)
	go func() { results <- code(quick, "select pg_sleep(0.3)") }()
	time.Sleep(50 * time.Millisecond)
	stuck := make(chan string, 1)
	go func() { stuck <- code(slow, "select pg_sleep(60)") }()
	time.Sleep(50 * time.Millisecond)
	drained := make(chan struct{})
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		ts.sessions.Drain(ctx)
		close(drained)
	}()
	all, _ := io.ReadAll(idle)
	if !strings.Contains(string(all), "C57P01\x00") {
		t.Errorf("idle: %q", all)
	}
	if _, err := ts.tryConnect(); codeOf(err) != "57P03" {
		t.Errorf("new: %v", err)
	}
	if got := <-results; got != "" {
		t.Errorf("quick: %q", got)
	}
	if got := <-stuck; got != "57P01" {
		t.Errorf("slow: %q", got)
	}
	<-drained
}

// TestSlowReader: a client that does not read holds up its own statement only,
// and the rest of its result is not kept in memory.
func TestSlowReader(t *testing.T) {
	ts := startServer(t)
	conn := ts.connect(t)
	numbers(t, conn, "200000") // about 20 MB of text
	before := heap()
	const readers = 4
	var slow []net.Conn
	for range readers {
		nc := ts.raw(t)
		if _, err := nc.Write(frameOf('Q', "select * from numbers, generate_series(1, 100)\x00")); err != nil {
			t.Fatal(err)
		}
		slow = append(slow, nc)
	}
	time.Sleep(500 * time.Millisecond)
	if used := int64(heap()) - int64(before); used > readers*(8<<20) {
		t.Errorf("%d bytes for %d clients that do not read", used, readers)
	}
	exec(t, conn, "select count(*) from numbers")
	// One of them reads a little and then hangs up, one is terminated.
	if _, err := io.CopyN(io.Discard, slow[0], 1<<20); err != nil {
		t.Error(err)
	}
	_ = slow[0].Close()
	exec(t, conn, "select pg_terminate_backend(pid) from pg_stat_activity where query like '%generate_series%' and pid <> pg_backend_pid()")
	for deadline := time.Now().Add(10 * time.Second); ts.sessions.Sessions() > 1; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d sessions are left", ts.sessions.Sessions())
		}
	}
}

// TestClientGone: clients that vanish in the middle leave nothing behind.
func TestClientGone(t *testing.T) {
	ts := startServer(t)
	conn := ts.connect(t)
	numbers(t, conn, "50000")
	for _, first := range []string{
		"select * from numbers, generate_series(1, 10)\x00", "begin; update numbers set b = 'x'\x00", "copy numbers from stdin\x00",
		"copy (select * from numbers, generate_series(1, 10)) to stdout\x00", "create temp table tmp (a int); select * from numbers\x00",
	} {
		nc := ts.raw(t)
		if _, err := nc.Write(frameOf('Q', first)); err != nil {
			t.Fatal(err)
		}
		if _, _ = readMessage(t, nc); strings.HasPrefix(first, "copy numbers") {
			if _, err := nc.Write(frameOf('d', "900000\tx\n9000")); err != nil {
				t.Fatal(err)
			}
		}
		_ = nc.Close()
	}
	for deadline := time.Now().Add(10 * time.Second); ts.sessions.Sessions() > 1; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d sessions are left", ts.sessions.Sessions())
		}
	}
	var n int
	if err := conn.QueryRow(context.Background(), "select count(*) from numbers where b like 'xxx%'").Scan(&n); err != nil || n != 50000 {
		t.Errorf("%d rows, %v", n, err)
	}
	exec(t, conn, "update numbers set b = 'y' where a = 1")
}
