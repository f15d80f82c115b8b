package pgwire_test

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/tidemarkdb/tidemark/internal/testserver"
)

// rawClient sends prepared messages and waits for ReadyForQuery, allocating
// nothing, so that a profile shows the server alone.
type rawClient struct {
	b    *testing.B
	conn net.Conn
	buf  []byte
}

func wireMessage(dst []byte, kind byte, body ...any) []byte {
	at := len(dst)
	dst = append(dst, kind, 0, 0, 0, 0)
	for _, v := range body {
		switch v := v.(type) {
		case string:
			dst = append(append(dst, v...), 0)
		case int16:
			dst = binary.BigEndian.AppendUint16(dst, uint16(v))
		case int32:
			dst = binary.BigEndian.AppendUint32(dst, uint32(v))
		case byte:
			dst = append(dst, v)
		case []byte:
			dst = append(binary.BigEndian.AppendUint32(dst, uint32(len(v))), v...)
		}
	}
	binary.BigEndian.PutUint32(dst[at+1:], uint32(len(dst)-at-1))
	return dst
}

// round sends messages and reads up to ReadyForQuery; it fails on an error.
func (c *rawClient) round(messages []byte) {
	if _, err := c.conn.Write(messages); err != nil {
		c.b.Fatal(err)
	}
	for have := 0; ; {
		n, err := c.conn.Read(c.buf[have:])
		if err != nil {
			c.b.Fatal(err)
		}
		have += n
		at := 0
		for have-at >= 5 {
			size := 1 + int(binary.BigEndian.Uint32(c.buf[at+1:]))
			if have-at < size {
				break
			}
			switch c.buf[at] {
			case 'E':
				c.b.Fatalf("%q", c.buf[at:at+size])
			case 'Z':
				return
			}
			at += size
		}
		have = copy(c.buf, c.buf[at:have])
	}
}

// startRaw connects to a server of its own.
func startRaw(b *testing.B) *rawClient {
	b.Helper()
	server, err := testserver.Start()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = server.Close() })
	u, err := url.Parse(server.URL)
	if err != nil {
		b.Fatal(err)
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	c := &rawClient{b: b, conn: conn, buf: make([]byte, 64<<10)}
	start := wireMessage(nil, 0, int32(196608), "user", "tidemark", "database", "tidemark", "")
	c.round(start[1:]) // it has no type byte
	return c
}

// BenchmarkPgbench runs pgbench's simple-update transaction over one connection,
// five rounds each.
func BenchmarkPgbench(b *testing.B) {
	c := startRaw(b)
	c.round(wireMessage(nil, 'Q', `CREATE TABLE pgbench_accounts (aid int PRIMARY KEY, bid int, abalance int, filler char(84));
		CREATE TABLE pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22));
		INSERT INTO pgbench_accounts SELECT g, 1, 0, '' FROM generate_series(1, 10000) g`))
	statements := []string{
		"BEGIN", "UPDATE pgbench_accounts SET abalance = abalance + $1 WHERE aid = $2",
		"SELECT abalance FROM pgbench_accounts WHERE aid = $1",
		"INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES ($1, $2, $3, $4, CURRENT_TIMESTAMP)", "END",
	}
	params := [][]byte{nil, []byte("17"), []byte("4711"), []byte("3"), []byte("5")}
	counts := []int{0, 2, 1, 4, 0}
	var rounds [][]byte
	for i, s := range statements {
		name := string(rune('a' + i))
		c.round(wireMessage(wireMessage(nil, 'P', name, s, int16(0)), 'S'))
		bind := []any{"", name, int16(0), int16(counts[i])}
		for k := range counts[i] {
			bind = append(bind, params[1+k])
		}
		rounds = append(rounds, wireMessage(wireMessage(wireMessage(wireMessage(nil, 'B', append(bind, int16(0))...), 'D', byte('P'), ""), 'E', "", int32(0)), 'S'))
	}
	b.Run("prepared", func(b *testing.B) { c.run(b, rounds) })
	rounds = nil
	for i, s := range statements {
		for k := range counts[i] {
			s = strings.Replace(s, fmt.Sprintf("$%d", k+1), string(params[1+k]), 1)
		}
		rounds = append(rounds, wireMessage(nil, 'Q', s))
	}
	b.Run("simple", func(b *testing.B) { c.run(b, rounds) })
}

// BenchmarkPoint inserts one point a transaction.
func BenchmarkPoint(b *testing.B) {
	c := startRaw(b)
	c.round(wireMessage(nil, 'Q', `CREATE TABLE points (ts timestamptz, host int, a float8, b float8, PRIMARY KEY (host, ts))
		USING timeseries WITH (time = 'ts', tags = 'host')`))
	c.round(wireMessage(wireMessage(nil, 'P', "p", "INSERT INTO points VALUES (now() + $1 * interval '1 second', $2, $3, $4)", int16(0)), 'S'))
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		c.round(wireMessage(wireMessage(wireMessage(nil, 'B', "", "p", int16(0), int16(4), []byte(strconv.Itoa(n)), []byte("3"), []byte("1.5"), []byte("2.5"), int16(0)),
			'E', "", int32(0)), 'S'))
	}
}

func (c *rawClient) run(b *testing.B, rounds [][]byte) {
	b.ReportAllocs()
	for b.Loop() {
		for _, r := range rounds {
			c.round(r)
		}
	}
}
