package keycodec

import "github.com/tidemarkdb/tidemark/sql/types"

// The bytes in front of an array's elements and behind the last one, ordered
// so that a NULL is greater than every value and a longer array greater than
// its beginning.
const (
	arrayEnd   = 0x01
	arrayValue = 0x02
	arrayNull  = 0x03
)

// appendArray appends the order-preserving bytes of an array: its elements,
// then its dimensions (PostgreSQL's array_cmp).
func appendArray(dst []byte, d types.Datum) ([]byte, error) {
	a := d.Array()
	elem := NewColumn(types.Of(a.ElemOID()), false, false)
	var err error
	for _, v := range a.All() {
		if v.IsNull() {
			dst = append(dst, arrayNull)
			continue
		}
		if dst, err = elem.Append(append(dst, arrayValue), v); err != nil {
			return dst, err
		}
	}
	dst = append(dst, arrayEnd, byte(a.NDim()))
	for i := range a.NDim() {
		dst = AppendInt(dst, int64(a.Dim(i).Length))
	}
	for i := range a.NDim() {
		dst = AppendInt(dst, int64(a.Dim(i).Lower))
	}
	return dst, nil
}
