package chunk

import "encoding/binary"

// input reads bytes from the front of b. The first failure is kept, and what
// is read after it is zero.
type input struct {
	b   []byte
	err error
}

func (in *input) fail(format string, args ...any) {
	if in.err == nil {
		in.err = corrupt(format, args...)
	}
	in.b = nil
}

func (in *input) byte() byte {
	if len(in.b) == 0 {
		in.fail("it ends early")
		return 0
	}
	c := in.b[0]
	in.b = in.b[1:]
	return c
}

func (in *input) uvarint() uint64 {
	v, n := binary.Uvarint(in.b)
	if n <= 0 {
		in.fail("it ends in a number")
		return 0
	}
	in.b = in.b[n:]
	return v
}

func (in *input) varint() int64 {
	v, n := binary.Varint(in.b)
	if n <= 0 {
		in.fail("it ends in a number")
		return 0
	}
	in.b = in.b[n:]
	return v
}

// length reads a number that is at most limit.
func (in *input) length(limit int) int {
	v := in.uvarint()
	if v > uint64(limit) {
		in.fail("a length of %d, at most %d is possible", v, limit)
		return 0
	}
	return int(v)
}

// bytes takes the next n bytes.
func (in *input) bytes(n int) []byte {
	if n > len(in.b) {
		in.fail("it ends %d bytes early", n-len(in.b))
		return nil
	}
	out := in.b[:n:n]
	in.b = in.b[n:]
	return out
}
