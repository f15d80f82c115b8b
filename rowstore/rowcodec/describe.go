package rowcodec

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Describe explains a row without knowing its table: one line a column, with
// the readings that the length of the value allows.
func Describe(row []byte) string {
	shape, err := ReadShape(row)
	if err != nil {
		return fmt.Sprintf("not a row: %x", row)
	}
	var out strings.Builder
	notNull, all := shape.Columns()
	size := "small"
	if shape.large {
		size = "large"
	}
	fmt.Fprintf(&out, "row format 2, %s, %d values, %d NULLs", size, notNull, all-notNull)
	if shape.Overflow {
		out.WriteString(", values in overflow keys")
	}
	for i := range notNull {
		fmt.Fprintf(&out, "\ncolumn %d: ", shape.ID(i))
		if b, ok := shape.Value(row, i); ok {
			out.WriteString(describeValue(b))
		} else {
			out.WriteString("invalid offset")
		}
	}
	for i := notNull; i < all; i++ {
		fmt.Fprintf(&out, "\ncolumn %d: NULL", shape.ID(i))
	}
	return out.String()
}

func describeValue(b []byte) string {
	value, length, err := Bytes(b)
	switch {
	case err != nil:
		return fmt.Sprintf("invalid %x", b)
	case length >= 0:
		return fmt.Sprintf("%d bytes in overflow keys", length)
	}
	var readings []string
	if v, ok := Int(b); ok {
		readings = append(readings, strconv.FormatInt(v, 10))
	}
	if f, ok := Float(b); ok {
		readings = append(readings, strconv.FormatFloat(f, 'g', -1, 64)+"f")
	}
	text := fmt.Sprintf("\\x%x", value)
	if utf8.Valid(value) && strings.IndexFunc(string(value), func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		text = strconv.Quote(string(value))
	}
	return strings.Join(append(readings, text), " or ")
}
