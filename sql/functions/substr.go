package functions

import (
	"math"
	"unicode/utf8"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

var errNegativeLength = pgerror.New(pgerror.SubstringError, "negative substring length not allowed")

// window turns a start (from 1) and a length into the positions [from, to) in
// a string of unknown length.
func window(start, length int32) (from, to int, err error) {
	if length < 0 {
		return 0, 0, errNegativeLength
	}
	end := int64(start) + int64(length)
	if end > math.MaxInt32 {
		end = math.MaxInt32
	}
	from = int(max(start, 1)) - 1
	return from, max(from, int(end)-1), nil
}

// runeSlice is the characters [from, to) of s.
func runeSlice(s string, from, to int) string {
	if from >= to || from >= len(s) {
		return ""
	}
	start := runeAt(s, from)
	rest := s[start:]
	return rest[:runeAt(rest, to-from)]
}

// runeAt is the offset of the n-th character of s, its length if there are fewer.
func runeAt(s string, n int) int {
	if n >= len(s) {
		return len(s)
	}
	i := 0
	for ; i < n && s[i] < utf8.RuneSelf; i++ {
	}
	if i == n && (i == len(s) || s[i] < utf8.RuneSelf || utf8.RuneStart(s[i])) {
		return i
	}
	for left := n - i; left > 0 && i < len(s); left-- {
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	return i
}

func substr(s string, start int32) string { return runeSlice(s, int(max(start, 1))-1, math.MaxInt32) }

func substrLen(s string, start, length int32) (string, error) {
	from, to, err := window(start, length)
	if err != nil {
		return "", err
	}
	return runeSlice(s, from, to), nil
}

func byteSubstr(b []byte, start int32) []byte { return b[min(int(max(start, 1))-1, len(b)):] }

func byteSubstrLen(b []byte, start, length int32) ([]byte, error) {
	from, to, err := window(start, length)
	if err != nil {
		return nil, err
	}
	return b[min(from, len(b)):min(to, len(b))], nil
}

// overlay replaces length characters from a position on.
func overlay(s, with string, start, length int32) (string, error) {
	if start <= 0 {
		return "", errNegativeLength
	}
	after := int64(start) + int64(length)
	if after > math.MaxInt32 || after < math.MinInt32 {
		return "", errIntegerRange
	}
	return runeSlice(s, 0, int(start)-1) + with + substr(s, int32(after)), nil
}

func byteOverlay(b, with []byte, start, length int32) ([]byte, error) {
	if start <= 0 {
		return nil, errNegativeLength
	}
	after := int64(start) + int64(length)
	if after > math.MaxInt32 || after < math.MinInt32 {
		return nil, errIntegerRange
	}
	out := append([]byte(nil), b[:min(int(start)-1, len(b))]...)
	out = append(out, with...)
	return append(out, byteSubstr(b, int32(after))...), nil
}

var (
	_ = define("substr(text,int4) substring(text,int4)", "The characters from a position on.", fn2(substr),
		ex("substr('alphabet', 3)", "phabet"), ex("substring('Thomas' from 3)", "omas"))
	_ = define("substr(text,int4,int4) substring(text,int4,int4)", "A number of characters from a position on.", fn3E(substrLen),
		ex("substr('alphabet', 3, 2)", "ph"), ex("substring('Thomas' from 2 for 3)", "hom"))
	_ = define("substr(bytea,int4) substring(bytea,int4)", "The bytes from a position on.", fn2(byteSubstr), ex(`substr('\x1234567890'::bytea, 3)`, `\x567890`))
	_ = define("substr(bytea,int4,int4) substring(bytea,int4,int4)", "A number of bytes from a position on.", fn3E(byteSubstrLen),
		ex(`substr('\x1234567890'::bytea, 3, 2)`, `\x5678`))
	_ = define("overlay(text,text,int4,int4)", "Replaces a number of characters from a position on.", fn4E(overlay),
		ex("overlay('Txxxxas' placing 'hom' from 2 for 4)", "Thomas"))
	_ = define("overlay(text,text,int4)", "Replaces characters from a position on, as many as are given.",
		fn3E(func(s, with string, start int32) (string, error) {
			return overlay(s, with, start, int32(utf8.RuneCountInString(with)))
		}), ex("overlay('abcdef' placing 'XY' from 3)", "abXYef"))
	_ = define("overlay(bytea,bytea,int4,int4)", "Replaces a number of bytes from a position on.", fn4E(byteOverlay),
		ex(`overlay('\x1234567890'::bytea, '\x0203'::bytea, 2, 3)`, `\x12020390`))
	_ = define("overlay(bytea,bytea,int4)", "Replaces bytes from a position on, as many as are given.",
		fn3E(func(b, with []byte, start int32) ([]byte, error) {
			return byteOverlay(b, with, start, int32(len(with)))
		}),
		ex(`overlay('\x1234567890'::bytea, '\x0203'::bytea, 2)`, `\x1202037890`))
	_ = define("left(text,int4)", "The first n characters; with a negative n all but the last ones.",
		fn2(func(s string, n int32) string {
			if n < 0 {
				n += int32(utf8.RuneCountInString(s))
			}
			return runeSlice(s, 0, int(n))
		}), ex("left('abcde', 2)", "ab"), ex("left('abcde', -1)", "abcd"))
	_ = define("right(text,int4)", "The last n characters; with a negative n all but the first ones.",
		fn2(func(s string, n int32) string {
			if n < 0 {
				if n == math.MinInt32 {
					return ""
				}
				return runeSlice(s, int(-n), math.MaxInt32)
			}
			return runeSlice(s, max(0, utf8.RuneCountInString(s)-int(n)), math.MaxInt32)
		}), ex("right('abcde', 2)", "de"), ex("right('abcde', -1)", "bcde"))
)
