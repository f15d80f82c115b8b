package functions

import (
	"math/bits"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

type signed interface{ int16 | int32 | int64 }

var (
	_ = integerArithmetic[int16, int16, int16]("int2")
	_ = integerArithmetic[int16, int32, int32]("int24")
	_ = integerArithmetic[int16, int64, int64]("int28")
	_ = integerArithmetic[int32, int16, int32]("int42")
	_ = integerArithmetic[int32, int32, int32]("int4")
	_ = integerArithmetic[int32, int64, int64]("int48")
	_ = integerArithmetic[int64, int16, int64]("int82")
	_ = integerArithmetic[int64, int32, int64]("int84")
	_ = integerArithmetic[int64, int64, int64]("int8")

	_ = integerUnary[int16]("int2", 15)
	_ = integerUnary[int32]("int4", 31)
	_ = integerUnary[int64]("int8", 63)
)

var (
	errDivisionByZero = pgerror.New(pgerror.DivisionByZero, "division by zero")
	errSmallintRange  = pgerror.New(pgerror.NumericValueOutOfRange, "smallint out of range")
	errIntegerRange   = pgerror.New(pgerror.NumericValueOutOfRange, "integer out of range")
	errBigintRange    = pgerror.New(pgerror.NumericValueOutOfRange, "bigint out of range")
)

// rangeError is the overflow error of an integer type.
func rangeError[R signed]() error {
	switch unsafe.Sizeof(R(0)) {
	case 2:
		return errSmallintRange
	case 4:
		return errIntegerRange
	}
	return errBigintRange
}

// integerArithmetic registers + - * / of two integer types.
func integerArithmetic[A, B, R signed](prefix string) *Scalar {
	mul := mulNarrow[A, B, R]
	if unsafe.Sizeof(R(0)) == 8 {
		mul = mulWide[A, B, R]
	}
	behind(prefix+"mi", overflowing(subLoop[A, B, R], func(a A, b B) (R, bool) {
		r := R(a) - R(b)
		return r, (R(a)^R(b))&(r^R(a)) >= 0
	}))
	behind(prefix+"mul", overflowing(mul, func(a A, b B) (R, bool) {
		hi, lo := mul128(int64(a), int64(b))
		return R(lo), hi == int64(lo)>>63 && int64(R(lo)) == int64(lo)
	}))
	behind(prefix+"div", fn2E(divide[A, B, R]))
	return behind(prefix+"pl", overflowing(addLoop[A, B, R], func(a A, b B) (R, bool) {
		r := R(a) + R(b)
		return r, (r^R(a))&(r^R(b)) >= 0
	}))
}

// integerUnary registers the operators of one integer type: - + @ % & | # ~ << >>.
func integerUnary[T signed](prefix string, shift int32) *Scalar {
	behind(prefix+"um", fn1E(negate[T]))
	behind(prefix+"up", fn1(func(a T) T { return a }))
	behind(prefix+"abs", fn1E(absolute[T]))
	behind(prefix+"mod", fn2E(modulo[T]))
	behind(prefix+"and", fn2(func(a, b T) T { return a & b }))
	behind(prefix+"or", fn2(func(a, b T) T { return a | b }))
	behind(prefix+"xor", fn2(func(a, b T) T { return a ^ b }))
	behind(prefix+"not", fn1(func(a T) T { return ^a }))
	if shift == 15 { // C computes int2 shifts in int
		shift = 31
	}
	behind(prefix+"shl", fn2(func(a T, b int32) T { return T(int64(a) << (b & shift)) }))
	return behind(prefix+"shr", fn2(func(a T, b int32) T { return T(int64(a) >> (b & shift)) }))
}

func negate[T signed](a T) (T, error) {
	if a == -a && a != 0 {
		return 0, rangeError[T]()
	}
	return -a, nil
}

func absolute[T signed](a T) (T, error) {
	if a < 0 {
		return negate(a)
	}
	return a, nil
}

func divide[A, B, R signed](a A, b B) (R, error) {
	switch b {
	case 0:
		return 0, errDivisionByZero
	case -1:
		return negate(R(a))
	}
	return R(a) / R(b), nil
}

func modulo[T signed](a, b T) (T, error) {
	switch b {
	case 0:
		return 0, errDivisionByZero
	case -1:
		return 0, nil
	}
	return a % b, nil
}

// overflowing lifts an integer operation over a batch: loop computes all rows
// fast and reports by a negative result that some row may have overflowed (a
// NULL's arbitrary value may, too); then one decides row by row.
func overflowing[A, B, R signed](loop func(out []R, a []A, b []B, am, bm int) R, one func(A, B) (R, bool)) body {
	kernel := func(c *Context, args []Value, n int) (arrow.Array, error) {
		m, all := strictNulls(c, n, args[0], args[1])
		if all {
			return NullArray(c, physOf[R](), n), nil
		}
		a, b := fixedValues[A](args[0].Array), fixedValues[B](args[1].Array)
		out := newOutput[R](c, n)
		am, bm := mask(args[0]), mask(args[1])
		if loop(out.vals, a, b, am, bm) < 0 {
			err := eachValid(&m, n, func(i int) error {
				if _, ok := one(a[i&am], b[i&bm]); !ok {
					return rangeError[R]()
				}
				return nil
			})
			if err != nil {
				return out.finishOr(c, m, err)
			}
		}
		return out.finish(c, m)
	}
	eval := func(_ *Context, d []types.Datum) (types.Datum, error) {
		r, ok := one(A(d[0].I), B(d[1].I))
		if !ok {
			return types.Null, rangeError[R]()
		}
		return types.Datum{P: physOf[R](), I: int64(r)}, nil
	}
	return body{Kernel: kernel, Eval: eval}
}

func addLoop[A, B, R signed](out []R, a []A, b []B, am, bm int) (overflow R) {
	switch {
	case len(out) == 0:
	case bm == 0:
		y := R(b[0])
		for i, v := range a[:max(1, len(out)&am)] {
			x := R(v)
			r := x + y
			out[i] = r
			overflow |= (r ^ x) & (r ^ y)
		}
	case am == 0:
		return addLoop[B, A, R](out, b, a, bm, am)
	default:
		a, b = a[:len(out)], b[:len(out)]
		for i := range out {
			x, y := R(a[i]), R(b[i])
			r := x + y
			out[i] = r
			overflow |= (r ^ x) & (r ^ y)
		}
	}
	return overflow
}

func subLoop[A, B, R signed](out []R, a []A, b []B, am, bm int) (overflow R) {
	switch {
	case len(out) == 0:
	case bm == 0:
		y := R(b[0])
		for i, v := range a[:max(1, len(out)&am)] {
			x := R(v)
			r := x - y
			out[i] = r
			overflow |= (x ^ y) & (r ^ x)
		}
	case am == 0:
		x := R(a[0])
		for i, v := range b[:len(out)] {
			y := R(v)
			r := x - y
			out[i] = r
			overflow |= (x ^ y) & (r ^ x)
		}
	default:
		a, b = a[:len(out)], b[:len(out)]
		for i := range out {
			x, y := R(a[i]), R(b[i])
			r := x - y
			out[i] = r
			overflow |= (x ^ y) & (r ^ x)
		}
	}
	return overflow
}

// mulNarrow multiplies where the exact product fits in 64 bits.
func mulNarrow[A, B, R signed](out []R, a []A, b []B, am, bm int) R {
	var bad int64
	for i := range out {
		p := int64(a[i&am]) * int64(b[i&bm])
		r := R(p)
		out[i] = r
		bad |= p ^ int64(r)
	}
	if bad != 0 {
		return -1
	}
	return 0
}

func mulWide[A, B, R signed](out []R, a []A, b []B, am, bm int) R {
	var bad int64
	for i := range out {
		hi, lo := mul128(int64(a[i&am]), int64(b[i&bm]))
		out[i] = R(lo)
		bad |= hi ^ int64(lo)>>63
	}
	if bad != 0 {
		return -1
	}
	return 0
}

// mul128 is the signed 128-bit product.
func mul128(a, b int64) (hi int64, lo uint64) {
	h, l := bits.Mul64(uint64(a), uint64(b))
	return int64(h) - (a>>63)&b - (b>>63)&a, l
}
