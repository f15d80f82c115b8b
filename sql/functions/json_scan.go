package functions

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// json and jsonb are kept as text that types has checked (jsonb in canonical
// form: keys sorted and unique, one blank after : and ,). The functions here
// walk such text; they need not defend against bad JSON.

// jsonSpace skips white space.
func jsonSpace(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\t' || s[i] == '\r') {
		i++
	}
	return i
}

// jsonKind is the first character of a value: { [ " t f n or of a number.
func jsonKind(s string) byte {
	if i := jsonSpace(s, 0); i < len(s) {
		return s[i]
	}
	return 0
}

// jsonStringEnd is the end of the string that starts at i.
func jsonStringEnd(s string, i int) int {
	for i++; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

// jsonValueEnd is the end of the value that starts at i.
func jsonValueEnd(s string, i int) int {
	if i >= len(s) {
		return i
	}
	switch s[i] {
	case '"':
		return jsonStringEnd(s, i)
	case '{', '[':
		depth := 0
		for i < len(s) {
			switch s[i] {
			case '"':
				i = jsonStringEnd(s, i)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
			i++
		}
		return len(s)
	}
	for i < len(s) && strings.IndexByte(",]} \n\t\r", s[i]) < 0 {
		i++
	}
	return i
}

// jsonMembers calls fn for the members of an object, keys as written (quoted),
// until it answers false.
func jsonMembers(s string, fn func(key, value string) bool) {
	i := jsonSpace(s, 0) + 1
	for {
		i = jsonSpace(s, i)
		if i >= len(s) || s[i] == '}' {
			return
		}
		end := jsonStringEnd(s, i)
		key := s[i:end]
		i = jsonSpace(s, jsonSpace(s, end)+1)
		end = jsonValueEnd(s, i)
		if !fn(key, s[i:end]) {
			return
		}
		if i = jsonSpace(s, end); i < len(s) && s[i] == ',' {
			i++
		}
	}
}

// jsonElements calls fn for the elements of an array until it answers false.
func jsonElements(s string, fn func(value string) bool) {
	i := jsonSpace(s, 0) + 1
	for {
		i = jsonSpace(s, i)
		if i >= len(s) || s[i] == ']' {
			return
		}
		end := jsonValueEnd(s, i)
		if !fn(s[i:end]) {
			return
		}
		if i = jsonSpace(s, end); i < len(s) && s[i] == ',' {
			i++
		}
	}
}

// jsonUnquote decodes a quoted string.
func jsonUnquote(s string) string {
	s = s[1 : len(s)-1]
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'u':
			r := jsonHex(s, i+1)
			i += 4
			if utf16.IsSurrogate(r) && i+6 < len(s)+1 && strings.HasPrefix(s[i+1:], `\u`) {
				if low := jsonHex(s, i+3); utf16.DecodeRune(r, low) != utf8.RuneError {
					r = utf16.DecodeRune(r, low)
					i += 6
				}
			}
			b.WriteRune(r)
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func jsonHex(s string, i int) rune {
	if i+4 > len(s) {
		return utf8.RuneError
	}
	v, err := strconv.ParseUint(s[i:i+4], 16, 16)
	if err != nil {
		return utf8.RuneError
	}
	return rune(v)
}

// jsonGet is the value of an object's key; of equal keys the last.
func jsonGet(s, key string) (value string, ok bool) {
	if jsonKind(s) != '{' {
		return "", false
	}
	jsonMembers(s, func(k, v string) bool {
		if jsonKeyIs(k, key) {
			value, ok = v, true
		}
		return true
	})
	return value, ok
}

func jsonKeyIs(quoted, key string) bool {
	if inner := quoted[1 : len(quoted)-1]; inner == key && strings.IndexByte(key, '\\') < 0 {
		return true
	} else if strings.IndexByte(inner, '\\') < 0 {
		return false
	}
	return jsonUnquote(quoted) == key
}

// jsonIndex is the element of an array; negative positions count from the end.
func jsonIndex(s string, index int) (value string, ok bool) {
	if jsonKind(s) != '[' {
		return "", false
	}
	if index < 0 {
		n := 0
		jsonElements(s, func(string) bool { n++; return true })
		if index += n; index < 0 {
			return "", false
		}
	}
	jsonElements(s, func(v string) bool {
		if index == 0 {
			value, ok = v, true
		}
		index--
		return !ok
	})
	return value, ok
}

// jsonText is a value as ->> gives it: a string without quotes, NULL for null.
func jsonText(v string) (text string, ok bool) {
	switch jsonKind(v) {
	case '"':
		return jsonUnquote(v), true
	case 'n':
		return "", false
	}
	return v, true
}

// jsonPath follows a path of keys and positions.
func jsonPath(s string, path []string) (value string, ok bool) {
	value = s
	for _, step := range path {
		switch jsonKind(value) {
		case '{':
			value, ok = jsonGet(value, step)
		case '[':
			i, err := strconv.ParseInt(strings.TrimLeft(step, " \t\n\r\f\v"), 10, 32)
			if err != nil {
				return "", false
			}
			value, ok = jsonIndex(value, int(i))
		default:
			return "", false
		}
		if !ok {
			return "", false
		}
	}
	return value, true
}

// JSONPath is the value at a path of keys and positions of JSON text.
func JSONPath(s string, path []string) (value string, ok bool) { return jsonPath(s, path) }
