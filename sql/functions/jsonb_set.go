package functions

import (
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// jsonbChange puts a value at a path.
type jsonbChange struct {
	path   []types.Datum
	value  types.JSONValue
	create bool // a missing last step is made
	insert bool // jsonb_insert: before (after) an element, never over a key
	after  bool
	drop   bool // delete instead
}

func (c *jsonbChange) apply(v types.JSONValue, level int) (types.JSONValue, error) {
	if c.path[level].IsNull() {
		return v, pgerror.New(pgerror.NullValueNotAllowed, "path element at position %d is null", level+1)
	}
	switch v.Kind {
	case types.JSONObject:
		return c.object(v, level)
	case types.JSONArrayKind:
		return c.array(v, level)
	}
	return v, nil
}

func (c *jsonbChange) object(v types.JSONValue, level int) (types.JSONValue, error) {
	key := c.path[level].S
	last := level == len(c.path)-1
	for i, k := range v.Keys {
		if k != key {
			continue
		}
		keys, vals := append([]string(nil), v.Keys...), append([]types.JSONValue(nil), v.Elems...)
		switch {
		case !last:
			inner, err := c.apply(vals[i], level+1)
			if err != nil {
				return v, err
			}
			vals[i] = inner
		case c.insert:
			return v, jsonError("cannot replace existing key").WithHint("Try using the function jsonb_set to replace key value.")
		case c.drop:
			keys, vals = append(keys[:i], keys[i+1:]...), append(vals[:i], vals[i+1:]...)
		default:
			vals[i] = c.value
		}
		return types.NewJSONObject(keys, vals), nil
	}
	if last && c.create && !c.drop {
		keys, vals := append([]string(nil), v.Keys...), append([]types.JSONValue(nil), v.Elems...)
		return types.NewJSONObject(append(keys, key), append(vals, c.value)), nil
	}
	return v, nil
}

func (c *jsonbChange) array(v types.JSONValue, level int) (types.JSONValue, error) {
	text := c.path[level].S
	n, err := strconv.ParseInt(strings.TrimLeft(text, " \t\n\r\f\v"), 10, 32)
	if err != nil {
		return v, pgerror.New(pgerror.InvalidTextRepresentation, "path element at position %d is not an integer: \"%s\"", level+1, text)
	}
	i, size := int(n), len(v.Elems)
	if i < 0 {
		if -i > size {
			i = -1 // before the first
		} else {
			i += size
		}
	}
	vals := append([]types.JSONValue(nil), v.Elems...)
	out := types.JSONValue{Kind: types.JSONArrayKind}
	if level < len(c.path)-1 {
		if i >= 0 && i < size {
			if vals[i], err = c.apply(vals[i], level+1); err != nil {
				return v, err
			}
		}
		out.Elems = vals
		return out, nil
	}
	insertAt := func(at int) {
		out.Elems = append(vals[:at:at], append([]types.JSONValue{c.value}, vals[at:]...)...)
	}
	switch {
	case i >= 0 && i < size && c.drop:
		out.Elems = append(vals[:i], vals[i+1:]...)
	case i >= 0 && i < size && c.insert && c.after:
		insertAt(i + 1)
	case i >= 0 && i < size && c.insert:
		insertAt(i)
	case i >= 0 && i < size:
		vals[i] = c.value
		out.Elems = vals
	case c.drop || !c.create:
		return v, nil
	case i < 0:
		insertAt(0)
	default:
		insertAt(size)
	}
	return out, nil
}

func (c *jsonbChange) run(target, path, value types.Datum) (types.Datum, error) {
	a := path.Array()
	if a.NDim() > 1 {
		return types.Null, pgerror.New(pgerror.ArraySubscriptError, "wrong number of array subscripts")
	}
	v := target.JSONB()
	if v.Kind != types.JSONObject && v.Kind != types.JSONArrayKind {
		return types.Null, jsonError("cannot set path in scalar")
	}
	c.path = a.Elements()
	if len(v.Elems) == 0 && !c.create || len(c.path) == 0 {
		return target, nil
	}
	if !value.IsNull() {
		c.value = value.JSONB()
	}
	out, err := c.apply(v, 0)
	return out.Datum(), err
}

func stripNulls(s string) string {
	switch jsonKind(s) {
	case '{':
		var b strings.Builder
		b.WriteByte('{')
		first := true
		jsonMembers(s, func(k, v string) bool {
			if jsonKind(v) != 'n' {
				if !first {
					b.WriteByte(',')
				}
				first = false
				b.WriteString(string(types.AppendJSONString(nil, jsonUnquote(k))) + ":" + stripNulls(v))
			}
			return true
		})
		b.WriteByte('}')
		return b.String()
	case '[':
		var parts []string
		jsonElements(s, func(v string) bool {
			parts = append(parts, stripNulls(v))
			return true
		})
		return "[" + strings.Join(parts, ",") + "]"
	case '"':
		return string(types.AppendJSONString(nil, jsonUnquote(strings.TrimSpace(s))))
	}
	return strings.TrimSpace(s)
}

func jsonbPretty(b *strings.Builder, v *types.JSONValue, indent int) {
	pad := func(n int) { b.WriteString("\n" + strings.Repeat("    ", n)) }
	open, end := byte('['), byte(']')
	switch v.Kind {
	case types.JSONObject:
		open, end = '{', '}'
	case types.JSONArrayKind:
	default:
		b.WriteString(v.String())
		return
	}
	b.WriteByte(open)
	for i := range v.Elems {
		if i > 0 {
			b.WriteByte(',')
		}
		pad(indent + 1)
		if v.Kind == types.JSONObject {
			b.WriteString(string(types.AppendJSONString(nil, v.Keys[i])) + ": ")
		}
		jsonbPretty(b, &v.Elems[i], indent+1)
	}
	pad(indent)
	b.WriteByte(end)
}

var (
	_ = define("jsonb_set(jsonb,_text,jsonb,bool)", "Puts a value at a path; with false only where there is one.",
		evalRow(func(_ *Context, d []types.Datum) (types.Datum, error) {
			c := jsonbChange{create: len(d) < 4 || d[3].Bool()}
			return c.run(d[0], d[1], d[2])
		}), ex(`jsonb_set('[{"f1":1,"f2":null},2]', '{0,f1}', '[2,3]')`, `[{"f1": [2, 3], "f2": null}, 2]`))
	_ = define("jsonb_insert(jsonb,_text,jsonb,bool)", "Puts a value before (with true after) the element at a path, or a new key into an object.",
		evalRow(func(_ *Context, d []types.Datum) (types.Datum, error) {
			c := jsonbChange{create: true, insert: true, after: len(d) > 3 && d[3].Bool()}
			return c.run(d[0], d[1], d[2])
		}), ex(`jsonb_insert('{"a": [0,1,2]}', '{a, 1}', '"new"')`, `{"a": [0, "new", 1, 2]}`))
	_ = define("jsonb_set_lax(jsonb,_text,jsonb,bool,text)", "jsonb_set that knows what to do with NULL: use_json_null, delete_key, return_target or raise_exception.",
		evalRow(func(_ *Context, d []types.Datum) (types.Datum, error) {
			if d[0].IsNull() || d[1].IsNull() || len(d) > 3 && d[3].IsNull() {
				return types.Null, nil
			}
			c := jsonbChange{create: len(d) < 4 || d[3].Bool()}
			if !d[2].IsNull() {
				return c.run(d[0], d[1], d[2])
			}
			treatment := "use_json_null"
			if len(d) > 4 {
				if d[4].IsNull() {
					return types.Null, jsonError("null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or \"raise_exception\"")
				}
				treatment = d[4].S
			}
			switch treatment {
			case "use_json_null":
				return c.run(d[0], d[1], d[2])
			case "delete_key":
				c.drop = true
				return c.run(d[0], d[1], d[2])
			case "return_target":
				return d[0], nil
			case "raise_exception":
				return types.Null, pgerror.New(pgerror.NullValueNotAllowed, "JSON value must not be null").
					WithDetail("Exception was raised because null_value_treatment is \"raise_exception\".").
					WithHint("To avoid, either change the null_value_treatment argument or ensure that an SQL NULL is not passed.")
			}
			return types.Null, jsonError("null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or \"raise_exception\"")
		}), ex(`jsonb_set_lax('{"a":1}', '{a}', NULL, true, 'delete_key')`, "{}"))
	_ = define("json_strip_nulls(json)", "Removes the keys whose value is null.", fn1(stripNulls), ex(`json_strip_nulls('[{"f1":1, "f2":null}, 2, null]')`, `[{"f1":1},2,null]`))
	_ = define("jsonb_strip_nulls(jsonb)", "Removes the keys whose value is null.", evalRow(func(_ *Context, d []types.Datum) (types.Datum, error) {
		v, err := types.ParseJSON(stripNulls(d[0].S))
		return v.Datum(), err
	}), ex(`jsonb_strip_nulls('[{"f1":1, "f2":null}, 2, null]')`, `[{"f1": 1}, 2, null]`))
	_ = define("jsonb_pretty(jsonb)", "Writes a value with line feeds and indentation.", evalRow(func(_ *Context, d []types.Datum) (types.Datum, error) {
		v := d[0].JSONB()
		var b strings.Builder
		jsonbPretty(&b, &v, 0)
		return types.NewString(b.String()), nil
	}), ex(`jsonb_pretty('[1]')`, `[\n    1\n]`))
)

// jsonFromTexts is json_object: keys and values of texts.
func jsonFromTexts(binary bool) body {
	return evalRow(func(c *Context, d []types.Datum) (types.Datum, error) {
		keys := d[0].Array().Elements()
		var vals []types.Datum
		a := d[0].Array()
		if len(d) == 2 {
			b := d[1].Array()
			if a.NDim() > 1 || b.NDim() > 1 {
				return types.Null, pgerror.New(pgerror.ArraySubscriptError, "wrong number of array subscripts")
			}
			if vals = b.Elements(); len(vals) != len(keys) {
				return types.Null, pgerror.New(pgerror.ArraySubscriptError, "mismatched array dimensions")
			}
		} else {
			switch {
			case a.NDim() == 1 && len(keys)%2 != 0:
				return types.Null, pgerror.New(pgerror.ArraySubscriptError, "array must have even number of elements")
			case a.NDim() == 2 && a.Dim(1).Length != 2:
				return types.Null, pgerror.New(pgerror.ArraySubscriptError, "array must have two columns")
			case a.NDim() > 2:
				return types.Null, pgerror.New(pgerror.ArraySubscriptError, "wrong number of array subscripts")
			}
			pairs := keys
			keys = nil
			for i := 0; i < len(pairs); i += 2 {
				keys, vals = append(keys, pairs[i]), append(vals, pairs[i+1])
			}
		}
		w := jsonWriter{c: c, dst: []byte{'{'}}
		for i, k := range keys {
			if k.IsNull() {
				return types.Null, pgerror.New(pgerror.NullValueNotAllowed, "null value not allowed for object key")
			}
			if i > 0 {
				w.add(", ")
			}
			w.dst = types.AppendJSONString(w.dst, k.S)
			w.add(" : ")
			w.value(types.Of(types.Text), vals[i], false)
		}
		w.dst = append(w.dst, '}')
		return w.finish(binary)
	})
}

var (
	_ = define("json_object(_text) json_object(_text,_text)", "Makes an object of texts: keys and values in turn, or two arrays.", jsonFromTexts(false),
		ex("json_object('{a, 1, b, def}')", `{"a" : "1", "b" : "def"}`), ex("json_object('{a,b}', '{1,2}')", `{"a" : "1", "b" : "2"}`))
	_ = define("jsonb_object(_text) jsonb_object(_text,_text)", "Makes an object of texts: keys and values in turn, or two arrays.", jsonFromTexts(true),
		ex("jsonb_object('{a, 1, b, def}')", `{"a": "1", "b": "def"}`))
)
