package functions

import (
	"time"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// stepFunc is what Steps.At makes.
type stepFunc = func(t int64) (result, lo, hi int64, err error)

// steps says where a function changes its result, as that of argument of, and with
// which argument the result never decreases (0 for none).
func (s *Scalar) steps(of, monotone int, at func(c *Context, args []types.Datum) (stepFunc, error)) *Scalar {
	s.Steps = &Steps{Of: of, At: at}
	return s.monotone(monotone)
}

func (s *Scalar) monotone(arg int) *Scalar {
	s.Monotone = arg
	return s
}

// localStep is the step at a finite timestamptz of a function of local times whose result
// is a local time too: where the zone's offset changes, a step ends.
func localStep(t int64, zone *time.Location, local stepFunc) (start, lo, hi int64, err error) {
	at := types.ToLocal(t, zone)
	if start, lo, hi, err = local(at); err != nil {
		return 0, 0, 0, err
	}
	start = types.ToUTC(start, zone)
	if lo >= hi {
		return start, 0, 0, nil
	}
	from, to := types.OffsetRange(t, zone)
	return start, max(lo-(at-t), from), min(hi-(at-t), to), nil
}

// truncSteps are the steps of date_trunc.
func truncSteps(name string, oid types.OID, zone *time.Location) stepFunc {
	u := findUnit(name)
	local := func(t int64) (start, lo, hi int64, err error) {
		if start, err = truncTimestamp(u, name, t); err != nil {
			return 0, 0, 0, err
		}
		if step := truncMicros(u); step > 0 {
			return start, start, start + step, nil
		}
		days := map[dateUnit]int64{unitDay: 1, unitWeek: 7, unitMonth: 31, unitQuarter: 92, unitYear: 366}[u]
		if days == 0 {
			return start, 0, 0, nil
		}
		day, _ := types.SplitDay(start)
		return start, start, truncDay(u, day+days) * types.MicrosPerDay, nil
	}
	if oid == types.Timestamp {
		return func(t int64) (start, lo, hi int64, err error) {
			if types.IsTimestampInfinite(t) || t > endTimestamp-366*types.MicrosPerDay {
				start, err = truncTimestamp(u, name, t)
				return start, 0, 0, err
			}
			return local(t)
		}
	}
	return func(t int64) (start, lo, hi int64, err error) {
		step := truncMicros(u)
		if types.IsTimestampInfinite(t) || t > endTimestamp-400*types.MicrosPerDay || step > 0 {
			if start, err = truncTimestamptz(u, name, t, zone); err != nil || step == 0 || types.IsTimestampInfinite(t) {
				return start, 0, 0, err
			}
			from, to := types.OffsetRange(t, zone)
			return start, max(start, from), min(start+step, to), nil
		}
		return localStep(t, zone, local)
	}
}

// dateSteps are the steps of the cast of a timestamp to date.
func dateSteps(zone *time.Location) stepFunc {
	return func(t int64) (day, lo, hi int64, err error) {
		at := types.ToLocal(t, zone)
		if day = types.TimestampToDate(at); types.IsTimestampInfinite(t) || t > endTimestamp-2*types.MicrosPerDay {
			return day, 0, 0, nil
		}
		from, to := types.OffsetRange(t, zone)
		lo = day*types.MicrosPerDay - (at - t)
		return day, max(lo, from), min(lo+types.MicrosPerDay, to), nil
	}
}
