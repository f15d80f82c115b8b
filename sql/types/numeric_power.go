package types

import (
	"math"
	"math/big"

	"github.com/cockroachdb/apd/v3"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// IsInteger reports whether d has no fraction; infinities count as integers.
func (d Decimal) IsInteger() bool {
	return d.IsInf() || d.IsFinite() && d.Cmp(d.Trunc(0)) == 0
}

func (d Decimal) isOdd() bool {
	t := d.Trunc(0)
	return t.bigCoef().Bit(0) == 1
}

// Power returns d raised to e (2201F for what is undefined).
func (d Decimal) Power(e Decimal) (Decimal, error) {
	one := DecimalFromInt(1)
	if d.kind == decimalNaN {
		if e.IsZero() {
			return one, nil
		}
		return d, nil
	}
	if e.kind == decimalNaN {
		if d.IsFinite() && d.Cmp(one) == 0 {
			return one, nil
		}
		return e, nil
	}
	if d.Sign() == 0 && e.Sign() < 0 {
		return Decimal{}, pgerror.New(pgerror.InvalidArgumentForPowerFunction, "zero raised to a negative power is undefined")
	}
	if d.Sign() < 0 && !e.IsInteger() {
		return Decimal{}, pgerror.New(pgerror.InvalidArgumentForPowerFunction, "a negative number raised to a non-integer power yields a complex result")
	}
	if d.IsInf() || e.IsInf() {
		return powerInf(d, e), nil
	}
	if e.IsInteger() {
		if n, ok := e.Int64(); ok && n >= math.MinInt32 && n <= math.MaxInt32 {
			return d.powerInt(n, mathScale(numMinSigDigits, d))
		}
	}
	if d.Sign() == 0 {
		return Decimal{scale: numMinSigDigits}, nil
	}
	return d.powerReal(e)
}

// powerInf is Power when an operand is infinite.
func powerInf(d, e Decimal) Decimal {
	one := DecimalFromInt(1)
	switch {
	case d.IsFinite() && d.Cmp(one) == 0, e.IsZero():
		return one
	case d.Sign() == 0:
		return Decimal{}
	case e.IsInf():
		c := d.Abs().Cmp(one)
		switch {
		case c == 0:
			return one
		case (c > 0) == (e.Sign() > 0):
			return DecimalInf
		}
		return Decimal{}
	case e.Sign() < 0:
		return Decimal{}
	case d.Sign() < 0 && e.isOdd():
		return DecimalNegInf
	}
	return DecimalInf
}

// powerInt raises to an integer, rounded to a scale.
func (d Decimal) powerInt(n int64, scale int) (Decimal, error) {
	switch {
	case n == 0:
		return DecimalFromInt(1).Round(scale), nil
	case n == 1:
		return d.Round(scale), nil
	case d.Sign() == 0:
		return Decimal{scale: int32(scale)}.canonical(), nil
	}
	lg := d.log10Abs() * float64(n) // decimal weight of the result
	if lg > numMaxWholeDigits {
		return Decimal{}, numericOverflow()
	}
	if lg+1 < -float64(scale) {
		return Decimal{scale: int32(scale)}.canonical(), nil
	}
	m, exp := powDigits(d.bigCoef(), -int(d.scale), absInt(n), int(math.Abs(lg))+scale+mathGuard+10)
	if n < 0 {
		// 1 / (m * 10^exp) at the scale.
		if shift := scale - exp; shift >= 0 {
			num := Decimal{kind: decimalBig, big: bigPow10(shift)}
			r := divBig(num, Decimal{kind: decimalBig, big: m}, 0, true)
			return DecimalFromBig(r.bigCoef(), scale).check()
		}
		return Decimal{scale: int32(scale)}.canonical(), nil
	}
	if exp > 0 {
		m.Mul(m, bigPow10(exp))
		exp = 0
	}
	return Decimal{kind: decimalBig, big: m, scale: int32(-exp)}.Round(scale).canonical().check()
}

// log10Abs estimates log10(|d|).
func (d Decimal) log10Abs() float64 {
	w := d.weight()
	return math.Log10(float64(d.leading(3))) + float64(4*(w-2))
}

// powDigits returns (c * 10^exp)^n as a coefficient of about so many digits
// and an exponent.
func powDigits(c *big.Int, exp int, n uint64, digits int) (*big.Int, int) {
	cut := func(b *big.Int, e int) (*big.Int, int) {
		if extra := bigDigits10(b) - digits; extra > 0 {
			return b.Quo(b, bigPow10(extra)), e + extra
		}
		return b, e
	}
	r, rexp := big.NewInt(1), 0
	b, bexp := new(big.Int).Set(c), exp
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			r, rexp = cut(r.Mul(r, b), rexp+bexp)
		}
		if n > 1 {
			b, bexp = cut(new(big.Int).Mul(b, b), 2*bexp)
		}
	}
	return r, rexp
}

// powerReal raises to a power that is no small integer.
func (d Decimal) powerReal(e Decimal) (Decimal, error) {
	neg := d.Sign() < 0 && e.isOdd()
	d = d.Abs()
	// The estimate has PostgreSQL's low precision, since the result's scale
	// depends on it.
	low := max(0, 8-d.lnWeight())
	approx, err := d.lnPrecise(low + 16)
	if err != nil {
		return Decimal{}, err
	}
	product, err := fromAPD(approx, low).Mul(e)
	if err != nil {
		return Decimal{}, err
	}
	val := product.Round(low).Float64()
	if math.Abs(val) > numMaxResultScale*3.01 {
		if val > 0 {
			return Decimal{}, numericOverflow()
		}
		return Decimal{scale: numMaxDisplayScale}.canonical(), nil
	}
	weight := int(val * 0.434294481903252)
	scale := mathScale(numMinSigDigits-weight, d, e)
	precision := max(0, scale+weight) + mathGuard + 8
	ln, err := d.lnPrecise(precision + max(0, e.weight10()) + 8)
	if err != nil {
		return Decimal{}, err
	}
	var x apd.Decimal
	if _, err := apdContext(precision+10).Mul(&x, ln, e.apd()); err != nil {
		return Decimal{}, numericOverflow()
	}
	r, err := expPrecise(&x, precision)
	if err != nil {
		return Decimal{}, err
	}
	res := fromAPD(r, scale)
	if neg {
		res = res.Neg()
	}
	return res.check()
}
