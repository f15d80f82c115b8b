package types

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/bits"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// A numeric lies as PhysBinary in one of three forms. The form is canonical:
// one value of one display scale has one encoding.
//
//	0x01 | scale uint8 | coefficient int64 LE        small: |coefficient| < 2^63, scale <= 255
//	0x02 | scale uint16 LE | magnitude, big endian   big and >= 0
//	0x03 | scale uint16 LE | magnitude, big endian   big and < 0
//	0x10, 0x11, 0x12                                 NaN, Infinity, -Infinity
//
// The value is coefficient / 10^scale. Scale is the display scale, 0..16383.
const (
	numTagSmall  = 0x01
	numTagBigPos = 0x02
	numTagBigNeg = 0x03
	numTagNaN    = 0x10
	numTagInf    = 0x11
	numTagNegInf = 0x12

	numSmallLen      = 10
	numSmallMaxScale = 255
)

// PostgreSQL's limits (numeric.h).
const (
	numMaxWholeDigits  = 131072
	numMaxScale        = 16383
	numMaxDisplayScale = 1000
	numMinSigDigits    = 16
	numMaxResultScale  = 2000
)

type decimalKind uint8

const (
	decimalSmall decimalKind = iota
	decimalBig
	decimalNaN
	decimalInf
	decimalNegInf
)

// Decimal is a numeric's value: exact, with a display scale, or NaN or an
// infinity. The zero Decimal is 0. Values whose coefficient fits an int64 are
// computed with without allocating.
type Decimal struct {
	kind  decimalKind
	scale int32
	coef  int64    // decimalSmall
	big   *big.Int // decimalBig; never changed once it stands here
}

// The special values.
var (
	DecimalNaN    = Decimal{kind: decimalNaN}
	DecimalInf    = Decimal{kind: decimalInf}
	DecimalNegInf = Decimal{kind: decimalNegInf}
)

// DecimalFromInt makes an integer of scale 0.
func DecimalFromInt(v int64) Decimal { return Decimal{coef: v}.canonical() }

// NewDecimal makes coefficient / 10^scale; scale is at least 0.
func NewDecimal(coefficient int64, scale int) Decimal {
	return Decimal{coef: coefficient, scale: int32(scale)}.canonical()
}

// DecimalFromBig makes coefficient / 10^scale and keeps the big.Int.
func DecimalFromBig(coefficient *big.Int, scale int) Decimal {
	return Decimal{kind: decimalBig, big: coefficient, scale: int32(scale)}.canonical()
}

// canonical moves finite values to the form their size asks for.
func (d Decimal) canonical() Decimal {
	switch d.kind {
	case decimalSmall:
		if d.coef == math.MinInt64 || d.scale > numSmallMaxScale {
			return Decimal{kind: decimalBig, big: big.NewInt(d.coef), scale: d.scale}
		}
	case decimalBig:
		if d.scale <= numSmallMaxScale && d.big.IsInt64() {
			if v := d.big.Int64(); v != math.MinInt64 {
				return Decimal{coef: v, scale: d.scale}
			}
		}
	}
	return d
}

// DecodeNumeric reads the encoding of a numeric. Bytes that are no encoding
// read as NaN.
func DecodeNumeric(s string) Decimal {
	if len(s) == numSmallLen && s[0] == numTagSmall {
		return Decimal{scale: int32(s[1]), coef: int64(le64(s[2:]))}
	}
	return decodeNumericSlow(s)
}

func decodeNumericSlow(s string) Decimal {
	if len(s) == 0 {
		return DecimalNaN
	}
	switch s[0] {
	case numTagBigPos, numTagBigNeg:
		if len(s) < 3 {
			break
		}
		b := new(big.Int).SetBytes(stringBytes(s[3:]))
		if s[0] == numTagBigNeg {
			b.Neg(b)
		}
		return Decimal{kind: decimalBig, scale: int32(s[1]) | int32(s[2])<<8, big: b}
	case numTagInf:
		return DecimalInf
	case numTagNegInf:
		return DecimalNegInf
	}
	return DecimalNaN
}

// AppendEncode appends the encoding that DecodeNumeric reads.
func (d Decimal) AppendEncode(dst []byte) []byte {
	switch d.kind {
	case decimalSmall:
		if d.scale <= numSmallMaxScale && d.coef != math.MinInt64 {
			dst = append(dst, numTagSmall, byte(d.scale))
			return binary.LittleEndian.AppendUint64(dst, uint64(d.coef))
		}
		return d.canonical().AppendEncode(dst)
	case decimalBig:
		tag := byte(numTagBigPos)
		if d.big.Sign() < 0 {
			tag = numTagBigNeg
		}
		dst = append(dst, tag, byte(d.scale), byte(d.scale>>8))
		n := (d.big.BitLen() + 7) / 8
		start := len(dst)
		for range n {
			dst = append(dst, 0)
		}
		d.big.FillBytes(dst[start:])
		return dst
	case decimalInf:
		return append(dst, numTagInf)
	case decimalNegInf:
		return append(dst, numTagNegInf)
	}
	return append(dst, numTagNaN)
}

// Datum returns the value as a datum of type numeric.
func (d Decimal) Datum() Datum {
	if d.kind == decimalSmall {
		var buf [numSmallLen]byte
		return NewBytes(d.AppendEncode(buf[:0]))
	}
	return NewBinary(bytesString(d.AppendEncode(nil)))
}

// Decimal returns the value of a numeric datum.
func (d Datum) Decimal() Decimal { return DecodeNumeric(d.S) }

// IsNaN reports whether d is NaN.
func (d Decimal) IsNaN() bool { return d.kind == decimalNaN }

// IsInf reports whether d is one of the infinities.
func (d Decimal) IsInf() bool { return d.kind == decimalInf || d.kind == decimalNegInf }

// IsFinite reports whether d is a number.
func (d Decimal) IsFinite() bool { return d.kind <= decimalBig }

// IsZero reports whether d is 0 of any scale.
func (d Decimal) IsZero() bool { return d.IsFinite() && d.Sign() == 0 }

// Scale returns the display scale, 0 for the special values.
func (d Decimal) Scale() int { return int(d.scale) }

// Sign returns -1, 0 or 1; 0 for NaN.
func (d Decimal) Sign() int {
	switch d.kind {
	case decimalSmall:
		switch {
		case d.coef < 0:
			return -1
		case d.coef > 0:
			return 1
		}
	case decimalBig:
		return d.big.Sign()
	case decimalInf:
		return 1
	case decimalNegInf:
		return -1
	}
	return 0
}

// Coefficient returns a fresh copy of the coefficient of a finite value.
func (d Decimal) Coefficient() *big.Int {
	if d.kind == decimalBig {
		return new(big.Int).Set(d.big)
	}
	return big.NewInt(d.coef)
}

// bigCoef returns the coefficient, which must not be changed.
func (d Decimal) bigCoef() *big.Int {
	if d.kind == decimalBig {
		return d.big
	}
	return big.NewInt(d.coef)
}

// pow10 has the powers of ten that fit a uint64.
var pow10 = [20]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
	1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

var bigPow10s = func() (t [128]*big.Int) {
	t[0] = big.NewInt(1)
	for i := 1; i < len(t); i++ {
		t[i] = new(big.Int).Mul(t[i-1], big.NewInt(10))
	}
	return t
}()

// bigPow10 returns 10^n, which must not be changed.
func bigPow10(n int) *big.Int {
	if n < len(bigPow10s) {
		return bigPow10s[n]
	}
	return new(big.Int).Exp(bigPow10s[1], big.NewInt(int64(n)), nil)
}

// digits10 counts the decimal digits of u; 0 has none.
func digits10(u uint64) int {
	if u == 0 {
		return 0
	}
	n := (bits.Len64(u) * 1233) >> 12
	if n < len(pow10) && u >= pow10[n] {
		n++
	}
	return n
}

// bigDigits10 counts the decimal digits of |b|; 0 has none.
func bigDigits10(b *big.Int) int {
	bl := b.BitLen()
	if bl == 0 {
		return 0
	}
	// bl bits are at least 2^(bl-1): the estimate is exact or one too low.
	n := int(float64(bl-1) * math.Log10(2))
	if b.CmpAbs(bigPow10(n)) < 0 {
		return n
	}
	n++
	if b.CmpAbs(bigPow10(n)) >= 0 {
		n++
	}
	return n
}

func absInt(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

// numDigits counts the decimal digits of a finite value's coefficient.
func (d Decimal) numDigits() int {
	if d.kind == decimalBig {
		return bigDigits10(d.big)
	}
	return digits10(absInt(d.coef))
}

// weight10 is the decimal exponent of the leading digit of a finite value that
// is not zero: 0 for 1..9.99.
func (d Decimal) weight10() int { return d.numDigits() - 1 - int(d.scale) }

// weight is the base 10000 exponent of the leading digit as PostgreSQL keeps
// it, 0 for zero.
func (d Decimal) weight() int {
	if d.Sign() == 0 {
		return 0
	}
	return floorDiv(d.weight10(), 4)
}

// leading returns the first n base 10000 digits of |d| joined, counted from
// weight(); 0 for zero.
func (d Decimal) leading(n int) int64 {
	if d.Sign() == 0 {
		return 0
	}
	// |d| / 10^shift has the wanted digits before the point.
	shift := 4 * (d.weight() - n + 1)
	e := shift + int(d.scale)
	b := new(big.Int).Abs(d.bigCoef())
	if e >= 0 {
		b.Quo(b, bigPow10(e))
	} else {
		b.Mul(b, bigPow10(-e))
	}
	return b.Int64()
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func numericOverflow() error {
	return pgerror.New(pgerror.NumericValueOutOfRange, "value overflows numeric format")
}

// check returns d or the error that it has too many digits for a numeric.
func (d Decimal) check() (Decimal, error) {
	if d.kind != decimalBig {
		return d, nil
	}
	if d.scale > numMaxScale || d.big.BitLen() > 400000 && d.weight10() >= numMaxWholeDigits {
		return Decimal{}, numericOverflow()
	}
	return d, nil
}
