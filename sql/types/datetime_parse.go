package types

import (
	"strconv"
	"strings"
	"time"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// Bits of the fields that input has set.
const (
	fmYear = 1 << iota
	fmMonth
	fmDay
	fmTime
	fmZone
	fmDTZMod
	fmDOY
	fmDow
	fmAMPM
	fmADBC

	fmDate = fmYear | fmMonth | fmDay
)

// dtResult is decoded date and time input: either special, or the fields.
type dtResult struct {
	special int // rvEpoch, rvInfinity, rvNegInfinity, or 0
	c       Civil
	mask    int
	offset  int // seconds east of UTC; meaningful when the zone was decided
}

// dtDecoder turns fields into a Civil.
type dtDecoder struct {
	io   *IO
	c    Civil
	mask int

	timeOnly, twoDigits, textMonth, julian, bc bool

	doy    int
	mer    int // 0 none, 1 AM, 2 PM
	prefix int // 0 none, prefixJulian, prefixTime

	offset  int
	zone    *time.Location
	abbrev  string
	dynZone *zoneAbbrev
	special int
}

const (
	prefixJulian = 1
	prefixTime   = 2
)

// now returns the transaction's start as a timestamptz.
func (io *IO) now() int64 {
	if io.Now.IsZero() {
		return TimestampFromTime(time.Now())
	}
	return TimestampFromTime(io.Now)
}

// TimestampFromTime converts a time.Time to a timestamptz.
func TimestampFromTime(t time.Time) int64 {
	return (t.Unix()-unixEpochSeconds)*MicrosPerSecond + int64(t.Nanosecond()/1000)
}

// TimestampToTime converts a timestamptz to a time.Time in UTC.
func TimestampToTime(ts int64) time.Time {
	secs := floorDiv64(ts, MicrosPerSecond)
	return time.Unix(secs+unixEpochSeconds, (ts-secs*MicrosPerSecond)*1000).UTC()
}

// decodeDateTime reads a date with or without a time (DecodeDateTime).
func decodeDateTime(s string, io *IO) (dtResult, error) {
	var buf [8]dtToken
	toks, err := splitDateTime(s, buf[:0])
	if err != nil {
		return dtResult{}, err
	}
	d := dtDecoder{io: io}
	for i := range toks {
		if err := d.field(toks, i); err != nil {
			return dtResult{}, err
		}
	}
	if d.prefix != 0 {
		return dtResult{}, errDateFormat
	}
	if d.special != 0 {
		return dtResult{special: d.special}, nil
	}
	if err := d.validateDate(); err != nil {
		return dtResult{}, err
	}
	if err := d.applyMeridian(); err != nil {
		return dtResult{}, err
	}
	if d.mask&fmDate != fmDate {
		return dtResult{}, errDateFormat
	}
	if err := d.resolveZone(); err != nil {
		return dtResult{}, err
	}
	return dtResult{c: d.c, mask: d.mask, offset: d.offset}, nil
}

// decodeTimeOnly reads a time of day (DecodeTimeOnly).
func decodeTimeOnly(s string, io *IO) (dtResult, error) {
	var buf [8]dtToken
	toks, err := splitDateTime(s, buf[:0])
	if err != nil {
		return dtResult{}, err
	}
	d := dtDecoder{io: io, timeOnly: true}
	for i := range toks {
		if err := d.field(toks, i); err != nil {
			return dtResult{}, err
		}
	}
	if d.prefix != 0 || d.special != 0 {
		return dtResult{}, errDateFormat
	}
	if err := d.validateDate(); err != nil {
		return dtResult{}, err
	}
	if err := d.applyMeridian(); err != nil {
		return dtResult{}, err
	}
	if timeOverflows(d.c) {
		return dtResult{}, errDateOverflow
	}
	if d.mask&fmTime == 0 {
		return dtResult{}, errDateFormat
	}
	if d.mask&fmDate != fmDate {
		if d.zone != nil && len(zoneOf(d.zone).periods) > 1 && !stableZone(d.zone) {
			return dtResult{}, errDateFormat
		}
		today := SplitTimestamptz(io.now(), io.TimeZone)
		d.c.Year, d.c.Month, d.c.Day = today.Year, today.Month, today.Day
	}
	if err := d.resolveZone(); err != nil {
		return dtResult{}, err
	}
	return dtResult{c: d.c, mask: d.mask, offset: d.offset}, nil
}

// stableZone reports whether a zone always had one offset.
func stableZone(loc *time.Location) bool {
	p := zoneOf(loc).periods
	for i := range p {
		if p[i].offset != p[0].offset {
			return false
		}
	}
	return true
}

func timeOverflows(c Civil) bool {
	return c.Hour < 0 || c.Hour > 24 || c.Minute < 0 || c.Minute > 59 || c.Second < 0 || c.Second > 60 ||
		c.Micro < 0 || c.Micro > MicrosPerSecond || c.TimeMicros() > MicrosPerDay
}

// field decodes the i-th field and notes what it set.
func (d *dtDecoder) field(toks []dtToken, i int) error {
	tok := toks[i]
	var set int
	var err error
	switch tok.kind {
	case dtDate:
		set, err = d.dateField(toks, i)
	case dtTime:
		if d.prefix != 0 && d.prefix != prefixTime {
			return errDateFormat
		}
		d.prefix = 0
		set = fmTime
		if err = decodeTime(tok.text, &d.c); err == nil && timeOverflows(d.c) {
			err = errDateOverflow
		}
	case dtZone:
		set = fmZone
		d.offset, err = decodeZoneOffset(tok.text)
	case dtNumber:
		set, err = d.numberField(toks, i)
	default:
		set, err = d.wordField(tok.text)
	}
	if err != nil {
		return err
	}
	if set&d.mask != 0 {
		return errDateFormat
	}
	d.mask |= set
	return nil
}

// dateField decodes a field with delimiters: a date, or after a date a zone's
// name or a run-together time with a zone.
func (d *dtDecoder) dateField(toks []dtToken, i int) (int, error) {
	text := toks[i].text
	if d.timeOnly {
		if i == 0 && len(toks) >= 2 && (toks[len(toks)-1].kind == dtDate || toks[1].kind == dtTime) {
			return d.date(text)
		}
	} else if d.prefix == 0 && d.mask&(fmMonth|fmDay) != fmMonth|fmDay {
		return d.date(text)
	}
	if isDigit(text[0]) || d.prefix != 0 {
		if d.prefix != 0 && d.prefix != prefixTime || d.mask&fmTime != 0 {
			return 0, errDateFormat
		}
		d.prefix = 0
		dash := strings.IndexByte(text, '-')
		if dash < 0 {
			return 0, errDateFormat
		}
		var err error
		if d.offset, err = decodeZoneOffset(text[dash:]); err != nil {
			return 0, err
		}
		mask := d.mask
		if d.timeOnly {
			mask |= fmDate
		}
		set, err := d.runTogether(text[:dash], mask)
		return set | fmZone, err
	}
	loc, _, ok := LoadZone(text)
	if !ok {
		return 0, pgerror.New(pgerror.InvalidParameterValue, "time zone \"%s\" not recognized", text)
	}
	d.zone = loc
	return fmZone, nil
}

func (d *dtDecoder) numberField(toks []dtToken, i int) (int, error) {
	text := toks[i].text
	switch d.prefix {
	case prefixJulian:
		d.prefix = 0
		whole, frac, _ := strings.Cut(text, ".")
		v, err := strconv.ParseInt(whole, 10, 32)
		if err != nil {
			return 0, errDateOverflow
		}
		d.c.Year, d.c.Month, d.c.Day = CivilFromDays(v - epochJulian)
		d.julian = true
		if frac == "" {
			return fmDate, nil
		}
		f, err := strconv.ParseFloat("0."+frac, 64)
		if err != nil {
			return 0, errDateFormat
		}
		d.c.setTime(int64(f * MicrosPerDay))
		return fmDate | fmTime, nil
	case prefixTime:
		d.prefix = 0
		set, err := d.runTogether(text, d.mask|fmDate)
		if err == nil && set != fmTime {
			err = errDateFormat
		}
		return set, err
	}
	dot := strings.IndexByte(text, '.')
	if d.timeOnly {
		switch {
		case dot >= 0 && i == 0 && len(toks) >= 2 && toks[len(toks)-1].kind == dtDate:
			return d.date(text)
		case dot > 2 || dot < 0 && len(text) > 4:
			return d.runTogether(text, d.mask|fmDate)
		case dot >= 0:
			return 0, errDateFormat
		}
		return d.number(text, d.mask|fmDate)
	}
	switch {
	case dot >= 0 && d.mask&fmDate == 0:
		return d.date(text)
	case dot > 2, len(text) >= 6 && (d.mask&fmDate == 0 || d.mask&fmTime == 0):
		return d.runTogether(text, d.mask)
	}
	return d.number(text, d.mask)
}

func (d *dtDecoder) wordField(text string) (int, error) {
	if a, ok := zoneAbbrevs[text]; ok {
		if a.zone != "" {
			d.dynZone, d.abbrev = &a, text
		} else {
			d.offset += a.offset
		}
		return fmZone, nil
	}
	w := dtWords[text]
	switch w.kind {
	case dkReserved:
		return d.reserved(w.val)
	case dkMonth:
		set := fmMonth
		if d.mask&fmMonth != 0 && !d.textMonth && d.mask&fmDay == 0 && d.c.Month >= 1 && d.c.Month <= 31 {
			d.c.Day = d.c.Month
			set = fmDay
		}
		d.textMonth = true
		d.c.Month = w.val
		return set, nil
	case dkDTZMod:
		d.offset += w.val
		return fmDTZMod, nil
	case dkAMPM:
		d.mer = 1 + w.val
		return fmAMPM, nil
	case dkADBC:
		d.bc = w.val == 1
		return fmADBC, nil
	case dkDow:
		return fmDow, nil
	case dkIgnore:
		return 0, nil
	case dkUnits:
		if d.prefix != 0 {
			return 0, errDateFormat
		}
		d.prefix = prefixJulian
		return 0, nil
	case dkISOTime:
		if !d.timeOnly && d.mask&fmDate != fmDate || d.prefix != 0 {
			return 0, errDateFormat
		}
		d.prefix = prefixTime
		return 0, nil
	}
	loc, _, ok := LoadZone(text)
	if !ok {
		return 0, errDateFormat
	}
	d.zone = loc
	return fmZone, nil
}

func (d *dtDecoder) reserved(val int) (int, error) {
	switch val {
	case rvNow:
		d.c = SplitTimestamptz(d.io.now(), d.io.TimeZone)
		d.offset = d.c.Offset
		return fmDate | fmTime | fmZone, nil
	case rvToday, rvTomorrow, rvYesterday:
		if d.timeOnly {
			return 0, errDateFormat
		}
		day, _ := SplitDay(ToLocal(d.io.now(), d.io.TimeZone))
		switch val {
		case rvTomorrow:
			day++
		case rvYesterday:
			day--
		}
		d.c.Year, d.c.Month, d.c.Day = CivilFromDays(day)
		d.julian = true // the year needs no checks
		return fmDate, nil
	case rvZulu:
		d.c.setTime(0)
		d.offset = 0
		return fmTime | fmZone, nil
	}
	d.special = val
	return fmDate | fmTime | fmZone, nil
}

// validateDate checks and completes the date's fields (ValidateDate).
func (d *dtDecoder) validateDate() error {
	c := &d.c
	if d.mask&fmYear != 0 && !d.julian {
		switch {
		case d.mask&fmZone != 0 && d.mask&fmDate == fmDate && c.Zone != "":
			// From 'now': already right.
		case d.bc:
			if c.Year <= 0 {
				return errDateOverflow
			}
			c.Year = -(c.Year - 1)
		case d.twoDigits:
			if c.Year < 70 {
				c.Year += 2000
			} else if c.Year < 100 {
				c.Year += 1900
			}
		case c.Year <= 0:
			return errDateOverflow
		}
	}
	if d.mask&fmDOY != 0 {
		c.Year, c.Month, c.Day = CivilFromDays(DaysFromCivil(c.Year, 1, 1) + int64(d.doy) - 1)
	}
	if d.mask&fmMonth != 0 && (c.Month < 1 || c.Month > 12) {
		return errDateMDOverflow
	}
	if d.mask&fmDay != 0 && (c.Day < 1 || c.Day > 31) {
		return errDateMDOverflow
	}
	if d.mask&fmDate == fmDate && c.Day > DaysInMonth(c.Year, c.Month) {
		return errDateOverflow
	}
	return nil
}

func (d *dtDecoder) applyMeridian() error {
	if d.mer == 0 {
		return nil
	}
	if d.c.Hour > 12 {
		return errDateOverflow
	}
	d.c.Hour %= 12
	if d.mer == 2 {
		d.c.Hour += 12
	}
	return nil
}

// resolveZone finds the offset when the date is needed for it.
func (d *dtDecoder) resolveZone() error {
	if (d.zone != nil || d.mask&fmZone == 0) && d.mask&fmDTZMod != 0 {
		return errDateFormat
	}
	secs := func() int64 {
		return unixSeconds(d.c.Days()*MicrosPerDay + d.c.TimeMicros())
	}
	switch {
	case d.mask&fmZone == 0:
		if d.io.TimeZone == nil || !validJulian(d.c.Year, d.c.Month) {
			d.offset = 0
			return nil
		}
		d.offset = int(zoneOf(d.io.TimeZone).local(secs()).offset)
	case d.zone != nil:
		d.offset = int(zoneOf(d.zone).local(secs()).offset)
	case d.dynZone != nil:
		d.offset += d.dynZone.at(d.abbrev, secs())
	}
	return nil
}
