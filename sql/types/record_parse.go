package types

import (
	"encoding/binary"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// InfoField is a field of a composite type.
type InfoField struct {
	Name string
	Type Type
}

func malformedRecord(s, detail string) error {
	return pgerror.New(pgerror.InvalidTextRepresentation, "malformed record literal: \"%s\"", s).WithDetail("%s", detail)
}

// parseRecord is record_in for a composite type: (a,"b c",).
func parseRecord(info *Info, s string, io *IO) (Datum, error) {
	i := 0
	for i < len(s) && isSpaceByte(s[i]) {
		i++
	}
	if i >= len(s) || s[i] != '(' {
		return Datum{}, malformedRecord(s, "Missing left parenthesis.")
	}
	i++
	fields := make([]RecordField, len(info.Fields))
	for n, f := range info.Fields {
		if n > 0 {
			if i >= len(s) || s[i] != ',' {
				return Datum{}, malformedRecord(s, "Too few columns.")
			}
			i++
		}
		fields[n] = RecordField{Type: Of(f.Type.OID)}
		text, null, end, ok := recordText(s, i)
		if !ok {
			return Datum{}, malformedRecord(s, "Unexpected end of input.")
		}
		i = end
		if null {
			continue
		}
		v, err := Parse(f.Type, text, io)
		if err != nil {
			return Datum{}, err
		}
		fields[n].Value = v.Clone()
	}
	if i < len(s) && s[i] == ',' {
		return Datum{}, malformedRecord(s, "Too many columns.")
	}
	if i >= len(s) || s[i] != ')' {
		return Datum{}, malformedRecord(s, "Too many columns.")
	}
	for i++; i < len(s); i++ {
		if !isSpaceByte(s[i]) {
			return Datum{}, malformedRecord(s, "Junk after right parenthesis.")
		}
	}
	return BuildRecord(fields), nil
}

func isSpaceByte(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// recordText reads a field's text from i on; null says that there is none. ok is false
// when the text ends inside of the field.
func recordText(s string, i int) (text string, null bool, end int, ok bool) {
	if i < len(s) && (s[i] == ',' || s[i] == ')') {
		return "", true, i, true
	}
	var b strings.Builder
	quoted := false
	for quoted || i >= len(s) || s[i] != ',' && s[i] != ')' {
		if i >= len(s) {
			return "", false, i, false
		}
		c := s[i]
		i++
		switch {
		case c == '\\':
			if i >= len(s) {
				return "", false, i, false
			}
			b.WriteByte(s[i])
			i++
		case c == '"' && !quoted:
			quoted = true
		case c == '"' && i < len(s) && s[i] == '"':
			b.WriteByte('"')
			i++
		case c == '"':
			quoted = false
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), false, i, true
}

// parseRecordBinary is record_recv for a composite type.
func parseRecordBinary(info *Info, b []byte, io *IO) (Datum, error) {
	if len(b) < 4 {
		return Datum{}, insufficientData()
	}
	if n := int(int32(binary.BigEndian.Uint32(b))); n != len(info.Fields) {
		return Datum{}, pgerror.New(pgerror.DatatypeMismatch, "wrong number of columns: %d, expected %d", n, len(info.Fields))
	}
	b = b[4:]
	fields := make([]RecordField, len(info.Fields))
	for n, f := range info.Fields {
		if len(b) < 8 {
			return Datum{}, insufficientData()
		}
		if oid := OID(binary.BigEndian.Uint32(b)); oid != f.Type.OID {
			return Datum{}, pgerror.New(pgerror.DatatypeMismatch, "binary data has type %d (%s) instead of expected %d (%s) in record column %d",
				oid, FormatID(oid), f.Type.OID, FormatID(f.Type.OID), n+1)
		}
		size := int(int32(binary.BigEndian.Uint32(b[4:])))
		b = b[8:]
		fields[n] = RecordField{Type: Of(f.Type.OID)}
		if size < 0 {
			continue
		}
		if size > len(b) {
			return Datum{}, insufficientData()
		}
		v, err := ParseBinary(f.Type, b[:size], io)
		if err != nil {
			return Datum{}, err
		}
		fields[n].Value = v.Clone()
		b = b[size:]
	}
	if len(b) > 0 {
		return Datum{}, invalidBinary()
	}
	return BuildRecord(fields), nil
}
