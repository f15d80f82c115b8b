package functions

import (
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// templateReader reads a text by a date template.
type templateReader struct {
	in  string
	pos int
	// What was read; -1 is "not given", noYear for year.
	year, month, day, yday, isoYear, isoWeek, isoDay int
	hour, minute, second, micro                      int
	julian                                           int
	bc, pm, am, half                                 bool
	zone                                             bool
	zoneSign, zoneHour, zoneMinute                   int
}

// noYear is no year that is read: years before Christ may be negative.
const noYear = -1 << 31

func newTemplateReader(in string) *templateReader {
	return &templateReader{in: in, year: noYear, month: -1, day: -1, yday: -1, isoYear: -1, isoWeek: -1, isoDay: -1, julian: -1, zoneSign: 1}
}

func isSeparator(c byte) bool {
	return c > ' ' && c < 0x7f && !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9')
}

func isDigitByte(c byte) bool { return c >= '0' && c <= '9' }

func (r *templateReader) spaces() {
	for r.pos < len(r.in) && strings.IndexByte(" \t\n\r\f\v", r.in[r.pos]) >= 0 {
		r.pos++
	}
}

func badField(text, key string) *pgerror.Error {
	return pgerror.New(pgerror.InvalidDatetimeFormat, "invalid value \"%s\" for \"%s\"", text, key)
}

// number reads at most width digits, all there are if the next pattern is not
// a number.
func (r *templateReader) number(n *templateNode, width int, greedy bool) (int, error) {
	r.spaces()
	start := r.pos
	if r.pos < len(r.in) && (r.in[r.pos] == '-' || r.in[r.pos] == '+') {
		r.pos++
	}
	first := r.pos
	for r.pos < len(r.in) && isDigitByte(r.in[r.pos]) && (greedy || r.pos-first < width) {
		r.pos++
	}
	if r.pos == first {
		end := min(len(r.in), start+width)
		r.pos = start
		return 0, badField(r.in[start:end], n.key).WithDetail("Value must be an integer.")
	}
	v, err := strconv.Atoi(r.in[start:r.pos])
	if err != nil || v > 1<<31-1 {
		return 0, pgerror.New(pgerror.DatetimeValueOutOfRange, "value for \"%s\" in source string is out of range", n.key)
	}
	if n.th != "" {
		r.pos = min(len(r.in), r.pos+2)
	}
	return v, nil
}

func (r *templateReader) name(n *templateNode, names []string, short bool) (int, error) {
	r.spaces()
	rest := r.in[r.pos:]
	for i, name := range names {
		if short {
			name = name[:3]
		}
		if len(rest) >= len(name) && strings.EqualFold(rest[:len(name)], name) {
			r.pos += len(name)
			return i, nil
		}
	}
	word, _, _ := strings.Cut(rest, " ")
	return 0, badField(word, n.key).WithDetail("The given value did not match any of the allowed values for this field.")
}

// isNumberKey says that a pattern reads digits.
func isNumberKey(key string) bool {
	switch strings.ToUpper(key) {
	case "", "A.D.", "A.M.", "AD", "AM", "B.C.", "BC", "P.M.", "PM", "DAY", "DY", "MONTH", "MON", "RM", "TZ", "OF", "FX":
		return false
	}
	return true
}

func (r *templateReader) read(nodes []templateNode) error {
	for i := range nodes {
		n := &nodes[i]
		if n.key == "" {
			if n.quoted {
				r.pos = min(len(r.in), r.pos+len(n.text))
			} else if n.text == " " || isSeparator(n.text[0]) {
				r.spaces()
				if r.pos < len(r.in) && isSeparator(r.in[r.pos]) && !(strings.IndexByte("+-", r.in[r.pos]) >= 0 && n.text == " ") {
					r.pos++
				}
			} else {
				r.pos = min(len(r.in), r.pos+len(n.text))
			}
			continue
		}
		if r.pos >= len(r.in) {
			return nil // what is left of the template is not read
		}
		greedy := n.fill || i+1 == len(nodes) || !isNumberKey(nodes[i+1].key)
		if err := r.field(n, strings.ToUpper(n.key), greedy); err != nil {
			return err
		}
	}
	return nil
}

func (r *templateReader) field(n *templateNode, key string, greedy bool) (err error) {
	into := func(p *int, width int) error {
		*p, err = r.number(n, width, greedy)
		return err
	}
	// fraction reads digits after a point.
	fraction := func(digits int) error {
		r.spaces()
		start := r.pos
		if err := into(&r.micro, digits); err != nil {
			return err
		}
		for k := r.pos - start; k < 6; k++ {
			r.micro *= 10
		}
		for k := r.pos - start; k > 6; k-- {
			r.micro /= 10
		}
		return nil
	}
	// short completes a year of two or three digits toward 2020.
	short := func(p *int, width int) error {
		start := r.pos
		if err := into(p, width); err != nil {
			return err
		}
		if len(strings.TrimSpace(r.in[start:r.pos])) < 4 {
			switch {
			case *p < 70:
				*p += 2000
			case *p < 100:
				*p += 1900
			case *p >= 100 && *p < 520:
				*p += 2000
			case *p >= 520 && *p < 1000:
				*p += 1000
			}
		}
		return nil
	}
	switch key {
	case "FX", "TZ":
		if key == "TZ" {
			return pgerror.New(pgerror.FeatureNotSupported, "formatting field \"%s\" is only supported in to_char", n.key)
		}
		return nil
	case "OF":
		return pgerror.New(pgerror.FeatureNotSupported, "formatting field \"%s\" is only supported in to_char", n.key)
	case "A.M.", "P.M.", "AM", "PM":
		r.spaces()
		rest := strings.ToUpper(r.in[r.pos:])
		for _, half := range []string{"A.M.", "P.M.", "AM", "PM"} {
			if len(half) == len(key) && strings.HasPrefix(rest, half) {
				r.am, r.pm, r.half = half[0] == 'A', half[0] == 'P', true
				r.pos += len(half)
				return nil
			}
		}
		return badField(r.in[r.pos:min(len(r.in), r.pos+len(key))], n.key).WithDetail("The given value did not match any of the allowed values for this field.")
	case "A.D.", "B.C.", "AD", "BC":
		r.spaces()
		rest := strings.ToUpper(r.in[r.pos:])
		for _, era := range []string{"A.D.", "B.C.", "AD", "BC"} {
			if len(era) == len(key) && strings.HasPrefix(rest, era) {
				r.bc = era[0] == 'B'
				r.pos += len(era)
				return nil
			}
		}
		return badField(r.in[r.pos:min(len(r.in), r.pos+len(key))], n.key).WithDetail("The given value did not match any of the allowed values for this field.")
	case "HH", "HH12":
		r.half = true
		return into(&r.hour, 2)
	case "HH24":
		return into(&r.hour, 2)
	case "MI":
		return into(&r.minute, 2)
	case "SS":
		return into(&r.second, 2)
	case "MS":
		return fraction(3)
	case "US":
		return fraction(6)
	case "FF1", "FF2", "FF3", "FF4", "FF5", "FF6":
		return fraction(int(key[2] - '0'))
	case "SSSS", "SSSSS":
		v := 0
		if err := into(&v, 5); err != nil {
			return err
		}
		r.hour, r.minute, r.second = v/3600, v%3600/60, v%60
		return nil
	case "TZH":
		r.zone = true
		r.spaces()
		if r.pos < len(r.in) && (r.in[r.pos] == '+' || r.in[r.pos] == '-') {
			if r.in[r.pos] == '-' {
				r.zoneSign = -1
			}
			r.pos++
		}
		return into(&r.zoneHour, 2)
	case "TZM":
		r.zone = true
		return into(&r.zoneMinute, 2)
	case "MONTH", "MON":
		r.month, err = r.name(n, monthNames[:], key == "MON")
		r.month++
		return err
	case "RM":
		// The longest numeral that fits.
		r.spaces()
		rest := strings.ToUpper(r.in[r.pos:])
		best := -1
		for i, name := range romanNames {
			if strings.HasPrefix(rest, name) && (best < 0 || len(name) > len(romanNames[best])) {
				best = i
			}
		}
		if best < 0 {
			return badField(r.in[r.pos:], n.key).WithDetail("The given value did not match any of the allowed values for this field.")
		}
		r.pos += len(romanNames[best])
		r.month = best + 1
		return nil
	case "MM":
		return into(&r.month, 2)
	case "DAY", "DY":
		_, err = r.name(n, dayNames[:], key == "DY")
		return err
	case "DD":
		return into(&r.day, 2)
	case "DDD":
		return into(&r.yday, 3)
	case "ID":
		return into(&r.isoDay, 1)
	case "IW":
		return into(&r.isoWeek, 2)
	case "IYYY":
		return into(&r.isoYear, 4)
	case "IYY":
		return short(&r.isoYear, 3)
	case "IY":
		return short(&r.isoYear, 2)
	case "J":
		return into(&r.julian, 10)
	case "YYYY":
		return into(&r.year, 4)
	case "YYY":
		return short(&r.year, 3)
	case "YY":
		return short(&r.year, 2)
	case "D", "Q", "W", "WW": // read and, alone, of no use
		var ignored int
		return into(&ignored, len(key))
	}
	return pgerror.Unsupported("pattern %s of to_date and to_timestamp", n.key)
}

func (r *templateReader) civil() (types.Civil, error) {
	bad := pgerror.New(pgerror.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", r.in)
	c := types.Civil{Hour: r.hour, Minute: r.minute, Second: r.second, Micro: r.micro, Month: 1, Day: 1}
	if r.half {
		if r.hour < 1 || r.hour > 12 {
			return c, pgerror.New(pgerror.InvalidDatetimeFormat, "hour \"%d\" is invalid for the 12-hour clock", r.hour).
				WithHint("Use the 24-hour clock, or give an hour between 1 and 12.")
		}
		switch {
		case r.pm && r.hour < 12:
			c.Hour += 12
		case r.am && r.hour == 12:
			c.Hour = 0
		}
	}
	if r.year != noYear {
		c.Year = r.year
		if r.bc {
			c.Year = -r.year
		}
		if c.Year < 0 {
			c.Year++ // 1 BC is 0 here
		}
	}
	switch {
	case r.julian >= 0:
		c.Year, c.Month, c.Day = types.CivilFromDays(int64(r.julian) - epochJulian)
	case r.isoYear >= 0 && r.isoWeek >= 0:
		jan4 := types.DaysFromCivil(r.isoYear, 1, 4)
		monday := jan4 - int64(types.Weekday(jan4)+6)%7 + int64(r.isoWeek-1)*7
		if r.isoDay > 0 {
			monday += int64(r.isoDay - 1)
		}
		c.Year, c.Month, c.Day = types.CivilFromDays(monday)
	case r.yday >= 0 && r.month < 0 && r.day < 0:
		if r.year == noYear {
			return c, pgerror.New(pgerror.InvalidDatetimeFormat, "cannot calculate day of year without year information")
		}
		if r.yday < 1 || r.yday > 365 && !(types.IsLeapYear(c.Year) && r.yday == 366) {
			return c, bad
		}
		c.Year, c.Month, c.Day = types.CivilFromDays(types.DaysFromCivil(c.Year, 1, 1) + int64(r.yday-1))
	default:
		if r.month >= 0 {
			c.Month = r.month
		}
		if r.day >= 0 {
			c.Day = r.day
		}
	}
	if c.Month < 1 || c.Month > 12 || c.Day < 1 || c.Day > types.DaysInMonth(c.Year, c.Month) {
		return c, bad
	}
	if c.Hour > 23 || c.Minute > 59 || c.Second > 59 {
		return c, bad
	}
	return c, nil
}

func readTemplate(s, template string) (*templateReader, types.Civil, error) {
	r := newTemplateReader(s)
	if err := r.read(parseTemplate(template)); err != nil {
		return nil, types.Civil{}, err
	}
	c, err := r.civil()
	return r, c, err
}

var (
	_ = define("to_date(text,text)", "Reads a date by a template.", fn2E(func(s, template string) (int32, error) {
		_, c, err := readTemplate(s, template)
		return int32(c.Days()), err
	}), ex("to_date('05 Dec 2000', 'DD Mon YYYY')", "2000-12-05"))
	_ = define("to_timestamp(text,text)", "Reads a timestamp by a template.", fn2X(func(c *Context, s, template string) (int64, bool, error) {
		r, civil, err := readTemplate(s, template)
		if err != nil {
			return 0, false, err
		}
		ts, ok := civil.Timestamp()
		if !ok {
			return 0, false, errTimestampRange
		}
		if r.zone {
			return ts - int64(r.zoneSign*(r.zoneHour*3600+r.zoneMinute*60))*types.MicrosPerSecond, true, nil
		}
		return toUTC(c, ts), true, nil
	}), ex("to_timestamp('05 Dec 2000 13:14', 'DD Mon YYYY HH24:MI')", "2000-12-05 13:14:00+00"))
)
