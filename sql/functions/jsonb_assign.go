package functions

import (
	"strconv"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// maxJSONBGap bounds the nulls that an assignment far behind an array's end
// puts in between; PostgreSQL's bound is that of a jsonb's size.
const maxJSONBGap = 1 << 20

// JSONBAssignment is the function behind SET column['key'][1] = value for a
// jsonb column: its arguments are the column, the value, and the subscripts,
// of type text or int4. Containers that are missing on the way are made: an
// array where the subscript is a number, else an object (setPath with
// JB_PATH_FILL_GAPS).
func JSONBAssignment(subscripts []types.Type) *Scalar {
	jsonb := types.Of(types.JSONB)
	return &Scalar{
		Name: "jsonb_assign", Args: append([]types.Type{jsonb, jsonb}, subscripts...), Returns: jsonb, Hidden: true,
		Eval: func(_ *Context, d []types.Datum) (types.Datum, error) {
			var a jsonbAssign
			if !d[1].IsNull() {
				a.value = d[1].JSONB()
			}
			for i, s := range d[2:] {
				switch {
				case s.IsNull():
					return types.Null, pgerror.New(pgerror.NullValueNotAllowed, "jsonb subscript in assignment must not be null")
				case subscripts[i].OID == types.Int4:
					a.path = append(a.path, strconv.FormatInt(s.I, 10))
				default:
					a.path = append(a.path, s.S)
				}
			}
			target := types.NewJSONObject(nil, nil)
			if !d[0].IsNull() {
				target = d[0].JSONB()
			} else if subscripts[0].OID == types.Int4 {
				target = types.JSONValue{Kind: types.JSONArrayKind}
			}
			out, err := a.set(target, 0)
			if err != nil {
				return types.Null, err
			}
			return out.Datum(), nil
		},
	}
}

// jsonbAssign puts a value at a path.
type jsonbAssign struct {
	path  []string
	value types.JSONValue
}

// set is v with the value at the path from level on.
func (a *jsonbAssign) set(v types.JSONValue, level int) (types.JSONValue, error) {
	if level == len(a.path) {
		return a.value, nil
	}
	switch v.Kind {
	case types.JSONObject:
		return a.setKey(v, level)
	case types.JSONArrayKind:
		return a.setElement(v, level)
	}
	return v, pgerror.New(pgerror.InvalidParameterValue, "cannot replace existing key").
		WithDetail("The path assumes key is a composite object, but it is a scalar value.")
}

func (a *jsonbAssign) setKey(v types.JSONValue, level int) (types.JSONValue, error) {
	keys, vals := append([]string(nil), v.Keys...), append([]types.JSONValue(nil), v.Elems...)
	for i, k := range keys {
		if k != a.path[level] {
			continue
		}
		inner, err := a.set(vals[i], level+1)
		vals[i] = inner
		return types.NewJSONObject(keys, vals), err
	}
	inner, err := a.chain(level + 1)
	return types.NewJSONObject(append(keys, a.path[level]), append(vals, inner)), err
}

func (a *jsonbAssign) setElement(v types.JSONValue, level int) (types.JSONValue, error) {
	n, err := strconv.ParseInt(a.path[level], 10, 32)
	if err != nil {
		return v, pgerror.New(pgerror.InvalidTextRepresentation, "path element at position %d is not an integer: \"%s\"", level+1, a.path[level])
	}
	size := len(v.Elems)
	at := int(n)
	if at < 0 {
		if at += size; at < 0 {
			return v, pgerror.New(pgerror.InvalidParameterValue, "path element at position %d is out of range: %d", level+1, n)
		}
	}
	vals := append([]types.JSONValue(nil), v.Elems...)
	if at < size {
		vals[at], err = a.set(vals[at], level+1)
		return types.JSONValue{Kind: types.JSONArrayKind, Elems: vals}, err
	}
	inner, err := a.chain(level + 1)
	if err != nil {
		return v, err
	}
	return appendElement(vals, at, inner)
}

// appendElement puts v at a position behind the end, with nulls in between.
func appendElement(vals []types.JSONValue, at int, v types.JSONValue) (types.JSONValue, error) {
	if at-len(vals) > maxJSONBGap {
		return v, pgerror.New(pgerror.ProgramLimitExceeded, "number of jsonb array elements exceeds the maximum allowed (%d)", maxJSONBGap)
	}
	out := make([]types.JSONValue, at+1)
	copy(out, vals)
	out[at] = v
	return types.JSONValue{Kind: types.JSONArrayKind, Elems: out}, nil
}

// chain is the value in the containers of the path from level on (push_path).
func (a *jsonbAssign) chain(level int) (types.JSONValue, error) {
	if level == len(a.path) {
		return a.value, nil
	}
	inner, err := a.chain(level + 1)
	if err != nil {
		return inner, err
	}
	n, err := strconv.ParseInt(a.path[level], 10, 64)
	if err != nil {
		return types.NewJSONObject([]string{a.path[level]}, []types.JSONValue{inner}), nil
	}
	return appendElement(nil, int(max(n, 0)), inner)
}
