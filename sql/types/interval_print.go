package types

import "strings"

// ivFields are an interval's printed fields.
type ivFields struct {
	year, month, day, hour, minute, second, micro int64
}

func (v IntervalValue) fields() ivFields {
	f := ivFields{year: int64(v.Months / 12), month: int64(v.Months % 12), day: int64(v.Days)}
	t := v.Micros
	f.hour, t = t/MicrosPerHour, t%MicrosPerHour
	f.minute, t = t/MicrosPerMinute, t%MicrosPerMinute
	f.second, f.micro = t/MicrosPerSecond, t%MicrosPerSecond
	return f
}

func (f ivFields) timeNegative() bool {
	return f.hour < 0 || f.minute < 0 || f.second < 0 || f.micro < 0
}

func (f ivFields) hasTime() bool {
	return f.hour != 0 || f.minute != 0 || f.second != 0 || f.micro != 0
}

// AppendText appends the interval in a style: postgres (also ""),
// postgres_verbose, sql_standard or iso_8601.
func (v IntervalValue) AppendText(dst []byte, style string) []byte {
	f := v.fields()
	switch {
	case style == "postgres" || style == "":
		return f.appendPostgres(dst)
	case strings.HasPrefix(style, "iso"):
		return f.appendISO(dst)
	case strings.HasPrefix(style, "sql"):
		return f.appendSQL(dst)
	}
	return f.appendVerbose(dst)
}

// appendAbs appends |v| with at least width digits.
func appendAbs(dst []byte, v int64, width int) []byte {
	return appendPadded(dst, absInt(v), width)
}

func (f ivFields) appendSeconds(dst []byte, width int) []byte {
	return appendFraction(appendAbs(dst, f.second, width), int(absOf(f.micro)))
}

func (f ivFields) appendPostgres(dst []byte) []byte {
	zero, before := true, false
	part := func(v int64, unit string) {
		if v == 0 {
			return
		}
		if !zero {
			dst = append(dst, ' ')
		}
		if before && v > 0 {
			dst = append(dst, '+')
		}
		dst = append(append(appendInt(dst, v), ' '), unit...)
		if v != 1 {
			dst = append(dst, 's')
		}
		before, zero = v < 0, false
	}
	part(f.year, "year")
	part(f.month, "mon")
	part(f.day, "day")
	if zero || f.hasTime() {
		if !zero {
			dst = append(dst, ' ')
		}
		if f.timeNegative() {
			dst = append(dst, '-')
		} else if before {
			dst = append(dst, '+')
		}
		dst = append(appendAbs(dst, f.hour, 2), ':')
		dst = append(appendAbs(dst, f.minute, 2), ':')
		dst = f.appendSeconds(dst, 2)
	}
	return dst
}

func (f ivFields) appendVerbose(dst []byte) []byte {
	dst = append(dst, '@')
	zero, before := true, false
	part := func(v int64, unit string) {
		if v == 0 {
			return
		}
		if zero {
			before = v < 0
			v = absOf(v)
		} else if before {
			v = -v
		}
		dst = append(append(appendInt(append(dst, ' '), v), ' '), unit...)
		if v != 1 {
			dst = append(dst, 's')
		}
		zero = false
	}
	part(f.year, "year")
	part(f.month, "mon")
	part(f.day, "day")
	part(f.hour, "hour")
	part(f.minute, "min")
	if f.second != 0 || f.micro != 0 {
		dst = append(dst, ' ')
		if f.second < 0 || f.micro < 0 {
			if zero {
				before = true
			} else if !before {
				dst = append(dst, '-')
			}
		} else if before {
			dst = append(dst, '-')
		}
		dst = append(f.appendSeconds(dst, 1), " sec"...)
		if absOf(f.second) != 1 || f.micro != 0 {
			dst = append(dst, 's')
		}
		zero = false
	}
	if zero {
		dst = append(dst, " 0"...)
	}
	if before {
		dst = append(dst, " ago"...)
	}
	return dst
}

func (f ivFields) appendISO(dst []byte) []byte {
	if f == (ivFields{}) {
		return append(dst, "PT0S"...)
	}
	part := func(v int64, unit byte) {
		if v != 0 {
			dst = append(appendInt(dst, v), unit)
		}
	}
	dst = append(dst, 'P')
	part(f.year, 'Y')
	part(f.month, 'M')
	part(f.day, 'D')
	if f.hasTime() {
		dst = append(dst, 'T')
	}
	part(f.hour, 'H')
	part(f.minute, 'M')
	if f.second != 0 || f.micro != 0 {
		if f.second < 0 || f.micro < 0 {
			dst = append(dst, '-')
		}
		dst = append(f.appendSeconds(dst, 1), 'S')
	}
	return dst
}

func (f ivFields) appendSQL(dst []byte) []byte {
	all := [...]int64{f.year, f.month, f.day, f.hour, f.minute, f.second, f.micro}
	neg, pos := false, false
	for _, v := range all {
		neg, pos = neg || v < 0, pos || v > 0
	}
	yearMonth := f.year != 0 || f.month != 0
	dayTime := f.day != 0 || f.hasTime()
	sign := func(negative bool) byte {
		if negative {
			return '-'
		}
		return '+'
	}
	clock := func() {
		dst = append(appendAbs(dst, f.hour, 1), ':')
		dst = append(appendAbs(dst, f.minute, 2), ':')
		dst = f.appendSeconds(dst, 2)
	}
	switch {
	case !neg && !pos:
		return append(dst, '0')
	case neg && pos || yearMonth && dayTime:
		dst = appendAbs(append(dst, sign(f.year < 0 || f.month < 0)), f.year, 1)
		dst = append(appendAbs(append(dst, '-'), f.month, 1), ' ')
		dst = appendAbs(append(dst, sign(f.day < 0)), f.day, 1)
		dst = append(dst, ' ', sign(f.timeNegative()))
		clock()
		return dst
	}
	if neg {
		dst = append(dst, '-')
	}
	switch {
	case yearMonth:
		dst = appendAbs(dst, f.year, 1)
		dst = appendAbs(append(dst, '-'), f.month, 1)
	case f.day != 0:
		dst = append(appendAbs(dst, f.day, 1), ' ')
		clock()
	default:
		clock()
	}
	return dst
}
