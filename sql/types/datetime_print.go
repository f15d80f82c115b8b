package types

type dateStyle uint8

const (
	styleISO dateStyle = iota
	styleSQL
	stylePostgres
	styleGerman
)

func (io *IO) dateStyle() dateStyle {
	if io.DateStyle == "" {
		return styleISO
	}
	switch io.DateStyle[0] | 0x20 {
	case 's':
		return styleSQL
	case 'p':
		return stylePostgres
	case 'g':
		return styleGerman
	}
	return styleISO
}

const (
	monthNames   = "JanFebMarAprMayJunJulAugSepOctNovDec"
	weekdayNames = "SunMonTueWedThuFriSat"
)

// printYear is the year as printed: 1 BC for 0.
func printYear(y int) uint64 {
	if y > 0 {
		return uint64(y)
	}
	return uint64(1 - y)
}

// AppendDate appends a date in the session's style.
func AppendDate(dst []byte, d int64, io *IO) []byte {
	switch d {
	case DateInfinity:
		return append(dst, "infinity"...)
	case DateNegInfinity:
		return append(dst, "-infinity"...)
	}
	var c Civil
	c.Year, c.Month, c.Day = CivilFromDays(d)
	style := styleISO
	order := OrderMDY
	if io != nil {
		style, order = io.dateStyle(), io.DateOrder
	}
	sep := byte('/')
	if style == stylePostgres {
		sep = '-'
	}
	switch style {
	case styleISO:
		dst = appendISODate(dst, c)
	case styleGerman:
		dst = appendDateParts(dst, c, true, '.')
	default:
		dst = appendDateParts(dst, c, order == OrderDMY, sep)
	}
	return appendBC(dst, c.Year)
}

func appendBC(dst []byte, year int) []byte {
	if year <= 0 {
		return append(dst, " BC"...)
	}
	return dst
}

func appendISODate(dst []byte, c Civil) []byte {
	y := printYear(c.Year)
	if y < 10000 {
		h := y / 100
		l := y - h*100
		return append(dst, smalls[2*h], smalls[2*h+1], smalls[2*l], smalls[2*l+1], '-',
			smalls[2*c.Month], smalls[2*c.Month+1], '-', smalls[2*c.Day], smalls[2*c.Day+1])
	}
	dst = appendUint(dst, y)
	dst = appendPadded(append(dst, '-'), uint64(c.Month), 2)
	return appendPadded(append(dst, '-'), uint64(c.Day), 2)
}

// appendDateParts appends month and day (or day and month) and the year.
func appendDateParts(dst []byte, c Civil, dayFirst bool, sep byte) []byte {
	a, b := c.Month, c.Day
	if dayFirst {
		a, b = b, a
	}
	dst = appendPadded(dst, uint64(a), 2)
	dst = appendPadded(append(dst, sep), uint64(b), 2)
	return appendPadded(append(dst, sep), printYear(c.Year), 4)
}

// appendClock appends hh:mm:ss[.ffffff] without trailing zeros.
func appendClock(dst []byte, c Civil) []byte {
	dst = append(dst, smalls[2*c.Hour], smalls[2*c.Hour+1], ':',
		smalls[2*c.Minute], smalls[2*c.Minute+1], ':', smalls[2*c.Second], smalls[2*c.Second+1])
	return appendFraction(dst, c.Micro)
}

func appendFraction(dst []byte, micro int) []byte {
	if micro == 0 {
		return dst
	}
	dst = appendPadded(append(dst, '.'), uint64(micro), 6)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// AppendTime appends a time of day.
func AppendTime(dst []byte, micros int64) []byte {
	if micros < 0 || micros > MicrosPerDay { // broken bytes; never a value
		_, micros = SplitDay(micros)
	}
	return appendClock(dst, SplitTime(micros))
}

// AppendTimestamp appends a timestamp in the session's style.
func AppendTimestamp(dst []byte, ts int64, io *IO) []byte {
	if IsTimestampInfinite(ts) {
		return appendInfinity(dst, ts)
	}
	if io == nil || io.dateStyle() == styleISO {
		if out, ok := appendISOTimestamp(dst, ts); ok {
			return out
		}
	}
	return appendDateTime(dst, SplitTimestamp(ts), false, io.orDefault())
}

// appendISOTimestamp appends a timestamp of the years 1 to 9999 in ISO style;
// it is the wire's hot path.
func appendISOTimestamp(dst []byte, ts int64) ([]byte, bool) {
	day, micros := SplitDay(ts)
	y, m, d := CivilFromDays(day)
	if y < 1 || y > 9999 {
		return dst, false
	}
	secs := uint32(micros / MicrosPerSecond)
	frac := int(micros - int64(secs)*MicrosPerSecond)
	h := secs / 3600
	secs -= h * 3600
	mi := secs / 60
	secs -= mi * 60
	c := uint32(y) / 100
	l := uint32(y) - c*100
	dst = append(dst, smalls[2*c], smalls[2*c+1], smalls[2*l], smalls[2*l+1], '-',
		smalls[2*m], smalls[2*m+1], '-', smalls[2*d], smalls[2*d+1], ' ',
		smalls[2*h], smalls[2*h+1], ':', smalls[2*mi], smalls[2*mi+1], ':', smalls[2*secs], smalls[2*secs+1])
	return appendFraction(dst, frac), true
}

// AppendTimestamptz appends a timestamptz in the session's zone and style.
func AppendTimestamptz(dst []byte, ts int64, io *IO) []byte {
	if IsTimestampInfinite(ts) {
		return appendInfinity(dst, ts)
	}
	io = io.orDefault()
	if io.dateStyle() == styleISO {
		offset := 0
		if io.TimeZone != nil {
			offset = int(zoneOf(io.TimeZone).at(unixSeconds(ts)).offset)
		}
		if out, ok := appendISOTimestamp(dst, ts+int64(offset)*MicrosPerSecond); ok {
			return appendZoneOffset(out, offset)
		}
	}
	return appendDateTime(dst, SplitTimestamptz(ts, io.TimeZone), true, io)
}

func appendInfinity(dst []byte, ts int64) []byte {
	if ts < 0 {
		dst = append(dst, '-')
	}
	return append(dst, "infinity"...)
}

func appendDateTime(dst []byte, c Civil, zone bool, io *IO) []byte {
	style := io.dateStyle()
	switch style {
	case styleISO:
		dst = appendISODate(dst, c)
		dst = appendClock(append(dst, ' '), c)
		if zone {
			dst = appendZoneOffset(dst, c.Offset)
		}
		return appendBC(dst, c.Year)
	case styleSQL:
		dst = appendDateParts(dst, c, io.DateOrder == OrderDMY, '/')
		dst = appendClock(append(dst, ' '), c)
	case styleGerman:
		dst = appendDateParts(dst, c, true, '.')
		dst = appendClock(append(dst, ' '), c)
	case stylePostgres:
		w := 3 * Weekday(c.Days())
		dst = append(append(dst, weekdayNames[w:w+3]...), ' ')
		m := 3 * (c.Month - 1)
		if io.DateOrder == OrderDMY {
			dst = append(appendPadded(dst, uint64(c.Day), 2), ' ')
			dst = append(dst, monthNames[m:m+3]...)
		} else {
			dst = append(append(dst, monthNames[m:m+3]...), ' ')
			dst = appendPadded(dst, uint64(c.Day), 2)
		}
		dst = appendClock(append(dst, ' '), c)
		dst = appendPadded(append(dst, ' '), printYear(c.Year), 4)
	}
	if zone {
		if c.Zone != "" {
			dst = append(append(dst, ' '), c.Zone...)
		} else {
			if style == stylePostgres {
				dst = append(dst, ' ')
			}
			dst = appendZoneOffset(dst, c.Offset)
		}
	}
	return appendBC(dst, c.Year)
}
