package types

import (
	"encoding/binary"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// ParseDate reads a date as days since 2000-01-01.
func ParseDate(s string, io *IO) (int64, error) {
	if days, rest, ok := isoDate(s); ok && rest == "" {
		return days, nil
	}
	r, err := decodeDateTime(s, io.orDefault())
	if err != nil {
		return 0, dateTimeError(err, Date, s)
	}
	switch r.special {
	case rvEpoch:
		return -unixEpochDays, nil
	case rvInfinity:
		return DateInfinity, nil
	case rvNegInfinity:
		return DateNegInfinity, nil
	}
	if validJulian(r.c.Year, r.c.Month) {
		if days := r.c.Days(); days >= minDate && days < endDate {
			return days, nil
		}
	}
	return 0, pgerror.New(pgerror.DatetimeValueOutOfRange, "date out of range: \"%s\"", s)
}

// ParseTimestamp reads a timestamp; a zone in the text is ignored.
func ParseTimestamp(s string, io *IO) (int64, error) {
	if ts, zone, ok := isoTimestamp(s); ok {
		if zone == "" {
			return ts, nil
		}
		if _, ok := isoOffset(zone); ok {
			return ts, nil
		}
	}
	return parseTimestampSlow(Timestamp, s, io.orDefault())
}

// ParseTimestamptz reads a timestamptz; without a zone in the text the
// session's zone holds.
func ParseTimestamptz(s string, io *IO) (int64, error) {
	io = io.orDefault()
	if ts, zone, ok := isoTimestamp(s); ok {
		if zone == "" {
			return ToUTC(ts, io.TimeZone), nil
		}
		if off, ok := isoOffset(zone); ok {
			return ts - int64(off)*MicrosPerSecond, nil
		}
	}
	return parseTimestampSlow(Timestamptz, s, io)
}

func parseTimestampSlow(oid OID, s string, io *IO) (int64, error) {
	r, err := decodeDateTime(s, io)
	if err != nil {
		return 0, dateTimeError(err, oid, s)
	}
	switch r.special {
	case rvEpoch:
		return -unixEpochSeconds * MicrosPerSecond, nil
	case rvInfinity:
		return TimestampInfinity, nil
	case rvNegInfinity:
		return TimestampNegInfinity, nil
	}
	ts, ok := r.c.Timestamp()
	if ok && oid == Timestamptz {
		ts -= int64(r.offset) * MicrosPerSecond
		ok = validTimestamp(ts)
	}
	if !ok {
		return 0, pgerror.New(pgerror.DatetimeValueOutOfRange, "timestamp out of range: \"%s\"", s)
	}
	return ts, nil
}

// ParseTime reads a time of day in microseconds.
func ParseTime(s string, io *IO) (int64, error) {
	if t, rest, ok := isoTime(s); ok && rest == "" {
		return t, nil
	}
	r, err := decodeTimeOnly(s, io.orDefault())
	if err != nil {
		return 0, dateTimeError(err, Time, s)
	}
	return r.c.TimeMicros(), nil
}

// ParseTimetz reads a time of day with a zone; offset is seconds east of UTC.
func ParseTimetz(s string, io *IO) (micros int64, offset int, err error) {
	r, err := decodeTimeOnly(s, io.orDefault())
	if err != nil {
		return 0, 0, dateTimeError(err, Timetz, s)
	}
	return r.c.TimeMicros(), r.offset, nil
}

// A timetz lies as PhysBinary of 12 bytes, which is also its wire format: the
// microseconds of the day and the seconds west of UTC, big endian.

// NewTimetz makes a timetz; offset is seconds east of UTC.
func NewTimetz(micros int64, offset int) Datum {
	var b [12]byte
	binary.BigEndian.PutUint64(b[:], uint64(micros))
	binary.BigEndian.PutUint32(b[8:], uint32(int32(-offset)))
	return NewBytes(b[:])
}

// Timetz returns the microseconds and the offset (seconds east) of a timetz.
func (d Datum) Timetz() (micros int64, offset int) {
	if len(d.S) != 12 {
		return 0, 0
	}
	b := stringBytes(d.S)
	return int64(binary.BigEndian.Uint64(b)), -int(int32(binary.BigEndian.Uint32(b[8:])))
}

// compareTimetz orders by the point of time in UTC, then by the zone.
func compareTimetz(a, b Datum) int {
	ta, oa := a.Timetz()
	tb, ob := b.Timetz()
	if c := cmpInt(ta-int64(oa)*MicrosPerSecond, tb-int64(ob)*MicrosPerSecond); c != 0 {
		return c
	}
	return cmpInt(int64(-oa), int64(-ob))
}

var precisionScales = [7]int64{1000000, 100000, 10000, 1000, 100, 10, 1}

// RoundMicros rounds microseconds half away from zero to a precision of 0..6
// fractional digits.
func RoundMicros(v int64, precision int32) int64 {
	if precision < 0 || precision >= 6 {
		return v
	}
	scale := precisionScales[precision]
	if v >= 0 {
		return (v + scale/2) / scale * scale
	}
	return -((-v + scale/2) / scale * scale)
}

// roundTimestamp applies timestamp(n).
func roundTimestamp(ts int64, mod int32) int64 {
	if mod < 0 || IsTimestampInfinite(ts) {
		return ts
	}
	return RoundMicros(ts, mod)
}

// DateToTimestamp casts a date to a timestamp.
func DateToTimestamp(d int64) (int64, error) {
	switch {
	case d == DateInfinity:
		return TimestampInfinity, nil
	case d == DateNegInfinity:
		return TimestampNegInfinity, nil
	case d >= endTimestamp/MicrosPerDay:
		return 0, pgerror.New(pgerror.DatetimeValueOutOfRange, "date out of range for timestamp")
	}
	return d * MicrosPerDay, nil
}

// TimestampToDate casts a timestamp (or a local timestamptz) to a date.
func TimestampToDate(ts int64) int64 {
	switch ts {
	case TimestampInfinity:
		return DateInfinity
	case TimestampNegInfinity:
		return DateNegInfinity
	}
	day, _ := SplitDay(ts)
	return day
}
