package functions

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// templateKey is a pattern of date templates; same spelled in lower case
// unless both are listed. A longer one is listed before its prefix.
var templateKeys = []string{
	"A.D.", "A.M.", "AD", "AM", "B.C.", "BC", "CC", "DAY", "DDD", "DD", "DY", "Day", "Dy", "D",
	"FF1", "FF2", "FF3", "FF4", "FF5", "FF6", "FX", "HH24", "HH12", "HH", "IDDD", "ID", "IW", "IYYY", "IYY", "IY", "I", "J",
	"MI", "MM", "MONTH", "MON", "MS", "Month", "Mon", "OF", "P.M.", "PM", "Q", "RM", "SSSSS", "SSSS", "SS", "TZH", "TZM", "TZ",
	"US", "WW", "W", "Y,YYY", "YYYY", "YYY", "YY", "Y",
	"a.d.", "a.m.", "ad", "am", "b.c.", "bc", "cc", "day", "ddd", "dd", "dy", "d",
	"ff1", "ff2", "ff3", "ff4", "ff5", "ff6", "fx", "hh24", "hh12", "hh", "iddd", "id", "iw", "iyyy", "iyy", "iy", "i", "j",
	"mi", "mm", "month", "mon", "ms", "of", "p.m.", "pm", "q", "rm", "sssss", "ssss", "ss", "tzh", "tzm", "tz",
	"us", "ww", "w", "y,yyy", "yyyy", "yyy", "yy", "y",
}

// templateNode is a pattern with its modifiers, or literal text.
type templateNode struct {
	key    string // as written, "" for text
	text   string
	fill   bool // FM
	th     string
	quoted bool
}

// parseTemplate cuts a date template into patterns and text.
func parseTemplate(s string) []templateNode {
	var out []templateNode
	addText := func(text string, quoted bool) {
		out = append(out, templateNode{text: text, quoted: quoted})
	}
	for s != "" {
		n := templateNode{}
		rest := s
		for {
			if len(rest) >= 2 && strings.EqualFold(rest[:2], "FM") {
				n.fill, rest = true, rest[2:]
			} else if len(rest) >= 2 && rest[:2] == "TM" {
				rest = rest[2:]
			} else {
				break
			}
		}
		for _, k := range templateKeys {
			if strings.HasPrefix(rest, k) {
				n.key, rest = k, rest[len(k):]
				break
			}
		}
		if n.key != "" {
			if len(rest) >= 2 && (rest[:2] == "TH" || rest[:2] == "th") {
				n.th, rest = rest[:2], rest[2:]
			}
			if len(rest) >= 2 && rest[:2] == "SP" {
				rest = rest[2:]
			}
			out = append(out, n)
			s = rest
			continue
		}
		s = rest
		if s == "" {
			break
		}
		if s[0] == '"' {
			var b strings.Builder
			i := 1
			for ; i < len(s) && s[i] != '"'; i++ {
				if s[i] == '\\' && i+1 < len(s) {
					i++
				}
				b.WriteByte(s[i])
			}
			addText(b.String(), true)
			s = s[min(i+1, len(s)):]
			continue
		}
		if s[0] == '\\' && len(s) > 1 && s[1] == '"' {
			s = s[1:]
		}
		c := firstChar(s)
		addText(c, false)
		s = s[len(c):]
	}
	return out
}

var (
	monthNames = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	dayNames   = [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	romanNames = [...]string{"I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"}
)

// templateTime are the fields that templates print.
type templateTime struct {
	types.Civil
	yday, wday int
	interval   bool
}

func (t *templateTime) year(y int) int {
	if !t.interval && y <= 0 {
		return 1 - y
	}
	return y
}

var errIntervalTemplate = pgerror.New(pgerror.InvalidDatetimeFormat, "invalid format specification for an interval value").
	WithHint("Intervals are not tied to specific calendar dates.")

// ordinal is the English ending of a number.
func ordinal(num, th string) string {
	ending := "th"
	if n := len(num); n > 0 && (n < 2 || num[n-2] != '1') {
		switch num[n-1] {
		case '1':
			ending = "st"
		case '2':
			ending = "nd"
		case '3':
			ending = "rd"
		}
	}
	if th == "TH" {
		return strings.ToUpper(ending)
	}
	return ending
}

// matchCase writes a name as the pattern is written: NAME, Name or name.
func matchCase(name, pattern string) string {
	switch {
	case pattern == strings.ToUpper(pattern):
		return strings.ToUpper(name)
	case pattern == strings.ToLower(pattern):
		return strings.ToLower(name)
	}
	return name
}

func (t *templateTime) format(nodes []templateNode) (string, error) {
	var b strings.Builder
	for i := range nodes {
		n := &nodes[i]
		if n.key == "" {
			b.WriteString(n.text)
			continue
		}
		s, number, err := t.field(n)
		if err != nil {
			return "", err
		}
		b.WriteString(s)
		if number && n.th != "" {
			b.WriteString(ordinal(s, n.th))
		}
	}
	return b.String(), nil
}

// padded prints a number with zeros to a width, one more for a sign.
func padded(n *templateNode, v, width int) string {
	if n.fill {
		return strconv.Itoa(v)
	}
	if v < 0 {
		width++
	}
	return fmt.Sprintf("%0*d", width, v)
}

func nameField(n *templateNode, name string, width int) string {
	name = matchCase(name, n.key)
	if n.fill {
		return name
	}
	return fmt.Sprintf("%-*s", width, name)
}

func abs(v int) int {
	if v < 0 {
		return -v
	}
	return v
}

func (t *templateTime) field(n *templateNode) (text string, number bool, err error) {
	key := strings.ToUpper(n.key)
	if t.interval {
		switch key {
		case "A.D.", "B.C.", "AD", "BC", "MONTH", "MON", "DAY", "DY", "D", "ID", "IDDD", "TZ", "TZH", "TZM", "OF", "WW", "IW", "IYYY", "IYY", "IY", "I", "W", "J":
			return "", false, errIntervalTemplate
		}
	}
	num := func(v, width int) (string, bool, error) { return padded(n, v, width), true, nil }
	switch key {
	case "A.M.", "P.M.", "AM", "PM":
		half := "A.M."
		if ((t.Hour%24)+24)%24 >= 12 {
			half = "P.M."
		}
		if len(key) == 2 {
			half = strings.ReplaceAll(half, ".", "")
		}
		return matchCase(half, n.key), false, nil
	case "A.D.", "B.C.", "AD", "BC":
		era := "A.D."
		if t.Year <= 0 {
			era = "B.C."
		}
		if len(key) == 2 {
			era = strings.ReplaceAll(era, ".", "")
		}
		return matchCase(era, n.key), false, nil
	case "HH", "HH12":
		h := t.Hour % 12
		if h == 0 {
			h = 12
		}
		return num(h, 2)
	case "HH24":
		return num(t.Hour, 2)
	case "MI":
		return num(t.Minute, 2)
	case "SS":
		return num(t.Second, 2)
	case "FF1", "FF2", "FF3", "FF4", "FF5", "FF6":
		digits := int(key[2] - '0')
		v := t.Micro
		for range 6 - digits {
			v /= 10
		}
		return fmt.Sprintf("%0*d", digits, v), true, nil
	case "MS":
		return fmt.Sprintf("%03d", t.Micro/1000), true, nil
	case "US":
		return fmt.Sprintf("%06d", t.Micro), true, nil
	case "SSSS", "SSSSS":
		return strconv.Itoa(t.Hour*3600 + t.Minute*60 + t.Second), true, nil
	case "TZ":
		if n.key == "tz" {
			return strings.ToLower(t.Zone), false, nil
		}
		return t.Zone, false, nil
	case "TZH":
		return fmt.Sprintf("%c%02d", signOf(t.Offset), abs(t.Offset)/3600), false, nil
	case "TZM":
		return fmt.Sprintf("%02d", abs(t.Offset)%3600/60), false, nil
	case "OF":
		s := string(signOf(t.Offset)) + padded(n, abs(t.Offset)/3600, 2)
		if m := abs(t.Offset) % 3600 / 60; m != 0 {
			s += fmt.Sprintf(":%02d", m)
		}
		return s, false, nil
	case "MONTH":
		return nameField(n, monthNames[t.Month-1], 9), false, nil
	case "MON":
		return matchCase(monthNames[t.Month-1][:3], n.key), false, nil
	case "MM":
		return num(t.Month, 2)
	case "DAY":
		return nameField(n, dayNames[t.wday], 9), false, nil
	case "DY":
		return matchCase(dayNames[t.wday][:3], n.key), false, nil
	case "DDD":
		return num(t.yday, 3)
	case "IDDD":
		return num(isoYearDay(t.Days()), 3)
	case "DD":
		return num(t.Day, 2)
	case "D":
		return strconv.Itoa(t.wday + 1), true, nil
	case "ID":
		return strconv.Itoa((t.wday+6)%7 + 1), true, nil
	case "WW":
		return num((t.yday-1)/7+1, 2)
	case "IW":
		_, w := types.ISOWeek(t.Days())
		return num(w, 2)
	case "W":
		return strconv.Itoa((t.Day-1)/7 + 1), true, nil
	case "Q":
		if t.Month == 0 {
			return "", false, nil
		}
		return strconv.Itoa((t.Month-1)/3 + 1), true, nil
	case "CC":
		c := t.Year / 100
		if !t.interval {
			if t.Year > 0 {
				c = (t.Year-1)/100 + 1
			} else {
				c = t.Year/100 - 1
			}
		}
		if c <= 99 && c >= -99 {
			return num(c, 2)
		}
		return strconv.Itoa(c), true, nil
	case "J":
		return strconv.FormatInt(t.Days()+epochJulian, 10), true, nil
	case "RM":
		if t.Month == 0 && t.Year == 0 {
			return "", false, nil
		}
		return nameField(n, romanNames[(t.Month+11)%12], 4), false, nil
	case "FX":
		return "", false, nil
	}
	return t.yearField(n, key)
}

func (t *templateTime) yearField(n *templateNode, key string) (string, bool, error) {
	y := t.year(t.Year)
	if key[0] == 'I' {
		iso, _ := types.ISOWeek(t.Days())
		y, key = t.year(iso), strings.ReplaceAll(key, "I", "Y")
	}
	switch key {
	case "Y,YYY":
		return fmt.Sprintf("%d,%03d", y/1000, abs(y%1000)), true, nil
	case "YYYY":
		return padded(n, y, 4), true, nil
	case "YYY":
		return padded(n, y%1000, 3), true, nil
	case "YY":
		return padded(n, y%100, 2), true, nil
	}
	return strconv.Itoa(y % 10), true, nil
}

func signOf(v int) byte {
	if v < 0 {
		return '-'
	}
	return '+'
}

// isoYearDay is the day of the ISO year, from 1.
func isoYearDay(day int64) int {
	_, week := types.ISOWeek(day)
	return (week-1)*7 + (types.Weekday(day)+6)%7 + 1
}

func templateOf(c types.Civil) templateTime {
	day := c.Days()
	return templateTime{Civil: c, yday: c.YearDay(), wday: types.Weekday(day)}
}

func intervalTemplate(v types.IntervalValue) templateTime {
	micros := v.Micros
	t := templateTime{interval: true}
	t.Year, t.Month, t.Day = int(v.Months/12), int(v.Months%12), int(v.Days)
	t.Hour = int(micros / types.MicrosPerHour)
	t.Minute = int(micros % types.MicrosPerHour / types.MicrosPerMinute)
	t.Second = int(micros % types.MicrosPerMinute / types.MicrosPerSecond)
	t.Micro = int(micros % types.MicrosPerSecond)
	t.yday = (t.Year*12+t.Month)*30 + t.Day
	return t
}

const toCharDoc = "Writes a value by a template: YYYY, MM, DD, HH24, MI, SS, Month, Day, ... with FM and TH."

var (
	_ = define("to_char(timestamp,text)", toCharDoc, fn2X(func(_ *Context, ts int64, template string) (string, bool, error) {
		if template == "" || types.IsTimestampInfinite(ts) {
			return "", false, nil
		}
		t := templateOf(types.SplitTimestamp(ts))
		s, err := t.format(parseTemplate(template))
		return s, true, err
	}), ex("to_char(timestamp '2002-04-20 17:31:12.66', 'HH12:MI:SS')", "05:31:12"), ex("to_char(timestamp '2002-04-20 17:31:12.66', 'FMDay, FMDDth Month YYYY')", "Saturday, 20th April     2002"))
	_ = define("to_char(timestamptz,text)", toCharDoc, fn2X(func(c *Context, ts int64, template string) (string, bool, error) {
		if template == "" || types.IsTimestampInfinite(ts) {
			return "", false, nil
		}
		t := templateOf(types.SplitTimestamptz(ts, c.IO.TimeZone))
		s, err := t.format(parseTemplate(template))
		return s, true, err
	}), ex("to_char(timestamptz '2002-04-20 17:31:12+00', 'YYYY-MM-DD HH24:MI TZ')", "2002-04-20 17:31 UTC"))
	_ = define("to_char(interval,text)", toCharDoc, fn2X(func(_ *Context, v types.IntervalValue, template string) (string, bool, error) {
		if template == "" {
			return "", false, nil
		}
		t := intervalTemplate(v)
		s, err := t.format(parseTemplate(template))
		return s, true, err
	}), ex("to_char(interval '15h 2m 12s', 'HH24:MI:SS')", "15:02:12"))
)
