package types

import (
	"math"
	"strconv"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// Int64 rounds half away from zero to an int64; ok is false when it does not
// fit or d is no number.
func (d Decimal) Int64() (v int64, ok bool) {
	if d.kind == decimalSmall && d.scale == 0 {
		return d.coef, true
	}
	if !d.IsFinite() {
		return 0, false
	}
	r := d.Round(0)
	if r.kind == decimalSmall {
		return r.coef, true
	}
	if r.big.IsInt64() {
		return r.big.Int64(), true
	}
	return 0, false
}

// ToInt casts to an integer type (Int2, Int4 or Int8) with its errors.
func (d Decimal) ToInt(oid OID) (int64, error) {
	name := sqlName(oid)
	switch {
	case d.kind == decimalNaN:
		return 0, pgerror.New(pgerror.FeatureNotSupported, "cannot convert NaN to %s", name)
	case d.IsInf():
		return 0, pgerror.New(pgerror.FeatureNotSupported, "cannot convert infinity to %s", name)
	}
	v, ok := d.Int64()
	switch oid {
	case Int2:
		ok = ok && v >= math.MinInt16 && v <= math.MaxInt16
	case Int4:
		ok = ok && v >= math.MinInt32 && v <= math.MaxInt32
	}
	if !ok {
		return 0, pgerror.New(pgerror.NumericValueOutOfRange, "%s out of range", name)
	}
	return v, nil
}

// Float64 returns the nearest float; values over its range are infinite.
func (d Decimal) Float64() float64 {
	switch d.kind {
	case decimalSmall:
		if u := absInt(d.coef); u < 1<<53 && d.scale <= 22 {
			f := float64(d.coef)
			if d.scale == 0 {
				return f
			}
			return f / floatPow10[d.scale]
		}
	case decimalInf:
		return math.Inf(1)
	case decimalNegInf:
		return math.Inf(-1)
	case decimalNaN:
		return floatNaN
	}
	var buf [64]byte
	f, _ := strconv.ParseFloat(string(d.AppendText(buf[:0])), 64)
	return f
}

var floatPow10 = [23]float64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// ToFloat casts to a float type (Float4 or Float8) with its errors.
func (d Decimal) ToFloat(oid OID) (float64, error) {
	if !d.IsFinite() {
		return d.Float64(), nil
	}
	if oid == Float8 {
		if f := d.Float64(); !math.IsInf(f, 0) && (f != 0 || d.Sign() == 0) {
			return f, nil
		}
		return parseFloat(oid, d.String(), 64)
	}
	return parseFloat(oid, d.String(), 32)
}

// DecimalFromFloat64 casts a float8: 15 significant digits, as PostgreSQL.
func DecimalFromFloat64(f float64) Decimal { return decimalFromFloat(f, 15) }

// DecimalFromFloat32 casts a float4: 6 significant digits, as PostgreSQL.
func DecimalFromFloat32(f float32) Decimal { return decimalFromFloat(float64(f), 6) }

func decimalFromFloat(f float64, digits int) Decimal {
	switch {
	case math.IsNaN(f):
		return DecimalNaN
	case math.IsInf(f, 1):
		return DecimalInf
	case math.IsInf(f, -1):
		return DecimalNegInf
	}
	if i := int64(f); float64(i) == f && i > -1e6 && i < 1e6 {
		return DecimalFromInt(i)
	}
	var buf [32]byte
	b := strconv.AppendFloat(buf[:0], f, 'g', digits, 64)
	d, _, _, _ := scanDecimal(bytesString(b))
	return d
}
