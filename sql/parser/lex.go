package parser

import "strings"

// Pieces of PostgreSQL's lexical rules (scan.l) that the normalizer, the
// nesting estimate and the token places share.

func isSpace(b byte) bool {
	return b == ' ' || b == '\t' || b == '\n' || b == '\r' || b == '\f' || b == '\v'
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// isIdentStart tells whether b begins an identifier or keyword.
func isIdentStart(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '_' || b >= 0x80
}

func isIdentPart(b byte) bool { return isIdentStart(b) || isDigit(b) || b == '$' }

// isOperator tells whether b can be part of an operator.
func isOperator(b byte) bool {
	switch b {
	case '+', '-', '*', '/', '<', '>', '=', '~', '!', '@', '#', '%', '^', '&', '|', '`', '?':
		return true
	}
	return false
}

// numberEnd returns the end of the number that starts at i.
func numberEnd(s string, i int) int {
	if s[i] == '0' && i+1 < len(s) && strings.IndexByte("xXoObB", s[i+1]) >= 0 {
		for i += 2; i < len(s) && (isDigit(s[i]) || isIdentStart(s[i])); i++ {
		}
		return i
	}
	i = digitsEnd(s, i)
	if i < len(s) && s[i] == '.' {
		if i+1 < len(s) && s[i+1] == '.' {
			return i // 1..10 of PL/pgSQL
		}
		i = digitsEnd(s, i+1)
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		j := i + 1
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		if j < len(s) && isDigit(s[j]) {
			return digitsEnd(s, j)
		}
	}
	return i
}

func digitsEnd(s string, i int) int {
	for i < len(s) && (isDigit(s[i]) || s[i] == '_') {
		i++
	}
	return i
}

// stringEnd returns the place behind the closing quote of the string whose
// opening quote is at i, or len(s).
func stringEnd(s string, i int, backslash bool) int {
	for i++; i < len(s); i++ {
		switch {
		case s[i] == '\\' && backslash:
			i++
		case s[i] != '\'':
		case i+1 < len(s) && s[i+1] == '\'':
			i++
		default:
			return i + 1
		}
	}
	return len(s)
}
