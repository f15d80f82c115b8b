package types

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// ParseDecimal reads a numeric as numeric_in without a modifier.
func ParseDecimal(s string) (Decimal, error) {
	t := trimSpace(s)
	d, n, ok, err := scanDecimal(t)
	if err != nil {
		return Decimal{}, err
	}
	if !ok {
		if d, ok = specialDecimal(t); ok {
			return d, nil
		}
	}
	if !ok || n != len(t) {
		return Decimal{}, invalidSyntax(Numeric, s)
	}
	return d.check()
}

func specialDecimal(s string) (Decimal, bool) {
	neg, rest := false, s
	if rest != "" && (rest[0] == '+' || rest[0] == '-') {
		neg = rest[0] == '-'
		rest = rest[1:]
	}
	switch {
	case strings.EqualFold(rest, "inf"), strings.EqualFold(rest, "infinity"):
		if neg {
			return DecimalNegInf, true
		}
		return DecimalInf, true
	case strings.EqualFold(s, "nan"):
		return DecimalNaN, true
	}
	return Decimal{}, false
}

// scanDecimal reads the number at the start of s and returns how long it is.
func scanDecimal(s string) (d Decimal, n int, ok bool, err error) {
	i, neg := 0, false
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		neg = s[i] == '-'
		i++
	}
	start := i
	var coef uint64
	digits, frac, point, fits := 0, 0, false, true
	for ; i < len(s); i++ {
		c := s[i]
		if c == '.' && !point {
			point = true
			continue
		}
		if !isDigit(c) {
			break
		}
		if coef > (1<<63-10)/10 {
			fits = false
		}
		coef = coef*10 + uint64(c-'0')
		digits++
		if point {
			frac++
		}
	}
	// A point needs a digit before or after it.
	if digits == 0 {
		return Decimal{}, 0, false, nil
	}
	end := i
	exp := 0
	if i < len(s) && s[i]|0x20 == 'e' {
		j := i + 1
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		k := j
		for k < len(s) && isDigit(s[k]) {
			k++
		}
		if k == j {
			return Decimal{}, 0, false, nil
		}
		if exp, err = strconv.Atoi(s[i+1 : k]); err != nil || exp > 1<<30 || exp < -(1<<30) {
			return Decimal{}, 0, false, numericOverflow()
		}
		i = k
	}
	d = Decimal{coef: int64(coef), scale: int32(frac)}
	if !fits {
		d = Decimal{kind: decimalBig, big: bigDigits(s[start:end]), scale: int32(frac)}
	}
	if exp != 0 {
		if d, err = d.shift(exp); err != nil {
			return Decimal{}, 0, false, err
		}
	}
	if neg {
		d = d.Neg()
	}
	return d.canonical(), i, true, nil
}

// bigDigits reads digits that may have one point among them.
func bigDigits(s string) *big.Int {
	if i := strings.IndexByte(s, '.'); i >= 0 {
		s = s[:i] + s[i+1:]
	}
	b, _ := new(big.Int).SetString(s, 10)
	return b
}

// shift multiplies by 10^exp; the scale shrinks to no less than 0.
func (d Decimal) shift(exp int) (Decimal, error) {
	scale := int(d.scale) - exp
	if scale > numMaxScale {
		return Decimal{}, numericOverflow()
	}
	if scale >= 0 {
		d.scale = int32(scale)
		return d.canonical(), nil
	}
	if d.Sign() == 0 {
		return Decimal{}, nil
	}
	if d.weight10()+exp >= numMaxWholeDigits {
		return Decimal{}, numericOverflow()
	}
	b := new(big.Int).Mul(d.bigCoef(), bigPow10(-scale))
	return DecimalFromBig(b, 0), nil
}

// AppendText appends the value as numeric_out prints it.
func (d Decimal) AppendText(dst []byte) []byte {
	switch d.kind {
	case decimalSmall:
		if d.scale == 0 {
			return appendInt(dst, d.coef)
		}
		u := absInt(d.coef)
		if d.coef < 0 {
			dst = append(dst, '-')
		}
		if d.scale <= 18 {
			p := pow10[d.scale]
			whole := u / p
			dst = appendUint(dst, whole)
			dst = append(dst, '.')
			return appendPadded(dst, u-whole*p, int(d.scale))
		}
		dst = append(dst, '0', '.')
		return appendPadded(dst, u, int(d.scale))
	case decimalBig:
		return d.appendBig(dst)
	case decimalInf:
		return append(dst, "Infinity"...)
	case decimalNegInf:
		return append(dst, "-Infinity"...)
	}
	return append(dst, "NaN"...)
}

func (d Decimal) appendBig(dst []byte) []byte {
	if d.big.Sign() < 0 {
		dst = append(dst, '-')
	}
	start := len(dst)
	dst = d.big.Append(dst, 10)
	if dst[start] == '-' {
		dst = append(dst[:start], dst[start+1:]...)
	}
	if d.scale == 0 {
		return dst
	}
	scale := int(d.scale)
	n := len(dst) - start
	if pad := scale + 1 - n; pad > 0 { // leading zeros up to the units
		for range pad {
			dst = append(dst, '0')
		}
		copy(dst[start+pad:], dst[start:start+n])
		for i := range pad {
			dst[start+i] = '0'
		}
	}
	dst = append(dst, 0)
	p := len(dst) - 1 - scale
	copy(dst[p+1:], dst[p:])
	dst[p] = '.'
	return dst
}

// String returns the text form.
func (d Decimal) String() string { return string(d.AppendText(nil)) }

// fitsMod reports whether a small value already has the modifier's scale and
// no more digits than its precision.
func (d Decimal) fitsMod(mod int32) bool {
	precision, scale, ok := NumericPrecision(mod)
	return !ok || int(d.scale) == scale && (precision > 18 || absInt(d.coef) < pow10[precision])
}

// ApplyMod rounds to a numeric(p, s) modifier and checks the precision (22003).
func (d Decimal) ApplyMod(mod int32) (Decimal, error) {
	precision, scale, ok := NumericPrecision(mod)
	if !ok || d.kind == decimalNaN {
		return d, nil
	}
	if d.IsInf() {
		return Decimal{}, pgerror.New(pgerror.NumericValueOutOfRange, "numeric field overflow").
			WithDetail("A field with precision %d, scale %d cannot hold an infinite value.", precision, scale)
	}
	d = d.Round(scale)
	if maxDigits := precision - scale; d.Sign() != 0 && d.weight10()+1 > maxDigits {
		limit := "1"
		if maxDigits != 0 {
			limit = "10^" + strconv.Itoa(maxDigits)
		}
		return Decimal{}, pgerror.New(pgerror.NumericValueOutOfRange, "numeric field overflow").
			WithDetail("A field with precision %d, scale %d must round to an absolute value less than %s.", precision, scale, limit)
	}
	return d, nil
}
