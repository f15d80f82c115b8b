package sessiontest

import (
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgproto3/v2"
)

// Oracle is a connection to a PostgreSQL server that answers in the form of
// Conn: to write golden files from the original.
type Oracle struct {
	t        testing.TB
	conn     net.Conn
	frontend *pgproto3.Frontend
	client   client
}

// DialOracle connects to a PostgreSQL server that asks for no password.
func DialOracle(t testing.TB, address, user, database string) *Oracle {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	o := &Oracle{t: t, conn: conn, frontend: pgproto3.NewFrontend(pgproto3.NewChunkReader(conn), conn)}
	err = o.frontend.Send(&pgproto3.StartupMessage{
		ProtocolVersion: pgproto3.ProtocolVersionNumber,
		Parameters:      map[string]string{"user": user, "database": database, "TimeZone": "UTC"},
	})
	if err != nil {
		t.Fatal(err)
	}
	o.untilReady()
	return o
}

// Close ends the connection.
func (o *Oracle) Close() {
	_ = o.frontend.Send(&pgproto3.Terminate{})
	_ = o.conn.Close()
}

// Exec executes each statement of sql by itself.
func (o *Oracle) Exec(sql string) string {
	var out strings.Builder
	for _, s := range Split(sql) {
		o.client.out.Reset()
		if err := o.frontend.Send(&pgproto3.Query{String: s}); err != nil {
			o.t.Fatal(err)
		}
		o.untilReady()
		out.WriteString(o.client.out.String())
	}
	return out.String()
}

func (o *Oracle) untilReady() {
	for {
		msg, err := o.frontend.Receive()
		if err != nil {
			o.t.Fatal(err)
		}
		switch m := msg.(type) {
		case *pgproto3.ReadyForQuery:
			return
		case *pgproto3.ErrorResponse:
			o.message(m)
		case *pgproto3.NoticeResponse:
			e := pgproto3.ErrorResponse(*m)
			o.message(&e)
		case *pgproto3.RowDescription:
			names := make([]string, len(m.Fields))
			for i := range m.Fields {
				names[i] = string(m.Fields[i].Name)
			}
			o.client.line(strings.Join(names, "|"))
		case *pgproto3.DataRow:
			fields := make([]string, len(m.Values))
			for i, v := range m.Values {
				fields[i] = "NULL"
				if v != nil {
					fields[i] = string(v)
				}
			}
			o.client.line(strings.Join(fields, "|"))
		case *pgproto3.CommandComplete:
			o.client.line(string(m.CommandTag))
		case *pgproto3.CopyInResponse:
			_ = o.frontend.Send(&pgproto3.CopyFail{Message: "no data"})
		}
	}
}

func (o *Oracle) message(m *pgproto3.ErrorResponse) {
	e := message{severity: m.Severity, code: m.Code, text: m.Message, detail: m.Detail, hint: m.Hint, position: int(m.Position)}
	e.write(&o.client)
}
