package functions

import (
	"math"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// time_bucket is TimescaleDB's: buckets of days and shorter are counted from
// Monday 2000-01-03, those of months from 2000-01-01, unless there is an origin.

// bucketing puts values into buckets of one width. Values are in the unit of
// their type: days for date, microseconds for timestamps.
type bucketing struct {
	period   int64 // the width, 0 if it is months
	months   int32
	origin   int64
	min, max int64 // of the type
	days     bool  // values are days, not microseconds
	// offset moves values before and buckets after; unlike origin it may hold months.
	offset *types.IntervalValue
	zone   *time.Location // buckets are those of the local time here
}

// defaultBucketOrigin is Monday 2000-01-03, in days.
const defaultBucketOrigin = 2

// bucket returns the start of t's bucket, and a range lo <= t < hi of values that
// have the same, empty if it is not known.
func (b *bucketing) bucket(t int64) (start, lo, hi int64, err error) {
	if b.infinite(t) {
		return t, 0, 0, nil
	}
	if b.zone != nil {
		return localStep(t, b.zone, b.local)
	}
	return b.local(t)
}

// local is bucket for finite times of no zone.
func (b *bucketing) local(t int64) (start, lo, hi int64, err error) {
	if b.offset == nil {
		return b.plain(t)
	}
	neg, err := b.offset.Neg()
	if err != nil {
		return 0, 0, 0, err
	}
	moved, err := b.shift(t, neg)
	if err != nil {
		return 0, 0, 0, err
	}
	if start, lo, hi, err = b.plain(moved); err != nil {
		return 0, 0, 0, err
	}
	if start, err = b.shift(start, *b.offset); err != nil {
		return 0, 0, 0, err
	}
	if b.offset.Months != 0 || b.days || lo < b.min/2 || hi > b.max/2 {
		return start, 0, 0, nil
	}
	return start, lo + t - moved, hi + t - moved, nil
}

// infinite reports whether t is an infinity; integers have none.
func (b *bucketing) infinite(t int64) bool {
	if b.days {
		return types.IsDateInfinite(t)
	}
	return b.min == minTimestamp && types.IsTimestampInfinite(t)
}

// shift adds an interval; a date drops what is less than a day.
func (b *bucketing) shift(t int64, by types.IntervalValue) (int64, error) {
	if !b.days {
		return types.TimestampAdd(t, by)
	}
	ts, err := types.TimestampAdd(t*types.MicrosPerDay, by)
	if err != nil {
		return 0, err
	}
	day, _ := types.SplitDay(ts)
	return day, nil
}

func (b *bucketing) plain(t int64) (start, lo, hi int64, err error) {
	if b.months != 0 {
		return b.month(t)
	}
	start, ok := bucketStart(t, b.period, b.origin, b.min, b.max)
	if !ok {
		return 0, 0, 0, errTimestampRange
	}
	if start > math.MaxInt64-b.period {
		return start, 0, 0, nil
	}
	return start, start, start + b.period, nil
}

// month is plain for a width of months; the day of the origin does not count.
func (b *bucketing) month(t int64) (start, lo, hi int64, err error) {
	day, origin := t, b.origin
	if !b.days {
		day, _ = types.SplitDay(t)
		origin, _ = types.SplitDay(origin)
	}
	y, m, _ := types.CivilFromDays(day)
	oy, om, _ := types.CivilFromDays(origin)
	n, ok := bucketStart(int64(y)*12+int64(m)-1, int64(b.months), int64(oy)*12+int64(om)-1, math.MinInt32, math.MaxInt32)
	if !ok {
		return 0, 0, 0, errTimestampRange
	}
	first := func(n int64) int64 {
		year := n / 12
		if n%12 < 0 {
			year--
		}
		d := types.DaysFromCivil(int(year), int(n-year*12)+1, 1)
		if !b.days {
			d *= types.MicrosPerDay
		}
		return d
	}
	if start = first(n); start < b.min {
		return 0, 0, 0, errTimestampRange
	}
	if n > 290000*12 { // hi could overflow
		return start, 0, 0, nil
	}
	return start, start, first(n + int64(b.months)), nil
}

// bucketStart is the greatest origin + k*period that is not above t; ok is false
// if it would be out of the range of the type.
func bucketStart(t, period, origin, least, most int64) (start int64, ok bool) {
	offset := origin % period
	if offset > 0 && t < least+offset || offset < 0 && t > most+offset {
		return 0, false
	}
	t -= offset
	start = t / period * period
	if t < start {
		if start < least+period {
			return 0, false
		}
		start -= period
	}
	start += offset
	return start, start >= least
}

var errBucketPeriod = pgerror.New(pgerror.InvalidParameterValue, "period must be greater than 0")

// The range of finite timestamps.
const (
	minTimestamp = -211813488000000000
	endTimestamp = 9223371331200000000
)

// timeBucketing is for timestamps, or with days for dates. A nil origin is the default.
func timeBucketing(width types.IntervalValue, origin *int64, days bool) (bucketing, error) {
	b := bucketing{min: minTimestamp, max: endTimestamp - 1, days: days}
	unit := int64(1)
	if days {
		b.min, b.max, unit = minTimestamp/types.MicrosPerDay, types.DateInfinity-1, types.MicrosPerDay
	}
	if width.Months != 0 {
		if width.Days != 0 || width.Micros != 0 {
			return b, pgerror.New(pgerror.FeatureNotSupported, "month intervals cannot have day or time component")
		}
		if b.months = width.Months; b.months < 0 {
			return b, errBucketPeriod
		}
	} else {
		b.period = int64(width.Days)*types.MicrosPerDay + width.Micros
		if days && b.period%types.MicrosPerDay != 0 {
			return b, pgerror.New(pgerror.InvalidParameterValue, "interval must not have sub-day precision")
		}
		if b.period /= unit; b.period <= 0 {
			return b, errBucketPeriod
		}
		b.origin = defaultBucketOrigin * types.MicrosPerDay / unit
	}
	if origin != nil {
		if b.infinite(*origin) {
			return b, pgerror.New(pgerror.InvalidParameterValue, "invalid origin value: infinity")
		}
		b.origin = *origin
	}
	return b, nil
}

// bucketBody computes buckets of the second argument; plan reads the others, of
// which the first required ones are not NULL. When they are constants, neighbours
// in one bucket cost a comparison.
func bucketBody[T int16 | int32 | int64](required int, plan func(args []types.Datum) (bucketing, error)) body {
	one := func(_ *Context, args []types.Datum) (types.Datum, error) {
		for _, a := range args[:min(required, len(args))] {
			if a.IsNull() {
				return types.Null, nil
			}
		}
		b, err := plan(args)
		if err != nil {
			return types.Null, err
		}
		start, _, _, err := b.bucket(int64(fromDatum[T](args[1])))
		return datumOr(T(start), err)
	}
	return body{Eval: one, Kernel: func(c *Context, args []Value, n int) (arrow.Array, error) {
		constant := true
		row := make([]types.Datum, len(args))
		for i, a := range args {
			constant = constant && (i == 1 || a.Const)
			if a.Const {
				row[i] = types.DatumAt(a.Array, 0)
			}
			if a.Const && row[i].IsNull() && i < required {
				return NullArray(c, physOf[T](), n), nil
			}
		}
		m, all := strictNulls(c, n, args[1])
		if all {
			return NullArray(c, physOf[T](), n), nil
		}
		if !constant {
			return mapX(c, m, n, func(i int) (T, bool, error) {
				for j, a := range args {
					row[j] = types.DatumAt(a.Array, i&mask(a))
				}
				d, err := one(c, row)
				if err != nil || d.IsNull() {
					return 0, false, err
				}
				return fromDatum[T](d), true, nil
			})
		}
		out := newOutput[T](c, n)
		if m.count == n {
			return out.finish(c, m)
		}
		b, err := plan(row)
		if err == nil {
			err = fillBuckets(&b, fixedValues[T](args[1].Array), out.vals, &m)
		}
		return out.finishOr(c, m, err)
	}}
}

// fillBuckets computes the buckets of valid values.
func fillBuckets[T int16 | int32 | int64](b *bucketing, vals, out []T, m *nulls) error {
	var start, lo, hi int64 // none yet: hi is not above lo
	for i := range out {
		if !m.valid(i) {
			continue
		}
		if t := int64(vals[i]); t < lo || t >= hi {
			var err error
			if start, lo, hi, err = b.bucket(t); err != nil {
				return err
			}
		}
		out[i] = T(start)
	}
	return nil
}

// intBuckets registers time_bucket of an integer type.
func intBuckets[T int16 | int32 | int64](oid types.OID, least, most int64, examples ...Example) {
	plan := func(args []types.Datum) (bucketing, error) {
		offset := int64(0)
		if len(args) > 2 {
			offset = int64(fromDatum[T](args[2]))
		}
		width := int64(fromDatum[T](args[0]))
		if width <= 0 {
			return bucketing{}, errBucketPeriod
		}
		return bucketing{period: width, origin: offset, min: least, max: most}, nil
	}
	b := bucketBody[T](3, plan)
	register(Scalar{
		Name: "time_bucket", Args: typesOf(oids{oid, oid, oid}), Defaults: 1, Returns: types.Of(oid), Strict: true, Volatility: Immutable,
		Params: params("bucket_width", "ts", "offset"), Monotone: 2, Steps: bucketSteps(plan),
		Doc: "The start of the bucket of a width that a number falls into, counted from an offset.", Examples: examples,
		Kernel: b.Kernel, Eval: b.Eval,
	})
}

// timeBuckets registers time_bucket of date or a timestamp type.
func timeBuckets[T int32 | int64](oid types.OID, examples ...Example) {
	days := oid == types.Date
	add := func(third types.OID, name string, plan func(args []types.Datum) (bucketing, error)) {
		b := bucketBody[T](3, plan)
		args, names := oids{types.Interval, oid}, []string{"bucket_width", "ts"}
		if third != 0 {
			args, names = append(args, third), append(names, name)
		}
		register(Scalar{
			Name: "time_bucket", Args: typesOf(args), Returns: types.Of(oid), Strict: true, Volatility: Immutable,
			Params: params(names...), Monotone: 2, Steps: bucketSteps(plan),
			Doc: "The start of the bucket of a width that a time falls into: buckets of days and less are counted from Monday 2000-01-03, " +
				"those of months from 2000-01-01, or from an origin, or moved by an offset.",
			Examples: examples, Kernel: b.Kernel, Eval: b.Eval,
		})
	}
	add(0, "", func(args []types.Datum) (bucketing, error) {
		return timeBucketing(fromDatum[types.IntervalValue](args[0]), nil, days)
	})
	add(oid, "origin", func(args []types.Datum) (bucketing, error) {
		origin := int64(fromDatum[T](args[2]))
		return timeBucketing(fromDatum[types.IntervalValue](args[0]), &origin, days)
	})
	add(types.Interval, "offset", func(args []types.Datum) (bucketing, error) {
		b, err := timeBucketing(fromDatum[types.IntervalValue](args[0]), nil, days)
		offset := fromDatum[types.IntervalValue](args[2])
		b.setOffset(offset)
		return b, err
	})
}

// bucketSteps are the Steps of a plan.
func bucketSteps(plan func(args []types.Datum) (bucketing, error)) *Steps {
	return &Steps{Of: 2, At: func(_ *Context, args []types.Datum) (func(int64) (int64, int64, int64, error), error) {
		b, err := plan(args)
		return b.bucket, err
	}}
}

// setOffset moves the buckets; without months that is an origin.
func (b *bucketing) setOffset(offset types.IntervalValue) {
	if offset.Months != 0 || b.months != 0 || b.days {
		b.offset = &offset
		return
	}
	b.origin += int64(offset.Days)*types.MicrosPerDay + offset.Micros
}

// zoneBucketing is time_bucket(width, ts, timezone, origin, offset).
func zoneBucketing(args []types.Datum) (bucketing, error) {
	zone, err := types.ZoneForName(args[2].S)
	if err != nil {
		return bucketing{}, err
	}
	var origin *int64
	if len(args) > 3 && !args[3].IsNull() {
		local := types.ToLocal(args[3].I, zone)
		origin = &local
	}
	b, err := timeBucketing(fromDatum[types.IntervalValue](args[0]), origin, false)
	b.zone = zone
	if len(args) > 4 && !args[4].IsNull() {
		offset := fromDatum[types.IntervalValue](args[4])
		b.offset = &offset
	}
	return b, err
}

var _ = func() bool {
	intBuckets[int16](types.Int2, math.MinInt16, math.MaxInt16, ex("time_bucket(10::smallint, 27::smallint)", "20"))
	intBuckets[int32](types.Int4, math.MinInt32, math.MaxInt32, ex("time_bucket(10, 27)", "20"), ex("time_bucket(10, -1, 3)", "-7"))
	intBuckets[int64](types.Int8, math.MinInt64, math.MaxInt64, ex("time_bucket(1000::bigint, 1234567::bigint)", "1234000"))
	timeBuckets[int32](types.Date, ex("time_bucket(interval '1 week', date '2026-03-04')", "2026-03-02"))
	timeBuckets[int64](types.Timestamp, ex("time_bucket(interval '5 minutes', timestamp '2026-03-04 10:17:03')", "2026-03-04 10:15:00"),
		ex("time_bucket(interval '1 day', timestamp '2026-03-04 10:17:03', interval '6 hours')", "2026-03-04 06:00:00"))
	timeBuckets[int64](types.Timestamptz, ex("time_bucket(interval '1 month', timestamptz '2026-03-04 10:17:03+00')", "2026-03-01 00:00:00+00"))
	b := bucketBody[int64](3, zoneBucketing)
	register(Scalar{
		Name: "time_bucket", Args: typesOf(oids{types.Interval, types.Timestamptz, types.Text, types.Timestamptz, types.Interval}), Defaults: 2,
		Returns: types.Of(types.Timestamptz), Volatility: Immutable, Steps: bucketSteps(zoneBucketing),
		Params: []Param{{"bucket_width", ""}, {"ts", ""}, {"timezone", ""}, {"origin", "NULL::timestamptz"}, {"offset", "NULL::interval"}},
		Doc:    "The start of the bucket of a width that a time falls into by the local time of a zone.",
		Examples: []Example{
			ex("time_bucket(interval '1 day', timestamptz '2026-03-04 10:17:03+00', 'Europe/Berlin')", "2026-03-03 23:00:00+00"),
		},
		Kernel: b.Kernel, Eval: b.Eval,
	})
	return true
}()
