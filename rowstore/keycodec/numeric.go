package keycodec

import (
	"encoding/binary"
	"math/big"
)

// A numeric's key is order-preserving bytes of its value alone: 1.0 and 1.00
// have one key, so the display scale is not recoverable from it.
//
//	class                                     -Infinity, 0, Infinity, NaN
//	class exponent(3) pair... [terminator]    finite: 0.d1d2d3... * 10^exponent
//
// The exponent is biased by 2^23 and big-endian; each pair of decimal digits is
// a byte 1..100, trailing zeros are dropped. A negative number has exponent and
// pairs inverted and ends with 0xFF, so that longer fractions sort lower.
const (
	numericNegInf   = 0x10
	numericNegative = 0x20
	numericZero     = 0x30
	numericPositive = 0x40
	numericInf      = 0x50
	numericNaN      = 0x60

	numericExponentBias = 1 << 23
)

// The forms in memory, see sql/types/numeric.go.
const (
	memorySmall  = 0x01
	memoryBigPos = 0x02
	memoryBigNeg = 0x03
	memoryInf    = 0x11
	memoryNegInf = 0x12
)

// appendNumeric appends the key bytes of a numeric in its form in memory.
func appendNumeric(dst []byte, s string) []byte {
	switch {
	case len(s) == 10 && s[0] == memorySmall:
		coef := int64(leUint64(s[2:]))
		if coef < 0 {
			return appendSmall(dst, true, uint64(-coef), int(s[1]))
		}
		return appendSmall(dst, false, uint64(coef), int(s[1]))
	case len(s) >= 3 && (s[0] == memoryBigPos || s[0] == memoryBigNeg):
		n := new(big.Int).SetBytes([]byte(s[3:]))
		digits := n.Append(nil, 10)
		return appendDigits(dst, s[0] == memoryBigNeg, digits, len(digits)-(int(s[1])|int(s[2])<<8))
	case len(s) == 1 && s[0] == memoryInf:
		return append(dst, numericInf)
	case len(s) == 1 && s[0] == memoryNegInf:
		return append(dst, numericNegInf)
	}
	return append(dst, numericNaN)
}

// appendSmall is appendDigits for a coefficient of 64 bits.
func appendSmall(dst []byte, negative bool, coef uint64, scale int) []byte {
	if coef == 0 {
		return append(dst, numericZero)
	}
	digits := 0
	for v := coef; v != 0; v /= 10 {
		digits++
	}
	dst = appendHead(dst, negative, digits-scale)
	var pairs [10]byte
	n := len(pairs)
	if digits%2 == 1 {
		n--
		pairs[n] = byte(coef%10)*10 + 1
		coef /= 10
	}
	for coef != 0 {
		n--
		pairs[n] = byte(coef%100) + 1
		coef /= 100
	}
	return appendPairs(dst, negative, pairs[n:])
}

// appendDigits appends the number 0.digits * 10^exponent; digits are ASCII
// without leading zeros.
func appendDigits(dst []byte, negative bool, digits []byte, exponent int) []byte {
	for len(digits) > 0 && digits[0] == '0' {
		digits = digits[1:]
		exponent--
	}
	if len(digits) == 0 {
		return append(dst, numericZero)
	}
	dst = appendHead(dst, negative, exponent)
	pairs := make([]byte, 0, len(digits)/2+1)
	for i := 0; i < len(digits); i += 2 {
		p := (digits[i] - '0') * 10
		if i+1 < len(digits) {
			p += digits[i+1] - '0'
		}
		pairs = append(pairs, p+1)
	}
	return appendPairs(dst, negative, pairs)
}

func appendHead(dst []byte, negative bool, exponent int) []byte {
	e := uint32(exponent + numericExponentBias)
	if !negative {
		return append(dst, numericPositive, byte(e>>16), byte(e>>8), byte(e))
	}
	e = ^e
	return append(dst, numericNegative, byte(e>>16), byte(e>>8), byte(e))
}

func appendPairs(dst []byte, negative bool, pairs []byte) []byte {
	for len(pairs) > 0 && pairs[len(pairs)-1] == 1 {
		pairs = pairs[:len(pairs)-1]
	}
	if !negative {
		return append(dst, pairs...)
	}
	for _, p := range pairs {
		dst = append(dst, ^p)
	}
	return append(dst, 0xFF)
}

// appendNumericText appends the key bytes of a plain decimal number as jsonb's
// text has it: sign, digits, point, digits; an exponent is read as well.
func appendNumericText(dst []byte, text string) []byte {
	negative := false
	if text != "" && text[0] == '-' {
		negative, text = true, text[1:]
	}
	var digits []byte
	point, exponent := -1, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			digits = append(digits, c)
		case c == '.':
			point = len(digits)
		case c == 'e' || c == 'E':
			exponent = decimalInt(text[i+1:])
			i = len(text)
		}
	}
	if point < 0 {
		point = len(digits)
	}
	return appendDigits(dst, negative, digits, point+exponent)
}

// decimalInt reads the exponent of a number, capped far outside of what a
// numeric can hold.
func decimalInt(s string) int {
	negative, v := false, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '-':
			negative = true
		case c >= '0' && c <= '9' && v < 1_000_000:
			v = v*10 + int(c-'0')
		}
	}
	if negative {
		v = -v
	}
	return max(-4_000_000, min(4_000_000, v))
}

func leUint64(s string) uint64 {
	return binary.LittleEndian.Uint64([]byte(s[:8]))
}
