package functions

import (
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/types"
)

var textNames = [6]string{"texteq", "textne", "text_lt", "text_le", "text_gt", "text_ge"}

// Text is compared by bytes: the database's collation is C.
var (
	_ = registerComparisons(textNames, compareBytes)
	_ = registerComparisons(compareNames("name"), compareBytes)
	_ = registerComparisons(compareSuffixed("name", "text"), compareBytes)
	_ = registerComparisons(compareSuffixed("text", "name"), compareBytes)
	_ = registerComparisons(compareNames("char"), compareBytes)
	_ = registerComparisons(compareNames("bytea"), compareBytes)
	_ = registerComparisons(compareNames("uuid_"), compareBytes)
	_ = registerComparisons(compareNames("bpchar"), orderedBody(datumOrderString(types.Bpchar)))
	_ = behind("text_pattern_lt", compareBytes(cmpLt))
	_ = behind("text_pattern_le", compareBytes(cmpLe))
	_ = behind("text_pattern_gt", compareBytes(cmpGt))
	_ = behind("text_pattern_ge", compareBytes(cmpGe))
	_ = behind("bpchar_pattern_lt", orderedBody(datumOrderString(types.Bpchar))(cmpLt))
	_ = behind("bpchar_pattern_le", orderedBody(datumOrderString(types.Bpchar))(cmpLe))
	_ = behind("bpchar_pattern_gt", orderedBody(datumOrderString(types.Bpchar))(cmpGt))
	_ = behind("bpchar_pattern_ge", orderedBody(datumOrderString(types.Bpchar))(cmpGe))
	_ = behind("text_starts_with", fn2(strings.HasPrefix))

	_ = registerComparisons(compareNames("jsonb_"), orderedBody(datumOrderString(types.JSONB)))
	_ = registerComparisons(compareNames("numeric_"), compareDecimals)
	_ = registerComparisons(compareNames("interval_"), orderedBody(datumOrder(types.Interval)))
	_ = registerComparisons(compareNames("timetz_"), orderedBody(datumOrder(types.Timetz)))
	_ = registerComparisons(compareNames("tid"), orderedBody(datumOrder(types.Tid)))
	_ = registerComparisons(compareNames("record_"), orderedBody(datumOrder(types.Record)))
	_ = registerComparisons(compareNames("oidvector"), orderedBody(datumOrder(types.OidVector)))
)

func compareBytes(op comparison) body {
	return body{
		Kernel: func(c *Context, args []Value, n int) (arrow.Array, error) {
			return compareBools(c, args, n, func(dst []byte) { bytesFill(dst, args, n, op) })
		},
		Eval: func(_ *Context, d []types.Datum) (types.Datum, error) {
			return types.NewBool(op.holds(strings.Compare(d[0].S, d[1].S))), nil
		},
	}
}

func bytesFill(dst []byte, args []Value, n int, op comparison) {
	ao, ad := bytesOf(args[0].Array)
	bo, bd := bytesOf(args[1].Array)
	clear(dst)
	op, negate := op.positive()
	switch {
	case args[1].Const:
		bytesConst(dst, ao, ad, viewString(bd[bo[0]:bo[1]]), op)
	case args[0].Const:
		bytesConst(dst, bo, bd, viewString(ad[ao[0]:ao[1]]), op.swap())
	case op == cmpEq:
		for i := range n {
			dst[i>>3] |= bit(string(ad[ao[i]:ao[i+1]]) == string(bd[bo[i]:bo[i+1]])) << (i & 7)
		}
	case op == cmpLt:
		for i := range n {
			dst[i>>3] |= bit(string(ad[ao[i]:ao[i+1]]) < string(bd[bo[i]:bo[i+1]])) << (i & 7)
		}
	default:
		for i := range n {
			dst[i>>3] |= bit(string(ad[ao[i]:ao[i+1]]) > string(bd[bo[i]:bo[i+1]])) << (i & 7)
		}
	}
	if negate {
		invert(dst)
	}
}

// bytesConst ors bit i of value op s into dst.
func bytesConst(dst []byte, offsets []int32, data []byte, s string, op comparison) {
	n := len(offsets) - 1
	switch op {
	case cmpEq:
		for i := range n {
			from, to := offsets[i], offsets[i+1]
			if int(to-from) == len(s) && string(data[from:to]) == s {
				dst[i>>3] |= 1 << (i & 7)
			}
		}
	case cmpLt:
		for i := range n {
			dst[i>>3] |= bit(string(data[offsets[i]:offsets[i+1]]) < s) << (i & 7)
		}
	default:
		for i := range n {
			dst[i>>3] |= bit(string(data[offsets[i]:offsets[i+1]]) > s) << (i & 7)
		}
	}
}
