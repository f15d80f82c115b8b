package chunk

import (
	"encoding/binary"
	"math/bits"
)

// Gorilla: each value is XORed with the one before it (Pelkonen et al.,
// "Gorilla", VLDB 2015, section 4.1.2). The first is as it is. Then, from high
// bits to low ones in the stream:
//
//	0                      the same value
//	10 <meaningful>        in the window of leading and trailing zeros used last
//	11 <6: leading> <6: length - 1> <meaningful>
//
// Floats that are no decimals change in their high bits slowly; others take
// more than their own size, and Raw is used.

type bitWriter struct {
	b      []byte
	acc    uint64
	filled uint
}

// write appends the low n bits of v, n <= 64.
func (w *bitWriter) write(v uint64, n uint) {
	if n > 32 {
		w.write(v>>32, n-32)
		v, n = v&(1<<32-1), 32
	}
	w.acc = w.acc<<n | v
	w.filled += n
	for w.filled >= 8 {
		w.filled -= 8
		w.b = append(w.b, byte(w.acc>>w.filled))
	}
	w.acc &= 1<<w.filled - 1
}

func (w *bitWriter) close() []byte {
	if w.filled > 0 {
		w.b = append(w.b, byte(w.acc<<(8-w.filled)))
	}
	return w.b
}

// appendGorilla encodes values of width bits; it stops early when it takes
// limit bytes or more.
func appendGorilla(dst []byte, values []uint64, width, limit int) []byte {
	if len(values) == 0 {
		return dst
	}
	w := bitWriter{b: dst}
	w.write(values[0], uint(width))
	leading, length := uint(0), uint(0) // no window yet
	for i := 1; i < len(values) && len(w.b) < limit; i++ {
		x := values[i] ^ values[i-1]
		if x == 0 {
			w.write(0, 1)
			continue
		}
		lead := uint(bits.LeadingZeros64(x)) - uint(64-width)
		trail := uint(bits.TrailingZeros64(x))
		if length > 0 && lead >= leading && trail >= uint(width)-leading-length {
			w.write(0b10, 2)
		} else {
			leading, length = lead, uint(width)-lead-trail
			w.write(0b11<<12|uint64(leading)<<6|uint64(length-1), 14)
		}
		w.write(x>>(uint(width)-leading-length), length)
	}
	return w.close()
}

type bitReader struct {
	in     *input
	acc    uint64
	filled uint
}

// read takes n bits, n <= 64.
func (r *bitReader) read(n uint) uint64 {
	if n > 32 {
		high := r.read(n - 32)
		return high<<32 | r.read(32)
	}
	for r.filled < n {
		if len(r.in.b) >= 4 && r.filled <= 32 {
			r.acc = r.acc<<32 | uint64(binary.BigEndian.Uint32(r.in.b))
			r.in.b = r.in.b[4:]
			r.filled += 32
			continue
		}
		r.acc = r.acc<<8 | uint64(r.in.byte())
		r.filled += 8
		if r.in.err != nil {
			return 0
		}
	}
	r.filled -= n
	return r.acc >> r.filled & (1<<n - 1)
}

func decodeGorilla(dst []byte, n, size int, in *input) {
	if n == 0 {
		return
	}
	width := uint(size) * 8
	r := bitReader{in: in}
	v := r.read(width)
	leading, length := uint(0), uint(0)
	put := func(i int) {
		if size == 4 {
			binary.LittleEndian.PutUint32(dst[i*4:], uint32(v))
		} else {
			binary.LittleEndian.PutUint64(dst[i*8:], v)
		}
	}
	put(0)
	for i := 1; i < n; i++ {
		if r.read(1) == 1 {
			if r.read(1) == 1 {
				leading, length = uint(r.read(6)), uint(r.read(6))+1
			}
			if length == 0 || leading+length > width {
				in.fail("a window of %d bits after %d", length, leading)
			}
			if in.err != nil {
				return
			}
			v ^= r.read(length) << (width - leading - length)
		}
		put(i)
	}
	if len(in.b) > 0 || r.filled >= 8 {
		in.fail("bits after the values")
	}
}
