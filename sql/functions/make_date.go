package functions

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func fieldRange(format string, a ...any) error {
	return pgerror.New(pgerror.DatetimeFieldOverflow, format, a...)
}

// civilDay checks a date; a negative year is before our era.
func civilDay(year, month, day int32) (int64, error) {
	bad := fieldRange("date field value out of range: %d-%02d-%02d", year, month, day)
	y := int(year)
	if y < 0 {
		y++
	}
	if year == 0 || year < -4713 || year > 5874898 || month < 1 || month > 12 || day < 1 || int(day) > types.DaysInMonth(y, int(month)) {
		return 0, bad
	}
	days := types.DaysFromCivil(y, int(month), int(day))
	if days < -2451545 || days >= 2145031949 {
		return 0, pgerror.New(pgerror.DatetimeValueOutOfRange, "date out of range: %d-%02d-%02d", year, month, day)
	}
	return days, nil
}

// clockMicros checks a time of day.
func clockMicros(hour, minute int32, sec float64) (int64, error) {
	if sec != sec || hour < 0 || minute < 0 || minute > 59 || sec < 0 || sec > 60 || hour > 24 || hour == 24 && (minute > 0 || sec > 0) {
		return 0, fieldRange("time field value out of range: %d:%02d:%s", hour, minute, padSeconds(sec))
	}
	return int64(hour)*types.MicrosPerHour + int64(minute)*types.MicrosPerMinute + int64(math.RoundToEven(sec*1e6)), nil
}

func padSeconds(sec float64) string {
	s := strconv.FormatFloat(sec, 'g', 6, 64)
	if len(s) < 2 {
		return "0" + s
	}
	return s
}

func makeTimestamp(d []types.Datum) (int64, error) {
	day, err := civilDay(int32(d[0].I), int32(d[1].I), int32(d[2].I))
	if err != nil {
		return 0, err
	}
	micros, err := clockMicros(int32(d[3].I), int32(d[4].I), d[5].Float64())
	if err != nil {
		return 0, err
	}
	ts := day*types.MicrosPerDay + micros
	if day > 106751991-10957 || ts < -211813488000000000 {
		return 0, pgerror.New(pgerror.DatetimeValueOutOfRange, "timestamp out of range: %d-%02d-%02d %d:%02d:%s",
			d[0].I, d[1].I, d[2].I, d[3].I, d[4].I, padSeconds(d[5].Float64()))
	}
	return ts, nil
}

// saneZone reads a zone where +hh:mm is east of UTC.
func saneZone(zone string) (*time.Location, error) {
	if zone != "" && zone[0] >= '0' && zone[0] <= '9' {
		return nil, pgerror.New(pgerror.InvalidParameterValue, "invalid input syntax for type numeric time zone: \"%s\"", zone).
			WithHint("Numeric time zones must have \"-\" or \"+\" as first character.")
	}
	if zone != "" && (zone[0] == '+' || zone[0] == '-') {
		parts := strings.SplitN(zone[1:], ":", 3)
		secs := 0
		for i, unit := range []int{3600, 60, 1} {
			if i < len(parts) {
				n, err := strconv.Atoi(parts[i])
				if err != nil || n > 59 || i == 0 && n > 15 {
					return nil, pgerror.New(pgerror.InvalidParameterValue, "numeric time zone \"%s\" out of range", zone)
				}
				secs += n * unit
			}
		}
		if zone[0] == '-' {
			secs = -secs
		}
		return types.FixedZone(secs), nil
	}
	return types.ZoneForName(zone)
}

var (
	_ = define("make_date(int4,int4,int4)", "A date of year, month and day; a negative year is BC.",
		fn3E(func(y, m, d int32) (int32, error) {
			day, err := civilDay(y, m, d)
			return int32(day), err
		}), ex("make_date(2013, 7, 15)", "2013-07-15"))
	_ = define("make_time(int4,int4,float8)", "A time of hour, minute and seconds.", fn3E(clockMicros), ex("make_time(8, 15, 23.5)", "08:15:23.5"))
	_ = define("make_timestamp(int4,int4,int4,int4,int4,float8)", "A timestamp of its fields.",
		evalRow(func(_ *Context, d []types.Datum) (types.Datum, error) { return datumOr(makeTimestamp(d)) }),
		ex("make_timestamp(2013, 7, 15, 8, 15, 23.5)", "2013-07-15 08:15:23.5"))
	_ = define("make_timestamptz(int4,int4,int4,int4,int4,float8) make_timestamptz(int4,int4,int4,int4,int4,float8,text)", "A timestamp of its fields in a time zone.",
		evalRow(func(c *Context, d []types.Datum) (types.Datum, error) {
			ts, err := makeTimestamp(d)
			if err != nil {
				return types.Null, err
			}
			loc := c.IO.TimeZone
			if len(d) > 6 {
				if loc, err = saneZone(d[6].S); err != nil {
					return types.Null, err
				}
			}
			return types.NewInt8(types.ToUTC(ts, loc)), nil
		}), ex("make_timestamptz(2013, 7, 15, 8, 15, 23.5, 'Europe/Berlin')", "2013-07-15 06:15:23.5+00"))
	_ = define("make_interval(int4,int4,int4,int4,int4,int4,float8)", "An interval of years, months, weeks, days, hours, minutes and seconds.",
		evalRow(func(_ *Context, d []types.Datum) (types.Datum, error) {
			at := func(i int) int64 { return intArg(d, i, 0) }
			secs := 0.0
			if len(d) > 6 {
				secs = d[6].Float64()
			}
			if math.IsInf(secs, 0) || secs != secs {
				return types.Null, errIntervalRange
			}
			months, days := at(0)*12+at(1), at(2)*7+at(3)
			micros := at(4)*types.MicrosPerHour + at(5)*types.MicrosPerMinute
			fraction := math.RoundToEven(secs * 1e6)
			if months != int64(int32(months)) || days != int64(int32(days)) || math.Abs(fraction) > math.MaxInt64/2 {
				return types.Null, errIntervalRange
			}
			return types.IntervalValue{Months: int32(months), Days: int32(days), Micros: micros + int64(fraction)}.Datum(), nil
		}), ex("make_interval(0, 0, 0, 10)", "10 days"))
	_ = define("to_timestamp(float8)", "The timestamp of Unix time.", fn1E(func(secs float64) (int64, error) {
		switch {
		case secs != secs:
			return 0, pgerror.New(pgerror.DatetimeValueOutOfRange, "timestamp cannot be NaN")
		case math.IsInf(secs, 1):
			return types.TimestampInfinity, nil
		case math.IsInf(secs, -1):
			return types.TimestampNegInfinity, nil
		case secs < -210866803200 || secs >= 9224318016000:
			return 0, pgerror.New(pgerror.DatetimeValueOutOfRange, "timestamp out of range: \"%s\"", strconv.FormatFloat(secs, 'g', 15, 64))
		}
		return int64(math.RoundToEven((secs - 946684800) * 1e6)), nil
	}), ex("to_timestamp(1284352323)", "2010-09-13 04:32:03+00")).monotone(1)
)

var errIntervalRange = pgerror.New(pgerror.DatetimeValueOutOfRange, "interval out of range")
