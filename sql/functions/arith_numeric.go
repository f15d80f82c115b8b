package functions

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/types"
)

var (
	_ = behind("numeric_add", decimalBody(types.Decimal.Add, func(dst []byte, a, b string) ([]byte, bool) { return types.AddEncoded(dst, a, b, false) }))
	_ = behind("numeric_sub", decimalBody(types.Decimal.Sub, func(dst []byte, a, b string) ([]byte, bool) { return types.AddEncoded(dst, a, b, true) }))
	_ = behind("numeric_mul", decimalBody(types.Decimal.Mul, types.MulEncoded))
	_ = behind("numeric_div", decimalBody(types.Decimal.Div, nil))
	_ = behind("numeric_mod", decimalBody(types.Decimal.Mod, nil))
	_ = behind("numeric_power", fn2E(types.Decimal.Power))
	_ = behind("numeric_abs", fn1(types.Decimal.Abs))
	_ = behind("numeric_uminus", fn1(types.Decimal.Neg))
	_ = behind("numeric_uplus", fn1(func(d types.Decimal) types.Decimal { return d }))
)

// Conversions: to integers half away from zero, to floats by the nearest value.
var (
	_ = behind("int2_numeric", fn1(func(v int16) types.Decimal { return types.DecimalFromInt(int64(v)) }))
	_ = behind("int4_numeric", fn1(func(v int32) types.Decimal { return types.DecimalFromInt(int64(v)) }))
	_ = behind("int8_numeric", fn1(types.DecimalFromInt))
	_ = behind("float4_numeric", fn1(types.DecimalFromFloat32))
	_ = behind("float8_numeric", fn1(types.DecimalFromFloat64))
	_ = behind("numeric_int2", fn1E(decimalToInt[int16](types.Int2)))
	_ = behind("numeric_int4", fn1E(decimalToInt[int32](types.Int4)))
	_ = behind("numeric_int8", fn1E(decimalToInt[int64](types.Int8)))
	_ = behind("numeric_float4", fn1E(func(d types.Decimal) (float32, error) {
		f, err := d.ToFloat(types.Float4)
		return float32(f), err
	}))
	_ = behind("numeric_float8", fn1E(func(d types.Decimal) (float64, error) { return d.ToFloat(types.Float8) })).monotone(1)
)

func decimalToInt[R signed](oid types.OID) func(d types.Decimal) (R, error) {
	return func(d types.Decimal) (R, error) {
		v, err := d.ToInt(oid)
		return R(v), err
	}
}

// decimalBody lifts an operation on numerics over a batch: values are decoded,
// computed and encoded one after the other, so that no batch of decoded values
// is made. Coefficients of up to two words are computed by wide, if there is one, on their
// encodings.
func decimalBody(f func(a, b types.Decimal) (types.Decimal, error), wide func(dst []byte, a, b string) ([]byte, bool)) body {
	b := fn2E(f)
	b.Kernel = func(c *Context, args []Value, n int) (arrow.Array, error) {
		m, all := strictNulls(c, n, args[0], args[1])
		if all {
			return NullArray(c, types.PhysBinary, n), nil
		}
		x, y := newDecimals(args[0]), newDecimals(args[1])
		offsets := newBuffer(c, 4*(n+1))
		off := fixedView[int32](offsets.Bytes())
		out := make([]byte, 0, 10*n)
		off[0] = 0
		for i := range n {
			if m.valid(i) {
				if wide != nil {
					var ok bool
					if out, ok = wide(out, x.raw(i), y.raw(i)); ok && len(out) <= math.MaxInt32-1<<20 {
						off[i+1] = int32(len(out))
						continue
					}
				}
				r, err := f(x.at(i), y.at(i))
				if err == nil && len(out) > math.MaxInt32-1<<20 {
					err = errBatchTooLarge
				}
				if err != nil {
					offsets.Release()
					m.release()
					return nil, err
				}
				out = r.AppendEncode(out)
			}
			off[i+1] = int32(len(out))
		}
		data := newBuffer(c, len(out))
		copy(data.Bytes(), out)
		return makeArray(arrow.BinaryTypes.Binary, n, m, offsets, data), nil
	}
	return b
}

// decimals reads a numeric column value by value; a constant is decoded once.
type decimals struct {
	offsets  []int32
	data     []byte
	constant bool
	value    types.Decimal
}

func newDecimals(v Value) decimals {
	d := decimals{}
	d.offsets, d.data = bytesOf(v.Array)
	if v.Const {
		d.value, d.constant = d.decode(0), true
	}
	return d
}

// raw is the encoding of a value.
func (d *decimals) raw(i int) string {
	if d.constant {
		i = 0
	}
	return viewString(d.data[d.offsets[i]:d.offsets[i+1]])
}

// compare compares a value with one of another column.
func (d *decimals) compare(i int, o *decimals) int {
	if a, b := d.raw(i), o.raw(i); !types.IsSmall(a) || !types.IsSmall(b) {
		if c, ok := types.CompareEncoded(a, b); ok {
			return c
		}
	}
	return d.at(i).Cmp(o.at(i))
}

func (d *decimals) decode(i int) types.Decimal {
	return types.DecodeNumeric(viewString(d.data[d.offsets[i]:d.offsets[i+1]]))
}

func (d *decimals) at(i int) types.Decimal {
	if d.constant {
		return d.value
	}
	return d.decode(i)
}

// compareDecimals compares numerics without decoding batches.
func compareDecimals(op comparison) body {
	b := fn2(func(x, y types.Decimal) bool { return op.holds(x.Cmp(y)) })
	b.Kernel = func(c *Context, args []Value, n int) (arrow.Array, error) {
		return compareBools(c, args, n, func(dst []byte) {
			clear(dst)
			x, y := newDecimals(args[0]), newDecimals(args[1])
			for i := range n {
				dst[i>>3] |= bit(op.holds(x.compare(i, &y))) << (i & 7)
			}
		})
	}
	return b
}
