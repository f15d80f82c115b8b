package pushdown

import (
	"encoding/binary"
	"math"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// The stores know no NaN: to them a floating-point column is one of bytes, in
// which numbers lie so that their bytewise order is that of the numbers
// (keycodec.FloatBits). What that order does not say is made up for: -0 comes
// right before 0 though they are equal, and a NaN with its sign bit set comes
// before -Infinity though all NaNs are equal and the greatest.

func floatOf(d types.Datum) float64 {
	if d.P == types.PhysFloat32 {
		return float64(math.Float32frombits(uint32(d.I)))
	}
	return math.Float64frombits(uint64(d.I))
}

func floatBytes(f float64) string {
	u := math.Float64bits(f)
	if u&(1<<63) != 0 {
		u = ^u
	} else {
		u |= 1 << 63
	}
	return string(binary.BigEndian.AppendUint64(nil, u))
}

func bytesNode(s string) *Node { return &Node{Kind: Bytes, Const: true, Bytes: s} }

// compareFloats translates a comparison of a column with a constant.
func (t *translator) compareFloats(f *function, args []*Node) (*Node, error) {
	sig, column, c := f.sig, args[0], args[1]
	if column.Const {
		sig, column, c = f.swap, c, column
	}
	if column.Const || !c.Const {
		return nil, refuse("the stores compare floating-point columns with constants only")
	}
	if t.eval == nil || c.Null {
		return call(sig, column, &Node{Kind: Bytes, Const: true, Null: true}), nil
	}
	return compareFloat(sig, column, c.Bytes), nil
}

var (
	lowest  = floatBytes(math.Inf(-1))
	highest = floatBytes(math.Inf(1))
)

func compareFloat(sig string, column *Node, c string) *Node {
	cmp := func(sig, with string) *Node { return call(sig, column, bytesNode(with)) }
	both := func(a, b *Node) *Node { return call("LogicalAnd", a, b) }
	either := func(a, b *Node) *Node { return call("LogicalOr", a, b) }
	if c < lowest || c > highest { // NaN
		isNaN := either(cmp("GTString", highest), cmp("LTString", lowest))
		switch sig {
		case "EQString", "GEString":
			return isNaN
		case "NEString", "LTString":
			return both(cmp("LEString", highest), cmp("GEString", lowest))
		case "LEString":
			return cmp("GEString", "") // whatever is not NULL
		}
		return cmp("LTString", "") // nothing
	}
	lo, hi := c, c
	if zero, minus := floatBytes(0), floatBytes(math.Copysign(0, -1)); c == zero || c == minus {
		lo, hi = minus, zero
	}
	switch sig {
	case "EQString":
		return both(cmp("GEString", lo), cmp("LEString", hi))
	case "NEString":
		return either(cmp("LTString", lo), cmp("GTString", hi))
	case "LTString":
		return both(cmp("LTString", lo), cmp("GEString", lowest))
	case "LEString":
		return both(cmp("LEString", hi), cmp("GEString", lowest))
	case "GTString":
		return either(cmp("GTString", hi), cmp("LTString", lowest))
	}
	return either(cmp("GEString", lo), cmp("LTString", lowest))
}
