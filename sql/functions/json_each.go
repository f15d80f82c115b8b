package functions

import (
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func jsonError(format string, a ...any) *pgerror.Error {
	return pgerror.New(pgerror.InvalidParameterValue, format, a...)
}

// jsonShape says "object", "array" or "scalar".
func jsonShape(s string) string {
	switch jsonKind(s) {
	case '{':
		return "object"
	case '[':
		return "array"
	}
	return "scalar"
}

// jsonLength is json_array_length.
func jsonLength(s string) (int32, error) {
	switch jsonShape(s) {
	case "object":
		return 0, jsonError("cannot get array length of a non-array")
	case "scalar":
		return 0, jsonError("cannot get array length of a scalar")
	}
	n := int32(0)
	jsonElements(s, func(string) bool { n++; return true })
	return n, nil
}

func jsonTypeOf(s string) string {
	switch jsonKind(s) {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}

// jsonValue is a value as it is or, for the _text functions, its text.
func jsonValue(v string, text bool) types.Datum {
	if text {
		t, ok := jsonText(v)
		if !ok {
			return types.Null
		}
		return types.NewString(t)
	}
	return types.NewString(v)
}

// openMembers yields the members of an object.
func openMembers(name string, text bool) opener {
	binary := name[4] == 'b'
	return func(_ *Context, _ Signature, args []types.Datum) (RowSource, error) {
		s := args[0].S
		switch shape := jsonShape(s); {
		case shape == "object":
		case binary:
			return nil, jsonError("cannot call %s on a non-object", name)
		case shape == "array":
			return nil, jsonError("cannot deconstruct an array as an object")
		default:
			return nil, jsonError("cannot deconstruct a scalar")
		}
		var rows [][]types.Datum
		jsonMembers(s, func(k, v string) bool {
			rows = append(rows, []types.Datum{types.NewString(jsonUnquote(k)), jsonValue(v, text)})
			return true
		})
		return rowsOf(rows), nil
	}
}

// openElements yields the elements of an array.
func openElements(name string, text bool) opener {
	binary := name[4] == 'b'
	return func(_ *Context, _ Signature, args []types.Datum) (RowSource, error) {
		s := args[0].S
		switch shape := jsonShape(s); {
		case shape == "array":
		case binary && shape == "object":
			return nil, jsonError("cannot extract elements from an object")
		case binary:
			return nil, jsonError("cannot extract elements from a scalar")
		case shape == "object":
			return nil, jsonError("cannot call %s on a non-array", name)
		default:
			return nil, jsonError("cannot call %s on a scalar", name)
		}
		var vals []types.Datum
		jsonElements(s, func(v string) bool {
			vals = append(vals, jsonValue(v, text))
			return true
		})
		return valuesOf(vals), nil
	}
}

func openKeys(name string) opener {
	return func(_ *Context, _ Signature, args []types.Datum) (RowSource, error) {
		switch jsonShape(args[0].S) {
		case "array":
			return nil, jsonError("cannot call %s on an array", name)
		case "scalar":
			return nil, jsonError("cannot call %s on a scalar", name)
		}
		var vals []types.Datum
		jsonMembers(args[0].S, func(k, _ string) bool {
			vals = append(vals, types.NewString(jsonUnquote(k)))
			return true
		})
		return valuesOf(vals), nil
	}
}

var _ = func() bool {
	for _, t := range []struct {
		name string
		oid  types.OID
	}{{"json", types.JSON}, {"jsonb", types.JSONB}} {
		arg := "(" + t.name + ")"
		key := column("key", types.Text)
		define(t.name+"_array_length"+arg, "The number of elements of an array.", fn1E(jsonLength), ex(t.name+"_array_length('[1,2,[3]]')", "3"))
		define(t.name+"_typeof"+arg, "The kind of a value: object, array, string, number, boolean or null.", fn1(jsonTypeOf), ex(t.name+"_typeof('-123.4')", "number"))
		defineSet(t.name+"_each"+arg, "The keys and values of an object, one a row.", []Column{key, column("value", t.oid)},
			openMembers(t.name+"_each", false), ex("* FROM "+t.name+`_each('{"a":"foo", "b":1}')`, `a|"foo"\nb|1`))
		defineSet(t.name+"_each_text"+arg, "The keys and values of an object as text, one a row.", []Column{key, column("value", types.Text)},
			openMembers(t.name+"_each_text", true), ex("* FROM "+t.name+`_each_text('{"a":"foo", "b":1}')`, `a|foo\nb|1`))
		defineSet(t.name+"_object_keys"+arg, "The keys of an object, one a row.", nil, openKeys(t.name+"_object_keys"),
			ex("* FROM "+t.name+`_object_keys('{"a":1, "b":2}')`, `a\nb`))
		defineSet(t.name+"_array_elements"+arg, "The elements of an array, one a row.", []Column{column("value", t.oid)},
			openElements(t.name+"_array_elements", false), ex("* FROM "+t.name+`_array_elements('[1, true, "x"]')`, `1\ntrue\n"x"`))
		defineSet(t.name+"_array_elements_text"+arg, "The elements of an array as text, one a row.", []Column{column("value", types.Text)},
			openElements(t.name+"_array_elements_text", true), ex("* FROM "+t.name+`_array_elements_text('["foo", null]')`, `foo\nNULL`))
	}
	return true
}()
