package functions

import (
	"strings"
	"unicode"
)

var (
	_ = define("upper(text)", "Converts the string to upper case.", fn1(upper), ex("upper('tide')", "TIDE"))
	_ = define("lower(text)", "Converts the string to lower case.", fn1(lower), ex("lower('TIDE')", "tide"))
	_ = define("initcap(text)", "Converts the first letter of each word to upper case and the rest to lower case.",
		fn1(initcap), ex("initcap('hi THOMAS')", "Hi Thomas"))
)

// Letters map one to one, as in PostgreSQL with libc: ß stays.

func upper(s string) string { return strings.Map(unicode.ToUpper, s) }

func lower(s string) string { return strings.Map(unicode.ToLower, s) }

func initcap(s string) string {
	inWord := false
	return strings.Map(func(r rune) rune {
		was := inWord
		inWord = unicode.IsLetter(r) || unicode.IsDigit(r)
		if was {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, s)
}
