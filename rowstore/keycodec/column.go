package keycodec

import (
	"math"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// form is how values of a type are coded in keys.
type form uint8

// The forms. All but the first three groups are FlagBytes with bytes that only
// keep the order: their values cannot be read back.
const (
	formNone     form = iota // the type has no order
	formInt                  // FlagInt
	formUint                 // FlagUint
	formFloat32              // FlagFloat
	formFloat64              // FlagFloat
	formBytes                // FlagBytes of the value itself
	formBlank                // FlagBytes of the text without trailing blanks
	formNumeric              // see numeric.go
	formInterval             // see interval.go
	formArray                // see array.go
	formJSONB                // see jsonb.go
	formOther                // see other.go
)

// Column codes one key column.
type Column struct {
	typ     types.Type
	form    form
	phys    types.Phys
	invert  byte // 0xFF for a descending column
	null    byte // the byte that stands for NULL, inverted already
	notNull struct{ first, last byte }
}

// NewColumn prepares the coding of a key column. nullsFirst is about the order
// of the index, whatever desc says.
func NewColumn(t types.Type, desc, nullsFirst bool) Column {
	c := Column{typ: t, form: formOf(t), phys: t.Phys(), null: FlagNullLast}
	if nullsFirst != desc {
		c.null = FlagNull
	}
	if desc {
		c.invert = 0xFF
	}
	c.null ^= c.invert
	// What is not NULL starts with a flag in [FlagBytes, FlagNullLast).
	c.notNull.first, c.notNull.last = FlagBytes, FlagNullLast-1
	if desc {
		c.notNull.first, c.notNull.last = ^c.notNull.last, ^c.notNull.first
	}
	return c
}

func formOf(t types.Type) form {
	switch t.OID {
	case types.Bpchar:
		return formBlank
	case types.Numeric:
		return formNumeric
	case types.Interval:
		return formInterval
	case types.JSONB:
		return formJSONB
	case types.Bytea, types.UUID, types.Macaddr, types.Macaddr8:
		return formBytes
	case types.JSON, types.XML, types.Record:
		return formNone
	case types.PgLsn, types.Xid8:
		return formUint
	}
	if t.IsArray() {
		return formArray
	}
	switch t.Phys() {
	case types.PhysBool, types.PhysInt16, types.PhysInt32, types.PhysInt64:
		return formInt
	case types.PhysUint32:
		return formUint
	case types.PhysFloat32:
		return formFloat32
	case types.PhysFloat64:
		return formFloat64
	case types.PhysString:
		return formBytes
	case types.PhysBinary:
		return formOther
	}
	return formNone
}

// Lossless reports whether Decode gives back every value exactly as it was.
func (c *Column) Lossless() bool {
	return c.form == formInt || c.form == formUint || c.form == formBytes
}

// Append appends a value or NULL.
func (c *Column) Append(dst []byte, d types.Datum) ([]byte, error) {
	if d.P == types.PhysNull {
		return append(dst, c.null), nil
	}
	start := len(dst)
	dst, err := c.appendValue(dst, d)
	if err != nil {
		return dst, err
	}
	if c.invert != 0 {
		invertAll(dst[start:])
	}
	return dst, nil
}

func (c *Column) appendValue(dst []byte, d types.Datum) ([]byte, error) {
	switch c.form {
	case formInt:
		return AppendInt(append(dst, FlagInt), d.I), nil
	case formUint:
		return AppendUint(append(dst, FlagUint), uint64(d.I)), nil
	case formFloat32:
		return AppendFloat(append(dst, FlagFloat), float64(math.Float32frombits(uint32(d.I)))), nil
	case formFloat64:
		return AppendFloat(append(dst, FlagFloat), math.Float64frombits(uint64(d.I))), nil
	case formBytes:
		return AppendBytes(append(dst, FlagBytes), d.S), nil
	case formBlank:
		return AppendBytes(append(dst, FlagBytes), trimBlanks(d.S)), nil
	}
	var scratch [64]byte
	inner, err := appendInner(scratch[:0], c.typ, c.form, d)
	if err != nil {
		return dst, err
	}
	return AppendRaw(append(dst, FlagBytes), inner), nil
}

// appendInner appends the order-preserving bytes of a value that is coded as
// FlagBytes around them.
func appendInner(dst []byte, t types.Type, f form, d types.Datum) ([]byte, error) {
	switch f {
	case formNumeric:
		return appendNumeric(dst, d.S), nil
	case formInterval:
		return appendInterval(dst, d), nil
	case formArray:
		return appendArray(dst, d)
	case formJSONB:
		return appendJSONB(dst, d.S)
	case formOther:
		return appendOther(dst, t, d)
	}
	return dst, unordered(t)
}

func unordered(t types.Type) error {
	return pgerror.Unsupported("an index key of type %s", types.Format(t))
}

// AppendNotNull appends the bytes that bound the not NULL values of the
// column: every coded value v has prefix+first <= v < prefix+end.
func (c *Column) AppendNotNull(dst []byte) (first, end []byte) {
	first = append(append([]byte(nil), dst...), c.notNull.first)
	end = append(append([]byte(nil), dst...), c.notNull.last+1)
	return first, end
}

// Desc reports whether the column is descending.
func (c *Column) Desc() bool { return c.invert != 0 }

// Skip returns what follows the column that b starts with.
func (c *Column) Skip(b []byte) (rest []byte, null bool, err error) {
	if len(b) == 0 {
		return nil, false, errInvalid
	}
	if b[0] == c.null {
		return b[1:], true, nil
	}
	n := 8
	switch b[0] ^ c.invert {
	case FlagInt, FlagUint, FlagFloat:
	case FlagBytes:
		if n, err = skipBytes(b[1:], c.invert); err != nil {
			return nil, false, err
		}
	default:
		return nil, false, errInvalid
	}
	if len(b) < 1+n {
		return nil, false, errInvalid
	}
	return b[1+n:], false, nil
}

// Decode reads a lossless column: numbers into d.I, strings appended to buf
// (which is returned, and which d.S does not alias: the value is buf[start:]).
func (c *Column) Decode(buf, b []byte) (v Value, rest []byte, err error) {
	if len(b) == 0 {
		return Value{}, nil, errInvalid
	}
	if b[0] == c.null {
		return Value{Null: true, Bytes: buf}, b[1:], nil
	}
	flag := b[0] ^ c.invert
	switch {
	case c.form == formInt && flag == FlagInt, c.form == formUint && flag == FlagUint:
		u, rest, err := DecodeUint(b[1:])
		if c.invert != 0 {
			u = ^u
		}
		if flag == FlagInt {
			u ^= signBit
		}
		if err == nil && !fits(c.phys, int64(u)) {
			err = errInvalid
		}
		return Value{Int: int64(u), Bytes: buf}, rest, err
	case c.form == formBytes && flag == FlagBytes:
		buf, rest, err := DecodeBytes(buf, b[1:], c.invert)
		return Value{Bytes: buf}, rest, err
	}
	return Value{}, nil, errInvalid
}

// Value is a decoded key column.
type Value struct {
	Null  bool
	Int   int64
	Bytes []byte // the buffer handed to Decode with the value appended
}

// fits reports whether a stored integer is one of the form's values.
func fits(p types.Phys, v int64) bool {
	switch p {
	case types.PhysBool:
		return v == 0 || v == 1
	case types.PhysInt16:
		return v == int64(int16(v))
	case types.PhysInt32:
		return v == int64(int32(v))
	case types.PhysUint32:
		return v == int64(uint32(v))
	}
	return true
}

func trimBlanks(s string) string {
	for s != "" && s[len(s)-1] == ' ' {
		s = s[:len(s)-1]
	}
	return s
}
