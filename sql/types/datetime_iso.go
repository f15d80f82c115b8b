package types

// isoDate reads YYYY-MM-DD at the start of s without the general decoder; rest
// is what follows. ok is false for anything unusual.
func isoDate(s string) (days int64, rest string, ok bool) {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return 0, "", false
	}
	y1, ok1 := twoDigits(s)
	y2, ok2 := twoDigits(s[2:])
	m, ok3 := twoDigits(s[5:])
	d, ok4 := twoDigits(s[8:])
	y := y1*100 + y2
	if !ok1 || !ok2 || !ok3 || !ok4 || y == 0 || m < 1 || m > 12 || d < 1 || d > 28 && d > DaysInMonth(y, m) {
		return 0, "", false
	}
	return DaysFromCivil(y, m, d), s[10:], true
}

// isoTime reads HH:MM:SS[.ffffff] at the start of s.
func isoTime(s string) (micros int64, rest string, ok bool) {
	if len(s) < 8 || s[2] != ':' || s[5] != ':' {
		return 0, "", false
	}
	h, ok1 := twoDigits(s)
	m, ok2 := twoDigits(s[3:])
	sec, ok3 := twoDigits(s[6:])
	if !ok1 || !ok2 || !ok3 || h > 23 || m > 59 || sec > 59 {
		return 0, "", false
	}
	micros = int64((h*60+m)*60+sec) * MicrosPerSecond
	s = s[8:]
	if s == "" || s[0] != '.' {
		return micros, s, s == "" || !isDigit(s[0])
	}
	frac, unit, i := int64(0), int64(MicrosPerSecond), 1
	for ; i < len(s) && isDigit(s[i]); i++ {
		if unit == 1 {
			return 0, "", false
		}
		unit /= 10
		frac += int64(s[i]-'0') * unit
	}
	return micros + frac, s[i:], i > 1
}

// isoOffset reads +hh[:mm] or Z that ends s.
func isoOffset(s string) (offset int, ok bool) {
	if s == "Z" {
		return 0, true
	}
	if len(s) != 3 && (len(s) != 6 || s[3] != ':') || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	h, ok := twoDigits(s[1:])
	if !ok || h > 15 {
		return 0, false
	}
	offset = h * 3600
	if len(s) == 6 {
		m, ok := twoDigits(s[4:])
		if !ok || m > 59 {
			return 0, false
		}
		offset += m * 60
	}
	if s[0] == '-' {
		offset = -offset
	}
	return offset, true
}

func twoDigits(s string) (int, bool) {
	a, b := s[0]-'0', s[1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}

// isoTimestamp reads an ISO timestamp; zone is what follows the time.
func isoTimestamp(s string) (ts int64, zone string, ok bool) {
	days, rest, ok := isoDate(s)
	if !ok {
		return 0, "", false
	}
	if rest == "" {
		return days * MicrosPerDay, "", true
	}
	if rest[0] != ' ' && rest[0] != 'T' {
		return 0, "", false
	}
	micros, zone, ok := isoTime(rest[1:])
	return days*MicrosPerDay + micros, zone, ok
}
