package types

import "strings"

// dtField is the kind of a field of date and time input.
type dtField uint8

const (
	dtNumber dtField = iota
	dtString
	dtDate
	dtTime
	dtZone
	dtSpecial
)

const maxDateFields = 25

type dtToken struct {
	kind dtField
	text string // lower case
}

func isAlpha(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isAlnum(c byte) bool { return isAlpha(c) || isDigit(c) }

func isPunct(c byte) bool { return c > ' ' && c < 0x7f && !isAlnum(c) }

// dtKind says what a word means.
type dtKind uint8

const (
	dkNone dtKind = iota
	dkReserved
	dkMonth
	dkDow
	dkADBC
	dkAMPM
	dkIgnore
	dkUnits
	dkISOTime
	dkDTZMod
)

const (
	rvNow = iota
	rvToday
	rvTomorrow
	rvYesterday
	rvEpoch
	rvInfinity
	rvNegInfinity
	rvZulu

	unitJulian = 1
)

type dtWord struct {
	kind dtKind
	val  int
}

var dtWords = map[string]dtWord{
	"-infinity": {dkReserved, rvNegInfinity}, "infinity": {dkReserved, rvInfinity},
	"epoch": {dkReserved, rvEpoch}, "now": {dkReserved, rvNow}, "today": {dkReserved, rvToday},
	"tomorrow": {dkReserved, rvTomorrow}, "yesterday": {dkReserved, rvYesterday}, "allballs": {dkReserved, rvZulu},
	"jan": {dkMonth, 1}, "january": {dkMonth, 1}, "feb": {dkMonth, 2}, "february": {dkMonth, 2},
	"mar": {dkMonth, 3}, "march": {dkMonth, 3}, "apr": {dkMonth, 4}, "april": {dkMonth, 4},
	"may": {dkMonth, 5}, "jun": {dkMonth, 6}, "june": {dkMonth, 6}, "jul": {dkMonth, 7}, "july": {dkMonth, 7},
	"aug": {dkMonth, 8}, "august": {dkMonth, 8}, "sep": {dkMonth, 9}, "sept": {dkMonth, 9}, "september": {dkMonth, 9},
	"oct": {dkMonth, 10}, "october": {dkMonth, 10}, "nov": {dkMonth, 11}, "november": {dkMonth, 11},
	"dec": {dkMonth, 12}, "december": {dkMonth, 12},
	"sun": {dkDow, 0}, "sunday": {dkDow, 0}, "mon": {dkDow, 1}, "monday": {dkDow, 1},
	"tue": {dkDow, 2}, "tues": {dkDow, 2}, "tuesday": {dkDow, 2}, "wed": {dkDow, 3}, "weds": {dkDow, 3}, "wednesday": {dkDow, 3},
	"thu": {dkDow, 4}, "thur": {dkDow, 4}, "thurs": {dkDow, 4}, "thursday": {dkDow, 4},
	"fri": {dkDow, 5}, "friday": {dkDow, 5}, "sat": {dkDow, 6}, "saturday": {dkDow, 6},
	"ad": {dkADBC, 0}, "bc": {dkADBC, 1}, "am": {dkAMPM, 0}, "pm": {dkAMPM, 1},
	"at": {dkIgnore, 0}, "on": {dkIgnore, 0}, "t": {dkISOTime, 0}, "dst": {dkDTZMod, 3600},
	"j": {dkUnits, unitJulian}, "jd": {dkUnits, unitJulian}, "julian": {dkUnits, unitJulian},
}

// splitDateTime cuts date and time input into fields (ParseDateTime).
func splitDateTime(s string, toks []dtToken) ([]dtToken, error) {
	i := 0
	while := func(ok func(c byte) bool) {
		for i < len(s) && ok(s[i]) {
			i++
		}
	}
	for i < len(s) {
		c := s[i]
		if isSpace(c) {
			i++
			continue
		}
		start := i
		kind := dtNumber
		switch {
		case isDigit(c):
			while(isDigit)
			switch {
			case i < len(s) && s[i] == ':':
				kind = dtTime
				while(func(c byte) bool { return isDigit(c) || c == ':' || c == '.' })
			case i < len(s) && (s[i] == '-' || s[i] == '/' || s[i] == '.'):
				delim := s[i]
				i++
				if i < len(s) && isDigit(s[i]) {
					if delim != '.' {
						kind = dtDate
					}
					while(isDigit)
					// One more delimiter makes it a date: insist that both match.
					if i < len(s) && s[i] == delim {
						kind = dtDate
						i++
						while(func(c byte) bool { return isDigit(c) || c == delim })
					}
				} else {
					kind = dtDate
					while(func(c byte) bool { return isAlnum(c) || c == delim })
				}
			}
		case c == '.':
			i++
			while(isDigit)
		case isAlpha(c):
			kind = dtString
			while(isAlpha)
			isDate := false
			if i < len(s) {
				switch c := s[i]; {
				case c == '-' || c == '/' || c == '.':
					isDate = true
				case c == '+' || isDigit(c):
					isDate = dtWords[strings.ToLower(s[start:i])].kind == dkNone
				}
			}
			if isDate {
				kind = dtDate
				while(func(c byte) bool {
					return isAlnum(c) || c == '+' || c == '-' || c == '/' || c == '_' || c == '.' || c == ':'
				})
			}
		case c == '+' || c == '-':
			i++
			sign := s[start:i]
			while(isSpace)
			body := i
			switch {
			case i < len(s) && isDigit(s[i]):
				kind = dtZone
				while(func(c byte) bool { return isDigit(c) || c == ':' || c == '.' || c == '-' })
			case i < len(s) && isAlpha(s[i]):
				kind = dtSpecial
				while(isAlpha)
			default:
				return nil, errDateFormat
			}
			if len(toks) >= maxDateFields {
				return nil, errDateFormat
			}
			text := s[start:i]
			if body != start+1 {
				text = sign + s[body:i]
			}
			toks = append(toks, dtToken{kind, lowerASCII(text)})
			continue
		case isPunct(c):
			i++
			continue
		default:
			return nil, errDateFormat
		}
		if len(toks) >= maxDateFields {
			return nil, errDateFormat
		}
		toks = append(toks, dtToken{kind, lowerASCII(s[start:i])})
	}
	return toks, nil
}
