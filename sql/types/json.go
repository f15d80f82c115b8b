package types

import (
	"sort"
	"strings"
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
