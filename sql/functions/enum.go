package functions

import (
	"slices"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// enum_first, enum_last and enum_range look at the type of their argument, so
// that they take NULL. There is no built-in enum to show them by.
var (
	_ = enumFunction("enum_first(anyenum)", "The first value of the argument's enum type.",
		func(c *Context, t Signature, _ []types.Datum) (types.Datum, error) { return enumEnd(c, t, 0) })
	_ = enumFunction("enum_last(anyenum)", "The last value of the argument's enum type.",
		func(c *Context, t Signature, _ []types.Datum) (types.Datum, error) { return enumEnd(c, t, -1) })
	_ = enumFunction("enum_range(anyenum)", "All values of the argument's enum type in order.",
		func(c *Context, t Signature, _ []types.Datum) (types.Datum, error) {
			return enumRange(c, t, types.Null, types.Null)
		})
	_ = enumFunction("enum_range(anyenum,anyenum)", "The values between two values of an enum type in order.",
		func(c *Context, t Signature, d []types.Datum) (types.Datum, error) {
			return enumRange(c, t, d[0], d[1])
		})
)

func enumFunction(signature, doc string, eval func(*Context, Signature, []types.Datum) (types.Datum, error)) *Scalar {
	s := define(signature, doc, body{EvalTyped: eval})
	s.Hidden = true
	return s
}

// enumKeys are the values of an enum type in order.
func enumKeys(c *Context, t types.Type) []int32 {
	if c.IO == nil || c.IO.Resolve == nil {
		return nil
	}
	info := c.IO.Resolve.TypeInfo(t.OID)
	if info == nil {
		return nil
	}
	keys := slices.Clone(info.LabelKeys)
	slices.Sort(keys)
	return keys
}

func enumDatum(key int32) types.Datum { return types.Datum{P: types.PhysInt32, I: int64(key)} }

// enumEnd is the first value of the argument's type, or with at -1 the last.
func enumEnd(c *Context, t Signature, at int) (types.Datum, error) {
	keys := enumKeys(c, t.Args[0])
	if len(keys) == 0 {
		return types.Null, nil
	}
	return enumDatum(keys[(at+len(keys))%len(keys)]), nil
}

// enumRange is the array of the values from low to high; NULL is the end of the type.
func enumRange(c *Context, t Signature, low, high types.Datum) (types.Datum, error) {
	var vals []types.Datum
	for _, key := range enumKeys(c, t.Args[0]) {
		if (low.IsNull() || int64(key) >= low.I) && (high.IsNull() || int64(key) <= high.I) {
			vals = append(vals, enumDatum(key))
		}
	}
	return types.BuildArray(t.Args[0].OID, vals), nil
}
