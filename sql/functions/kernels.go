package functions

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// How to write a kernel
//
// Most functions are a Go function over single values, lifted over a batch:
//
//	Kernel: map1(strings.ToUpper)                    f(A) R
//	Kernel: map2E(func(s string, n int32) (string, error) {...})
//	Kernel: map3X(func(c *Context, a, b string, n int64) (r string, ok bool, err error) {...})
//
// map1..map3 take a plain function, ...E one that may fail, ...X one that sees
// the Context, may fail, and may answer NULL (ok false) for arguments that are
// not. All are strict: rows with a NULL argument are not computed and are NULL
// in the result. Constant arguments are not copied n times.
//
// A and R are the Go types of the physical forms:
//
//	bool int16 int32 int64 uint32 float32 float64   the forms of these names
//	string                                          PhysString
//	[]byte, binary                                  PhysBinary, raw (bytea, uuid, arrays, ...)
//	types.Decimal, types.IntervalValue, timetz      PhysBinary, decoded
//
// date is int32, time and timestamp(tz) are int64. Strings and byte slices
// alias the batch: they may be returned, not kept and not changed.
//
// Where nulls have a meaning, or there are many arguments, or the function is
// polymorphic and not hot, set Scalar.Eval (or EvalTyped) instead: it gets
// datums, row by row. What is hot and not a map is a Kernel of its own: start
// from strictNulls, load (or fixedValues, bytesOf), and newOutput.
//
// fn1, fn2, ... make a body with both the kernel and its single-value form, so
// that constants, defaults and point queries do not go through Arrow:
//
//	var _ = behind("int4um", fn1E(func(a int32) (int32, error) {...}))
//
// A Scalar is registered once in a package-level variable (see registry.go).

// map1 lifts f over a batch.
func map1[A, R any](f func(A) R) Kernel {
	return func(c *Context, args []Value, n int) (arrow.Array, error) {
		m, all := strictNulls(c, n, args[0])
		if all {
			return NullArray(c, physOf[R](), n), nil
		}
		a := load[A](args[0].Array)
		out := newOutput[R](c, n)
		if m.bits == nil {
			for i := range out.vals {
				out.vals[i] = f(a[i])
			}
			return out.finish(c, m)
		}
		for i := range out.vals {
			if m.valid(i) {
				out.vals[i] = f(a[i])
			}
		}
		return out.finish(c, m)
	}
}

// map2 lifts f over a batch.
func map2[A, B, R any](f func(A, B) R) Kernel {
	return func(c *Context, args []Value, n int) (arrow.Array, error) {
		m, all := strictNulls(c, n, args[0], args[1])
		if all {
			return NullArray(c, physOf[R](), n), nil
		}
		a, b := load[A](args[0].Array), load[B](args[1].Array)
		am, bm := mask(args[0]), mask(args[1])
		out := newOutput[R](c, n)
		if m.bits == nil {
			for i := range out.vals {
				out.vals[i] = f(a[i&am], b[i&bm])
			}
			return out.finish(c, m)
		}
		for i := range out.vals {
			if m.valid(i) {
				out.vals[i] = f(a[i&am], b[i&bm])
			}
		}
		return out.finish(c, m)
	}
}

// map3 lifts f over a batch.
func map3[A, B, C, R any](f func(A, B, C) R) Kernel {
	return map3X(func(_ *Context, a A, b B, d C) (R, bool, error) { return f(a, b, d), true, nil })
}

// map1E lifts an f that may fail over a batch.
func map1E[A, R any](f func(A) (R, error)) Kernel {
	return func(c *Context, args []Value, n int) (arrow.Array, error) {
		m, all := strictNulls(c, n, args[0])
		if all {
			return NullArray(c, physOf[R](), n), nil
		}
		a := load[A](args[0].Array)
		out := newOutput[R](c, n)
		err := eachValid(&m, n, func(i int) (err error) {
			out.vals[i], err = f(a[i])
			return err
		})
		return out.finishOr(c, m, err)
	}
}

// map2E lifts an f that may fail over a batch.
func map2E[A, B, R any](f func(A, B) (R, error)) Kernel {
	return func(c *Context, args []Value, n int) (arrow.Array, error) {
		m, all := strictNulls(c, n, args[0], args[1])
		if all {
			return NullArray(c, physOf[R](), n), nil
		}
		a, b := load[A](args[0].Array), load[B](args[1].Array)
		am, bm := mask(args[0]), mask(args[1])
		out := newOutput[R](c, n)
		err := eachValid(&m, n, func(i int) (err error) {
			out.vals[i], err = f(a[i&am], b[i&bm])
			return err
		})
		return out.finishOr(c, m, err)
	}
}

// map3E lifts an f that may fail over a batch.
func map3E[A, B, C, R any](f func(A, B, C) (R, error)) Kernel {
	return map3X(func(_ *Context, a A, b B, d C) (R, bool, error) {
		r, err := f(a, b, d)
		return r, true, err
	})
}

// map1X lifts an f that may fail or answer NULL over a batch.
func map1X[A, R any](f func(c *Context, a A) (R, bool, error)) Kernel {
	return func(c *Context, args []Value, n int) (arrow.Array, error) {
		m, all := strictNulls(c, n, args[0])
		if all {
			return NullArray(c, physOf[R](), n), nil
		}
		a := load[A](args[0].Array)
		return mapX(c, m, n, func(i int) (R, bool, error) { return f(c, a[i]) })
	}
}

// map2X lifts an f that may fail or answer NULL over a batch.
func map2X[A, B, R any](f func(c *Context, a A, b B) (R, bool, error)) Kernel {
	return func(c *Context, args []Value, n int) (arrow.Array, error) {
		m, all := strictNulls(c, n, args[0], args[1])
		if all {
			return NullArray(c, physOf[R](), n), nil
		}
		a, b := load[A](args[0].Array), load[B](args[1].Array)
		am, bm := mask(args[0]), mask(args[1])
		return mapX(c, m, n, func(i int) (R, bool, error) { return f(c, a[i&am], b[i&bm]) })
	}
}

// map3X lifts an f that may fail or answer NULL over a batch.
func map3X[A, B, C, R any](f func(c *Context, a A, b B, d C) (R, bool, error)) Kernel {
	return func(c *Context, args []Value, n int) (arrow.Array, error) {
		m, all := strictNulls(c, n, args[0], args[1], args[2])
		if all {
			return NullArray(c, physOf[R](), n), nil
		}
		a, b, d := load[A](args[0].Array), load[B](args[1].Array), load[C](args[2].Array)
		am, bm, dm := mask(args[0]), mask(args[1]), mask(args[2])
		return mapX(c, m, n, func(i int) (R, bool, error) { return f(c, a[i&am], b[i&bm], d[i&dm]) })
	}
}

// mapX computes the valid rows of a result; it takes over m.
func mapX[R any](c *Context, m nulls, n int, f func(i int) (R, bool, error)) (arrow.Array, error) {
	out := newOutput[R](c, n)
	var isNull []bool
	err := eachValid(&m, n, func(i int) error {
		v, ok, err := f(i)
		if !ok && err == nil {
			if isNull == nil {
				isNull = make([]bool, n)
			}
			isNull[i] = true
			return nil
		}
		out.vals[i] = v
		return err
	})
	if err == nil && isNull != nil {
		m = m.without(c, isNull)
	}
	return out.finishOr(c, m, err)
}

// without returns m with more NULLs; it takes over m.
func (m *nulls) without(c *Context, isNull []bool) nulls {
	n := len(isNull)
	out := nulls{buf: newBuffer(c, (n+7)/8)}
	out.bits = out.buf.Bytes()
	clear(out.bits)
	for i := range isNull {
		if !isNull[i] && m.valid(i) {
			out.bits[i>>3] |= 1 << (i & 7)
		} else {
			out.count++
		}
	}
	m.release()
	return out
}

func (o *output[R]) finishOr(c *Context, m nulls, err error) (arrow.Array, error) {
	if err != nil {
		m.release()
		o.drop()
		return nil, err
	}
	return o.finish(c, m)
}

func fn1[A, R any](f func(A) R) body {
	return body{Kernel: map1(f), Eval: func(_ *Context, d []types.Datum) (types.Datum, error) {
		return toDatum(f(fromDatum[A](d[0]))), nil
	}}
}

func fn2[A, B, R any](f func(A, B) R) body {
	return body{Kernel: map2(f), Eval: func(_ *Context, d []types.Datum) (types.Datum, error) {
		return toDatum(f(fromDatum[A](d[0]), fromDatum[B](d[1]))), nil
	}}
}

func fn1E[A, R any](f func(A) (R, error)) body {
	return body{Kernel: map1E(f), Eval: func(_ *Context, d []types.Datum) (types.Datum, error) {
		return datumOr(f(fromDatum[A](d[0])))
	}}
}

func fn2E[A, B, R any](f func(A, B) (R, error)) body {
	return body{Kernel: map2E(f), Eval: func(_ *Context, d []types.Datum) (types.Datum, error) {
		return datumOr(f(fromDatum[A](d[0]), fromDatum[B](d[1])))
	}}
}

func fn1X[A, R any](f func(*Context, A) (R, bool, error)) body {
	return body{Kernel: map1X(f), Eval: func(c *Context, d []types.Datum) (types.Datum, error) {
		return datumOrNull(f(c, fromDatum[A](d[0])))
	}}
}

func fn2X[A, B, R any](f func(*Context, A, B) (R, bool, error)) body {
	return body{Kernel: map2X(f), Eval: func(c *Context, d []types.Datum) (types.Datum, error) {
		return datumOrNull(f(c, fromDatum[A](d[0]), fromDatum[B](d[1])))
	}}
}

func datumOr[R any](r R, err error) (types.Datum, error) {
	if err != nil {
		return types.Null, err
	}
	return toDatum(r), nil
}

func datumOrNull[R any](r R, ok bool, err error) (types.Datum, error) {
	if err != nil || !ok {
		return types.Null, err
	}
	return toDatum(r), nil
}
