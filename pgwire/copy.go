package pgwire

import (
	"context"
	"io"

	"github.com/jackc/pgproto3/v2"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// CopyIn implements session.Client.
func (c *conn) CopyIn(ctx context.Context, binary bool, columns int) (io.Reader, error) {
	c.copyStart('G', binary, columns)
	if err := c.out.end(); err != nil {
		return nil, err
	}
	if err := c.out.flush(); err != nil {
		return nil, err
	}
	return &copyReader{conn: c, ctx: ctx}, nil
}

func (c *conn) copyStart(kind byte, binary bool, columns int) {
	format := byte(0)
	if binary {
		format = 1
	}
	c.out.begin(kind)
	c.out.byte(format)
	c.out.int16(int16(columns))
	for range columns {
		c.out.int16(int16(format))
	}
}

// copyReader is the stream of the CopyData messages of one COPY.
type copyReader struct {
	conn *conn
	ctx  context.Context
	rest []byte // of the last message, valid until the next one is read
	done bool
}

// Read implements io.Reader.
func (r *copyReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.done {
			return 0, io.EOF
		}
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *copyReader) next() error {
	if err := context.Cause(r.ctx); err != nil {
		return err
	}
	msg, err := r.conn.backend.Receive()
	if err != nil {
		return protocolError(err)
	}
	switch m := msg.(type) {
	case *pgproto3.CopyData:
		r.rest = m.Data
	case *pgproto3.CopyDone:
		r.done = true
	case *pgproto3.CopyFail:
		r.done = true
		return pgerror.New(pgerror.QueryCanceled, "COPY from stdin failed: %s", m.Message)
	case *pgproto3.Flush, *pgproto3.Sync:
		// Allowed and ignored during COPY.
	default:
		return pgerror.New(pgerror.ProtocolViolation, "unexpected message type 0x%02X during COPY from stdin", kindOf(msg))
	}
	return nil
}

func kindOf(msg pgproto3.FrontendMessage) byte {
	switch msg.(type) {
	case *pgproto3.Query:
		return 'Q'
	case *pgproto3.Parse:
		return 'P'
	case *pgproto3.Bind:
		return 'B'
	case *pgproto3.Execute:
		return 'E'
	case *pgproto3.Terminate:
		return 'X'
	}
	return '?'
}

// CopyOut implements session.Client.
func (c *conn) CopyOut(binary bool, columns int) (io.WriteCloser, error) {
	c.copyStart('H', binary, columns)
	if err := c.out.end(); err != nil {
		return nil, err
	}
	return copyWriter{c}, nil
}

// copyWriter turns each Write into one CopyData message.
type copyWriter struct{ conn *conn }

// Write implements io.Writer.
func (w copyWriter) Write(p []byte) (int, error) {
	w.conn.out.begin('d')
	w.conn.out.bytes(p)
	return len(p), w.conn.out.end()
}

// Close implements io.Closer: CopyDone.
func (w copyWriter) Close() error { return w.conn.out.empty('c') }
