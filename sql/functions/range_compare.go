package functions

import "github.com/tidemarkdb/tidemark/sql/types"

var (
	_ = registerComparisons(compareNames("range_"), orderedBody(compareRanges))
	_ = registerComparisons(compareNames("multirange_"), orderedBody(compareMultiranges))

	_ = define("range_cmp(anyrange,anyrange)", "Compares two ranges: -1, 0 or 1.",
		fn2(func(a, b binary) int32 { return int32(compareRanges(a, b)) }), ex("range_cmp(int4range(1,2), int4range(1,3))", "-1"))
	_ = define("multirange_cmp(anymultirange,anymultirange)", "Compares two multiranges: -1, 0 or 1.",
		fn2(func(a, b binary) int32 { return int32(compareMultiranges(a, b)) }), ex("multirange_cmp('{[1,2)}'::int4multirange, '{}')", "1"))
)

func compareRanges(a, b binary) int { return types.CompareRanges(string(a), string(b)) }

func compareMultiranges(a, b binary) int { return types.CompareMultiranges(string(a), string(b)) }
