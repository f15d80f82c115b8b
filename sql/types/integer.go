package types

import (
	"encoding/binary"
	"math"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// invalidSyntax is the 22P02 error of a type's input function.
func invalidSyntax(oid OID, s string) error {
	return pgerror.New(pgerror.InvalidTextRepresentation, "invalid input syntax for type %s: \"%s\"", sqlName(oid), s)
}

// outOfRange is the 22003 error of an integer type's input function.
func outOfRange(oid OID, s string) error {
	return pgerror.New(pgerror.NumericValueOutOfRange, "value \"%s\" is out of range for type %s", s, sqlName(oid))
}

// invalidBinary is the error for a binary value of the wrong length.
func invalidBinary() error {
	return pgerror.New(pgerror.InvalidBinaryRepresentation, "incorrect binary data format")
}

func insufficientData() error {
	return pgerror.New(pgerror.ProtocolViolation, "insufficient data left in message")
}

// parseInt reads an integer with blanks around it, as pg_strtoint64.
func parseInt(oid OID, s string, lo, hi int64) (int64, error) {
	i := 0
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	neg := false
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		neg = s[i] == '-'
		i++
	}
	if i >= len(s) || !isDigit(s[i]) {
		return 0, invalidSyntax(oid, s)
	}
	var v uint64
	over := false
	for ; i < len(s) && isDigit(s[i]); i++ {
		if v > (math.MaxUint64-9)/10 {
			over = true
		}
		v = v*10 + uint64(s[i]-'0')
	}
	// PostgreSQL stops at the overflowing digit, before it sees what follows.
	if over || (!neg && v > uint64(hi)) || (neg && v > uint64(-(lo+1))+1) {
		return 0, outOfRange(oid, s)
	}
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	if i != len(s) {
		return 0, invalidSyntax(oid, s)
	}
	if neg {
		return int64(-v), nil
	}
	return int64(v), nil
}

// parseXid reads a transaction id as C's strtoull does with base 0: octal behind 0,
// hexadecimal behind 0x, whatever follows is left out, and too great a number is the
// greatest.
func parseXid(s string) uint64 {
	s = trimSpace(s)
	neg := s != "" && s[0] == '-'
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	base := uint64(10)
	switch {
	case len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x':
		base, s = 16, s[2:]
	case s != "" && s[0] == '0':
		base = 8
	}
	var v uint64
	for i := 0; i < len(s); i++ {
		c := s[i]
		digit := uint64(c - '0')
		if c|0x20 >= 'a' && c|0x20 <= 'f' {
			digit = uint64(c|0x20-'a') + 10
		} else if !isDigit(c) {
			break
		}
		if digit >= base {
			break
		}
		if v > (math.MaxUint64-digit)/base {
			return math.MaxUint64
		}
		v = v*base + digit
	}
	if neg {
		return -v
	}
	return v
}

// parseOid reads an oid; like strtoul it lets negative numbers wrap around.
func parseOid(oid OID, s string) (uint32, error) {
	i := 0
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	neg := false
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		neg = s[i] == '-'
		i++
	}
	if i >= len(s) || !isDigit(s[i]) {
		return 0, invalidSyntax(oid, s)
	}
	var v uint64
	for ; i < len(s) && isDigit(s[i]); i++ {
		v = v*10 + uint64(s[i]-'0')
		if v > math.MaxUint32 {
			return 0, outOfRange(oid, s)
		}
	}
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	if i != len(s) {
		return 0, invalidSyntax(oid, s)
	}
	if neg {
		if v > 1<<31 {
			return 0, outOfRange(oid, s)
		}
		return uint32(-v), nil
	}
	return uint32(v), nil
}

const smalls = "00010203040506070809" +
	"10111213141516171819" +
	"20212223242526272829" +
	"30313233343536373839" +
	"40414243444546474849" +
	"50515253545556575859" +
	"60616263646566676869" +
	"70717273747576777879" +
	"80818283848586878889" +
	"90919293949596979899"

// appendInt appends the decimal digits of v.
func appendInt(dst []byte, v int64) []byte {
	u := uint64(v)
	if v < 0 {
		dst = append(dst, '-')
		u = -u
	}
	return appendUint(dst, u)
}

func appendUint(dst []byte, u uint64) []byte {
	if u < 10 {
		return append(dst, byte('0'+u))
	}
	if u < 100 {
		return append(dst, smalls[2*u], smalls[2*u+1])
	}
	var buf [20]byte
	i := len(buf)
	for u >= 100 {
		q := u / 100
		r := u - q*100
		u = q
		i -= 2
		buf[i] = smalls[2*r]
		buf[i+1] = smalls[2*r+1]
	}
	if u < 10 {
		i--
		buf[i] = byte('0' + u)
	} else {
		i -= 2
		buf[i] = smalls[2*u]
		buf[i+1] = smalls[2*u+1]
	}
	return append(dst, buf[i:]...)
}

// appendPadded appends u with at least width digits.
func appendPadded(dst []byte, u uint64, width int) []byte {
	if width == 2 && u < 100 {
		return append(dst, smalls[2*u], smalls[2*u+1])
	}
	for lim, n := uint64(10), 1; n < width; n++ {
		if u < lim {
			for ; n < width; n++ {
				dst = append(dst, '0')
			}
			break
		}
		lim *= 10
	}
	return appendUint(dst, u)
}

// binInt reads a big-endian integer of exactly n bytes.
func binInt(b []byte, n int) (int64, error) {
	if len(b) < n {
		return 0, insufficientData()
	}
	if len(b) > n {
		return 0, invalidBinary()
	}
	switch n {
	case 1:
		return int64(b[0]), nil
	case 2:
		return int64(int16(binary.BigEndian.Uint16(b))), nil
	case 4:
		return int64(int32(binary.BigEndian.Uint32(b))), nil
	}
	return int64(binary.BigEndian.Uint64(b)), nil
}
