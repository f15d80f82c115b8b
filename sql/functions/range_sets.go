package functions

import "github.com/tidemarkdb/tidemark/sql/types"

var (
	_ = behind("range_union", rangeSet((*types.Range).Union))
	_ = behind("range_intersect", rangeSet((*types.Range).Intersect))
	_ = behind("range_minus", rangeSet((*types.Range).Minus))
	_ = behind("multirange_union", multirangeSet(func(a, b *types.Multirange) (types.Multirange, error) { return a.Union(b), nil }))
	_ = behind("multirange_intersect", multirangeSet((*types.Multirange).Intersect))
	_ = behind("multirange_minus", multirangeSet((*types.Multirange).Minus))

	_ = define("range_merge(anyrange,anyrange)", "The smallest range that contains both.",
		rangeSet(func(a, b *types.Range) (types.Range, error) { return a.Hull(b), nil }), ex("range_merge(int4range(1,2), int4range(5,6))", "[1,6)"))
	_ = define("range_merge(anymultirange)", "The smallest range that contains the multirange.",
		body{Eval: func(_ *Context, d []types.Datum) (types.Datum, error) {
			m := types.DecodeMultirange(d[0].S)
			out := types.Range{OID: types.FindRange(m.OID).Range, Empty: true}
			for i := range m.Ranges {
				out = out.Hull(&m.Ranges[i])
			}
			return out.Datum(), nil
		}}, ex("range_merge('{[1,2),[5,6)}'::int4multirange)", "[1,6)"))
)

func rangeSet(f func(a, b *types.Range) (types.Range, error)) body {
	return body{Eval: func(_ *Context, d []types.Datum) (types.Datum, error) {
		a, b := types.DecodeRange(d[0].S), types.DecodeRange(d[1].S)
		r, err := f(&a, &b)
		if err != nil {
			return types.Null, err
		}
		return r.Datum(), nil
	}}
}

func multirangeSet(f func(a, b *types.Multirange) (types.Multirange, error)) body {
	return body{Eval: func(_ *Context, d []types.Datum) (types.Datum, error) {
		a, b := types.DecodeMultirange(d[0].S), types.DecodeMultirange(d[1].S)
		m, err := f(&a, &b)
		if err != nil {
			return types.Null, err
		}
		return m.Datum(), nil
	}}
}
