package types

import (
	"errors"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// What can be wrong with date and time input; dateTimeError words it.
var (
	errDateFormat       = errors.New("bad format")
	errDateOverflow     = errors.New("field overflow")
	errDateMDOverflow   = errors.New("month or day overflow")
	errIntervalOverflow = errors.New("interval overflow")
	errZoneOverflow     = errors.New("time zone displacement overflow")
)

// dateTimeError words an error of date and time input for the user.
func dateTimeError(err error, oid OID, s string) error {
	switch err {
	case errDateOverflow:
		return pgerror.New(pgerror.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", s)
	case errDateMDOverflow:
		return pgerror.New(pgerror.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", s).
			WithHint("Perhaps you need a different \"datestyle\" setting.")
	case errIntervalOverflow:
		return pgerror.New(pgerror.IntervalFieldOverflow, "interval field value out of range: \"%s\"", s)
	case errZoneOverflow:
		return pgerror.New(pgerror.InvalidTimeZoneDisplacementValue, "time zone displacement out of range: \"%s\"", s)
	case errDateFormat:
		name := sqlName(oid)
		switch oid {
		case Timestamp:
			name = "timestamp"
		case Time:
			name = "time"
		}
		return pgerror.New(pgerror.InvalidDatetimeFormat, "invalid input syntax for type %s: \"%s\"", name, s)
	}
	return err
}

func timestampOutOfRange() error {
	return pgerror.New(pgerror.DatetimeValueOutOfRange, "timestamp out of range")
}

func dateOutOfRange() error {
	return pgerror.New(pgerror.DatetimeValueOutOfRange, "date out of range")
}

func intervalOutOfRange() error {
	return pgerror.New(pgerror.DatetimeValueOutOfRange, "interval out of range")
}
