package parser

import (
	"strings"
	"unicode/utf8"
)

// LiteralKind is the type that a literal's token has before any context.
type LiteralKind uint8

// The literal kinds. An integer's kind follows its size without a sign.
const (
	LiteralInt4 LiteralKind = iota
	LiteralInt8
	LiteralNumeric
	LiteralString
)

// Placeholders of the kinds in a key. These bytes occur in no UTF-8 text.
const firstPlaceholder = 0xf8

// Literal is a literal that Normalize took out of a statement.
type Literal struct {
	Kind LiteralKind
	// Offset and Len are the token's place in the text, without a sign; the
	// ast.Const of the same TokenLoc is the literal's node. A literal without
	// one, such as the 3 of int[3] or CURRENT_TIME(3), is part of the syntax.
	Offset int
	Len    int
	// Text is the digits as written, or the string's value. It may share
	// memory with the text.
	Text string
}

// Normalized is a statement with its literals taken out. It is reused from
// call to call; what it holds is valid until the next one.
type Normalized struct {
	// Key is the statement's text with a placeholder of its kind for every
	// literal: statements of the same key differ in literals only. A sign
	// stays in the key.
	Key      []byte
	Literals []Literal
}

const (
	maxNormalizeBytes    = 4096
	maxNormalizeLiterals = 128
)

// byteClass sorts the bytes of SQL outside of quotes.
type byteClass uint8

const (
	classBad byteClass = iota // nothing that the fast lexer reads
	classSpace
	classWord
	classDigit
	classQuote
	classDoubleQuote
	classDash
	classSlash
	classDot
	classSemicolon
	classOther // copied as it is
)

var byteClasses = func() (t [256]byteClass) {
	for i := range t {
		switch b := byte(i); {
		case b >= 0x80:
		case isSpace(b):
			t[i] = classSpace
		case isIdentStart(b):
			t[i] = classWord
		case isDigit(b):
			t[i] = classDigit
		case strings.IndexByte("()[],:+*<>=~!@#%^&|?", b) >= 0:
			t[i] = classOther
		}
	}
	t['\''], t['"'], t['-'], t['/'] = classQuote, classDoubleQuote, classDash, classSlash
	t['.'], t[';'] = classDot, classSemicolon
	return t
}()

// Normalize splits a single SELECT, INSERT, UPDATE or DELETE (or WITH) into a key and
// its literals, without parsing it: for finding a plan that was made for the
// same statement with other literals. It reports false for what it does not
// read in its fast way: comments, parameters, escape and dollar-quoted
// strings, backslashes, letters beyond ASCII outside of strings, several
// statements, long texts.
func Normalize(sql string, dst *Normalized) bool {
	dst.Key, dst.Literals = dst.Key[:0], dst.Literals[:0]
	i := 0
	for i < len(sql) && isSpace(sql[i]) {
		i++
	}
	if len(sql) > maxNormalizeBytes || !isPlannable(sql[i:]) {
		return false
	}
	n := normalizer{sql: sql, dst: dst, copied: i}
	return n.run(wordEnd(sql, i))
}

// isPlannable tells whether sql starts with SELECT, INSERT, UPDATE, DELETE or WITH.
func isPlannable(sql string) bool {
	if len(sql) > 8 && isSpace(sql[4]) && strings.EqualFold(sql[:4], "with") {
		return true
	}
	if len(sql) < 8 || byteClasses[sql[6]] == classWord || byteClasses[sql[6]] == classDigit || sql[6] == '$' {
		return false
	}
	var word [6]byte
	for i := range word {
		word[i] = sql[i] | 0x20
	}
	switch string(word[:]) {
	case "select", "insert", "update", "delete":
		return true
	}
	return false
}

type normalizer struct {
	sql    string
	dst    *Normalized
	copied int // the text before it is in the key or was replaced
}

// run reads tokens from i on.
func (n *normalizer) run(i int) bool {
	sql := n.sql
	for i < len(sql) {
		switch byteClasses[sql[i]] {
		case classSpace, classOther:
			i++
		case classWord:
			end := wordEnd(sql, i)
			if end < len(sql) && (sql[end] == '\'' || sql[end] == '&' && end == i+1 && sql[i]|0x20 == 'u') {
				return false // a prefix of a string of another kind
			}
			i = end
		case classDigit:
			end, ok := n.number(i)
			if !ok {
				return false
			}
			i = end
		case classQuote:
			end, ok := n.text(i)
			if !ok {
				return false
			}
			i = end
		case classDot:
			if i+1 < len(sql) && (isDigit(sql[i+1]) || sql[i+1] == '.') {
				return false
			}
			i++
		case classDash, classSlash:
			if i+1 < len(sql) && (sql[i+1] == '-' || sql[i+1] == '*') {
				return false
			}
			i++
		case classDoubleQuote:
			end := i + 1
			for end < len(sql) && sql[end] != '"' && sql[end]-0x20 < 0x60 {
				end++
			}
			if end == len(sql) || sql[end] != '"' {
				return false
			}
			i = end + 1
		case classSemicolon:
			return n.finish(i)
		default:
			return false
		}
	}
	return n.finish(i)
}

func wordEnd(s string, i int) int {
	for i < len(s) {
		if c := byteClasses[s[i]]; c != classWord && c != classDigit && s[i] != '$' {
			break
		}
		i++
	}
	return i
}

// finish ends the key at i, behind which only white space may be left.
func (n *normalizer) finish(i int) bool {
	for j := i + 1; j < len(n.sql); j++ {
		if !isSpace(n.sql[j]) {
			return false
		}
	}
	for i > n.copied && isSpace(n.sql[i-1]) {
		i--
	}
	n.dst.Key = append(n.dst.Key, n.sql[n.copied:i]...)
	return true
}

func (n *normalizer) add(kind LiteralKind, start, end int, text string) bool {
	if len(n.dst.Literals) == maxNormalizeLiterals {
		return false
	}
	n.dst.Key = append(n.dst.Key, n.sql[n.copied:start]...)
	n.dst.Key = append(n.dst.Key, firstPlaceholder+byte(kind))
	n.dst.Literals = append(n.dst.Literals, Literal{Kind: kind, Offset: start, Len: end - start, Text: text})
	n.copied = end
	return true
}

// number reads the number that starts with the digit at start.
func (n *normalizer) number(start int) (end int, ok bool) {
	s, i := n.sql, start
	var value uint64
	for i < len(s) && isDigit(s[i]) {
		value = value*10 + uint64(s[i]-'0')
		i++
	}
	kind := LiteralInt4
	switch digits := i - start; {
	case digits > 1 && s[start] == '0':
		return 0, false // not the text that the parser makes of it
	case value == 1<<31 || value == 1<<63:
		return 0, false // its type depends on the sign
	case digits > 19 || value > 1<<63:
		kind = LiteralNumeric
	case value > 1<<31:
		kind = LiteralInt8
	}
	if i < len(s) && (s[i] == '.' || s[i]|0x20 == 'e') {
		kind = LiteralNumeric
		if s[i] == '.' && i+1 < len(s) && s[i+1] == '.' {
			return 0, false
		}
		i = numberEnd(s, i)
	}
	if i < len(s) {
		switch byteClasses[s[i]] {
		case classWord, classDigit, classBad, classDot, classQuote:
			return 0, false
		}
	}
	return i, n.add(kind, start, i, s[start:i])
}

// text reads the string whose quote is at start.
func (n *normalizer) text(start int) (end int, ok bool) {
	s, i := n.sql, start+1
	ascii, doubled := true, false
	for ; ; i++ {
		if i >= len(s) {
			return 0, false
		}
		switch b := s[i]; {
		case b >= 0x80:
			ascii = false
			continue
		case b == '\\' || b == 0:
			return 0, false
		case b != '\'':
			continue
		}
		if i+1 == len(s) || s[i+1] != '\'' {
			break
		}
		doubled = true
		i++
	}
	value := s[start+1 : i]
	if !ascii && !utf8.ValidString(value) {
		return 0, false
	}
	if doubled {
		value = strings.ReplaceAll(value, "''", "'")
	}
	end = i + 1
	for i = end; i < len(s) && isSpace(s[i]); i++ {
	}
	if i < len(s) && s[i] == '\'' {
		return 0, false // the string goes on
	}
	return end, n.add(LiteralString, start, end, value)
}
