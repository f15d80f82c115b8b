package functions

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// textPosition is the position (from 1) of sub in s in characters, 0 if it is not there.
func textPosition(s, sub string) int32 {
	i := strings.Index(s, sub)
	if i < 0 {
		return 0
	}
	return int32(utf8.RuneCountInString(s[:i])) + 1
}

func reverse(s string) string {
	out := make([]byte, len(s))
	pos := len(s)
	for i := 0; i < len(s); {
		_, n := utf8.DecodeRuneInString(s[i:])
		pos -= n
		copy(out[pos:], s[i:i+n])
		i += n
	}
	return string(out)
}

func splitPart(s, sep string, n int32) (string, error) {
	if n == 0 {
		return "", pgerror.New(pgerror.InvalidParameterValue, "field position must not be zero")
	}
	if sep == "" || s == "" {
		if n == 1 || n == -1 {
			return s, nil
		}
		return "", nil
	}
	if n > 0 {
		for ; n > 1; n-- {
			i := strings.Index(s, sep)
			if i < 0 {
				return "", nil
			}
			s = s[i+len(sep):]
		}
		part, _, _ := strings.Cut(s, sep)
		return part, nil
	}
	parts := strings.Split(s, sep)
	if int(-n) > len(parts) {
		return "", nil
	}
	return parts[len(parts)+int(n)], nil
}

func translate(s, from, to string) string {
	if s == "" {
		return s
	}
	fr, tr := []rune(from), []rune(to)
	return strings.Map(func(r rune) rune {
		for i, f := range fr {
			if f == r {
				if i < len(tr) {
					return tr[i]
				}
				return -1
			}
		}
		return r
	}, s)
}

var (
	_ = define("strpos(text,text) position(text,text)", "The position of a string in another, 0 if it is not there.", fn2(textPosition),
		ex("strpos('high', 'ig')", "2"), ex("position('om' in 'Thomas')", "3"))
	_ = define("position(bytea,bytea)", "The position of bytes in others, 0 if they are not there.",
		fn2(func(b, sub []byte) int32 { return int32(bytes.Index(b, sub)) + 1 }), ex(`position('\x5678'::bytea in '\x1234567890'::bytea)`, "3"))
	_ = define("replace(text,text,text)", "Replaces a string wherever it is found.",
		fn3(func(s, from, to string) string {
			if from == "" {
				return s
			}
			return strings.ReplaceAll(s, from, to)
		}), ex("replace('abcdefabcdef', 'cd', 'XX')", "abXXefabXXef"))
	_ = define("reverse(text)", "Puts the characters into the opposite order.", fn1(reverse), ex("reverse('abcde')", "edcba"))
	_ = define("split_part(text,text,int4)", "The n-th part between separators; a negative n counts from the end.", fn3E(splitPart),
		ex("split_part('abc~@~def~@~ghi', '~@~', 2)", "def"), ex("split_part('abc,def,ghi,jkl', ',', -2)", "ghi"))
	_ = define("translate(text,text,text)", "Replaces characters of one set by those of another; those without a partner go.", fn3(translate),
		ex("translate('12345', '143', 'ax')", "a2x5"))
)
