package types

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// TestCoded takes rows of coded columns, of slices of them and with missing rows, and
// makes them plain.
func TestCoded(t *testing.T) {
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(t, 0)
	r := rand.New(rand.NewPCG(1, 2))
	for _, dt := range []arrow.BinaryDataType{arrow.BinaryTypes.String, arrow.BinaryTypes.Binary} {
		b := array.NewBinaryBuilder(alloc, dt)
		for _, s := range []string{"", "x", "sixteen bytes ..", "more than sixteen bytes", "y"} {
			b.AppendString(s)
		}
		words := b.NewArray()
		b.Release()
		for range 100 {
			coded := randomCoded(alloc, r, words, 1+r.IntN(70))
			checkCoded(t, alloc, r, coded)
			coded.Release()
		}
		words.Release()
	}
}

func randomCoded(alloc memory.Allocator, r *rand.Rand, words arrow.Array, n int) arrow.Array {
	b := array.NewInt32Builder(alloc)
	defer b.Release()
	for range n {
		if r.IntN(3) == 0 {
			b.AppendNull()
		} else {
			b.Append(int32(r.IntN(words.Len())))
		}
	}
	codes := b.NewArray()
	defer codes.Release()
	buffers := slices.Clone(codes.Data().Buffers())
	for _, x := range buffers {
		if x != nil {
			x.Retain()
		}
	}
	if codes.NullN() == 0 && buffers[0] != nil {
		buffers[0].Release()
		buffers[0] = nil
	}
	all := NewCoded(n, buffers[0], codes.NullN(), buffers[1], words.Data())
	from := r.IntN(n + 1)
	defer all.Release()
	return array.NewSlice(all, int64(from), int64(n))
}

func checkCoded(t *testing.T, alloc memory.Allocator, r *rand.Rand, coded arrow.Array) {
	plain := Plain(alloc, coded)
	defer plain.Release()
	rows, existing := []int32{}, []int32{}
	for range r.IntN(20) {
		if coded.Len() > 0 {
			existing = append(existing, int32(r.IntN(coded.Len())))
		}
	}
	for _, i := range existing {
		rows = append(rows, i)
		if r.IntN(4) == 0 {
			rows = append(rows, -1)
		}
	}
	taken, spelt := TakeCoded(alloc, coded, rows), TakeWords(alloc, coded, existing)
	defer taken.Release()
	defer spelt.Release()
	again := Plain(alloc, taken)
	defer again.Release()
	for i := range coded.Len() {
		if DatumAt(coded, i) != DatumAt(plain, i) {
			t.Fatalf("row %d: %v, plain %v", i, DatumAt(coded, i), DatumAt(plain, i))
		}
	}
	for i, row := range rows {
		want := Datum{}
		if row >= 0 {
			want = DatumAt(coded, int(row))
		}
		if DatumAt(again, i) != want {
			t.Fatalf("row %d of %v: %v, want %v", i, rows, DatumAt(again, i), want)
		}
	}
	for i, row := range existing {
		if DatumAt(spelt, i) != DatumAt(coded, int(row)) {
			t.Fatalf("row %d of %v: %v", i, existing, DatumAt(spelt, i))
		}
	}
}
