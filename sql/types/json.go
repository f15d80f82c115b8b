package types

import (
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// JSONKind is what a JSON value is, in jsonb's sort order.
type JSONKind uint8

// The kinds.
const (
	JSONNull JSONKind = iota
	JSONString
	JSONNumber
	JSONBool
	JSONArrayKind
	JSONObject
)

// JSONValue is a parsed JSON value. An object's keys are unique and ordered by
// length and then bytes, as jsonb keeps them.
type JSONValue struct {
	Kind  JSONKind
	Bool  bool
	Str   string  // JSONString
	Num   Decimal // JSONNumber
	Keys  []string
	Elems []JSONValue // an array's elements or an object's values
}

// maxJSONDepth bounds nesting, which PostgreSQL bounds by its stack.
const maxJSONDepth = 6000

// CheckJSON validates json input (22P02).
func CheckJSON(s string) error {
	p := jsonParser{src: s, typ: "json"}
	_, err := p.document()
	return err
}

// ParseJSON reads JSON text into a tree, for jsonb: keys are ordered, of equal
// keys the last stays, \u0000 is refused (22P05).
func ParseJSON(s string) (JSONValue, error) {
	p := jsonParser{src: s, typ: "json", build: true}
	return p.document()
}

// JSONB returns the tree of a jsonb datum.
func (d Datum) JSONB() JSONValue {
	v, _ := ParseJSON(d.S)
	return v
}

// JSONTree parses a json or jsonb datum's text.
func (d Datum) JSONTree() (JSONValue, error) { return ParseJSON(d.S) }

// Datum returns the value as a datum of type jsonb.
func (v JSONValue) Datum() Datum { return NewString(bytesString(v.AppendText(nil))) }

// String returns jsonb's text.
func (v JSONValue) String() string { return string(v.AppendText(nil)) }

// AppendText appends jsonb's text.
func (v JSONValue) AppendText(dst []byte) []byte {
	switch v.Kind {
	case JSONNull:
		return append(dst, "null"...)
	case JSONBool:
		if v.Bool {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	case JSONNumber:
		return v.Num.AppendText(dst)
	case JSONString:
		return AppendJSONString(dst, v.Str)
	case JSONArrayKind:
		dst = append(dst, '[')
		for i := range v.Elems {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = v.Elems[i].AppendText(dst)
		}
		return append(dst, ']')
	}
	dst = append(dst, '{')
	for i := range v.Elems {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(AppendJSONString(dst, v.Keys[i]), ": "...)
		dst = v.Elems[i].AppendText(dst)
	}
	return append(dst, '}')
}

// AppendJSONString appends a string as a JSON literal.
func AppendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		case '"', '\\':
			dst = append(dst, '\\', c)
		default:
			if c < ' ' {
				dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			} else {
				dst = append(dst, c)
			}
		}
	}
	return append(dst, '"')
}

func jsonKeyLess(a, b string) bool {
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return a < b
}

// NewJSONObject makes an object: keys get ordered, of equal keys the last one
// stays. It keeps the slices.
func NewJSONObject(keys []string, vals []JSONValue) JSONValue {
	o := JSONValue{Kind: JSONObject, Keys: keys, Elems: vals}
	sorted := true
	for i := 1; i < len(keys); i++ {
		sorted = sorted && jsonKeyLess(keys[i-1], keys[i])
	}
	if sorted {
		return o
	}
	sort.Stable(jsonPairs{&o})
	n := 0
	for i := range o.Keys {
		if i+1 < len(o.Keys) && o.Keys[i] == o.Keys[i+1] {
			continue
		}
		o.Keys[n], o.Elems[n] = o.Keys[i], o.Elems[i]
		n++
	}
	o.Keys, o.Elems = o.Keys[:n], o.Elems[:n]
	return o
}

type jsonPairs struct{ o *JSONValue }

func (p jsonPairs) Len() int           { return len(p.o.Keys) }
func (p jsonPairs) Less(i, j int) bool { return jsonKeyLess(p.o.Keys[i], p.o.Keys[j]) }
func (p jsonPairs) Swap(i, j int) {
	p.o.Keys[i], p.o.Keys[j] = p.o.Keys[j], p.o.Keys[i]
	p.o.Elems[i], p.o.Elems[j] = p.o.Elems[j], p.o.Elems[i]
}

// Field returns an object's value of a key.
func (v *JSONValue) Field(key string) (*JSONValue, bool) {
	if v.Kind != JSONObject {
		return nil, false
	}
	i := sort.Search(len(v.Keys), func(i int) bool { return !jsonKeyLess(v.Keys[i], key) })
	if i < len(v.Keys) && v.Keys[i] == key {
		return &v.Elems[i], true
	}
	return nil, false
}

// CompareJSON orders as jsonb's btree: null < string < number < boolean <
// array < object, an empty array at the top before all.
func CompareJSON(a, b JSONValue) int {
	scalar := func(k JSONKind) bool { return k < JSONArrayKind }
	// PostgreSQL keeps a scalar at the top as an array of one element.
	switch {
	case a.Kind == JSONArrayKind && len(a.Elems) == 0 && scalar(b.Kind):
		return -1
	case b.Kind == JSONArrayKind && len(b.Elems) == 0 && scalar(a.Kind):
		return 1
	}
	return compareJSON(&a, &b)
}

func compareJSON(a, b *JSONValue) int {
	if a.Kind != b.Kind {
		return cmpInt(int64(a.Kind), int64(b.Kind))
	}
	switch a.Kind {
	case JSONString:
		return strings.Compare(a.Str, b.Str)
	case JSONNumber:
		return a.Num.Cmp(b.Num)
	case JSONBool:
		switch {
		case a.Bool == b.Bool:
			return 0
		case b.Bool:
			return -1
		}
		return 1
	}
	if c := cmpInt(int64(len(a.Elems)), int64(len(b.Elems))); c != 0 {
		return c
	}
	for i := range a.Elems {
		if a.Kind == JSONObject {
			if c := strings.Compare(a.Keys[i], b.Keys[i]); c != 0 {
				return c
			}
		}
		if c := compareJSON(&a.Elems[i], &b.Elems[i]); c != 0 {
			return c
		}
	}
	return 0
}

func (v *JSONValue) hash(h uint64) uint64 {
	h = HashInt(int64(v.Kind), h)
	switch v.Kind {
	case JSONString:
		return HashString(v.Str, h)
	case JSONNumber:
		return v.Num.Hash(h)
	case JSONBool:
		if v.Bool {
			return HashInt(1, h)
		}
		return h
	}
	for i := range v.Elems {
		if v.Kind == JSONObject {
			h = HashString(v.Keys[i], h)
		}
		h = v.Elems[i].hash(h)
	}
	return h
}

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
