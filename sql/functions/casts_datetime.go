package functions

import (
	"github.com/tidemarkdb/tidemark/sql/types"
)

var (
	_ = behind("date_timestamp", fn1E(func(d int32) (int64, error) { return types.DateToTimestamp(int64(d)) }))
	_ = behind("date_timestamptz", fn1X(func(c *Context, d int32) (int64, bool, error) {
		ts, err := types.DateToTimestamp(int64(d))
		if err != nil {
			return 0, true, err
		}
		return toUTC(c, ts), true, nil
	}))
	_ = behind("timestamp_date", fn1(func(ts int64) int32 { return int32(types.TimestampToDate(ts)) })).
		steps(1, 1, func(*Context, []types.Datum) (stepFunc, error) { return dateSteps(nil), nil })
	_ = behind("timestamptz_date", fn1X(func(c *Context, ts int64) (int32, bool, error) {
		return int32(types.TimestampToDate(toLocal(c, ts))), true, nil
	})).steps(1, 0, func(c *Context, _ []types.Datum) (stepFunc, error) { return dateSteps(c.IO.TimeZone), nil })
	_ = behind("timestamp_time", fn1X(func(_ *Context, ts int64) (int64, bool, error) { return clockOf(ts) }))
	_ = behind("timestamptz_time", fn1X(func(c *Context, ts int64) (int64, bool, error) { return clockOf(toLocal(c, ts)) }))
	_ = behind("timestamptz_timetz", fn1X(func(c *Context, ts int64) (timetz, bool, error) {
		micros, ok, err := clockOf(toLocal(c, ts))
		if !ok {
			return timetz{}, false, err
		}
		offset, _, _ := types.ZoneOffset(zone(c), ts)
		return timetz{micros, offset}, true, nil
	}))
	_ = behind("timestamp_timestamptz", fn1X(func(c *Context, ts int64) (int64, bool, error) { return toUTC(c, ts), true, nil }))
	_ = behind("timestamptz_timestamp", fn1X(func(c *Context, ts int64) (int64, bool, error) { return toLocal(c, ts), true, nil }))
	_ = behind("time_interval", fn1(func(t int64) types.IntervalValue { return types.IntervalValue{Micros: t} }))
	_ = behind("interval_time", fn1(func(v types.IntervalValue) int64 { return timeOfDay(v.Micros) }))
	_ = behind("timetz_time", fn1(func(t timetz) int64 { return t.micros }))
	_ = behind("time_timetz", fn1X(func(c *Context, t int64) (timetz, bool, error) {
		now := types.TimestampFromTime(c.TxnStart)
		offset, _, _ := types.ZoneOffset(zone(c), now)
		return timetz{t, offset}, true, nil
	}))
)

// clockOf is the time of day of a timestamp, NULL for infinities.
func clockOf(ts int64) (int64, bool, error) {
	if types.IsTimestampInfinite(ts) {
		return 0, false, nil
	}
	_, micros := types.SplitDay(ts)
	return micros, true, nil
}
