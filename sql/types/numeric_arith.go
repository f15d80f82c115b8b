package types

import (
	"math"
	"math/big"
	"math/bits"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// Neg returns -d.
func (d Decimal) Neg() Decimal {
	switch d.kind {
	case decimalSmall:
		d.coef = -d.coef
	case decimalBig:
		d.big = new(big.Int).Neg(d.big)
	case decimalInf:
		return DecimalNegInf
	case decimalNegInf:
		return DecimalInf
	}
	return d
}

// Abs returns |d|.
func (d Decimal) Abs() Decimal {
	if d.Sign() < 0 {
		return d.Neg()
	}
	return d
}

// scaleUp returns c * 10^n unless it overflows.
func scaleUp(c int64, n int32) (int64, bool) {
	if n == 0 {
		return c, true
	}
	if n > 18 {
		return 0, c == 0
	}
	hi, lo := bits.Mul64(absInt(c), pow10[n])
	if hi != 0 || lo > math.MaxInt64 {
		return 0, false
	}
	if c < 0 {
		return -int64(lo), true
	}
	return int64(lo), true
}

// Add returns d + e.
func (d Decimal) Add(e Decimal) (Decimal, error) {
	if d.kind == decimalSmall && e.kind == decimalSmall {
		a, b, scale := d.coef, e.coef, d.scale
		ok := true
		if d.scale < e.scale {
			scale = e.scale
			a, ok = scaleUp(a, e.scale-d.scale)
		} else if d.scale > e.scale {
			b, ok = scaleUp(b, d.scale-e.scale)
		}
		if sum := a + b; ok && (sum > a) == (b > 0) && sum != math.MinInt64 {
			return Decimal{coef: sum, scale: scale}, nil
		}
	}
	return d.addSlow(e)
}

func (d Decimal) addSlow(e Decimal) (Decimal, error) {
	if !d.IsFinite() || !e.IsFinite() {
		switch {
		case d.kind == decimalNaN || e.kind == decimalNaN, d.IsInf() && e.IsInf() && d.kind != e.kind:
			return DecimalNaN, nil
		case d.IsInf():
			return d, nil
		}
		return e, nil
	}
	a, b, scale := alignBig(d, e)
	return DecimalFromBig(new(big.Int).Add(a, b), scale).check()
}

// alignBig returns the coefficients at the larger of the scales; they must
// not be changed.
func alignBig(d, e Decimal) (a, b *big.Int, scale int) {
	a, b = d.bigCoef(), e.bigCoef()
	switch {
	case d.scale < e.scale:
		a = new(big.Int).Mul(a, bigPow10(int(e.scale-d.scale)))
		return a, b, int(e.scale)
	case d.scale > e.scale:
		b = new(big.Int).Mul(b, bigPow10(int(d.scale-e.scale)))
	}
	return a, b, int(d.scale)
}

// Sub returns d - e.
func (d Decimal) Sub(e Decimal) (Decimal, error) {
	if e.kind == decimalSmall {
		e.coef = -e.coef
		return d.Add(e)
	}
	return d.Add(e.Neg())
}

// Mul returns d * e; the scales add up.
func (d Decimal) Mul(e Decimal) (Decimal, error) {
	if d.kind == decimalSmall && e.kind == decimalSmall && d.scale+e.scale <= numSmallMaxScale {
		hi, lo := bits.Mul64(absInt(d.coef), absInt(e.coef))
		if hi == 0 && lo <= math.MaxInt64 {
			c := int64(lo)
			if (d.coef < 0) != (e.coef < 0) {
				c = -c
			}
			return Decimal{coef: c, scale: d.scale + e.scale}, nil
		}
	}
	if !d.IsFinite() || !e.IsFinite() {
		return infinity(d, e, d.Sign()*e.Sign()), nil
	}
	scale := int(d.scale + e.scale)
	if d.numDigits()+e.numDigits()-scale > numMaxWholeDigits+1 {
		return Decimal{}, numericOverflow()
	}
	r := Decimal{kind: decimalBig, big: new(big.Int).Mul(d.bigCoef(), e.bigCoef()), scale: int32(scale)}
	if scale > numMaxScale {
		r = r.Round(numMaxScale)
	}
	return r.canonical().check()
}

// infinity returns the infinity of a sign, NaN for sign 0 or a NaN operand.
func infinity(d, e Decimal, sign int) Decimal {
	switch {
	case d.kind == decimalNaN || e.kind == decimalNaN || sign == 0:
		return DecimalNaN
	case sign > 0:
		return DecimalInf
	}
	return DecimalNegInf
}

// Cmp orders values as PostgreSQL: NaN is greatest and equals itself.
func (d Decimal) Cmp(e Decimal) int {
	if d.kind == decimalSmall && e.kind == decimalSmall {
		if d.scale == e.scale {
			return cmpInt(d.coef, e.coef)
		}
		return cmpSmall(d, e)
	}
	if !d.IsFinite() || !e.IsFinite() {
		return cmpInt(d.rank(), e.rank())
	}
	if s, t := d.Sign(), e.Sign(); s != t {
		return cmpInt(int64(s), int64(t))
	}
	a, b, _ := alignBig(d, e)
	return a.Cmp(b)
}

func (d Decimal) rank() int64 {
	switch d.kind {
	case decimalNaN:
		return 2
	case decimalInf:
		return 1
	case decimalNegInf:
		return -1
	}
	return 0
}

func cmpInt(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// cmpSmall compares small values of different scales.
func cmpSmall(d, e Decimal) int {
	s, t := d.Sign(), e.Sign()
	if s != t || s == 0 {
		return cmpInt(int64(s), int64(t))
	}
	a, b := absInt(d.coef), absInt(e.coef)
	if d.scale < e.scale {
		return s * cmpScaled(a, int(e.scale-d.scale), b)
	}
	return -s * cmpScaled(b, int(d.scale-e.scale), a)
}

// cmpScaled compares a * 10^n with b; a is not 0.
func cmpScaled(a uint64, n int, b uint64) int {
	if n >= len(pow10) {
		return 1
	}
	hi, lo := bits.Mul64(a, pow10[n])
	switch {
	case hi != 0 || lo > b:
		return 1
	case lo < b:
		return -1
	}
	return 0
}

// Round rounds half away from zero to a scale, which may be negative; the
// result's scale is at least 0. More digits are filled with zeros.
func (d Decimal) Round(scale int) Decimal { return d.rescale(scale, true) }

// Trunc cuts to a scale, which may be negative.
func (d Decimal) Trunc(scale int) Decimal { return d.rescale(scale, false) }

func (d Decimal) rescale(scale int, round bool) Decimal {
	if !d.IsFinite() || int(d.scale) == scale {
		return d
	}
	drop := int(d.scale) - scale
	if d.kind == decimalSmall {
		if drop < 0 {
			if c, ok := scaleUp(d.coef, int32(-drop)); ok {
				return Decimal{coef: c, scale: int32(scale)}.canonical()
			}
		} else if r, ok := dropSmall(d.coef, drop, scale, round); ok {
			return r
		}
	}
	b := new(big.Int)
	if drop < 0 {
		return DecimalFromBig(b.Mul(d.bigCoef(), bigPow10(-drop)), scale)
	}
	if drop > d.numDigits()+1 {
		return Decimal{scale: int32(max(scale, 0))}.canonical()
	}
	p := bigPow10(drop)
	b, rem := b.QuoRem(d.bigCoef(), p, new(big.Int))
	if round && rem.Lsh(rem, 1).CmpAbs(p) >= 0 {
		b.Add(b, big.NewInt(int64(d.Sign())))
	}
	if scale < 0 {
		b.Mul(b, bigPow10(-scale))
		scale = 0
	}
	return DecimalFromBig(b, scale)
}

// dropSmall removes the last drop digits of a small coefficient.
func dropSmall(c int64, drop, scale int, round bool) (Decimal, bool) {
	outScale := int32(max(scale, 0))
	if outScale > numSmallMaxScale {
		return Decimal{}, false
	}
	if drop >= len(pow10) {
		return Decimal{scale: outScale}, true
	}
	p := pow10[drop]
	u := absInt(c)
	q := u / p
	if r := u - q*p; round && r >= p-r {
		q++
	}
	if scale < 0 {
		if -scale >= len(pow10) {
			return Decimal{scale: outScale}, q == 0
		}
		hi, lo := bits.Mul64(q, pow10[-scale])
		if hi != 0 || lo > math.MaxInt64 {
			return Decimal{}, false
		}
		q = lo
	}
	v := int64(q)
	if c < 0 {
		v = -v
	}
	return Decimal{coef: v, scale: outScale}, true
}

// Ceil returns the least integer that is not less than d.
func (d Decimal) Ceil() Decimal {
	t := d.Trunc(0)
	if d.IsFinite() && t.Cmp(d) < 0 {
		t, _ = t.Add(DecimalFromInt(1))
	}
	return t
}

// Floor returns the greatest integer that is not greater than d.
func (d Decimal) Floor() Decimal {
	t := d.Trunc(0)
	if d.IsFinite() && t.Cmp(d) > 0 {
		t, _ = t.Sub(DecimalFromInt(1))
	}
	return t
}

// TrimScale drops trailing zeros after the point (trim_scale).
func (d Decimal) TrimScale() Decimal {
	switch d.kind {
	case decimalSmall:
		if d.coef == 0 {
			return Decimal{}
		}
		for d.scale > 0 && d.coef%10 == 0 {
			d.coef /= 10
			d.scale--
		}
		return d
	case decimalBig:
		if d.big.Sign() == 0 {
			return Decimal{}
		}
		// Halving steps keep this from being quadratic for long zeros.
		for step := 1 << 13; step > 0; step >>= 1 {
			for int(d.scale) >= step {
				q, r := new(big.Int).QuoRem(d.big, bigPow10(step), new(big.Int))
				if r.Sign() != 0 {
					break
				}
				d.big, d.scale = q, d.scale-int32(step)
			}
		}
		return d.canonical()
	}
	return d
}

func divisionByZero() error { return pgerror.New(pgerror.DivisionByZero, "division by zero") }
