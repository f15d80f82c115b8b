package keycodec

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// The vectors are those of TiDB's util/codec tests and comments.
func TestAppendBytesAsTiDB(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", "0000000000000000f7"},
		{"\x01\x02\x03", "0102030000000000fa"},
		{"\x01\x02\x03\x00", "0102030000000000fb"},
		{"\x01\x02\x03\x04\x05\x06\x07", "01020304050607" + "00fe"},
		{"\x00\x00\x00\x00\x00\x00\x00\x00", "0000000000000000ff0000000000000000f7"},
		{"\x01\x02\x03\x04\x05\x06\x07\x08", "0102030405060708ff0000000000000000f7"},
		{"\x01\x02\x03\x04\x05\x06\x07\x08\x09", "0102030405060708ff0900000000000000f8"},
	} {
		got := AppendBytes(nil, c.in)
		if hex.EncodeToString(got) != c.want {
			t.Errorf("%x: got %x, want %s", c.in, got, c.want)
		}
		back, rest, err := DecodeBytes(nil, got, 0)
		if err != nil || len(rest) > 0 || string(back) != c.in {
			t.Errorf("%x: decoded %x, rest %x, error %v", c.in, back, rest, err)
		}
	}
}

func TestKeysAsTiDB(t *testing.T) {
	row := AppendInt(AppendKind(nil, 45, KindRow), 7)
	if got, want := hex.EncodeToString(row), "74800000000000002d5f728000000000000007"; got != want {
		t.Errorf("row key %s, want %s", got, want)
	}
	index := AppendIndex(nil, 45, 2)
	for _, c := range []struct {
		t types.OID
		d types.Datum
	}{{types.Int4, types.NewInt4(-5)}, {types.Text, types.NewString("ab")}, {types.Float8, types.NewFloat64(1.5)}, {types.Oid, types.NewOid(9)}} {
		col := NewColumn(types.Of(c.t), false, false)
		index, _ = col.Append(index, c.d)
	}
	want := "74800000000000002d5f698000000000000002" + "037ffffffffffffffb" + "016162000000000000f9" + "05bff8000000000000" + "040000000000000009"
	if got := hex.EncodeToString(index); got != want {
		t.Errorf("index key %s, want %s", got, want)
	}
}

func TestNullOrder(t *testing.T) {
	for _, desc := range []bool{false, true} {
		for _, first := range []bool{false, true} {
			c := NewColumn(types.Of(types.Int8), desc, first)
			null, _ := c.Append(nil, types.Null)
			for _, v := range []int64{math.MinInt64, 0, math.MaxInt64} {
				key, _ := c.Append(nil, types.NewInt8(v))
				if got := bytes.Compare(null, key) < 0; got != first {
					t.Errorf("desc=%v nulls first=%v: NULL first is %v", desc, first, got)
				}
				low, high := c.AppendNotNull(nil)
				if bytes.Compare(key, low) < 0 || bytes.Compare(key, high) >= 0 {
					t.Errorf("desc=%v: %x outside of [%x, %x)", desc, key, low, high)
				}
				if bytes.Compare(null, low) >= 0 && bytes.Compare(null, high) < 0 {
					t.Errorf("desc=%v: NULL within the bounds of other values", desc)
				}
			}
		}
	}
}

// orderedTypes are the types whose key order is tested against types.Compare.
var orderedTypes = []types.OID{
	types.Bool, types.Int2, types.Int4, types.Int8, types.Oid, types.Float4, types.Float8,
	types.Numeric, types.Text, types.Varchar, types.Bpchar, types.Name, types.Bytea, types.UUID,
	types.Date, types.Time, types.Timestamp, types.Timestamptz, types.Money, types.PgLsn,
	types.Interval, types.Timetz, types.Inet, types.Varbit, types.JSONB,
	types.Int4Array, types.TextArray, types.NumericArray, types.Int4Range, types.NumRange, types.NumMultirange,
}

// drawDatum draws a value; small domains and shared prefixes make ties likely.
func drawDatum(t *rapid.T, oid types.OID) types.Datum {
	typ := types.Of(oid)
	switch oid {
	case types.Bool:
		return types.NewBool(rapid.Bool().Draw(t, "bool"))
	case types.Float4:
		return types.NewFloat32(rapid.OneOf(rapid.Float32(), rapid.SampledFrom([]float32{
			0, float32(math.Copysign(0, -1)), float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)),
		})).Draw(t, "float4"))
	case types.Float8:
		return types.NewFloat64(rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{
			0, math.Copysign(0, -1), math.NaN(), -math.NaN(), math.Inf(1), math.Inf(-1),
		})).Draw(t, "float8"))
	case types.Int4Range, types.NumRange:
		return parse(t, typ, rapid.OneOf(rapid.SampledFrom([]string{"empty", "(,)", "[1,1]", "[1,2)"}),
			rapid.StringMatching(`[\[(]([0-3]|),([4-6]|)[\])]`)).Draw(t, "range"))
	case types.NumMultirange:
		return parse(t, typ, rapid.OneOf(rapid.SampledFrom([]string{"{}", "{(,)}"}),
			rapid.StringMatching(`\{[\[(][0-3](\.0)?,[4-6](\.00)?[\])](,\[[6-8],9\))?\}`)).Draw(t, "multirange"))
	case types.Inet:
		return parse(t, typ, rapid.OneOf(
			rapid.SampledFrom([]string{"10.0.0.0/8", "10.0.0.0/9", "10.0.0.1/8", "10.128.0.0/9", "10.0.0.1", "::1", "::/0", "0.0.0.0/0"}),
			rapid.StringMatching(`10\.[01]\.[0-3]\.[01]/([1-9]|[12][0-9])`),
		).Draw(t, "inet"))
	case types.Varbit:
		return parse(t, typ, rapid.StringMatching(`[01]{0,18}`).Draw(t, "bits"))
	case types.JSONB:
		return parse(t, typ, drawJSON(t, 2))
	case types.Int4Array, types.NumericArray:
		return parse(t, typ, rapid.OneOf(
			rapid.SampledFrom([]string{"{}", "{{1,2},{3,4}}", "{1,2,3,4}", "[0:1]={1,2}", "{NULL}", "{1,NULL}", "{{1},{2}}"}),
			rapid.StringMatching(`\{[0-3](,([0-3]|NULL)){0,3}\}`),
		).Draw(t, "array"))
	case types.TextArray:
		return parse(t, typ, rapid.OneOf(
			rapid.SampledFrom([]string{"{}", "{a}", "{a,a}", "{NULL}", `{""}`}), rapid.StringMatching(`\{"[ab]{0,10}"(,"[ab]{0,9}"){0,3}\}`),
		).Draw(t, "array"))
	case types.Interval:
		return types.IntervalValue{
			Months: rapid.OneOf(rapid.Int32Range(-2, 2), rapid.Int32()).Draw(t, "months"),
			Days:   rapid.OneOf(rapid.Int32Range(-60, 60), rapid.Int32()).Draw(t, "days"),
			Micros: rapid.OneOf(rapid.SampledFrom([]int64{0, 1, -1, 86400_000_000, -86400_000_000}), rapid.Int64()).Draw(t, "micros"),
		}.Datum()
	case types.Timetz:
		return types.NewTimetz(rapid.SampledFrom([]int64{0, 3600_000_000, 86400_000_000}).Draw(t, "micros"),
			3600*rapid.IntRange(-2, 2).Draw(t, "zone"))
	case types.Numeric:
		text := rapid.OneOf(
			rapid.SampledFrom([]string{"NaN", "Infinity", "-Infinity", "0", "0.000", "1", "1.00", "-1", "-1.0", "100", "1e3", "-1e-5"}),
			rapid.StringMatching(`-?[0-9]{1,3}(\.[0-9]{1,3})?`),
			rapid.StringMatching(`-?[0-9]{1,40}(\.[0-9]{1,40})?`),
		).Draw(t, "numeric")
		return parse(t, typ, text)
	}
	switch typ.Phys() {
	case types.PhysString:
		return types.NewString(rapid.OneOf(rapid.StringMatching(`[ab ]{0,10}`), rapid.String()).Draw(t, "text"))
	case types.PhysBinary:
		n := -1
		if oid == types.UUID {
			n = 16
		}
		return types.NewBytes(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 0x80, 0xFE, 0xFF}), max(n, 0), n).Draw(t, "bytes"))
	case types.PhysInt16:
		return types.NewInt2(rapid.Int16().Draw(t, "int2"))
	case types.PhysInt32:
		return types.NewInt4(rapid.Int32().Draw(t, "int4"))
	case types.PhysUint32:
		return types.NewOid(rapid.Uint32().Draw(t, "oid"))
	}
	return types.NewInt8(rapid.Int64().Draw(t, "int8"))
}

func parse(t *rapid.T, typ types.Type, text string) types.Datum {
	d, err := types.Parse(typ, text, nil)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

func drawJSON(t *rapid.T, depth int) string {
	kinds := 9
	if depth == 0 {
		kinds = 6
	}
	switch rapid.IntRange(0, kinds).Draw(t, "kind") {
	case 0:
		return "null"
	case 1:
		return "true"
	case 2:
		return "false"
	case 3, 4:
		return rapid.SampledFrom([]string{"0", "-0.0", "1", "1.00", "-1.5", "12", "120", "1e3", "-7e-3", "0.001"}).Draw(t, "number")
	case 5, 6:
		return `"` + rapid.StringMatching(`[ab]{0,9}`).Draw(t, "string") + `"`
	}
	members := rapid.IntRange(0, 3).Draw(t, "members")
	open, end := "[", "]"
	if rapid.Bool().Draw(t, "object") {
		open, end = "{", "}"
	}
	for i := range members {
		if i > 0 {
			open += ","
		}
		if end == "}" {
			open += `"` + rapid.StringMatching(`[ab]{1,2}`).Draw(t, "key") + `":`
		}
		open += drawJSON(t, depth-1)
	}
	return open + end
}

// TestKeyOrder checks on random pairs of rows of two columns that the bytewise
// order of keys is the order of the values, for every type, direction and
// NULL order.
func TestKeyOrder(t *testing.T) {
	for _, oid := range orderedTypes {
		t.Run(types.Format(types.Of(oid)), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				desc, first := rapid.Bool().Draw(t, "desc"), rapid.Bool().Draw(t, "nulls first")
				c := NewColumn(types.Of(oid), desc, first)
				draw := func() types.Datum {
					if rapid.IntRange(0, 9).Draw(t, "null") == 0 {
						return types.Null
					}
					return drawDatum(t, oid)
				}
				a, b := draw(), draw()
				tail := NewColumn(types.Of(types.Int2), false, false)
				a2, b2 := rapid.Int16Range(0, 1).Draw(t, "a2"), rapid.Int16Range(0, 1).Draw(t, "b2")
				want := compareDatums(types.Of(oid), a, b, desc, first)
				if want == 0 {
					want = int(a2) - int(b2)
				}
				ka := appendAll(t, &c, &tail, a, a2)
				kb := appendAll(t, &c, &tail, b, b2)
				if got := bytes.Compare(ka, kb); got != want {
					t.Fatalf("%v and %v: keys %x and %x compare %d, values %d", a, b, ka, kb, got, want)
				}
				rest, null, err := c.Skip(ka)
				if err != nil || null != a.IsNull() || len(rest) != 9 {
					t.Fatalf("skip %x: rest %x, null %v, %v", ka, rest, null, err)
				}
				if c.Lossless() {
					checkDecode(t, &c, ka, a)
				}
			})
		})
	}
}

func appendAll(t *rapid.T, c, tail *Column, a types.Datum, a2 int16) []byte {
	key, err := c.Append(nil, a)
	if err != nil {
		t.Fatal(err)
	}
	key, err = tail.Append(key, types.NewInt2(a2))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func compareDatums(typ types.Type, a, b types.Datum, desc, nullsFirst bool) int {
	switch {
	case a.IsNull() && b.IsNull():
		return 0
	case a.IsNull():
		if nullsFirst {
			return -1
		}
		return 1
	case b.IsNull():
		return -compareDatums(typ, b, a, desc, nullsFirst)
	}
	c := types.Compare(typ, a, b)
	if desc {
		c = -c
	}
	return c
}

func checkDecode(t *rapid.T, c *Column, key []byte, want types.Datum) {
	v, _, err := c.Decode([]byte("x"), key)
	if err != nil {
		t.Fatal(err)
	}
	if v.Null != want.IsNull() || v.Int != want.I || string(v.Bytes) != "x"+want.S {
		t.Fatalf("decoded %+v, want %+v", v, want)
	}
}

func TestFloatBitsKeepSignOfZero(t *testing.T) {
	for _, f := range []float64{0, math.Copysign(0, -1), 1, -1, math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat64} {
		if got := FloatFromBits(FloatBits(f)); math.Float64bits(got) != math.Float64bits(f) {
			t.Errorf("%v came back as %v", f, got)
		}
	}
}

func TestDescribe(t *testing.T) {
	columns := []Column{
		NewColumn(types.Of(types.Text), false, false), NewColumn(types.Of(types.Int4), true, true),
		NewColumn(types.Of(types.Float8), false, false), NewColumn(types.Of(types.Int4), true, true),
	}
	key := AppendIndex(nil, 9, 3)
	for i, d := range []types.Datum{types.NewString("it"), types.NewInt4(7), types.Null, types.Null} {
		key, _ = columns[i].Append(key, d)
	}
	for _, c := range []struct {
		key  []byte
		want string
	}{
		{key, `table 9 index 3: ("it", 7 desc, NULL, NULL desc)`},
		{AppendInt(AppendKind(nil, 9, KindRow), -4), "table 9 row, handle -4"},
		{AppendOverflow(nil, 9, 2, AppendInt(nil, 5), 1), "table 9 overflow of column 2, handle 5, chunk 1"},
		{[]byte("meta"), "not a key of a table: 6d657461"},
		{append(AppendIndex(nil, 9, 3), 0x33), "table 9 index 3: (invalid: 33)"},
	} {
		if got := Describe(c.key); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

// FuzzKeys hands arbitrary bytes to every decoder of keys.
func FuzzKeys(f *testing.F) {
	f.Add([]byte("t\x80\x00\x00\x00\x00\x00\x00\x2d_r\x80\x00\x00\x00\x00\x00\x00\x07"))
	c := NewColumn(types.Of(types.Text), false, false)
	seed, _ := c.Append(AppendIndex(nil, 1, 2), types.NewString("seed of a fuzz"))
	f.Add(seed)
	f.Fuzz(func(t *testing.T, key []byte) {
		_ = Describe(key)
		for _, oid := range orderedTypes {
			for _, desc := range []bool{false, true} {
				c := NewColumn(types.Of(oid), desc, false)
				if _, _, err := c.Skip(key); err != nil && err.Error() != errInvalid.Error() {
					t.Fatal(err)
				}
				v, rest, err := c.Decode(nil, key)
				if err != nil || v.Null {
					continue
				}
				// What decodes is what is coded.
				again, err := c.Append(nil, types.Datum{P: types.Of(oid).Phys(), I: v.Int, S: string(v.Bytes)})
				if err != nil || !bytes.Equal(again, key[:len(key)-len(rest)]) {
					t.Fatalf("%s: %x decoded to %+v, which is coded %x", fmt.Sprint(oid), key, v, again)
				}
			}
		}
	})
}
