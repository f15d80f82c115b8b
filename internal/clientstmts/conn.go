package clientstmts

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// Server says where a server listens and how to log in (no password).
type Server struct {
	Addr, User, Database string
	// Parameters are more start-up parameters.
	Parameters map[string]string
}

// Result is one command's answer.
type Result struct {
	Columns []pgproto3.FieldDescription
	Rows    [][]*string
	Tag     string
}

// Answer is everything a server said to a block, until it was ready again.
type Answer struct {
	Results []Result
	// Code and Message are the error's, empty without one.
	Code, Message string
	// Status is the transaction's: I, T or E.
	Status byte
}

// Conn is one connection.
type Conn struct {
	server   Server
	nc       net.Conn
	fe       *pgproto3.Frontend
	pid      uint32
	secret   []byte
	prepared int
}

// patience is how long a statement may run before it is cancelled.
const patience = 3 * time.Second

// Dial connects and waits until the server is ready.
func Dial(s Server) (*Conn, error) {
	nc, err := net.DialTimeout("tcp", s.Addr, 5*time.Second)
	if err != nil {
		return nil, err
	}
	c := &Conn{server: s, nc: nc, fe: pgproto3.NewFrontend(nc, nc)}
	params := map[string]string{"user": s.User, "database": s.Database}
	for k, v := range s.Parameters {
		params[k] = v
	}
	c.fe.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: params})
	if err := c.fe.Flush(); err != nil {
		return nil, err
	}
	a, err := c.answer()
	if err == nil && a.Code != "" {
		err = fmt.Errorf("%s: %s", a.Code, a.Message)
	}
	if err != nil {
		_ = nc.Close()
		return nil, err
	}
	return c, nil
}

// Close says goodbye.
func (c *Conn) Close() {
	c.fe.Send(&pgproto3.Terminate{})
	_ = c.fe.Flush()
	_ = c.nc.Close()
}

// Simple runs the text as one Query message.
func (c *Conn) Simple(sql string) (*Answer, error) {
	c.fe.Send(&pgproto3.Query{String: sql})
	return c.run()
}

// Extended runs the block with Parse, Describe, Bind and Execute.
func (c *Conn) Extended(b *Block, sql string) (*Answer, error) {
	name := ""
	if strings.Contains(b.Path, "statement named") {
		c.prepared++
		name = fmt.Sprintf("st%d", c.prepared)
	}
	binds, err := c.evaluate(b.Binds)
	if err != nil {
		return nil, err
	}
	c.fe.Send(&pgproto3.Parse{Name: name, Query: sql, ParameterOIDs: b.ParamOIDs})
	c.fe.Send(&pgproto3.Describe{ObjectType: 'S', Name: name})
	c.fe.Send(&pgproto3.Sync{})
	var types []uint32
	a, err := c.runWith(func(p *pgproto3.ParameterDescription) { types = append([]uint32(nil), p.ParameterOIDs...) })
	if err != nil || a.Code != "" || strings.Contains(b.Path, "never executed") || len(b.Binds) != len(types) {
		return a, err
	}
	bind := &pgproto3.Bind{PreparedStatement: name}
	for i, v := range binds {
		value, format, err := encode(v, types[i])
		if err != nil {
			return nil, err
		}
		bind.Parameters = append(bind.Parameters, value)
		bind.ParameterFormatCodes = append(bind.ParameterFormatCodes, format)
	}
	if strings.Contains(b.Path, "results binary") {
		bind.ResultFormatCodes = []int16{1}
	}
	c.fe.Send(bind)
	c.fe.Send(&pgproto3.Describe{ObjectType: 'P'})
	limit := uint32(0)
	if _, n, ok := strings.Cut(b.Path, "max rows "); ok {
		_, _ = fmt.Sscanf(n, "%d", &limit)
	}
	c.fe.Send(&pgproto3.Execute{MaxRows: limit})
	c.fe.Send(&pgproto3.Sync{})
	return c.run()
}

func (c *Conn) run() (*Answer, error) { return c.runWith(nil) }

// runWith flushes, cancels what runs too long, and reads the answer.
func (c *Conn) runWith(params func(*pgproto3.ParameterDescription)) (*Answer, error) {
	if err := c.fe.Flush(); err != nil {
		return nil, err
	}
	if err := c.nc.SetReadDeadline(time.Time{}); err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	cancelled := context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			c.cancel()
			_ = c.nc.SetReadDeadline(time.Now().Add(5 * time.Second))
		}
	})
	defer cancelled()
	return c.answerWith(params)
}

// cancel asks the server, on a connection of its own, to stop the statement.
func (c *Conn) cancel() {
	nc, err := net.DialTimeout("tcp", c.server.Addr, time.Second)
	if err != nil {
		return
	}
	defer nc.Close() //nolint:errcheck // best effort
	msg, err := (&pgproto3.CancelRequest{ProcessID: c.pid, SecretKey: c.secret}).Encode(nil)
	if err == nil {
		_, _ = nc.Write(msg)
	}
}

func (c *Conn) answer() (*Answer, error) { return c.answerWith(nil) }

// answerWith reads messages until ReadyForQuery.
func (c *Conn) answerWith(params func(*pgproto3.ParameterDescription)) (*Answer, error) {
	a := &Answer{}
	var cur Result
	for {
		msg, err := c.fe.Receive()
		if err != nil {
			return nil, err
		}
		switch m := msg.(type) {
		case *pgproto3.BackendKeyData:
			c.pid, c.secret = m.ProcessID, append([]byte(nil), m.SecretKey...)
		case *pgproto3.ParameterDescription:
			if params != nil {
				params(m)
			}
		case *pgproto3.RowDescription:
			cur.Columns = copyFields(m.Fields)
		case *pgproto3.DataRow:
			cur.Rows = append(cur.Rows, copyRow(m.Values))
		case *pgproto3.CommandComplete:
			cur.Tag = string(m.CommandTag)
			a.Results, cur = append(a.Results, cur), Result{}
		case *pgproto3.EmptyQueryResponse, *pgproto3.PortalSuspended:
			cur.Tag = fmt.Sprintf("%T", m)
			a.Results, cur = append(a.Results, cur), Result{}
		case *pgproto3.CopyData:
			if len(cur.Rows) == 0 { // how the stream is cut does not count
				cur.Rows = [][]*string{{new(string)}}
			}
			*cur.Rows[0][0] += string(m.Data)
		case *pgproto3.CopyInResponse:
			c.fe.Send(&pgproto3.CopyDone{})
			if err := c.fe.Flush(); err != nil {
				return nil, err
			}
		case *pgproto3.ErrorResponse:
			a.Code, a.Message = m.Code, m.Message
			cur = Result{}
			if m.Severity == "FATAL" {
				return a, nil
			}
		case *pgproto3.ReadyForQuery:
			a.Status = m.TxStatus
			if cur.Columns != nil { // described, not executed
				a.Results = append(a.Results, cur)
			}
			return a, nil
		}
	}
}

func copyFields(fields []pgproto3.FieldDescription) []pgproto3.FieldDescription {
	out := make([]pgproto3.FieldDescription, len(fields))
	for i, f := range fields {
		out[i] = f
		out[i].Name = append([]byte(nil), f.Name...)
	}
	return out
}

func copyRow(values [][]byte) []*string {
	out := make([]*string, len(values))
	for i, v := range values {
		if v != nil {
			s := string(v)
			out[i] = &s
		}
	}
	return out
}
