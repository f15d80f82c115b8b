package types

import (
	"math"
	"strconv"
	"strings"
)

// date decodes a date whose parts are joined by delimiters (DecodeDate).
func (d *dtDecoder) date(text string) (int, error) {
	var parts [maxDateFields]string
	n := 0
	for i := 0; i < len(text) && n < maxDateFields; {
		for i < len(text) && !isAlnum(text[i]) {
			i++
		}
		if i == len(text) {
			return 0, errDateFormat
		}
		start := i
		if isDigit(text[i]) {
			for i < len(text) && isDigit(text[i]) {
				i++
			}
		} else {
			for i < len(text) && isAlpha(text[i]) {
				i++
			}
		}
		parts[n] = text[start:i]
		n++
		if i < len(text) {
			i++ // the delimiter
		}
	}
	set := 0
	textMonth := false
	for i, p := range parts[:n] {
		if !isAlpha(p[0]) {
			continue
		}
		w := dtWords[p]
		if w.kind == dkIgnore {
			parts[i] = ""
			continue
		}
		if w.kind != dkMonth || (d.mask|set)&fmMonth != 0 {
			return 0, errDateFormat
		}
		d.c.Month = w.val
		textMonth = true
		set |= fmMonth
		parts[i] = ""
	}
	d.textMonth = d.textMonth || textMonth
	saved := d.textMonth
	d.textMonth = textMonth
	for _, p := range parts[:n] {
		if p == "" {
			continue
		}
		got, err := d.number(p, d.mask|set)
		if err != nil {
			return 0, err
		}
		if got&(d.mask|set) != 0 {
			return 0, errDateFormat
		}
		set |= got
	}
	d.textMonth = saved
	if (d.mask|set)&^(fmDOY|fmZone) != fmDate {
		return 0, errDateFormat
	}
	return set, nil
}

// number decodes a number by what is known already (DecodeNumber).
func (d *dtDecoder) number(text string, mask int) (int, error) {
	whole, frac, hasFrac := strings.Cut(text, ".")
	v64, err := strconv.ParseInt(whole, 10, 32)
	if err != nil {
		if whole == "" {
			return 0, errDateFormat
		}
		return 0, errDateOverflow
	}
	v := int(v64)
	if hasFrac {
		if len(whole) > 2 {
			return d.runTogether(text, mask|fmDate)
		}
		if d.c.Micro, err = fractionMicros(frac); err != nil {
			return 0, err
		}
	}
	flen := len(text)
	if flen == 3 && mask&fmDate == fmYear && v >= 1 && v <= 366 {
		d.doy = v
		return fmDOY | fmMonth | fmDay, nil
	}
	order := d.io.DateOrder
	set := 0
	switch mask & fmDate {
	case 0:
		switch {
		case flen >= 3 || order == OrderYMD:
			set = fmYear
		case order == OrderDMY:
			set = fmDay
		default:
			set = fmMonth
		}
	case fmYear:
		set = fmMonth
	case fmMonth:
		set = fmDay
		if d.textMonth && (flen >= 3 || order == OrderYMD) {
			set = fmYear
		}
	case fmYear | fmMonth:
		set = fmDay
		if d.textMonth && flen >= 3 && d.twoDigits {
			// The first number was the day after all.
			d.c.Day, d.c.Year = d.c.Year, v
			d.twoDigits = false
			return fmDay, nil
		}
	case fmDay:
		set = fmMonth
	case fmMonth | fmDay:
		set = fmYear
	case fmDate:
		return d.runTogether(text, mask)
	default:
		return 0, errDateFormat
	}
	switch set {
	case fmYear:
		d.c.Year = v
		d.twoDigits = flen <= 2
	case fmMonth:
		d.c.Month = v
	case fmDay:
		d.c.Day = v
	}
	return set, nil
}

// runTogether decodes 20011223 or 040506.789 (DecodeNumberField).
func (d *dtDecoder) runTogether(text string, mask int) (int, error) {
	whole, frac, hasFrac := strings.Cut(text, ".")
	for i := range len(whole) {
		if !isDigit(whole[i]) {
			return 0, errDateFormat
		}
	}
	two := func(s string) int { return int(s[0]-'0')*10 + int(s[1]-'0') }
	n := len(whole)
	if hasFrac {
		var err error
		if d.c.Micro, err = fractionMicros(frac); err != nil {
			return 0, err
		}
	} else if mask&fmDate != fmDate && n >= 6 {
		year, err := strconv.ParseInt(whole[:n-4], 10, 32)
		if err != nil {
			return 0, errDateOverflow
		}
		d.c.Year, d.c.Month, d.c.Day = int(year), two(whole[n-4:]), two(whole[n-2:])
		d.twoDigits = n-4 == 2
		return fmDate, nil
	}
	if mask&fmTime == 0 {
		switch n {
		case 6:
			d.c.Hour, d.c.Minute, d.c.Second = two(whole), two(whole[2:]), two(whole[4:])
		case 4:
			d.c.Hour, d.c.Minute, d.c.Second = two(whole), two(whole[2:]), 0
		default:
			return 0, errDateFormat
		}
		if timeOverflows(d.c) {
			return 0, errDateOverflow
		}
		return fmTime, nil
	}
	return 0, errDateFormat
}

// fractionMicros rounds the digits after a second's point to microseconds.
func fractionMicros(frac string) (int, error) {
	if len(frac) <= 6 {
		v := 0
		for i := range 6 {
			v *= 10
			if i < len(frac) {
				if !isDigit(frac[i]) {
					return 0, errDateFormat
				}
				v += int(frac[i] - '0')
			}
		}
		return v, nil
	}
	f, err := strconv.ParseFloat("0."+frac, 64)
	if err != nil {
		return 0, errDateFormat
	}
	return int(math.RoundToEven(f * MicrosPerSecond)), nil
}

// decodeTime reads hh:mm[:ss[.ffffff]]; two fields with a fraction are mm:ss.
func decodeTime(text string, c *Civil) error {
	next := func() (int, error) {
		i := 0
		for i < len(text) && isDigit(text[i]) {
			i++
		}
		v, err := strconv.ParseInt(text[:i], 10, 32)
		if err != nil {
			if i == 0 {
				return 0, nil
			}
			return 0, errDateOverflow
		}
		text = text[i:]
		return int(v), nil
	}
	var err error
	if c.Hour, err = next(); err != nil {
		return err
	}
	if text == "" || text[0] != ':' {
		return errDateFormat
	}
	text = text[1:]
	if c.Minute, err = next(); err != nil {
		return err
	}
	c.Second, c.Micro = 0, 0
	switch {
	case text == "":
	case text[0] == '.':
		if c.Micro, err = fractionMicros(text[1:]); err != nil {
			return err
		}
		c.Hour, c.Minute, c.Second = 0, c.Hour, c.Minute
	case text[0] == ':':
		text = text[1:]
		if c.Second, err = next(); err != nil {
			return err
		}
		if text != "" {
			if text[0] != '.' {
				return errDateFormat
			}
			if c.Micro, err = fractionMicros(text[1:]); err != nil {
				return err
			}
		}
	default:
		return errDateFormat
	}
	if c.Hour < 0 || c.Minute > 59 || c.Second > 60 {
		return errDateOverflow
	}
	return nil
}

// decodeZoneOffset reads +hh, +hhmm, +hh:mm[:ss] as seconds east of UTC.
func decodeZoneOffset(text string) (int, error) {
	if text == "" || text[0] != '+' && text[0] != '-' {
		return 0, errDateFormat
	}
	body := text[1:]
	parts := strings.Split(body, ":")
	if len(parts) > 3 || parts[0] == "" {
		return 0, errDateFormat
	}
	var v [3]int
	for i, p := range parts {
		for j := range len(p) {
			if !isDigit(p[j]) {
				return 0, errDateFormat
			}
		}
		if p == "" {
			continue
		}
		n, err := strconv.ParseInt(p, 10, 32)
		if err != nil {
			return 0, errZoneOverflow
		}
		v[i] = int(n)
	}
	if len(parts) == 1 && len(body) > 2 {
		v[0], v[1] = v[0]/100, v[0]%100
	}
	if v[0] > 15 || v[1] > 59 || v[2] > 59 {
		return 0, errZoneOverflow
	}
	off := (v[0]*60+v[1])*60 + v[2]
	if text[0] == '-' {
		off = -off
	}
	return off, nil
}
