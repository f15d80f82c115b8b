package types

import (
	"maps"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// WordList are the words by which chunks of a string column are coded. It never
// changes: a chunk with other words makes a list of its own, which has the words of
// the one before in the same places as long as they are few. So the chunks of a
// column of few values come to share one, and who reads them need look at each word
// once only. A nil list has no words.
type WordList struct {
	words arrow.Array
	index map[string]int32
	bytes int64
	first *WordList // that it goes on from, nil if it is the first
}

// Bytes is what the words take.
func (w *WordList) Bytes() int64 { return w.bytes }

// Len is how many words there are.
func (w *WordList) Len() int { return w.words.Len() }

// Extends reports whether the list has all words of another in the same places, as it
// goes on from that one, or both do from a third.
func (w *WordList) Extends(o *WordList) bool {
	return w != nil && o != nil && w.start() == o.start() && w.words.Len() >= o.words.Len()
}

func (w *WordList) start() *WordList {
	if w.first != nil {
		return w.first
	}
	return w
}

// Relabel names the words of a coded column by the list, which extends the one that the
// column is coded by. It takes the column over.
func (w *WordList) Relabel(coded arrow.Array) arrow.Array {
	if WordsOf(coded) == w.words.Data() {
		return coded
	}
	defer coded.Release()
	d := coded.Data()
	out := array.NewDataWithDictionary(coded.DataType(), d.Len(), d.Buffers(), d.NullN(), d.Offset(), w.words.Data().(*array.Data))
	defer out.Release()
	return array.NewDictionaryData(out)
}

const (
	// fewWords are coded however few rows there are: the rows of a small table are
	// often joined with those of a large one.
	fewWords = 256
	// wordShare is the part of a larger chunk's rows that may be words.
	wordShare = 4
)

// WordsFor is how many words a chunk of n rows may be coded by.
func WordsFor(n int) int { return max(fewWords, n/wordShare) }

// CodeStrings codes a chunk of a column by the words that are known (nil: none) and
// new ones, most of them together, or else by own words. It returns nil if there are too
// many of these.
func CodeStrings(alloc memory.Allocator, a *array.String, known *WordList, most int) (arrow.Array, *WordList) {
	n := a.Len()
	if n == 0 || a.NullN() == n || a.Data().Offset() != 0 {
		return nil, nil
	}
	codes := memory.NewResizableBuffer(alloc)
	codes.Resize(4 * n)
	out := arrow.Int32Traits.CastFromBytes(codes.Bytes())
	list, ok := known.code(a, out, most)
	if !ok {
		list, ok = (*WordList)(nil).code(a, out, WordsFor(n))
	}
	if !ok {
		codes.Release()
		return nil, nil
	}
	var valid *memory.Buffer
	if a.NullN() > 0 {
		valid = memory.NewResizableBuffer(alloc)
		valid.Resize((n + 7) / 8)
		copy(valid.Bytes(), a.NullBitmapBytes())
	}
	return NewCoded(n, valid, a.NullN(), codes, list.words.Data()), list
}

// code writes the codes of a chunk and returns the list that has their words: w
// itself, or a longer one.
func (w *WordList) code(a *array.String, out []int32, most int) (*WordList, bool) {
	var known map[string]int32
	if w != nil {
		known = w.index
	}
	fresh := map[string]int32{}
	var added []string
	size, before := 0, -1 // the last row with a value
	for i := range out {
		if a.IsNull(i) {
			out[i] = 0
			continue
		}
		v := a.Value(i)
		size += len(v)
		if before >= 0 && a.Value(before) == v {
			out[i] = out[before]
			continue
		}
		before = i
		c, ok := known[v]
		if !ok {
			c, ok = fresh[v]
		}
		if !ok {
			c = int32(len(known) + len(added))
			fresh[v] = c
			added = append(added, v)
			if len(known)+len(added) > most {
				return nil, false
			}
		}
		out[i] = c
	}
	if len(added) == 0 {
		return w, true
	}
	list := w.with(added)
	return list, w != nil || a.Len() <= fewWords || list.bytes <= int64(size)/2
}

// with is the list with more words behind its own.
func (w *WordList) with(added []string) *WordList {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	out := &WordList{index: map[string]int32{}}
	if w != nil {
		out.first = w.start()
		maps.Copy(out.index, w.index)
		words := w.words.(*array.String)
		for i := range words.Len() {
			b.Append(words.Value(i))
		}
	}
	for _, s := range added {
		b.Append(s)
	}
	out.words = b.NewArray()
	words := out.words.(*array.String)
	for i := len(out.index); i < words.Len(); i++ {
		out.index[words.Value(i)] = int32(i)
	}
	out.bytes = int64(4*words.Len() + len(words.ValueBytes()))
	return out
}

// CodeAgain codes a column that is coded by words of its own by those of a list and new
// ones, most of them together. It takes the column over, whose codes must be nobody
// else's, and returns it as it is with a nil list if there are too many.
func (w *WordList) CodeAgain(coded arrow.Array, most int) (arrow.Array, *WordList) {
	own, ok := Words(coded).(*array.String)
	if !ok {
		return coded, nil
	}
	places := make([]int32, own.Len())
	list, ok := w.code(own, places, most)
	if !ok {
		return coded, nil
	}
	codes := Codes(coded)
	for i, c := range codes {
		codes[i] = places[c]
	}
	d := coded.Data()
	out := array.NewDataWithDictionary(coded.DataType(), d.Len(), d.Buffers(), d.NullN(), d.Offset(), list.words.Data().(*array.Data))
	defer out.Release()
	coded.Release()
	return array.NewDictionaryData(out), list
}
