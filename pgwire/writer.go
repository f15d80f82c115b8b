package pgwire

import (
	"encoding/binary"
	"io"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// flushAt is how many bytes of output are gathered before they are written.
const flushAt = 32 << 10

// writer builds backend messages in one buffer. A message is a type byte, a
// length word (which counts itself) and the body (PostgreSQL section 55.7).
type writer struct {
	w   io.Writer
	buf []byte
	at  int // start of the message under construction
	err error
}

func (w *writer) begin(kind byte) {
	w.at = len(w.buf)
	w.buf = append(w.buf, kind, 0, 0, 0, 0)
}

// end completes the message, and writes the buffer out when it is large.
func (w *writer) end() error {
	binary.BigEndian.PutUint32(w.buf[w.at+1:], uint32(len(w.buf)-w.at-1))
	if len(w.buf) >= flushAt {
		return w.flush()
	}
	return w.err
}

func (w *writer) flush() error {
	if len(w.buf) > 0 && w.err == nil {
		if _, err := w.w.Write(w.buf); err != nil {
			w.err = pgerror.Wrap(err, pgerror.ConnectionFailure, "could not send data to client")
		}
	}
	if cap(w.buf) > 16*flushAt {
		w.buf = nil // one huge row has passed
	}
	w.buf = w.buf[:0]
	return w.err
}

func (w *writer) int16(n int16)  { w.buf = binary.BigEndian.AppendUint16(w.buf, uint16(n)) }
func (w *writer) int32(n int32)  { w.buf = binary.BigEndian.AppendUint32(w.buf, uint32(n)) }
func (w *writer) byte(b byte)    { w.buf = append(w.buf, b) }
func (w *writer) bytes(b []byte) { w.buf = append(w.buf, b...) }
func (w *writer) cstring(s string) {
	w.buf = append(w.buf, s...)
	w.buf = append(w.buf, 0)
}

// empty sends a message without a body.
func (w *writer) empty(kind byte) error {
	w.begin(kind)
	return w.end()
}

// errorResponse sends an error or a notice (PostgreSQL section 55.8).
func (w *writer) errorResponse(e *pgerror.Error) error {
	severity := e.Severity
	if severity == "" {
		severity = pgerror.SeverityError
	}
	kind := byte('E')
	switch severity {
	case pgerror.SeverityWarning, pgerror.SeverityNotice, pgerror.SeverityInfo, pgerror.SeverityLog, pgerror.SeverityDebug:
		kind = 'N'
	}
	w.begin(kind)
	w.field('S', string(severity))
	w.field('V', string(severity))
	w.field('C', string(e.Code))
	w.field('M', e.Message)
	w.field('D', e.Detail)
	w.field('H', e.Hint)
	if e.Position > 0 {
		w.field('P', itoa(e.Position))
	}
	if e.InternalPosition > 0 {
		w.field('p', itoa(e.InternalPosition))
	}
	w.field('q', e.InternalQuery)
	w.field('W', e.Where)
	w.field('s', e.Schema)
	w.field('t', e.Table)
	w.field('c', e.Column)
	w.field('d', e.DataType)
	w.field('n', e.Constraint)
	w.byte(0)
	return w.end()
}

func (w *writer) field(code byte, value string) {
	if value == "" {
		return
	}
	w.byte(code)
	w.cstring(value)
}
