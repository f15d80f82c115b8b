package pgwire

import (
	"context"
	"errors"
	"net"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/jackc/pgproto3/v2"

	"github.com/tidemarkdb/tidemark/session"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// conn is one client's connection. It belongs to one goroutine; only unblock
// is called from others.
type conn struct {
	server *Server
	net    net.Conn
	in     *chunkReader
	// kind and bodyLen are of the message whose body is being read; kind 0: none.
	kind     byte
	bodyLen  int
	messages messages
	out      writer
	columns  []types.FieldColumn // of the batch that is sent
	session  *session.Session
	// lost: the client sent what has no meaning here; nothing can be read any more.
	lost bool
	// changed are settings to report with the next ReadyForQuery, told the values
	// the client knows.
	changed []setting
	told    map[string]string
	// skipping: after an error in the extended protocol, messages are ignored until Sync.
	skipping bool
	ended    atomic.Bool
}

// serveConn speaks with one client until it goes.
func (s *Server) serveConn(ctx context.Context, nc net.Conn) {
	defer nc.Close() //nolint:errcheck // the peer may have closed it
	c := &conn{server: s, net: nc, in: newChunkReader(nc), out: writer{w: nc}}
	defer func() {
		if p := recover(); p != nil {
			s.config.Logger.Error("panic in connection", "remote", nc.RemoteAddr(), "panic", p, "stack", string(debug.Stack()))
		}
	}()
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
	// Who does not read hears nothing, but holds nothing up either.
	_ = c.net.SetWriteDeadline(time.Now().Add(lastWords))
}

// lastWords is how long a client may take to read why its connection ends.
const lastWords = time.Second

// fatal tells the client why the connection ends, if there is something to tell.
func (c *conn) fatal(err error) {
	var e *pgerror.Error
	if !errors.As(err, &e) {
		return
	}
	if e.Severity == "" {
		e = e.WithSeverity(pgerror.SeverityFatal)
	}
	_ = c.net.SetWriteDeadline(time.Now().Add(lastWords))
	_ = c.out.errorResponse(e)
	_ = c.out.flush()
}

// errTerminate is the client's good-bye.
var errTerminate = errors.New("terminate")

// loop reads and answers messages until the connection ends.
func (c *conn) loop() error {
	for {
		kind, body, err := c.receive()
		if err != nil {
			return err
		}
		if err := c.handle(kind, body); err != nil {
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

// receive waits for the next message.
func (c *conn) receive() (kind byte, body []byte, err error) {
	timeout, timeoutErr := c.session.IdleTimeout()
	armed := timeout > 0 && !c.in.buffered()
	if armed {
		_ = c.net.SetReadDeadline(time.Now().Add(timeout))
	}
	if !c.ended.Load() { // else unblock's deadline may have been overwritten just now
		kind, body, err = c.frame()
	}
	if armed {
		_ = c.net.SetReadDeadline(time.Time{}) // a dead connection shows at the next read
	}
	switch {
	case c.ended.Load():
		return 0, nil, c.session.Draining()
	case err == nil:
		return kind, body, nil
	case armed && errors.Is(err, os.ErrDeadlineExceeded):
		return 0, nil, timeoutErr
	}
	return 0, nil, err
}

// handle answers one message. Only errors that end the connection are returned.
func (c *conn) handle(kind byte, body []byte) error {
	switch kind {
	case 'Q':
		c.skipping = false
		err := c.messages.decodeQuery(body)
		if err == nil {
			err = c.session.Query(c.messages.query.String)
		} else {
			err = c.session.Fail(err)
		}
		return c.report(err, true)
	case 'X':
		return errTerminate
	case 'S':
		c.skipping = false
		err := c.session.Sync()
		if err == nil {
			err = decodeEmpty(body)
		}
		return c.report(err, true)
	}
	if c.skipping {
		return nil
	}
	err := c.handleExtended(kind, body)
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
		if c.lost {
			return lost("terminating connection because protocol synchronization was lost")
		}
	}
	if ready {
		return c.readyForQuery()
	}
	return nil
}

func (c *conn) handleExtended(kind byte, body []byte) error {
	m := &c.messages
	switch kind {
	case 'P':
		if err := m.decodeParse(body); err != nil {
			return c.session.Fail(err)
		}
		if err := c.session.Parse(m.parse.Name, m.parse.Query, m.parse.ParameterOIDs); err != nil {
			return err
		}
		return c.out.empty('1')
	case 'B':
		if err := m.decodeBind(body); err != nil {
			return c.session.Fail(err)
		}
		b := &m.bind
		if err := c.session.Bind(b.DestinationPortal, b.PreparedStatement, b.ParameterFormatCodes, b.Parameters, b.ResultFormatCodes); err != nil {
			return err
		}
		return c.out.empty('2')
	case 'D':
		if err := m.decodeDescribe(body); err != nil {
			return c.session.Fail(err)
		}
		return c.describe(&m.describe)
	case 'E':
		if err := m.decodeExecute(body); err != nil {
			return c.session.Fail(err)
		}
		// A negative limit means none.
		return c.session.Execute(m.execute.Portal, max(0, int64(int32(m.execute.MaxRows))))
	case 'C':
		if err := m.decodeClose(body); err != nil {
			return c.session.Fail(err)
		}
		return c.closeObject(&m.close)
	case 'H':
		if err := decodeEmpty(body); err != nil {
			return c.session.Fail(err)
		}
		return c.out.flush()
	case 'd', 'c', 'f':
		return nil // the rest of a COPY that failed
	case 'F':
		return c.session.Fail(pgerror.Unsupported("the function call protocol message"))
	}
	return lost("invalid frontend message type %d", kind)
}

func (c *conn) closeObject(m *pgproto3.Close) error {
	switch m.ObjectType {
	case 'S':
		c.session.CloseStatement(m.Name)
	case 'P':
		c.session.ClosePortal(m.Name)
	default:
		return c.session.Fail(pgerror.New(pgerror.ProtocolViolation, "invalid CLOSE message subtype %d", m.ObjectType))
	}
	return c.out.empty('3')
}

func (c *conn) describe(m *pgproto3.Describe) error {
	switch m.ObjectType {
	case 'S':
		params, cols, err := c.session.DescribeStatement(m.Name)
		if err != nil && params == nil {
			return err
		}
		c.out.begin('t')
		c.out.int16(int16(len(params)))
		for _, p := range params {
			c.out.int32(int32(p.OID))
		}
		if outErr := c.out.end(); outErr != nil || err != nil {
			return errors.Join(outErr, err)
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
	return c.session.Fail(pgerror.New(pgerror.ProtocolViolation, "invalid DESCRIBE message subtype %d", m.ObjectType))
}
