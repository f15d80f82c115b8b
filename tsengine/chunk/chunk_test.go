package chunk

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// column is a named array of test values.
type column struct {
	name string
	a    arrow.Array
	want Encoding // 0: any
}

func intsOf(alloc memory.Allocator, dt arrow.DataType, n int, value func(i int) (int64, bool)) arrow.Array {
	b := array.NewBuilder(alloc, dt)
	defer b.Release()
	for i := range n {
		v, ok := value(i)
		if !ok {
			b.AppendNull()
			continue
		}
		switch b := b.(type) {
		case *array.Int16Builder:
			b.Append(int16(v))
		case *array.Int32Builder:
			b.Append(int32(v))
		case *array.Uint32Builder:
			b.Append(uint32(v))
		case *array.Int64Builder:
			b.Append(v)
		}
	}
	return b.NewArray()
}

func floatsOf(alloc memory.Allocator, dt arrow.DataType, n int, value func(i int) (float64, bool)) arrow.Array {
	b := array.NewBuilder(alloc, dt)
	defer b.Release()
	for i := range n {
		v, ok := value(i)
		switch b := b.(type) {
		case *array.Float64Builder:
			if ok {
				b.Append(v)
			} else {
				b.AppendNull()
			}
		case *array.Float32Builder:
			if ok {
				b.Append(float32(v))
			} else {
				b.AppendNull()
			}
		}
	}
	return b.NewArray()
}

func stringsOf(alloc memory.Allocator, dt arrow.DataType, n int, value func(i int) (string, bool)) arrow.Array {
	b := array.NewBuilder(alloc, dt)
	defer b.Release()
	for i := range n {
		v, ok := value(i)
		switch b := b.(type) {
		case *array.StringBuilder:
			if ok {
				b.Append(v)
			} else {
				b.AppendNull()
			}
		case *array.BinaryBuilder:
			if ok {
				b.Append([]byte(v))
			} else {
				b.AppendNull()
			}
		}
	}
	return b.NewArray()
}

func boolsOf(alloc memory.Allocator, n int, value func(i int) (bool, bool)) arrow.Array {
	b := array.NewBooleanBuilder(alloc)
	defer b.Release()
	for i := range n {
		if v, ok := value(i); ok {
			b.Append(v)
		} else {
			b.AppendNull()
		}
	}
	return b.NewArray()
}

// columns makes one column for each encoding and many besides.
func columns(alloc memory.Allocator, n int) []column {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	all := func(f func(i int) int64) func(int) (int64, bool) {
		return func(i int) (int64, bool) { return f(i), true }
	}
	f64, f32, i64 := arrow.PrimitiveTypes.Float64, arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Int64
	walk := 50.0
	step := func() float64 { walk = math.Min(100, math.Max(0, walk+r.NormFloat64())); return walk }
	out := []column{
		{"constant", intsOf(alloc, i64, n, all(func(int) int64 { return -7 })), Constant},
		{"random bits", intsOf(alloc, i64, n, all(func(int) int64 { return int64(r.Uint64()) })), 0},
		{"small", intsOf(alloc, i64, n, all(func(int) int64 { return r.Int64N(1000) })), 0},
		{"times", intsOf(alloc, i64, n, all(func(i int) int64 { return 1_700_000_000_000_000 + int64(i)*10_000_000 })), 0},
		{"unsteady times", intsOf(alloc, i64, n, all(func(i int) int64 { return 1_700_000_000_000_000 + int64(i)*10_000_000 + r.Int64N(5000) })), 0},
		{"quadratic", intsOf(alloc, i64, n, all(func(i int) int64 { return int64(i) * int64(i) * 1000 })), 0},
		{"runs", intsOf(alloc, i64, n, all(func(i int) int64 { return int64(i/100) * 1_000_003 % 17 })), 0},
		{"extremes", intsOf(alloc, i64, n, all(func(i int) int64 { return []int64{math.MinInt64, math.MaxInt64, 0, -1}[i%4] })), 0},
		{"int16", intsOf(alloc, arrow.PrimitiveTypes.Int16, n, all(func(i int) int64 { return int64(i%65536) - 32768 })), 0},
		{"int32", intsOf(alloc, arrow.PrimitiveTypes.Int32, n, all(func(int) int64 { return int64(int32(r.Uint32())) })), 0},
		{"uint32", intsOf(alloc, arrow.PrimitiveTypes.Uint32, n, all(func(int) int64 { return int64(r.Uint32()) })), 0},
		{"some null", intsOf(alloc, i64, n, func(i int) (int64, bool) { return int64(i), r.IntN(3) > 0 }), 0},
		{"null in runs", intsOf(alloc, arrow.PrimitiveTypes.Int32, n, func(i int) (int64, bool) { return int64(i), i/64%2 == 0 }), 0},
		{"one value", intsOf(alloc, i64, n, func(i int) (int64, bool) { return 5, i == n-1 }), 0},
		{"all null", intsOf(alloc, i64, n, func(int) (int64, bool) { return 0, false }), 0},
		{"metrics", floatsOf(alloc, f64, n, func(int) (float64, bool) { return math.Round(step()), true }), 0},
		{"decimals", floatsOf(alloc, f64, n, func(int) (float64, bool) { return float64(r.IntN(100000)) / 100, true }), 0},
		{"decimals and specials", floatsOf(alloc, f64, n, func(i int) (float64, bool) {
			return []float64{0.1, 1.5, 2.25, math.NaN(), math.Inf(-1), math.Copysign(0, -1), 1e300, 7}[i%50%8], true
		}), 0},
		{"walk", floatsOf(alloc, f64, n, func(int) (float64, bool) { return 1000 + step()*math.Pi/1e6, true }), 0},
		{"random floats", floatsOf(alloc, f64, n, func(int) (float64, bool) { return math.Float64frombits(r.Uint64()), true }), 0},
		{"null floats", floatsOf(alloc, f64, n, func(i int) (float64, bool) { return float64(i) / 4, i%7 != 0 }), 0},
		{"float4", floatsOf(alloc, f32, n, func(int) (float64, bool) { return float64(float32(r.IntN(1000)) / 10), true }), 0},
		{"random float4", floatsOf(alloc, f32, n, func(int) (float64, bool) { return float64(math.Float32frombits(r.Uint32())), r.IntN(9) > 0 }), 0},
		{"states", stringsOf(alloc, arrow.BinaryTypes.String, n, func(i int) (string, bool) { return []string{"on", "off", "broken"}[i/50%3], true }), 0},
		{"hosts", stringsOf(alloc, arrow.BinaryTypes.String, n, func(i int) (string, bool) { return fmt.Sprintf("host_%06d", i), true }), 0},
		{"texts", stringsOf(alloc, arrow.BinaryTypes.String, n, func(int) (string, bool) { return randomText(r), r.IntN(5) > 0 }), 0},
		{"bytes", stringsOf(alloc, arrow.BinaryTypes.Binary, n, func(int) (string, bool) { return randomText(r), true }), 0},
		{"empty texts", stringsOf(alloc, arrow.BinaryTypes.String, n, func(int) (string, bool) { return "", true }), 0},
		{"flags", boolsOf(alloc, n, func(int) (bool, bool) { return r.IntN(2) == 0, true }), 0},
		{"flags in runs", boolsOf(alloc, n, func(i int) (bool, bool) { return i/300%2 == 1, true }), 0},
		{"null flags", boolsOf(alloc, n, func(i int) (bool, bool) { return i%3 == 0, i%4 > 0 }), 0},
	}
	return out
}

func randomText(r *rand.Rand) string {
	b := make([]byte, r.IntN(40))
	for i := range b {
		b[i] = byte('a' + r.IntN(26))
	}
	return string(b)
}

// same compares bit by bit, which array.Equal does not for floats.
func same(t *testing.T, want, got arrow.Array) {
	t.Helper()
	if want.Len() != got.Len() || want.NullN() != got.NullN() || !arrow.TypeEqual(want.DataType(), got.DataType()) {
		t.Fatalf("%d values of %s, %d NULL; want %d of %s, %d NULL", got.Len(), got.DataType(), got.NullN(), want.Len(), want.DataType(), want.NullN())
	}
	for i := range want.Len() {
		if want.IsNull(i) != got.IsNull(i) {
			t.Fatalf("row %d: NULL %v, want %v", i, got.IsNull(i), want.IsNull(i))
		}
		if want.IsNull(i) {
			continue
		}
		equal := false
		switch w := want.(type) {
		case *array.Float64:
			equal = math.Float64bits(w.Value(i)) == math.Float64bits(got.(*array.Float64).Value(i))
		case *array.Float32:
			equal = math.Float32bits(w.Value(i)) == math.Float32bits(got.(*array.Float32).Value(i))
		default:
			equal = want.ValueStr(i) == got.ValueStr(i)
		}
		if !equal {
			t.Fatalf("row %d: %s, want %s", i, got.ValueStr(i), want.ValueStr(i))
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 7, 8, 9, 63, 64, 65, 1000, 1023, 1024, 1025, 1026, 5000} {
		for _, comp := range []Compression{Uncompressed, S2, Zstd} {
			alloc := memory.NewCheckedAllocator(memory.DefaultAllocator)
			for _, c := range columns(alloc, n) {
				t.Run(fmt.Sprintf("%s/rows=%d/%s", c.name, n, comp), func(t *testing.T) {
					defer c.a.Release()
					b, err := Append([]byte("kept"), c.a, Options{Compression: comp})
					if err != nil {
						t.Fatal(err)
					}
					if string(b[:4]) != "kept" {
						t.Fatal("the bytes before are gone")
					}
					info, err := Describe(b[4:])
					if err != nil || info.Rows != n || info.HasNulls != (c.a.NullN() > 0) || c.want != 0 && info.Encoding != c.want {
						t.Errorf("%+v, %v", info, err)
					}
					got, err := Decode(alloc, c.a.DataType(), b[4:])
					if err != nil {
						t.Fatal(err)
					}
					defer got.Release()
					same(t, c.a, got)
					coded, ok, err := DecodeCoded(alloc, c.a.DataType(), b[4:], n)
					if err != nil || ok != (info.Encoding == Dictionary && c.a.DataType().ID() == arrow.STRING) {
						t.Fatalf("coded %v, %v", ok, err)
					}
					if ok {
						plain := types.Plain(alloc, coded)
						same(t, c.a, plain)
						plain.Release()
						coded.Release()
					}
				})
			}
			alloc.AssertSize(t, 0)
		}
	}
}

// TestSlices: an array may begin in the middle of its buffers.
func TestSlices(t *testing.T) {
	alloc := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer alloc.AssertSize(t, 0)
	for _, c := range columns(alloc, 500) {
		s := array.NewSlice(c.a, 13, 401)
		b, err := Append(nil, s, Options{})
		if err != nil {
			t.Fatal(c.name, err)
		}
		got, err := Decode(alloc, c.a.DataType(), b)
		if err != nil {
			t.Fatal(c.name, err)
		}
		same(t, s, got)
		got.Release()
		s.Release()
		c.a.Release()
	}
}

// TestChoice: what the encodings were made for is small.
func TestChoice(t *testing.T) {
	bound := map[string]float64{ // bytes a value, at 5000 values
		"constant": 0.01, "small": 1.3, "times": 0.02, "unsteady times": 1.82, "quadratic": 0.03, "runs": 0.1,
		"metrics": 0.5, "decimals": 2.2, "states": 0.1, "hosts": 1.8, "empty texts": 0.01, "flags": 0.13, "flags in runs": 0.03,
		"all null": 0.01, "null in runs": 0.6,
	}
	alloc := memory.DefaultAllocator
	for _, c := range columns(alloc, 5000) {
		b, err := Append(nil, c.a, Options{})
		if err != nil {
			t.Fatal(err)
		}
		info, _ := Describe(b)
		perValue := float64(len(b)) / 5000
		t.Logf("%-22s %-20s %.3f bytes a value", c.name, info.Encoding, perValue)
		if most, ok := bound[c.name]; ok && perValue > most {
			t.Errorf("%s: %.3f bytes a value by %s, want at most %.3f", c.name, perValue, info.Encoding, most)
		}
	}
}

// TestDamage: a chunk that was cut or changed is refused or decodes to
// something, but never breaks.
func TestDamage(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, c := range columns(memory.DefaultAllocator, 1100) {
		b, err := Append(nil, c.a, Options{Compression: Compression(r.IntN(3))})
		if err != nil {
			t.Fatal(err)
		}
		for range 200 {
			bad := append([]byte{}, b...)
			if r.IntN(2) == 0 {
				bad = bad[:r.IntN(len(bad))]
			} else {
				bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
			}
			alloc := memory.NewCheckedAllocator(memory.DefaultAllocator)
			a, err := Decode(alloc, c.a.DataType(), bad)
			if err == nil {
				a.Release()
			} else if !errors.Is(err, ErrCorrupt) {
				t.Fatal(err)
			}
			alloc.AssertSize(t, 0)
		}
	}
}

func TestEachRun(t *testing.T) {
	alloc := memory.DefaultAllocator
	for _, c := range columns(alloc, 1500) {
		b, err := Append(nil, c.a, Options{})
		if err != nil {
			t.Fatal(err)
		}
		info, _ := Describe(b)
		rows, sum := 0, int64(0)
		ok, err := EachRun(b, func(v int64, n int) { rows += n; sum += v * int64(n) })
		if err != nil || ok != (!info.HasNulls && (info.Encoding == Constant || info.Encoding == RunLength)) {
			t.Fatalf("%s: %v, %v", c.name, ok, err)
		}
		if !ok {
			continue
		}
		want := int64(0)
		if a, is := c.a.(*array.Int64); is {
			for _, v := range a.Int64Values() {
				want += v
			}
			if rows != 1500 || sum != want {
				t.Errorf("%s: %d rows, sum %d, want %d", c.name, rows, sum, want)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	b := array.NewBuilder(memory.DefaultAllocator, arrow.PrimitiveTypes.Int8)
	b.AppendNull()
	b.(*array.Int8Builder).Append(1)
	if _, err := Append(nil, b.NewArray(), Options{}); err == nil {
		t.Error("a type without an encoding was encoded")
	}
	huge := array.NewNull(MaxRows + 1)
	if _, err := Append(nil, huge, Options{}); err == nil {
		t.Error("too many values were encoded")
	}
}
