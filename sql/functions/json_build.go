package functions

import (
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// appendJSON appends a value as to_json (or, canonical, as to_jsonb) prints it.
func appendJSON(dst []byte, c *Context, t types.Type, d types.Datum, canonical bool) ([]byte, error) {
	if d.IsNull() {
		return append(dst, "null"...), nil
	}
	if t.IsArray() && !isVector(t.OID) {
		return appendJSONArray(dst, c, t, d, canonical)
	}
	switch t.OID {
	case types.Bool:
		if d.Bool() {
			return append(dst, "true"...), nil
		}
		return append(dst, "false"...), nil
	case types.Int2, types.Int4, types.Int8:
		return types.AppendText(dst, t, d, c.IO), nil
	case types.Float4, types.Float8, types.Numeric:
		text := string(types.AppendText(nil, t, d, c.IO))
		if strings.ContainsAny(text, "Nn") { // NaN, Infinity
			return types.AppendJSONString(dst, text), nil
		}
		if canonical && strings.ContainsAny(text, "eE") {
			n, err := types.ParseDecimal(text)
			if err != nil {
				return nil, err
			}
			return n.AppendText(dst), nil
		}
		return append(dst, text...), nil
	case types.JSONB:
		return append(dst, d.S...), nil
	case types.JSON:
		if !canonical {
			return append(dst, d.S...), nil
		}
		b, err := types.Parse(types.Of(types.JSONB), d.S, c.IO)
		return append(dst, b.S...), err
	case types.Date, types.Timestamp, types.Timestamptz:
		return types.AppendJSONString(dst, jsonDateTime(c, t, d)), nil
	case types.Record:
		return appendJSONRecord(dst, c, d, canonical)
	}
	return types.AppendJSONString(dst, string(types.AppendText(nil, t, d, c.IO))), nil
}

// jsonDateTime is ISO 8601 whatever the session's date style is.
func jsonDateTime(c *Context, t types.Type, d types.Datum) string {
	var io types.IO
	if c.IO != nil {
		io = *c.IO
	}
	io.DateStyle = "ISO"
	s := string(types.AppendText(nil, t, d, &io))
	at := strings.IndexByte(s, ' ')
	if t.OID == types.Date || at < 0 {
		return s
	}
	date, clock := s[:at], s[at+1:]
	if t.OID == types.Timestamptz { // the zone has minutes always
		clock, era, _ := strings.Cut(clock, " ")
		if sign := strings.LastIndexAny(clock, "+-"); sign >= 0 && len(clock)-sign == 3 {
			clock += ":00"
		}
		if era != "" {
			clock += " " + era
		}
		return date + "T" + clock
	}
	return date + "T" + clock
}

// jsonKey is a value as an object's key.
func jsonKey(c *Context, t types.Type, d types.Datum) (string, error) {
	if d.IsNull() {
		return "", pgerror.New(pgerror.InvalidParameterValue, "field name must not be null")
	}
	switch t.OID {
	case types.Date, types.Timestamp, types.Timestamptz:
		return jsonDateTime(c, t, d), nil
	case types.Bool:
		if d.Bool() {
			return "true", nil
		}
		return "false", nil
	case types.JSON, types.Record:
		return "", pgerror.New(pgerror.InvalidParameterValue, "key value must be scalar, not array, composite, or json")
	}
	if t.IsArray() {
		return "", pgerror.New(pgerror.InvalidParameterValue, "key value must be scalar, not array, composite, or json")
	}
	return string(types.AppendText(nil, t, d, c.IO)), nil
}

// appendJSONRecord prints a record as an object of its names or f1, f2, ...
func appendJSONRecord(dst []byte, c *Context, d types.Datum, canonical bool) ([]byte, error) {
	colon, comma := ":", ","
	if canonical {
		colon, comma = ": ", ", "
	}
	dst = append(dst, '{')
	names := d.RecordNames()
	for i, f := range d.Record() {
		if i > 0 {
			dst = append(dst, comma...)
		}
		name := "f" + strconv.Itoa(i+1)
		if i < len(names) {
			name = names[i]
		}
		dst = append(types.AppendJSONString(dst, name), colon...)
		var err error
		if dst, err = appendJSON(dst, c, f.Type, f.Value, canonical); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}
