package executor

import (
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// wordCoder codes columns by words that grow.
type wordCoder struct {
	index map[string]int32
	words arrow.Array
}

// code makes a coded column of a, which it releases; columns without strings stay.
func (w *wordCoder) code(alloc memory.Allocator, a arrow.Array) arrow.Array {
	dt := a.DataType()
	if types.CodedType(dt) == nil || a.NullN() == a.Len() {
		return a
	}
	defer a.Release()
	b := array.NewBinaryBuilder(memory.DefaultAllocator, dt.(arrow.BinaryDataType))
	defer b.Release()
	codes, before := newBuffer(alloc, 4*a.Len()), len(w.index)
	if w.index == nil {
		w.index = map[string]int32{}
	}
	for i := range a.Len() {
		d := types.DatumAt(a, i)
		if !d.IsNull() {
			if _, ok := w.index[d.S]; !ok {
				w.index[d.Clone().S] = int32(len(w.index))
			}
		}
		arrow.Int32Traits.CastFromBytes(codes.Bytes())[i] = w.index[d.S]
	}
	if len(w.index) > before {
		all := make([]string, len(w.index))
		for s, at := range w.index {
			all[at] = s
		}
		for _, s := range all {
			b.AppendString(s)
		}
		w.words = b.NewArray()
	}
	var valid *memory.Buffer
	if a.NullN() > 0 {
		valid = newBuffer(alloc, (a.Len()+7)/8)
		copy(valid.Bytes(), a.NullBitmapBytes())
	}
	return types.NewCoded(a.Len(), valid, a.NullN(), codes, w.words.Data())
}

// TestGatherCoded gathers rows of chunks that are coded by the same words, by
// different ones, or partly plain.
func TestGatherCoded(t *testing.T) {
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(t, 0)
	r := rand.New(rand.NewPCG(3, 4))
	for _, shape := range []string{"same", "different", "mixed"} {
		for range 50 {
			var plain, coded []arrow.Array
			var words wordCoder
			var open, openPlain openColumn
			for step := range 3 {
				for range 1 + r.IntN(3) {
					a := randomStrings(alloc, r, 1+r.IntN(20))
					plain = append(plain, a)
					a.Retain()
					switch {
					case shape == "mixed" && step == 2:
						coded = append(coded, a)
						continue
					case shape != "same":
						words = wordCoder{}
					}
					coded = append(coded, words.code(alloc, a))
				}
				checkGather(t, alloc, r, plain, coded, &openPlain, &open)
			}
			releaseAll(plain)
			releaseAll(coded)
		}
	}
}

func checkGather(t *testing.T, alloc memory.Allocator, r *rand.Rand, plain, coded []arrow.Array, openPlain, open *openColumn) {
	var refs []rowRef
	for range 30 {
		k := r.IntN(len(plain))
		refs = append(refs, refOf(k, r.IntN(plain[k].Len())))
		if r.IntN(5) == 0 {
			refs = append(refs, noRow)
		}
	}
	want, err := gather(alloc, arrow.BinaryTypes.String, plain, openPlain, refs, true)
	if err != nil {
		t.Fatal(err)
	}
	defer want.Release()
	some, err := gather(alloc, arrow.BinaryTypes.String, coded, open, refs, true)
	if err != nil {
		t.Fatal(err)
	}
	defer some.Release()
	got := types.Plain(alloc, some)
	defer got.Release()
	if !array.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
}

func randomStrings(alloc memory.Allocator, r *rand.Rand, n int) arrow.Array {
	b := array.NewStringBuilder(alloc)
	defer b.Release()
	b.Append("some")
	for range n {
		if r.IntN(4) == 0 {
			b.AppendNull()
			continue
		}
		b.Append([]string{"", "a", "bb", "a word that is longer than sixteen bytes", "ccc", "a"}[r.IntN(6)])
	}
	return b.NewArray()
}
