package session

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// dateStyle checks a DateStyle and prints it as PostgreSQL does: style, order.
func dateStyle(v string) (string, error) {
	style, order := "ISO", "MDY"
	for _, word := range strings.Split(v, ",") {
		switch w := strings.ToUpper(strings.TrimSpace(word)); w {
		case "ISO":
			style = "ISO"
		case "SQL":
			style = "SQL"
		case "GERMAN":
			style = "German"
			if !strings.Contains(strings.ToUpper(v), "MDY") && !strings.Contains(strings.ToUpper(v), "YMD") {
				order = "DMY"
			}
		case "POSTGRES":
			style = "Postgres"
		case "MDY", "US", "NONEURO", "NONEUROPEAN":
			order = "MDY"
		case "DMY", "EURO", "EUROPEAN":
			order = "DMY"
		case "YMD":
			order = "YMD"
		case "DEFAULT":
			style, order = "ISO", "MDY"
		default:
			return "", pgerror.New(pgerror.InvalidParameterValue, "invalid value for parameter \"DateStyle\": %q", v).
				WithDetail("Unrecognized key word: %q.", strings.ToLower(strings.TrimSpace(word)))
		}
	}
	return style + ", " + order, nil
}

func applyDateStyle(io *types.IO, v string) error {
	style, order, _ := strings.Cut(v, ", ")
	io.DateStyle = style
	switch order {
	case "DMY":
		io.DateOrder = types.OrderDMY
	case "YMD":
		io.DateOrder = types.OrderYMD
	default:
		io.DateOrder = types.OrderMDY
	}
	return nil
}

// timeZoneName checks a time zone and returns its canonical name.
func timeZoneName(v string) (string, error) {
	name, _, err := loadZone(v)
	return name, err
}

func applyTimeZone(io *types.IO, v string) error {
	name, loc, err := loadZone(v)
	io.TimeZone, io.TimeZoneName = loc, name
	return err
}

// loadZone finds a zone by IANA name (in any case), as an offset in hours
// (SET TIME ZONE -8, kept as <-08>+08), or in that POSIX form.
func loadZone(v string) (string, *time.Location, error) {
	text := strings.TrimSpace(v)
	switch strings.ToLower(text) {
	case "", "default", "utc":
		return "UTC", time.UTC, nil
	case "gmt":
		return "GMT", time.FixedZone("GMT", 0), nil
	case "local":
		return "UTC", time.UTC, nil
	}
	if hours, err := strconv.ParseFloat(text, 64); err == nil && hours >= -168 && hours <= 168 {
		return offsetZone(int(hours * 3600))
	}
	if seconds, ok := posixOffset(text); ok {
		return offsetZone(seconds)
	}
	if seconds, ok := clockOffset(text); ok {
		return text, types.FixedZone(-seconds), nil // POSIX: west is positive
	}
	if loc, name, ok := types.LoadZone(text); ok {
		return name, loc, nil
	}
	return "", nil, pgerror.New(pgerror.InvalidParameterValue, "invalid value for parameter \"TimeZone\": %q", v)
}

// clockOffset reads [+-]hh:mm[:ss], a POSIX zone without a name, as seconds.
func clockOffset(s string) (seconds int, ok bool) {
	sign := 1
	if s != "" && (s[0] == '-' || s[0] == '+') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	parts := strings.Split(s, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, false
	}
	for i, unit := range []int{3600, 60, 1}[:len(parts)] {
		n, err := strconv.ParseUint(parts[i], 10, 8)
		if err != nil || n > 59 || i == 0 && n > 167 {
			return 0, false
		}
		seconds += int(n) * unit
	}
	return sign * seconds, true
}

// posixOffset reads "<+03>-03" and returns seconds east of Greenwich.
func posixOffset(s string) (int, bool) {
	_, rest, ok := strings.Cut(s, ">")
	if !ok || !strings.HasPrefix(s, "<") || rest == "" {
		return 0, false
	}
	sign := -1
	switch rest[0] {
	case '-':
		sign, rest = 1, rest[1:]
	case '+':
		rest = rest[1:]
	}
	seconds, unit := 0, 3600
	for _, part := range strings.Split(rest, ":") {
		n, err := strconv.Atoi(part)
		if err != nil || unit == 0 {
			return 0, false
		}
		seconds += n * unit
		unit /= 60
	}
	return sign * seconds, true
}

func offsetZone(seconds int) (string, *time.Location, error) {
	if seconds == 0 {
		return "<+00>-00", time.FixedZone("+00", 0), nil
	}
	east, abs := "+", seconds
	west := "-"
	if seconds < 0 {
		east, west, abs = "-", "+", -seconds
	}
	clock := fmt.Sprintf("%02d", abs/3600)
	if abs%3600 != 0 {
		clock += fmt.Sprintf(":%02d", abs%3600/60)
	}
	if abs%60 != 0 {
		clock += fmt.Sprintf(":%02d", abs%60)
	}
	return "<" + east + clock + ">" + west + clock, time.FixedZone(east+clock, seconds), nil
}
