package functions

import (
	"math"
	"time"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// date is int32 days, time and timestamps are int64 microseconds.
var (
	_ = behind("date_pli", fn2E(datePlus))
	_ = behind("integer_pl_date", fn2E(func(n, d int32) (int32, error) { return datePlus(d, n) }))
	_ = behind("date_mii", fn2E(func(d, n int32) (int32, error) { return dateAdd(d, -int64(n)) }))
	_ = behind("date_mi", fn2E(dateMinus))
	_ = behind("date_pl_interval", fn2E(datePlusInterval))
	_ = behind("interval_pl_date", fn2E(func(v types.IntervalValue, d int32) (int64, error) { return datePlusInterval(d, v) }))
	_ = behind("date_mi_interval", fn2E(func(d int32, v types.IntervalValue) (int64, error) {
		v, err := v.Neg()
		if err != nil {
			return 0, err
		}
		return datePlusInterval(d, v)
	}))
	_ = behind("datetime_timestamp", fn2E(datePlusTime))
	_ = behind("timedate_pl", fn2E(func(t int64, d int32) (int64, error) { return datePlusTime(d, t) }))
	_ = behind("datetimetz_timestamptz", fn2E(datePlusTimetz))
	_ = behind("timetzdate_pl", fn2E(func(t timetz, d int32) (int64, error) { return datePlusTimetz(d, t) }))

	_ = behind("timestamp_mi", fn2E(types.TimestampSub)) // timestamptz too
	_ = behind("timestamp_pl_interval", fn2E(types.TimestampAdd))
	_ = behind("interval_pl_timestamp", fn2E(func(v types.IntervalValue, ts int64) (int64, error) { return types.TimestampAdd(ts, v) }))
	_ = behind("timestamp_mi_interval", fn2E(func(ts int64, v types.IntervalValue) (int64, error) {
		v, err := v.Neg()
		if err != nil {
			return 0, err
		}
		return types.TimestampAdd(ts, v)
	}))
	_ = behind("timestamptz_pl_interval", fn2X(timestamptzPlus))
	_ = behind("interval_pl_timestamptz", fn2X(func(c *Context, v types.IntervalValue, ts int64) (int64, bool, error) {
		return timestamptzPlus(c, ts, v)
	}))
	_ = behind("timestamptz_mi_interval", fn2X(func(c *Context, ts int64, v types.IntervalValue) (int64, bool, error) {
		v, err := v.Neg()
		if err != nil {
			return 0, true, err
		}
		return timestamptzPlus(c, ts, v)
	}))

	_ = behind("time_mi_time", fn2(func(a, b int64) types.IntervalValue { return types.IntervalValue{Micros: a - b} }))
	_ = behind("time_pl_interval", fn2(func(t int64, v types.IntervalValue) int64 { return timeOfDay(t + v.Micros) }))
	_ = behind("interval_pl_time", fn2(func(v types.IntervalValue, t int64) int64 { return timeOfDay(t + v.Micros) }))
	_ = behind("time_mi_interval", fn2(func(t int64, v types.IntervalValue) int64 { return timeOfDay(t - v.Micros) }))
	_ = behind("timetz_pl_interval", fn2(func(t timetz, v types.IntervalValue) timetz {
		return timetz{timeOfDay(t.micros + v.Micros), t.offset}
	}))
	_ = behind("interval_pl_timetz", fn2(func(v types.IntervalValue, t timetz) timetz {
		return timetz{timeOfDay(t.micros + v.Micros), t.offset}
	}))
	_ = behind("timetz_mi_interval", fn2(func(t timetz, v types.IntervalValue) timetz {
		return timetz{timeOfDay(t.micros - v.Micros), t.offset}
	}))

	_ = behind("interval_pl", fn2E(types.IntervalValue.Add))
	_ = behind("interval_mi", fn2E(types.IntervalValue.Sub))
	_ = behind("interval_um", fn1E(types.IntervalValue.Neg))
	_ = behind("interval_mul", fn2E(types.IntervalValue.Mul))
	_ = behind("mul_d_interval", fn2E(func(f float64, v types.IntervalValue) (types.IntervalValue, error) { return v.Mul(f) }))
	_ = behind("interval_div", fn2E(types.IntervalValue.Div))
)

var errDateRange = pgerror.New(pgerror.DatetimeValueOutOfRange, "date out of range")

// The range of dates: 4713-11-24 BC to 5874897-12-31.
const (
	firstDate = -2451545
	lastDate  = 2145031948
)

func datePlus(d, n int32) (int32, error) { return dateAdd(d, int64(n)) }

func dateAdd(d int32, n int64) (int32, error) {
	if types.IsDateInfinite(int64(d)) {
		return d, nil
	}
	r := int64(d) + n
	if r < firstDate || r > lastDate {
		return 0, errDateRange
	}
	return int32(r), nil
}

func dateMinus(a, b int32) (int32, error) {
	if types.IsDateInfinite(int64(a)) || types.IsDateInfinite(int64(b)) {
		return 0, pgerror.New(pgerror.DatetimeValueOutOfRange, "cannot subtract infinite dates")
	}
	return a - b, nil
}

func datePlusInterval(d int32, v types.IntervalValue) (int64, error) {
	ts, err := types.DateToTimestamp(int64(d))
	if err != nil {
		return 0, err
	}
	return types.TimestampAdd(ts, v)
}

func datePlusTime(d int32, t int64) (int64, error) {
	ts, err := types.DateToTimestamp(int64(d))
	if err != nil || types.IsTimestampInfinite(ts) {
		return ts, err
	}
	return types.TimestampAdd(ts, types.IntervalValue{Micros: t})
}

func datePlusTimetz(d int32, t timetz) (int64, error) {
	return datePlusTime(d, t.micros-int64(t.offset)*types.MicrosPerSecond)
}

func timestamptzPlus(c *Context, ts int64, v types.IntervalValue) (int64, bool, error) {
	r, err := types.TimestamptzAdd(ts, v, c.IO)
	return r, true, err
}

// timeOfDay wraps around midnight.
func timeOfDay(micros int64) int64 {
	micros %= types.MicrosPerDay
	if micros < 0 {
		micros += types.MicrosPerDay
	}
	return micros
}

// zone is the session's time zone.
func zone(c *Context) *time.Location {
	if c.IO == nil || c.IO.TimeZone == nil {
		return time.UTC
	}
	return c.IO.TimeZone
}

// toLocal and toUTC convert between timestamptz and timestamp.
func toLocal(c *Context, ts int64) int64 {
	if types.IsTimestampInfinite(ts) {
		return ts
	}
	return types.ToLocal(ts, zone(c))
}

func toUTC(c *Context, ts int64) int64 {
	if types.IsTimestampInfinite(ts) {
		return ts
	}
	return types.ToUTC(ts, zone(c))
}

// Comparisons between date, timestamp and timestamptz.
var (
	_ = registerComparisons(compareSuffixed("date_", "_timestamp"), orderedBody(func(d int32, ts int64) int {
		return compareInt64(dateForCompare(d), ts)
	}))
	_ = registerComparisons(compareSuffixed("timestamp_", "_date"), orderedBody(func(ts int64, d int32) int {
		return compareInt64(ts, dateForCompare(d))
	}))
	_ = registerComparisons(compareSuffixed("date_", "_timestamptz"), zonedBody(func(c *Context, d int32, ts int64) int {
		return compareInt64(toUTC(c, dateForCompare(d)), ts)
	}))
	_ = registerComparisons(compareSuffixed("timestamptz_", "_date"), zonedBody(func(c *Context, ts int64, d int32) int {
		return compareInt64(ts, toUTC(c, dateForCompare(d)))
	}))
	_ = registerComparisons(compareSuffixed("timestamp_", "_timestamptz"), zonedBody(func(c *Context, a, b int64) int {
		return compareInt64(toUTC(c, a), b)
	}))
	_ = registerComparisons(compareSuffixed("timestamptz_", "_timestamp"), zonedBody(func(c *Context, a, b int64) int {
		return compareInt64(a, toUTC(c, b))
	}))
)

func compareInt64(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// dateForCompare is the timestamp of a date; one after the last timestamp is
// greater than all but infinity.
func dateForCompare(d int32) int64 {
	ts, err := types.DateToTimestamp(int64(d))
	if err != nil {
		return math.MaxInt64 - 1
	}
	return ts
}

func zonedBody[A, B any](three func(c *Context, a A, b B) int) func(op comparison) body {
	return func(op comparison) body {
		return fn2X(func(c *Context, a A, b B) (bool, bool, error) { return op.holds(three(c, a, b)), true, nil })
	}
}
