package types

import (
	"math"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// TestTextColumn compares it with AppendText, also of NULLs and slices.
func TestTextColumn(t *testing.T) {
	floats := []Datum{
		NewFloat64(0), NewFloat64(math.Copysign(0, -1)), NewFloat64(5), NewFloat64(-17), NewFloat64(1e14), NewFloat64(1e15), NewFloat64(-1e15), NewFloat64(1e300),
		NewFloat64(0.1), NewFloat64(1 << 53), NewFloat64(math.Inf(1)), NewFloat64(math.Inf(-1)), NewFloat64(math.NaN()), NewFloat64(math.MaxInt64), NewFloat64(1e-5),
	}
	day := int64(MicrosPerDay)
	columns := map[OID][]Datum{
		Bool: {NewBool(true), NewBool(false)}, Int2: {NewInt2(-3), NewInt2(7)}, Int4: {NewInt4(-3), NewInt4(1 << 30)}, Int8: {NewInt8(math.MinInt64), NewInt8(0)},
		Oid: {NewOid(1 << 31)}, Float8: floats, Float4: {NewFloat32(1.5)}, Text: {NewString("tide"), NewString("")}, Bytea: {NewBinary("\x00\xff")},
		Timestamptz: {{P: PhysInt64, I: 3*day + 1}, {P: PhysInt64, I: 3*day + 1}, {P: PhysInt64, I: 0}, {P: PhysInt64, I: 0}, {P: PhysInt64, I: TimestampInfinity}, {P: PhysInt64, I: -day}},
		Date:        {{P: PhysInt32, I: 0}, {P: PhysInt32, I: 0}, {P: PhysInt32, I: 77}},
	}
	for _, io := range []*IO{nil, {ExtraFloatDigits: -3}} {
		for oid, values := range columns {
			b := NewBuilder(memory.DefaultAllocator, Of(oid))
			for i := range 40 {
				if i%5 == 3 {
					AppendDatum(b, Null)
				} else {
					AppendDatum(b, values[i/2%len(values)])
				}
			}
			whole := b.NewArray()
			part := array.NewSlice(whole, 3, 40)
			var c TextColumn
			if err := c.ResetText(part, Of(oid), io); err != nil {
				t.Fatal(err)
			}
			for i := range part.Len() {
				got := string(c.AppendField([]byte("x"), i))
				want := "x\xff\xff\xff\xff"
				if d := DatumAt(part, i); !d.IsNull() {
					text := string(AppendText(nil, Of(oid), d, io))
					want = "x\x00\x00\x00" + string(rune(len(text))) + text
				}
				if got != want {
					t.Errorf("type %d row %d: got %q, want %q", oid, i, got, want)
				}
			}
			part.Release()
			whole.Release()
			b.Release()
		}
	}
}
