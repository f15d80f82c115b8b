package chunk_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/types"
	"github.com/tidemarkdb/tidemark/tsengine/chunk"
)

// TestDatums encodes datums and arrays of the same values: the bytes are the same.
func TestDatums(t *testing.T) {
	null := types.Datum{}
	f8, f4 := types.NewFloat64, types.NewFloat32
	for name, values := range map[string][]types.Datum{
		"bool":    {types.NewBool(true), null, types.NewBool(false)},
		"int2":    {types.NewInt2(-7), types.NewInt2(8)},
		"int4":    {types.NewInt4(1), null, types.NewInt4(math.MinInt32)},
		"int8":    {types.NewInt8(1 << 40)},
		"oid":     {types.NewOid(math.MaxUint32), types.NewOid(0)},
		"float4":  {f4(1.5), f4(float32(math.Inf(1))), null, types.Datum{P: types.PhysFloat32, I: 0x7f800001}}, // a signalling NaN
		"float8":  {f8(math.NaN()), f8(math.Copysign(0, -1)), f8(21.5)},
		"text":    {types.NewString(""), null, types.NewString("tide")},
		"bytea":   {types.NewBinary("\x00\xff")},
		"nothing": {null, null},
	} {
		p := types.PhysInt32
		for _, d := range values {
			if !d.IsNull() {
				p = d.P
			}
		}
		b := p.NewBuilder(memory.DefaultAllocator)
		for _, d := range values {
			types.AppendDatum(b, d)
		}
		a := b.NewArray()
		want, err := chunk.Append(nil, a, chunk.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := chunk.AppendDatums(nil, p.ArrowType(), len(values), func(i int) types.Datum { return values[i] })
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %x, %v, want %x", name, got, err, want)
		}
		a.Release()
		b.Release()
	}
	_, err := chunk.AppendDatums(nil, arrow.Null, 1, func(int) types.Datum { return types.NewInt4(1) })
	if err == nil {
		t.Error("a column without an encoding was encoded")
	}
	ints := []int64{1, 2, 4, 1 << 40}
	b := array.NewInt64Builder(memory.DefaultAllocator)
	b.AppendValues(ints, nil)
	want, _ := chunk.Append(nil, b.NewArray(), chunk.Options{})
	if got := chunk.AppendInts(nil, ints); !bytes.Equal(got, want) {
		t.Errorf("integers: %x, want %x", got, want)
	}
}
