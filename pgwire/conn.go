package pgwire

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/jackc/pgproto3/v2"

	"github.com/tidemarkdb/tidemark/session"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// conn is one client's connection. It belongs to one goroutine; only unblock
// is called from others.
type conn struct {
	server  *Server
	net     net.Conn
	in      *chunkReader
	backend *pgproto3.Backend
	out     writer
	session *session.Session
	// starting: settings change before the client may be told.
	starting bool
	// skipping: after an error in the extended protocol, messages are ignored until Sync.
	skipping bool
	ended    atomic.Bool
}

// serveConn speaks with one client until it goes.
func (s *Server) serveConn(ctx context.Context, nc net.Conn) {
	defer nc.Close() //nolint:errcheck // the peer may have closed it
	c := &conn{server: s, net: nc, in: newChunkReader(nc), out: writer{w: nc}}
	c.backend = pgproto3.NewBackend(c.in, nc)
	err := c.startup(ctx)
	if c.session != nil {
		defer c.session.Close()
	}
	if err != nil {
		c.fatal(err)
		return
	}
	if err := c.loop(); err != nil {
		c.fatal(err)
	}
}

// unblock makes a waiting read return, so that the connection's goroutine sees
// that the server drains.
func (c *conn) unblock() {
	c.ended.Store(true)
	_ = c.net.SetReadDeadline(time.Unix(1, 0))
}

// fatal tells the client why the connection ends, if there is something to tell.
func (c *conn) fatal(err error) {
	var e *pgerror.Error
	if !errors.As(err, &e) {
		return
	}
	if e.Severity == "" {
		e = e.WithSeverity(pgerror.SeverityFatal)
	}
	_ = c.net.SetWriteDeadline(time.Now().Add(time.Second))
	_ = c.out.errorResponse(e)
	_ = c.out.flush()
}

// errTerminate is the client's good-bye.
var errTerminate = errors.New("terminate")

// loop reads and answers messages until the connection ends.
func (c *conn) loop() error {
	for {
		msg, err := c.receive()
		if err != nil {
			return err
		}
		if err := c.handle(msg); err != nil {
			if errors.Is(err, errTerminate) {
				return nil
			}
			return err
		}
		if err := c.session.Draining(); err != nil && c.session.Status() == 'I' {
			return err
		}
	}
}

// receive waits for the next message. What was gathered for the client is
// written first if reading would block and the client cannot be waiting for a Sync.
func (c *conn) receive() (pgproto3.FrontendMessage, error) {
	timeout, timeoutErr := c.session.IdleTimeout()
	if timeout > 0 && !c.in.buffered() {
		_ = c.net.SetReadDeadline(time.Now().Add(timeout))
		defer c.net.SetReadDeadline(time.Time{}) //nolint:errcheck // a dead connection shows at the next read
	}
	msg, err := c.backend.Receive()
	if err == nil {
		return msg, nil
	}
	if c.ended.Load() {
		return nil, c.session.Draining()
	}
	if timeout > 0 && errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, timeoutErr
	}
	return nil, protocolError(err)
}

// protocolError gives a broken message its SQLSTATE; the end of the connection has none.
func protocolError(err error) error {
	var netErr net.Error
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &netErr), errors.Is(err, net.ErrClosed):
		return err
	case errors.Is(err, errTooLong):
		return pgerror.New(pgerror.ProtocolViolation, "invalid message length").WithSeverity(pgerror.SeverityFatal)
	}
	return pgerror.New(pgerror.ProtocolViolation, "invalid frontend message: %s", err.Error()).WithSeverity(pgerror.SeverityFatal)
}

// handle answers one message. Only errors that end the connection are returned.
func (c *conn) handle(msg pgproto3.FrontendMessage) error {
	if q, ok := msg.(*pgproto3.Query); ok {
		c.skipping = false
		return c.report(c.session.Query(q.String), true)
	}
	if _, ok := msg.(*pgproto3.Terminate); ok {
		return errTerminate
	}
	if _, ok := msg.(*pgproto3.Sync); ok {
		c.skipping = false
		return c.report(c.session.Sync(), true)
	}
	if c.skipping {
		return nil
	}
	err := c.handleExtended(msg)
	if err != nil {
		c.skipping = true
	}
	return c.report(err, false)
}

// report sends a statement's error, if any, and ReadyForQuery if the round ends.
func (c *conn) report(err error, ready bool) error {
	if c.out.err != nil {
		return c.out.err
	}
	if err != nil {
		e := pgerror.From(err)
		if err := c.out.errorResponse(e); err != nil {
			return err
		}
		if e.Severity == pgerror.SeverityFatal {
			_ = c.out.flush()
			return errTerminate
		}
	}
	if ready {
		return c.readyForQuery()
	}
	return nil
}

func (c *conn) handleExtended(msg pgproto3.FrontendMessage) error {
	switch m := msg.(type) {
	case *pgproto3.Parse:
		if err := c.session.Parse(m.Name, m.Query, m.ParameterOIDs); err != nil {
			return err
		}
		return c.out.empty('1')
	case *pgproto3.Bind:
		if err := c.session.Bind(m.DestinationPortal, m.PreparedStatement, m.ParameterFormatCodes, m.Parameters, m.ResultFormatCodes); err != nil {
			return err
		}
		return c.out.empty('2')
	case *pgproto3.Describe:
		return c.describe(m)
	case *pgproto3.Execute:
		return c.session.Execute(m.Portal, int64(int32(m.MaxRows)))
	case *pgproto3.Close:
		if m.ObjectType == 'S' {
			c.session.CloseStatement(m.Name)
		} else {
			c.session.ClosePortal(m.Name)
		}
		return c.out.empty('3')
	case *pgproto3.Flush:
		return c.out.flush()
	case *pgproto3.CopyData, *pgproto3.CopyDone, *pgproto3.CopyFail:
		return nil // the rest of a COPY that failed
	case *pgproto3.FunctionCall:
		return pgerror.Unsupported("the function call protocol message")
	}
	return pgerror.New(pgerror.ProtocolViolation, "unexpected message %T", msg).WithSeverity(pgerror.SeverityFatal)
}

func (c *conn) describe(m *pgproto3.Describe) error {
	switch m.ObjectType {
	case 'S':
		params, cols, err := c.session.DescribeStatement(m.Name)
		if err != nil {
			return err
		}
		c.out.begin('t')
		c.out.int16(int16(len(params)))
		for _, p := range params {
			c.out.int32(int32(p.OID))
		}
		if err := c.out.end(); err != nil {
			return err
		}
		if cols == nil {
			return c.out.empty('n')
		}
		return c.RowDescription(cols, make([]int16, len(cols)))
	case 'P':
		cols, formats, err := c.session.DescribePortal(m.Name)
		if err != nil {
			return err
		}
		if cols == nil {
			return c.out.empty('n')
		}
		return c.RowDescription(cols, formats)
	}
	return pgerror.New(pgerror.ProtocolViolation, "invalid DESCRIBE message subtype %d", m.ObjectType)
}
