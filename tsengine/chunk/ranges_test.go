package chunk

import (
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// chanceRanges are ranges of n rows, ascending; some follow one another directly.
func chanceRanges(r *rand.Rand, n int) (out []Range) {
	for at := r.IntN(n); at < n; at += r.IntN(300) {
		to := min(n, at+1+r.IntN(200)/(1+r.IntN(100)))
		out, at = append(out, Range{at, to}), to
	}
	return out
}

// TestDecodeRanges: what is decoded alone is as in the whole.
func TestDecodeRanges(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	decoded := 0
	for _, n := range []int{1, 2, 127, 128, 129, 300, 4096} {
		alloc := memory.NewCheckedAllocator(memory.DefaultAllocator)
		for _, c := range columns(alloc, n) {
			b, err := Append(nil, c.a, Options{Compression: Compression(r.IntN(3))})
			if err != nil {
				t.Fatal(err)
			}
			for range 5 {
				ranges := chanceRanges(r, n)
				got, ok, err := DecodeRanges(alloc, c.a.DataType(), b, ranges)
				if err != nil {
					t.Fatalf("%s, %d rows: %v", c.name, n, err)
				}
				if !ok {
					continue
				}
				decoded++
				want := partsOf(t, alloc, c.a, ranges)
				same(t, want, got)
				want.Release()
				got.Release()
			}
			c.a.Release()
		}
		alloc.AssertSize(t, 0)
	}
	if decoded < 400 {
		t.Errorf("%d of the chunks were decoded in parts", decoded)
	}
}

func partsOf(t *testing.T, alloc memory.Allocator, a arrow.Array, ranges []Range) arrow.Array {
	t.Helper()
	var parts []arrow.Array
	for _, r := range ranges {
		parts = append(parts, array.NewSlice(a, int64(r.From), int64(r.To)))
	}
	out, err := array.Concatenate(parts, alloc)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		p.Release()
	}
	return out
}

// TestRangesRefused: ranges that are none of the chunk are an error.
func TestRangesRefused(t *testing.T) {
	a := columns(memory.DefaultAllocator, 10)[2].a
	b, err := Append(nil, a, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]Range{{{0, 11}}, {{3, 3}}, {{4, 6}, {5, 7}}} {
		if _, ok, err := DecodeRanges(memory.DefaultAllocator, a.DataType(), b, bad); ok || err == nil {
			t.Errorf("%v was decoded", bad)
		}
	}
}

// A range of one row costs a frame and the heads of the others.
func BenchmarkDecodeRange(b *testing.B) {
	for _, c := range columns(memory.DefaultAllocator, 4096) {
		if c.name != "metrics" && c.name != "small" && c.name != "runs" {
			continue
		}
		b.Run(c.name, func(b *testing.B) {
			src, err := Append(nil, c.a, Options{})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				a, _, err := DecodeRanges(memory.DefaultAllocator, c.a.DataType(), src, []Range{{2000, 2060}})
				if err != nil {
					b.Fatal(err)
				}
				a.Release()
			}
		})
	}
}
