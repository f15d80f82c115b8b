package types

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// wide is a finite numeric whose coefficient fits 128 bits, by its sign and magnitude:
// the kernels' way between the coefficients of one word and big.Int. It is read from and
// written to the encoding of numerics, and nothing is allocated. What does not fit is
// left to Decimal, so that every answer is the one that Decimal gives.
type wide struct {
	hi, lo uint64
	scale  int32
	neg    bool // never for 0
}

// readWide reads an encoding; false if it is none of such a value.
func readWide(s string) (w wide, ok bool) {
	if len(s) == numSmallLen && s[0] == numTagSmall {
		c := int64(le64(s[2:]))
		return wide{lo: absInt(c), scale: int32(s[1]), neg: c < 0}, true
	}
	if len(s) < 3 || len(s) > 3+16 || s[0] != numTagBigPos && s[0] != numTagBigNeg {
		return w, false
	}
	var word [16]byte
	copy(word[16-(len(s)-3):], s[3:])
	w = wide{binary.BigEndian.Uint64(word[:]), binary.BigEndian.Uint64(word[8:]), int32(s[1]) | int32(s[2])<<8, s[0] == numTagBigNeg}
	return w, true
}

// IsSmall reports whether an encoding has a coefficient of one word.
func IsSmall(enc string) bool { return len(enc) == numSmallLen && enc[0] == numTagSmall }

// areSmall reports whether two encodings have coefficients of one word.
func areSmall(a, b string) bool {
	return IsSmall(a) && IsSmall(b)
}

func appendSmall(dst []byte, c int64, scale byte) []byte {
	return binary.LittleEndian.AppendUint64(append(dst, numTagSmall, scale), uint64(c))
}

// append appends the encoding.
func (w wide) append(dst []byte) []byte {
	if w.hi == 0 && w.lo <= math.MaxInt64 && w.scale <= numSmallMaxScale {
		c := int64(w.lo)
		if w.neg {
			c = -c
		}
		return appendSmall(dst, c, byte(w.scale))
	}
	tag := byte(numTagBigPos)
	if w.neg {
		tag = numTagBigNeg
	}
	dst = append(dst, tag, byte(w.scale), byte(w.scale>>8))
	var word [16]byte
	binary.BigEndian.PutUint64(word[:], w.hi)
	binary.BigEndian.PutUint64(word[8:], w.lo)
	n := (w.bitLen() + 7) / 8
	return append(dst, word[16-n:]...)
}

func (w wide) bitLen() int {
	if w.hi != 0 {
		return 64 + bits.Len64(w.hi)
	}
	return bits.Len64(w.lo)
}

// mul64 multiplies the magnitude; false if it does not fit.
func (w wide) mul64(f uint64) (wide, bool) {
	carry, lo := bits.Mul64(w.lo, f)
	over, hi := bits.Mul64(w.hi, f)
	hi, c := bits.Add64(hi, carry, 0)
	w.hi, w.lo = hi, lo
	return w, over|c == 0
}

// scaleTo writes the value with a scale that is not below its own.
func (w wide) scaleTo(scale int32) (wide, bool) {
	n := scale - w.scale
	w.scale = scale
	ok := true
	for ; n > 0 && ok; n -= int32(len(pow10) - 1) {
		if w.hi|w.lo == 0 {
			return w, true
		}
		w, ok = w.mul64(pow10[min(n, int32(len(pow10)-1))])
	}
	return w, ok
}

// alignWide writes two values with the larger of their scales.
func alignWide(a, b wide) (wide, wide, bool) {
	ok := true
	switch {
	case a.scale < b.scale:
		a, ok = a.scaleTo(b.scale)
	case a.scale > b.scale:
		b, ok = b.scaleTo(a.scale)
	}
	return a, b, ok
}

// add adds; false if the sum does not fit.
func (w wide) add(o wide) (wide, bool) {
	a, b, ok := alignWide(w, o)
	if !ok {
		return a, false
	}
	if a.neg == b.neg {
		var carry uint64
		a.lo, carry = bits.Add64(a.lo, b.lo, 0)
		a.hi, carry = bits.Add64(a.hi, b.hi, carry)
		return a, carry == 0
	}
	if a.hi < b.hi || a.hi == b.hi && a.lo < b.lo {
		a, b = b, a
	}
	var borrow uint64
	a.lo, borrow = bits.Sub64(a.lo, b.lo, 0)
	a.hi, _ = bits.Sub64(a.hi, b.hi, borrow)
	a.neg = a.neg && a.hi|a.lo != 0
	return a, true
}

// AddEncoded appends the encoding of a + b, which are encodings, or of a - b; false if
// that is left to Decimal.
func AddEncoded(dst []byte, a, b string, subtract bool) ([]byte, bool) {
	if areSmall(a, b) && a[1] == b[1] {
		x, y := int64(le64(a[2:])), int64(le64(b[2:]))
		if subtract {
			y = -y
		}
		if sum := x + y; (sum > x) == (y > 0) && sum != math.MinInt64 {
			return appendSmall(dst, sum, a[1]), true
		}
	}
	x, ok := readWide(a)
	if !ok {
		return dst, false
	}
	y, ok := readWide(b)
	if !ok {
		return dst, false
	}
	if subtract {
		y.neg = !y.neg && y.hi|y.lo != 0
	}
	sum, ok := x.add(y)
	if !ok {
		return dst, false
	}
	return sum.append(dst), true
}

// MulEncoded appends the encoding of a * b, which are encodings; false if that is left
// to Decimal.
func MulEncoded(dst []byte, a, b string) ([]byte, bool) {
	if areSmall(a, b) && int(a[1])+int(b[1]) <= numSmallMaxScale {
		x, y := int64(le64(a[2:])), int64(le64(b[2:]))
		if hi, lo := bits.Mul64(absInt(x), absInt(y)); hi == 0 && lo <= math.MaxInt64 {
			c := int64(lo)
			if x^y < 0 {
				c = -c
			}
			return appendSmall(dst, c, a[1]+b[1]), true
		}
	}
	x, ok := readWide(a)
	if !ok {
		return dst, false
	}
	y, ok := readWide(b)
	if !ok || x.scale+y.scale > numMaxScale {
		return dst, false
	}
	if x.hi != 0 {
		x, y = y, x
	}
	if x.hi != 0 {
		return dst, false
	}
	p, ok := y.mul64(x.lo)
	if !ok {
		return dst, false
	}
	p.scale, p.neg = x.scale+y.scale, x.neg != y.neg && p.hi|p.lo != 0
	return p.append(dst), true
}

// CompareEncoded compares two encodings; false if that is left to Decimal.
func CompareEncoded(a, b string) (int, bool) {
	x, ok := readWide(a)
	if !ok {
		return 0, false
	}
	y, ok := readWide(b)
	if !ok {
		return 0, false
	}
	if x.neg != y.neg {
		if x.neg {
			return -1, true
		}
		return 1, true
	}
	x, y, ok = alignWide(x, y)
	if !ok {
		return 0, false
	}
	switch {
	case x.hi == y.hi && x.lo == y.lo:
		return 0, true
	case (x.hi < y.hi || x.hi == y.hi && x.lo < y.lo) != x.neg:
		return -1, true
	}
	return 1, true
}
