package types

import (
	"math"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// defaultIO is what a nil *IO means.
var defaultIO = IO{ExtraFloatDigits: 1}

// orDefault returns io or the defaults.
func (io *IO) orDefault() *IO {
	if io == nil {
		return &defaultIO
	}
	return io
}

// DefaultIO returns the settings a nil *IO means: ISO, MDY, UTC, postgres
// intervals, extra_float_digits 1, hex.
func DefaultIO() *IO {
	io := defaultIO
	return &io
}

// Parse reads the text form of a type and applies the type's modifier, as the
// type's input function does. The datum may alias s.
func Parse(t Type, s string, io *IO) (Datum, error) {
	io = io.orDefault()
	switch t.OID {
	case Int4:
		v, err := parseInt(Int4, s, math.MinInt32, math.MaxInt32)
		return intDatum(PhysInt32, v, err)
	case Int8:
		v, err := parseInt(Int8, s, math.MinInt64, math.MaxInt64)
		return intDatum(PhysInt64, v, err)
	case Int2:
		v, err := parseInt(Int2, s, math.MinInt16, math.MaxInt16)
		return intDatum(PhysInt16, v, err)
	case Bool:
		v, err := parseBool(s)
		if err != nil {
			return Datum{}, err
		}
		return NewBool(v), nil
	case Float8:
		f, err := parseFloat(Float8, s, 64)
		if err != nil {
			return Datum{}, err
		}
		return NewFloat64(f), nil
	case Float4:
		f, err := parseFloat(Float4, s, 32)
		if err != nil {
			return Datum{}, err
		}
		return NewFloat32(float32(f)), nil
	case Text, Varchar, Bpchar, Name, Char, Unknown, Cstring, PgNodeTree, Refcursor, ACLItem:
		return parseString(t, s)
	case Bytea:
		return parseBytea(s)
	case Numeric:
		v, err := ParseDecimal(s)
		if err == nil && t.Mod >= 0 {
			v, err = v.ApplyMod(t.Mod)
		}
		if err != nil {
			return Datum{}, err
		}
		return v.Datum(), nil
	case Oid:
		v, err := parseOid(t.OID, s)
		return intDatum(PhysUint32, int64(v), err)
	case Xid, Cid:
		return Datum{P: PhysUint32, I: int64(uint32(parseXid(s)))}, nil
	case Void:
		return NewString(""), nil
	case Date:
		v, err := ParseDate(s, io)
		return intDatum(PhysInt32, v, err)
	case Timestamp:
		v, err := ParseTimestamp(s, io)
		return intDatum(PhysInt64, roundTimestamp(v, t.Mod), err)
	case Timestamptz:
		v, err := ParseTimestamptz(s, io)
		return intDatum(PhysInt64, roundTimestamp(v, t.Mod), err)
	case Time:
		v, err := ParseTime(s, io)
		return intDatum(PhysInt64, RoundMicros(v, t.Mod), err)
	case Interval:
		v, err := ParseInterval(s, t.Mod, io)
		if err != nil {
			return Datum{}, err
		}
		return v.Datum(), nil
	case Timetz:
		v, off, err := ParseTimetz(s, io)
		if err != nil {
			return Datum{}, err
		}
		return NewTimetz(RoundMicros(v, t.Mod), off), nil
	}
	return parseOther(t, s, io)
}

func intDatum(p Phys, v int64, err error) (Datum, error) {
	if err != nil {
		return Datum{}, err
	}
	return Datum{P: p, I: v}, nil
}

func parseString(t Type, s string) (Datum, error) {
	if err := CheckUTF8(s); err != nil {
		return Datum{}, err
	}
	var err error
	switch t.OID {
	case Varchar:
		s, err = coerceVarchar(s, t.Mod, false)
	case Bpchar:
		s, err = coerceBpchar(s, t.Mod, false)
	case Name:
		s = clipName(s)
	case Char:
		s = oneChar(s)
	}
	if err != nil {
		return Datum{}, err
	}
	return NewString(s), nil
}

// oneChar keeps the first byte of a "char". A byte that is no ASCII cannot
// stand in a UTF-8 string, so its whole character stays.
func oneChar(s string) string {
	for i := range s {
		if i > 0 {
			return s[:i]
		}
	}
	return s
}

// parseOther reads the types that are not on the hot path.
func parseOther(t Type, s string, io *IO) (Datum, error) {
	switch t.OID {
	case JSON:
		if err := CheckUTF8(s); err != nil {
			return Datum{}, err
		}
		return NewString(s), CheckJSON(s)
	case JSONB:
		if err := CheckUTF8(s); err != nil {
			return Datum{}, err
		}
		v, err := ParseJSON(s)
		if err != nil {
			return Datum{}, err
		}
		return v.Datum(), nil
	case JSONPath:
		if err := CheckUTF8(s); err != nil {
			return Datum{}, err
		}
		path, err := ParseJSONPath(s)
		if err != nil {
			return Datum{}, err
		}
		return NewString(path.String()), nil
	case UUID:
		return parseUUID(s)
	case Inet, Cidr:
		return parseInet(t, s)
	case Macaddr, Macaddr8:
		return parseMacaddr(t, s)
	case Bit, Varbit:
		return parseBits(t, s)
	case Money:
		v, err := parseMoney(s)
		return intDatum(PhysInt64, v, err)
	case Tid:
		return parseTid(s)
	case PgLsn:
		v, err := parseLsn(s)
		return intDatum(PhysInt64, v, err)
	case Xid8:
		return NewInt8(int64(parseXid(s))), nil
	case Int2Vector, OidVector:
		return parseVector(t, s, io)
	case XML:
		return Datum{}, pgerror.New(pgerror.FeatureNotSupported, "unsupported XML feature").
			WithDetail("This functionality requires the server to be built with libxml support.")
	case Record:
		return Datum{}, pgerror.New(pgerror.FeatureNotSupported, "input of anonymous composite types is not implemented")
	}
	if isReg(t.OID) {
		return parseReg(t, s, io)
	}
	info := Lookup(t.OID)
	switch {
	case info == nil:
		if info = io.userInfo(t.OID); info != nil {
			return parseUser(info, t, s, io)
		}
	case info.Elem != 0:
		return parseArray(t.Elem(), s, io)
	case info.Type == 'r':
		return parseRange(t.OID, s, io)
	case info.Type == 'm':
		return parseMultirange(t.OID, s, io)
	case info.Type == 'p':
		return Datum{}, pgerror.New(pgerror.FeatureNotSupported, "cannot accept a value of type %s", info.SQLName)
	}
	return Datum{}, pgerror.Unsupported("input of type %s", Format(t))
}
