package session

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// setting is one row of settingsTable.
type setting struct {
	name     string // canonical spelling
	kind     settingKind
	def      string
	unit     string // "ms", "kB", "" for counts
	min, max int64
	options  []string // enum values
	// fixed settings accept their default only: other values would promise
	// what Tidemark does not do (0A000).
	fixed      bool
	internal   bool // cannot be set at all
	report     bool // reported to clients by ParameterStatus
	noResetAll bool
	doc        string
	category   string
	// apply puts the value in force; it may refuse it.
	apply func(s *Session, value string) error
	// compute gives the default when it depends on the session.
	compute func(s *Session) string
	// normalize rewrites a string value to its canonical form, or refuses it.
	normalize func(value string) (string, error)
}

type settingKind uint8

const (
	settingBool settingKind = iota
	settingInt
	settingReal
	settingString
	settingEnum
)

// check validates a value and returns its canonical form.
func (def *setting) check(value string) (string, error) {
	v, err := def.parse(value)
	if err != nil {
		return "", err
	}
	if def.fixed && !strings.EqualFold(v, def.def) {
		return "", pgerror.Unsupported("setting %q to %q", def.name, value)
	}
	return v, nil
}

func (def *setting) parse(value string) (string, error) {
	switch def.kind {
	case settingBool:
		b, ok := parseBool(value)
		if !ok {
			return "", pgerror.New(pgerror.InvalidParameterValue, "parameter %q requires a Boolean value", def.name)
		}
		if b {
			return "on", nil
		}
		return "off", nil
	case settingInt:
		n, err := parseUnits(def, value)
		if err != nil {
			return "", err
		}
		return strconv.FormatInt(n, 10), nil
	case settingReal:
		f, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil {
			return "", pgerror.New(pgerror.InvalidParameterValue, "invalid value for parameter %q: %q", def.name, value)
		}
		if f < float64(def.min) || f > float64(def.max) || f != f {
			return "", pgerror.New(pgerror.InvalidParameterValue, "%g is outside the valid range for parameter %q (%d .. %d)", f, def.name, def.min, def.max)
		}
		return strconv.FormatFloat(f, 'g', -1, 64), nil
	case settingEnum:
		for _, o := range def.options {
			if strings.EqualFold(o, value) {
				return o, nil
			}
		}
		return "", pgerror.New(pgerror.InvalidParameterValue, "invalid value for parameter %q: %q", def.name, value).
			WithHint("Available values: %s.", strings.Join(shownOptions(def.options), ", "))
	default:
		if def.normalize != nil {
			return def.normalize(value)
		}
		return value, nil
	}
}

// shownOptions leaves out what is accepted but not offered.
func shownOptions(options []string) []string {
	return slices.DeleteFunc(slices.Clone(options), func(o string) bool { return o == "debug" })
}

// parseBool reads a Boolean as PostgreSQL does: unique prefixes of true,
// false, yes, no, on, off, 1, 0.
func parseBool(s string) (value, ok bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	switch {
	case s == "":
		return false, false
	case strings.HasPrefix("true", s), strings.HasPrefix("yes", s), s == "on", s == "1":
		return true, true
	case strings.HasPrefix("false", s), strings.HasPrefix("no", s), s == "of", s == "off", s == "0":
		return false, true
	}
	return false, false
}

// unitFactors are the multiples of each base unit.
var unitFactors = map[string]map[string]float64{
	"ms": {"us": 0.001, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000},
	"kB": {"B": 1.0 / 1024, "kB": 1, "MB": 1024, "GB": 1024 * 1024, "TB": 1024 * 1024 * 1024},
}

func parseUnits(def *setting, value string) (int64, error) {
	text := strings.TrimSpace(value)
	end := 0
	for end < len(text) && (text[end] >= '0' && text[end] <= '9' || strings.IndexByte("+-.", text[end]) >= 0) {
		end++
	}
	number, unit := text[:end], strings.TrimSpace(text[end:])
	f, err := strconv.ParseFloat(number, 64)
	invalid := pgerror.New(pgerror.InvalidParameterValue, "invalid value for parameter %q: %q", def.name, value)
	if err != nil {
		return 0, invalid
	}
	if unit != "" {
		factor, ok := unitFactors[def.unit][unit]
		if !ok {
			switch def.unit {
			case "ms":
				invalid = invalid.WithHint(`Valid units for this parameter are "us", "ms", "s", "min", "h", and "d".`)
			case "kB":
				invalid = invalid.WithHint(`Valid units for this parameter are "B", "kB", "MB", "GB", and "TB".`)
			}
			return 0, invalid
		}
		f *= factor
	}
	n := int64(math.RoundToEven(f))
	if n < def.min || n > def.max {
		suffix := ""
		if def.unit != "" {
			suffix = " " + def.unit
		}
		return 0, pgerror.New(pgerror.InvalidParameterValue, "%d%s is outside the valid range for parameter %q (%d .. %d)",
			n, suffix, def.name, def.min, def.max)
	}
	return n, nil
}

type unitStep struct {
	name   string
	factor int64
}

var unitSteps = map[string][]unitStep{
	"ms": {{"d", 86_400_000}, {"h", 3_600_000}, {"min", 60_000}, {"s", 1000}, {"ms", 1}},
	"s":  {{"d", 86_400}, {"h", 3600}, {"min", 60}, {"s", 1}},
	"kB": {{"TB", 1 << 30}, {"GB", 1 << 20}, {"MB", 1 << 10}, {"kB", 1}},
}

// showUnits prints a number with the largest unit that divides it, as SHOW does.
func showUnits(unit, v string) string {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n <= 0 {
		return v
	}
	for _, s := range unitSteps[unit] {
		if n%s.factor == 0 {
			return fmt.Sprintf("%d%s", n/s.factor, s.name)
		}
	}
	return v
}
