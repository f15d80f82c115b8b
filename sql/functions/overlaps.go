package functions

import (
	"github.com/tidemarkdb/tidemark/sql/types"
)

// overlapPeriods is SQL's OVERLAPS with its rules for NULL: an end that is
// NULL makes the period a point, an unknown answer is NULL.
func overlapPeriods(t types.Type, d []types.Datum) types.Datum {
	less := func(a, b types.Datum) bool { return types.Compare(t, a, b) < 0 }
	s1, e1, s2, e2 := d[0], d[1], d[2], d[3]
	if s1.IsNull() {
		if e1.IsNull() {
			return types.Null
		}
		s1, e1 = e1, types.Null
	} else if !e1.IsNull() && less(e1, s1) {
		s1, e1 = e1, s1
	}
	if s2.IsNull() {
		if e2.IsNull() {
			return types.Null
		}
		s2, e2 = e2, types.Null
	} else if !e2.IsNull() && less(e2, s2) {
		s2, e2 = e2, s2
	}
	// later starts after earlier or with it.
	check := func(laterStart, laterEnd, earlierEnd types.Datum) types.Datum {
		switch {
		case earlierEnd.IsNull():
			return types.Null
		case less(laterStart, earlierEnd):
			return types.NewBool(true)
		case laterEnd.IsNull():
			return types.Null
		}
		return types.NewBool(false)
	}
	switch c := types.Compare(t, s1, s2); {
	case c > 0:
		return check(s1, e1, e2)
	case c < 0:
		return check(s2, e2, e1)
	}
	if e1.IsNull() || e2.IsNull() {
		return types.Null
	}
	return types.NewBool(true)
}

func overlaps(typ string, oid types.OID, add func(c *Context, start types.Datum, v types.IntervalValue) (types.Datum, error), example Example) *Scalar {
	t := types.Of(oid)
	const doc = "Says whether two periods, of two ends or an end and a length, have a time in common."
	first := define("overlaps("+typ+","+typ+","+typ+","+typ+")", doc,
		evalRow(func(_ *Context, d []types.Datum) (types.Datum, error) { return overlapPeriods(t, d), nil }), example)
	if add == nil {
		return first
	}
	for _, sig := range []string{"interval," + typ + ",interval", "interval," + typ + "," + typ, typ + "," + typ + ",interval"} {
		define("overlaps("+typ+","+sig+")", doc, evalTyped(func(c *Context, s Signature, args []types.Datum) (types.Datum, error) {
			d := append([]types.Datum(nil), args...)
			for i := 1; i < 4; i += 2 {
				if s.Args[i].OID != types.Interval || d[i].IsNull() {
					continue
				}
				if d[i-1].IsNull() {
					d[i] = types.Null
					continue
				}
				end, err := add(c, d[i-1], d[i].Interval())
				if err != nil {
					return types.Null, err
				}
				d[i] = end
			}
			return overlapPeriods(t, d), nil
		}), example)
	}
	return first
}

var (
	_ = overlaps("timestamp", types.Timestamp, func(_ *Context, ts types.Datum, v types.IntervalValue) (types.Datum, error) {
		return datumOr(types.TimestampAdd(ts.I, v))
	}, ex("(date '2001-02-16', date '2001-12-21') OVERLAPS (date '2001-10-30', date '2002-10-30')", "t"))
	_ = overlaps("timestamptz", types.Timestamptz, func(c *Context, ts types.Datum, v types.IntervalValue) (types.Datum, error) {
		return datumOr(types.TimestamptzAdd(ts.I, v, c.IO))
	}, ex("(timestamptz '2001-02-16', interval '1 day') OVERLAPS (timestamptz '2001-02-17', interval '1 day')", "f"))
	_ = overlaps("time", types.Time, func(_ *Context, t types.Datum, v types.IntervalValue) (types.Datum, error) {
		return types.NewInt8(timeOfDay(t.I + v.Micros)), nil
	}, ex("(time '10:00', time '11:00') OVERLAPS (time '10:30', time '12:00')", "t"))
	_ = overlaps("timetz", types.Timetz, nil, ex("(timetz '10:00+00', timetz '11:00+00') OVERLAPS (timetz '10:30+00', timetz '12:00+00')", "t"))
)
