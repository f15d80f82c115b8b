package functions

import (
	"cmp"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/types"
)

type integer interface{ int16 | int32 | int64 | uint32 }

type float interface{ float32 | float64 }

var (
	_ = registerComparisons(compareNames("int2"), compareInts[int16, int16])
	_ = registerComparisons(compareNames("int24"), compareInts[int16, int32])
	_ = registerComparisons(compareNames("int28"), compareInts[int16, int64])
	_ = registerComparisons(compareNames("int42"), compareInts[int32, int16])
	_ = registerComparisons(compareNames("int4"), compareInts[int32, int32])
	_ = registerComparisons(compareNames("int48"), compareInts[int32, int64])
	_ = registerComparisons(compareNames("int82"), compareInts[int64, int16])
	_ = registerComparisons(compareNames("int84"), compareInts[int64, int32])
	_ = registerComparisons(compareNames("int8"), compareInts[int64, int64])
	_ = registerComparisons(compareNames("oid"), compareInts[uint32, uint32])
	_ = registerComparisons(compareNames("date_"), compareInts[int32, int32])
	_ = registerComparisons(compareNames("time_"), compareInts[int64, int64])
	_ = registerComparisons(compareNames("timestamp_"), compareInts[int64, int64]) // timestamptz too
	_ = registerComparisons(compareNames("cash_"), compareInts[int64, int64])
	_ = behind("xideq", compareInts[uint32, uint32](cmpEq))
	_ = behind("xidneq", compareInts[uint32, uint32](cmpNe))
	_ = behind("cideq", compareInts[uint32, uint32](cmpEq))

	_ = registerComparisons(compareNames("float4"), compareFloats[float32, float32])
	_ = registerComparisons(compareNames("float48"), compareFloats[float32, float64])
	_ = registerComparisons(compareNames("float84"), compareFloats[float64, float32])
	_ = registerComparisons(compareNames("float8"), compareFloats[float64, float64])

	_ = registerComparisons(compareNames("bool"), orderedBody(func(a, b bool) int { return b2i(a) - b2i(b) }))
)

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func bit(b bool) byte {
	var r byte
	if b {
		r = 1
	}
	return r
}

func compareInts[A, B integer](op comparison) body {
	return body{
		Kernel: func(c *Context, args []Value, n int) (arrow.Array, error) {
			return compareBools(c, args, n, func(dst []byte) {
				a, b := fixedValues[A](args[0].Array), fixedValues[B](args[1].Array)
				switch {
				case args[1].Const:
					intsConst(dst, a, int64(b[0]), op)
				case args[0].Const:
					intsConst(dst, b, int64(a[0]), op.swap())
				default:
					intsVector(dst, a, b, op)
				}
			})
		},
		Eval: func(_ *Context, d []types.Datum) (types.Datum, error) {
			return types.NewBool(op.holds(cmp.Compare(d[0].I, d[1].I))), nil
		},
	}
}

// intsConst sets bit i to a[i] op b.
func intsConst[A integer](dst []byte, a []A, b int64, op comparison) {
	op, negate := op.positive()
	if lim := A(b); int64(lim) == b {
		switch op {
		case cmpEq:
			eqConst(dst, a, lim)
		case cmpLt:
			ltConst(dst, a, lim)
		default:
			gtConst(dst, a, lim)
		}
	} else { // out of A's range: the same answer for every row
		var fill byte
		if op == cmpLt && b > 0 || op == cmpGt && b < 0 {
			fill = 0xff
		}
		for i := range dst {
			dst[i] = fill
		}
	}
	if negate {
		invert(dst)
	}
}

// intsVector sets bit i to a[i] op b[i].
func intsVector[A, B integer](dst []byte, a []A, b []B, op comparison) {
	op, negate := op.positive()
	switch op {
	case cmpEq:
		eqVector(dst, a, b)
	case cmpLt:
		ltVector(dst, a, b)
	default:
		ltVector(dst, b, a)
	}
	if negate {
		invert(dst)
	}
}

func eqConst[A integer | float](dst []byte, a []A, b A) {
	k := 0
	for ; len(a) >= 8; a = a[8:] {
		x := a[:8]
		dst[k] = bit(x[0] == b) | bit(x[1] == b)<<1 | bit(x[2] == b)<<2 | bit(x[3] == b)<<3 |
			bit(x[4] == b)<<4 | bit(x[5] == b)<<5 | bit(x[6] == b)<<6 | bit(x[7] == b)<<7
		k++
	}
	if len(a) > 0 {
		var w byte
		for i := range a {
			w |= bit(a[i] == b) << i
		}
		dst[k] = w
	}
}

func ltConst[A integer | float](dst []byte, a []A, b A) {
	k := 0
	for ; len(a) >= 8; a = a[8:] {
		x := a[:8]
		dst[k] = bit(x[0] < b) | bit(x[1] < b)<<1 | bit(x[2] < b)<<2 | bit(x[3] < b)<<3 |
			bit(x[4] < b)<<4 | bit(x[5] < b)<<5 | bit(x[6] < b)<<6 | bit(x[7] < b)<<7
		k++
	}
	if len(a) > 0 {
		var w byte
		for i := range a {
			w |= bit(a[i] < b) << i
		}
		dst[k] = w
	}
}

func gtConst[A integer | float](dst []byte, a []A, b A) {
	k := 0
	for ; len(a) >= 8; a = a[8:] {
		x := a[:8]
		dst[k] = bit(x[0] > b) | bit(x[1] > b)<<1 | bit(x[2] > b)<<2 | bit(x[3] > b)<<3 |
			bit(x[4] > b)<<4 | bit(x[5] > b)<<5 | bit(x[6] > b)<<6 | bit(x[7] > b)<<7
		k++
	}
	if len(a) > 0 {
		var w byte
		for i := range a {
			w |= bit(a[i] > b) << i
		}
		dst[k] = w
	}
}

func eqVector[A, B integer](dst []byte, a []A, b []B) {
	b = b[:len(a)]
	for k := 0; len(a) > 0; k++ {
		var w byte
		if len(a) >= 8 {
			x, y := a[:8], b[:8]
			for i := range 8 {
				w |= bit(int64(x[i]) == int64(y[i])) << i
			}
			dst[k] = w
			a, b = a[8:], b[8:]
			continue
		}
		for i := range a {
			w |= bit(int64(a[i]) == int64(b[i])) << i
		}
		dst[k] = w
		return
	}
}

func ltVector[A, B integer](dst []byte, a []A, b []B) {
	b = b[:len(a)]
	for k := 0; len(a) > 0; k++ {
		var w byte
		if len(a) >= 8 {
			x, y := a[:8], b[:8]
			for i := range 8 {
				w |= bit(int64(x[i]) < int64(y[i])) << i
			}
			dst[k] = w
			a, b = a[8:], b[8:]
			continue
		}
		for i := range a {
			w |= bit(int64(a[i]) < int64(b[i])) << i
		}
		dst[k] = w
		return
	}
}

// compareFloats orders NaN above everything and equal to itself, as PostgreSQL.
func compareFloats[A, B float](op comparison) body {
	return body{
		Kernel: func(c *Context, args []Value, n int) (arrow.Array, error) {
			return compareBools(c, args, n, func(dst []byte) {
				a, b := fixedValues[A](args[0].Array), fixedValues[B](args[1].Array)
				switch {
				case args[1].Const:
					floatsConst(dst, a, float64(b[0]), op)
				case args[0].Const:
					floatsConst(dst, b, float64(a[0]), op.swap())
				default:
					floatsVector(dst, a, b, op)
				}
			})
		},
		Eval: func(_ *Context, d []types.Datum) (types.Datum, error) {
			a, b := float64(fromDatum[A](d[0])), float64(fromDatum[B](d[1]))
			return types.NewBool(op.holds(types.CompareFloat(a, b))), nil
		},
	}
}

func floatsConst[A float](dst []byte, a []A, b float64, op comparison) {
	op, negate := op.positive()
	lim := A(b)
	switch {
	case b != b || float64(lim) != b: // NaN, or not representable in A
		for i := range dst {
			dst[i] = 0
		}
		for i := range a {
			dst[i>>3] |= bit(op.holds(types.CompareFloat(float64(a[i]), b))) << (i & 7)
		}
	case op == cmpEq:
		eqConst(dst, a, lim)
	case op == cmpLt:
		ltConst(dst, a, lim)
	default: // NaN is greater than lim
		leConst(dst, a, lim)
		invert(dst)
	}
	if negate {
		invert(dst)
	}
}

func leConst[A float](dst []byte, a []A, b A) {
	for k := 0; len(a) > 0; k++ {
		n := min(len(a), 8)
		var w byte
		for i, x := range a[:n] {
			w |= bit(x <= b) << i
		}
		dst[k] = w
		a = a[n:]
	}
}

func floatsVector[A, B float](dst []byte, a []A, b []B, op comparison) {
	op, negate := op.positive()
	switch op {
	case cmpEq:
		for k := 0; len(a) > 0; k++ {
			n := min(len(a), 8)
			var w byte
			for i := range n {
				x, y := float64(a[i]), float64(b[i])
				w |= (bit(x == y) | bit(x != x)&bit(y != y)) << i
			}
			dst[k] = w
			a, b = a[n:], b[n:]
		}
	case cmpLt:
		floatsLess(dst, a, b)
	default:
		floatsLess(dst, b, a)
	}
	if negate {
		invert(dst)
	}
}

func floatsLess[A, B float](dst []byte, a []A, b []B) {
	for k := 0; len(a) > 0; k++ {
		n := min(len(a), 8)
		var w byte
		for i := range n {
			x, y := float64(a[i]), float64(b[i])
			w |= (bit(x < y) | bit(x == x)&bit(y != y)) << i
		}
		dst[k] = w
		a, b = a[n:], b[n:]
	}
}
