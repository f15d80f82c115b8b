package types

import (
	"encoding/binary"
	"math/big"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// The sign words of numeric's wire format.
const (
	numWirePos    = 0x0000
	numWireNeg    = 0x4000
	numWireNaN    = 0xC000
	numWireInf    = 0xD000
	numWireNegInf = 0xF000

	// numWireInfScale stands in the scale's place of infinities.
	numWireInfScale = 0x20
)

// AppendBinary appends numeric_send's form: counts and base 10000 digits.
func (d Decimal) AppendBinary(dst []byte) []byte {
	special := func(sign, scale uint16) []byte {
		dst = append(dst, 0, 0, 0, 0)
		dst = binary.BigEndian.AppendUint16(dst, sign)
		return binary.BigEndian.AppendUint16(dst, scale)
	}
	switch d.kind {
	case decimalNaN:
		return special(numWireNaN, 0)
	case decimalInf:
		return special(numWireInf, numWireInfScale)
	case decimalNegInf:
		return special(numWireNegInf, numWireInfScale)
	case decimalBig:
		return d.appendBinaryBig(dst)
	}
	u := absInt(d.coef)
	if u == 0 {
		dst = append(dst, 0, 0, 0, 0, 0, 0)
		return binary.BigEndian.AppendUint16(dst, uint16(d.scale))
	}
	// The digit groups are aligned to the point: group g has the decimal
	// exponents 4g .. 4g+3.
	weight := (digits10(u) - 1 - int(d.scale)) >> 2
	last := -((int(d.scale) + 3) >> 2)
	start := len(dst)
	dst = d.appendBinaryHead(dst, weight)
	for g := weight; g >= last && u != 0; g-- {
		var digit uint64
		if drop := 4*g + int(d.scale); drop >= 0 {
			digit = u / pow10[drop]
			u -= digit * pow10[drop]
		} else {
			digit = u * pow10[-drop]
			u = 0
		}
		dst = binary.BigEndian.AppendUint16(dst, uint16(digit))
	}
	binary.BigEndian.PutUint16(dst[start:], uint16((len(dst)-start-8)/2))
	return dst
}

func (d Decimal) appendBinaryHead(dst []byte, weight int) []byte {
	sign := uint16(numWirePos)
	if d.Sign() < 0 {
		sign = numWireNeg
	}
	dst = append(dst, 0, 0)
	dst = binary.BigEndian.AppendUint16(dst, uint16(int16(weight)))
	dst = binary.BigEndian.AppendUint16(dst, sign)
	return binary.BigEndian.AppendUint16(dst, uint16(d.scale))
}

func (d Decimal) appendBinaryBig(dst []byte) []byte {
	start := len(dst)
	if d.Sign() == 0 {
		return d.appendBinaryHead(dst, 0)
	}
	pad := (4 - int(d.scale)%4) % 4
	b := new(big.Int).Abs(d.big)
	b.Mul(b, bigPow10(pad))
	digits := b.Append(nil, 10)
	dst = d.appendBinaryHead(dst, d.weight())
	for len(digits) > 0 {
		n := len(digits) % 4
		if n == 0 {
			n = 4
		}
		v := uint16(0)
		for _, c := range digits[:n] {
			v = v*10 + uint16(c-'0')
		}
		dst = binary.BigEndian.AppendUint16(dst, v)
		digits = digits[n:]
	}
	for dst[len(dst)-1] == 0 && dst[len(dst)-2] == 0 {
		dst = dst[:len(dst)-2]
	}
	binary.BigEndian.PutUint16(dst[start:], uint16((len(dst)-start-8)/2))
	return dst
}

// ParseDecimalBinary reads numeric_recv's form.
func ParseDecimalBinary(b []byte) (Decimal, error) {
	if len(b) < 8 {
		return Decimal{}, insufficientData()
	}
	n := int(binary.BigEndian.Uint16(b))
	weight := int(int16(binary.BigEndian.Uint16(b[2:])))
	sign := binary.BigEndian.Uint16(b[4:])
	scale := int(binary.BigEndian.Uint16(b[6:]))
	bad := func(what string) error {
		return pgerror.New(pgerror.InvalidBinaryRepresentation, "invalid %s in external \"numeric\" value", what)
	}
	switch sign {
	case numWireNaN:
		return DecimalNaN, nil
	case numWireInf:
		return DecimalInf, nil
	case numWireNegInf:
		return DecimalNegInf, nil
	case numWirePos, numWireNeg:
	default:
		return Decimal{}, bad("sign")
	}
	if scale > numMaxScale {
		return Decimal{}, bad("scale")
	}
	b = b[8:]
	if len(b) < 2*n {
		return Decimal{}, insufficientData()
	}
	if len(b) > 2*n {
		return Decimal{}, invalidBinary()
	}
	for i := range n {
		if binary.BigEndian.Uint16(b[2*i:]) >= 10000 {
			return Decimal{}, bad("digit")
		}
	}
	exp := 4 * (weight - n + 1) // of the last group
	var d Decimal
	if n <= 4 {
		v := int64(0)
		for i := range n {
			v = v*10000 + int64(binary.BigEndian.Uint16(b[2*i:]))
		}
		d = Decimal{coef: v}
	} else {
		digits := make([]byte, 0, 4*n)
		for i := range n {
			digits = appendPadded(digits, uint64(binary.BigEndian.Uint16(b[2*i:])), 4)
		}
		v, _ := new(big.Int).SetString(bytesString(digits), 10)
		d = DecimalFromBig(v, 0)
	}
	// d * 10^exp, cut to the scale as PostgreSQL does.
	if d.Sign() == 0 {
		d = Decimal{scale: int32(scale)}.canonical()
	} else if exp >= 0 {
		var err error
		if d, err = d.shift(exp); err != nil {
			return Decimal{}, err
		}
		d = d.Trunc(scale)
	} else {
		d.scale = int32(-exp)
		d = d.canonical().Trunc(scale)
	}
	if sign == numWireNeg {
		d = d.Neg()
	}
	return d.canonical().check()
}
