package functions

import (
	"math"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

var errTimestampRange = pgerror.New(pgerror.DatetimeValueOutOfRange, "timestamp out of range")

// truncDay is the first day of the week, month, ... of a day.
func truncDay(u dateUnit, day int64) int64 {
	if u == unitWeek {
		return day - int64(types.Weekday(day)+6)%7
	}
	if u == unitDay {
		return day
	}
	y, m, _ := types.CivilFromDays(day)
	switch u {
	case unitMonth:
	case unitQuarter:
		m = (m-1)/3*3 + 1
	default:
		m = 1
		switch {
		case u == unitDecade && y > 0:
			y = y / 10 * 10
		case u == unitDecade:
			y = -((8 - (y - 1)) / 10) * 10
		case u == unitCentury && y > 0:
			y = (y+99)/100*100 - 99
		case u == unitCentury:
			y = -((99-(y-1))/100)*100 + 1
		case u == unitMillennium && y > 0:
			y = (y+999)/1000*1000 - 999
		case u == unitMillennium:
			y = -((999-(y-1))/1000)*1000 + 1
		}
	}
	return types.DaysFromCivil(y, m, 1)
}

// truncMicros is the length of the units below a day, 0 for the others.
func truncMicros(u dateUnit) int64 {
	switch u {
	case unitMicrosecond:
		return 1
	case unitMillisecond:
		return 1000
	case unitSecond:
		return types.MicrosPerSecond
	case unitMinute:
		return types.MicrosPerMinute
	case unitHour:
		return types.MicrosPerHour
	}
	return 0
}

func truncTimestamp(u dateUnit, name string, ts int64) (int64, error) {
	if types.IsTimestampInfinite(ts) {
		return ts, nil
	}
	if u == unitNone || u >= unitTimezone {
		return 0, unitError(name, u != unitNone && u < unitDow, types.Timestamp)
	}
	day, micros := types.SplitDay(ts)
	if step := truncMicros(u); step > 0 {
		return ts - micros%step, nil
	}
	if ts = truncDay(u, day) * types.MicrosPerDay; ts < -211813488000000000 {
		return 0, errTimestampRange
	}
	return ts, nil
}

func truncTimestamptz(u dateUnit, name string, ts int64, loc *time.Location) (int64, error) {
	if types.IsTimestampInfinite(ts) {
		return ts, nil
	}
	if u == unitNone || u >= unitTimezone {
		return 0, unitError(name, u != unitNone && u < unitDow, types.Timestamptz)
	}
	local := types.ToLocal(ts, loc)
	r, err := truncTimestamp(u, name, local)
	if err != nil {
		return 0, err
	}
	if truncMicros(u) > 0 { // within the hour the offset stays
		return ts - (local - r), nil
	}
	return types.ToUTC(r, loc), nil
}

func truncInterval(u dateUnit, name string, v types.IntervalValue) (types.IntervalValue, error) {
	months := func(n int32) (types.IntervalValue, error) {
		return types.IntervalValue{Months: v.Months / n * n}, nil
	}
	if step := truncMicros(u); step > 0 {
		v.Micros -= v.Micros % step
		return v, nil
	}
	switch u {
	case unitDay:
		v.Micros = 0
		return v, nil
	case unitMonth:
		return months(1)
	case unitQuarter:
		return months(3)
	case unitYear:
		return months(12)
	case unitDecade:
		return months(120)
	case unitCentury:
		return months(1200)
	case unitMillennium:
		return months(12000)
	}
	err := unitError(name, u != unitNone && u < unitDow, types.Interval)
	if u == unitWeek {
		err = err.WithDetail("Months usually have fractional weeks.")
	}
	return v, err
}

// truncBody looks a constant unit up once.
func truncBody[A any](f func(c *Context, u dateUnit, name string, v A) (A, error)) body {
	general := map2X(func(c *Context, name string, v A) (A, bool, error) {
		r, err := f(c, findUnit(name), name, v)
		return r, true, err
	})
	return body{
		Kernel: func(c *Context, args []Value, n int) (arrow.Array, error) {
			if !args[0].Const || args[0].Array.IsNull(0) {
				return general(c, args, n)
			}
			name := load[string](args[0].Array)[0]
			u := findUnit(name)
			return map1E(func(v A) (A, error) { return f(c, u, name, v) })(c, args[1:], n)
		},
		Eval: func(c *Context, d []types.Datum) (types.Datum, error) {
			return datumOr(f(c, findUnit(d[0].S), d[0].S, fromDatum[A](d[1])))
		},
	}
}

var (
	_ = define("date_trunc(text,timestamp)", "Cuts a timestamp to a unit: hour, day, week, month, ...",
		truncBody(func(_ *Context, u dateUnit, name string, ts int64) (int64, error) { return truncTimestamp(u, name, ts) }),
		ex("date_trunc('hour', timestamp '2001-02-16 20:38:40')", "2001-02-16 20:00:00")).
		steps(2, 2, func(_ *Context, args []types.Datum) (stepFunc, error) {
			return truncSteps(args[0].S, types.Timestamp, nil), nil
		})
	_ = define("date_trunc(text,timestamptz)", "Cuts a timestamp to a unit in the session's time zone.",
		truncBody(func(c *Context, u dateUnit, name string, ts int64) (int64, error) {
			return truncTimestamptz(u, name, ts, c.IO.TimeZone)
		}), ex("date_trunc('day', timestamptz '2001-02-16 20:38:40+00')", "2001-02-16 00:00:00+00")).
		steps(2, 0, func(c *Context, args []types.Datum) (stepFunc, error) {
			return truncSteps(args[0].S, types.Timestamptz, c.IO.TimeZone), nil
		})
	_ = define("date_trunc(text,timestamptz,text)", "Cuts a timestamp to a unit in a time zone.",
		fn3E(func(name string, ts int64, zone string) (int64, error) {
			loc, err := types.ZoneForName(zone)
			if err != nil {
				return 0, err
			}
			return truncTimestamptz(findUnit(name), name, ts, loc)
		}), ex("date_trunc('day', timestamptz '2001-02-16 20:38:40+00', 'Australia/Sydney')", "2001-02-16 13:00:00+00")).
		steps(2, 0, func(_ *Context, args []types.Datum) (stepFunc, error) {
			zone, err := types.ZoneForName(args[2].S)
			return truncSteps(args[0].S, types.Timestamptz, zone), err
		})
	_ = define("date_trunc(text,interval)", "Cuts an interval to a unit.",
		truncBody(func(_ *Context, u dateUnit, name string, v types.IntervalValue) (types.IntervalValue, error) {
			return truncInterval(u, name, v)
		}), ex("date_trunc('hour', interval '2 days 3 hours 40 minutes')", "2 days 03:00:00"))
	_ = dateBins("timestamp", ex("date_bin('15 minutes', timestamp '2020-02-11 15:44:17', timestamp '2001-01-01')", "2020-02-11 15:30:00"))
	_ = dateBins("timestamptz", ex("date_bin('15 minutes', timestamptz '2020-02-11 15:44:17+00', timestamptz '2001-01-01 00:00+00')", "2020-02-11 15:30:00+00"))
)

func dateBins(typ string, example Example) *Scalar {
	return define("date_bin(interval,"+typ+","+typ+")", "The start of the interval that a timestamp falls into, counted from an origin.", fn3E(dateBin), example).
		steps(2, 2, func(_ *Context, args []types.Datum) (stepFunc, error) {
			stride, origin := fromDatum[types.IntervalValue](args[0]), args[2].Int()
			step := int64(stride.Days)*types.MicrosPerDay + stride.Micros
			return func(t int64) (start, lo, hi int64, err error) {
				start, err = dateBin(stride, t, origin)
				if err != nil || types.IsTimestampInfinite(t) || start > math.MaxInt64-step || t < start || t >= start+step {
					return start, 0, 0, err
				}
				return start, start, start + step, nil
			}, nil
		})
}

func dateBin(stride types.IntervalValue, ts, origin int64) (int64, error) {
	if types.IsTimestampInfinite(ts) {
		return ts, nil
	}
	switch {
	case types.IsTimestampInfinite(origin):
		return 0, pgerror.New(pgerror.DatetimeValueOutOfRange, "origin out of range")
	case stride.Months != 0:
		return 0, pgerror.New(pgerror.FeatureNotSupported, "timestamps cannot be binned into intervals containing months or years")
	}
	step := int64(stride.Days)*types.MicrosPerDay + stride.Micros
	if step <= 0 {
		return 0, pgerror.New(pgerror.DatetimeValueOutOfRange, "stride must be greater than zero")
	}
	diff := ts - origin
	delta := diff - diff%step
	if diff < 0 && step > 1 && delta != diff {
		delta -= step
	}
	return origin + delta, nil
}
