package types

import (
	"math"
	"math/big"

	"github.com/cockroachdb/apd/v3"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// mathGuard is how many digits more than asked the functions compute with.
const mathGuard = 12

func (d Decimal) apd() *apd.Decimal {
	return apd.NewWithBigInt(new(apd.BigInt).SetMathBigInt(d.bigCoef()), -d.scale)
}

// fromAPD rounds a result to a scale.
func fromAPD(a *apd.Decimal, scale int) Decimal {
	b := a.Coeff.MathBigInt()
	if a.Negative {
		b.Neg(b)
	}
	if a.Exponent > 0 {
		b.Mul(b, bigPow10(int(a.Exponent)))
		return DecimalFromBig(b, 0).Round(scale)
	}
	// The scale may be far over a numeric's here, so no canonical form yet.
	return Decimal{kind: decimalBig, big: b, scale: -a.Exponent}.Round(scale).canonical()
}

func apdContext(precision int) *apd.Context {
	c := apd.BaseContext.WithPrecision(uint32(max(precision, 20)))
	c.Traps = apd.DivisionByZero | apd.InvalidOperation | apd.Overflow
	c.Rounding = apd.RoundHalfUp
	return c
}

func mathScale(scale int, ds ...Decimal) int {
	for _, d := range ds {
		scale = max(scale, int(d.scale))
	}
	return min(max(scale, 0), numMaxDisplayScale)
}

// Sqrt returns the square root (2201F for negative numbers).
func (d Decimal) Sqrt() (Decimal, error) {
	switch {
	case d.Sign() < 0:
		return Decimal{}, pgerror.New(pgerror.InvalidArgumentForPowerFunction, "cannot take square root of a negative number")
	case !d.IsFinite():
		return d, nil
	}
	scale := mathScale(numMinSigDigits-((d.weight()+1)*2-1), d)
	// One digit more than asked decides the rounding.
	shift := 2*(scale+1) - int(d.scale)
	b := new(big.Int)
	if shift >= 0 {
		b.Mul(d.bigCoef(), bigPow10(shift))
	} else {
		b.Quo(d.bigCoef(), bigPow10(-shift))
	}
	return Decimal{kind: decimalBig, big: b.Sqrt(b), scale: int32(scale + 1)}.Round(scale).canonical(), nil
}

// Exp returns e to the power of d.
func (d Decimal) Exp() (Decimal, error) {
	switch d.kind {
	case decimalNaN, decimalInf:
		return d, nil
	case decimalNegInf:
		return Decimal{}, nil
	}
	f := d.Float64()
	val := math.Max(-numMaxResultScale, math.Min(numMaxResultScale, f*math.Log10E))
	return d.expScale(mathScale(numMinSigDigits-int(val), d))
}

func (d Decimal) expScale(scale int) (Decimal, error) {
	f := d.Float64()
	if math.Abs(f) >= numMaxResultScale*3 {
		if f > 0 {
			return Decimal{}, numericOverflow()
		}
		return Decimal{scale: int32(scale)}.canonical(), nil
	}
	precision := scale + int(f*math.Log10E) + mathGuard
	if precision < 0 {
		return Decimal{scale: int32(scale)}.canonical(), nil
	}
	r, err := expPrecise(d.apd(), precision)
	if err != nil {
		return Decimal{}, err
	}
	return fromAPD(r, scale), nil
}

// expPrecise returns e^x with about the given number of digits. The library's
// range is smaller than numeric's, so x is divided by 16 and the result
// squared four times.
func expPrecise(x *apd.Decimal, precision int) (*apd.Decimal, error) {
	ctx := apdContext(precision + 6)
	var y, r apd.Decimal
	if _, err := ctx.Quo(&y, x, apd.New(16, 0)); err != nil {
		return nil, numericOverflow()
	}
	if _, err := ctx.Exp(&r, &y); err != nil {
		return nil, numericOverflow()
	}
	for range 4 {
		if _, err := ctx.Mul(&r, &r, &r); err != nil {
			return nil, numericOverflow()
		}
	}
	return &r, nil
}

// checkLog returns the errors of the logarithms (2201E).
func (d Decimal) checkLog() error {
	switch {
	case d.kind == decimalNaN || d.Sign() > 0:
		return nil
	case d.Sign() < 0:
		return pgerror.New(pgerror.InvalidArgumentForLog, "cannot take logarithm of a negative number")
	}
	return pgerror.New(pgerror.InvalidArgumentForLog, "cannot take logarithm of zero")
}

// lnWeight estimates the decimal weight of ln(d) as estimate_ln_dweight.
func (d Decimal) lnWeight() int {
	if d.Sign() <= 0 {
		return 0
	}
	if d.Cmp(NewDecimal(9, 1)) >= 0 && d.Cmp(NewDecimal(11, 1)) <= 0 {
		x, _ := d.Sub(DecimalFromInt(1))
		if x.IsZero() {
			return 0
		}
		return x.weight10()
	}
	lead := math.Log(float64(d.leading(2)))
	ln := lead + float64(4*(d.weight()-1))*math.Ln10
	return int(math.Log10(math.Abs(ln)))
}

// lnPrecise returns ln(d) with about the given number of digits.
func (d Decimal) lnPrecise(precision int) (*apd.Decimal, error) {
	var r apd.Decimal
	if _, err := apdContext(precision).Ln(&r, d.apd()); err != nil {
		return nil, numericOverflow()
	}
	return &r, nil
}

// Ln returns the natural logarithm.
func (d Decimal) Ln() (Decimal, error) {
	if err := d.checkLog(); err != nil {
		return Decimal{}, err
	}
	if !d.IsFinite() {
		return d, nil
	}
	w := d.lnWeight()
	scale := mathScale(numMinSigDigits-w, d)
	r, err := d.lnPrecise(scale + w + mathGuard)
	if err != nil {
		return Decimal{}, err
	}
	return fromAPD(r, scale), nil
}

// Log returns the logarithm of d to a base (log(base, d)).
func (d Decimal) Log(base Decimal) (Decimal, error) {
	if d.kind == decimalNaN || base.kind == decimalNaN {
		return DecimalNaN, nil
	}
	if err := base.checkLog(); err != nil {
		return Decimal{}, err
	}
	if err := d.checkLog(); err != nil {
		return Decimal{}, err
	}
	switch {
	case d.IsInf() && base.IsInf():
		return DecimalNaN, nil
	case d.IsInf():
		return DecimalInf, nil
	case base.IsInf():
		return Decimal{}, nil
	}
	wb, wn := base.lnWeight(), d.lnWeight()
	scale := mathScale(numMinSigDigits-(wn-wb), base, d)
	precision := scale + max(wn-wb, 0) + mathGuard + 4
	lb, err := base.lnPrecise(precision)
	if err != nil {
		return Decimal{}, err
	}
	ln, err := d.lnPrecise(precision)
	if err != nil {
		return Decimal{}, err
	}
	if lb.IsZero() {
		return Decimal{}, divisionByZero()
	}
	var r apd.Decimal
	if _, err := apdContext(precision).Quo(&r, ln, lb); err != nil {
		return Decimal{}, numericOverflow()
	}
	return fromAPD(&r, scale), nil
}

// Log10 returns the logarithm to the base 10.
func (d Decimal) Log10() (Decimal, error) { return d.Log(DecimalFromInt(10)) }
