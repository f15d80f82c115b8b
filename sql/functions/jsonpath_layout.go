package functions

import "github.com/tidemarkdb/tidemark/sql/types"

// pathBase is the document that objects are numbered in by their place.
type pathBase struct {
	root *types.JSONValue
	id   int64
}

// offset is where a container of the document lies in PostgreSQL's jsonb
// (jsonb.h): a word of header, a word for each key and value, then keys and
// values one after another, containers and numbers at multiples of 4.
func (b pathBase) offset(v *types.JSONValue) int64 {
	if at, ok := jsonbFind(b.root, 0, v); ok {
		return at
	}
	return 0
}

func jsonbAlign(at int64) int64 { return (at + 3) &^ 3 }

// jsonbFind is the place of want in the container v, which begins at a multiple of 4.
func jsonbFind(v *types.JSONValue, at int64, want *types.JSONValue) (int64, bool) {
	if v == want {
		return at, true
	}
	at += 4 + 4*int64(len(v.Elems)+len(v.Keys))
	for _, k := range v.Keys {
		at += int64(len(k))
	}
	for i := range v.Elems {
		e := &v.Elems[i]
		if e.Kind >= types.JSONArrayKind {
			at = jsonbAlign(at)
			if found, ok := jsonbFind(e, at, want); ok {
				return found, true
			}
		}
		at = jsonbEnd(e, at)
	}
	return 0, false
}

// jsonbNumber is the size of a number (numeric.c): a length word, a header,
// which is short if scale and weight are small, and the digits of the binary form.
func jsonbNumber(d types.Decimal) int64 {
	b := d.AppendBinary(nil) // digits, weight, sign, scale: 2 bytes each
	weight, scale := int16(b[2])<<8|int16(b[3]), int(b[6])<<8|int(b[7])
	header := int64(4)
	if scale <= 63 && weight >= -64 && weight <= 63 {
		header = 2
	}
	return 4 + header + int64(len(b)-8)
}

// jsonbEnd is where a value that follows at ends.
func jsonbEnd(v *types.JSONValue, at int64) int64 {
	switch v.Kind {
	case types.JSONString:
		return at + int64(len(v.Str))
	case types.JSONNumber:
		return jsonbAlign(at) + jsonbNumber(v.Num)
	case types.JSONNull, types.JSONBool:
		return at
	}
	at = jsonbAlign(at) + 4 + 4*int64(len(v.Elems)+len(v.Keys))
	for _, k := range v.Keys {
		at += int64(len(k))
	}
	for i := range v.Elems {
		at = jsonbEnd(&v.Elems[i], at)
	}
	return at
}
