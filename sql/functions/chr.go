package functions

import (
	"strconv"
	"unicode/utf8"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

func chr(n int32) (string, error) {
	switch {
	case n < 0:
		return "", pgerror.New(pgerror.InvalidParameterValue, "character number must be positive")
	case n == 0:
		return "", pgerror.New(pgerror.ProgramLimitExceeded, "null character not permitted")
	case n > utf8.MaxRune:
		return "", pgerror.New(pgerror.ProgramLimitExceeded, "requested character too large for encoding: %d", n)
	case n >= 0xd800 && n < 0xe000:
		return "", pgerror.New(pgerror.ProgramLimitExceeded, "requested character not valid for encoding: %d", n)
	}
	return string(rune(n)), nil
}

var (
	_ = define("chr(int4)", "The character of a code point.", fn1E(chr), ex("chr(65)", "A"), ex("chr(230)", "æ"))
	_ = define("ascii(text)", "The code point of the first character.",
		fn1(func(s string) int32 {
			if s == "" {
				return 0
			}
			r, _ := utf8.DecodeRuneInString(s)
			return r
		}), ex("ascii('x')", "120"))
	_ = define("to_hex(int4)", "Writes a number in hexadecimal.", fn1(func(v int32) string { return strconv.FormatUint(uint64(uint32(v)), 16) }),
		ex("to_hex(2147483647)", "7fffffff"))
	_ = define("to_hex(int8)", "Writes a number in hexadecimal.", fn1(func(v int64) string { return strconv.FormatUint(uint64(v), 16) }),
		ex("to_hex(-1::bigint)", "ffffffffffffffff"))
)

// unistr reads \XXXX, \+XXXXXX, \uXXXX and \UXXXXXXXX.
func unistr(s string) (string, error) {
	bad := pgerror.New(pgerror.SyntaxError, "invalid Unicode escape").
		WithHint(`Unicode escapes must be \XXXX, \+XXXXXX, \uXXXX, or \UXXXXXXXX.`)
	var out []rune
	var high rune
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			if high != 0 {
				return "", errSurrogatePair
			}
			r, n := utf8.DecodeRuneInString(s[i:])
			out = append(out, r)
			i += n
			continue
		}
		if i+1 < len(s) && s[i+1] == '\\' {
			if high != 0 {
				return "", errSurrogatePair
			}
			out = append(out, '\\')
			i += 2
			continue
		}
		start, digits := i+1, 4
		if start < len(s) {
			switch s[start] {
			case '+':
				start, digits = start+1, 6
			case 'u':
				start++
			case 'U':
				start, digits = start+1, 8
			}
		}
		if start+digits > len(s) {
			return "", bad
		}
		for k := start; k < start+digits; k++ {
			if _, ok := hexDigit(s[k]); !ok {
				return "", bad
			}
		}
		v, err := strconv.ParseUint(s[start:start+digits], 16, 32)
		if err != nil {
			return "", bad
		}
		i = start + digits
		r := rune(v)
		switch {
		case v == 0 || v > utf8.MaxRune:
			return "", pgerror.New(pgerror.InvalidParameterValue, "invalid Unicode code point: %04X", v)
		case high != 0:
			if r < 0xdc00 || r > 0xdfff {
				return "", errSurrogatePair
			}
			out = append(out, (high-0xd800)<<10|(r-0xdc00)+0x10000)
			high = 0
		case r >= 0xd800 && r < 0xdc00:
			high = r
		case r >= 0xdc00 && r < 0xe000:
			return "", errSurrogatePair
		default:
			out = append(out, r)
		}
	}
	if high != 0 {
		return "", errSurrogatePair
	}
	return string(out), nil
}

var errSurrogatePair = pgerror.New(pgerror.SyntaxError, "invalid Unicode surrogate pair")

var _ = define("unistr(text)", "Replaces Unicode escapes by their characters.", fn1E(unistr), ex(`unistr('d\0061t\+000061')`, "data"))
