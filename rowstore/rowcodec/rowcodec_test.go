package rowcodec

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tidemarkdb/tidemark/sql/types"
)

func columns(cs ...Column) []Column {
	for i := range cs {
		cs[i].Ordinal = i
		cs[i].Kind = KindOf(cs[i].Phys)
	}
	return cs
}

// The vectors are those of TiKV's row v2 encoder tests
// (tidb_query_datatype/src/codec/row/v2/encoder_for_test.rs), without the
// types that only MySQL has.
func TestAppendAsTiKV(t *testing.T) {
	for _, c := range []struct {
		name    string
		columns []Column
		row     []types.Datum
		want    []byte
	}{
		{
			"test_encode_unsigned's second column",
			columns(Column{ID: 2, Phys: types.PhysInt64}),
			[]types.Datum{types.NewInt8(-1)},
			[]byte{128, 0, 1, 0, 0, 0, 2, 1, 0, 255},
		},
		{
			"test_encode",
			columns(
				Column{ID: 1, Phys: types.PhysInt64}, Column{ID: 12, Phys: types.PhysInt64},
				Column{ID: 33, Phys: types.PhysInt64}, Column{ID: 3, Phys: types.PhysUint32},
				Column{ID: 8, Phys: types.PhysInt64}, Column{ID: 7, Phys: types.PhysString},
				Column{ID: 9, Phys: types.PhysFloat64}, Column{ID: 6, Phys: types.PhysFloat64},
			),
			[]types.Datum{
				types.NewInt8(1000), types.NewInt8(2), types.Null, types.NewOid(3), types.NewInt8(32767),
				types.NewString("abc"), types.NewFloat64(1.8), types.NewFloat64(-1.8),
			},
			[]byte{
				128, 0, 7, 0, 1, 0, 1, 3, 6, 7, 8, 9, 12, 33, 2, 0, 3, 0, 11, 0, 14, 0, 16, 0, 24, 0, 25, 0,
				232, 3, 3, 64, 3, 51, 51, 51, 51, 51, 50, 97, 98, 99, 255, 127, 191, 252, 204, 204, 204, 204, 204, 205, 2,
			},
		},
		{
			"test_encode_big",
			columns(
				Column{ID: 1, Phys: types.PhysInt64}, Column{ID: 12, Phys: types.PhysInt64},
				Column{ID: 335, Phys: types.PhysInt64}, Column{ID: 3, Phys: types.PhysInt64}, Column{ID: 8, Phys: types.PhysInt64},
			),
			[]types.Datum{types.NewInt8(1000), types.NewInt8(2), types.Null, types.NewInt8(3), types.NewInt8(32767)},
			[]byte{
				128, 1, 4, 0, 1, 0, 1, 0, 0, 0, 3, 0, 0, 0, 8, 0, 0, 0, 12, 0, 0, 0, 79, 1, 0, 0, 2, 0,
				0, 0, 3, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 232, 3, 3, 255, 127, 2,
			},
		},
	} {
		got, overflow, err := NewEncoder(c.columns).Append([]byte("xx"), c.row)
		if err != nil || overflow || !bytes.Equal(got[2:], c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got[2:], c.want)
		}
	}
}

func TestWrongForm(t *testing.T) {
	e := NewEncoder(columns(Column{ID: 1, Phys: types.PhysInt32}))
	if _, _, err := e.Append(nil, []types.Datum{types.NewInt8(1)}); err == nil {
		t.Error("an int8 was taken for an int4")
	}
}

func TestOverflowMarker(t *testing.T) {
	e := NewEncoder(columns(Column{ID: 1, Phys: types.PhysString}, Column{ID: 2, Phys: types.PhysBinary}))
	row := []types.Datum{types.NewString(strings.Repeat("x", 100_000)), types.NewBinary("\xff\x01a")}
	got, overflow, err := e.Append(nil, row)
	want := []byte{128, 0x80, 2, 0, 0, 0, 1, 2, 5, 0, 10, 0, 0xFF, 1, 0xA0, 0x8D, 0x06, 0xFF, 0, 0xFF, 1, 'a'}
	if err != nil || !overflow || !bytes.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestRoundTrip encodes random rows, small and large ones, and decodes them.
func TestRoundTrip(t *testing.T) {
	phys := []types.Phys{
		types.PhysBool, types.PhysInt16, types.PhysInt32, types.PhysInt64, types.PhysUint32,
		types.PhysFloat32, types.PhysFloat64, types.PhysString, types.PhysBinary,
	}
	rapid.Check(t, func(t *rapid.T) {
		maxID := rapid.SampledFrom([]uint32{20, 300}).Draw(t, "max id")
		ids := rapid.SliceOfNDistinct(rapid.Uint32Range(1, maxID), 0, 12, rapid.ID[uint32]).Draw(t, "ids")
		var cs []Column
		var row []types.Datum
		for _, id := range ids {
			p := rapid.SampledFrom(phys).Draw(t, "phys")
			cs = append(cs, Column{ID: id, Phys: p})
			row = append(row, drawDatum(t, p))
		}
		value, _, err := NewEncoder(columns(cs...)).Append(nil, row)
		if err != nil {
			t.Fatal(err)
		}
		shape, err := ReadShape(value)
		if err != nil {
			t.Fatal(err)
		}
		if !shape.Matches(value) || shape.Find(999) != PosMissing {
			t.Fatal("shape does not fit its row")
		}
		for i, c := range cs {
			pos := shape.Find(c.ID)
			if pos < 0 {
				if pos != PosNull || !row[i].IsNull() {
					t.Fatalf("column %d: position %d, value %v", c.ID, pos, row[i])
				}
				continue
			}
			b, ok := shape.Value(value, pos)
			if !ok {
				t.Fatal("no value")
			}
			d, length, err := Datum(KindOf(c.Phys), c.Phys, b)
			if err != nil || length >= 0 || d != row[i] {
				t.Fatalf("column %d: got %v, want %v (%d, %v)", c.ID, d, row[i], length, err)
			}
		}
	})
}

func drawDatum(t *rapid.T, p types.Phys) types.Datum {
	if rapid.IntRange(0, 4).Draw(t, "null") == 0 {
		return types.Null
	}
	switch p {
	case types.PhysBool:
		return types.NewBool(rapid.Bool().Draw(t, "v"))
	case types.PhysInt16:
		return types.NewInt2(rapid.Int16().Draw(t, "v"))
	case types.PhysInt32:
		return types.NewInt4(rapid.Int32().Draw(t, "v"))
	case types.PhysUint32:
		return types.NewOid(rapid.Uint32().Draw(t, "v"))
	case types.PhysFloat32:
		return types.NewFloat32(rapid.OneOf(rapid.Float32(), rapid.Just(float32(math.Copysign(0, -1)))).Draw(t, "v"))
	case types.PhysFloat64:
		return types.NewFloat64(rapid.OneOf(rapid.Float64(), rapid.Just(math.Copysign(0, -1))).Draw(t, "v"))
	case types.PhysString:
		s := rapid.String().Draw(t, "v")
		if rapid.IntRange(0, 9).Draw(t, "long") == 0 {
			s += strings.Repeat("y", 40_000)
		}
		return types.NewString(s)
	case types.PhysBinary:
		return types.NewBytes(rapid.SliceOf(rapid.SampledFrom([]byte{0, 1, 0xFE, 0xFF})).Draw(t, "v"))
	}
	return types.NewInt8(rapid.Int64().Draw(t, "v"))
}

// FuzzRow hands arbitrary bytes to every decoder of rows.
func FuzzRow(f *testing.F) {
	f.Add([]byte{128, 0, 2, 0, 1, 0, 1, 2, 3, 1, 0, 3, 0, 7, 'a', 'b'})
	f.Add([]byte{128, 1, 1, 0, 0, 0, 44, 1, 0, 0, 2, 0, 0, 0, 232, 3})
	f.Add([]byte{128, 0x80, 1, 0, 0, 0, 1, 5, 0, 0xFF, 1, 0xA0, 0x8D, 0x06})
	f.Fuzz(func(t *testing.T, row []byte) {
		_ = Describe(row)
		shape, err := ReadShape(row)
		if err != nil {
			return
		}
		notNull, all := shape.Columns()
		for i := range all {
			pos := shape.Find(shape.ID(i))
			if pos == PosMissing {
				t.Fatalf("column %d is missing", shape.ID(i))
			}
		}
		for i := range notNull {
			b, ok := shape.Value(row, i)
			if !ok {
				continue
			}
			for p := types.PhysBool; p <= types.PhysBinary; p++ {
				_, _, _ = Datum(KindOf(p), p, b)
			}
		}
	})
}
