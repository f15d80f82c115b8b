package types

import (
	"bytes"
	"encoding/binary"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // the zones work without files of the system
)

var zoneNamesFolded = sync.OnceValue(func() map[string]string {
	m := make(map[string]string, 640)
	for name := range strings.Lines(strings.TrimSpace(zoneNames)) {
		name = strings.TrimSpace(name)
		m[strings.ToLower(name)] = name
	}
	return m
})

// ZoneNames returns the names of the time zone database in order.
func ZoneNames() []string {
	var names []string
	for _, n := range zoneNamesFolded() {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

var (
	zonesMu sync.Mutex
	zones   = map[string]*time.Location{} // by canonical name
)

// maxCachedZones bounds the POSIX zones that input can name.
const maxCachedZones = 2048

// LoadZone finds a time zone by its name in any case or by a POSIX
// specification ("EST5EDT", "<+03>-3"); name is its canonical spelling. It
// does not know abbreviations. ok is false if there is no such zone.
func LoadZone(zone string) (loc *time.Location, name string, ok bool) {
	lower := strings.ToLower(zone)
	name, known := zoneNamesFolded()[lower]
	switch {
	case lower == "utc" || lower == "gmt" && !known:
		return time.UTC, strings.ToUpper(lower), true
	case !known:
		name = strings.ToUpper(zone)
	}
	zonesMu.Lock()
	defer zonesMu.Unlock()
	if loc, ok := zones[name]; ok {
		return loc, name, true
	}
	if known {
		l, err := time.LoadLocation(name)
		if err != nil {
			return nil, "", false
		}
		loc = l
	} else if loc, ok = posixZone(name); !ok {
		return nil, "", false
	}
	if len(zones) >= maxCachedZones {
		clear(zones)
	}
	zones[name] = loc
	return loc, name, true
}

// FixedZone returns a zone of a fixed offset (seconds east of UTC).
func FixedZone(offset int) *time.Location {
	text := posixOffset(-offset)
	abbrev := "<" + posixOffset(offset) + ">"
	loc, _, ok := LoadZone(abbrev + text)
	if !ok {
		return time.FixedZone(abbrev, offset)
	}
	return loc
}

// posixOffset prints an offset as POSIX writes it: +hh[:mm[:ss]].
func posixOffset(secs int) string {
	var buf [16]byte
	return string(appendZoneOffset(buf[:0], secs))
}

// posixZone makes a location of a POSIX specification, by way of time zone
// data that has nothing but it.
func posixZone(spec string) (*time.Location, bool) {
	std, rest, ok := cutPosixName(spec)
	if !ok || rest == "" {
		return nil, false
	}
	off, rest, ok := cutPosixOffset(rest)
	if !ok {
		return nil, false
	}
	tz := spec
	if rest != "" && !strings.Contains(rest, ",") {
		// Daylight saving without rules follows the rules of the USA.
		tz += ",M3.2.0,M11.1.0"
	}
	var b bytes.Buffer
	head := func(typecnt, charcnt uint32) {
		b.WriteString("TZif2")
		b.Write(make([]byte, 15))
		for _, n := range []uint32{0, 0, 0, 0, typecnt, charcnt} {
			_ = binary.Write(&b, binary.BigEndian, n)
		}
	}
	for range 2 {
		head(1, uint32(len(std)+1))
		_ = binary.Write(&b, binary.BigEndian, int32(-off))
		b.Write([]byte{0, 0})
		b.WriteString(std + "\x00")
	}
	b.WriteString("\n" + tz + "\n")
	loc, err := time.LoadLocationFromTZData(spec, b.Bytes())
	if err != nil {
		return nil, false
	}
	return loc, true
}

func cutPosixName(s string) (name, rest string, ok bool) {
	if strings.HasPrefix(s, "<") {
		i := strings.IndexByte(s, '>')
		if i < 2 {
			return "", "", false
		}
		return s[1:i], s[i+1:], true
	}
	i := 0
	for i < len(s) && (s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z') {
		i++
	}
	return s[:i], s[i:], i >= 3
}

func cutPosixOffset(s string) (secs int, rest string, ok bool) {
	sign := 1
	if s[0] == '+' || s[0] == '-' {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	unit := 3600
	for unit > 0 {
		i := 0
		for i < len(s) && i < 3 && isDigit(s[i]) {
			i++
		}
		n, err := strconv.Atoi(s[:i])
		if err != nil || unit == 3600 && n > 167 || unit < 3600 && n > 59 {
			return 0, "", false
		}
		secs += n * unit
		s = s[i:]
		if s == "" || s[0] != ':' {
			break
		}
		s = s[1:]
		unit /= 60
	}
	return sign * secs, s, true
}
