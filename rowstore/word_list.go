package rowstore

import (
	"maps"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// wordList are the words by which chunks of a string column are coded. It never
// changes: a chunk with other words makes a list of its own, which has the words of
// the one before in the same places as long as they are few. So the chunks of a
// column of few values come to share one, and who reads them need look at each word
// once only.
type wordList struct {
	words arrow.Array
	index map[string]int32
	bytes int64
}

const (
	// fewWords are coded however few rows there are: the rows of a small table are
	// often joined with those of a large one.
	fewWords = 256
	// wordShare is the part of a larger chunk's rows that may be words.
	wordShare = 4
)

// codeStrings codes a chunk of a column by the words that are known (nil: none) and
// new ones. It returns nil if there are too many.
func codeStrings(alloc memory.Allocator, a *array.String, known *wordList) (arrow.Array, *wordList) {
	n := a.Len()
	if n == 0 || a.NullN() == n || a.Data().Offset() != 0 {
		return nil, nil
	}
	codes := memory.NewResizableBuffer(alloc)
	codes.Resize(4 * n)
	out := arrow.Int32Traits.CastFromBytes(codes.Bytes())
	list, ok := known.code(a, out)
	if !ok && known != nil {
		list, ok = (*wordList)(nil).code(a, out)
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
	return types.NewCoded(n, valid, a.NullN(), codes, list.words.Data()), list
}

// code writes the codes of a chunk and returns the list that has their words: w
// itself, or a longer one.
func (w *wordList) code(a *array.String, out []int32) (*wordList, bool) {
	var known map[string]int32
	if w != nil {
		known = w.index
	}
	fresh := map[string]int32{}
	var added []string
	most, size := max(fewWords, a.Len()/wordShare), 0
	for i := range out {
		if a.IsNull(i) {
			out[i] = 0
			continue
		}
		v := a.Value(i)
		size += len(v)
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
func (w *wordList) with(added []string) *wordList {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	out := &wordList{index: map[string]int32{}}
	if w != nil {
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
	out.bytes = arrayBytes(words)
	return out
}
