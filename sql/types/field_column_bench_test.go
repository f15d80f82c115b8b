package types

import (
	"fmt"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// BenchmarkFieldColumn writes 4096 values of 8 columns as fields of DataRow messages. Bounded by
// the calls and branches of each value.
func BenchmarkFieldColumn(b *testing.B) {
	const n = 4096
	text, long := array.NewStringBuilder(memory.DefaultAllocator), array.NewStringBuilder(memory.DefaultAllocator)
	ints, floats := array.NewInt32Builder(memory.DefaultAllocator), array.NewFloat64Builder(memory.DefaultAllocator)
	whole, times := array.NewFloat64Builder(memory.DefaultAllocator), array.NewInt64Builder(memory.DefaultAllocator)
	for i := range n {
		text.Append(fmt.Sprintf("host_%d", i))
		long.Append(fmt.Sprintf("%060d", i))
		ints.Append(int32(i * 3))
		floats.Append(float64(i) / 7)
		whole.Append(float64(i % 101))
		times.Append(int64(i) * 60_000_000)
	}
	words := []Datum{NewString("x86"), NewString("x64"), NewString("arm")}
	few := array.NewStringBuilder(memory.DefaultAllocator)
	for i := range n {
		few.Append(words[i%len(words)].S)
	}
	run := func(name string, t Type, a arrow.Array) {
		defer a.Release()
		b.Run(name, func(b *testing.B) {
			cols := make([]FieldColumn, 8)
			for i := range cols {
				if err := cols[i].Reset(a, t, 0, nil); err != nil {
					b.Fatal(err)
				}
			}
			var buf []byte
			for b.Loop() {
				buf = buf[:0]
				for i := range n {
					buf = AppendFields(buf, cols, i)
				}
			}
			b.SetBytes(int64(len(buf)))
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n/8, "ns/value")
		})
	}
	run("text", Of(Text), text.NewArray())
	run("words", Of(Text), codedSlice(few.NewArray(), words))
	run("long text", Of(Text), long.NewArray())
	run("int4", Of(Int4), ints.NewArray())
	run("float8", Of(Float8), floats.NewArray())
	run("whole float8", Of(Float8), whole.NewArray())
	run("timestamptz", Of(Timestamptz), times.NewArray())
}
