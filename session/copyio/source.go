package copyio

import (
	"bytes"
	"io"
)

// lineSource cuts a stream into lines. A line it returns is valid until the
// next call.
type lineSource struct {
	r          io.Reader
	buf        []byte
	start, end int
	err        error // of the reader, after what is buffered
}

const sourceBuffer = 64 << 10

// line returns the next line with its line end (absent at the end of the
// stream), and io.EOF when nothing is left.
func (s *lineSource) line() ([]byte, error) {
	scanned := 0
	for {
		if i := bytes.IndexByte(s.buf[s.start+scanned:s.end], '\n'); i >= 0 {
			line := s.buf[s.start : s.start+scanned+i+1]
			s.start += len(line)
			return line, nil
		}
		scanned = s.end - s.start
		if s.err != nil {
			if s.err == io.EOF && scanned > 0 {
				line := s.buf[s.start:s.end]
				s.start = s.end
				return line, nil
			}
			return nil, s.err
		}
		s.fill()
	}
}

// bytes returns the next n bytes; io.EOF if there are none, and
// io.ErrUnexpectedEOF if there are fewer.
func (s *lineSource) bytes(n int) ([]byte, error) {
	for s.end-s.start < n {
		if s.err == io.EOF && s.end > s.start {
			return nil, io.ErrUnexpectedEOF
		}
		if s.err != nil {
			return nil, s.err
		}
		s.fill()
	}
	b := s.buf[s.start : s.start+n]
	s.start += n
	return b, nil
}

// fill reads more, keeping the unread bytes.
func (s *lineSource) fill() {
	if s.start > 0 {
		s.end = copy(s.buf, s.buf[s.start:s.end])
		s.start = 0
	}
	if s.end == len(s.buf) {
		bigger := make([]byte, max(sourceBuffer, 2*len(s.buf)))
		copy(bigger, s.buf[:s.end])
		s.buf = bigger
	}
	n, err := s.r.Read(s.buf[s.end:])
	s.end += n
	s.err = err
}

// drain reads the stream to its end.
func (s *lineSource) drain() error {
	for s.err == nil {
		s.start, s.end = 0, 0
		s.fill()
	}
	if s.err == io.EOF {
		return nil
	}
	return s.err
}
