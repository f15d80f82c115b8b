package functions

import (
	"math"
	"math/bits"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Money is a number of cents; products and quotients with floats round half to even,
// those with integers cut off (PostgreSQL's cash.c).
var (
	_ = behind("cash_pl", fn2E(func(a, b int64) (int64, error) {
		c := a + b
		return c, moneyFits(c > a == (b > 0))
	}))
	_ = behind("cash_mi", fn2E(func(a, b int64) (int64, error) {
		c := a - b
		return c, moneyFits(c < a == (b > 0))
	}))
	_ = behind("cash_div_cash", fn2E(func(a, b int64) (float64, error) {
		if b == 0 {
			return 0, errDivisionByZero
		}
		return float64(a) / float64(b), nil
	}))

	_ = behind("cash_mul_flt8", fn2E(moneyTimes[float64]))
	_ = behind("cash_mul_flt4", fn2E(moneyTimes[float32]))
	_ = behind("flt8_mul_cash", fn2E(func(f float64, c int64) (int64, error) { return moneyTimes(c, f) }))
	_ = behind("flt4_mul_cash", fn2E(func(f float32, c int64) (int64, error) { return moneyTimes(c, f) }))
	_ = behind("cash_div_flt8", fn2E(moneyBy[float64]))
	_ = behind("cash_div_flt4", fn2E(moneyBy[float32]))

	_ = behind("cash_mul_int8", fn2E(moneyMany[int64]))
	_ = behind("cash_mul_int4", fn2E(moneyMany[int32]))
	_ = behind("cash_mul_int2", fn2E(moneyMany[int16]))
	_ = behind("int8_mul_cash", fn2E(func(i, c int64) (int64, error) { return moneyMany(c, i) }))
	_ = behind("int4_mul_cash", fn2E(func(i int32, c int64) (int64, error) { return moneyMany(c, i) }))
	_ = behind("int2_mul_cash", fn2E(func(i int16, c int64) (int64, error) { return moneyMany(c, i) }))
	_ = behind("cash_div_int8", fn2E(moneyOver[int64]))
	_ = behind("cash_div_int4", fn2E(moneyOver[int32]))
	_ = behind("cash_div_int2", fn2E(moneyOver[int16]))

	_ = behind("int4_cash", fn1E(func(v int32) (int64, error) { return int64(v) * 100, nil }))
	_ = behind("int8_cash", fn1E(func(v int64) (int64, error) {
		if v > math.MaxInt64/100 || v < math.MinInt64/100 {
			return 0, rangeError[int64]()
		}
		return v * 100, nil
	}))
	_ = behind("numeric_cash", body{Eval: func(_ *Context, d []types.Datum) (types.Datum, error) {
		cents, err := types.DecodeNumeric(d[0].S).Mul(types.DecimalFromInt(100))
		if err != nil {
			return types.Null, err
		}
		v, err := cents.ToInt(types.Int8)
		return types.NewInt8(v), err
	}})
	_ = behind("cash_numeric", body{Eval: func(_ *Context, d []types.Datum) (types.Datum, error) {
		return types.NewDecimal(d[0].I, 2).Datum(), nil
	}})

	_ = define("cashlarger(money,money)", "The greater of two amounts.", fn2(func(a, b int64) int64 { return max(a, b) }), ex("cashlarger('$1.00', '$2.00')", "$2.00"))
	_ = define("cashsmaller(money,money)", "The smaller of two amounts.", fn2(func(a, b int64) int64 { return min(a, b) }), ex("cashsmaller('$1.00', '$2.00')", "$1.00"))
	_ = define("cash_words(money)", "An amount in words.", fn1(moneyWords), ex("cash_words('$1.23')", "One dollar and twenty three cents"))
)

var errMoneyRange = pgerror.New(pgerror.NumericValueOutOfRange, "money out of range")

func moneyFits(ok bool) error {
	if !ok {
		return errMoneyRange
	}
	return nil
}

func moneyOfFloat(f float64) (int64, error) {
	if f = math.RoundToEven(f); !(f >= math.MinInt64 && f < -math.MinInt64) {
		return 0, errMoneyRange
	}
	return int64(f), nil
}

func moneyTimes[F float](c int64, f F) (int64, error) {
	v, err := checkFloat(float64(c)*float64(f), math.IsInf(float64(f), 0), c == 0 || f == 0)
	if err != nil {
		return 0, err
	}
	return moneyOfFloat(v)
}

func moneyBy[F float](c int64, f F) (int64, error) {
	if f == 0 {
		return 0, errDivisionByZero
	}
	v, err := checkFloat(float64(c)/float64(f), math.IsInf(float64(f), 0), c == 0 || math.IsInf(float64(f), 0))
	if err != nil {
		return 0, err
	}
	return moneyOfFloat(v)
}

func moneyMany[I signed](c int64, i I) (int64, error) {
	hi, lo := bits.Mul64(uint64(c), uint64(int64(i)))
	if c < 0 {
		hi -= uint64(int64(i))
	}
	if i < 0 {
		hi -= uint64(c)
	}
	return int64(lo), moneyFits(int64(hi) == int64(lo)>>63)
}

func moneyOver[I signed](c int64, i I) (int64, error) {
	switch {
	case i == 0:
		return 0, errDivisionByZero
	case i == -1:
		return -c, moneyFits(c != math.MinInt64)
	}
	return c / int64(i), nil
}

// moneyWords is cash_words.
func moneyWords(c int64) string {
	var b strings.Builder
	v := uint64(c)
	if c < 0 {
		b.WriteString("minus ")
		v = -v
	}
	cents, dollars := v%100, v/100
	scale := uint64(1_000_000_000_000_000)
	for _, name := range []string{"quadrillion ", "trillion ", "billion ", "million ", "thousand ", ""} {
		if n := dollars / scale % 1000; n > 0 {
			b.WriteString(hundredsInWords(n) + " " + name)
		}
		scale /= 1000
	}
	if dollars == 0 {
		b.WriteString("zero ")
	}
	unit := func(n uint64, one string) string {
		if n == 1 {
			return one
		}
		return one + "s"
	}
	b.WriteString(unit(dollars, "dollar") + " and " + hundredsInWords(cents) + " " + unit(cents, "cent"))
	s := b.String()
	return strings.ToUpper(s[:1]) + s[1:]
}

var smallNumbers = [...]string{
	"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
	"fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
}

// hundredsInWords is a number below 1000 in words; a number of hundreds that goes on
// has "and" before its last word where PostgreSQL has it.
func hundredsInWords(n uint64) string {
	tens := func(n uint64) string {
		switch {
		case n <= 20:
			return smallNumbers[n]
		case n%10 == 0:
			return smallNumbers[18+n/10]
		}
		return smallNumbers[18+n/10] + " " + smallNumbers[n%10]
	}
	if n < 100 {
		return tens(n)
	}
	hundreds := smallNumbers[n/100] + " hundred"
	switch rest := n % 100; {
	case rest == 0:
		return hundreds
	case n%10 == 0 && n%100 > 10:
		return hundreds + " " + smallNumbers[18+rest/10]
	case rest < 20:
		return hundreds + " and " + tens(rest)
	default:
		return hundreds + " " + tens(rest)
	}
}
