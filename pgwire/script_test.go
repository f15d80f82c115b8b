package pgwire_test

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/cockroachdb/datadriven"
	"github.com/jackc/pgproto3/v2"
	"github.com/jackc/pgx/v5"
)

// oracle is the address of a PostgreSQL server. With it and -rewrite, the
// answers in testdata/*.wire are PostgreSQL's; without, they are ours.
var oracle = flag.String("oracle", os.Getenv("TIDEMARK_ORACLE"), "address of a PostgreSQL server to ask instead of ours")

// TestScripts plays the conversations of testdata. Files named ours_* say where
// Tidemark answers otherwise than PostgreSQL, and are not played to it.
//
// Commands: "run" sends the messages of the input, one a line, and prints the
// answers up to the last ReadyForQuery; "send" only sends; "recv" prints what
// was left unread; "blocked" checks that nothing comes; "connect" prints the
// start-up exchange; "cancel" sends a CancelRequest; "closed" checks that the
// server hung up. c=name chooses the connection.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.wire")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".wire")
		t.Run(name, func(t *testing.T) {
			s := &script{t: t, conns: map[string]*scriptConn{}, database: "tidemark", user: "tidemark"}
			switch {
			case *oracle == "":
				s.addr = startServer(t).addr
			case strings.HasPrefix(name, "ours_"):
				return
			default:
				s.addr, s.user = *oracle, "postgres"
				s.database = oracleDatabase(t, "tm_wire_"+name)
			}
			t.Cleanup(s.close)
			datadriven.RunTest(t, file, s.run)
		})
	}
}

func oracleDatabase(t *testing.T, name string) string {
	ctx := context.Background()
	admin, err := pgx.Connect(ctx, "postgres://postgres@"+*oracle+"/postgres")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = admin.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		_ = admin.Close(ctx)
	})
	for _, sql := range []string{"DROP DATABASE IF EXISTS " + name, "CREATE DATABASE " + name + " TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'", "ALTER DATABASE " + name + " SET TimeZone = 'UTC'"} {
		if _, err := admin.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	return name
}

type script struct {
	t              *testing.T
	addr           string
	database, user string
	conns          map[string]*scriptConn
	proto          uint32 // of the next connection, 0 means 3.0
}

type scriptConn struct {
	net     net.Conn
	front   *pgproto3.Frontend
	chunks  pgproto3.ChunkReader
	last    []byte // read last: a header or a body
	pending int    // ReadyForQuery messages still to come
	pid     uint32
	secret  uint32
}

func (s *script) close() {
	for _, c := range s.conns {
		_ = c.net.Close()
	}
}

func (s *script) conn(name string) *scriptConn {
	if c := s.conns[name]; c != nil {
		return c
	}
	s.connect(name, map[string]string{})
	return s.conns[name]
}

// connect opens a connection and returns what was said at the start.
func (s *script) connect(name string, params map[string]string) string {
	if old := s.conns[name]; old != nil {
		_ = old.net.Close()
	}
	nc, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	c := &scriptConn{net: nc, chunks: pgproto3.NewChunkReader(nc)}
	c.front = pgproto3.NewFrontend(c, nc)
	s.conns[name] = c
	all := map[string]string{"user": s.user, "database": s.database}
	for k, v := range params {
		all[k] = v
	}
	proto := uint32(pgproto3.ProtocolVersionNumber)
	if s.proto != 0 {
		proto, s.proto = s.proto, 0
	}
	if err := c.front.Send(&pgproto3.StartupMessage{ProtocolVersion: proto, Parameters: all}); err != nil {
		s.t.Fatal(err)
	}
	c.pending = 1
	return c.read(s.t)
}

func (s *script) run(t *testing.T, d *datadriven.TestData) string {
	s.t = t
	name := "a"
	if d.HasArg("c") {
		d.ScanArgs(t, "c", &name)
	}
	if d.Cmd == "connect" {
		params := map[string]string{}
		for _, line := range lines(d.Input) {
			k, v, _ := strings.Cut(line, "=")
			params[k] = v
		}
		if d.HasArg("proto") {
			d.ScanArgs(t, "proto", &s.proto)
		}
		return s.connect(name, params)
	}
	c := s.conn(name)
	switch d.Cmd {
	case "run", "send":
		var out []byte
		for _, line := range lines(d.Input) {
			b, ready, err := message(line)
			if err != nil {
				t.Fatalf("%s: %s: %v", d.Pos, line, err)
			}
			c.pending += ready
			out = append(out, b...)
		}
		if _, err := c.net.Write(out); err != nil {
			return "write: " + err.Error() + "\n"
		}
		if d.Cmd == "send" {
			return ""
		}
		return c.read(t)
	case "recv":
		return c.read(t)
	case "blocked":
		return c.blocked()
	case "cancel":
		nc, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close() //nolint:errcheck // nothing comes back
		request, err := (&pgproto3.CancelRequest{ProcessID: c.pid, SecretKey: c.secret}).Encode(nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := nc.Write(request); err != nil {
			t.Fatal(err)
		}
		_, _ = nc.Read(make([]byte, 1)) // the server hangs up when it is done
		return ""
	case "close":
		_ = c.net.Close()
		delete(s.conns, name)
		return ""
	}
	t.Fatalf("%s: unknown command %s", d.Pos, d.Cmd)
	return ""
}

func lines(s string) []string {
	var out []string
	for _, l := range strings.Split(s, "\n") {
		if strings.TrimSpace(l) != "" {
			out = append(out, l)
		}
	}
	return out
}

// blocked reports whether the server keeps silent for a while.
func (c *scriptConn) blocked() string {
	_ = c.net.SetReadDeadline(time.Now().Add(150 * time.Millisecond))
	defer c.net.SetReadDeadline(time.Time{}) //nolint:errcheck // shows at the next read
	var b [1]byte
	_, err := c.net.Read(b[:])
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return "blocked\n"
	}
	return fmt.Sprintf("not blocked: %q %v\n", b[0], err)
}

// read prints messages until no ReadyForQuery is awaited, a COPY begins or the
// connection ends.
func (c *scriptConn) read(t *testing.T) string {
	var out strings.Builder
	described := ""
	for c.pending > 0 {
		_ = c.net.SetReadDeadline(time.Now().Add(20 * time.Second))
		msg, err := c.front.Receive()
		if err != nil && strings.Contains(err.Error(), "unknown message type: v") {
			out.WriteString("NegotiateProtocolVersion " + c.negotiation() + "\n")
			continue
		}
		if err != nil {
			var ne net.Error
			if errors.As(err, &ne) && ne.Timeout() {
				t.Fatalf("no answer; so far:\n%s", out.String())
			}
			c.pending = 0
			out.WriteString("closed\n")
			break
		}
		switch m := msg.(type) {
		case *pgproto3.BackendKeyData:
			c.pid, c.secret = m.ProcessID, m.SecretKey
			continue
		case *pgproto3.AuthenticationOk:
			continue // PostgreSQL sends it before it looks at the parameters
		case *pgproto3.ReadyForQuery:
			c.pending--
		case *pgproto3.CopyInResponse:
			return out.String() + described + show(msg)
		case *pgproto3.RowDescription:
			described = show(msg)
			continue
		case *pgproto3.ErrorResponse:
			// Constants are folded when PostgreSQL plans, when Tidemark runs: their
			// errors come before the description or after it.
			described = ""
		}
		out.WriteString(described + show(msg))
		described = ""
	}
	return out.String()
}

// negotiation prints the one message that pgproto3 does not know.
func (c *scriptConn) negotiation() string {
	out := fmt.Sprintf("%d.%d", binary.BigEndian.Uint16(c.last), binary.BigEndian.Uint16(c.last[2:]))
	for _, name := range strings.Split(strings.TrimSuffix(string(c.last[8:]), "\x00"), "\x00") {
		out += " " + name
	}
	c.front = pgproto3.NewFrontend(c, c.net)
	return strings.TrimSpace(out)
}

// Next implements pgproto3.ChunkReader.
func (c *scriptConn) Next(n int) (b []byte, err error) {
	c.last, err = c.chunks.Next(n)
	return c.last, err
}

func quoted(s string) string {
	if s == "" || !utf8.ValidString(s) || strings.ContainsAny(s, " \n\t\"\\\x00") || s == "NULL" {
		return strconv.Quote(s)
	}
	for _, r := range s {
		if !strconv.IsPrint(r) {
			return strconv.Quote(s)
		}
	}
	return s
}

// show prints a message of the server in one line. What no client should
// depend on (source files, object numbers) is left out.
func show(msg pgproto3.BackendMessage) string {
	switch m := msg.(type) {
	case *pgproto3.RowDescription:
		out := "RowDescription"
		for _, f := range m.Fields {
			out += fmt.Sprintf(" %s:%d", quoted(string(f.Name)), f.DataTypeOID)
			if f.TypeModifier != -1 {
				out += fmt.Sprintf("(%d)", f.TypeModifier)
			}
			if f.TableAttributeNumber != 0 || f.TableOID != 0 {
				out += fmt.Sprintf("#%d", f.TableAttributeNumber)
			}
			if f.Format != 0 {
				out += "/b"
			}
		}
		return out + "\n"
	case *pgproto3.DataRow:
		out := "DataRow"
		for _, v := range m.Values {
			if v == nil {
				out += " NULL"
			} else {
				out += " " + quoted(string(v))
			}
		}
		return out + "\n"
	case *pgproto3.CommandComplete:
		return "CommandComplete " + string(m.CommandTag) + "\n"
	case *pgproto3.ReadyForQuery:
		return "ReadyForQuery " + string(m.TxStatus) + "\n"
	case *pgproto3.ErrorResponse:
		return "Error " + showError(m)
	case *pgproto3.NoticeResponse:
		return "Notice " + showError((*pgproto3.ErrorResponse)(m))
	case *pgproto3.ParameterStatus:
		if m.Name == "server_version" || m.Name == "session_authorization" {
			return "ParameterStatus " + m.Name + "\n"
		}
		return "ParameterStatus " + m.Name + "=" + m.Value + "\n"
	case *pgproto3.ParameterDescription:
		return fmt.Sprintf("ParameterDescription %v\n", m.ParameterOIDs)
	case *pgproto3.CopyInResponse:
		return fmt.Sprintf("CopyInResponse %d %v\n", m.OverallFormat, m.ColumnFormatCodes)
	case *pgproto3.CopyOutResponse:
		return fmt.Sprintf("CopyOutResponse %d %v\n", m.OverallFormat, m.ColumnFormatCodes)
	case *pgproto3.CopyData:
		return "CopyData " + strconv.Quote(string(m.Data)) + "\n"
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", msg), "*pgproto3.") + "\n"
}

func showError(m *pgproto3.ErrorResponse) string {
	out := fmt.Sprintf("%s %s %s", m.SeverityUnlocalized, m.Code, m.Message)
	field := func(name, v string) {
		if v != "" {
			out += "\n  " + name + ": " + strings.ReplaceAll(v, "\n", "\n    ")
		}
	}
	if m.Position != 0 {
		out += fmt.Sprintf(" @%d", m.Position)
	}
	field("detail", m.Detail)
	field("hint", m.Hint)
	if !strings.Contains(m.Where, "ing tuple (") {
		field("where", m.Where)
	}
	var names []string
	for k, v := range map[string]string{"schema": m.SchemaName, "table": m.TableName, "column": m.ColumnName, "type": m.DataTypeName, "constraint": m.ConstraintName} {
		if v != "" {
			names = append(names, k+"="+v)
		}
	}
	sort.Strings(names)
	field("names", strings.Join(names, " "))
	return out + "\n"
}

// message builds the bytes of a client's message from a line of a script, and
// says how many ReadyForQuery it earns.
func message(line string) (b []byte, ready int, err error) {
	kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	if kind == "Quiet" { // earns no ReadyForQuery
		b, _, err := message(rest)
		return b, 0, err
	}
	text := func(s string) string {
		if strings.HasPrefix(s, `"`) {
			if u, uerr := strconv.Unquote(s); uerr == nil {
				return u
			}
		}
		return s
	}
	name := func() string {
		var n string
		n, rest, _ = strings.Cut(rest, " ")
		return text(n)
	}
	number := func(prefix string) (list []int16) {
		w, after, _ := strings.Cut(rest, " ")
		v, ok := strings.CutPrefix(w, prefix)
		if !ok {
			return nil
		}
		rest = after
		for _, f := range strings.Split(v, ",") {
			n, nerr := strconv.Atoi(f)
			err = errors.Join(err, nerr)
			list = append(list, int16(n))
		}
		return list
	}
	var msg pgproto3.FrontendMessage
	switch kind {
	case "Query":
		msg, ready = &pgproto3.Query{String: text(rest)}, 1
	case "Parse":
		m := &pgproto3.Parse{Name: name()}
		for _, n := range number("oids=") {
			m.ParameterOIDs = append(m.ParameterOIDs, uint32(uint16(n)))
		}
		m.Query = text(rest)
		msg = m
	case "Bind":
		m := &pgproto3.Bind{DestinationPortal: name(), PreparedStatement: name()}
		m.ParameterFormatCodes, m.ResultFormatCodes = number("pf="), number("rf=")
		for rest != "" {
			w := ""
			if strings.HasPrefix(rest, `"`) {
				w, err = strconv.QuotedPrefix(rest)
				rest = strings.TrimPrefix(rest[len(w):], " ")
				w = text(w)
			} else {
				w, rest, _ = strings.Cut(rest, " ")
				if w == "NULL" {
					m.Parameters = append(m.Parameters, nil)
					continue
				}
				if h, ok := strings.CutPrefix(w, "x:"); ok {
					var raw []byte
					raw, err = hex.DecodeString(h)
					w = string(raw)
				}
			}
			m.Parameters = append(m.Parameters, []byte(w))
		}
		msg = m
	case "Describe":
		m := &pgproto3.Describe{ObjectType: rest[0]}
		_, rest, _ = strings.Cut(rest, " ")
		m.Name = text(rest)
		msg = m
	case "Close":
		m := &pgproto3.Close{ObjectType: rest[0]}
		_, rest, _ = strings.Cut(rest, " ")
		m.Name = text(rest)
		msg = m
	case "Execute":
		m := &pgproto3.Execute{Portal: name()}
		if rest != "" {
			n, nerr := strconv.Atoi(rest)
			m.MaxRows, err = uint32(n), nerr
		}
		msg = m
	case "Sync":
		msg, ready = &pgproto3.Sync{}, 1
	case "Flush":
		msg = &pgproto3.Flush{}
	case "CopyData":
		msg = &pgproto3.CopyData{Data: []byte(text(rest))}
	case "CopyDone":
		msg = &pgproto3.CopyDone{}
	case "CopyFail":
		msg = &pgproto3.CopyFail{Message: text(rest)}
	case "Terminate":
		msg = &pgproto3.Terminate{}
		ready = 1 // read to the end
	case "Raw": // Raw <type byte> <hex body>
		typ := rest[0]
		body, herr := hex.DecodeString(strings.TrimSpace(rest[1:]))
		b = binary.BigEndian.AppendUint32([]byte{typ}, uint32(len(body)+4))
		return append(b, body...), 1, herr
	case "Ready": // expect one more ReadyForQuery
		return nil, 1, nil
	default:
		return nil, 0, fmt.Errorf("unknown message %q", kind)
	}
	if err != nil {
		return nil, 0, err
	}
	b, err = msg.Encode(nil)
	return b, ready, err
}
