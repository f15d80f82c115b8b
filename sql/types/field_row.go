package types

import (
	"encoding/binary"
	"slices"
)

// shortField is how much is copied of a short string or time, whatever its length: that
// takes a few instructions, while a copy of its length is a call. (So is one of an array,
// whose source and destination the compiler takes for overlapping.)
const shortField = 32

// fieldRoom is how much of the destination a field that is written in few steps may touch.
const fieldRoom = 4 + shortField

// smallFields are the fields of the numbers 0 to 999: the length in four bytes, the
// digits, zeros behind them.
var smallFields = func() (out [1000]uint64) {
	var b [8]byte
	for n := range out {
		clear(b[:])
		appendIntField(b[:0], int64(n))
		out[n] = binary.LittleEndian.Uint64(b[:])
	}
	return out
}()

// AppendFields appends the fields of a row of columns. Numbers of up to four digits,
// short strings, times like the one before and binary numbers are written here, by
// stores of a fixed width into room that is there; what else there is by AppendField.
func AppendFields(dst []byte, cols []FieldColumn, row int) []byte {
	at, b := len(dst), dst[:cap(dst)]
	for k := range cols {
		c := &cols[k]
		if len(b)-at < fieldRoom {
			b = slices.Grow(b[:at], max(fieldRoom, at))
			b = b[:cap(b)]
		}
		if c.isNull(row) {
			binary.LittleEndian.PutUint32(b[at:], 0xffffffff)
			at += 4
			continue
		}
		switch c.kind {
		case fieldInt:
			n := c.int(row)
			if uint64(n) < uint64(len(smallFields)) {
				at += putSmall(b[at:], n)
				continue
			}
			if uint64(n) < 10000 {
				at += putFour(b[at:], n)
				continue
			}
		case fieldFloat:
			f := valueAt[float64](c.values, row)
			if n := int64(f); float64(n) == f && uint64(n-1) < uint64(len(smallFields)-1) { // 0 may be -0
				at += putSmall(b[at:], n)
				continue
			}
		case fieldString:
			k := row
			if c.codes != nil {
				k = int(c.codes[row])
			}
			from, to := int(c.offsets[k]), int(c.offsets[k+1])
			if to-from <= shortField && len(c.data)-from >= shortField {
				at += putShort(b[at:], c.data[from:], to-from)
				continue
			}
		case fieldTime:
			if n := len(c.text); n > 0 && n <= shortField && c.int(row) == c.last {
				at += putShort(b[at:], c.text[:shortField], n)
				continue
			}
		case field4:
			binary.BigEndian.PutUint32(b[at:], 4)
			binary.BigEndian.PutUint32(b[at+4:], valueAt[uint32](c.values, row))
			at += 8
			continue
		case field8:
			binary.BigEndian.PutUint32(b[at:], 8)
			binary.BigEndian.PutUint64(b[at+4:], valueAt[uint64](c.values, row))
			at += 12
			continue
		}
		b = c.AppendField(b[:at], row)
		at, b = len(b), b[:cap(b)]
	}
	return b[:at]
}

// putSmall writes a number's field into at least 8 bytes and returns its length.
func putSmall(b []byte, n int64) int {
	w := smallFields[n]
	binary.LittleEndian.PutUint64(b, w)
	return 4 + int(byte(w>>24))
}

// putFour is putSmall for a number of four digits.
func putFour(b []byte, n int64) int {
	hi, lo := n/100, n%100
	b = b[:8]
	binary.BigEndian.PutUint32(b, 4)
	b[4], b[5], b[6], b[7] = pairs[2*hi], pairs[2*hi+1], pairs[2*lo], pairs[2*lo+1]
	return 8
}

// putShort writes the field of the first n bytes of src, at most shortField, which
// both have room for, and returns its length.
func putShort(b, src []byte, n int) int {
	binary.BigEndian.PutUint32(b, uint32(n))
	le := binary.LittleEndian
	from, to := src[:shortField], b[4:][:shortField]
	le.PutUint64(to, le.Uint64(from))
	le.PutUint64(to[8:], le.Uint64(from[8:]))
	if n > 16 {
		le.PutUint64(to[16:], le.Uint64(from[16:]))
		le.PutUint64(to[24:], le.Uint64(from[24:]))
	}
	return 4 + n
}
