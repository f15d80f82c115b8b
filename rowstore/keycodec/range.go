package keycodec

import "github.com/tidemarkdb/tidemark/sql/types"

// A range is one byte if it is empty, else its lower and its upper bound: whether
// there is none, or the value and whether the bound keeps it out. A multirange is its
// ranges, each behind a byte, and a lesser byte at the end.
const (
	rangeEmpty  = 1
	rangeFilled = 2

	boundBelow = 1 // no lower bound
	boundValue = 2
	boundAbove = 3 // no upper bound

	multiEnd  = 1
	multiNext = 2
)

// appendRange appends the bytes of a range in the order of types.CompareRanges.
func appendRange(dst []byte, r *types.Range) ([]byte, error) {
	if r.Empty {
		return append(dst, rangeEmpty), nil
	}
	elem := NewColumn(r.Subtype(), false, false)
	dst, err := appendBound(append(dst, rangeFilled), &elem, r.Lower, boundBelow, !r.Lower.Inclusive)
	if err != nil {
		return dst, err
	}
	return appendBound(dst, &elem, r.Upper, boundAbove, r.Upper.Inclusive)
}

func appendBound(dst []byte, elem *Column, b types.RangeBound, none byte, behind bool) ([]byte, error) {
	if b.Infinite {
		return append(dst, none), nil
	}
	dst, err := elem.Append(append(dst, boundValue), b.Value)
	if behind {
		return append(dst, 1), err
	}
	return append(dst, 0), err
}

// appendMultirange appends the bytes of a multirange in the order of
// types.CompareMultiranges.
func appendMultirange(dst []byte, m *types.Multirange) (_ []byte, err error) {
	for i := range m.Ranges {
		if dst, err = appendRange(append(dst, multiNext), &m.Ranges[i]); err != nil {
			return dst, err
		}
	}
	return append(dst, multiEnd), nil
}
