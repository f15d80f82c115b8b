package types

import (
	"math"
	"math/big"
	"math/bits"
)

// divScale is select_div_scale: at least 16 significant digits in the
// quotient, and no fewer fractional digits than an operand has.
func divScale(d, e Decimal) int {
	w1, f1 := d.first()
	w2, f2 := e.first()
	q := w1 - w2
	if f1 <= f2 {
		q--
	}
	scale := max(numMinSigDigits-q*4, int(d.scale), int(e.scale), 0)
	return min(scale, numMaxDisplayScale)
}

// first returns the weight and value of the leading base 10000 digit.
func (d Decimal) first() (weight int, digit int64) {
	if d.kind != decimalSmall {
		return d.weight(), d.leading(1)
	}
	u := absInt(d.coef)
	if u == 0 {
		return 0, 0
	}
	exp := digits10(u) - 1 - int(d.scale)
	weight = exp >> 2 // floor
	// The digit has the exponents 4*weight .. 4*weight+3.
	drop := 4*weight + int(d.scale)
	if drop >= 0 {
		return weight, int64(u / pow10[drop])
	}
	return weight, int64(u * pow10[-drop])
}

// Div returns d / e with the scale that PostgreSQL selects, rounded.
func (d Decimal) Div(e Decimal) (Decimal, error) {
	if d.kind == decimalSmall && e.kind == decimalSmall && e.coef != 0 {
		scale := divScale(d, e)
		if r, ok := divSmall(d, e, scale); ok {
			return r, nil
		}
		return divBig(d, e, scale, true), nil
	}
	if r, done, err := divSpecial(d, e); done {
		return r, err
	}
	return divBig(d, e, divScale(d, e), true).check()
}

// DivScale returns d / e rounded to a scale of the caller's choice; both are
// finite and e is not 0.
func (d Decimal) DivScale(e Decimal, scale int) Decimal {
	if d.kind == decimalSmall && e.kind == decimalSmall {
		if r, ok := divSmall(d, e, scale); ok {
			return r
		}
	}
	return divBig(d, e, scale, true)
}

// divSpecial deals with NaN, infinities and division by zero.
func divSpecial(d, e Decimal) (Decimal, bool, error) {
	switch {
	case d.kind == decimalNaN || e.kind == decimalNaN:
		return DecimalNaN, true, nil
	case e.IsZero():
		return Decimal{}, true, divisionByZero()
	case d.IsInf() && e.IsInf():
		return DecimalNaN, true, nil
	case d.IsInf():
		return infinity(d, e, d.Sign()*e.Sign()), true, nil
	case e.IsInf():
		return Decimal{}, true, nil
	}
	return Decimal{}, false, nil
}

// divSmall divides through 128 bits when the quotient fits an int64.
func divSmall(d, e Decimal, scale int) (Decimal, bool) {
	shift := scale - int(d.scale) + int(e.scale)
	if shift < 0 || scale > numSmallMaxScale {
		return Decimal{}, false
	}
	hi, lo := uint64(0), absInt(d.coef)
	if shift < len(pow10) {
		hi, lo = bits.Mul64(lo, pow10[shift])
	} else {
		if shift >= 2*len(pow10)-1 {
			return Decimal{}, false
		}
		h1, l1 := bits.Mul64(lo, pow10[19])
		if h1 != 0 {
			return Decimal{}, false
		}
		hi, lo = bits.Mul64(l1, pow10[shift-19])
	}
	den := absInt(e.coef)
	if hi >= den {
		return Decimal{}, false
	}
	q, r := bits.Div64(hi, lo, den)
	if r >= den-r {
		q++
	}
	if q > math.MaxInt64 {
		return Decimal{}, false
	}
	c := int64(q)
	if (d.coef < 0) != (e.coef < 0) {
		c = -c
	}
	return Decimal{coef: c, scale: int32(scale)}, true
}

// divBig divides to a scale, rounding half away from zero or cutting.
func divBig(d, e Decimal, scale int, round bool) Decimal {
	num, den := d.bigCoef(), e.bigCoef()
	if shift := scale - int(d.scale) + int(e.scale); shift >= 0 {
		num = new(big.Int).Mul(num, bigPow10(shift))
	} else {
		den = new(big.Int).Mul(den, bigPow10(-shift))
	}
	q, r := new(big.Int).QuoRem(num, den, new(big.Int))
	if round && r.Lsh(r, 1).CmpAbs(den) >= 0 {
		q.Add(q, big.NewInt(int64(d.Sign()*e.Sign())))
	}
	return DecimalFromBig(q, scale)
}

// DivTrunc returns the integer quotient cut towards zero (div(n, m)).
func (d Decimal) DivTrunc(e Decimal) (Decimal, error) {
	if r, done, err := divSpecial(d, e); done {
		return r, err
	}
	if d.kind == decimalSmall && e.kind == decimalSmall && d.scale == e.scale {
		return Decimal{coef: d.coef / e.coef}, nil
	}
	return divBig(d, e, 0, false).check()
}

// Mod returns the remainder, which has the sign of d.
func (d Decimal) Mod(e Decimal) (Decimal, error) {
	switch {
	case d.kind == decimalNaN || e.kind == decimalNaN:
		return DecimalNaN, nil
	case d.IsInf():
		if e.IsZero() {
			return Decimal{}, divisionByZero()
		}
		return DecimalNaN, nil
	case e.IsInf():
		return d, nil
	case e.IsZero():
		return Decimal{}, divisionByZero()
	}
	if d.kind == decimalSmall && e.kind == decimalSmall {
		scale := max(d.scale, e.scale)
		a, ok1 := scaleUp(d.coef, scale-d.scale)
		b, ok2 := scaleUp(e.coef, scale-e.scale)
		if ok1 && ok2 {
			return Decimal{coef: a % b, scale: scale}, nil
		}
	}
	a, b, scale := alignBig(d, e)
	return DecimalFromBig(new(big.Int).Rem(a, b), scale), nil
}
