package functions

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// comparison is one of the six comparison operators.
type comparison uint8

const (
	cmpEq comparison = iota
	cmpNe
	cmpLt
	cmpLe
	cmpGt
	cmpGe
)

// swap is the comparison with its operands exchanged.
func (op comparison) swap() comparison {
	switch op {
	case cmpLt:
		return cmpGt
	case cmpLe:
		return cmpGe
	case cmpGt:
		return cmpLt
	case cmpGe:
		return cmpLe
	}
	return op
}

// positive splits op into one of =, <, > and whether its answer is negated.
func (op comparison) positive() (comparison, bool) {
	switch op {
	case cmpNe:
		return cmpEq, true
	case cmpLe:
		return cmpGt, true
	case cmpGe:
		return cmpLt, true
	}
	return op, false
}

// holds applies op to the result of a three-way comparison.
func (op comparison) holds(c int) bool {
	switch op {
	case cmpEq:
		return c == 0
	case cmpNe:
		return c != 0
	case cmpLt:
		return c < 0
	case cmpLe:
		return c <= 0
	case cmpGt:
		return c > 0
	}
	return c >= 0
}

// names are the C names of the six comparison functions: prefix + "eq" etc.
func compareNames(prefix string) [6]string {
	return [6]string{prefix + "eq", prefix + "ne", prefix + "lt", prefix + "le", prefix + "gt", prefix + "ge"}
}

// compareSuffixed are names like date_eq_timestamp.
func compareSuffixed(prefix, suffix string) [6]string {
	names := compareNames(prefix)
	for i := range names {
		names[i] += suffix
	}
	return names
}

// registerComparisons registers the six functions of a pair of types.
func registerComparisons(names [6]string, f func(op comparison) body) *Scalar {
	var first *Scalar
	for op, name := range names {
		s := behind(name, f(comparison(op)))
		if op == 0 {
			first = s
		}
	}
	return first
}

// compareBools makes the result of a comparison kernel: fill sets the bits.
func compareBools(c *Context, args []Value, n int, fill func(dst []byte)) (arrow.Array, error) {
	m, all := strictNulls(c, n, args[0], args[1])
	if all {
		return NullArray(c, types.PhysBool, n), nil
	}
	buf := newBuffer(c, int(bitutil.BytesForBits(int64(n))))
	if n > 0 {
		fill(buf.Bytes())
	}
	return finishBits(n, m, buf), nil
}

// finishBits makes a bool array of a bitmap whose bits after n are arbitrary.
func finishBits(n int, m nulls, buf *memory.Buffer) arrow.Array {
	if n&7 != 0 {
		buf.Bytes()[n>>3] &= 1<<(n&7) - 1
	}
	return makeArray(arrow.FixedWidthTypes.Boolean, n, m, buf)
}

func invert(dst []byte) {
	for i := range dst {
		dst[i] = ^dst[i]
	}
}

// orderedBody compares values with a three-way function; what is not hot.
func orderedBody[A, B any](three func(a A, b B) int) func(op comparison) body {
	return func(op comparison) body {
		return fn2(func(a A, b B) bool { return op.holds(three(a, b)) })
	}
}

// datumOrder compares two values of a type by types.Compare.
func datumOrder(oid types.OID) func(a, b binary) int {
	t := types.Of(oid)
	p := t.Phys()
	return func(a, b binary) int {
		return types.Compare(t, types.Datum{P: p, S: string(a)}, types.Datum{P: p, S: string(b)})
	}
}

// datumOrderString is datumOrder for PhysString types.
func datumOrderString(oid types.OID) func(a, b string) int {
	t := types.Of(oid)
	return func(a, b string) int { return types.Compare(t, types.NewString(a), types.NewString(b)) }
}
