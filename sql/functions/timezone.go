package functions

import (
	"time"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// intervalOffset reads an interval as an offset in seconds east.
func intervalOffset(v types.IntervalValue) (int64, error) {
	if v.Months != 0 || v.Days != 0 {
		return 0, pgerror.New(pgerror.InvalidParameterValue, "interval time zone \"%s\" must not include months or days", v.AppendText(nil, ""))
	}
	return v.Micros / types.MicrosPerSecond, nil
}

func shift(ts, secs int64) int64 {
	if types.IsTimestampInfinite(ts) {
		return ts
	}
	return ts + secs*types.MicrosPerSecond
}

// zoneOfText is the zone of AT TIME ZONE: as in POSIX, +3 alone is west of UTC.
func zoneOfText(zone string) (*time.Location, error) {
	if len(zone) > 1 && (zone[0] == '+' || zone[0] == '-') && zone[1] >= '0' && zone[1] <= '9' {
		turned := "-" + zone[1:]
		if zone[0] == '-' {
			turned = "+" + zone[1:]
		}
		return saneZone(turned)
	}
	return types.ZoneForName(zone)
}

func inZone[R any](f func(ts int64, loc *time.Location) R) body {
	return fn2E(func(zone string, ts int64) (r R, err error) {
		loc, err := zoneOfText(zone)
		if err != nil {
			return r, err
		}
		return f(ts, loc), nil
	})
}

func moveTimetz(t timetz, offset int64) timetz {
	return timetz{timeOfDay(t.micros + (offset-int64(t.offset))*types.MicrosPerSecond), int(offset)}
}

var (
	_ = define("timezone(text,timestamptz)", "The local time of a time zone (AT TIME ZONE).", inZone(types.ToLocal),
		ex("timestamptz '2001-02-16 20:38:40-05' AT TIME ZONE 'America/Denver'", "2001-02-16 18:38:40"))
	_ = define("timezone(text,timestamp)", "The time at which a time zone shows a local time (AT TIME ZONE).", inZone(types.ToUTC),
		ex("timestamp '2001-02-16 20:38:40' AT TIME ZONE 'America/Denver'", "2001-02-17 03:38:40+00"))
	_ = define("timezone(interval,timestamptz)", "The local time at an offset from UTC.",
		fn2E(func(v types.IntervalValue, ts int64) (int64, error) {
			secs, err := intervalOffset(v)
			return shift(ts, secs), err
		}), ex("timestamptz '2001-02-16 20:38:40+00' AT TIME ZONE interval '2 hours'", "2001-02-16 22:38:40"))
	_ = define("timezone(interval,timestamp)", "The time at which a clock at an offset from UTC shows a local time.",
		fn2E(func(v types.IntervalValue, ts int64) (int64, error) {
			secs, err := intervalOffset(v)
			return shift(ts, -secs), err
		}), ex("timestamp '2001-02-16 20:38:40' AT TIME ZONE interval '2 hours'", "2001-02-16 18:38:40+00"))
	_ = define("timezone(text,timetz)", "A time of day moved to a time zone.",
		evalRow(func(c *Context, d []types.Datum) (types.Datum, error) {
			loc, err := zoneOfText(d[0].S)
			if err != nil {
				return types.Null, err
			}
			offset, _, _ := types.ZoneOffset(loc, types.TimestampFromTime(c.TxnStart))
			return toDatum(moveTimetz(fromDatum[timetz](d[1]), int64(offset))), nil
		}), ex("timetz '12:00+02' AT TIME ZONE 'UTC'", "10:00:00+00"))
	_ = define("timezone(interval,timetz)", "A time of day moved to an offset from UTC.",
		evalRow(func(_ *Context, d []types.Datum) (types.Datum, error) {
			secs, err := intervalOffset(d[0].Interval())
			if err != nil {
				return types.Null, err
			}
			return toDatum(moveTimetz(fromDatum[timetz](d[1]), secs)), nil
		}), ex("timetz '12:00+02' AT TIME ZONE interval '-3 hours'", "07:00:00-03"))
)
