package functions

import (
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// dateUnit is a field of extract and date_trunc.
type dateUnit uint8

// The fields.
const (
	unitNone dateUnit = iota
	unitMicrosecond
	unitMillisecond
	unitSecond
	unitMinute
	unitHour
	unitDay
	unitWeek
	unitMonth
	unitQuarter
	unitYear
	unitDecade
	unitCentury
	unitMillennium
	unitTimezone
	unitTimezoneHour
	unitTimezoneMinute
	unitDow // from here on the words that are no units of length
	unitDoy
	unitEpoch
	unitIsodow
	unitIsoyear
	unitJulian
)

// unitNames are PostgreSQL's, which looks at ten characters only.
var unitNames = map[string]dateUnit{
	"c": unitCentury, "cent": unitCentury, "centuries": unitCentury, "century": unitCentury,
	"d": unitDay, "day": unitDay, "days": unitDay,
	"dec": unitDecade, "decade": unitDecade, "decades": unitDecade, "decs": unitDecade,
	"h": unitHour, "hour": unitHour, "hours": unitHour, "hr": unitHour, "hrs": unitHour,
	"m": unitMinute, "min": unitMinute, "mins": unitMinute, "minute": unitMinute, "minutes": unitMinute,
	"microsecon": unitMicrosecond, "us": unitMicrosecond, "usec": unitMicrosecond, "usecond": unitMicrosecond,
	"useconds": unitMicrosecond, "usecs": unitMicrosecond,
	"mil": unitMillennium, "millennia": unitMillennium, "millennium": unitMillennium, "mils": unitMillennium,
	"millisecon": unitMillisecond, "ms": unitMillisecond, "msec": unitMillisecond, "msecond": unitMillisecond,
	"mseconds": unitMillisecond, "msecs": unitMillisecond,
	"mon": unitMonth, "mons": unitMonth, "month": unitMonth, "months": unitMonth,
	"qtr": unitQuarter, "quarter": unitQuarter,
	"s": unitSecond, "sec": unitSecond, "second": unitSecond, "seconds": unitSecond, "secs": unitSecond,
	"timezone": unitTimezone, "timezone_h": unitTimezoneHour, "timezone_m": unitTimezoneMinute,
	"w": unitWeek, "week": unitWeek, "weeks": unitWeek,
	"y": unitYear, "year": unitYear, "years": unitYear, "yr": unitYear, "yrs": unitYear,
	"dow": unitDow, "doy": unitDoy, "epoch": unitEpoch, "isodow": unitIsodow, "isoyear": unitIsoyear,
	"j": unitJulian, "jd": unitJulian, "julian": unitJulian,
}

func findUnit(name string) dateUnit {
	lower := strings.ToLower(name)
	if len(lower) > 10 {
		lower = lower[:10]
	}
	return unitNames[lower]
}

// unitError is the error for a unit that a type does not have.
func unitError(name string, known bool, oid types.OID) *pgerror.Error {
	lower := strings.ToLower(name)
	if known {
		return pgerror.New(pgerror.FeatureNotSupported, "unit \"%s\" not supported for type %s", lower, types.Format(types.Of(oid)))
	}
	return pgerror.New(pgerror.InvalidParameterValue, "unit \"%s\" not recognized for type %s", lower, types.Format(types.Of(oid)))
}
