package functions

import (
	"github.com/tidemarkdb/tidemark/sql/types"
)

var (
	_ = jsonAggregate("json_agg", "Collects the values into a JSON array.", types.JSON, oids{types.AnyElement}, jsonAgg)
	_ = jsonAggregate("jsonb_agg", "Collects the values into a JSON array.", types.JSONB, oids{types.AnyElement}, jsonbAgg)
	_ = jsonAggregate("json_object_agg", "Collects keys and values into a JSON object.", types.JSON, oids{types.Any, types.Any}, jsonObjectAgg)
	_ = jsonAggregate("jsonb_object_agg", "Collects keys and values into a JSON object.", types.JSONB, oids{types.Any, types.Any}, jsonbObjectAgg)
)

func jsonAggregate(name, doc string, returns types.OID, args oids, final func(*Context, *listAcc, []types.Datum, []types.Datum) (types.Datum, error)) *Aggregate {
	return register(Aggregate{
		Name: name, Args: typesOf(args), Returns: types.Of(returns), OrderSensitive: true, Doc: doc,
		New: func(_ *Context, t Signature) Accumulator { return newList(t, 0, true, final) },
	})
}

func jsonAgg(c *Context, s *listAcc, _, vals []types.Datum) (types.Datum, error) {
	t := s.sig.Args[0]
	structured := t.IsArray() || t.OID == types.Record
	dst := []byte{'['}
	var err error
	for i, d := range vals {
		if i > 0 {
			dst = append(dst, ", "...)
			if structured && !d.IsNull() {
				dst = append(dst, "\n "...)
			}
		}
		if dst, err = appendJSON(dst, c, t, d, false); err != nil {
			return types.Null, err
		}
	}
	return types.NewString(viewString(append(dst, ']'))), nil
}

func jsonbAgg(c *Context, s *listAcc, _, vals []types.Datum) (types.Datum, error) {
	dst := []byte{'['}
	var err error
	for i, d := range vals {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if dst, err = appendJSON(dst, c, s.sig.Args[0], d, true); err != nil {
			return types.Null, err
		}
	}
	return types.NewString(viewString(append(dst, ']'))), nil
}

func jsonObjectAgg(c *Context, s *listAcc, _, vals []types.Datum) (types.Datum, error) {
	dst := []byte("{ ")
	for i := 0; i < len(vals); i += 2 {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		key, err := jsonKey(c, s.sig.Args[0], vals[i])
		if err != nil {
			return types.Null, err
		}
		dst = append(types.AppendJSONString(dst, key), " : "...)
		if dst, err = appendJSON(dst, c, s.sig.Args[1], vals[i+1], false); err != nil {
			return types.Null, err
		}
	}
	return types.NewString(viewString(append(dst, " }"...))), nil
}

func jsonbObjectAgg(c *Context, s *listAcc, _, vals []types.Datum) (types.Datum, error) {
	members := make([]jsonMember, 0, len(vals)/2)
	for i := 0; i < len(vals); i += 2 {
		key, err := jsonKey(c, s.sig.Args[0], vals[i])
		if err != nil {
			return types.Null, err
		}
		value, err := appendJSON(nil, c, s.sig.Args[1], vals[i+1], true)
		if err != nil {
			return types.Null, err
		}
		members = append(members, jsonMember{string(types.AppendJSONString(nil, key)), string(value)})
	}
	return types.NewString(buildObject(sortMembers(members))), nil
}
