package types

// Dates are days and timestamps microseconds since 2000-01-01; the calendar is
// the proleptic Gregorian one with a year zero (1 BC).

// Time units in microseconds.
const (
	MicrosPerSecond = 1_000_000
	MicrosPerMinute = 60 * MicrosPerSecond
	MicrosPerHour   = 60 * MicrosPerMinute
	MicrosPerDay    = 24 * MicrosPerHour
	secondsPerDay   = 86400
)

// Ranges of the types, the ends exclusive.
const (
	minTimestamp = -211813488000000000 // 4713-11-24 BC
	endTimestamp = 9223371331200000000 // 294277-01-01
	minDate      = -2451545            // 4713-11-24 BC
	endDate      = 2145031949          // 5874898-01-01

	// epochJulian is the Julian day of 2000-01-01.
	epochJulian = 2451545
	// unixEpochDays is the day 2000-01-01 counted from 1970-01-01.
	unixEpochDays = 10957
	// unixEpochSeconds is 2000-01-01 00:00 in Unix time.
	unixEpochSeconds = unixEpochDays * secondsPerDay
)

// The values that mean infinity.
const (
	DateInfinity         = 1<<31 - 1
	DateNegInfinity      = -1 << 31
	TimestampInfinity    = 1<<63 - 1
	TimestampNegInfinity = -1 << 63
)

// IsTimestampInfinite reports whether ts is infinity or -infinity.
func IsTimestampInfinite(ts int64) bool {
	return ts == TimestampInfinity || ts == TimestampNegInfinity
}

// IsDateInfinite reports whether d is infinity or -infinity.
func IsDateInfinite(d int64) bool { return d == DateInfinity || d == DateNegInfinity }

// Civil is a point of time by the calendar and the clock.
type Civil struct {
	Year   int // astronomical: 0 is 1 BC
	Month  int // 1..12
	Day    int // 1..31
	Hour   int // 0..23; a time's 24:00:00 has 24
	Minute int
	Second int
	Micro  int

	Offset int    // seconds east of UTC, where a zone is meant
	Zone   string // the zone's abbreviation
	DST    bool
}

// DaysFromCivil returns the day number (from 2000-01-01) of a date. Day may lie
// outside of the month.
func DaysFromCivil(year, month, day int) int64 {
	y := int64(year)
	m := int64(month)
	if m <= 2 {
		y--
		m += 12
	}
	era := floorDiv64(y, 400)
	yoe := y - era*400
	doy := (153*(m-3)+2)/5 + int64(day) - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 730425
}

// CivilFromDays returns the date of a day number (from 2000-01-01).
func CivilFromDays(days int64) (year, month, day int) {
	z := days + 730425 // from 0000-03-01
	era := floorDiv64(z, 146097)
	doe := uint32(z - era*146097)
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = int(doy-(153*mp+2)/5) + 1
	month = int(mp) + 3
	y := int64(yoe) + era*400
	if month > 12 {
		month -= 12
		y++
	}
	return int(y), month, day
}

func floorDiv64(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// SplitDay cuts a timestamp into its day and the microseconds of that day.
func SplitDay(ts int64) (day, micros int64) {
	day = floorDiv64(ts, MicrosPerDay)
	return day, ts - day*MicrosPerDay
}

// SplitTimestamp returns the fields of a finite timestamp.
func SplitTimestamp(ts int64) Civil {
	day, micros := SplitDay(ts)
	var c Civil
	c.Year, c.Month, c.Day = CivilFromDays(day)
	c.setTime(micros)
	return c
}

// SplitTime returns the clock fields of a time of day.
func SplitTime(micros int64) Civil {
	var c Civil
	c.setTime(micros)
	return c
}

func (c *Civil) setTime(micros int64) {
	secs := micros / MicrosPerSecond
	c.Micro = int(micros - secs*MicrosPerSecond)
	s := int(secs)
	c.Hour = s / 3600
	s -= c.Hour * 3600
	c.Minute = s / 60
	c.Second = s - c.Minute*60
}

// TimeMicros returns the clock fields as microseconds of the day.
func (c Civil) TimeMicros() int64 {
	return int64((c.Hour*60+c.Minute)*60+c.Second)*MicrosPerSecond + int64(c.Micro)
}

// Days returns the date fields as a day number.
func (c Civil) Days() int64 { return DaysFromCivil(c.Year, c.Month, c.Day) }

// Timestamp joins the fields; ok is false out of a timestamp's range. The
// offset is not applied.
func (c Civil) Timestamp() (ts int64, ok bool) {
	if !validJulian(c.Year, c.Month) {
		return 0, false
	}
	return joinTimestamp(c.Days(), c.TimeMicros())
}

// joinTimestamp is days and microseconds with the range checked.
func joinTimestamp(days, micros int64) (int64, bool) {
	if days > endTimestamp/MicrosPerDay+1 || days < minTimestamp/MicrosPerDay-1 {
		return 0, false
	}
	ts := days*MicrosPerDay + micros
	if days > 0 && ts < 0 || !validTimestamp(ts) {
		return 0, false
	}
	return ts, true
}

func validTimestamp(ts int64) bool { return ts >= minTimestamp && ts < endTimestamp }

// validJulian bounds dates before they become day numbers.
func validJulian(year, month int) bool {
	return (year > -4713 || year == -4713 && month >= 11) && (year < 5874898 || year == 5874898 && month < 6)
}

// IsLeapYear reports whether an astronomical year has 366 days.
func IsLeapYear(y int) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

var monthDays = [13]int{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// DaysInMonth returns how many days a month has.
func DaysInMonth(year, month int) int {
	if month == 2 && IsLeapYear(year) {
		return 29
	}
	return monthDays[month]
}

// Weekday returns the day of the week of a day number: 0 is Sunday.
func Weekday(day int64) int { return int(((day+6)%7 + 7) % 7) }

// YearDay returns the day of the year, from 1.
func (c Civil) YearDay() int { return int(c.Days()-DaysFromCivil(c.Year, 1, 1)) + 1 }

// ISOWeek returns the ISO 8601 year and week of a day number.
func ISOWeek(day int64) (year, week int) {
	// The week belongs to the year of its Thursday.
	monday := day - int64((Weekday(day)+6)%7)
	year, _, _ = CivilFromDays(monday + 3)
	jan4 := DaysFromCivil(year, 1, 4)
	first := jan4 - int64((Weekday(jan4)+6)%7)
	return year, int((monday-first)/7) + 1
}
