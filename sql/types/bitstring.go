package types

import (
	"encoding/binary"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// bit and varbit lie as PhysBinary in their wire format: the count of bits
// uint32 big endian, then the bits from the high end, the rest of the last
// byte zero.

// NewBits makes a bit string of its first n bits.
func NewBits(data []byte, n int) Datum {
	b := make([]byte, 4+(n+7)/8)
	binary.BigEndian.PutUint32(b, uint32(n))
	copy(b[4:], data)
	if r := n % 8; r != 0 {
		b[len(b)-1] &= byte(0xff << (8 - r))
	}
	return NewBinary(bytesString(b))
}

// Bits returns the bytes and the count of bits of a bit string.
func (d Datum) Bits() (data string, n int) {
	if len(d.S) < 4 {
		return "", 0
	}
	n = int(binary.BigEndian.Uint32(stringBytes(d.S)))
	return d.S[4:], min(n, 8*(len(d.S)-4))
}

func appendBits(dst []byte, d Datum) []byte {
	data, n := d.Bits()
	for i := range n {
		dst = append(dst, '0'+data[i>>3]>>(7-i&7)&1)
	}
	return dst
}

// parseBits reads "0101", "b0101" or "x5".
func parseBits(t Type, s string) (Datum, error) {
	text, hex := s, false
	if text != "" {
		switch text[0] | 0x20 {
		case 'x':
			text, hex = text[1:], true
		case 'b':
			text = text[1:]
		}
	}
	bad := func(what string, i int) (Datum, error) {
		end := i + 1
		for end < len(text) && text[end]&0xc0 == 0x80 {
			end++
		}
		return Datum{}, pgerror.New(pgerror.InvalidTextRepresentation, "\"%s\" is not a valid %s digit", text[i:end], what)
	}
	var data []byte
	n := len(text)
	if hex {
		n *= 4
		data = make([]byte, (len(text)+1)/2)
		for i := range len(text) {
			v, ok := hexValue(text[i])
			if !ok {
				return bad("hexadecimal", i)
			}
			data[i/2] |= v << (4 * (1 - i%2))
		}
	} else {
		data = make([]byte, (n+7)/8)
		for i := range n {
			switch text[i] {
			case '0':
			case '1':
				data[i>>3] |= 0x80 >> (i & 7)
			default:
				return bad("binary", i)
			}
		}
	}
	return coerceBits(t, NewBits(data, n), false)
}

// coerceBits applies bit(n) and bit varying(n).
func coerceBits(t Type, d Datum, explicit bool) (Datum, error) {
	data, n := d.Bits()
	want := int(t.Mod)
	switch {
	case t.Mod < 0 || n == want:
		return d, nil
	case t.OID == Varbit && n < want:
		return d, nil
	case explicit:
		return NewBits([]byte(data), want), nil
	case t.OID == Bit:
		return Datum{}, pgerror.New(pgerror.StringDataLengthMismatch, "bit string length %d does not match type bit(%d)", n, want)
	}
	return Datum{}, pgerror.New(pgerror.StringDataRightTruncation, "bit string too long for type bit varying(%d)", want)
}

// compareBits orders by the bits, then the length.
func compareBits(a, b Datum) int {
	x, n := a.Bits()
	y, m := b.Bits()
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return cmpInt(int64(x[i]), int64(y[i]))
		}
	}
	return cmpInt(int64(n), int64(m))
}

func parseBitsBinary(t Type, b []byte) (Datum, error) {
	if len(b) < 4 {
		return Datum{}, insufficientData()
	}
	n := int32(binary.BigEndian.Uint32(b))
	if n < 0 || n > maxAttrSize*8 {
		return Datum{}, pgerror.New(pgerror.InvalidBinaryRepresentation, "invalid length in external bit string")
	}
	if size := (int(n) + 7) / 8; len(b)-4 < size {
		return Datum{}, insufficientData()
	} else if len(b)-4 > size {
		return Datum{}, invalidBinary()
	}
	return coerceBits(t, NewBits(b[4:], int(n)), false)
}
