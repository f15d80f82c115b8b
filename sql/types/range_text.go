package types

import (
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// parseRange reads '[1,10)', with the bounds in the subtype's text form, bare or in
// double quotes, and none where the range has no end there (PostgreSQL 8.17.5).
func parseRange(oid OID, s string, io *IO) (Datum, error) {
	r, err := scanRange(oid, s, io)
	if err != nil {
		return Datum{}, err
	}
	return r.Datum(), nil
}

func malformedRange(s, detail string) error {
	return pgerror.New(pgerror.InvalidTextRepresentation, "malformed range literal: \"%s\"", s).WithDetail("%s", detail)
}

func scanRange(oid OID, s string, io *IO) (Range, error) {
	bad := func(detail string) (Range, error) { return Range{}, malformedRange(s, detail) }
	rest := strings.TrimLeft(s, " \t\n\r\f\v")
	if len(rest) >= 5 && strings.EqualFold(rest[:5], "empty") {
		if strings.TrimLeft(rest[5:], " \t\n\r\f\v") != "" {
			return bad(`Junk after "empty" key word.`)
		}
		return Range{OID: oid, Empty: true}, nil
	}
	var lower, upper RangeBound
	switch {
	case rest == "" || rest[0] != '[' && rest[0] != '(':
		return bad("Missing left parenthesis or bracket.")
	case rest[0] == '[':
		lower.Inclusive = true
	}
	low, rest, ok := rangeBoundText(rest[1:])
	switch {
	case !ok:
		return bad("Unexpected end of input.")
	case rest[0] != ',':
		return bad("Missing comma after lower bound.")
	}
	high, rest, ok := rangeBoundText(rest[1:])
	switch {
	case !ok:
		return bad("Unexpected end of input.")
	case rest[0] == ',':
		return bad("Too many commas.")
	case rest[0] == ']':
		upper.Inclusive = true
	}
	if strings.TrimLeft(rest[1:], " \t\n\r\f\v") != "" {
		return bad("Junk after right parenthesis or bracket.")
	}
	subtype := Of(FindRange(oid).Subtype)
	if err := lower.parse(subtype, low, io); err != nil {
		return Range{}, err
	}
	if err := upper.parse(subtype, high, io); err != nil {
		return Range{}, err
	}
	return MakeRange(oid, lower, upper)
}

// parse reads a bound's value, nil for none.
func (b *RangeBound) parse(subtype Type, text *string, io *IO) (err error) {
	if text == nil {
		b.Infinite = true
		return nil
	}
	b.Value, err = Parse(subtype, *text, io)
	return err
}

// rangeBoundText takes a bound up to the sign behind it, nil if there is nothing;
// ok is false if the text ends.
func rangeBoundText(s string) (text *string, rest string, ok bool) {
	if s != "" && (s[0] == ',' || s[0] == ')' || s[0] == ']') {
		return nil, s, true
	}
	var b []byte
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			if i++; i == len(s) {
				return nil, "", false
			}
			b = append(b, s[i])
		case c == '"' && quoted && i+1 < len(s) && s[i+1] == '"':
			i++
			b = append(b, '"')
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ',' || c == ')' || c == ']'):
			v := string(b)
			return &v, s[i:], true
		default:
			b = append(b, c)
		}
	}
	return nil, "", false
}

func appendRange(dst []byte, r *Range, io *IO) []byte {
	if r.Empty {
		return append(dst, "empty"...)
	}
	signs := [2]byte{'(', ')'}
	if r.Lower.Inclusive {
		signs[0] = '['
	}
	if r.Upper.Inclusive {
		signs[1] = ']'
	}
	dst = appendRangeBound(append(dst, signs[0]), r.Subtype(), &r.Lower, io)
	dst = appendRangeBound(append(dst, ','), r.Subtype(), &r.Upper, io)
	return append(dst, signs[1])
}

func appendRangeBound(dst []byte, subtype Type, b *RangeBound, io *IO) []byte {
	if b.Infinite {
		return dst
	}
	at := len(dst)
	dst = AppendText(dst, subtype, b.Value, io)
	text := string(dst[at:])
	if text != "" && !strings.ContainsAny(text, "\"\\()[], \t\n\r\f\v") {
		return dst
	}
	dst = append(dst[:at], '"')
	for i := range len(text) {
		if c := text[i]; c == '"' || c == '\\' {
			dst = append(dst, c)
		}
		dst = append(dst, text[i])
	}
	return append(dst, '"')
}
