package hints

import (
	"strings"

	"github.com/tidemarkdb/tidemark/sql/parser"
)

// Comments returns the hint comments of a statement, "/*+ ... */" with their
// marks: those behind SELECT, INSERT, UPDATE and DELETE (of subqueries too) and
// those in front of the statement. Elsewhere such a comment is a comment.
func Comments(sql string) []string {
	if !strings.Contains(sql, "/*+") {
		return nil
	}
	var out []string
	atHint := true // a hint may stand here
	for i := 0; i < len(sql); {
		switch c := sql[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
			i++
		case strings.HasPrefix(sql[i:], "--"):
			i = lineEnd(sql, i)
		case strings.HasPrefix(sql[i:], "/*"):
			end := parser.CommentEnd(sql, i)
			if atHint && strings.HasPrefix(sql[i:], "/*+") && strings.HasSuffix(sql[i:end], "*/") {
				out = append(out, sql[i:end])
			}
			i = end
		case wordByte(c):
			end := wordEnd(sql, i)
			atHint = takesHints(sql[i:end])
			if end < len(sql) && sql[end] == '\'' && isEscapePrefix(sql[i:end]) {
				end = quoteEnd(sql, end, '\'', true)
			}
			i = end
		default:
			atHint = false
			i = tokenEnd(sql, i)
		}
	}
	return out
}

func takesHints(word string) bool {
	switch strings.ToLower(word) {
	case "select", "insert", "update", "delete":
		return true
	}
	return false
}

func isEscapePrefix(word string) bool { return word == "e" || word == "E" }

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80
}

func wordEnd(s string, i int) int {
	for i < len(s) && (wordByte(s[i]) || s[i] == '$') {
		i++
	}
	return i
}

func lineEnd(s string, i int) int {
	if n := strings.IndexByte(s[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(s)
}

// tokenEnd is the place behind the quoted text or the single byte at i.
func tokenEnd(s string, i int) int {
	switch s[i] {
	case '\'', '"':
		return quoteEnd(s, i, s[i], false)
	case '$':
		end := wordEnd(s, i+1)
		tag := s[i:min(end, len(s))]
		if n := strings.IndexByte(tag[1:], '$'); n >= 0 {
			tag = tag[:n+2]
			if close := strings.Index(s[i+len(tag):], tag); close >= 0 {
				return i + 2*len(tag) + close
			}
			return len(s)
		}
		return end
	}
	return i + 1
}

// quoteEnd is the place behind the quoted text that begins at i.
func quoteEnd(s string, i int, quote byte, backslash bool) int {
	for i++; i < len(s); i++ {
		switch {
		case s[i] == '\\' && backslash:
			i++
		case s[i] != quote:
		case i+1 < len(s) && s[i+1] == quote:
			i++
		default:
			return i + 1
		}
	}
	return len(s)
}
