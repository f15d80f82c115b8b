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

func jsonAggregate(name, doc string, returns types.OID, args oids, final func(*Context, *listAcc, []types.ElementList) (types.Datum, error)) *Aggregate {
	return register(Aggregate{
		Name: name, Args: typesOf(args), Returns: types.Of(returns), OrderSensitive: true, Doc: doc,
		New: func(_ *Context, t Signature) Accumulator { return newList(t, final) },
	})
}

func jsonAgg(c *Context, s *listAcc, lists []types.ElementList) (types.Datum, error) {
	t := s.sig.Args[0]
	structured := t.IsArray() || t.OID == types.Record
	dst := []byte{'['}
	var err error
	for i, d := range lists[0].View(s.sig.Args[0].OID).All() {
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

func jsonbAgg(c *Context, s *listAcc, lists []types.ElementList) (types.Datum, error) {
	dst := []byte{'['}
	var err error
	for i, d := range lists[0].View(s.sig.Args[0].OID).All() {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if dst, err = appendJSON(dst, c, s.sig.Args[0], d, true); err != nil {
			return types.Null, err
		}
	}
	return types.NewString(viewString(append(dst, ']'))), nil
}

// eachMember calls fn with the keys and values of a group's lists.
func (s *listAcc) eachMember(lists []types.ElementList, fn func(i int, key, value types.Datum) error) error {
	values := lists[1].View(s.sig.Args[1].OID).Cursor()
	for i, key := range lists[0].View(s.sig.Args[0].OID).All() {
		if err := fn(i, key, values.Next()); err != nil {
			return err
		}
	}
	return nil
}

func jsonObjectAgg(c *Context, s *listAcc, lists []types.ElementList) (types.Datum, error) {
	dst := []byte("{ ")
	err := s.eachMember(lists, func(i int, k, v types.Datum) error {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		key, err := jsonKey(c, s.sig.Args[0], k)
		if err != nil {
			return err
		}
		dst = append(types.AppendJSONString(dst, key), " : "...)
		dst, err = appendJSON(dst, c, s.sig.Args[1], v, false)
		return err
	})
	return types.NewString(viewString(append(dst, " }"...))), err
}

func jsonbObjectAgg(c *Context, s *listAcc, lists []types.ElementList) (types.Datum, error) {
	members := make([]jsonMember, 0, lists[0].Len())
	err := s.eachMember(lists, func(_ int, k, v types.Datum) error {
		key, err := jsonKey(c, s.sig.Args[0], k)
		if err != nil {
			return err
		}
		value, err := appendJSON(nil, c, s.sig.Args[1], v, true)
		members = append(members, jsonMember{string(types.AppendJSONString(nil, key)), string(value)})
		return err
	})
	return types.NewString(buildObject(sortMembers(members))), err
}
