package types

import (
	"encoding/binary"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// AppendBinary appends the binary form of a value as the type's send function
// makes it, without the length word. d must not be NULL.
func AppendBinary(dst []byte, t Type, d Datum, io *IO) []byte {
	switch t.OID {
	case Int4, Oid, Xid, Cid:
		return binary.BigEndian.AppendUint32(dst, uint32(d.I))
	case Int8:
		return binary.BigEndian.AppendUint64(dst, uint64(d.I))
	case Int2:
		return binary.BigEndian.AppendUint16(dst, uint16(d.I))
	case Bool:
		return append(dst, byte(d.I))
	case Float8:
		return binary.BigEndian.AppendUint64(dst, uint64(d.I))
	case Float4:
		return binary.BigEndian.AppendUint32(dst, uint32(d.I))
	case Text, Varchar, Bpchar, Name, Unknown, JSON, Bytea:
		return append(dst, d.S...)
	case Char:
		if d.S == "" {
			return append(dst, 0)
		}
		return append(dst, d.S[0])
	case Numeric:
		return DecodeNumeric(d.S).AppendBinary(dst)
	case Void:
		return dst
	}
	return appendBinaryOther(dst, t, d, io.orDefault())
}

func appendBinaryOther(dst []byte, t Type, d Datum, io *IO) []byte {
	switch t.OID {
	case JSONB, JSONPath:
		return append(append(dst, 1), d.S...)
	case Inet, Cidr:
		return appendInetBinary(dst, t, d)
	case Record:
		return appendRecordBinary(dst, d, io)
	case Int4Range, NumRange, TsRange, TstzRange, DateRange, Int8Range:
		r := DecodeRange(d.S)
		return appendRangeBinary(dst, &r, io)
	case Int4Multirange, NumMultirange, TsMultirange, TstzMultirange, DateMultirange, Int8Multirange:
		m := DecodeMultirange(d.S)
		return appendMultirangeBinary(dst, &m, io)
	}
	switch d.P {
	case PhysBinary:
		if info := Lookup(t.OID); info != nil && info.Elem != 0 {
			return appendArrayBinary(dst, d, io)
		}
		if info := io.userInfo(t.OID); info != nil && info.Elem != 0 {
			return appendArrayBinary(dst, d, io)
		}
		if t.IsRow() {
			return appendRecordBinary(dst, d, io)
		}
		return append(dst, d.S...)
	case PhysString:
		return append(dst, d.S...)
	case PhysInt64:
		return binary.BigEndian.AppendUint64(dst, uint64(d.I))
	case PhysInt32, PhysUint32:
		if t.IsEnum() {
			return AppendText(dst, t, d, io)
		}
		return binary.BigEndian.AppendUint32(dst, uint32(d.I))
	}
	return dst
}

// ParseBinary reads the binary form of a type (its receive function) and
// applies the modifier. The datum does not alias b.
func ParseBinary(t Type, b []byte, io *IO) (Datum, error) {
	switch t.OID {
	case Int4:
		return binDatum(PhysInt32, b, 4)
	case Int8:
		return binDatum(PhysInt64, b, 8)
	case Int2:
		return binDatum(PhysInt16, b, 2)
	case Oid, Xid, Cid:
		v, err := binInt(b, 4)
		return intDatum(PhysUint32, int64(uint32(v)), err)
	case Bool:
		v, err := binInt(b, 1)
		if err != nil {
			return Datum{}, err
		}
		return NewBool(v != 0), nil
	case Float8:
		v, err := binInt(b, 8)
		return intDatum(PhysFloat64, v, err)
	case Float4:
		v, err := binInt(b, 4)
		return intDatum(PhysFloat32, int64(uint32(v)), err)
	case Text, Varchar, Bpchar, Name, Unknown, Cstring, PgNodeTree, Refcursor:
		d, err := parseString(t, string(b))
		if err == nil && t.OID == Name && len(b) >= nameLen {
			return Datum{}, pgerror.New(pgerror.NameTooLong, "identifier too long").
				WithDetail("Identifier must be less than %d characters.", nameLen)
		}
		return d, err
	case Char:
		v, err := binInt(b, 1)
		if err != nil {
			return Datum{}, err
		}
		if v == 0 {
			return NewString(""), nil
		}
		return parseString(t, string(b))
	case Bytea:
		return NewBytes(b), nil
	case Numeric:
		v, err := ParseDecimalBinary(b)
		if err == nil && t.Mod >= 0 {
			v, err = v.ApplyMod(t.Mod)
		}
		if err != nil {
			return Datum{}, err
		}
		return v.Datum(), nil
	case Void:
		return NewString(""), nil
	}
	return parseBinaryOther(t, b, io.orDefault())
}

func binDatum(p Phys, b []byte, n int) (Datum, error) {
	v, err := binInt(b, n)
	return intDatum(p, v, err)
}

func parseBinaryOther(t Type, b []byte, io *IO) (Datum, error) {
	switch t.OID {
	case Date:
		v, err := binInt(b, 4)
		if err == nil && !IsDateInfinite(v) && (v < minDate || v >= endDate) {
			err = dateOutOfRange()
		}
		return intDatum(PhysInt32, v, err)
	case Timestamp, Timestamptz:
		v, err := binInt(b, 8)
		if err == nil && !IsTimestampInfinite(v) && !validTimestamp(v) {
			err = timestampOutOfRange()
		}
		return intDatum(PhysInt64, roundTimestamp(v, t.Mod), err)
	case Time:
		v, err := binInt(b, 8)
		if err == nil && (v < 0 || v > MicrosPerDay) {
			err = pgerror.New(pgerror.DatetimeValueOutOfRange, "time out of range")
		}
		return intDatum(PhysInt64, RoundMicros(v, t.Mod), err)
	case Timetz:
		return parseTimetzBinary(t, b)
	case Interval:
		d, err := binFixed(b, 16)
		if err != nil || t.Mod < 0 {
			return d, err
		}
		return ApplyMod(t, d, false)
	case UUID:
		return binFixed(b, 16)
	case Macaddr, Tid:
		return binFixed(b, 6)
	case Macaddr8:
		return binFixed(b, 8)
	case Inet, Cidr:
		return parseInetBinary(t, b)
	case Bit, Varbit:
		return parseBitsBinary(t, b)
	case Money, PgLsn, Xid8:
		return binDatum(PhysInt64, b, 8)
	case Int4Range, NumRange, TsRange, TstzRange, DateRange, Int8Range:
		r, err := parseRangeBinary(t.OID, b, io)
		if err != nil {
			return Datum{}, err
		}
		return r.Datum(), nil
	case Int4Multirange, NumMultirange, TsMultirange, TstzMultirange, DateMultirange, Int8Multirange:
		return parseMultirangeBinary(t.OID, b, io)
	case JSON:
		return Parse(t, string(b), io)
	case JSONB, JSONPath:
		if len(b) == 0 {
			return Datum{}, insufficientData()
		}
		if b[0] != 1 {
			return Datum{}, pgerror.New(pgerror.InternalError, "unsupported %s version number %d", Format(t), b[0])
		}
		return Parse(t, string(b[1:]), io)
	}
	if isReg(t.OID) {
		v, err := binInt(b, 4)
		return intDatum(PhysUint32, int64(uint32(v)), err)
	}
	if info := Lookup(t.OID); info != nil {
		if info.Elem != 0 {
			d, err := parseArrayBinary(t.Elem(), b, io)
			if err == nil && d.Array().NDim() == 0 && (t.OID == Int2Vector || t.OID == OidVector) {
				d = BuildVector(info.Elem, nil)
			}
			return d, err
		}
	} else if info = io.userInfo(t.OID); info != nil {
		switch {
		case info.Type == 'e':
			return parseUser(info, t, string(b), io)
		case info.Type == 'd':
			return ParseBinary(info.Base, b, io)
		case info.Type == 'c':
			return parseRecordBinary(info, b, io)
		case info.Elem != 0:
			return parseArrayBinary(Type{OID: info.Elem, Mod: t.Mod}, b, io)
		}
	}
	return Datum{}, pgerror.New(pgerror.UndefinedFunction, "no binary input function available for type %s", Format(t))
}

func binFixed(b []byte, n int) (Datum, error) {
	if len(b) < n {
		return Datum{}, insufficientData()
	}
	if len(b) > n {
		return Datum{}, invalidBinary()
	}
	return NewBytes(b), nil
}

func parseTimetzBinary(t Type, b []byte) (Datum, error) {
	d, err := binFixed(b, 12)
	if err != nil {
		return d, err
	}
	v, off := d.Timetz()
	if v < 0 || v > MicrosPerDay {
		return Datum{}, pgerror.New(pgerror.DatetimeValueOutOfRange, "time out of range")
	}
	if off <= -16*3600 || off >= 16*3600 {
		return Datum{}, pgerror.New(pgerror.InvalidTimeZoneDisplacementValue, "time zone displacement out of range")
	}
	return NewTimetz(RoundMicros(v, t.Mod), off), nil
}
