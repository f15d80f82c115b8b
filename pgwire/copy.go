package pgwire

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// CopyIn implements session.Client.
func (c *conn) CopyIn(ctx context.Context, binary bool, columns int) (io.ReadCloser, error) {
	c.copyStart('G', binary, columns)
	if err := c.out.end(); err != nil {
		return nil, err
	}
	if err := c.out.flush(); err != nil {
		return nil, err
	}
	r := &copyReader{conn: c, ctx: ctx, stopped: make(chan struct{})}
	// A cancelled statement does not wait for the client's next piece.
	r.stop = context.AfterFunc(ctx, func() {
		defer close(r.stopped)
		_ = c.net.SetReadDeadline(time.Unix(1, 0))
	})
	return r, nil
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
	err  error

	stop    func() bool
	stopped chan struct{} // is closed when reads fail because ctx was cancelled
}

// Close implements io.Closer: the COPY is over, well or not. It is called once.
func (r *copyReader) Close() error {
	if r.stop() {
		return nil
	}
	<-r.stopped
	if r.conn.ended.Load() {
		return nil
	}
	return r.conn.net.SetReadDeadline(time.Time{})
}

// Read implements io.Reader.
func (r *copyReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.err == nil {
			r.err = r.next()
		}
		if r.err != nil {
			return 0, r.err
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
	kind, body, err := r.conn.frame()
	if err != nil {
		return r.readError(err)
	}
	switch kind {
	case 'd':
		r.rest = body
	case 'c':
		return io.EOF
	case 'f':
		f := fields{rest: body}
		message := f.string()
		if err := f.end(); err != nil {
			return err
		}
		return pgerror.New(pgerror.QueryCanceled, "COPY from stdin failed: %s", message)
	case 'H', 'S':
		// Allowed and ignored during COPY.
	default:
		r.conn.lost = true
		return pgerror.New(pgerror.ProtocolViolation, "unexpected message type 0x%02X during COPY from stdin", kind)
	}
	return nil
}

// readError tells a cancelled statement from a client that has gone.
func (r *copyReader) readError(err error) error {
	if cause := context.Cause(r.ctx); cause != nil && errors.Is(err, os.ErrDeadlineExceeded) {
		return cause
	}
	var e *pgerror.Error
	if errors.As(err, &e) {
		return e // a message that cannot be one
	}
	return pgerror.Wrap(err, pgerror.ConnectionFailure, "unexpected EOF on client connection with an open transaction").
		WithSeverity(pgerror.SeverityFatal)
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
