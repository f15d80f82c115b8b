package expr

import (
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/functions"
)

// EvalCondition is ev.Eval for who does not tell NULL from false, as WHERE, HAVING and
// the conditions of joins do not: what an AND has behind a condition that is not
// true is not evaluated, so that it does not fail (PostgreSQL's ExecQual). That of
// an AND that is an argument itself is, where the one before it is NULL.
func EvalCondition(ev Evaluator, c *functions.Context, cols []arrow.Array, n int) (functions.Value, error) {
	switch x := ev.(type) {
	case *logicEval:
		return x.eval(c, cols, n, !x.or)
	case *codedEval:
		if v, err := x.Eval(c, cols, n); err == nil {
			return v, nil
		}
		return EvalCondition(x.plain, c, cols, n)
	}
	return ev.Eval(c, cols, n)
}

// FilterMask appends to dst the rows of n for which a boolean value is true
// (neither false nor NULL).
func FilterMask(v functions.Value, n int, dst []int32) []int32 {
	a, ok := v.Array.(*array.Boolean)
	if !ok || n == 0 { // an untyped NULL
		return dst
	}
	if v.Const {
		if a.IsNull(0) || !a.Value(0) {
			return dst
		}
		for i := range n {
			dst = append(dst, int32(i))
		}
		return dst
	}
	if a.Data().Offset() != 0 {
		x := truthOf(v, n)
		return setRows(x.t, nil, n, dst)
	}
	var valid []byte
	if a.NullN() > 0 {
		valid = a.NullBitmapBytes()
	}
	return setRows(a.Data().Buffers()[1].Bytes(), valid, n, dst)
}

// setRows appends the rows whose bit is set in b, and in valid if there is one.
func setRows(b, valid []byte, n int, dst []int32) []int32 {
	for k := 0; k < n; k += 8 {
		w := b[k>>3]
		if valid != nil {
			w &= valid[k>>3]
		}
		if n-k < 8 {
			w &= 1<<(n-k) - 1
		}
		if w == 0xff {
			r := int32(k)
			dst = append(dst, r, r+1, r+2, r+3, r+4, r+5, r+6, r+7)
			continue
		}
		for ; w != 0; w &= w - 1 {
			dst = append(dst, int32(k+bits.TrailingZeros8(w)))
		}
	}
	return dst
}
