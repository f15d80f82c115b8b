package types

import (
	"strings"
	"unicode/utf8"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// jsonParser reads JSON; it keeps the bounds of the current token for errors.
type jsonParser struct {
	src   string
	typ   string
	build bool
	depth int

	start, end int // the current token
	tok        byte
	str        string // the text of a string token, when building
}

// Token kinds other than the punctuation itself.
const (
	jsonEnd    = 0
	jsonStr    = '"'
	jsonNum    = '0'
	jsonWord   = 'w'
	jsonBadTok = '?'
)

func isJSONWord(c byte) bool { return isAlnum(c) || c == '_' || c >= utf8.RuneSelf }

func (p *jsonParser) next() error {
	i := p.end
	for i < len(p.src) && (p.src[i] == ' ' || p.src[i] == '\t' || p.src[i] == '\n' || p.src[i] == '\r') {
		i++
	}
	p.start, p.end = i, i
	if i >= len(p.src) {
		p.tok = jsonEnd
		return nil
	}
	switch c := p.src[i]; {
	case strings.IndexByte("{}[]:,", c) >= 0:
		p.tok = c
		p.end++
	case c == '"':
		p.tok = jsonStr
		return p.stringToken()
	case c == '-' || isDigit(c):
		p.tok = jsonNum
		return p.numberToken()
	default:
		for p.end < len(p.src) && isJSONWord(p.src[p.end]) {
			p.end++
		}
		p.tok = jsonWord
		if p.end == i {
			p.end++
			return p.invalidToken()
		}
		switch p.src[i:p.end] {
		case "true", "false", "null":
		default:
			return p.invalidToken()
		}
	}
	return nil
}

func (p *jsonParser) numberToken() error {
	i := p.start
	digits := func() bool {
		n := i
		for i < len(p.src) && isDigit(p.src[i]) {
			i++
		}
		return i > n
	}
	bad := false
	if p.src[i] == '-' {
		i++
	}
	if i < len(p.src) && p.src[i] == '0' {
		i++
	} else if !digits() {
		bad = true
	}
	if !bad && i < len(p.src) && p.src[i] == '.' {
		i++
		bad = !digits()
	}
	if !bad && i < len(p.src) && p.src[i]|0x20 == 'e' {
		i++
		if i < len(p.src) && (p.src[i] == '+' || p.src[i] == '-') {
			i++
		}
		bad = !digits()
	}
	for i < len(p.src) && isJSONWord(p.src[i]) {
		i++
		bad = true
	}
	p.end = i
	if bad {
		return p.invalidToken()
	}
	return nil
}

func (p *jsonParser) stringToken() error {
	i := p.start + 1
	simple := i
	for i < len(p.src) && p.src[i] != '"' && p.src[i] != '\\' && p.src[i] >= ' ' {
		i++
	}
	if i < len(p.src) && p.src[i] == '"' {
		p.str, p.end = p.src[simple:i], i+1
		return nil
	}
	buf := append([]byte(nil), p.src[simple:i]...)
	high := rune(0)
	for ; ; i++ {
		if i >= len(p.src) {
			p.end = i
			return p.invalidToken()
		}
		c := p.src[i]
		if high != 0 && (c != '\\' || i+1 < len(p.src) && p.src[i+1] != 'u') {
			p.end = i + 1
			return p.surrogate("Unicode low surrogate must follow a high surrogate.")
		}
		switch {
		case c == '"':
			p.str, p.end = bytesString(buf), i+1
			return nil
		case c < ' ':
			p.end = i
			return p.fail("Character with value 0x%02x must be escaped.", c)
		case c != '\\':
			buf = append(buf, c)
			continue
		}
		if i++; i >= len(p.src) {
			p.end = i
			return p.invalidToken()
		}
		switch c := p.src[i]; c {
		case '"', '\\', '/':
			buf = append(buf, c)
		case 'b':
			buf = append(buf, '\b')
		case 'f':
			buf = append(buf, '\f')
		case 'n':
			buf = append(buf, '\n')
		case 'r':
			buf = append(buf, '\r')
		case 't':
			buf = append(buf, '\t')
		case 'u':
			r := rune(0)
			for range 4 {
				i++
				var v byte
				ok := i < len(p.src)
				if ok {
					v, ok = hexValue(p.src[i])
				}
				if !ok {
					p.end = min(i+1, len(p.src))
					return p.fail("\"\\u\" must be followed by four hexadecimal digits.")
				}
				r = r<<4 | rune(v)
			}
			p.end = i + 1
			if !p.build {
				continue
			}
			switch {
			case r >= 0xD800 && r < 0xDC00:
				if high != 0 {
					return p.surrogate("Unicode high surrogate must not follow a high surrogate.")
				}
				high = r
				continue
			case r >= 0xDC00 && r < 0xE000:
				if high == 0 {
					return p.surrogate("Unicode low surrogate must follow a high surrogate.")
				}
				r = (high-0xD800)<<10 + (r - 0xDC00) + 0x10000
				high = 0
			case high != 0:
				return p.surrogate("Unicode low surrogate must follow a high surrogate.")
			case r == 0:
				e := pgerror.New(pgerror.UntranslatableCharacter, "unsupported Unicode escape sequence")
				return p.context(e.WithDetail("%s", "\\u0000 cannot be converted to text."))
			}
			buf = utf8.AppendRune(buf, r)
		default:
			_, n := utf8.DecodeRuneInString(p.src[i:])
			p.end = i + n
			return p.fail("Escape sequence \"\\%s\" is invalid.", p.src[i:i+n])
		}
	}
}

func (p *jsonParser) surrogate(detail string) error { return p.fail("%s", detail) }

// fail makes the syntax error with a detail and the place in the input.
func (p *jsonParser) fail(format string, args ...any) error {
	e := pgerror.New(pgerror.InvalidTextRepresentation, "invalid input syntax for type %s", p.typ)
	return p.context(e.WithDetail(format, args...))
}

func (p *jsonParser) invalidToken() error {
	return p.fail("Token \"%s\" is invalid.", p.src[p.start:p.end])
}

// expected is the error of a token that does not belong where it stands.
func (p *jsonParser) expected(what string) error {
	if p.tok == jsonEnd {
		return p.fail("The input string ended unexpectedly.")
	}
	return p.fail("Expected %s, but found \"%s\".", what, p.src[p.start:p.end])
}

// context adds the line of the input up to the current token.
func (p *jsonParser) context(e *pgerror.Error) error {
	line := 1 + strings.Count(p.src[:p.start], "\n")
	lineStart := strings.LastIndexByte(p.src[:p.start], '\n') + 1
	from, to := lineStart, p.end
	for to-from >= 50 {
		_, n := utf8.DecodeRuneInString(p.src[from:])
		from += n
	}
	prefix, suffix := "...", ""
	if from-lineStart <= 3 {
		from, prefix = lineStart, ""
	}
	if p.tok != jsonEnd && to < len(p.src) && p.src[to] != '\n' && p.src[to] != '\r' {
		suffix = "..."
	}
	return e.WithWhere("JSON data, line %d: %s%s%s", line, prefix, p.src[from:to], suffix)
}

func (p *jsonParser) document() (JSONValue, error) {
	if err := p.next(); err != nil {
		return JSONValue{}, err
	}
	v, err := p.value("JSON value")
	if err != nil {
		return JSONValue{}, err
	}
	if p.tok != jsonEnd {
		return JSONValue{}, p.expected("end of input")
	}
	return v, nil
}

// value reads the value that starts at the current token.
func (p *jsonParser) value(what string) (JSONValue, error) {
	var v JSONValue
	switch p.tok {
	case '{', '[':
		if p.depth++; p.depth > maxJSONDepth {
			return v, pgerror.New(pgerror.StatementTooComplex, "stack depth limit exceeded")
		}
		var err error
		if p.tok == '{' {
			v, err = p.object()
		} else {
			v, err = p.array()
		}
		p.depth--
		if err != nil {
			return v, err
		}
	case jsonStr:
		v = JSONValue{Kind: JSONString, Str: p.str}
	case jsonNum:
		v.Kind = JSONNumber
		if p.build {
			var err error
			if v.Num, err = ParseDecimal(p.src[p.start:p.end]); err != nil {
				return v, err
			}
		}
	case jsonWord:
		switch p.src[p.start] {
		case 't':
			v = JSONValue{Kind: JSONBool, Bool: true}
		case 'f':
			v.Kind = JSONBool
		}
	default:
		return v, p.expected(what)
	}
	return v, p.next()
}

func (p *jsonParser) array() (JSONValue, error) {
	v := JSONValue{Kind: JSONArrayKind}
	if err := p.next(); err != nil {
		return v, err
	}
	if p.tok == ']' {
		return v, nil
	}
	for {
		e, err := p.value("JSON value")
		if err != nil {
			return v, err
		}
		if p.build {
			v.Elems = append(v.Elems, e)
		}
		if p.tok == ']' {
			return v, nil
		}
		if p.tok != ',' {
			return v, p.expected("\",\" or \"]\"")
		}
		if err := p.next(); err != nil {
			return v, err
		}
	}
}

func (p *jsonParser) object() (JSONValue, error) {
	var keys []string
	var vals []JSONValue
	if err := p.next(); err != nil {
		return JSONValue{}, err
	}
	if p.tok == '}' {
		return JSONValue{Kind: JSONObject}, nil
	}
	what := "string or \"}\""
	for {
		if p.tok != jsonStr {
			return JSONValue{}, p.expected(what)
		}
		what = "string"
		key := p.str
		if err := p.next(); err != nil {
			return JSONValue{}, err
		}
		if p.tok != ':' {
			return JSONValue{}, p.expected("\":\"")
		}
		if err := p.next(); err != nil {
			return JSONValue{}, err
		}
		e, err := p.value("JSON value")
		if err != nil {
			return JSONValue{}, err
		}
		if p.build {
			keys, vals = append(keys, key), append(vals, e)
		}
		if p.tok == '}' {
			return NewJSONObject(keys, vals), nil
		}
		if p.tok != ',' {
			return JSONValue{}, p.expected("\",\" or \"}\"")
		}
		if err := p.next(); err != nil {
			return JSONValue{}, err
		}
	}
}
