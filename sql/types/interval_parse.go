package types

import (
	"math"
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

func timestampSubtractInfinite() error {
	return pgerror.New(pgerror.DatetimeValueOutOfRange, "cannot subtract infinite timestamps")
}

type ivUnit uint8

const (
	ivNone ivUnit = iota
	ivMicro
	ivMilli
	ivSecond
	ivMinute
	ivHour
	ivDay
	ivWeek
	ivMonth
	ivYear
	ivDecade
	ivCentury
	ivMillennium
	ivAgo
)

// unitTokenLen is how much of a unit's word counts.
const unitTokenLen = 10

var ivUnits = map[string]ivUnit{
	"ago": ivAgo,
	"c":   ivCentury, "cent": ivCentury, "centuries": ivCentury, "century": ivCentury,
	"d": ivDay, "day": ivDay, "days": ivDay,
	"dec": ivDecade, "decade": ivDecade, "decades": ivDecade, "decs": ivDecade,
	"h": ivHour, "hour": ivHour, "hours": ivHour, "hr": ivHour, "hrs": ivHour,
	"m": ivMinute, "min": ivMinute, "mins": ivMinute, "minute": ivMinute, "minutes": ivMinute,
	"microsecon": ivMicro, "us": ivMicro, "usec": ivMicro, "usecond": ivMicro, "useconds": ivMicro, "usecs": ivMicro,
	"mil": ivMillennium, "millennia": ivMillennium, "millennium": ivMillennium, "mils": ivMillennium,
	"millisecon": ivMilli, "ms": ivMilli, "msec": ivMilli, "msecond": ivMilli, "mseconds": ivMilli, "msecs": ivMilli,
	"mon": ivMonth, "mons": ivMonth, "month": ivMonth, "months": ivMonth,
	"s": ivSecond, "sec": ivSecond, "second": ivSecond, "seconds": ivSecond, "secs": ivSecond,
	"w": ivWeek, "week": ivWeek, "weeks": ivWeek,
	"y": ivYear, "year": ivYear, "years": ivYear, "yr": ivYear, "yrs": ivYear,
}

// ivBuilder sums an interval's parts with overflow noted.
type ivBuilder struct {
	months, days, years int64 // kept within int32
	micros              int64
	bad                 bool
}

func (b *ivBuilder) add(to *int64, v, scale int64) {
	p := v * scale
	if v != 0 && (p/v != scale) {
		b.bad = true
		return
	}
	s := *to + p
	if to == &b.micros {
		if (s > *to) != (p > 0) && p != 0 {
			b.bad = true
			return
		}
	} else if s != int64(int32(s)) {
		b.bad = true
		return
	}
	*to = s
}

func (b *ivBuilder) fracMicros(f, scale float64) {
	f *= scale
	whole := math.Trunc(f)
	b.add(&b.micros, int64(whole), 1)
	switch f -= whole; {
	case f > 0.5:
		b.add(&b.micros, 1, 1)
	case f < -0.5:
		b.add(&b.micros, -1, 1)
	}
}

func (b *ivBuilder) fracDays(f, scale float64) {
	f *= scale
	whole := math.Trunc(f)
	b.add(&b.days, int64(whole), 1)
	b.fracMicros(f-whole, MicrosPerDay)
}

// unit adds v and the fraction f of a unit.
func (b *ivBuilder) unit(u ivUnit, v int64, f float64) bool {
	switch u {
	case ivMicro, ivMilli, ivSecond, ivMinute, ivHour:
		scale := [...]int64{ivMicro: 1, ivMilli: 1000, ivSecond: MicrosPerSecond, ivMinute: MicrosPerMinute, ivHour: MicrosPerHour}[u]
		b.add(&b.micros, v, scale)
		b.fracMicros(f, float64(scale))
	case ivDay:
		b.add(&b.days, v, 1)
		b.fracMicros(f, MicrosPerDay)
	case ivWeek:
		b.add(&b.days, v, 7)
		b.fracDays(f, 7)
	case ivMonth:
		b.add(&b.months, v, 1)
		b.fracDays(f, 30)
	case ivYear, ivDecade, ivCentury, ivMillennium:
		scale := [...]int64{ivYear: 1, ivDecade: 10, ivCentury: 100, ivMillennium: 1000}[u]
		b.add(&b.years, v, scale)
		b.add(&b.months, int64(math.RoundToEven(f*float64(scale)*12)), 1)
	default:
		return false
	}
	return true
}

func (b *ivBuilder) value() (IntervalValue, error) {
	return makeInterval(b.years*12+b.months, b.days, b.micros)
}

// ParseInterval reads an interval in any of the input formats; mod is the
// type's modifier, which decides what numbers without units mean.
func ParseInterval(s string, mod int32, io *IO) (IntervalValue, error) {
	var b ivBuilder
	err := b.parse(s, mod, io.orDefault())
	if err == errDateFormat {
		b = ivBuilder{}
		err = b.parseISO(s)
	}
	if err == nil && b.bad || err == errDateOverflow {
		err = errIntervalOverflow
	}
	if err != nil {
		return IntervalValue{}, dateTimeError(err, Interval, s)
	}
	v, err := b.value()
	if err != nil {
		return v, err
	}
	return v.ApplyMod(mod)
}

// rightmostUnit is the unit of a last number that has none.
func rightmostUnit(mod int32) ivUnit {
	if mod < 0 {
		return ivSecond
	}
	switch r := mod >> 16 & intervalFullRange; {
	case r == intervalFullRange:
		return ivSecond
	case r&intervalMaskSecond != 0:
		return ivSecond
	case r&intervalMaskMinute != 0:
		return ivMinute
	case r&intervalMaskHour != 0:
		return ivHour
	case r&intervalMaskDay != 0:
		return ivDay
	case r&intervalMaskMonth != 0:
		return ivMonth
	case r&intervalMaskYear != 0:
		return ivYear
	}
	return ivSecond
}

// parse reads the PostgreSQL and SQL standard formats, from right to left.
func (b *ivBuilder) parse(s string, mod int32, io *IO) error {
	var buf [8]dtToken
	toks, err := splitDateTime(s, buf[:0])
	if err != nil {
		return err
	}
	if len(toks) == 0 {
		return errDateFormat
	}
	forceNeg := false
	if strings.HasPrefix(io.IntervalStyle, "sql") && toks[0].text[0] == '-' {
		forceNeg = true
		for _, t := range toks[1:] {
			if t.text[0] == '-' || t.text[0] == '+' {
				forceNeg = false
			}
		}
	}
	const seenTime = 1<<ivSecond | 1<<ivMinute | 1<<ivHour | 1<<ivMicro | 1<<ivMilli
	seen, unit, ago := 0, ivNone, false
	for i := len(toks) - 1; i >= 0; i-- {
		tok := toks[i]
		set := 0
		switch tok.kind {
		case dtTime:
			v, err := intervalTime(tok.text, mod)
			if err != nil {
				return err
			}
			if forceNeg {
				v = -v
			}
			b.add(&b.micros, v, 1)
			set, unit = seenTime, ivDay
		case dtZone, dtDate, dtNumber:
			if tok.kind == dtZone && strings.IndexByte(tok.text, ':') > 0 {
				if v, err := intervalTime(tok.text[1:], mod); err == nil {
					if tok.text[0] == '-' || forceNeg {
						v = -v
					}
					b.add(&b.micros, v, 1)
					set, unit = seenTime, ivDay
					break
				}
			}
			if unit == ivNone {
				unit = rightmostUnit(mod)
			}
			v, f, yearMonth, err := intervalNumber(tok.text)
			if err != nil {
				return err
			}
			if yearMonth {
				unit = ivMonth
			}
			if forceNeg {
				v, f = -absOf(v), -math.Abs(f)
			}
			if !b.unit(unit, v, f) {
				return errDateFormat
			}
			set = 1 << unit
			if unit == ivSecond && f != 0 {
				set |= 1<<ivMicro | 1<<ivMilli
			}
			if unit == ivHour {
				unit = ivDay
			}
		default:
			u := ivUnits[tok.text[:min(len(tok.text), unitTokenLen)]]
			switch u {
			case ivNone:
				if w := dtWords[tok.text]; w.kind == dkIgnore {
					continue
				}
				return errDateFormat
			case ivAgo:
				ago = true
			default:
				unit = u
			}
		}
		if b.bad {
			return errIntervalOverflow
		}
		if set&seen != 0 {
			return errDateFormat
		}
		seen |= set
	}
	if seen == 0 {
		return errDateFormat
	}
	if ago {
		if b.micros == math.MinInt64 {
			return errIntervalOverflow
		}
		b.months, b.days, b.years, b.micros = -b.months, -b.days, -b.years, -b.micros
	}
	return nil
}

func absOf(v int64) int64 {
	if v < 0 {
		return -v
	}
	return v
}

// intervalNumber reads a signed number or SQL's years-months.
func intervalNumber(s string) (v int64, f float64, yearMonth bool, err error) {
	i := 0
	if s[0] == '-' || s[0] == '+' {
		i++
	}
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if digits := strings.TrimLeft(s[:i], "+-"); digits != "" {
		if v, err = strconv.ParseInt(s[:i], 10, 64); err != nil {
			return 0, 0, false, errDateOverflow
		}
	}
	rest := s[i:]
	switch {
	case rest == "":
		return v, 0, false, nil
	case rest[0] == '-':
		m, err := strconv.ParseUint(rest[1:], 10, 31)
		if err != nil {
			return 0, 0, false, errDateFormat
		}
		if m >= 12 || v > math.MaxInt64/16 || v < math.MinInt64/16 {
			return 0, 0, false, errDateOverflow
		}
		if s[0] == '-' {
			return v*12 - int64(m), 0, true, nil
		}
		return v*12 + int64(m), 0, true, nil
	case rest[0] == '.':
		if rest != "." {
			if f, err = strconv.ParseFloat("0"+rest, 64); err != nil {
				return 0, 0, false, errDateFormat
			}
		}
		if s[0] == '-' {
			f = -f
		}
		return v, f, false, nil
	}
	return 0, 0, false, errDateFormat
}

// intervalTime reads hours, minutes and seconds of any number of hours.
func intervalTime(s string, mod int32) (int64, error) {
	parts := strings.Split(s, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, errDateFormat
	}
	last := &parts[len(parts)-1]
	micros, hasFrac := 0, false
	if i := strings.IndexByte(*last, '.'); i >= 0 {
		m, err := fractionMicros((*last)[i+1:])
		if err != nil {
			return 0, err
		}
		micros, hasFrac = m, true
		*last = (*last)[:i]
	}
	var n [3]int64
	for i, p := range parts {
		if p == "" {
			continue
		}
		v, err := strconv.ParseInt(p, 10, 64)
		if err != nil {
			return 0, errDateOverflow
		}
		n[i] = v
	}
	minuteToSecond := mod >= 0 && mod>>16&intervalFullRange == intervalMaskMinute|intervalMaskSecond
	if len(parts) == 2 && (hasFrac || minuteToSecond) {
		n = [3]int64{0, n[0], n[1]}
	}
	if n[1] > 59 || n[2] > 60 || n[0] > math.MaxInt64/MicrosPerHour {
		return 0, errDateOverflow
	}
	rest := (n[1]*60+n[2])*MicrosPerSecond + int64(micros)
	if v := n[0]*MicrosPerHour + rest; v >= 0 {
		return v, nil
	}
	return 0, errDateOverflow
}

// parseISO reads the ISO 8601 formats with designators and the alternative.
func (b *ivBuilder) parseISO(s string) error {
	if len(s) < 2 || s[0] != 'P' {
		return errDateFormat
	}
	s = s[1:]
	date, have := true, false
	for s != "" {
		if s[0] == 'T' {
			date, have = false, false
			s = s[1:]
			continue
		}
		v, f, width, rest, err := isoNumber(s)
		if err != nil {
			return err
		}
		unit := byte(0)
		if rest != "" {
			unit = rest[0]
			rest = rest[1:]
		}
		var u ivUnit
		if date {
			u = map[byte]ivUnit{'Y': ivYear, 'M': ivMonth, 'W': ivWeek, 'D': ivDay}[unit]
		} else {
			u = map[byte]ivUnit{'H': ivHour, 'M': ivMinute, 'S': ivSecond}[unit]
		}
		if u == ivNone {
			if have {
				return errDateFormat
			}
			if unit == 'T' {
				rest = "T" + rest
			}
			if rest, err = b.isoAlternative(v, f, width, unit, rest, date); err != nil {
				return err
			}
			have = !date
			s = rest
			continue
		}
		b.unit(u, v, f)
		if b.bad {
			return errIntervalOverflow
		}
		have = true
		s = rest
	}
	return nil
}

// isoAlternative reads PYYYYMMDD, PYYYY-MM-DD, THHMMSS and THH:MM:SS after
// their first number.
func (b *ivBuilder) isoAlternative(v int64, f float64, width int, unit byte, rest string, date bool) (string, error) {
	units, sep, packed := [3]ivUnit{ivYear, ivMonth, ivDay}, byte('-'), 8
	if !date {
		units, sep, packed = [3]ivUnit{ivHour, ivMinute, ivSecond}, ':', 6
	}
	if unit != 0 && unit != sep && !(date && unit == 'T') {
		return "", errDateFormat
	}
	if unit != sep && width == packed {
		b.unit(units[0], v/10000, 0)
		b.unit(units[1], v/100%100, 0)
		b.unit(units[2], v%100, f)
		return rest, nil
	}
	b.unit(units[0], v, f)
	if unit != sep {
		return rest, nil
	}
	for i := 1; ; i++ {
		v, f, _, r, err := isoNumber(rest)
		if err != nil {
			return "", err
		}
		b.unit(units[i], v, f)
		if r == "" || date && r[0] == 'T' {
			return r, nil
		}
		if i == 2 || r[0] != sep {
			return "", errDateFormat
		}
		rest = r[1:]
	}
}

// isoNumber reads a number of an ISO 8601 interval; width counts the digits of
// its integer.
func isoNumber(s string) (v int64, f float64, width int, rest string, err error) {
	if s == "" || !isDigit(s[0]) && s[0] != '-' && s[0] != '.' {
		return 0, 0, 0, "", errDateFormat
	}
	n, _ := scanFloat(s)
	if n == 0 {
		return 0, 0, 0, "", errDateFormat
	}
	x, perr := strconv.ParseFloat(s[:n], 64)
	if perr != nil || math.Abs(x) > 1e15 {
		return 0, 0, 0, "", errDateOverflow
	}
	i := 0
	if s[0] == '-' {
		i++
	}
	for j := i; j < n && isDigit(s[j]); j++ {
		width++
	}
	whole := math.Trunc(x)
	return int64(whole), x - whole, width, s[n:], nil
}
