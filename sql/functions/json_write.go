package functions

import (
	"strconv"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// jsonWriter appends values as JSON the way PostgreSQL's to_json does.
type jsonWriter struct {
	c   *Context
	dst []byte
	err error
}

// RowTypeSession names the columns of composite types, for to_json of rows;
// without it they are f1, f2, ...
type RowTypeSession interface {
	RowColumns(t types.OID) []string
}

func (w *jsonWriter) add(s string) { w.dst = append(w.dst, s...) }

func (w *jsonWriter) value(t types.Type, d types.Datum, pretty bool) {
	if d.IsNull() {
		w.add("null")
		return
	}
	switch t.OID {
	case types.Bool:
		w.dst = strconv.AppendBool(w.dst, d.Bool())
	case types.Int2, types.Int4, types.Int8:
		w.dst = strconv.AppendInt(w.dst, d.I, 10)
	case types.Float4, types.Float8, types.Numeric:
		start := len(w.dst)
		w.dst = types.AppendText(w.dst, t, d, w.c.IO)
		if last := w.dst[len(w.dst)-1]; last == 'N' || last == 'y' { // NaN, Infinity
			text := string(w.dst[start:])
			w.dst = types.AppendJSONString(w.dst[:start], text)
		}
	case types.JSON, types.JSONB:
		w.add(d.S)
	case types.Date, types.Timestamp, types.Timestamptz:
		w.dst = append(w.dst, '"')
		w.time(t.OID, d)
		w.dst = append(w.dst, '"')
	case types.Record:
		w.record(t, d, pretty)
	default:
		switch {
		case w.isArray(t):
			w.array(t, d, pretty)
		case t.IsRow():
			w.record(t, d, pretty)
		default:
			w.dst = types.AppendJSONString(w.dst, types.TextOf(t, d, w.c.IO))
		}
	}
}

func (w *jsonWriter) isArray(t types.Type) bool {
	return t.IsArray() && t.OID != types.Int2Vector && t.OID != types.OidVector
}

// time prints ISO 8601 whatever DateStyle says.
func (w *jsonWriter) time(oid types.OID, d types.Datum) {
	io := types.IO{DateStyle: "ISO", TimeZone: w.c.IO.TimeZone}
	start := len(w.dst)
	w.dst = types.AppendText(w.dst, types.Of(oid), d, &io)
	if oid == types.Date || types.IsTimestampInfinite(d.I) {
		return
	}
	for i := start; i < len(w.dst); i++ {
		if w.dst[i] == ' ' {
			w.dst[i] = 'T'
			break
		}
	}
	if oid != types.Timestamptz {
		return
	}
	// The zone has its minutes always, before an era.
	text := w.dst[start:]
	era := 0
	if n := len(text); n > 3 && string(text[n-3:]) == " BC" {
		era = 3
	}
	n := len(text) - era
	if n >= 3 && (text[n-3] == '+' || text[n-3] == '-') {
		tail := string(text[n:])
		w.dst = append(w.dst[:start+n], ":00"...)
		w.add(tail)
	}
}

func (w *jsonWriter) array(t types.Type, d types.Datum, pretty bool) {
	a := d.Array()
	if a.NDim() == 0 {
		w.add("[]")
		return
	}
	elem := elemType(w.c, t, a)
	vals := a.Elements()
	var level func(dim int, pretty bool)
	level = func(dim int, pretty bool) {
		w.dst = append(w.dst, '[')
		for i := range a.Dim(dim).Length {
			if i > 0 {
				if pretty {
					w.add(",\n ")
				} else {
					w.dst = append(w.dst, ',')
				}
			}
			if dim == a.NDim()-1 {
				w.value(elem, vals[0], false)
				vals = vals[1:]
			} else {
				level(dim+1, false)
			}
		}
		w.dst = append(w.dst, ']')
	}
	level(0, pretty)
}

func (w *jsonWriter) record(t types.Type, d types.Datum, pretty bool) {
	var names []string
	if s, ok := w.c.Session.(RowTypeSession); ok && t.OID != types.Record {
		names = s.RowColumns(t.OID)
	}
	if names == nil {
		names = d.RecordNames()
	}
	w.dst = append(w.dst, '{')
	for i, f := range d.Record() {
		if i > 0 {
			if pretty {
				w.add(",\n ")
			} else {
				w.dst = append(w.dst, ',')
			}
		}
		name := "f" + strconv.Itoa(i+1)
		if i < len(names) {
			name = names[i]
		}
		w.dst = append(types.AppendJSONString(w.dst, name), ':')
		w.value(f.Type, f.Value, false)
	}
	w.dst = append(w.dst, '}')
}

// key appends the key of an object.
func (w *jsonWriter) key(t types.Type, d types.Datum) {
	switch {
	case t.OID == types.JSON, t.OID == types.JSONB, t.OID == types.Record, w.isArray(t), t.IsRow():
		w.err = pgerror.New(pgerror.InvalidParameterValue, "key value must be scalar, not array, composite, or json")
		return
	case t.OID == types.Bool:
		w.dst = types.AppendJSONString(w.dst, strconv.FormatBool(d.Bool()))
	case t.OID == types.Date, t.OID == types.Timestamp, t.OID == types.Timestamptz:
		w.dst = append(w.dst, '"')
		w.time(t.OID, d)
		w.dst = append(w.dst, '"')
	default:
		w.dst = types.AppendJSONString(w.dst, types.TextOf(t, d, w.c.IO))
	}
}

// finish gives the text as json or, parsed and printed again, as jsonb.
func (w *jsonWriter) finish(binary bool) (types.Datum, error) {
	if w.err != nil {
		return types.Null, w.err
	}
	if !binary {
		return types.NewString(viewString(w.dst)), nil
	}
	v, err := types.ParseJSON(viewString(w.dst))
	if err != nil {
		return types.Null, err
	}
	return v.Datum(), nil
}

func toJSON(binary bool) body {
	return evalTyped(func(c *Context, t Signature, args []types.Datum) (types.Datum, error) {
		w := jsonWriter{c: c}
		w.value(t.Args[0], args[0], len(args) > 1 && args[1].Bool())
		return w.finish(binary)
	})
}

var (
	_ = define("to_json(anyelement)", "Writes a value as json: arrays and rows become arrays and objects.", toJSON(false),
		ex("to_json(ARRAY[1,2])", "[1,2]"), ex("to_json(ROW(42, 'x'::text))", `{"f1":42,"f2":"x"}`))
	_ = define("to_jsonb(anyelement)", "Writes a value as jsonb: arrays and rows become arrays and objects.", toJSON(true),
		ex("to_jsonb('it''s'::text)", `"it's"`))
	_ = define("row_to_json(record) row_to_json(record,bool)", "Writes a row as a json object, with true with line feeds.", toJSON(false),
		ex("row_to_json(ROW(1, 'foo'::text))", `{"f1":1,"f2":"foo"}`))
	_ = define("array_to_json(anyarray) array_to_json(anyarray,bool)", "Writes an array as json, with true with line feeds.", toJSON(false),
		ex("array_to_json('{{1,5},{99,100}}'::int[])", "[[1,5],[99,100]]"))
)

func buildJSONArray(binary bool) body {
	return evalTyped(func(c *Context, t Signature, args []types.Datum) (types.Datum, error) {
		w := jsonWriter{c: c, dst: []byte{'['}}
		for i := range args {
			if i > 0 {
				w.add(", ")
			}
			w.value(t.Args[i], args[i], false)
		}
		w.dst = append(w.dst, ']')
		return w.finish(binary)
	})
}

func buildJSONObject(name string, binary bool) body {
	return evalTyped(func(c *Context, t Signature, args []types.Datum) (types.Datum, error) {
		if len(args)%2 != 0 {
			return types.Null, pgerror.New(pgerror.InvalidParameterValue, "argument list must have even number of elements").
				WithHint("The arguments of %s() must consist of alternating keys and values.", name)
		}
		w := jsonWriter{c: c, dst: []byte{'{'}}
		for i := 0; i < len(args); i += 2 {
			if i > 0 {
				w.add(", ")
			}
			if args[i].IsNull() {
				if binary {
					return types.Null, pgerror.New(pgerror.InvalidParameterValue, "argument %d: key must not be null", i+1)
				}
				return types.Null, pgerror.New(pgerror.InvalidParameterValue, "argument %d cannot be null", i+1).
					WithHint("Object keys should be text.")
			}
			w.key(t.Args[i], args[i])
			w.add(" : ")
			w.value(t.Args[i+1], args[i+1], false)
		}
		w.dst = append(w.dst, '}')
		return w.finish(binary)
	})
}

var (
	_ = define("json_build_array() json_build_array(any)", "Makes a json array of the arguments.", buildJSONArray(false),
		ex("json_build_array(1, 2, 'foo', 4, 5)", `[1, 2, "foo", 4, 5]`), ex("json_build_array()", "[]"))
	_ = define("jsonb_build_array() jsonb_build_array(any)", "Makes a jsonb array of the arguments.", buildJSONArray(true),
		ex("jsonb_build_array(1, NULL, 'foo')", `[1, null, "foo"]`))
	_ = define("json_build_object() json_build_object(any)", "Makes a json object of keys and values.", buildJSONObject("json_build_object", false),
		ex("json_build_object('foo', 1, 2, ROW(3, 'bar'::text))", `{"foo" : 1, "2" : {"f1":3,"f2":"bar"}}`))
	_ = define("jsonb_build_object() jsonb_build_object(any)", "Makes a jsonb object of keys and values.", buildJSONObject("jsonb_build_object", true),
		ex("jsonb_build_object('z', 1, 'a', true)", `{"a": true, "z": 1}`))
)
