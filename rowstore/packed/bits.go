package packed

import (
	"encoding/binary"
	mathbits "math/bits"
)

// bits are unsigned integers of width bits each, one behind the other from the
// low bits of the first byte on. Eight more bytes allow to load whole words.
type bits struct {
	width uint
	data  []byte
}

// maxWidth is the widest code: with the bits before it in its first byte it
// lies in one word.
const maxWidth = 56

// widthOf is how many bits values up to high need.
func widthOf(high uint64) uint { return uint(mathbits.Len64(high)) }

func newBits(width uint, n int) bits {
	if width == 0 {
		return bits{}
	}
	return bits{width: width, data: make([]byte, (width*uint(n)+7)/8+8)}
}

// set stores a value at a place that was not set before.
func (b *bits) set(i int, v uint64) {
	if b.width == 0 {
		return
	}
	pos := uint(i) * b.width
	word := b.data[pos>>3 : pos>>3+8]
	binary.LittleEndian.PutUint64(word, binary.LittleEndian.Uint64(word)|v<<(pos&7))
}

// all reads the first values.
func (b *bits) all(out []uint64) {
	switch b.width {
	case 0:
		clear(out)
	case 8:
		for i, v := range b.data[:len(out)] {
			out[i] = uint64(v)
		}
	case 16:
		data := b.data[:2*len(out)]
		for i := range out {
			out[i] = uint64(binary.LittleEndian.Uint16(data[2*i:]))
		}
	default:
		pos, width, mask := uint(0), b.width, uint64(1)<<b.width-1
		for i := range out {
			out[i] = binary.LittleEndian.Uint64(b.data[pos>>3:]) >> (pos & 7) & mask
			pos += width
		}
	}
}

// at reads the values at rows.
func (b *bits) at(out []uint64, rows []int32) {
	if b.width == 0 {
		clear(out)
		return
	}
	mask := uint64(1)<<b.width - 1
	for i, r := range rows {
		pos := uint(r) * b.width
		out[i] = binary.LittleEndian.Uint64(b.data[pos>>3:]) >> (pos & 7) & mask
	}
}
