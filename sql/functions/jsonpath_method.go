package functions

import (
	"math"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// method evaluates .abs(), .size() and the like.
func (r *pathRun) method(p *types.JSONPathItem, v pathValue, out *pathList, unwrap bool) (pathResult, error) {
	name := p.Str
	if p.Op == types.PathDatetime {
		name = "datetime"
	}
	switch name {
	case "type":
		return r.next(p, jsonItem(types.JSONValue{Kind: types.JSONString, Str: pathTypeName(v)}), out)
	case "size":
		n := 1
		if v.is(types.JSONArrayKind) {
			n = len(v.json.Elems)
		} else if r.strict && !r.lenient {
			return r.fail(pgerror.SqlJsonArrayNotFound, "jsonpath item method .%s() can only be applied to an array", name)
		} else if r.strict {
			return pathNotFound, nil
		}
		return r.next(p, jsonNumber(types.DecimalFromInt(int64(n))), out)
	}
	if unwrap && v.is(types.JSONArrayKind) {
		return r.elements(p, v, out, false)
	}
	switch name {
	case "double":
		return r.double(p, v, out)
	case "datetime":
		return r.datetime(p, v, out)
	case "keyvalue":
		return r.keyValue(p, v, out)
	}
	if !v.is(types.JSONNumber) {
		return r.fail(pgerror.NonNumericSqlJsonItem, "jsonpath item method .%s() can only be applied to a numeric value", name)
	}
	n := v.json.Num
	switch name {
	case "abs":
		n = n.Abs()
	case "floor":
		n = n.Floor()
	default:
		n = n.Ceil()
	}
	return r.next(p, jsonNumber(n), out)
}

// pathTypeName is what .type() says.
func pathTypeName(v pathValue) string {
	if v.time != nil {
		return types.Format(types.Of(v.time.oid))
	}
	switch v.json.Kind {
	case types.JSONNull:
		return "null"
	case types.JSONBool:
		return "boolean"
	case types.JSONNumber:
		return "number"
	case types.JSONString:
		return "string"
	case types.JSONArrayKind:
		return "array"
	}
	return "object"
}

func (r *pathRun) double(p *types.JSONPathItem, v pathValue, out *pathList) (pathResult, error) {
	parse := func(s string) (float64, bool) {
		d, err := types.Parse(types.Of(types.Float8), s, nil)
		f := d.Float64()
		return f, err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
	}
	switch {
	case v.is(types.JSONNumber):
		if _, ok := parse(string(v.json.Num.AppendText(nil))); !ok {
			return r.fail(pgerror.NonNumericSqlJsonItem, "numeric argument of jsonpath item method .%s() is out of range for type double precision", p.Str)
		}
	case v.is(types.JSONString):
		f, ok := parse(v.json.Str)
		if !ok {
			return r.fail(pgerror.NonNumericSqlJsonItem, "string argument of jsonpath item method .%s() is not a valid representation of a double precision number", p.Str)
		}
		v = jsonNumber(types.DecimalFromFloat64(f))
	default:
		return r.fail(pgerror.NonNumericSqlJsonItem, "jsonpath item method .%s() can only be applied to a string or numeric value", p.Str)
	}
	return r.next(p, v, out)
}

// keyValue yields an object {"id", "key", "value"} for each member. The id
// tells objects apart: it is the place of the object in PostgreSQL's jsonb.
func (r *pathRun) keyValue(p *types.JSONPathItem, v pathValue, out *pathList) (pathResult, error) {
	if !v.is(types.JSONObject) {
		return r.fail(pgerror.SqlJsonObjectNotFound, "jsonpath item method .%s() can only be applied to an object", p.Str)
	}
	if len(v.json.Elems) > 0 && p.Next == nil && out == nil {
		return pathFound, nil
	}
	id := types.DecimalFromInt(r.base.id*10_000_000_000 + r.base.offset(v.json))
	res := pathNotFound
	for i := range v.json.Elems {
		o := types.NewJSONObject([]string{"id", "key", "value"}, []types.JSONValue{
			{Kind: types.JSONNumber, Num: id}, {Kind: types.JSONString, Str: v.json.Keys[i]}, v.json.Elems[i],
		})
		saved := r.base
		r.base = pathBase{root: &o, id: r.nextID}
		r.nextID++
		var err error
		res, err = r.next(p, pathValue{json: &o}, out)
		r.base = saved
		if stop(res, err, out) {
			return res, err
		}
	}
	return res, nil
}
