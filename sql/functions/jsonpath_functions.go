package functions

import (
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// pathParams are the parameters of the jsonb_path_ functions.
var pathParams = []Param{{Name: "target"}, {Name: "path"}, {"vars", "'{}'"}, {"silent", "false"}}

// pathFunc is a kind of function of a jsonpath: tz is that of the _tz functions.
type pathFunc struct{ operator, tz bool }

// call evaluates the path of a call: target, path and, of the functions,
// vars and silent, which may be left out. The operators are always silent.
func (f pathFunc) call(c *Context, args []types.Datum, out *pathList) (res pathResult, silent bool, err error) {
	path, err := args[1].JSONPath()
	if err != nil {
		return pathError, false, err
	}
	silent = f.operator
	var vars *types.JSONValue
	if !f.operator {
		v := types.JSONValue{Kind: types.JSONObject}
		if len(args) > 2 {
			v = args[2].JSONB()
		}
		if v.Kind != types.JSONObject {
			return pathError, false, pgerror.New(pgerror.InvalidParameterValue, "\"vars\" argument is not an object").
				WithDetail("Jsonpath parameters should be encoded as key-value pairs of \"vars\" object.")
		}
		vars, silent = &v, len(args) > 3 && args[3].Bool()
	}
	doc := args[0].JSONB()
	res, err = newPathRun(c, path, &doc, vars, silent, f.tz).run(path, out)
	return res, silent, err
}

// datum is a value as jsonb.
func (v pathValue) datum() types.Datum {
	if v.time != nil {
		return types.JSONValue{Kind: types.JSONString, Str: v.time.text()}.Datum()
	}
	return v.json.Datum()
}

func (f pathFunc) exists() body {
	return evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
		res, _, err := f.call(c, args, nil)
		if err != nil || res == pathError {
			return types.Null, err
		}
		return types.NewBool(res == pathFound), nil
	})
}

func (f pathFunc) match() body {
	return evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
		var found pathList
		res, silent, err := f.call(c, args, &found)
		if err != nil {
			return types.Null, err
		}
		if res != pathError && len(found.items) == 1 {
			switch v := found.items[0]; {
			case v.is(types.JSONBool):
				return types.NewBool(v.json.Bool), nil
			case v.is(types.JSONNull):
				return types.Null, nil
			}
		}
		if silent {
			return types.Null, nil
		}
		return types.Null, pgerror.New(pgerror.SingletonSqlJsonItemRequired, "single boolean result is expected")
	})
}

func (f pathFunc) array() body {
	return evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
		var found pathList
		if _, _, err := f.call(c, args, &found); err != nil {
			return types.Null, err
		}
		dst := []byte{'['}
		for i, v := range found.items {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = append(dst, v.datum().S...)
		}
		return types.NewString(string(append(dst, ']'))), nil
	})
}

func (f pathFunc) first() body {
	return evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
		var found pathList
		if _, _, err := f.call(c, args, &found); err != nil || len(found.items) == 0 {
			return types.Null, err
		}
		return found.items[0].datum(), nil
	})
}

func (f pathFunc) open() opener {
	return func(c *Context, _ Signature, args []types.Datum) (RowSource, error) {
		var found pathList
		if _, _, err := f.call(c, args, &found); err != nil {
			return nil, err
		}
		return rowFunc(func(*Context) ([]types.Datum, error) {
			if len(found.items) == 0 {
				return nil, nil
			}
			v := found.items[0]
			found.items = found.items[1:]
			return []types.Datum{v.datum()}, nil
		}), nil
	}
}

var (
	_ = behind("jsonb_path_exists_opr", pathFunc{operator: true}.exists())
	_ = behind("jsonb_path_match_opr", pathFunc{operator: true}.match())
)

var _ = func() bool {
	for _, f := range [...]struct {
		suffix, doc string
		tz          bool
	}{{"", "", false}, {"_tz", " Dates and times without a zone are of the session's.", true}} {
		kind := pathFunc{tz: f.tz}
		sig := f.suffix + "(jsonb,jsonpath,jsonb,bool)"
		name := func(n string) string { return n + f.suffix }
		scalar := func(n, doc string, b body, args, want string) {
			define(n+sig, doc+f.doc, b, ex(name(n)+args, want)).Params = pathParams
		}
		scalar("jsonb_path_exists", "Whether a jsonpath yields anything.", kind.exists(), `('{"a":[1,2,3]}', '$.a[*] ? (@ > 2)')`, "t")
		scalar("jsonb_path_match", "The answer of a jsonpath that is a predicate.", kind.match(), `('{"a":[1,2,3]}', 'exists($.a[*] ? (@ >= $x))', '{"x":4}')`, "f")
		scalar("jsonb_path_query_array", "What a jsonpath yields, as an array.", kind.array(), `('{"a":[1,2,3]}', '$.a[*] ? (@ > 1)')`, "[2, 3]")
		scalar("jsonb_path_query_first", "The first of what a jsonpath yields.", kind.first(), `('{"a":[1,2,3]}', '$.a[*] ? (@ > 1)')`, "2")
		defineSet("jsonb_path_query"+sig, "What a jsonpath yields, one a row."+f.doc, nil, kind.open(),
			ex("* FROM "+name("jsonb_path_query")+`('{"a":[1,2,3]}', '$.a[*] ? (@ > 1)')`, `2\n3`)).Params = pathParams
	}
	return true
}()
