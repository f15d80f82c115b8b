package types

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// parseFloat reads a float of 32 or 64 bits as float4in and float8in.
func parseFloat(oid OID, s string, bits int) (float64, error) {
	t := trimSpace(s)
	n, nonzero := scanFloat(t)
	if n == 0 {
		f, ok := specialFloat(t)
		if !ok {
			return 0, invalidSyntax(oid, s)
		}
		return f, nil
	}
	if n != len(t) {
		return 0, invalidSyntax(oid, s)
	}
	num := t
	if strings.ContainsAny(t, "xX") && !strings.ContainsAny(t, "pP") {
		num += "p0"
	}
	f, err := strconv.ParseFloat(num, bits)
	if err != nil || f == 0 && nonzero {
		if err != nil && !math.IsInf(f, 0) {
			return 0, invalidSyntax(oid, s)
		}
		return 0, pgerror.New(pgerror.NumericValueOutOfRange, "\"%s\" is out of range for type %s", t, sqlName(oid))
	}
	return f, nil
}

// scanFloat returns the length of the number at the start of s, 0 if there is
// none, and whether its mantissa has a digit other than zero.
func scanFloat(s string) (n int, nonzero bool) {
	i := 0
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	if len(s) > i+2 && s[i] == '0' && s[i+1]|0x20 == 'x' {
		return scanHexFloat(s, i+2)
	}
	digits := 0
	for ; i < len(s) && (isDigit(s[i]) || s[i] == '.'); i++ {
		if s[i] == '.' {
			if strings.IndexByte(s[:i], '.') >= 0 {
				return 0, false
			}
			continue
		}
		digits++
		nonzero = nonzero || s[i] != '0'
	}
	if digits == 0 {
		return 0, false
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		j := i + 1
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		if j < len(s) && isDigit(s[j]) {
			for j < len(s) && isDigit(s[j]) {
				j++
			}
			i = j
		}
	}
	return i, nonzero
}

// scanHexFloat accepts C's hexadecimal floats.
func scanHexFloat(s string, i int) (n int, nonzero bool) {
	for ; i < len(s) && s[i]|0x20 != 'p'; i++ {
		c := s[i] | 0x20
		if !isDigit(s[i]) && s[i] != '.' && (c < 'a' || c > 'f') {
			return 0, false
		}
		nonzero = nonzero || s[i] != '0' && s[i] != '.'
	}
	return len(s), nonzero
}

// floatNaN has the bits of C's NaN, which go over the wire.
var floatNaN = math.Float64frombits(0x7ff8000000000000)

func specialFloat(s string) (float64, bool) {
	sign, rest := 1, s
	if rest != "" && (rest[0] == '+' || rest[0] == '-') {
		if rest[0] == '-' {
			sign = -1
		}
		rest = rest[1:]
	}
	switch {
	case strings.EqualFold(rest, "inf"), strings.EqualFold(rest, "infinity"):
		return math.Inf(sign), true
	case strings.EqualFold(rest, "nan"): // with either sign, as C reads it
		return floatNaN, true
	}
	return 0, false
}

// appendFloat appends a float as float8out does: the shortest digits that read
// back for extraDigits > 0, else a rounded form.
func appendFloat(dst []byte, f float64, bits, extraDigits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	digits := 15
	if bits == 32 {
		digits = 6
	}
	if extraDigits <= 0 {
		return strconv.AppendFloat(dst, f, 'g', max(1, digits+extraDigits), 64)
	}
	if a := math.Abs(f); a < 1e15 && a >= 1e-4 && (bits == 64 || a < 1e6) || f == 0 {
		if i := int64(f); float64(i) == f && i != 0 {
			return strconv.AppendInt(dst, i, 10)
		}
		return strconv.AppendFloat(dst, f, 'f', -1, bits)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'e', -1, bits)
	if a := math.Abs(f); bits == 64 && a >= 1<<53 && a < 1e41 || bits == 32 && a >= 1<<24 && a < 1e20 {
		return avoidBoundary(dst, start, f, bits)
	}
	return dst
}

// avoidBoundary redoes shortest digits that lie exactly half way to the next
// float: PostgreSQL's Ryu never prints those, since not every strtod reads
// them back. Only large integers can be affected.
func avoidBoundary(dst []byte, start int, f float64, bits int) []byte {
	if !onBoundary(string(dst[start:]), f, bits) {
		return dst
	}
	for prec := 1; prec <= 16; prec++ {
		dst = strconv.AppendFloat(dst[:start], f, 'e', prec, bits)
		s := string(dst[start:])
		if g, err := strconv.ParseFloat(s, bits); err == nil && g == f && !onBoundary(s, f, bits) {
			break
		}
	}
	return dst
}

func onBoundary(s string, f float64, bits int) bool {
	mant, exp, ok := strings.Cut(s, "e")
	if !ok {
		return false
	}
	e, _ := strconv.Atoi(exp)
	if i := strings.IndexByte(mant, '.'); i >= 0 {
		e -= len(mant) - i - 1
		mant = mant[:i] + mant[i+1:]
	}
	if e < 0 {
		return false
	}
	d, _ := new(big.Int).SetString(mant, 10)
	d.Mul(d, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(e)), nil))
	v, _ := new(big.Float).SetFloat64(f).Int(nil)
	d.Sub(d, v).Abs(d).Lsh(d, 1)
	ulp := math.Nextafter(math.Abs(f), math.Inf(1)) - math.Abs(f)
	if bits == 32 {
		g := float32(math.Abs(f))
		ulp = float64(math.Nextafter32(g, float32(math.Inf(1))) - g)
	}
	u, _ := new(big.Float).SetFloat64(ulp).Int(nil)
	return d.Cmp(u) == 0
}
