package functions

import (
	"strings"
	"unicode/utf8"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// maxText bounds results as PostgreSQL's 1 GB limit on values does.
const maxText = 0x3fffffff

var errTooLong = pgerror.New(pgerror.ProgramLimitExceeded, "requested length too large")

func pad(s string, length int32, fill string, left bool) (string, error) {
	n := int(max(length, 0))
	have := utf8.RuneCountInString(s)
	if have >= n || fill == "" {
		return runeSlice(s, 0, n), nil
	}
	if n > maxText/4 {
		return "", errTooLong
	}
	missing := n - have
	size := utf8.RuneCountInString(fill)
	padding := strings.Repeat(fill, missing/size) + runeSlice(fill, 0, missing%size)
	if left {
		return padding + s, nil
	}
	return s + padding, nil
}

var (
	_ = define("lpad(text,int4,text)", "Fills the string at the start to a length, or cuts it.",
		fn3E(func(s string, n int32, fill string) (string, error) { return pad(s, n, fill, true) }), ex("lpad('hi', 5, 'xy')", "xyxhi"))
	_ = define("lpad(text,int4)", "Fills the string with blanks at the start to a length, or cuts it.",
		fn2E(func(s string, n int32) (string, error) { return pad(s, n, " ", true) }), ex("lpad('hi', 5)", "   hi"))
	_ = define("rpad(text,int4,text)", "Fills the string at the end to a length, or cuts it.",
		fn3E(func(s string, n int32, fill string) (string, error) { return pad(s, n, fill, false) }), ex("rpad('hi', 5, 'xy')", "hixyx"))
	_ = define("rpad(text,int4)", "Fills the string with blanks at the end to a length, or cuts it.",
		fn2E(func(s string, n int32) (string, error) { return pad(s, n, " ", false) }), ex("rpad('hi', 5) || '|'", "hi   |"))
	_ = define("repeat(text,int4)", "Repeats the string.",
		fn2E(func(s string, n int32) (string, error) {
			if n <= 0 || s == "" {
				return "", nil
			}
			if int64(len(s))*int64(n) > maxText {
				return "", errTooLong
			}
			return strings.Repeat(s, int(n)), nil
		}), ex("repeat('Pg', 4)", "PgPgPgPg"))
)
