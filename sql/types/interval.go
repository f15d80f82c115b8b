package types

import (
	"encoding/binary"
	"math"
)

// An interval lies as PhysBinary of 16 bytes, which is also its wire format,
// big endian: microseconds int64, days int32, months int32.

// IntervalValue is an interval: months, days and microseconds that do not mix.
type IntervalValue struct {
	Months int32
	Days   int32
	Micros int64
}

// DecodeInterval reads the encoding of an interval.
func DecodeInterval(s string) IntervalValue {
	if len(s) != 16 {
		return IntervalValue{}
	}
	b := stringBytes(s)
	return IntervalValue{
		Micros: int64(binary.BigEndian.Uint64(b)),
		Days:   int32(binary.BigEndian.Uint32(b[8:])),
		Months: int32(binary.BigEndian.Uint32(b[12:])),
	}
}

// AppendEncode appends the encoding that DecodeInterval reads.
func (v IntervalValue) AppendEncode(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(v.Micros))
	dst = binary.BigEndian.AppendUint32(dst, uint32(v.Days))
	return binary.BigEndian.AppendUint32(dst, uint32(v.Months))
}

// Datum returns the value as a datum of type interval.
func (v IntervalValue) Datum() Datum {
	var buf [16]byte
	return NewBytes(v.AppendEncode(buf[:0]))
}

// Interval returns the value of an interval datum.
func (d Datum) Interval() IntervalValue { return DecodeInterval(d.S) }

// Span is the length with months of 30 days and days of 24 hours, as whole
// days and the microseconds over.
func (v IntervalValue) Span() (days, micros int64) {
	days, micros = SplitDay(v.Micros)
	return days + int64(v.Months)*30 + int64(v.Days), micros
}

// Cmp orders intervals by their length.
func (v IntervalValue) Cmp(w IntervalValue) int {
	vd, vm := v.Span()
	wd, wm := w.Span()
	if c := cmpInt(vd, wd); c != 0 {
		return c
	}
	return cmpInt(vm, wm)
}

func (v IntervalValue) hash(seed uint64) uint64 {
	d, m := v.Span()
	return HashInt(m, HashInt(d, seed))
}

// Neg returns -v.
func (v IntervalValue) Neg() (IntervalValue, error) { return IntervalValue{}.Sub(v) }

// Add returns v + w.
func (v IntervalValue) Add(w IntervalValue) (IntervalValue, error) {
	micros := v.Micros + w.Micros
	if (micros > v.Micros) != (w.Micros > 0) && w.Micros != 0 {
		return IntervalValue{}, intervalOutOfRange()
	}
	return makeInterval(int64(v.Months)+int64(w.Months), int64(v.Days)+int64(w.Days), micros)
}

// Sub returns v - w.
func (v IntervalValue) Sub(w IntervalValue) (IntervalValue, error) {
	micros := v.Micros - w.Micros
	if (micros < v.Micros) != (w.Micros > 0) && w.Micros != 0 {
		return IntervalValue{}, intervalOutOfRange()
	}
	return makeInterval(int64(v.Months)-int64(w.Months), int64(v.Days)-int64(w.Days), micros)
}

func makeInterval(months, days, micros int64) (IntervalValue, error) {
	if months != int64(int32(months)) || days != int64(int32(days)) {
		return IntervalValue{}, intervalOutOfRange()
	}
	return IntervalValue{Months: int32(months), Days: int32(days), Micros: micros}, nil
}

func roundMicro(f float64) float64 { return math.RoundToEven(f*1e6) / 1e6 }

// Mul multiplies by a factor; fractions of months go to days, of days to time.
func (v IntervalValue) Mul(factor float64) (IntervalValue, error) {
	return v.scaled(func(f float64) float64 { return f * factor })
}

// Div divides by a number other than 0 (22012).
func (v IntervalValue) Div(by float64) (IntervalValue, error) {
	if by == 0 {
		return IntervalValue{}, divisionByZero()
	}
	return v.scaled(func(f float64) float64 { return f / by })
}

func (v IntervalValue) scaled(op func(float64) float64) (IntervalValue, error) {
	months, days := op(float64(v.Months)), op(float64(v.Days))
	fits := func(f float64) bool { return f >= math.MinInt32 && f <= math.MaxInt32 }
	if !fits(months) || !fits(days) {
		return IntervalValue{}, intervalOutOfRange()
	}
	m, d := math.Trunc(months), math.Trunc(days)
	monthDays := roundMicro((months - m) * 30)
	secs := roundMicro((days - d + monthDays - math.Trunc(monthDays)) * secondsPerDay)
	if math.Abs(secs) >= secondsPerDay {
		whole := math.Trunc(secs / secondsPerDay)
		d += whole
		secs -= whole * secondsPerDay
	}
	d += math.Trunc(monthDays)
	micros := math.RoundToEven(op(float64(v.Micros)) + secs*1e6)
	if !(micros >= -(1<<63) && micros < 1<<63) || !fits(d) {
		return IntervalValue{}, intervalOutOfRange()
	}
	return IntervalValue{Months: int32(m), Days: int32(d), Micros: int64(micros)}, nil
}

// JustifyHours turns whole 24 hours into days, with equal signs.
func (v IntervalValue) JustifyHours() (IntervalValue, error) {
	whole := v.Micros / MicrosPerDay
	days, micros := int64(v.Days)+whole, v.Micros-whole*MicrosPerDay
	if days > 0 && micros < 0 {
		days, micros = days-1, micros+MicrosPerDay
	} else if days < 0 && micros > 0 {
		days, micros = days+1, micros-MicrosPerDay
	}
	return makeInterval(int64(v.Months), days, micros)
}

// JustifyDays turns whole 30 days into months, with equal signs.
func (v IntervalValue) JustifyDays() (IntervalValue, error) {
	whole := int64(v.Days / 30)
	months, days := int64(v.Months)+whole, int64(v.Days)-whole*30
	if months > 0 && days < 0 {
		months, days = months-1, days+30
	} else if months < 0 && days > 0 {
		months, days = months+1, days-30
	}
	return makeInterval(months, days, v.Micros)
}

// Justify does both and brings all signs to one (justify_interval).
func (v IntervalValue) Justify() (IntervalValue, error) {
	months, days, micros := int64(v.Months), int64(v.Days), v.Micros
	whole := micros / MicrosPerDay
	days, micros = days+whole, micros-whole*MicrosPerDay
	whole = days / 30
	months, days = months+whole, days-whole*30
	if months > 0 && (days < 0 || days == 0 && micros < 0) {
		months, days = months-1, days+30
	} else if months < 0 && (days > 0 || days == 0 && micros > 0) {
		months, days = months+1, days-30
	}
	if days > 0 && micros < 0 {
		days, micros = days-1, micros+MicrosPerDay
	} else if days < 0 && micros > 0 {
		days, micros = days+1, micros-MicrosPerDay
	}
	return makeInterval(months, days, micros)
}

// ApplyMod cuts to the fields and rounds to the precision of a modifier.
func (v IntervalValue) ApplyMod(mod int32) (IntervalValue, error) {
	if mod < 0 {
		return v, nil
	}
	switch mod >> 16 & intervalFullRange {
	case intervalMaskYear:
		v = IntervalValue{Months: v.Months / 12 * 12}
	case intervalMaskMonth, intervalMaskYear | intervalMaskMonth:
		v = IntervalValue{Months: v.Months}
	case intervalMaskDay:
		v.Micros = 0
	case intervalMaskHour, intervalMaskDay | intervalMaskHour:
		v.Micros = v.Micros / MicrosPerHour * MicrosPerHour
	case intervalMaskMinute, intervalMaskHour | intervalMaskMinute, intervalMaskDay | intervalMaskHour | intervalMaskMinute:
		v.Micros = v.Micros / MicrosPerMinute * MicrosPerMinute
	}
	if p := mod & 0xFFFF; p < 6 {
		v.Micros = RoundMicros(v.Micros, p)
	}
	return v, nil
}

// addMonths moves a date by months and keeps the day within the month.
func addMonths(year, month, day int, months int32) (y, m, d int) {
	t := int64(year)*12 + int64(month-1) + int64(months)
	y = int(floorDiv64(t, 12))
	m = int(t-int64(y)*12) + 1
	return y, m, min(day, DaysInMonth(y, m))
}

// TimestampAdd returns ts + v (22008 out of range).
func TimestampAdd(ts int64, v IntervalValue) (int64, error) {
	if IsTimestampInfinite(ts) {
		return ts, nil
	}
	if v.Months != 0 || v.Days != 0 {
		day, micros := SplitDay(ts)
		if v.Months != 0 {
			y, m, d := CivilFromDays(day)
			day = DaysFromCivil(addMonths(y, m, d, v.Months))
			if _, ok := joinTimestamp(day, micros); !ok {
				return 0, timestampOutOfRange()
			}
		}
		var ok bool
		if ts, ok = joinTimestamp(day+int64(v.Days), micros); !ok {
			return 0, timestampOutOfRange()
		}
	}
	return addMicros(ts, v.Micros)
}

func addMicros(ts, micros int64) (int64, error) {
	r := ts + micros
	if (ts < 0) == (micros < 0) && (r < 0) != (ts < 0) || !validTimestamp(r) {
		return 0, timestampOutOfRange()
	}
	return r, nil
}

// TimestamptzAdd returns ts + v; months and days move the local date.
func TimestamptzAdd(ts int64, v IntervalValue, io *IO) (int64, error) {
	if IsTimestampInfinite(ts) {
		return ts, nil
	}
	if v.Months != 0 || v.Days != 0 {
		loc := io.orDefault().TimeZone
		local, err := TimestampAdd(ToLocal(ts, loc), IntervalValue{Months: v.Months, Days: v.Days})
		if err != nil {
			return 0, err
		}
		ts = ToUTC(local, loc)
	}
	return addMicros(ts, v.Micros)
}

// TimestampSub returns a - b in days and time (22008 for infinities).
func TimestampSub(a, b int64) (IntervalValue, error) {
	if IsTimestampInfinite(a) || IsTimestampInfinite(b) {
		return IntervalValue{}, timestampSubtractInfinite()
	}
	return IntervalValue{Micros: a - b}.JustifyHours()
}

// Age returns a - b in years, months, days and time (age(a, b)), both as local
// timestamps.
func Age(a, b int64) (IntervalValue, error) {
	if min(a, b) == math.MinInt64 {
		return IntervalValue{}, timestampOutOfRange()
	}
	sign := int64(1)
	if a < b {
		a, b, sign = b, a, -1
	}
	ca, cb := SplitTimestamp(a), SplitTimestamp(b)
	months := int64(ca.Year-cb.Year)*12 + int64(ca.Month-cb.Month)
	days := int64(ca.Day - cb.Day)
	micros := ca.TimeMicros() - cb.TimeMicros()
	if micros < 0 {
		micros += MicrosPerDay
		days--
	}
	if days < 0 {
		// Borrow the days of the earlier date's month.
		days += int64(DaysInMonth(cb.Year, cb.Month))
		months--
	}
	return makeInterval(sign*months, sign*days, sign*micros)
}
