package functions

import (
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// sizeUnits follows PostgreSQL's size_pretty_units: a unit holds below limit;
// round says that the value was kept with one more bit to be rounded.
var sizeUnits = []struct {
	name  string
	limit int64
	round bool
	bits  uint
}{
	{"bytes", 10 * 1024, false, 0},
	{"kB", 20*1024 - 1, true, 10},
	{"MB", 20*1024 - 1, true, 20},
	{"GB", 20*1024 - 1, true, 30},
	{"TB", 20*1024 - 1, true, 40},
	{"PB", 20*1024 - 1, true, 50},
}

func sizePretty(v int64) string {
	for i := range sizeUnits {
		u := &sizeUnits[i]
		mag := uint64(v)
		if v < 0 {
			mag = -mag
		}
		if i == len(sizeUnits)-1 || mag < uint64(u.limit) {
			if u.round {
				if v < 0 {
					v = (v - 1) / 2
				} else {
					v = (v + 1) / 2
				}
			}
			return strconv.FormatInt(v, 10) + " " + u.name
		}
		shift := sizeUnits[i+1].bits - u.bits
		if sizeUnits[i+1].round {
			shift--
		}
		if u.round {
			shift++
		}
		v /= 1 << shift
	}
	return ""
}

func sizePrettyNumeric(d types.Decimal) (string, error) {
	if !d.IsFinite() {
		return d.String() + " bytes", nil
	}
	for i := range sizeUnits {
		u := &sizeUnits[i]
		if i == len(sizeUnits)-1 || d.Abs().Cmp(types.DecimalFromInt(u.limit)) < 0 {
			if u.round { // half away from zero, then cut
				one := types.DecimalFromInt(1)
				if d.Sign() < 0 {
					one = one.Neg()
				}
				var err error
				if d, err = d.Add(one); err != nil {
					return "", err
				}
				if d, err = d.DivTrunc(types.DecimalFromInt(2)); err != nil {
					return "", err
				}
			}
			return d.String() + " " + u.name, nil
		}
		shift := sizeUnits[i+1].bits - u.bits
		if sizeUnits[i+1].round {
			shift--
		}
		if u.round {
			shift++
		}
		var err error
		if d, err = d.DivTrunc(types.DecimalFromInt(1 << shift)); err != nil {
			return "", err
		}
	}
	return "", nil
}

// sizeBytes is pg_size_bytes.
func sizeBytes(text string) (int64, error) {
	bad := pgerror.New(pgerror.InvalidParameterValue, "invalid size: \"%s\"", text)
	s := strings.TrimLeft(text, " \t\n\r\f\v")
	i := 0
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	digits := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
		digits++
	}
	if i < len(s) && s[i] == '.' {
		i++
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
			digits++
		}
	}
	if digits == 0 {
		return 0, bad
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		j := i + 1
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		if j < len(s) && s[j] >= '0' && s[j] <= '9' {
			for i = j; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
			}
		}
	}
	d, err := types.ParseDecimal(s[:i])
	if err != nil {
		return 0, err
	}
	unit := strings.Trim(s[i:], " \t\n\r\f\v")
	if unit != "" {
		mult := int64(-1)
		for _, u := range sizeUnits {
			if strings.EqualFold(u.name, unit) {
				mult = 1 << u.bits
			}
		}
		if strings.EqualFold(unit, "B") {
			mult = 1
		}
		if mult < 0 {
			return 0, bad.WithDetail("Invalid size unit: \"%s\".", unit).
				WithHint("Valid units are \"bytes\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\".")
		}
		if d, err = d.Mul(types.DecimalFromInt(mult)); err != nil {
			return 0, err
		}
	}
	return d.ToInt(types.Int8)
}

var (
	_ = define("pg_size_pretty(int8)", "Writes a number of bytes with a unit.", fn1(sizePretty), ex("pg_size_pretty(10485247::bigint)", "10239 kB"))
	_ = define("pg_size_pretty(numeric)", "Writes a number of bytes with a unit.", fn1E(sizePrettyNumeric), ex("pg_size_pretty(123456789.5)", "118 MB"))
	_ = define("pg_size_bytes(text)", "Reads a number of bytes with a unit.", fn1E(sizeBytes), ex("pg_size_bytes('1.5 GB')", "1610612736"))
)
