package types

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// A multirange lies as PhysBinary, integers little endian: the OID of its type
// uint32, a count uint32, and the ranges as in a range behind its OID.

// Multirange is an ordered list of ranges that are not empty and do not touch
// (PostgreSQL 8.17).
type Multirange struct {
	OID    OID // of the multirange type
	Ranges []Range
}

// MakeMultirange makes a multirange of any ranges of the type; it takes the slice.
func MakeMultirange(oid OID, ranges []Range) Multirange {
	ranges = slices.DeleteFunc(ranges, func(r Range) bool { return r.Empty })
	slices.SortFunc(ranges, func(a, b Range) int { return a.Compare(&b) })
	out := ranges[:0]
	for _, r := range ranges {
		if n := len(out); n > 0 {
			last := &out[n-1]
			t := r.Subtype()
			if last.Overlaps(&r) || last.Adjacent(&r) {
				if CompareBounds(t, r.Upper, true, last.Upper, true) > 0 {
					last.Upper = r.Upper
				}
				continue
			}
		}
		out = append(out, r)
	}
	return Multirange{OID: oid, Ranges: out}
}

// Overlaps reports whether two ranges have a value in common.
func (r *Range) Overlaps(o *Range) bool {
	if r.Empty || o.Empty {
		return false
	}
	t := r.Subtype()
	if CompareBounds(t, r.Lower, false, o.Lower, false) >= 0 {
		return CompareBounds(t, r.Lower, false, o.Upper, true) <= 0
	}
	return CompareBounds(t, o.Lower, false, r.Upper, true) <= 0
}

// Adjacent reports whether two ranges touch: nothing lies between them and they
// have no value in common.
func (r *Range) Adjacent(o *Range) bool {
	return !r.Empty && !o.Empty && (r.Meets(o) || o.Meets(r))
}

// Meets reports whether o begins where r ends.
func (r *Range) Meets(o *Range) bool {
	a, b := r.Upper, o.Lower
	if a.Infinite || b.Infinite {
		return false
	}
	c := Compare(r.Subtype(), a.Value, b.Value)
	if c == 0 {
		return a.Inclusive != b.Inclusive
	}
	if c > 0 || !FindRange(r.OID).Discrete {
		return false
	}
	// Infinite dates are not canonical, so that there may be nothing in between.
	between, err := MakeRange(r.OID, RangeBound{Value: a.Value, Inclusive: !a.Inclusive}, RangeBound{Value: b.Value, Inclusive: !b.Inclusive})
	return err == nil && between.Empty
}

// DecodeMultirange reads a value of a multirange type, aliasing s.
func DecodeMultirange(s string) Multirange {
	if len(s) < 8 {
		return Multirange{OID: Int4Multirange}
	}
	m := Multirange{OID: OID(le32(s))}
	t := FindRange(m.OID)
	n := int(le32(s[4:]))
	s = s[8:]
	if t == nil || n > len(s) {
		return Multirange{OID: Int4Multirange}
	}
	m.Ranges = make([]Range, n)
	for i := range m.Ranges {
		m.Ranges[i].OID = t.Range
		s = m.Ranges[i].decode(s)
	}
	return m
}

// Datum returns the multirange as a value.
func (m *Multirange) Datum() Datum {
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, 8+20*len(m.Ranges)), uint32(m.OID))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(m.Ranges)))
	for i := range m.Ranges {
		b = m.Ranges[i].append(b)
	}
	return NewBinary(bytesString(b))
}

// CompareMultiranges orders two values of a multirange type (multirange_cmp).
func CompareMultiranges(a, b string) int {
	x, y := DecodeMultirange(a), DecodeMultirange(b)
	return slices.CompareFunc(x.Ranges, y.Ranges, func(a, b Range) int { return a.Compare(&b) })
}

func (m *Multirange) hash(seed uint64) uint64 {
	for i := range m.Ranges {
		seed = m.Ranges[i].hash(seed)
	}
	return HashInt(int64(len(m.Ranges)), seed)
}

func appendMultirange(dst []byte, m *Multirange, io *IO) []byte {
	dst = append(dst, '{')
	for i := range m.Ranges {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendRange(dst, &m.Ranges[i], io)
	}
	return append(dst, '}')
}

// parseMultirange reads '{[1,2),[5,6)}'.
func parseMultirange(oid OID, s string, io *IO) (Datum, error) {
	bad := func(detail string) (Datum, error) {
		return Datum{}, pgerror.New(pgerror.InvalidTextRepresentation, "malformed multirange literal: \"%s\"", s).WithDetail("%s", detail)
	}
	skip := func(rest string) string { return strings.TrimLeft(rest, " \t\n\r\f\v") }
	rest := skip(s)
	if rest == "" || rest[0] != '{' {
		return bad("Missing left brace.")
	}
	rest = skip(rest[1:])
	var ranges []Range
	for n := 0; ; n++ {
		if n == 0 && rest != "" && rest[0] == '}' {
			break
		}
		size := 0
		switch {
		case rest == "":
			return bad("Unexpected end of input.")
		case rest[0] == '[' || rest[0] == '(':
			if size = rangeTextEnd(rest); size < 0 {
				return bad("Unexpected end of input.")
			}
		case len(rest) >= 5 && strings.EqualFold(rest[:5], "empty"):
			size = 5
		default:
			return bad("Expected range start.")
		}
		r, err := scanRange(FindRange(oid).Range, rest[:size], io)
		if err != nil {
			return Datum{}, err
		}
		ranges = append(ranges, r)
		if rest = skip(rest[size:]); rest == "" {
			return bad("Unexpected end of input.")
		}
		if rest[0] == '}' {
			break
		}
		if rest[0] != ',' {
			return bad("Expected comma or end of multirange.")
		}
		rest = skip(rest[1:])
	}
	if skip(rest[1:]) != "" {
		return bad("Junk after closing right brace.")
	}
	m := MakeMultirange(oid, ranges)
	return m.Datum(), nil
}

// rangeTextEnd is the length of the range that a text begins with, -1 if it does
// not end.
func rangeTextEnd(s string) int {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ']' || c == ')'):
			return i + 1
		}
	}
	return -1
}
