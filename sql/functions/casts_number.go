package functions

import (
	"math"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// Conversions between numbers. A float rounds half to even.
var (
	_ = behind("i2toi4", fn1(func(v int16) int32 { return int32(v) }))
	_ = behind("int28", fn1(func(v int16) int64 { return int64(v) }))
	_ = behind("int48", fn1(func(v int32) int64 { return int64(v) }))
	_ = behind("i4toi2", fn1E(narrow[int32, int16]))
	_ = behind("int82", fn1E(narrow[int64, int16]))
	_ = behind("int84", fn1E(narrow[int64, int32]))
	_ = behind("i2tof", fn1(func(v int16) float32 { return float32(v) }))
	_ = behind("i4tof", fn1(func(v int32) float32 { return float32(v) }))
	_ = behind("i8tof", fn1(func(v int64) float32 { return float32(v) }))
	_ = behind("i2tod", fn1(func(v int16) float64 { return float64(v) }))
	_ = behind("i4tod", fn1(func(v int32) float64 { return float64(v) })).monotone(1)
	_ = behind("i8tod", fn1(func(v int64) float64 { return float64(v) })).monotone(1)
	_ = behind("ftoi2", fn1E(roundFloat[float32, int16]))
	_ = behind("ftoi4", fn1E(roundFloat[float32, int32]))
	_ = behind("ftoi8", fn1E(roundFloat[float32, int64]))
	_ = behind("dtoi2", fn1E(roundFloat[float64, int16]))
	_ = behind("dtoi4", fn1E(roundFloat[float64, int32]))
	_ = behind("dtoi8", fn1E(roundFloat[float64, int64]))
	_ = behind("ftod", fn1(func(v float32) float64 { return float64(v) }))
	_ = behind("dtof", fn1E(func(v float64) (float32, error) {
		return checkFloat(float32(v), math.IsInf(v, 0), v == 0)
	}))
	_ = behind("bool_int4", fn1(func(v bool) int32 { return int32(b2i(v)) }))
	_ = behind("int4_bool", fn1(func(v int32) bool { return v != 0 }))
	_ = behind("booltext", fn1(func(v bool) string {
		if v {
			return "true"
		}
		return "false"
	}))
	_ = behind("oidtoi8", fn1(func(v uint32) int64 { return int64(v) }))
	_ = behind("i8tooid", fn1E(func(v int64) (uint32, error) {
		if v < 0 || v > math.MaxUint32 {
			return 0, pgerror.New(pgerror.NumericValueOutOfRange, "OID out of range")
		}
		return uint32(v), nil
	}))
)

func narrow[A, R signed](v A) (R, error) {
	r := R(v)
	if A(r) != v {
		return 0, rangeError[R]()
	}
	return r, nil
}

func roundFloat[A float, R signed](v A) (R, error) {
	f := math.RoundToEven(float64(v))
	lo, hi := math.MinInt64*1.0, -(math.MinInt64 * 1.0)
	if f < lo || f >= hi || f != f {
		return 0, rangeError[R]()
	}
	i := int64(f)
	if int64(R(i)) != i {
		return 0, rangeError[R]()
	}
	return R(i), nil
}

// Conversions between string types and "char".
var (
	_ = behind("char_text", fn1(func(s string) string { return s }))
	_ = behind("char_bpchar", fn1(func(s string) string { return s }))
	_ = behind("text_char", fn1(firstByte))
	_ = behind("name_text", fn1(func(s string) string { return s }))
	_ = behind("name_bpchar", fn1(func(s string) string { return s }))
	_ = behind("text_name", fn1(truncateName))
	_ = behind("bpchar_name", fn1(func(s string) string { return truncateName(strings.TrimRight(s, " ")) }))
	_ = behind("rtrim1", fn1(func(s string) string { return strings.TrimRight(s, " ") }))
	_ = behind("chartoi4", fn1(func(s string) int32 {
		if s == "" {
			return 0
		}
		return int32(int8(charByte(s)))
	}))
	_ = behind("i4tochar", fn1E(func(v int32) (string, error) {
		if v < -128 || v > 127 {
			return "", pgerror.New(pgerror.NumericValueOutOfRange, "\"char\" out of range")
		}
		return charString(byte(v)), nil
	}))
)

// nameLength is the most bytes a name holds (NAMEDATALEN - 1).
const nameLength = 63

func truncateName(s string) string {
	if len(s) <= nameLength {
		return s
	}
	n := nameLength
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}

// A "char" is kept as one character of UTF-8 that stands for its byte.

func firstByte(s string) string {
	for i := range s {
		if i > 0 {
			return s[:i]
		}
	}
	return s
}

func charByte(s string) byte {
	for _, r := range s {
		return byte(r)
	}
	return 0
}

func charString(b byte) string {
	if b == 0 {
		return ""
	}
	return string(rune(b))
}
