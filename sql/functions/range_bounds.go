package functions

import "github.com/tidemarkdb/tidemark/sql/types"

var (
	_ = define("lower(anyrange) lower(anymultirange)", "The lower bound of a range, NULL if it is empty or has none.", rangeBound(lowerBound),
		ex("lower(int4range(15,25))", "15"), ex("lower('{}'::int4multirange)", "NULL"))
	_ = define("upper(anyrange) upper(anymultirange)", "The upper bound of a range, NULL if it is empty or has none.", rangeBound(upperBound),
		ex("upper(int4range(15,25))", "25"), ex("upper('{[1,2),[5,)}'::int4multirange)", "NULL"))

	_ = define("isempty(anyrange) isempty(anymultirange)", "Tells whether a range has no values.",
		fn1(func(r binary) bool { return len(types.DecodeRanges(string(r))) == 0 }), ex("isempty(numrange(1,1))", "t"))
	_ = define("lower_inc(anyrange) lower_inc(anymultirange)", "Tells whether the lower bound belongs to the range.",
		rangeFlag(lowerBound, func(b types.RangeBound) bool { return b.Inclusive }), ex("lower_inc(numrange(1.1,2.2))", "t"))
	_ = define("upper_inc(anyrange) upper_inc(anymultirange)", "Tells whether the upper bound belongs to the range.",
		rangeFlag(upperBound, func(b types.RangeBound) bool { return b.Inclusive }), ex("upper_inc(numrange(1.1,2.2))", "f"))
	_ = define("lower_inf(anyrange) lower_inf(anymultirange)", "Tells whether the range has no lower bound.",
		rangeFlag(lowerBound, func(b types.RangeBound) bool { return b.Infinite }), ex("lower_inf('(,)'::daterange)", "t"))
	_ = define("upper_inf(anyrange) upper_inf(anymultirange)", "Tells whether the range has no upper bound.",
		rangeFlag(upperBound, func(b types.RangeBound) bool { return b.Infinite }), ex("upper_inf('(,)'::daterange)", "t"))
)

func lowerBound(r []types.Range) types.RangeBound { return r[0].Lower }

func upperBound(r []types.Range) types.RangeBound { return r[len(r)-1].Upper }

func rangeBound(end func([]types.Range) types.RangeBound) body {
	return body{Eval: func(_ *Context, d []types.Datum) (types.Datum, error) {
		ranges := types.DecodeRanges(d[0].S)
		if len(ranges) == 0 || end(ranges).Infinite {
			return types.Null, nil
		}
		return end(ranges).Value, nil
	}}
}

func rangeFlag(end func([]types.Range) types.RangeBound, is func(types.RangeBound) bool) body {
	return fn1(func(r binary) bool {
		ranges := types.DecodeRanges(string(r))
		return len(ranges) > 0 && is(end(ranges))
	})
}
