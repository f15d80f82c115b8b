package types

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// TestFieldColumn compares it with AppendText and AppendBinary, also of NULLs and slices.
func TestFieldColumn(t *testing.T) {
	floats := []Datum{
		NewFloat64(0), NewFloat64(math.Copysign(0, -1)), NewFloat64(5), NewFloat64(-17), NewFloat64(1e14), NewFloat64(1e15), NewFloat64(-1e15), NewFloat64(1e300),
		NewFloat64(0.1), NewFloat64(1 << 53), NewFloat64(math.Inf(1)), NewFloat64(math.Inf(-1)), NewFloat64(math.NaN()), NewFloat64(math.MaxInt64), NewFloat64(1e-5),
	}
	day := int64(MicrosPerDay)
	columns := map[OID][]Datum{
		Bool: {NewBool(true), NewBool(false)}, Int2: {NewInt2(-3), NewInt2(7)}, Int4: {NewInt4(-3), NewInt4(1 << 30)}, Int8: {NewInt8(math.MinInt64), NewInt8(0), NewInt8(9), NewInt8(10), NewInt8(99), NewInt8(100), NewInt8(999), NewInt8(1000), NewInt8(9999), NewInt8(10000), NewInt8(-1)},
		Oid: {NewOid(1 << 31)}, Float8: floats, Float4: {NewFloat32(1.5)}, Text: {NewString("tide"), NewString(""), NewString("exactly 32 bytes are in this one"), NewString("more than 32 bytes are in this one")}, Bytea: {NewBinary("\x00\xff")},
		Timestamptz: {{P: PhysInt64, I: 3*day + 1}, {P: PhysInt64, I: 3*day + 1}, {P: PhysInt64, I: 0}, {P: PhysInt64, I: 0}, {P: PhysInt64, I: TimestampInfinity}, {P: PhysInt64, I: -day}},
		Date:        {{P: PhysInt32, I: 0}, {P: PhysInt32, I: 0}, {P: PhysInt32, I: 77}},
	}
	columns[JSONB] = []Datum{NewString("{}"), NewString("[1]")}
	for _, io := range []*IO{nil, {ExtraFloatDigits: -3}} {
		for format := range int16(2) {
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
				cols := make([]FieldColumn, 4) // the third one is all NULL, the fourth coded
				null := array.NewNull(part.Len())
				for k, a := range []arrow.Array{part, part, null, codedSlice(part, values)} {
					if err := cols[k].Reset(a, Of(oid), format, io); err != nil {
						t.Fatal(err)
					}
				}
				for i := range part.Len() {
					field := fieldOf(Of(oid), DatumAt(part, i), format, io)
					if got := string(cols[0].AppendField([]byte("x"), i)); got != "x"+field {
						t.Errorf("type %d row %d: got %q, want %q", oid, i, got, field)
					}
					want := "x" + field + field + nullField + field
					if got := string(AppendFields([]byte("x"), cols, i)); got != want {
						t.Errorf("type %d row %d: got %q, want %q", oid, i, got, want)
					}
				}
				part.Release()
				whole.Release()
				b.Release()
			}
		}
	}
}

// codedSlice is a slice of a coded column of the same rows, some of which are NULL or
// among values; what can not be coded it returns.
func codedSlice(a arrow.Array, values []Datum) arrow.Array {
	if CodedType(a.DataType()) == nil {
		return a
	}
	b := array.NewBinaryBuilder(memory.DefaultAllocator, a.DataType().(arrow.BinaryDataType))
	defer b.Release()
	for _, v := range values {
		b.AppendString(v.S)
	}
	words := b.NewArray()
	const before = 5
	n := before + a.Len()
	codes, valid := newAligned(memory.DefaultAllocator, 4*n), newAligned(memory.DefaultAllocator, (n+7)/8)
	clear(codes.Bytes())
	clear(valid.Bytes())
	for i := range a.Len() {
		if d := DatumAt(a, i); !d.IsNull() {
			bitutil.SetBit(valid.Bytes(), before+i)
			arrow.Int32Traits.CastFromBytes(codes.Bytes())[before+i] = int32(slices.IndexFunc(values, func(v Datum) bool { return v.S == d.S }))
		}
	}
	return array.NewSlice(NewCoded(n, valid, before+a.NullN(), codes, words.Data()), before, int64(n))
}

func fieldOf(t Type, d Datum, format int16, io *IO) string {
	if d.IsNull() {
		return nullField
	}
	var b []byte
	if format == 0 {
		b = AppendText(nil, t, d, io)
	} else {
		b = AppendBinary(nil, t, d, io)
	}
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(b)))) + string(b)
}

// TestFieldColumnTimes compares times of the same hours and others in all styles.
func TestFieldColumnTimes(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	var values []Datum
	for _, start := range []int64{0, 6 * MicrosPerHour, -1, -3*MicrosPerHour + 7, -70_000_000_000_000_000, 7_347_600_000_000 - 30*MicrosPerMinute, 7_347_600_000_000, 26_096_400_000_000, minTimestamp, endTimestamp - MicrosPerHour, TimestampInfinity, TimestampNegInfinity, 253_402_300_799_000_000} {
		for _, more := range []int64{0, 1, 59_999_999, 60_000_000, 61_500_000, 3599_000_000, 3599_123_400, 3600_000_000} {
			if start == TimestampInfinity || start == TimestampNegInfinity {
				more = 0
			}
			values = append(values, Datum{P: PhysInt64, I: start + more})
		}
	}
	b := NewBuilder(memory.DefaultAllocator, Of(Timestamptz))
	for _, v := range values {
		AppendDatum(b, v)
	}
	a := b.NewArray()
	for _, style := range []string{"ISO", "SQL", "Postgres", "German"} {
		for _, zone := range []*time.Location{nil, time.UTC, berlin, time.FixedZone("x", 1800)} {
			for _, oid := range []OID{Timestamp, Timestamptz} {
				io := DefaultIO()
				io.DateStyle, io.TimeZone, io.TimeZoneName = style, zone, "X"
				var c FieldColumn
				if err := c.Reset(a, Of(oid), 0, io); err != nil {
					t.Fatal(err)
				}
				for i, v := range values {
					if got, want := string(c.AppendField(nil, i)[4:]), string(AppendText(nil, Of(oid), v, io)); got != want {
						t.Errorf("%s, %s: %q, want %q", style, zone, got, want)
					}
				}
			}
		}
	}
}
