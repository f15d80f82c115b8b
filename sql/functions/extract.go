package functions

import (
	"math"
	"math/big"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// datePart is a field's value: an integer with a number of decimals.
type datePart struct {
	value   int64
	scale   int
	inf     int8           // -1 or 1: infinite
	decimal *types.Decimal // where an int64 does not do
}

func whole[T int | int64](v T) (datePart, bool, error) { return datePart{value: int64(v)}, true, nil }

func scaled(v int64, scale int) (datePart, bool, error) {
	return datePart{value: v, scale: scale}, true, nil
}

func (p datePart) numeric() types.Decimal {
	switch {
	case p.decimal != nil:
		return *p.decimal
	case p.inf != 0:
		return types.DecimalFromFloat64(math.Inf(int(p.inf)))
	case p.scale == 0:
		return types.DecimalFromInt(p.value)
	}
	return types.NewDecimal(p.value, p.scale)
}

func (p datePart) float() float64 {
	switch {
	case p.decimal != nil:
		return p.decimal.Float64()
	case p.inf != 0:
		return math.Inf(int(p.inf))
	}
	return float64(p.value) / [...]float64{1, 10, 100, 1e3, 1e4, 1e5, 1e6}[p.scale]
}

// yearParts are the fields of a year (astronomical).
func yearPart(u dateUnit, y int) (datePart, bool, error) {
	bc := func(n, r int) int { // ends of periods before our era
		if y > 0 {
			return (y + r) / n
		}
		return -((r - (y - 1)) / n)
	}
	switch u {
	case unitYear:
		if y <= 0 {
			y--
		}
		return whole(y)
	case unitDecade:
		if y >= 0 {
			return whole(y / 10)
		}
		return whole(-((8 - (y - 1)) / 10))
	case unitCentury:
		return whole(bc(100, 99))
	}
	return whole(bc(1000, 999))
}

// dayPart are the fields of a date; ok is false for others.
func dayPart(u dateUnit, day int64) (p datePart, ok bool) {
	y, m, d := types.CivilFromDays(day)
	switch u {
	case unitDay:
		p.value = int64(d)
	case unitMonth:
		p.value = int64(m)
	case unitQuarter:
		p.value = int64(m-1)/3 + 1
	case unitWeek:
		_, w := types.ISOWeek(day)
		p.value = int64(w)
	case unitIsoyear:
		iso, _ := types.ISOWeek(day)
		if iso <= 0 {
			iso--
		}
		p.value = int64(iso)
	case unitYear, unitDecade, unitCentury, unitMillennium:
		p, _, _ = yearPart(u, y)
	case unitDow:
		p.value = int64(types.Weekday(day))
	case unitIsodow:
		p.value = int64(types.Weekday(day)+6)%7 + 1
	case unitDoy:
		p.value = day - types.DaysFromCivil(y, 1, 1) + 1
	case unitJulian:
		p.value = day + epochJulian
	default:
		return p, false
	}
	return p, true
}

// epochJulian is the Julian day of 2000-01-01, unixEpochMicros its Unix time.
const (
	epochJulian     = 2451545
	unixEpochDays   = 10957
	unixEpochMicros = unixEpochDays * int64(types.MicrosPerDay)
)

// clockPart are the fields of a time of day (or of an interval's time).
func clockPart(u dateUnit, micros int64) (p datePart, ok bool) {
	inMinute := micros % types.MicrosPerMinute
	switch u {
	case unitMicrosecond:
		p.value = inMinute
	case unitMillisecond:
		p.value, p.scale = inMinute, 3
	case unitSecond:
		p.value, p.scale = inMinute, 6
	case unitMinute:
		p.value = micros / types.MicrosPerMinute % 60
	case unitHour:
		p.value = micros / types.MicrosPerHour
	default:
		return p, false
	}
	return p, true
}

func infinitePart(u dateUnit, negative bool) (datePart, bool) {
	switch u {
	case unitYear, unitDecade, unitCentury, unitMillennium, unitJulian, unitIsoyear, unitEpoch:
		if negative {
			return datePart{inf: -1}, true
		}
		return datePart{inf: 1}, true
	}
	return datePart{}, false
}

// zonePart are the fields of an offset, in seconds east.
func zonePart(u dateUnit, offset int) (p datePart, ok bool) {
	switch u {
	case unitTimezone:
		p.value = int64(offset)
	case unitTimezoneHour:
		p.value = int64(offset / 3600)
	case unitTimezoneMinute:
		p.value = int64(offset % 3600 / 60)
	default:
		return p, false
	}
	return p, true
}

func julianPart(day, micros int64) (datePart, bool, error) {
	frac, err := types.DecimalFromInt(micros).Div(types.DecimalFromInt(types.MicrosPerDay))
	if err != nil {
		return datePart{}, false, err
	}
	d, err := types.DecimalFromInt(day + epochJulian).Add(frac)
	return datePart{decimal: &d}, true, err
}

// partFunc computes a field; ok is false for NULL.
type partFunc[A any] func(c *Context, u dateUnit, name string, v A) (p datePart, ok bool, err error)

func timestampPart(oid types.OID) partFunc[int64] {
	return func(c *Context, u dateUnit, name string, ts int64) (datePart, bool, error) {
		if u != unitNone && types.IsTimestampInfinite(ts) {
			p, ok := infinitePart(u, ts < 0)
			return p, ok, nil
		}
		if u == unitNone || oid == types.Timestamp && u >= unitTimezone && u <= unitTimezoneMinute {
			return datePart{}, false, unitError(name, u != unitNone, oid)
		}
		if u == unitEpoch {
			if ts > math.MaxInt64-unixEpochMicros {
				// PostgreSQL divides numerics here, which leaves four decimal places.
				d, err := types.DecimalFromBig(new(big.Int).Add(big.NewInt(ts), big.NewInt(unixEpochMicros)), 0).Div(types.DecimalFromInt(1_000_000))
				d = d.Round(6)
				return datePart{decimal: &d}, true, err
			}
			return scaled(ts+unixEpochMicros, 6)
		}
		if oid == types.Timestamptz {
			if u >= unitTimezone && u <= unitTimezoneMinute {
				offset, _, _ := types.ZoneOffset(c.IO.TimeZone, ts)
				p, ok := zonePart(u, offset)
				return p, ok, nil
			}
			ts = toLocal(c, ts)
		}
		day, micros := types.SplitDay(ts)
		if u == unitJulian {
			return julianPart(day, micros)
		}
		if p, ok := clockPart(u, micros); ok {
			return p, true, nil
		}
		p, ok := dayPart(u, day)
		return p, ok, nil
	}
}

func datePartOf(_ *Context, u dateUnit, name string, d int32) (datePart, bool, error) {
	if u == unitNone || u < unitDay || u >= unitTimezone && u <= unitTimezoneMinute {
		return datePart{}, false, unitError(name, u != unitNone, types.Date)
	}
	if types.IsDateInfinite(int64(d)) {
		p, ok := infinitePart(u, d < 0)
		return p, ok, nil
	}
	if u == unitEpoch {
		return whole((int64(d) + unixEpochDays) * 86400)
	}
	p, ok := dayPart(u, int64(d))
	return p, ok, nil
}

func timePart(_ *Context, u dateUnit, name string, micros int64) (datePart, bool, error) {
	if u == unitEpoch {
		return scaled(micros, 6)
	}
	if p, ok := clockPart(u, micros); ok {
		return p, true, nil
	}
	return datePart{}, false, unitError(name, u != unitNone, types.Time)
}

func timetzPart(_ *Context, u dateUnit, name string, t timetz) (datePart, bool, error) {
	if u == unitEpoch {
		return scaled(t.micros-int64(t.offset)*types.MicrosPerSecond, 6)
	}
	if p, ok := zonePart(u, int(t.offset)); ok {
		return p, true, nil
	}
	if p, ok := clockPart(u, t.micros); ok {
		return p, true, nil
	}
	return datePart{}, false, unitError(name, u != unitNone, types.Timetz)
}

func intervalPart(_ *Context, u dateUnit, name string, v types.IntervalValue) (datePart, bool, error) {
	if p, ok := clockPart(u, v.Micros); ok {
		return p, true, nil
	}
	years, months := int64(v.Months)/12, int64(v.Months)%12
	switch u {
	case unitDay:
		return whole(int64(v.Days))
	case unitMonth:
		return whole(months)
	case unitQuarter:
		return whole(months/3 + 1)
	case unitYear:
		return whole(years)
	case unitDecade:
		return whole(years / 10)
	case unitCentury:
		return whole(years / 100)
	case unitMillennium:
		return whole(years / 1000)
	case unitEpoch:
		secs := (1461*years + 120*months + 4*int64(v.Days)) * (86400 / 4)
		if total := secs*types.MicrosPerSecond + v.Micros; secs == secs*types.MicrosPerSecond/types.MicrosPerSecond && (total >= 0) == (secs*types.MicrosPerSecond >= 0 || v.Micros > 0 && total >= 0) {
			return scaled(total, 6)
		}
		b := new(big.Int).Mul(big.NewInt(secs), big.NewInt(types.MicrosPerSecond))
		d := types.DecimalFromBig(b.Add(b, big.NewInt(v.Micros)), 6)
		return datePart{decimal: &d}, true, nil
	}
	return datePart{}, false, unitError(name, u != unitNone, types.Interval)
}

// partBody lifts a field function to (field name, value); the name is looked
// up once if it is constant.
func partBody[A, R any](f partFunc[A], convert func(p datePart) R) body {
	one := func(c *Context, name string, u dateUnit, v A) (r R, ok bool, err error) {
		p, ok, err := f(c, u, name, v)
		if err != nil || !ok {
			return r, false, err
		}
		return convert(p), true, nil
	}
	general := map2X(func(c *Context, name string, v A) (R, bool, error) { return one(c, name, findUnit(name), v) })
	return body{
		Kernel: func(c *Context, args []Value, n int) (arrow.Array, error) {
			if !args[0].Const || args[0].Array.IsNull(0) {
				return general(c, args, n)
			}
			name := load[string](args[0].Array)[0]
			u := findUnit(name)
			return map1X(func(c *Context, v A) (R, bool, error) { return one(c, name, u, v) })(c, args[1:], n)
		},
		Eval: func(c *Context, d []types.Datum) (types.Datum, error) {
			return datumOrNull(one(c, d[0].S, findUnit(d[0].S), fromDatum[A](d[1])))
		},
	}
}

func defineParts[A any](oid string, f partFunc[A], examples ...Example) {
	define("extract(text,"+oid+")", "A field of the value, as numeric: year, month, day, hour, second, epoch, dow, week, ...",
		partBody(f, datePart.numeric), examples...)
}

var _ = func() bool {
	defineParts("timestamp", timestampPart(types.Timestamp), ex("extract(hour from timestamp '2001-02-16 20:38:40')", "20"), ex("extract(epoch from timestamp '2001-02-16 20:38:40.12')", "982355920.120000"))
	defineParts("timestamptz", timestampPart(types.Timestamptz), ex("extract(day from timestamptz '2001-02-16 20:38:40+00')", "16"))
	defineParts("date", partFunc[int32](datePartOf), ex("extract(dow from date '2001-02-16')", "5"))
	defineParts("time", partFunc[int64](timePart), ex("extract(minute from time '20:38:40')", "38"))
	defineParts("timetz", partFunc[timetz](timetzPart), ex("extract(timezone_hour from timetz '20:38:40+02')", "2"))
	defineParts("interval", partFunc[types.IntervalValue](intervalPart), ex("extract(epoch from interval '5 days 3 hours')", "442800.000000"))

	const doc = "A field of the value, as a float: year, month, day, hour, second, epoch, dow, week, ... (see extract)."
	define("date_part(text,timestamp)", doc, partBody(timestampPart(types.Timestamp), datePart.float), ex("date_part('hour', timestamp '2001-02-16 20:38:40')", "20"))
	define("date_part(text,timestamptz)", doc, partBody(timestampPart(types.Timestamptz), datePart.float), ex("date_part('year', timestamptz '2001-02-16 20:38:40+00')", "2001"))
	define("date_part(text,time)", doc, partBody(partFunc[int64](timePart), datePart.float), ex("date_part('second', time '20:38:40.5')", "40.5"))
	define("date_part(text,timetz)", doc, partBody(partFunc[timetz](timetzPart), datePart.float), ex("date_part('hour', timetz '20:38:40+02')", "20"))
	define("date_part(text,interval)", doc, partBody(partFunc[types.IntervalValue](intervalPart), datePart.float), ex("date_part('month', interval '2 years 3 months')", "3"))
	define("date_part(text,date)", doc, partBody(func(c *Context, u dateUnit, name string, d int32) (datePart, bool, error) {
		ts, err := types.DateToTimestamp(int64(d))
		if err != nil {
			return datePart{}, false, err
		}
		return timestampPart(types.Timestamp)(c, u, name, ts)
	}, datePart.float), ex("date_part('month', date '2001-02-16')", "2"))
	return true
}()
