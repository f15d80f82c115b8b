package types

import "strings"

// parseBool reads a bool: unique prefixes of true, false, yes, no, on, off,
// and 1 and 0, in any case, with blanks around.
func parseBool(s string) (bool, error) {
	t := trimSpace(s)
	if t != "" {
		prefix := func(word string) bool {
			return len(t) <= len(word) && strings.EqualFold(t, word[:len(t)])
		}
		switch t[0] | 0x20 {
		case 't':
			if prefix("true") {
				return true, nil
			}
		case 'f':
			if prefix("false") {
				return false, nil
			}
		case 'y':
			if prefix("yes") {
				return true, nil
			}
		case 'n':
			if prefix("no") {
				return false, nil
			}
		case 'o':
			if strings.EqualFold(t, "on") {
				return true, nil
			}
			if len(t) >= 2 && prefix("off") {
				return false, nil
			}
		}
		if t == "1" || t == "0" {
			return t == "1", nil
		}
	}
	return false, invalidSyntax(Bool, s)
}

func trimSpace(s string) string {
	for len(s) > 0 && isSpace(s[0]) {
		s = s[1:]
	}
	for len(s) > 0 && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}
