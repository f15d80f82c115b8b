package functions

import (
	"math"
	"math/big"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

var (
	errLogZero     = pgerror.New(pgerror.InvalidArgumentForLog, "cannot take logarithm of zero")
	errLogNegative = pgerror.New(pgerror.InvalidArgumentForLog, "cannot take logarithm of a negative number")
)

func logBody(f func(float64) float64) body {
	return fn1E(func(x float64) (float64, error) {
		switch {
		case x == 0:
			return 0, errLogZero
		case x < 0:
			return 0, errLogNegative
		}
		return f(x), nil
	})
}

func floatExp(x float64) (float64, error) {
	if x-x != 0 {
		return math.Exp(x), nil
	}
	return checkFloat(math.Exp(x), false, false)
}

var (
	_ = define("sqrt(float8)", "The square root.", fn1E(floatSqrt), ex("sqrt(4::float8)", "2"))
	_ = define("sqrt(numeric)", "The square root.", fn1E(types.Decimal.Sqrt), ex("sqrt(2.0)", "1.414213562373095"))
	_ = define("cbrt(float8)", "The cube root.", fn1(math.Cbrt), ex("cbrt(64::float8)", "4"))
	_ = define("power(float8,float8) pow(float8,float8)", "A number raised to a power.", fn2E(floatPower), ex("power(9::float8, 3)", "729"))
	_ = define("power(numeric,numeric) pow(numeric,numeric)", "A number raised to a power.", fn2E(types.Decimal.Power), ex("power(9.0, 3)", "729.0000000000000000"))
	_ = define("exp(float8)", "e raised to a power.", fn1E(floatExp), ex("exp(0::float8)", "1"))
	_ = define("exp(numeric)", "e raised to a power.", fn1E(types.Decimal.Exp), ex("exp(1.0)", "2.7182818284590452"))
	_ = define("ln(float8)", "The natural logarithm.", logBody(math.Log), ex("ln(1::float8)", "0"))
	_ = define("ln(numeric)", "The natural logarithm.", fn1E(types.Decimal.Ln), ex("ln(2.0)", "0.6931471805599453"))
	_ = define("log(float8) log10(float8)", "The logarithm to base 10.", logBody(math.Log10), ex("log(100::float8)", "2"))
	_ = define("log(numeric) log10(numeric)", "The logarithm to base 10.", fn1E(types.Decimal.Log10), ex("log(100.0)", "2.0000000000000000"))
	_ = define("log(numeric,numeric)", "The logarithm of the second number to the base of the first.",
		fn2E(func(base, x types.Decimal) (types.Decimal, error) { return x.Log(base) }), ex("log(2.0, 64.0)", "6.0000000000000000"))
)

var (
	_ = define("mod(int2,int2)", "The remainder of a division.", fn2E(modulo[int16]), ex("mod(9::int2, 4::int2)", "1"))
	_ = define("mod(int4,int4)", "The remainder of a division.", fn2E(modulo[int32]), ex("mod(9, 4)", "1"))
	_ = define("mod(int8,int8)", "The remainder of a division.", fn2E(modulo[int64]), ex("mod(9::int8, 4)", "1"))
	_ = define("mod(numeric,numeric)", "The remainder of a division.", fn2E(types.Decimal.Mod), ex("mod(5.5, 2)", "1.5"))
	_ = define("div(numeric,numeric)", "The whole quotient, cut toward zero.", fn2E(types.Decimal.DivTrunc), ex("div(9, 4)", "2"))
	_ = define("gcd(int4,int4)", "The greatest common divisor.", fn2E(gcd[int32]), ex("gcd(1071, 462)", "21"))
	_ = define("gcd(int8,int8)", "The greatest common divisor.", fn2E(gcd[int64]), ex("gcd(1071::int8, 462)", "21"))
	_ = define("gcd(numeric,numeric)", "The greatest common divisor.", fn2E(decimalGCD), ex("gcd(1.5, 0.3)", "0.3"))
	_ = define("lcm(int4,int4)", "The least common multiple.", fn2E(lcm[int32]), ex("lcm(1071, 462)", "23562"))
	_ = define("lcm(int8,int8)", "The least common multiple.", fn2E(lcm[int64]), ex("lcm(1071::int8, 462)", "23562"))
	_ = define("lcm(numeric,numeric)", "The least common multiple.", fn2E(decimalLCM), ex("lcm(1.5, 0.4)", "6.0"))
	_ = define("factorial(int8)", "The factorial.", fn1E(factorial), ex("factorial(5)", "120"))
)

func unsigned[T signed](v T) uint64 {
	if v < 0 {
		return -uint64(int64(v))
	}
	return uint64(v)
}

func gcd[T signed](a, b T) (T, error) {
	x, y := unsigned(a), unsigned(b)
	for y != 0 {
		x, y = y, x%y
	}
	if r := T(x); r >= 0 && uint64(r) == x {
		return r, nil
	}
	return 0, rangeError[T]()
}

func lcm[T signed](a, b T) (T, error) {
	if a == 0 || b == 0 {
		return 0, nil
	}
	g, err := gcd(a, b)
	if err != nil { // only of the least number with itself or 0
		return 0, err
	}
	p := new(big.Int).Mul(big.NewInt(int64(a/g)), big.NewInt(int64(b)))
	p.Abs(p)
	if p.IsInt64() {
		if r := T(p.Int64()); int64(r) == p.Int64() {
			return r, nil
		}
	}
	return 0, rangeError[T]()
}

// alike brings two finite numbers to one scale.
func alike(a, b types.Decimal) (x, y *big.Int, scale int) {
	scale = max(a.Scale(), b.Scale())
	up := func(d types.Decimal) *big.Int {
		f := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale-d.Scale())), nil)
		return f.Mul(f, d.Coefficient())
	}
	return up(a), up(b), scale
}

var decimalNaN = types.DecimalFromFloat64(math.NaN())

func decimalGCD(a, b types.Decimal) (types.Decimal, error) {
	if !a.IsFinite() || !b.IsFinite() {
		return decimalNaN, nil
	}
	x, y, scale := alike(a, b)
	return types.DecimalFromBig(new(big.Int).GCD(nil, nil, x.Abs(x), y.Abs(y)), scale), nil
}

func decimalLCM(a, b types.Decimal) (types.Decimal, error) {
	if !a.IsFinite() || !b.IsFinite() {
		return decimalNaN, nil
	}
	x, y, scale := alike(a, b)
	if x.Sign() == 0 || y.Sign() == 0 {
		return types.NewDecimal(0, scale), nil
	}
	g := new(big.Int).GCD(nil, nil, new(big.Int).Abs(x), new(big.Int).Abs(y))
	x.Quo(x, g)
	x.Mul(x, y)
	return types.DecimalFromBig(x.Abs(x), scale), nil
}

func factorial(n int64) (types.Decimal, error) {
	switch {
	case n < 0:
		return types.Decimal{}, pgerror.New(pgerror.NumericValueOutOfRange, "factorial of a negative number is undefined")
	case n > 32177:
		return types.Decimal{}, pgerror.New(pgerror.NumericValueOutOfRange, "value overflows numeric format")
	}
	return types.DecimalFromBig(new(big.Int).MulRange(1, max(n, 1)), 0), nil
}
