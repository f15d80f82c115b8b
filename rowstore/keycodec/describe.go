package keycodec

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Describe explains a key of a table without knowing the table.
func Describe(key []byte) string {
	table, kind, rest, err := DecodePrefix(key)
	if err != nil {
		return fmt.Sprintf("not a key of a table: %x", key)
	}
	head := fmt.Sprintf("table %d", table)
	switch kind {
	case KindRow:
		return head + " row, handle " + describeHandle(rest)
	case KindOverflow:
		return head + " overflow" + describeOverflow(rest)
	case KindRowIDs:
		return head + " hidden row ids given out"
	}
	index, rest, err := DecodeInt(rest)
	if err != nil {
		return head + fmt.Sprintf(" index, invalid: %x", key)
	}
	return head + fmt.Sprintf(" index %d: ", index) + describeColumns(rest)
}

func describeHandle(b []byte) string {
	if len(b) == 8 {
		v, _, _ := DecodeInt(b)
		return strconv.FormatInt(v, 10)
	}
	return describeColumns(b)
}

func describeOverflow(b []byte) string {
	attnum, b, err := DecodeInt(b)
	if err != nil {
		return ", invalid"
	}
	handle, b, err := DecodeBytes(nil, b, 0)
	if err != nil || len(b) != 4 {
		return fmt.Sprintf(" of column %d, invalid", attnum)
	}
	chunk := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	return fmt.Sprintf(" of column %d, handle %s, chunk %d", attnum, describeHandle(handle), chunk)
}

// describeColumns prints coded columns; descending ones are told by their
// inverted flags.
func describeColumns(b []byte) string {
	var out []string
	for len(b) > 0 {
		text, rest, err := describeColumn(b)
		if err != nil {
			out = append(out, fmt.Sprintf("invalid: %x", b))
			break
		}
		out = append(out, text)
		b = rest
	}
	return "(" + strings.Join(out, ", ") + ")"
}

func describeColumn(b []byte) (text string, rest []byte, err error) {
	invert, suffix := byte(0), ""
	if b[0] >= 0x80 {
		invert, suffix = 0xFF, " desc"
	}
	switch flag := b[0] ^ invert; flag {
	case FlagNull, FlagNullLast:
		return "NULL" + suffix, b[1:], nil
	case FlagBytes:
		v, rest, err := DecodeBytes(nil, b[1:], invert)
		return quote(v) + suffix, rest, err
	case FlagInt, FlagUint, FlagFloat:
		u, rest, err := DecodeUint(b[1:])
		if invert != 0 {
			u = ^u
		}
		switch flag {
		case FlagInt:
			text = strconv.FormatInt(int64(u^signBit), 10)
		case FlagUint:
			text = strconv.FormatUint(u, 10) + "u"
		default:
			text = strconv.FormatFloat(FloatFromBits(u), 'g', -1, 64) + "f"
		}
		return text + suffix, rest, err
	}
	return "", nil, errInvalid
}

// quote prints bytes as text if they are printable, else in hexadecimal.
func quote(b []byte) string {
	if utf8.Valid(b) && strings.IndexFunc(string(b), func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return strconv.Quote(string(b))
	}
	return fmt.Sprintf("\\x%x", b)
}
