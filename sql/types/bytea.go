package types

import (
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

const hexDigits = "0123456789abcdef"

// appendHex appends the hexadecimal digits of s.
func appendHex(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		dst = append(dst, hexDigits[s[i]>>4], hexDigits[s[i]&15])
	}
	return dst
}

func hexValue(c byte) (byte, bool) {
	switch {
	case isDigit(c):
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// appendBytea appends a bytea as bytea_output ("hex" or "escape") wants.
func appendBytea(dst []byte, s, output string) []byte {
	if output != "escape" {
		return appendHex(append(dst, '\\', 'x'), s)
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			dst = append(dst, '\\', '\\')
		case c < 0x20 || c > 0x7e:
			dst = append(dst, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// parseBytea reads both of bytea's forms.
func parseBytea(s string) (Datum, error) {
	if strings.HasPrefix(s, `\x`) {
		return parseHex(s[2:])
	}
	if strings.IndexByte(s, '\\') < 0 {
		return NewBinary(s), nil
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			out = append(out, s[i])
			continue
		}
		rest := s[i+1:]
		switch {
		case len(rest) >= 3 && rest[0] >= '0' && rest[0] <= '3' && isOctal(rest[1]) && isOctal(rest[2]):
			out = append(out, (rest[0]-'0')<<6|(rest[1]-'0')<<3|(rest[2]-'0'))
			i += 3
		case rest != "" && rest[0] == '\\':
			out = append(out, '\\')
			i++
		default:
			return Datum{}, pgerror.New(pgerror.InvalidTextRepresentation, "invalid input syntax for type %s", "bytea")
		}
	}
	return NewBinary(bytesString(out)), nil
}

func isOctal(c byte) bool { return c >= '0' && c <= '7' }

func parseHex(s string) (Datum, error) {
	out := make([]byte, 0, len(s)/2)
	for i := 0; i < len(s); {
		if c := s[i]; c == ' ' || c == '\n' || c == '\t' || c == '\r' {
			i++
			continue
		}
		hi, ok := hexValue(s[i])
		if !ok {
			return Datum{}, invalidHexDigit(s[i:])
		}
		if i++; i >= len(s) {
			return Datum{}, pgerror.New(pgerror.InvalidParameterValue, "invalid hexadecimal data: odd number of digits")
		}
		lo, ok := hexValue(s[i])
		if !ok {
			return Datum{}, invalidHexDigit(s[i:])
		}
		out = append(out, hi<<4|lo)
		i++
	}
	return NewBinary(bytesString(out)), nil
}

func invalidHexDigit(s string) error {
	for i := range s {
		if i > 0 {
			s = s[:i]
			break
		}
	}
	return pgerror.New(pgerror.InvalidParameterValue, "invalid hexadecimal digit: \"%s\"", s)
}
