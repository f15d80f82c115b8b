package functions

import (
	"cmp"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// pathTime is a date or time within a jsonpath.
type pathTime struct {
	oid   types.OID
	value int64 // days, or microseconds as of the type (timestamptz: UTC; time and timetz: of the day)
	zone  int64 // seconds east of UTC, as given: of timetz, and how a timestamptz prints
}

// datetime reads ISO 8601 dates and times.
func (r *pathRun) datetime(p *types.JSONPathItem, v pathValue, out *pathList) (pathResult, error) {
	if p.Left != nil {
		return pathError, pgerror.Unsupported("a template of jsonpath item method .datetime()")
	}
	if !v.is(types.JSONString) {
		return r.fail(pgerror.InvalidArgumentForSqlJsonDatetimeFunction, "jsonpath item method .%s() can only be applied to a string", "datetime")
	}
	t, ok := parsePathTime(v.json.Str)
	if !ok {
		if r.quiet {
			return pathError, nil
		}
		return pathError, pgerror.New(pgerror.InvalidArgumentForSqlJsonDatetimeFunction, "datetime format is not recognized: \"%s\"", v.json.Str).
			WithHint("Use a datetime template argument to specify the input data format.")
	}
	return r.next(p, pathValue{time: t}, out)
}

// isoScanner reads the parts of a date or time.
type isoScanner struct{ s string }

func (s *isoScanner) skip(c byte) bool {
	if s.s == "" || s.s[0] != c {
		return false
	}
	s.s = s.s[1:]
	return true
}

func (s *isoScanner) blanks() bool {
	n := len(s.s)
	s.s = strings.TrimLeft(s.s, " \t\n\r\f\v")
	return len(s.s) < n
}

// number reads at most width digits.
func (s *isoScanner) number(width int) (n int, ok bool) {
	i := 0
	for i < len(s.s) && i < width && isDigitByte(s.s[i]) {
		n = n*10 + int(s.s[i]-'0')
		i++
	}
	s.s = s.s[i:]
	return n, i > 0
}

// date reads year-month-day.
func (s *isoScanner) date(c *types.Civil) bool {
	bc := s.skip('-')
	year, ok := s.number(7)
	if !ok || !s.skip('-') {
		return false
	}
	if bc {
		year = -year
	}
	if year < 0 {
		year++
	}
	month, ok := s.number(2)
	if !ok || !s.skip('-') {
		return false
	}
	day, ok := s.number(2)
	c.Year, c.Month, c.Day = year, month, day
	return ok && month >= 1 && month <= 12 && day >= 1 && day <= types.DaysInMonth(year, month)
}

// clock reads hour:minute:second with a fraction.
func (s *isoScanner) clock(c *types.Civil) bool {
	for i, part := range [...]*int{&c.Hour, &c.Minute, &c.Second} {
		n, ok := s.number(2)
		if !ok || i < 2 && !s.skip(':') {
			return false
		}
		*part = n
	}
	if s.skip('.') {
		unit := 100_000
		for ; s.s != "" && isDigitByte(s.s[0]); unit /= 10 {
			c.Micro += int(s.s[0]-'0') * unit
			s.s = s.s[1:]
		}
		if unit == 100_000 {
			return false
		}
	}
	return c.Hour < 24 && c.Minute < 60 && c.Second < 60
}

// zone reads the rest: nothing, or hours and minutes from UTC.
func (s *isoScanner) zone() (seconds int64, has, ok bool) {
	blanks := s.blanks()
	if s.s == "" {
		return 0, false, true
	}
	sign := int64(1)
	if !s.skip('+') && s.skip('-') {
		sign = -1
		if blanks { // taken as a separator, which the formats do not have there
			return 0, true, false
		}
	}
	hour, ok := s.number(2)
	if !ok || hour > 15 {
		return 0, true, false
	}
	minute := 0
	if s.skip(':') {
		if minute, ok = s.number(2); !ok || minute > 59 {
			return 0, true, false
		}
	}
	s.blanks()
	return sign * int64(hour*3600+minute*60), true, s.s == ""
}

func parsePathTime(text string) (*pathTime, bool) {
	s := isoScanner{s: text}
	s.blanks()
	c := types.Civil{Year: 2000, Month: 1, Day: 1}
	if colon := strings.IndexByte(s.s, ':'); colon >= 0 && colon <= 2 { // a time alone
		if !s.clock(&c) {
			return nil, false
		}
		zone, has, ok := s.zone()
		if has {
			return &pathTime{oid: types.Timetz, value: c.TimeMicros(), zone: zone}, ok
		}
		return &pathTime{oid: types.Time, value: c.TimeMicros()}, ok
	}
	if !s.date(&c) {
		return nil, false
	}
	blanks := s.blanks()
	if s.s == "" {
		return &pathTime{oid: types.Date, value: c.Days()}, true
	}
	if !blanks && !s.skip('T') || !s.clock(&c) {
		return nil, false
	}
	zone, has, ok := s.zone()
	ts, valid := c.Timestamp()
	if has {
		return &pathTime{oid: types.Timestamptz, value: ts - zone*types.MicrosPerSecond, zone: zone}, ok && valid
	}
	return &pathTime{oid: types.Timestamp, value: ts}, ok && valid
}

// text prints a value in ISO 8601, whatever the session's date style is.
func (t *pathTime) text() string {
	switch t.oid {
	case types.Date:
		return jsonDateTime(&Context{}, types.Of(types.Date), types.NewInt(types.PhysInt32, t.value))
	case types.Time, types.Timetz:
		b := types.AppendTime(nil, t.value)
		if t.oid == types.Timetz {
			b = appendISOZone(b, t.zone)
		}
		return string(b)
	}
	local := t.value + t.zone*types.MicrosPerSecond
	s := jsonDateTime(&Context{}, types.Of(types.Timestamp), types.NewInt8(local))
	if t.oid == types.Timestamp {
		return s
	}
	s, bc := strings.CutSuffix(s, " BC")
	s = string(appendISOZone([]byte(s), t.zone))
	if bc {
		s += " BC"
	}
	return s
}

func appendISOZone(b []byte, zone int64) []byte {
	sign := byte('+')
	if zone < 0 {
		sign, zone = '-', -zone
	}
	two := func(n int64) { b = append(b, byte('0'+n/10), byte('0'+n%10)) }
	b = append(b, sign)
	two(zone / 3600)
	b = append(b, ':')
	two(zone / 60 % 60)
	return b
}

var pathTimeNames = map[types.OID]string{
	types.Date: "date", types.Time: "time", types.Timetz: "timetz", types.Timestamp: "timestamp", types.Timestamptz: "timestamptz",
}

// compare compares dates with timestamps and times with times; ok is false for
// anything else. What has no zone takes the session's if that may be used.
func (t *pathTime) compare(u *pathTime, c *Context, tz bool) (order int, ok bool, err error) {
	clock := func(x *pathTime) bool { return x.oid == types.Time || x.oid == types.Timetz }
	zoned := func(x *pathTime) bool { return x.oid == types.Timetz || x.oid == types.Timestamptz }
	if clock(t) != clock(u) {
		return 0, false, nil
	}
	if zoned(t) != zoned(u) && !tz {
		from, to := t, u
		if zoned(t) {
			from, to = u, t
		}
		return 0, false, pgerror.New(pgerror.FeatureNotSupported, "cannot convert value from %s to %s without time zone usage", pathTimeNames[from.oid], pathTimeNames[to.oid]).
			WithHint("Use *_tz() function for time zone support.")
	}
	useZone := zoned(t) || zoned(u)
	a, az := t.instant(c, useZone)
	b, bz := u.instant(c, useZone)
	switch {
	case a != b:
		return cmp.Compare(a, b), true, nil
	case clock(t):
		return cmp.Compare(bz, az), true, nil // of equal timetz, the one farther west is larger
	}
	return 0, true, nil
}

// instant is a value in microseconds, of UTC where zones count.
func (t *pathTime) instant(c *Context, useZone bool) (micros, east int64) {
	switch t.oid {
	case types.Timetz:
		return t.value - t.zone*types.MicrosPerSecond, t.zone
	case types.Time:
		if !useZone {
			return t.value, 0
		}
		now := types.TimestampFromTime(c.TxnStart)
		offset, _, _ := types.ZoneOffset(zone(c), now)
		east = int64(offset)
		return t.value - east*types.MicrosPerSecond, east
	case types.Timestamptz:
		return t.value, 0
	}
	ts := t.value
	if t.oid == types.Date {
		ts *= types.MicrosPerDay
	}
	if useZone {
		ts = toUTC(c, ts)
	}
	return ts, 0
}
