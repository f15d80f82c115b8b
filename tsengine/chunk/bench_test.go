package chunk

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// The limit of most decoders is one unaligned load, a shift and a store a
// value; Gorilla's is a mispredicted branch a value, the strings' copying.
func BenchmarkDecode(b *testing.B) { benchmark(b, true) }

// Encoding computes the size of several encodings before it writes one.
func BenchmarkEncode(b *testing.B) { benchmark(b, false) }

func benchmark(b *testing.B, decode bool) {
	const rows = 8192
	for _, c := range columns(memory.DefaultAllocator, rows) {
		b.Run(strings.ReplaceAll(c.name, " ", "_"), func(b *testing.B) {
			src, err := Append(nil, c.a, Options{})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			size := int64(len(src))
			for _, buf := range c.a.Data().Buffers() {
				if buf != nil {
					size += int64(buf.Len())
				}
			}
			b.SetBytes(size)
			for b.Loop() {
				if !decode {
					src, _ = Append(src[:0], c.a, Options{})
					continue
				}
				a, err := Decode(memory.DefaultAllocator, c.a.DataType(), src)
				if err != nil {
					b.Fatal(err)
				}
				a.Release()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/value")
			b.ReportMetric(float64(len(src))/rows, "bytes/value")
			b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
