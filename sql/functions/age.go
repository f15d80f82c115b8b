package functions

import (
	"github.com/tidemarkdb/tidemark/sql/types"
)

// today is midnight of the current date as a local timestamp.
func today(c *Context) int64 {
	day, _ := types.SplitDay(toLocal(c, types.TimestampFromTime(c.TxnStart)))
	return day * types.MicrosPerDay
}

var (
	_ = define("age(timestamp,timestamp)", "The difference in years, months, days and time.", fn2E(types.Age),
		ex("age(timestamp '2001-04-10', timestamp '1957-06-13')", "43 years 9 mons 27 days"))
	_ = define("age(timestamptz,timestamptz)", "The difference in years, months, days and time.",
		fn2X(func(c *Context, a, b int64) (types.IntervalValue, bool, error) {
			v, err := types.Age(toLocal(c, a), toLocal(c, b))
			return v, true, err
		}), ex("age(timestamptz '2001-04-10 00:00+00', timestamptz '1957-06-13 00:00+00')", "43 years 9 mons 27 days"))
	_ = define("age(timestamp)", "The difference to the current date.",
		fn1X(func(c *Context, ts int64) (types.IntervalValue, bool, error) {
			v, err := types.Age(today(c), ts)
			return v, true, err
		}), ex("age(timestamp '1957-06-13') IS NOT NULL", "t"))
	_ = define("age(timestamptz)", "The difference to the current date.",
		fn1X(func(c *Context, ts int64) (types.IntervalValue, bool, error) {
			v, err := types.Age(today(c), toLocal(c, ts))
			return v, true, err
		}), ex("age(timestamptz '1957-06-13') IS NOT NULL", "t"))
	_ = define("age(xid)", "How many transactions old a transaction is; not kept.", always(types.NewInt4(0)), ex("age(NULL::xid)", "NULL"))

	_ = define("isfinite(timestamp) isfinite(timestamptz)", "Says whether a timestamp is not infinite.",
		fn1(func(ts int64) bool { return !types.IsTimestampInfinite(ts) }), ex("isfinite(timestamp 'infinity')", "f"))
	_ = define("isfinite(date)", "Says whether a date is not infinite.",
		fn1(func(d int32) bool { return !types.IsDateInfinite(int64(d)) }), ex("isfinite(date '2001-02-16')", "t"))
	_ = define("isfinite(interval)", "Says whether an interval is not infinite; all are not.", always(types.NewBool(true)), ex("isfinite(interval '4 hours')", "t"))
	_ = define("justify_hours(interval)", "Turns 24 hours into a day.", fn1E(types.IntervalValue.JustifyHours), ex("justify_hours(interval '50 hours 10 minutes')", "2 days 02:10:00"))
	_ = define("justify_days(interval)", "Turns 30 days into a month.", fn1E(types.IntervalValue.JustifyDays), ex("justify_days(interval '65 days')", "2 mons 5 days"))
	_ = define("justify_interval(interval)", "Turns hours into days and days into months, with one sign.", fn1E(types.IntervalValue.Justify), ex("justify_interval(interval '1 mon -1 hour')", "29 days 23:00:00"))
)
