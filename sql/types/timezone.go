package types

import (
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// zoneAbbrev is the meaning of an abbreviation in input.
type zoneAbbrev struct {
	offset int // seconds east of UTC
	dst    bool
	zone   string // if not empty, the zone that knows the offset
}

// zonePeriod is a time during which a zone's offset stays the same.
type zonePeriod struct {
	start  int64 // Unix seconds
	offset int32 // seconds east of UTC
	dst    bool
	abbrev string
}

// zoneTable has a location's periods from the beginning to 2500. Later times
// are looked up 400 years (one cycle of the calendar) earlier.
type zoneTable struct {
	periods []zonePeriod
	last    atomic.Int32 // the index that at found last
}

const (
	zoneTableEnd = 16725225600 // 2500-01-01 in Unix seconds
	cycleSeconds = 146097 * secondsPerDay
)

var (
	zoneTables sync.Map // *time.Location -> *zoneEntry
	utcTable   = &zoneTable{periods: []zonePeriod{{start: -1 << 62, abbrev: "UTC"}}}
)

// zoneOf returns a location's table; nil is UTC.
func zoneOf(loc *time.Location) *zoneTable {
	if loc == nil || loc == time.UTC {
		return utcTable
	}
	if last := lastZone.Load(); last != nil && last.loc == loc {
		return last.table
	}
	v, ok := zoneTables.Load(loc)
	if !ok {
		v, _ = zoneTables.LoadOrStore(loc, &zoneEntry{loc: loc, table: buildZoneTable(loc)})
	}
	e := v.(*zoneEntry)
	lastZone.Store(e)
	return e.table
}

// zoneEntry is a location and its table.
type zoneEntry struct {
	loc   *time.Location
	table *zoneTable
}

// lastZone is the zone used last; most processes use only one.
var lastZone atomic.Pointer[zoneEntry]

func buildZoneTable(loc *time.Location) *zoneTable {
	z := &zoneTable{}
	t := time.Unix(-1<<40, 0).In(loc)
	start := int64(-1 << 62)
	for {
		abbrev, offset := t.Zone()
		p := zonePeriod{start: start, offset: int32(offset), dst: t.IsDST(), abbrev: abbrev}
		if n := len(z.periods); n == 0 || z.periods[n-1].offset != p.offset || z.periods[n-1].dst != p.dst || z.periods[n-1].abbrev != p.abbrev {
			z.periods = append(z.periods, p)
		}
		_, end := t.ZoneBounds()
		if end.IsZero() || end.Unix() >= zoneTableEnd {
			return z
		}
		// By the rules for later years a period also ends with the year, and
		// in leap years ZoneBounds can stay on that day.
		if !end.After(t) {
			end = t.Add(24 * time.Hour)
		}
		t = end
		start = end.Unix()
	}
}

// cycle moves times after the table into its last 400 years.
func (z *zoneTable) cycle(unix int64) (folded, moved int64) {
	if unix < zoneTableEnd-400*secondsPerDay || len(z.periods) == 1 {
		return unix, 0
	}
	n := (unix-(zoneTableEnd-400*secondsPerDay))/cycleSeconds + 1
	return unix - n*cycleSeconds, n * cycleSeconds
}

// index finds the period of a time within the table.
func (z *zoneTable) index(unix int64) int {
	lo, hi := 0, len(z.periods)
	for hi-lo > 1 {
		m := int(uint(lo+hi) >> 1)
		if z.periods[m].start <= unix {
			lo = m
		} else {
			hi = m
		}
	}
	return lo
}

func (z *zoneTable) at(unix int64) *zonePeriod {
	if len(z.periods) == 1 {
		return &z.periods[0]
	}
	unix, _ = z.cycle(unix)
	// Times come in clusters: try the period found last.
	i := int(z.last.Load())
	if p := &z.periods[i]; p.start <= unix && (i+1 == len(z.periods) || unix < z.periods[i+1].start) {
		return p
	}
	i = z.index(unix)
	z.last.Store(int32(i))
	return &z.periods[i]
}

// local returns the offset that a local time (as seconds, as if it were UTC)
// has. In a gap the offset before it counts, in an overlap the one after it.
func (z *zoneTable) local(secs int64) *zonePeriod {
	if len(z.periods) == 1 {
		return &z.periods[0]
	}
	secs, _ = z.cycle(secs)
	i := z.index(secs - secondsPerDay)
	before := &z.periods[i]
	if i+1 == len(z.periods) {
		return before
	}
	after := &z.periods[i+1]
	beforeTime, afterTime := secs-int64(before.offset), secs-int64(after.offset)
	switch {
	case beforeTime < after.start && afterTime < after.start:
		return before
	case beforeTime > after.start && afterTime >= after.start:
		return after
	case beforeTime > afterTime:
		return before
	}
	return after
}

// unixSeconds turns a timestamp into Unix seconds.
func unixSeconds(ts int64) int64 { return floorDiv64(ts, MicrosPerSecond) + unixEpochSeconds }

// ZoneOffset returns a zone's offset (seconds east), abbreviation and whether
// daylight saving holds at a timestamptz. A nil location is UTC.
func ZoneOffset(loc *time.Location, ts int64) (offset int, abbrev string, dst bool) {
	p := zoneOf(loc).at(unixSeconds(ts))
	return int(p.offset), p.abbrev, p.dst
}

// OffsetRange is the range from <= t < to of timestamps around t during which a zone's
// offset stays; it may end before that does. A nil location is UTC.
func OffsetRange(t int64, loc *time.Location) (from, to int64) {
	z := zoneOf(loc)
	from, to = math.MinInt64, math.MaxInt64
	if len(z.periods) == 1 {
		return from, to
	}
	unix, moved := z.cycle(unixSeconds(t))
	micros := func(secs int64) int64 { return (secs + moved - unixEpochSeconds) * MicrosPerSecond }
	i := z.index(unix)
	const end = zoneTableEnd - 400*secondsPerDay // of what cycle leaves
	switch {
	case moved > 0:
		from = micros(max(z.periods[i].start, end-cycleSeconds))
	case i > 0:
		from = micros(z.periods[i].start)
	}
	if to = micros(end); i+1 < len(z.periods) {
		to = min(to, micros(z.periods[i+1].start))
	}
	return from, to
}

// ToLocal converts a timestamptz to the local timestamp of a zone (timestamptz
// AT TIME ZONE). The result may be out of range.
func ToLocal(ts int64, loc *time.Location) int64 {
	if loc == nil || loc == time.UTC || IsTimestampInfinite(ts) {
		return ts
	}
	return ts + int64(zoneOf(loc).at(unixSeconds(ts)).offset)*MicrosPerSecond
}

// ToUTC converts a local timestamp to a timestamptz (timestamp AT TIME ZONE).
// The result may be out of range.
func ToUTC(ts int64, loc *time.Location) int64 {
	if loc == nil || loc == time.UTC || IsTimestampInfinite(ts) {
		return ts
	}
	return ts - int64(zoneOf(loc).local(unixSeconds(ts)).offset)*MicrosPerSecond
}

// SplitTimestamptz returns the local fields of a finite timestamptz.
func SplitTimestamptz(ts int64, loc *time.Location) Civil {
	if loc == nil || loc == time.UTC {
		c := SplitTimestamp(ts)
		c.Zone = "UTC"
		return c
	}
	p := zoneOf(loc).at(unixSeconds(ts))
	c := SplitTimestamp(ts + int64(p.offset)*MicrosPerSecond)
	c.Offset, c.Zone, c.DST = int(p.offset), p.abbrev, p.dst
	return c
}

// ZoneForName finds the zone of AT TIME ZONE and SET TIME ZONE texts: an
// abbreviation, a name or a POSIX specification; 22023 if there is none. For
// an abbreviation the location has its fixed offset.
func ZoneForName(zone string) (*time.Location, error) {
	lower := strings.ToLower(zone)
	if a, ok := zoneAbbrevs[lower]; ok {
		if a.zone != "" {
			if loc, _, ok := LoadZone(a.zone); ok {
				return dynamicZone(lower, a, loc), nil
			}
		}
		if a.offset == 0 && !a.dst {
			return time.UTC, nil
		}
		return abbrevZone(strings.ToUpper(lower), a), nil
	}
	if loc, _, ok := LoadZone(zone); ok {
		return loc, nil
	}
	return nil, pgerror.New(pgerror.InvalidParameterValue, "time zone \"%s\" not recognized", zone)
}

var abbrevZones sync.Map // name -> *time.Location

func abbrevZone(name string, a zoneAbbrev) *time.Location {
	if l, ok := abbrevZones.Load(name); ok {
		return l.(*time.Location)
	}
	l, _ := abbrevZones.LoadOrStore(name, time.FixedZone(name, a.offset))
	return l.(*time.Location)
}

// dynamicZone returns a location that has, at any time, the offset that an
// abbreviation has in the zone loc.
func dynamicZone(name string, a zoneAbbrev, loc *time.Location) *time.Location {
	if l, ok := abbrevZones.Load(name); ok {
		return l.(*time.Location)
	}
	z := &zoneTable{}
	for _, p := range zoneOf(loc).periods {
		p.offset, p.abbrev = int32(a.at(name, p.start)), strings.ToUpper(name)
		z.periods = append(z.periods, p)
	}
	l := time.FixedZone(strings.ToUpper(name), a.offset)
	zoneTables.Store(l, &zoneEntry{loc: l, table: z})
	if old, loaded := abbrevZones.LoadOrStore(name, l); loaded {
		zoneTables.Delete(l)
		return old.(*time.Location)
	}
	return l
}

// at returns the offset an abbreviation has at a local time: the one its
// zone gives it around that time, else the zone's own.
func (a zoneAbbrev) at(name string, secs int64) int {
	if a.zone == "" {
		return a.offset
	}
	loc, _, ok := LoadZone(a.zone)
	if !ok {
		return a.offset
	}
	z := zoneOf(loc)
	folded, _ := z.cycle(secs)
	i := z.index(folded)
	for j := i; j >= 0; j-- {
		if strings.EqualFold(z.periods[j].abbrev, name) {
			return int(z.periods[j].offset)
		}
	}
	for j := i + 1; j < len(z.periods); j++ {
		if strings.EqualFold(z.periods[j].abbrev, name) {
			return int(z.periods[j].offset)
		}
	}
	return int(z.local(secs).offset)
}

// appendZoneOffset appends +hh, +hh:mm or +hh:mm:ss for seconds east.
func appendZoneOffset(dst []byte, offset int) []byte {
	sign := byte('+')
	if offset < 0 {
		sign = '-'
		offset = -offset
	}
	dst = appendPadded(append(dst, sign), uint64(offset/3600), 2)
	if offset %= 3600; offset != 0 {
		dst = appendPadded(append(dst, ':'), uint64(offset/60), 2)
		if offset %= 60; offset != 0 {
			dst = appendPadded(append(dst, ':'), uint64(offset), 2)
		}
	}
	return dst
}
