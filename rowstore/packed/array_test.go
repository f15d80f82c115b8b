package packed

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// shape is a kind of column for tests: value makes the i-th of its values.
type shape struct {
	name  string
	typ   arrow.DataType
	value func(r *rand.Rand, i int) any
	form  form
	plain bool // it is not worth packing
}

func numeric(coefficient int64, scale int) []byte {
	return types.NewDecimal(coefficient, scale).AppendEncode(nil)
}

var shapes = []shape{
	{name: "int16", typ: arrow.PrimitiveTypes.Int16, form: formInts, value: func(r *rand.Rand, _ int) any { return int16(r.IntN(7) - 3) }},
	{name: "int32", typ: arrow.PrimitiveTypes.Int32, form: formInts, value: func(r *rand.Rand, _ int) any { return int32(r.IntN(200_000) - 100) }},
	{name: "int32 of a byte", typ: arrow.PrimitiveTypes.Int32, form: formInts, value: func(_ *rand.Rand, i int) any { return int32(i%256 - 128) }},
	{name: "int32 of two bytes", typ: arrow.PrimitiveTypes.Int32, form: formInts, value: func(_ *rand.Rand, i int) any { return int32(i * 16 % 65536) }},
	{name: "int32 of all", typ: arrow.PrimitiveTypes.Int32, plain: true, value: func(r *rand.Rand, _ int) any { return int32(r.Uint32()) }},
	{name: "one int64", typ: arrow.PrimitiveTypes.Int64, form: formInts, value: func(*rand.Rand, int) any { return int64(math.MinInt64) }},
	{name: "int64", typ: arrow.PrimitiveTypes.Int64, form: formInts, value: func(r *rand.Rand, _ int) any { return math.MaxInt64 - int64(r.IntN(1<<40)) }},
	{name: "int64 of 56 bits", typ: arrow.PrimitiveTypes.Int64, plain: true, value: func(r *rand.Rand, _ int) any { return r.Int64N(1 << 56) }},
	{name: "extremes", typ: arrow.PrimitiveTypes.Int64, plain: true, value: func(_ *rand.Rand, i int) any { return []int64{math.MinInt64, math.MaxInt64}[i%2] }},
	{name: "uint32", typ: arrow.PrimitiveTypes.Uint32, form: formInts, value: func(r *rand.Rand, _ int) any { return math.MaxUint32 - uint32(r.IntN(1000)) }},
	{name: "float64", typ: arrow.PrimitiveTypes.Float64, plain: true, value: func(r *rand.Rand, _ int) any { return r.Float64() }},
	{name: "numeric", typ: arrow.BinaryTypes.Binary, form: formDecimals, value: func(r *rand.Rand, _ int) any { return numeric(r.Int64N(10_000_000)-5, 2) }},
	{name: "numeric of scales", typ: arrow.BinaryTypes.Binary, form: formBytes, value: func(r *rand.Rand, i int) any { return numeric(r.Int64(), i%2) }},
	{name: "few words", typ: arrow.BinaryTypes.String, form: formDictionary, value: func(r *rand.Rand, _ int) any {
		return []string{"", "AIR", "TRUCK", "16 bytes in all."}[r.IntN(4)]
	}},
	{name: "long words", typ: arrow.BinaryTypes.String, form: formDictionary, value: func(r *rand.Rand, _ int) any {
		return strings.Repeat("DELIVER IN PERSON", 1+r.IntN(20))
	}},
	{name: "one word", typ: arrow.BinaryTypes.String, form: formDictionary, value: func(*rand.Rand, int) any { return "x" }},
	{name: "comments", typ: arrow.BinaryTypes.String, form: formBytes, value: func(r *rand.Rand, _ int) any { return fmt.Sprint(r.Uint32N(1 << 16)) }},
	{name: "empty", typ: arrow.BinaryTypes.String, form: formBytes, value: func(*rand.Rand, int) any { return "" }},
	{name: "long comments", typ: arrow.BinaryTypes.String, plain: true, value: func(r *rand.Rand, _ int) any { return fmt.Sprintf("%080d", r.Int64()) }},
}

// make returns n values, one in nulls of them NULL.
func (s *shape) make(alloc memory.Allocator, r *rand.Rand, n, nulls int) arrow.Array {
	b := array.NewBuilder(alloc, s.typ)
	defer b.Release()
	for i := range n {
		v := s.value(r, i)
		if nulls > 0 && r.IntN(nulls) == 0 {
			v = nil
		}
		switch v := v.(type) {
		case nil:
			b.AppendNull()
		case int16:
			b.(*array.Int16Builder).Append(v)
		case int32:
			b.(*array.Int32Builder).Append(v)
		case int64:
			b.(*array.Int64Builder).Append(v)
		case uint32:
			b.(*array.Uint32Builder).Append(v)
		case float64:
			b.(*array.Float64Builder).Append(v)
		case []byte:
			b.(*array.BinaryBuilder).Append(v)
		case string:
			b.(*array.StringBuilder).Append(v)
		}
	}
	return b.NewArray()
}

func TestPack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, s := range shapes {
		for _, n := range []int{1, 7, 100, 4096} {
			for _, nulls := range []int{0, 1, 3} {
				t.Run(fmt.Sprintf("%s/%d/%d", s.name, n, nulls), func(t *testing.T) { checkPack(t, &s, r, n, nulls) })
			}
		}
	}
}

func checkPack(t *testing.T, s *shape, r *rand.Rand, n, nulls int) {
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(t, 0)
	a := s.make(alloc, r, n, nulls)
	defer a.Release()
	p := Pack(a)
	if n == 4096 && nulls == 0 && (p == nil) != s.plain {
		t.Fatalf("packed: %v", p != nil)
	}
	if p == nil {
		return
	}
	if nulls == 0 && n == 4096 && p.form != s.form {
		t.Errorf("form %d, want %d", p.form, s.form)
	}
	if p.Bytes() > arrayBytes(a) {
		t.Errorf("%d bytes, unpacked %d", p.Bytes(), arrayBytes(a))
	}
	unpacked := p.Unpack(alloc)
	defer unpacked.Release()
	all := types.Plain(alloc, unpacked)
	defer all.Release()
	if !array.Equal(a, all) || all.NullN() != a.NullN() {
		t.Fatalf("packed %v, unpacked %v", a, all)
	}
	if types.IsCoded(unpacked) {
		again := Pack(unpacked)
		if again == nil {
			t.Fatal("codes are not packed")
		}
		twice := again.Unpack(alloc)
		defer twice.Release()
		if !array.Equal(unpacked, twice) || types.WordsOf(unpacked) != types.WordsOf(twice) {
			t.Fatalf("packed codes %v, unpacked %v", unpacked, twice)
		}
	}
	rows := make([]int32, r.IntN(n+1))
	for i := range rows {
		rows[i] = int32(r.IntN(n))
	}
	taken := p.Take(alloc, rows)
	defer taken.Release()
	some := types.Plain(alloc, taken)
	defer some.Release()
	if some.Len() != len(rows) {
		t.Fatalf("%d values, want %d", some.Len(), len(rows))
	}
	for i, row := range rows {
		if !array.SliceEqual(a, int64(row), int64(row)+1, some, int64(i), int64(i)+1) {
			t.Fatalf("value %d: %s, want %s", row, some.ValueStr(i), a.ValueStr(int(row)))
		}
	}
}

// BenchmarkUnpack: integers, and codes of words, are bounded by the load, shift and
// mask of each value (some 1.2 ns), byte strings without words by their copy.
func BenchmarkUnpack(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	alloc := memory.NewGoAllocator()
	for _, s := range shapes {
		p := Pack(s.make(alloc, r, 4096, 0))
		if p == nil {
			continue
		}
		b.Run(s.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(p.Bytes())
			for b.Loop() {
				p.Unpack(alloc).Release()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/4096, "ns/value")
			b.ReportMetric(float64(p.Bytes())/4096, "packed-B/value")
			b.ReportMetric(4096*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
