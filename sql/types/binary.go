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
	_ = io
	switch d.P {
	case PhysString, PhysBinary:
		return append(dst, d.S...)
	case PhysInt64:
		return binary.BigEndian.AppendUint64(dst, uint64(d.I))
	case PhysInt32, PhysUint32:
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
	case Text, Varchar, Bpchar, Name, Unknown, Cstring, XML, PgNodeTree, Refcursor:
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
	_, _ = b, io
	return Datum{}, pgerror.Unsupported("binary input of type %s", Format(t))
}
