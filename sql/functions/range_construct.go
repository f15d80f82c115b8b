package functions

import (
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func init() {
	for i := range types.RangeTypes {
		t := &types.RangeTypes[i]
		name, sub := types.Lookup(t.Range).Name, types.Lookup(t.Subtype).Name
		multi := types.Lookup(t.Multirange).Name
		define(name+"("+sub+","+sub+") "+name+"("+sub+","+sub+",text)",
			"Makes a range of its bounds, [) if the third argument does not say otherwise; NULL is no bound.",
			body{Eval: func(_ *Context, d []types.Datum) (types.Datum, error) { return makeRange(t.Range, d) }},
			ex("isempty("+name+"(NULL, NULL, '()'))", "f"))
		define(multi+"() "+multi+"("+name+") "+multi+"(_"+name+")", "Makes a multirange of ranges.",
			body{EvalTyped: func(_ *Context, sig Signature, d []types.Datum) (types.Datum, error) {
				return makeMultirange(t.Multirange, sig, d)
			}}, ex(multi+"()", "{}"))
	}
	define("multirange(anyrange)", "Makes a multirange of a range.", body{EvalTyped: func(_ *Context, sig Signature, d []types.Datum) (types.Datum, error) {
		return makeMultirange(types.FindRange(sig.Args[0].OID).Multirange, sig, d)
	}}, ex("multirange(int4range(1,3))", "{[1,3)}"))
}

// makeRange is range_constructor2 and range_constructor3.
func makeRange(oid types.OID, d []types.Datum) (types.Datum, error) {
	flags := "[)"
	if len(d) == 3 {
		if d[2].IsNull() {
			return types.Null, pgerror.New(pgerror.DataException, "range constructor flags argument must not be null")
		}
		flags = d[2].S
	}
	if len(flags) != 2 || flags[0] != '[' && flags[0] != '(' || flags[1] != ']' && flags[1] != ')' {
		return types.Null, pgerror.New(pgerror.SyntaxError, "invalid range bound flags").WithHint(`Valid values are "[]", "[)", "(]", and "()".`)
	}
	r, err := types.MakeRange(oid,
		types.RangeBound{Value: d[0], Infinite: d[0].IsNull(), Inclusive: flags[0] == '['},
		types.RangeBound{Value: d[1], Infinite: d[1].IsNull(), Inclusive: flags[1] == ']'})
	if err != nil {
		return types.Null, err
	}
	return r.Datum(), nil
}

// makeMultirange is multirange_constructor0, 1 and 2.
func makeMultirange(oid types.OID, sig Signature, d []types.Datum) (types.Datum, error) {
	var ranges []types.Range
	switch {
	case len(d) == 1 && sig.Args[0].IsArray():
		a := d[0].Array()
		if a.NDim() > 1 {
			return types.Null, pgerror.New(pgerror.CardinalityViolation, "multiranges cannot be constructed from multidimensional arrays")
		}
		for _, r := range a.All() {
			if r.IsNull() {
				return types.Null, pgerror.New(pgerror.NullValueNotAllowed, "multirange values cannot contain null members")
			}
			ranges = append(ranges, types.DecodeRange(r.S))
		}
	case len(d) == 1:
		ranges = append(ranges, types.DecodeRange(d[0].S))
	}
	m := types.MakeMultirange(oid, ranges)
	return m.Datum(), nil
}
