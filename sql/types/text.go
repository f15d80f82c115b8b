package types

import (
	"strings"
	"unicode/utf8"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// nameLen is NAMEDATALEN: names have at most 63 bytes.
const nameLen = 64

// CheckUTF8 returns PostgreSQL's error (22021) if s is not valid UTF-8 or has
// a NUL byte.
func CheckUTF8(s string) error {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return nil
	}
	for i := 0; i < len(s); {
		if s[i] == 0 {
			return badUTF8(s[i : i+1])
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n <= 1 {
			return badUTF8(s[i:min(len(s), i+utf8Len(s[i]))])
		}
		i += n
	}
	return nil
}

// utf8Len is the length a leading byte announces (pg_utf_mblen).
func utf8Len(c byte) int {
	switch {
	case c&0x80 == 0:
		return 1
	case c&0xe0 == 0xc0:
		return 2
	case c&0xf0 == 0xe0:
		return 3
	case c&0xf8 == 0xf0:
		return 4
	}
	return 1
}

func badUTF8(seq string) error {
	var b []byte
	for i := 0; i < len(seq); i++ {
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(b, '0', 'x', hexDigits[seq[i]>>4], hexDigits[seq[i]&15])
	}
	return pgerror.New(pgerror.CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": %s", b)
}

// runeOffset returns the byte offset of the n-th character of s, or len(s) and
// how many characters s has if it has no more than n.
func runeOffset(s string, n int) (offset, count int) {
	if len(s) <= n && isASCII(s) {
		return len(s), len(s)
	}
	for i := range s {
		if count == n {
			return i, count
		}
		count++
	}
	return len(s), count
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// coerceVarchar applies varchar(n).
func coerceVarchar(s string, mod int32, explicit bool) (string, error) {
	n := int(mod) - 4
	if n < 0 || len(s) <= n {
		return s, nil
	}
	end, _ := runeOffset(s, n)
	if end < len(s) && !explicit && strings.TrimRight(s[end:], " ") != "" {
		return "", pgerror.New(pgerror.StringDataRightTruncation, "value too long for type character varying(%d)", n)
	}
	return s[:end], nil
}

// coerceBpchar applies char(n): it cuts or pads with blanks.
func coerceBpchar(s string, mod int32, explicit bool) (string, error) {
	n := int(mod) - 4
	if n < 0 {
		return s, nil
	}
	end, count := runeOffset(s, n)
	if end < len(s) {
		if !explicit && strings.TrimRight(s[end:], " ") != "" {
			return "", pgerror.New(pgerror.StringDataRightTruncation, "value too long for type character(%d)", n)
		}
		return s[:end], nil
	}
	if count == n {
		return s, nil
	}
	b := make([]byte, len(s), len(s)+n-count)
	copy(b, s)
	for ; count < n; count++ {
		b = append(b, ' ')
	}
	return bytesString(b), nil
}

// clipName cuts a name to 63 bytes at a character's boundary.
func clipName(s string) string {
	if len(s) < nameLen {
		return s
	}
	end := nameLen - 1
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

// trimBlanks cuts trailing blanks, which bpchar's comparison ignores.
func trimBlanks(s string) string {
	for len(s) > 0 && s[len(s)-1] == ' ' {
		s = s[:len(s)-1]
	}
	return s
}
