package physical

import (
	"math"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// Values of ordered types as points on a line, for interpolation in a
// histogram's group and for comparing values of different types (PostgreSQL's
// convert_to_scalar). Numbers are themselves, times microseconds.

const microsPerDay = 86400e6

// hasScalar reports whether scalar knows a type.
func hasScalar(t types.Type) bool {
	switch t.OID {
	case types.Numeric, types.Date, types.Timestamp, types.Timestamptz, types.Time, types.Interval, types.Bool:
		return true
	}
	switch t.Phys() {
	case types.PhysInt16, types.PhysInt32, types.PhysInt64, types.PhysFloat32, types.PhysFloat64, types.PhysUint32:
		return true
	}
	return false
}

// scalar places a value on the line of its type; ok is false for types without
// one, for NaN, and for a value that is not of the type's form.
func scalar(t types.Type, d types.Datum) (v float64, ok bool) {
	if d.P != t.Phys() || !hasScalar(t) {
		return 0, false
	}
	switch {
	case t.OID == types.Numeric:
		n := d.Decimal()
		if n.IsNaN() {
			return 0, false
		}
		v = n.Float64()
	case t.OID == types.Date:
		v = float64(d.I) * microsPerDay
	case t.OID == types.Interval:
		i := d.Interval()
		v = (float64(i.Months)*30+float64(i.Days))*microsPerDay + float64(i.Micros)
	case d.P == types.PhysFloat64:
		v = d.Float64()
	case d.P == types.PhysFloat32:
		v = float64(d.Float32())
	default:
		v = float64(d.I)
	}
	return v, !math.IsNaN(v)
}

// textFraction says how far between low and high a text lies, from 0 to 1: the
// bytes after what all three have in common are read as a number.
func textFraction(low, v, high string) float64 {
	common := 0
	for common < len(low) && common < len(high) && common < len(v) && low[common] == high[common] && low[common] == v[common] {
		common++
	}
	l, x, h := textNumber(low[common:]), textNumber(v[common:]), textNumber(high[common:])
	if h <= l {
		return 0.5
	}
	return math.Min(math.Max((x-l)/(h-l), 0), 1)
}

func textNumber(s string) float64 {
	n, scale := 0.0, 1.0
	for i := range min(len(s), 8) {
		scale /= 256
		n += float64(s[i]) * scale
	}
	return n
}
