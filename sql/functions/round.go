package functions

import (
	"math"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// maxResultScale bounds the digits that round and trunc are asked for.
const maxResultScale = 2000

func clampScale(n int32) int { return int(max(min(n, maxResultScale), -maxResultScale)) }

func floatSign(f float64) float64 {
	switch {
	case f > 0:
		return 1
	case f < 0:
		return -1
	}
	return 0
}

func decimalSign(d types.Decimal) types.Decimal {
	if d.IsNaN() {
		return d
	}
	return types.DecimalFromInt(int64(d.Sign()))
}

var (
	_ = define("abs(int2)", "The absolute value.", fn1E(absolute[int16]), ex("abs((-5)::int2)", "5"))
	_ = define("abs(int4)", "The absolute value.", fn1E(absolute[int32]), ex("abs(-5)", "5"))
	_ = define("abs(int8)", "The absolute value.", fn1E(absolute[int64]), ex("abs((-5)::int8)", "5"))
	_ = define("abs(float4)", "The absolute value.", fn1(func(f float32) float32 { return float32(math.Abs(float64(f))) }), ex("abs((-5.5)::float4)", "5.5"))
	_ = define("abs(float8)", "The absolute value.", fn1(math.Abs), ex("abs((-17.4)::float8)", "17.4"))
	_ = define("abs(numeric)", "The absolute value.", fn1(types.Decimal.Abs), ex("abs(-17.40)", "17.40"))

	_ = define("ceil(float8) ceiling(float8)", "The nearest whole number that is not less.", fn1(math.Ceil), ex("ceil((-42.8)::float8)", "-42"))
	_ = define("ceil(numeric) ceiling(numeric)", "The nearest whole number that is not less.", fn1(types.Decimal.Ceil), ex("ceil(42.2)", "43"))
	_ = define("floor(float8)", "The nearest whole number that is not greater.", fn1(math.Floor), ex("floor((-42.8)::float8)", "-43"))
	_ = define("floor(numeric)", "The nearest whole number that is not greater.", fn1(types.Decimal.Floor), ex("floor(42.8)", "42"))
	_ = define("round(float8)", "The nearest whole number; halves go to the even one.", fn1(math.RoundToEven), ex("round(42.4::float8)", "42"))
	_ = define("round(numeric)", "The nearest whole number; halves go away from zero.", fn1(func(d types.Decimal) types.Decimal { return d.Round(0) }), ex("round(42.5)", "43"))
	_ = define("round(numeric,int4)", "Rounds to a number of digits after the point; halves go away from zero.",
		fn2(func(d types.Decimal, n int32) types.Decimal { return d.Round(clampScale(n)) }), ex("round(42.4382, 2)", "42.44"), ex("round(1234.56, -1)", "1230"))
	_ = define("trunc(float8)", "Cuts off the digits after the point.", fn1(math.Trunc), ex("trunc((-42.8)::float8)", "-42"))
	_ = define("trunc(numeric)", "Cuts off the digits after the point.", fn1(func(d types.Decimal) types.Decimal { return d.Trunc(0) }), ex("trunc(42.8)", "42"))
	_ = define("trunc(numeric,int4)", "Cuts to a number of digits after the point.",
		fn2(func(d types.Decimal, n int32) types.Decimal { return d.Trunc(clampScale(n)) }), ex("trunc(42.4382, 2)", "42.43"))
	_ = define("sign(float8)", "-1, 0 or 1.", fn1(floatSign), ex("sign((-8.4)::float8)", "-1"))
	_ = define("sign(numeric)", "-1, 0 or 1.", fn1(decimalSign), ex("sign(-8.4)", "-1"))

	_ = define("scale(numeric)", "The number of digits after the point.", fn1X(func(_ *Context, d types.Decimal) (int32, bool, error) {
		return int32(d.Scale()), d.IsFinite(), nil
	}), ex("scale(8.4100)", "4"))
	_ = define("min_scale(numeric)", "The number of digits after the point that the value needs.", fn1X(func(_ *Context, d types.Decimal) (int32, bool, error) {
		if !d.IsFinite() {
			return 0, false, nil
		}
		return int32(d.TrimScale().Scale()), true, nil
	}), ex("min_scale(8.4100)", "2"))
	_ = define("trim_scale(numeric)", "Removes zeros at the end after the point.", fn1(types.Decimal.TrimScale), ex("trim_scale(8.4100)", "8.41"))
)
