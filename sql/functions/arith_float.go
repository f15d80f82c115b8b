package functions

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

var (
	_ = floatArithmetic[float32, float32, float32]("float4")
	_ = floatArithmetic[float32, float64, float64]("float48")
	_ = floatArithmetic[float64, float32, float64]("float84")
	_ = floatArithmetic[float64, float64, float64]("float8")

	_ = floatUnary[float32]("float4")
	_ = floatUnary[float64]("float8")

	_ = behind("dpow", fn2E(floatPower))
	_ = behind("dsqrt", fn1E(floatSqrt))
	_ = behind("dcbrt", fn1(math.Cbrt))
)

var (
	errFloatOverflow  = pgerror.New(pgerror.NumericValueOutOfRange, "value out of range: overflow")
	errFloatUnderflow = pgerror.New(pgerror.NumericValueOutOfRange, "value out of range: underflow")
)

// floatArithmetic registers + - * / of two float types.
func floatArithmetic[A, B, R float](prefix string) *Scalar {
	behind(prefix+"mi", floating(func(out []R, a []A, b []B, am, bm int) bool {
		var odd R
		if am != 0 && bm != 0 {
			a, b = a[:len(out)], b[:len(out)]
			for i := range out {
				r := R(a[i]) - R(b[i])
				out[i] = r
				odd += r * 0
			}
			return odd != 0
		}
		for i := range out {
			r := R(a[i&am]) - R(b[i&bm])
			out[i] = r
			odd += r * 0
		}
		return odd != 0
	}, func(a, b R) (R, error) {
		return checkFloat(a-b, isInf(a) || isInf(b), true)
	}))
	behind(prefix+"mul", floating(mulFloats[A, B, R], func(a, b R) (R, error) {
		return checkFloat(a*b, isInf(a) || isInf(b), a == 0 || b == 0)
	}))
	behind(prefix+"div", floating(func(out []R, a []A, b []B, am, bm int) bool {
		var odd R
		zeros := false
		for i := range out {
			r := R(a[i&am]) / R(b[i&bm])
			out[i] = r
			odd += r * 0
			if r == 0 && a[i&am] != 0 {
				zeros = true
			}
		}
		return odd != 0 || zeros
	}, floatDivide[R]))
	return behind(prefix+"pl", floating(func(out []R, a []A, b []B, am, bm int) bool {
		var odd R
		if am != 0 && bm != 0 {
			a, b = a[:len(out)], b[:len(out)]
			for i := range out {
				r := R(a[i]) + R(b[i])
				out[i] = r
				odd += r * 0
			}
			return odd != 0
		}
		for i := range out {
			r := R(a[i&am]) + R(b[i&bm])
			out[i] = r
			odd += r * 0
		}
		return odd != 0
	}, func(a, b R) (R, error) {
		return checkFloat(a+b, isInf(a) || isInf(b), true)
	}))
}

func mulFloats[A, B, R float](out []R, a []A, b []B, am, bm int) bool {
	var odd R
	zeros := false
	if am != 0 && bm != 0 {
		a, b = a[:len(out)], b[:len(out)]
		for i := range out {
			r := R(a[i]) * R(b[i])
			out[i] = r
			odd += r * 0 // NaN if r is not finite
			if r == 0 && a[i] != 0 && b[i] != 0 {
				zeros = true
			}
		}
		return odd != 0 || zeros
	}
	for i := range out {
		r := R(a[i&am]) * R(b[i&bm])
		out[i] = r
		odd += r * 0
		if r == 0 && a[i&am] != 0 && b[i&bm] != 0 {
			zeros = true
		}
	}
	return odd != 0 || zeros
}

func floatUnary[T float](prefix string) *Scalar {
	behind(prefix+"um", fn1(func(a T) T { return -a }))
	behind(prefix+"up", fn1(func(a T) T { return a }))
	return behind(prefix+"abs", fn1(func(a T) T { return T(math.Abs(float64(a))) }))
}

// floating lifts a float operation over a batch: loop computes all rows fast
// and reports whether some result could be an error; then one decides.
func floating[A, B, R float](loop func(out []R, a []A, b []B, am, bm int) bool, one func(a, b R) (R, error)) body {
	kernel := func(c *Context, args []Value, n int) (arrow.Array, error) {
		m, all := strictNulls(c, n, args[0], args[1])
		if all {
			return NullArray(c, physOf[R](), n), nil
		}
		a, b := fixedValues[A](args[0].Array), fixedValues[B](args[1].Array)
		out := newOutput[R](c, n)
		am, bm := mask(args[0]), mask(args[1])
		var err error
		if loop(out.vals, a, b, am, bm) {
			err = eachValid(&m, n, func(i int) error {
				_, err := one(R(a[i&am]), R(b[i&bm]))
				return err
			})
		}
		return out.finishOr(c, m, err)
	}
	eval := func(_ *Context, d []types.Datum) (types.Datum, error) {
		return datumOr(one(R(fromDatum[A](d[0])), R(fromDatum[B](d[1]))))
	}
	return body{Kernel: kernel, Eval: eval}
}

func isInf[T float](x T) bool { return x-x != 0 && x == x }

// checkFloat is PostgreSQL's check_float8_val.
func checkFloat[T float](r T, infOK, zeroOK bool) (T, error) {
	if !infOK && isInf(r) {
		return 0, errFloatOverflow
	}
	if !zeroOK && r == 0 {
		return 0, errFloatUnderflow
	}
	return r, nil
}

func floatDivide[R float](a, b R) (R, error) {
	if b == 0 && a == a {
		return 0, errDivisionByZero
	}
	return checkFloat(a/b, isInf(a), a == 0 || isInf(b))
}

func floatSqrt(a float64) (float64, error) {
	if a < 0 {
		return 0, pgerror.New(pgerror.InvalidArgumentForPowerFunction, "cannot take square root of a negative number")
	}
	return math.Sqrt(a), nil
}

// floatPower is dpow: POSIX pow with SQL's errors.
func floatPower(a, b float64) (float64, error) {
	switch {
	case a != a:
		if b == 0 {
			return 1, nil
		}
		return a, nil
	case b != b:
		if a == 1 {
			return 1, nil
		}
		return b, nil
	case a == 0 && b < 0:
		return 0, pgerror.New(pgerror.InvalidArgumentForPowerFunction, "zero raised to a negative power is undefined")
	case a < 0 && math.Floor(b) != b:
		return 0, pgerror.New(pgerror.InvalidArgumentForPowerFunction, "a negative number raised to a non-integer power yields a complex result")
	}
	r := pow(a, b)
	if math.IsInf(a, 0) || math.IsInf(b, 0) {
		return r, nil
	}
	return checkFloat(r, false, a == 0)
}

// pow is math.Pow, which is inexact for subnormal a.
func pow(a, b float64) float64 {
	const smallestNormal, shift = 0x1p-1022, 54
	if a != 0 && math.Abs(a) < smallestNormal {
		return math.Pow(math.Ldexp(a, shift), b) * math.Exp2(-shift*b)
	}
	return math.Pow(a, b)
}
