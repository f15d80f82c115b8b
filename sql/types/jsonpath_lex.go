package types

import (
	"strings"
	"unicode/utf8"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// Token kinds of jsonpath other than the characters themselves. Words that are
// not keywords are pathIdent.
const (
	pathEnd = iota
	pathIdent
	pathKeyword
	pathString
	pathVariable
	pathInt
	pathNumber
	pathOperator // &&, ||, ==, ... in text
)

// pathKeywords are read without regard to case, but for null, true and false.
var pathKeywords = map[string]bool{
	"is": true, "to": true, "abs": true, "lax": true, "flag": true, "last": true, "null": true, "size": true, "true": true, "type": true,
	"with": true, "false": true, "floor": true, "double": true, "exists": true, "starts": true, "strict": true, "ceiling": true,
	"datetime": true, "keyvalue": true, "unknown": true, "like_regex": true,
}

const (
	pathSpecial = "?%$.[]{}()|&!=<>@#,*:-+/"
	pathBlanks  = " \t\n\r\f"
)

// isPathOther reports whether a byte may stand in a word as it is.
func isPathOther(c byte) bool {
	return strings.IndexByte(pathSpecial, c) < 0 && strings.IndexByte(pathBlanks, c) < 0 && c != '"' && c != '\\'
}

// pathLexer cuts a jsonpath into tokens.
type pathLexer struct {
	src  string
	pos  int
	kind int // of the current token: one of the kinds or a character
	text string
	word string // a word as it was written: the name when it is a key
	near string // what errors say the token is near to; "" at the end
}

// fail is the error of the place near a text.
func (l *pathLexer) fail(message, near string) error {
	if near == "" {
		return pgerror.New(pgerror.SyntaxError, "%s at end of jsonpath input", message)
	}
	return pgerror.New(pgerror.SyntaxError, "%s at or near \"%s\" of jsonpath input", message, near)
}

func (l *pathLexer) syntaxError() error { return l.fail("syntax error", l.near) }

// next reads a token.
func (l *pathLexer) next() error {
	for {
		for l.pos < len(l.src) && strings.IndexByte(pathBlanks, l.src[l.pos]) >= 0 {
			l.pos++
		}
		if !strings.HasPrefix(l.src[l.pos:], "/*") {
			break
		}
		if err := l.comment(); err != nil {
			return err
		}
	}
	if l.pos == len(l.src) {
		l.kind, l.near = pathEnd, ""
		return nil
	}
	rest := l.src[l.pos:]
	switch c := rest[0]; {
	case c == '"':
		l.pos++
		return l.quoted(pathString)
	case strings.HasPrefix(rest, `$"`):
		l.pos += 2
		return l.quoted(pathVariable)
	case c == '$' && len(rest) > 1 && isPathOther(rest[1]):
		n := l.run(l.pos+1, isPathOther)
		l.kind, l.text, l.near = pathVariable, l.src[l.pos+1:n], l.src[l.pos:n]
		l.pos = n
		return nil
	case isDigit(c) || c == '.' && len(rest) > 1 && isDigit(rest[1]):
		return l.number()
	case strings.IndexByte(pathSpecial, c) >= 0:
		l.operator(rest)
		return nil
	}
	return l.ident()
}

func (l *pathLexer) run(from int, is func(byte) bool) int {
	for from < len(l.src) && is(l.src[from]) {
		from++
	}
	return from
}

func (l *pathLexer) comment() error {
	n := strings.Index(l.src[l.pos+2:], "*/")
	if n < 0 {
		return l.fail("unexpected end of comment", "")
	}
	l.pos += 2 + n + 2
	return nil
}

func (l *pathLexer) operator(rest string) {
	for _, op := range [...]string{"&&", "||", "**", "<=", "==", "<>", "!=", ">=", "<", ">", "!"} {
		if strings.HasPrefix(rest, op) {
			l.kind, l.text, l.near = pathOperator, op, op
			l.pos += len(op)
			return
		}
	}
	l.kind, l.near = int(rest[0]), rest[:1]
	l.pos++
}

// number reads an integer, a decimal or one with an exponent.
func (l *pathLexer) number() error {
	start := l.pos
	end := start
	l.kind = pathInt
	if l.src[end] == '0' {
		end++
	} else {
		end = l.run(end, isDigit)
	}
	if end < len(l.src) && l.src[end] == '.' {
		l.kind = pathNumber
		end = l.run(end+1, isDigit)
	}
	if end < len(l.src) && l.src[end]|0x20 == 'e' {
		digits := end + 1
		if digits < len(l.src) && (l.src[digits] == '+' || l.src[digits] == '-') {
			digits++
		}
		switch n := l.run(digits, isDigit); {
		case n > digits:
			l.kind, end = pathNumber, n
		case digits > end+1:
			return l.fail("invalid numeric literal", l.src[start:digits])
		}
	}
	if end < len(l.src) && isPathOther(l.src[end]) {
		_, n := utf8.DecodeRuneInString(l.src[end:])
		return l.fail("trailing junk after numeric literal", l.src[start:end+n])
	}
	l.text, l.near, l.pos = l.src[start:end], l.src[start:end], end
	return nil
}

// quoted reads a string or a variable's name behind the opening quote.
func (l *pathLexer) quoted(kind int) error {
	var b []byte
	for {
		n := l.run(l.pos, func(c byte) bool { return c != '"' && c != '\\' })
		b = append(b, l.src[l.pos:n]...)
		if l.pos = n; n == len(l.src) {
			return l.fail("unexpected end of quoted string", "")
		}
		if l.src[n] == '"' {
			l.pos++
			l.kind, l.text, l.near = kind, string(b), `"`
			return nil
		}
		var err error
		if b, err = l.escape(b); err != nil {
			return err
		}
	}
}

// ident reads a word: it ends where a blank, a special character or a comment stands.
func (l *pathLexer) ident() error {
	var b []byte
	for l.pos < len(l.src) {
		if l.src[l.pos] == '\\' {
			var err error
			if b, err = l.escape(b); err != nil {
				return err
			}
			continue
		}
		n := l.run(l.pos, isPathOther)
		b = append(b, l.src[l.pos:n]...)
		if l.pos == n {
			break
		}
		l.pos = n
	}
	l.word, l.near = string(b), ""
	if n := l.run(l.pos, func(c byte) bool { return strings.IndexByte(pathBlanks, c) >= 0 }); n > l.pos {
		l.near = l.src[l.pos:n]
	}
	l.kind, l.text = pathIdent, l.word
	if lower := strings.ToLower(l.word); pathKeywords[lower] {
		if l.word == lower || lower != "null" && lower != "true" && lower != "false" {
			l.kind, l.text = pathKeyword, lower
		}
	}
	return nil
}

// escape appends what the backslash at the current place stands for.
func (l *pathLexer) escape(b []byte) ([]byte, error) {
	rest := l.src[l.pos+1:]
	if rest == "" {
		return b, l.fail("unexpected end after backslash", `\`)
	}
	switch c := rest[0]; c {
	case 'b', 'f', 'n', 'r', 't', 'v':
		l.pos += 2
		return append(b, "\b\f\n\r\t\v"[strings.IndexByte("bfnrtv", c)]), nil
	case 'u':
		return l.unicodeEscapes(b)
	case 'x':
		n := 0
		for n < 2 && 1+n < len(rest) && isHex(rest[1+n]) {
			n++
		}
		if n < 2 {
			return b, l.fail("invalid hex character sequence", l.src[l.pos:l.pos+2+n])
		}
		l.pos += 4
		return l.codePoint(b, hexNumber(rest[1:3]), new(rune))
	}
	_, n := utf8.DecodeRuneInString(rest)
	l.pos += 1 + n
	return append(b, rest[:n]...), nil
}

func isHex(c byte) bool { _, ok := hexValue(c); return ok }

func hexNumber(s string) (r rune) {
	for i := range len(s) {
		v, _ := hexValue(s[i])
		r = r<<4 | rune(v)
	}
	return r
}

// unicodeEscapes reads \uXXXX and \u{X...}, which may be halves of a pair.
func (l *pathLexer) unicodeEscapes(b []byte) ([]byte, error) {
	start, high := l.pos, rune(0)
	for strings.HasPrefix(l.src[l.pos:], `\u`) {
		at := l.pos + 2
		braces := at < len(l.src) && l.src[at] == '{'
		limit := 4
		if braces {
			at, limit = at+1, 6
		}
		n := at
		for n < len(l.src) && n-at < limit && isHex(l.src[n]) {
			n++
		}
		ok := n-at == limit
		if braces {
			ok = n > at && n < len(l.src) && l.src[n] == '}'
		}
		if !ok {
			return b, l.fail("invalid unicode sequence", l.src[start:n])
		}
		var err error
		if b, err = l.codePoint(b, hexNumber(l.src[at:n]), &high); err != nil {
			return b, err
		}
		if l.pos = n; braces {
			l.pos++
		}
	}
	if high != 0 {
		return b, badSurrogate("Unicode low surrogate must follow a high surrogate.")
	}
	return b, nil
}

func badSurrogate(detail string) error {
	return pgerror.New(pgerror.InvalidTextRepresentation, "invalid input syntax for type %s", "jsonpath").WithDetail("%s", detail)
}

// codePoint appends a character; high keeps the first half of a surrogate pair.
func (l *pathLexer) codePoint(b []byte, r rune, high *rune) ([]byte, error) {
	switch {
	case r == 0:
		return b, pgerror.New(pgerror.UntranslatableCharacter, "unsupported Unicode escape sequence").
			WithDetail("%s", `\u0000 cannot be converted to text.`)
	case r >= 0xD800 && r < 0xDC00:
		if *high != 0 {
			return b, badSurrogate("Unicode high surrogate must not follow a high surrogate.")
		}
		*high = r
		return b, nil
	case r >= 0xDC00 && r < 0xE000:
		if *high == 0 {
			return b, badSurrogate("Unicode low surrogate must follow a high surrogate.")
		}
		r = (*high-0xD800)<<10 + (r - 0xDC00) + 0x10000
		*high = 0
	case *high != 0:
		return b, badSurrogate("Unicode low surrogate must follow a high surrogate.")
	case r > utf8.MaxRune:
		return b, pgerror.New(pgerror.SyntaxError, "could not convert Unicode to server encoding")
	}
	return utf8.AppendRune(b, r), nil
}
