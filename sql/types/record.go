package types

import (
	"encoding/binary"
	"math"
	"strings"
)

// A record lies as PhysBinary, integers little endian: count uint32, then for
// each field its type OID uint32, length int32 (-1 is NULL) and bytes, which
// are 8 for all numeric forms. Records of whole rows end with the names of
// their fields, each a length uint32 and bytes; comparing and hashing leave
// them out.

// RecordField is a field of a record.
type RecordField struct {
	Type  Type
	Value Datum
}

// BuildRecord makes a record of its fields.
func BuildRecord(fields []RecordField) Datum {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(fields)))
	for _, f := range fields {
		b = binary.LittleEndian.AppendUint32(b, uint32(f.Type.OID))
		switch f.Value.P {
		case PhysNull:
			b = binary.LittleEndian.AppendUint32(b, math.MaxUint32)
		case PhysString, PhysBinary:
			b = binary.LittleEndian.AppendUint32(b, uint32(len(f.Value.S)))
			b = append(b, f.Value.S...)
		default:
			b = binary.LittleEndian.AppendUint32(b, 8)
			b = binary.LittleEndian.AppendUint64(b, uint64(f.Value.I))
		}
	}
	return NewBinary(bytesString(b))
}

// BuildNamedRecord makes a record that knows the names of its fields.
func BuildNamedRecord(fields []RecordField, names []string) Datum {
	b := []byte(BuildRecord(fields).S)
	for _, name := range names {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(name)))
		b = append(b, name...)
	}
	return NewBinary(bytesString(b))
}

// RecordNames returns the names of a record's fields, nil if it has none.
func (d Datum) RecordNames() []string {
	s := d.S
	if len(s) < 4 {
		return nil
	}
	n := int(le32(s))
	s = s[4:]
	if n > len(s)/8 {
		return nil
	}
	for range n {
		if len(s) < 8 {
			return nil
		}
		size := max(int(int32(le32(s[4:]))), 0)
		s = s[8:]
		if size > len(s) {
			return nil
		}
		s = s[size:]
	}
	var names []string
	for len(s) >= 4 {
		size := int(le32(s))
		s = s[4:]
		if size > len(s) {
			return nil
		}
		names = append(names, s[:size])
		s = s[size:]
	}
	return names
}

// Record returns the fields of a record, aliasing d.
func (d Datum) Record() []RecordField {
	s := d.S
	if len(s) < 4 {
		return nil
	}
	n := int(le32(s))
	s = s[4:]
	if n > len(s)/8 {
		return nil
	}
	fields := make([]RecordField, n)
	for i := range fields {
		if len(s) < 8 {
			return fields[:i]
		}
		f := &fields[i]
		f.Type = Of(OID(le32(s)))
		size := int(int32(le32(s[4:])))
		s = s[8:]
		if size < 0 {
			continue
		}
		if size > len(s) {
			return fields[:i]
		}
		switch p := f.Type.Phys(); p {
		case PhysString, PhysBinary:
			f.Value = Datum{P: p, S: s[:size]}
		default:
			if size != 8 {
				return fields[:i]
			}
			f.Value = Datum{P: p, I: int64(le64(s))}
		}
		s = s[size:]
	}
	return fields
}

// appendRecord appends record_out's form.
func appendRecord(dst []byte, d Datum, io *IO) []byte {
	dst = append(dst, '(')
	for i, f := range d.Record() {
		if i > 0 {
			dst = append(dst, ',')
		}
		if f.Value.IsNull() {
			continue
		}
		text := string(AppendText(nil, f.Type, f.Value, io))
		if text != "" && !strings.ContainsAny(text, "\"\\(), \t\n\v\f\r") {
			dst = append(dst, text...)
			continue
		}
		dst = append(dst, '"')
		for j := range len(text) {
			if c := text[j]; c == '"' || c == '\\' {
				dst = append(dst, c)
			}
			dst = append(dst, text[j])
		}
		dst = append(dst, '"')
	}
	return append(dst, ')')
}

func appendRecordBinary(dst []byte, d Datum, io *IO) []byte {
	fields := d.Record()
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(fields)))
	for _, f := range fields {
		dst = binary.BigEndian.AppendUint32(dst, uint32(f.Type.OID))
		if f.Value.IsNull() {
			dst = binary.BigEndian.AppendUint32(dst, math.MaxUint32)
			continue
		}
		at := len(dst)
		dst = AppendBinary(append(dst, 0, 0, 0, 0), f.Type, f.Value, io)
		binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	}
	return dst
}

// compareRecords orders field by field; NULL is greater than all.
func compareRecords(a, b Datum) int {
	x, y := a.Record(), b.Record()
	for i := range min(len(x), len(y)) {
		u, v := x[i].Value, y[i].Value
		switch {
		case u.IsNull() && v.IsNull():
			continue
		case u.IsNull():
			return 1
		case v.IsNull():
			return -1
		case u.P != v.P:
			return cmpInt(int64(u.P), int64(v.P))
		}
		if c := Compare(x[i].Type, u, v); c != 0 {
			return c
		}
	}
	return cmpInt(int64(len(x)), int64(len(y)))
}

func hashRecord(d Datum, h uint64) uint64 {
	for _, f := range d.Record() {
		h = Hash(f.Type, f.Value, h)
	}
	return h
}
