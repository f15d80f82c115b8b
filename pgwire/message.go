package pgwire

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"

	"github.com/jackc/pgproto3/v2"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// maxSmallMessage bounds the messages that carry no data, as PostgreSQL's
// PQ_SMALL_MESSAGE_LIMIT does.
const maxSmallMessage = 10000

// maxBody is the longest body a message of this kind may have; ok is false for
// kinds that no client sends.
func maxBody(kind byte) (n int, ok bool) {
	switch kind {
	case 'Q', 'P', 'B', 'F', 'd', 'p':
		return maxMessage, true
	case 'C', 'D', 'E', 'H', 'S', 'X', 'c', 'f':
		return maxSmallMessage, true
	}
	return 0, false
}

// frame reads the next message. It can be called again after a read deadline
// passed: nothing is lost. The body is valid until the next call.
func (c *conn) frame() (kind byte, body []byte, err error) {
	if c.kind == 0 {
		head, err := c.in.Next(5)
		if err != nil {
			return 0, nil, err
		}
		most, ok := maxBody(head[0])
		if !ok {
			return 0, nil, lost("invalid frontend message type %d", head[0])
		}
		n := int64(int32(binary.BigEndian.Uint32(head[1:]))) - 4
		if n < 0 || n > int64(most) {
			return 0, nil, lost("invalid message length")
		}
		c.kind, c.bodyLen = head[0], int(n)
	}
	body, err = c.in.Next(c.bodyLen)
	if err != nil {
		return 0, nil, err
	}
	kind, c.kind = c.kind, 0
	return kind, body, nil
}

// lost is an error after which the start of the next message is not known.
func lost(format string, args ...any) error {
	return pgerror.New(pgerror.ProtocolViolation, format, args...).WithSeverity(pgerror.SeverityFatal)
}

// fields takes a message body apart. The first error stays; what is read after
// it is zero.
type fields struct {
	rest []byte
	err  error
}

func (f *fields) fail(format string, args ...any) {
	if f.err == nil {
		f.err = pgerror.New(pgerror.ProtocolViolation, format, args...)
	}
	f.rest = nil
}

func (f *fields) string() string {
	i := bytes.IndexByte(f.rest, 0)
	if i < 0 {
		f.fail("invalid string in message")
		return ""
	}
	s := f.rest[:i]
	f.rest = f.rest[i+1:]
	return string(s)
}

// text is a string that must be UTF-8: names, which do not pass the parser.
func (f *fields) text() string {
	s := f.string()
	if f.err == nil && !utf8.ValidString(s) {
		f.err = pgerror.New(pgerror.CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\"")
	}
	return s
}

func (f *fields) bytes(n int) []byte {
	if n < 0 || n > len(f.rest) {
		f.fail("insufficient data left in message")
		return nil
	}
	b := f.rest[:n:n]
	f.rest = f.rest[n:]
	return b
}

func (f *fields) byte() byte {
	if b := f.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (f *fields) int16() int {
	if b := f.bytes(2); b != nil {
		return int(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (f *fields) int32() uint32 {
	if b := f.bytes(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (f *fields) formats(dst []int16) []int16 {
	n := f.int16()
	if 2*n > len(f.rest) {
		f.fail("insufficient data left in message")
		return nil
	}
	for range n {
		dst = append(dst, int16(f.int16()))
	}
	return dst
}

// end checks that nothing is left.
func (f *fields) end() error {
	if f.err == nil && len(f.rest) > 0 {
		f.fail("invalid message format")
	}
	return f.err
}

// messages are the messages of a connection, used again and again. A message
// is valid until the next one of its kind is decoded.
type messages struct {
	query    pgproto3.Query
	parse    pgproto3.Parse
	bind     pgproto3.Bind
	describe pgproto3.Describe
	execute  pgproto3.Execute
	close    pgproto3.Close
}

func (m *messages) decodeQuery(body []byte) error {
	f := fields{rest: body}
	m.query.String = f.string()
	return f.end()
}

func (m *messages) decodeParse(body []byte) error {
	f := fields{rest: body}
	p := &m.parse
	p.Name, p.Query, p.ParameterOIDs = f.text(), f.string(), p.ParameterOIDs[:0]
	n := f.int16()
	if 4*n > len(f.rest) {
		f.fail("insufficient data left in message")
		return f.err
	}
	for range n {
		p.ParameterOIDs = append(p.ParameterOIDs, f.int32())
	}
	return f.end()
}

func (m *messages) decodeBind(body []byte) error {
	f := fields{rest: body}
	b := &m.bind
	b.DestinationPortal, b.PreparedStatement = f.text(), f.text()
	b.ParameterFormatCodes = f.formats(b.ParameterFormatCodes[:0])
	b.Parameters = b.Parameters[:0]
	n := f.int16()
	if 4*n > len(f.rest) {
		f.fail("insufficient data left in message")
		return f.err
	}
	for range n {
		var v []byte
		if size := int32(f.int32()); size != -1 {
			v = f.bytes(int(size))
		}
		b.Parameters = append(b.Parameters, v)
	}
	b.ResultFormatCodes = f.formats(b.ResultFormatCodes[:0])
	return f.end()
}

func (m *messages) decodeDescribe(body []byte) error {
	f := fields{rest: body}
	m.describe.ObjectType, m.describe.Name = f.byte(), f.string()
	return f.end()
}

func (m *messages) decodeExecute(body []byte) error {
	f := fields{rest: body}
	m.execute.Portal, m.execute.MaxRows = f.string(), f.int32()
	return f.end()
}

func (m *messages) decodeClose(body []byte) error {
	f := fields{rest: body}
	m.close.ObjectType, m.close.Name = f.byte(), f.string()
	return f.end()
}

func decodeEmpty(body []byte) error {
	f := fields{rest: body}
	return f.end()
}
