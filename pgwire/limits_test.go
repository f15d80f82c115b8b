package pgwire_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// connect opens a pgx connection that speaks the simple protocol for Exec.
func (ts *testServer) connect(t testing.TB, params ...string) *pgx.Conn {
	t.Helper()
	conn, err := ts.tryConnect(params...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func (ts *testServer) tryConnect(params ...string) (*pgx.Conn, error) {
	return pgx.Connect(context.Background(), "postgres://tidemark@"+ts.addr+"/tidemark?sslmode=disable&"+strings.Join(params, "&"))
}

// exec runs statements that must succeed.
func exec(t testing.TB, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.PgConn().Exec(context.Background(), sql).ReadAll(); err != nil {
		t.Fatalf("%.100s: %v", sql, err)
	}
}

// code runs statements and returns the SQLSTATE of their error, "" for none.
func code(conn *pgx.Conn, sql string) string {
	_, err := conn.PgConn().Exec(context.Background(), sql).ReadAll()
	return codeOf(err)
}

func codeOf(err error) string {
	var e *pgconn.PgError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Code
	}
	return err.Error()
}

// raw opens a connection and does the start-up exchange by hand.
func (ts *testServer) raw(t testing.TB) net.Conn {
	t.Helper()
	nc, err := net.Dial("tcp", ts.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	body := "\x00\x03\x00\x00user\x00tidemark\x00database\x00tidemark\x00\x00"
	if _, err := nc.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4)), body...)); err != nil {
		t.Fatal(err)
	}
	for {
		if kind, _ := readMessage(t, nc); kind == 'Z' {
			return nc
		}
	}
}

func readMessage(t testing.TB, nc net.Conn) (kind byte, body []byte) {
	t.Helper()
	_ = nc.SetReadDeadline(time.Now().Add(10 * time.Second))
	var head [5]byte
	if _, err := io.ReadFull(nc, head[:]); err != nil {
		t.Fatal(err)
	}
	body = make([]byte, binary.BigEndian.Uint32(head[1:])-4)
	if _, err := io.ReadFull(nc, body); err != nil {
		t.Fatal(err)
	}
	return head[0], body
}

func frameOf(kind byte, body string) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(body)+4)), body...)
}

// heap is the memory in use after a collection.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestMessageLengths: a length that cannot be is refused at once; one that may
// be costs memory only as its bytes arrive.
func TestMessageLengths(t *testing.T) {
	ts := startServer(t)
	for _, c := range []struct {
		name   string
		header string
	}{
		{"negative", "Q\xff\xff\xff\xff"},
		{"smaller than itself", "Q\x00\x00\x00\x03"},
		{"over the limit", "Q\x7f\xff\xff\xff"},
		{"long sync", "S\x00\x01\x00\x00"},
		{"unknown type", "\x01\x00\x00\x00\x04"},
		{"http", "GET / HTTP/1.1\r\n\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			nc := ts.raw(t)
			if _, err := io.WriteString(nc, c.header); err != nil {
				t.Fatal(err)
			}
			kind, body := readMessage(t, nc)
			if kind != 'E' || !strings.Contains(string(body), "SFATAL\x00") || !strings.Contains(string(body), "C08P01\x00") {
				t.Errorf("got %c %q", kind, body)
			}
			if n, err := nc.Read(make([]byte, 1)); err == nil {
				t.Errorf("the connection is open: %d bytes", n)
			}
		})
	}
	t.Run("claimed", func(t *testing.T) {
		before := heap()
		for range 20 {
			nc := ts.raw(t)
			if _, err := io.WriteString(nc, "Q\x3f\xff\xff\xffselect"); err != nil { // 1 GiB to come
				t.Fatal(err)
			}
		}
		time.Sleep(50 * time.Millisecond)
		if used := int64(heap()) - int64(before); used > 16<<20 {
			t.Errorf("20 claims of 1 GiB took %d bytes", used)
		}
	})
	t.Run("truncated", func(t *testing.T) {
		for _, part := range []string{"Q", "Q\x00\x00", "Q\x00\x00\x00\x10sel", "P\x00\x00\x00\x20s\x00sel"} {
			nc := ts.raw(t)
			if _, err := io.WriteString(nc, part); err != nil {
				t.Fatal(err)
			}
			_ = nc.Close()
		}
	})
	if code := code(ts.connect(t), "select 1"); code != "" {
		t.Error(code)
	}
}

// TestStartupGarbage: what comes before a session cannot hurt.
func TestStartupGarbage(t *testing.T) {
	ts := startServer(t, func(o *serverOptions) { o.pgwire.StartupTimeout = 300 * time.Millisecond })
	for _, text := range []string{
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x00\x00\x00\x00", "\x00\x00\x00\x04", "\xff\xff\xff\xff\x00\x03\x00\x00", "\x00\x00\x00\x08\x00\x03\x00\x00",
		"\x00\x00\x00\x09\x00\x03\x00\x00x", "\x00\x00\x00\x08\x04\xd2\x16\x2e", "\x00\x00\x00\x10\x04\xd2\x16\x2e\x00\x00\x00\x01\x00\x00\x00\x01",
		"\x00\x00\x00\x08\x04\xd2\x16\x2fextra", "\x00\x00", "", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "\x00\x00\x00\x12\x00\x03\x00\x00user\x00\xff\xfe\x00\x00\x00",
	} {
		nc, err := net.Dial("tcp", ts.addr)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(nc, text); err != nil {
			t.Fatal(err)
		}
		_ = nc.SetReadDeadline(time.Now().Add(5 * time.Second))
		answer, err := io.ReadAll(nc)
		if err != nil && !strings.Contains(err.Error(), "reset") {
			t.Errorf("%q: %q %v: the connection was not closed", text, answer, err)
		}
		if strings.Contains(string(answer), "XX000") {
			t.Errorf("%q: %q", text, answer)
		}
		_ = nc.Close()
	}
	// A client that asks for encryption first is answered N and may go on.
	nc, err := net.Dial("tcp", ts.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close() //nolint:errcheck // the test is over
	for _, request := range []string{"\x00\x00\x00\x08\x04\xd2\x16\x30", "\x00\x00\x00\x08\x04\xd2\x16\x2f"} {
		var b [1]byte
		if _, err := io.WriteString(nc, request); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(nc, b[:]); err != nil || b[0] != 'N' {
			t.Fatalf("%q %v", b, err)
		}
	}
	if code := code(ts.connect(t), "select 1"); code != "" {
		t.Error(code)
	}
}

// TestBigInput: statements far larger than any sane one.
func TestBigInput(t *testing.T) {
	ts := startServer(t)
	conn := ts.connect(t)
	ctx := context.Background()
	scalar := func(sql string, args ...any) (s string, err error) {
		err = conn.QueryRow(ctx, sql, append([]any{pgx.QueryExecModeSimpleProtocol}, args...)...).Scan(&s)
		return s, err
	}
	big := strings.Repeat("x", 10<<20)
	if s, err := scalar("select length('" + big + "')::text"); err != nil || s != fmt.Sprint(len(big)) {
		t.Errorf("10 MB literal: %q %v", s, err)
	}
	var n int
	if err := conn.QueryRow(ctx, "select length($1)", big).Scan(&n); err != nil || n != len(big) {
		t.Errorf("10 MB parameter: %d %v", n, err)
	}
	if s, err := scalar("select length((" + strings.Repeat("9", 100_000) + ")::text)::text"); err != nil || s != "100000" {
		t.Errorf("100,000 digits: %q %v", s, err)
	}
	if _, err := scalar("select (" + strings.Repeat("9", 200_000) + ")::text"); codeOf(err) != "22003" {
		t.Errorf("200,000 digits: %v", err)
	}
	if got := code(conn, "select "+strings.Repeat("1,", 9_999)+"1"); got != "54011" { // PostgreSQL's limit is 1664
		t.Errorf("10,000 columns: %q", got)
	}
	exec(t, conn, "select "+strings.Repeat("1,", 1_663)+"1")
	if got := code(conn, "select "+strings.Repeat("(", 5_000)+"1"+strings.Repeat(")", 5_000)); got != "" && got != "54001" {
		t.Errorf("5,000 parentheses: %q", got)
	}
	if got := code(conn, "select "+strings.Repeat("-", 0)+strings.Repeat("1+", 100_000)+"1"); got != "" && got != "54001" {
		t.Errorf("100,000 operators: %q", got)
	}
	if got := code(conn, "select "+strings.Repeat("(select ", 3_000)+"1"+strings.Repeat(")", 3_000)); got != "" && got != "54001" {
		t.Errorf("3,000 subqueries: %q", got)
	}
	if got := code(conn, "select 1 where 1 in ("+strings.Repeat("1,", 50_000)+"1)"); got != "" {
		t.Errorf("50,000 items in a list: %q", got)
	}
	columns := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "c%d int,", i)
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	if got := code(conn, "create table wide ("+columns(1_601)+")"); got != "54011" {
		t.Errorf("1,601 columns: %q", got)
	}
	exec(t, conn, "create table wide ("+columns(1_600)+")")
	exec(t, conn, "insert into wide (c0, c1599) values (1, 2)")
	if s, err := scalar("select c1599::text from wide"); err != nil || s != "2" {
		t.Errorf("1,600 columns: %q %v", s, err)
	}
	if got := code(conn, strings.Repeat("select 1;", 20_000)); got != "" {
		t.Errorf("20,000 statements: %q", got)
	}
	if got := code(conn, "select 1"); got != "" {
		t.Errorf("afterwards: %q", got)
	}
}
