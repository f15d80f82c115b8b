package types

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// TestColumnReader compares it with DatumAt, on whole arrays and on slices of
// them, whose bitmaps start in the middle of a byte.
func TestColumnReader(t *testing.T) {
	columns := map[OID][]Datum{
		Bool:   {NewBool(true), NewBool(false)},
		Int2:   {NewInt2(-3), NewInt2(7)},
		Int4:   {NewInt4(-3), NewInt4(1 << 30)},
		Int8:   {NewInt8(-3), NewInt8(1 << 60)},
		Oid:    {NewOid(1 << 31), NewOid(0)},
		Float4: {NewFloat32(1.5), NewFloat32(-0.25)},
		Float8: {NewFloat64(1e300), NewFloat64(-0.25)},
		Text:   {NewString("tide"), NewString("")},
		Bytea:  {NewBinary("\x00\xff"), NewBinary("x")},
	}
	for oid, values := range columns {
		for _, nulls := range []bool{false, true} {
			b := NewBuilder(memory.DefaultAllocator, Of(oid))
			for i := range 21 {
				if nulls && i%3 == 1 {
					AppendDatum(b, Null)
				} else {
					AppendDatum(b, values[i%len(values)])
				}
			}
			whole := b.NewArray()
			for _, from := range []int64{0, 5, 11} {
				part := array.NewSlice(whole, from, 21)
				var r ColumnReader
				if err := r.Reset(part); err != nil {
					t.Fatal(err)
				}
				for i := range part.Len() {
					var got Datum
					r.Read(i, &got)
					if want := DatumAt(part, i); got != want {
						t.Errorf("type %d from %d row %d: got %v, want %v", oid, from, i, got, want)
					}
				}
				part.Release()
			}
			whole.Release()
			b.Release()
		}
	}
}
