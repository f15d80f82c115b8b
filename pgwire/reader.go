package pgwire

import (
	"errors"
	"io"
)

// maxMessage is the largest message body accepted, in bytes. PostgreSQL's own
// limit is 1 GiB.
const maxMessage = 1 << 30

// errTooLong says that a message's length word is out of bounds.
var errTooLong = errors.New("invalid message length")

// chunkReader hands out the bytes of a connection in the pieces that are
// asked for. It reads ahead into one buffer that it uses again: a piece is valid
// until the next call. Its buffer grows with the bytes that have arrived, not
// with the length a message claims.
type chunkReader struct {
	r          io.Reader
	buf        []byte
	start, end int // unread bytes are buf[start:end]
}

const readBuffer = 16 << 10

func newChunkReader(r io.Reader) *chunkReader {
	return &chunkReader{r: r, buf: make([]byte, readBuffer)}
}

// Next returns the next n bytes.
func (c *chunkReader) Next(n int) ([]byte, error) {
	if n < 0 || n > maxMessage {
		return nil, errTooLong
	}
	for c.end-c.start < n {
		if err := c.fill(n); err != nil {
			return nil, err
		}
	}
	out := c.buf[c.start : c.start+n : c.start+n]
	c.start += n
	return out, nil
}

// fill reads at least one byte, making room for up to n unread ones.
func (c *chunkReader) fill(n int) error {
	if c.start == c.end {
		c.start, c.end = 0, 0
		if len(c.buf) > 4*readBuffer && n <= readBuffer {
			c.buf = make([]byte, readBuffer) // a big message has passed
		}
	}
	if c.start+n > len(c.buf) && c.start > 0 {
		c.end = copy(c.buf, c.buf[c.start:c.end])
		c.start = 0
	}
	if c.end == len(c.buf) {
		bigger := make([]byte, min(2*len(c.buf), maxMessage+readBuffer))
		c.end = copy(bigger, c.buf[c.start:c.end])
		c.start, c.buf = 0, bigger
	}
	got, err := c.r.Read(c.buf[c.end:])
	c.end += got
	if got > 0 {
		return nil
	}
	if err == io.EOF && c.end > c.start {
		return io.ErrUnexpectedEOF
	}
	return err
}

// ahead is what is at hand of the bytes that come next.
func (c *chunkReader) ahead() []byte { return c.buf[c.start:c.end] }

// buffered reports whether unread bytes are at hand.
func (c *chunkReader) buffered() bool { return c.end > c.start }
