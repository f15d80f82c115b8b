package types

import (
	"strconv"
)

// Interval field masks, as PostgreSQL's INTERVAL_MASK(x) = 1 << x.
const (
	intervalMaskYear   = 1 << 2
	intervalMaskMonth  = 1 << 1
	intervalMaskDay    = 1 << 3
	intervalMaskHour   = 1 << 10
	intervalMaskMinute = 1 << 11
	intervalMaskSecond = 1 << 12

	intervalFullRange     = 0x7FFF
	intervalFullPrecision = 0xFFFF
)

// NumericMod returns the modifier of numeric(precision, scale).
func NumericMod(precision, scale int) int32 {
	return int32((precision<<16)|(scale&0x7ff)) + 4
}

// NumericPrecision returns the precision and scale of a numeric modifier; ok
// is false when there is none.
func NumericPrecision(mod int32) (precision, scale int, ok bool) {
	if mod < 4 {
		return 0, 0, false
	}
	m := mod - 4
	precision = int(m>>16) & 0xffff
	scale = int(m & 0x7ff)
	return precision, (scale ^ 1024) - 1024, true
}

// intervalFields gives the text of an interval's field restriction.
func intervalFields(mask int32) string {
	const y, mo, d, h, mi, s = intervalMaskYear, intervalMaskMonth, intervalMaskDay, intervalMaskHour, intervalMaskMinute, intervalMaskSecond
	switch mask {
	case y:
		return " year"
	case mo:
		return " month"
	case d:
		return " day"
	case h:
		return " hour"
	case mi:
		return " minute"
	case s:
		return " second"
	case y | mo:
		return " year to month"
	case d | h:
		return " day to hour"
	case d | h | mi:
		return " day to minute"
	case d | h | mi | s:
		return " day to second"
	case h | mi:
		return " hour to minute"
	case h | mi | s:
		return " hour to second"
	case mi | s:
		return " minute to second"
	}
	return ""
}

// FormatID returns the SQL text of a type by its identifier alone, as
// format_type(oid, NULL): unlike a modifier of -1 it does not tell bpchar and
// "bit" from the SQL types that have a length of 1.
func FormatID(oid OID) string {
	switch oid {
	case Bpchar:
		return "character"
	case BpcharArray:
		return "character[]"
	case Bit:
		return "bit"
	case BitArray:
		return "bit[]"
	}
	return Format(Of(oid))
}

// Format returns the SQL text of a type, as format_type(oid, typmod).
func Format(t Type) string {
	info := Lookup(t.OID)
	if info == nil {
		return "???"
	}
	if info.Elem != 0 && t.OID != Int2Vector && t.OID != OidVector {
		if info.Array == 0 { // a real array has no array type of its own
			return Format(Type{OID: info.Elem, Mod: t.Mod}) + "[]"
		}
	}
	if t.Mod < 0 {
		switch t.OID {
		case Bpchar:
			return "bpchar"
		case Bit:
			return `"bit"`
		}
		return info.SQLName
	}
	paren := func(n int32) string { return "(" + strconv.Itoa(int(n)) + ")" }
	switch t.OID {
	case Bpchar, Varchar:
		if t.Mod > 4 {
			return info.SQLName + paren(t.Mod-4)
		}
	case Bit, Varbit:
		return info.SQLName + paren(t.Mod)
	case Numeric:
		if p, s, ok := NumericPrecision(t.Mod); ok {
			return "numeric(" + strconv.Itoa(p) + "," + strconv.Itoa(s) + ")"
		}
	case Time:
		return "time" + paren(t.Mod) + " without time zone"
	case Timetz:
		return "time" + paren(t.Mod) + " with time zone"
	case Timestamp:
		return "timestamp" + paren(t.Mod) + " without time zone"
	case Timestamptz:
		return "timestamp" + paren(t.Mod) + " with time zone"
	case Interval:
		s := "interval" + intervalFields(t.Mod>>16&intervalFullRange)
		if p := t.Mod & 0xFFFF; p != intervalFullPrecision {
			s += paren(p)
		}
		return s
	}
	return info.SQLName
}
