package functions

import (
	"math"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

var errInputRange = pgerror.New(pgerror.NumericValueOutOfRange, "input is out of range")

// finite is a body that refuses infinities.
func finite(f func(float64) float64) body {
	return fn1E(func(x float64) (float64, error) {
		if math.IsInf(x, 0) {
			return 0, errInputRange
		}
		return f(x), nil
	})
}

// within is a body that refuses arguments outside of [lo, hi].
func within(lo, hi float64, f func(float64) float64) body {
	return fn1E(func(x float64) (float64, error) {
		if x < lo || x > hi {
			return 0, errInputRange
		}
		return f(x), nil
	})
}

func trig(name, doc string, b body, example, want string) {
	define(name+"(float8)", doc, b, ex(example, want))
}

var _ = func() bool {
	trig("sin", "The sine of an angle in radians.", finite(math.Sin), "sin(0)", "0")
	trig("cos", "The cosine of an angle in radians.", finite(math.Cos), "cos(0)", "1")
	trig("tan", "The tangent of an angle in radians.", finite(math.Tan), "tan(0)", "0")
	trig("cot", "The cotangent of an angle in radians.", finite(func(x float64) float64 { return 1 / math.Tan(x) }), "cot(0)", "Infinity")
	trig("asin", "The inverse sine, in radians.", within(-1, 1, math.Asin), "asin(0)", "0")
	trig("acos", "The inverse cosine, in radians.", within(-1, 1, math.Acos), "acos(1)", "0")
	trig("atan", "The inverse tangent, in radians.", fn1(math.Atan), "atan(0)", "0")
	trig("sinh", "The hyperbolic sine.", fn1(math.Sinh), "sinh(0)", "0")
	trig("cosh", "The hyperbolic cosine.", fn1(math.Cosh), "cosh(0)", "1")
	trig("tanh", "The hyperbolic tangent.", fn1(math.Tanh), "tanh(0)", "0")
	trig("asinh", "The inverse hyperbolic sine.", fn1(math.Asinh), "asinh(0)", "0")
	trig("acosh", "The inverse hyperbolic cosine.", within(1, math.Inf(1), math.Acosh), "acosh(1)", "0")
	trig("atanh", "The inverse hyperbolic tangent.", within(-1, 1, math.Atanh), "atanh(0)", "0")
	trig("sind", "The sine of an angle in degrees.", finite(sinDegrees), "sind(30)", "0.5")
	trig("cosd", "The cosine of an angle in degrees.", finite(cosDegrees), "cosd(60)", "0.5")
	trig("tand", "The tangent of an angle in degrees.", finite(tanDegrees), "tand(45)", "1")
	trig("cotd", "The cotangent of an angle in degrees.", finite(cotDegrees), "cotd(45)", "1")
	trig("asind", "The inverse sine, in degrees.", within(-1, 1, func(x float64) float64 {
		if x < 0 {
			return -asinQuadrant(-x)
		}
		return asinQuadrant(x)
	}), "asind(0.5)", "30")
	trig("acosd", "The inverse cosine, in degrees.", within(-1, 1, func(x float64) float64 {
		if x < 0 {
			return 90 + asinQuadrant(-x)
		}
		return acosQuadrant(x)
	}), "acosd(0.5)", "60")
	trig("atand", "The inverse tangent, in degrees.", fn1(func(x float64) float64 { return math.Atan(x) / atan1 * 45 }), "atand(1)", "45")
	trig("degrees", "Radians to degrees.", fn1E(func(x float64) (float64, error) { return checkFloat(x/radian, isInf(x), true) }), "degrees(0)", "0")
	trig("radians", "Degrees to radians.", fn1(func(x float64) float64 { return x * radian }), "radians(180)", "3.141592653589793")
	define("atan2(float8,float8)", "The inverse tangent of a quotient, in radians.", fn2(math.Atan2), ex("atan2(0, 1)", "0"))
	define("atan2d(float8,float8)", "The inverse tangent of a quotient, in degrees.",
		fn2(func(y, x float64) float64 { return math.Atan2(y, x) / atan1 * 45 }), ex("atan2d(1, 1)", "45"))
	define("pi()", "The number pi.", fn0(func(*Context) (float64, error) { return math.Pi, nil }), ex("pi()", "3.141592653589793"))
	return true
}()

// The functions of degrees are exact at multiples of 30 and 45, as PostgreSQL's:
// they scale by the value that the library gives there.
var radian = 0.0174532925199432957692 // a variable: constants would be rounded later

var (
	atan1         = math.Atan(1)
	sin30         = math.Sin(30 * radian)
	oneMinusCos60 = 1 - math.Cos(60*radian)
	asinHalf      = math.Asin(0.5)
	acosHalf      = math.Acos(0.5)
	tan45         = sinQuadrant(45) / cosQuadrant(45)
	cot45         = cosQuadrant(45) / sinQuadrant(45)
)

func sin0To30(x float64) float64 { return math.Sin(x*radian) / sin30 / 2 }

func cos0To60(x float64) float64 { return 1 - (1-math.Cos(x*radian))/oneMinusCos60/2 }

// sinQuadrant and cosQuadrant take degrees from 0 to 90.
func sinQuadrant(x float64) float64 {
	if x <= 30 {
		return sin0To30(x)
	}
	return cos0To60(90 - x)
}

func cosQuadrant(x float64) float64 {
	if x <= 60 {
		return cos0To60(x)
	}
	return sin0To30(90 - x)
}

func sinDegrees(x float64) float64 {
	x = math.Mod(x, 360)
	sign := 1.0
	if x < 0 {
		x, sign = -x, -1
	}
	if x > 180 {
		x, sign = 360-x, -sign
	}
	if x > 90 {
		x = 180 - x
	}
	return sign * sinQuadrant(x)
}

func cosDegrees(x float64) float64 {
	x = math.Abs(math.Mod(x, 360))
	sign := 1.0
	if x > 180 {
		x = 360 - x
	}
	if x > 90 {
		x, sign = 180-x, -1
	}
	return sign * cosQuadrant(x)
}

// halfTurn brings an angle to the first quadrant for tangent and cotangent.
func halfTurn(x float64) (angle, sign float64) {
	x, sign = math.Mod(x, 360), 1
	if x < 0 {
		x, sign = -x, -1
	}
	if x > 180 {
		x, sign = 360-x, -sign
	}
	if x > 90 {
		x, sign = 180-x, -sign
	}
	return x, sign
}

func tanDegrees(x float64) float64 {
	x, sign := halfTurn(x)
	r := sign * (sinQuadrant(x) / cosQuadrant(x) / tan45)
	if r == 0 {
		return 0
	}
	return r
}

func cotDegrees(x float64) float64 {
	x, sign := halfTurn(x)
	r := sign * (cosQuadrant(x) / sinQuadrant(x) / cot45)
	if r == 0 {
		return 0
	}
	return r
}

func asinQuadrant(x float64) float64 {
	if x <= 0.5 {
		return math.Asin(x) / asinHalf * 30
	}
	return 90 - math.Acos(x)/acosHalf*60
}

func acosQuadrant(x float64) float64 {
	if x <= 0.5 {
		return 90 - math.Asin(x)/asinHalf*30
	}
	return math.Acos(x) / acosHalf * 60
}
