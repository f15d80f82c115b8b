package functions

import (
	"github.com/tidemarkdb/tidemark/sql/types"
)

var (
	_ = behind("numeric_add", fn2E(types.Decimal.Add))
	_ = behind("numeric_sub", fn2E(types.Decimal.Sub))
	_ = behind("numeric_mul", fn2E(types.Decimal.Mul))
	_ = behind("numeric_div", fn2E(types.Decimal.Div))
	_ = behind("numeric_mod", fn2E(types.Decimal.Mod))
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
	_ = behind("numeric_float8", fn1E(func(d types.Decimal) (float64, error) { return d.ToFloat(types.Float8) }))
)

func decimalToInt[R signed](oid types.OID) func(d types.Decimal) (R, error) {
	return func(d types.Decimal) (R, error) {
		v, err := d.ToInt(oid)
		return R(v), err
	}
}
