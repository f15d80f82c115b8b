package executor

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// codedChunks are the chunks of a column that are all coded. What is gathered of them
// is coded by the words of all chunks: those of the first one if they share them.
type codedChunks struct {
	checked int // chunks looked at
	plain   bool
	codes   [][]int32
	words   arrow.ArrayData
	// places[k][c] is where word c of chunk k is among words; nil where it is at c.
	places [][]int32
	index  map[string]int32 // of words, once chunks have different ones
}

// mostWords bounds the words of all chunks.
const mostWords = 1 << 16

// openCoded returns the chunks of a column if all of them are coded, and have few
// words together; else nil.
func (o *openColumn) openCoded(chunks []arrow.Array) *codedChunks {
	c := o.coded
	if c == nil {
		if len(chunks) == 0 || !types.IsCoded(chunks[0]) {
			return nil
		}
		c = &codedChunks{words: types.WordsOf(chunks[0])}
		o.coded = c
	}
	if !c.plain && c.checked < len(chunks) {
		c.add(chunks[c.checked:])
		c.checked = len(chunks)
	}
	if c.plain {
		return nil
	}
	return c
}

// add takes further chunks.
func (c *codedChunks) add(chunks []arrow.Array) {
	known := len(c.index)
	for _, a := range chunks {
		if !types.IsCoded(a) {
			*c = codedChunks{plain: true}
			return
		}
		c.codes = append(c.codes, types.Codes(a))
		if c.index == nil && types.WordsOf(a) == c.words {
			c.places = append(c.places, nil)
			continue
		}
		c.places = append(c.places, c.placesOf(types.Words(a)))
		if len(c.index) > mostWords {
			*c = codedChunks{plain: true}
			return
		}
	}
	if len(c.index) > known {
		c.words = c.list(chunks[0].DataType())
	}
}

// placesOf are the places of a chunk's words among all of them, new ones behind.
func (c *codedChunks) placesOf(words arrow.Array) []int32 {
	if c.index == nil {
		c.index = map[string]int32{}
		first := array.MakeFromData(c.words)
		defer first.Release()
		for i := range first.Len() {
			c.index[types.DatumAt(first, i).Clone().S] = int32(i)
		}
	}
	out := make([]int32, words.Len())
	for i := range out {
		s := types.DatumAt(words, i).S
		at, ok := c.index[s]
		if !ok {
			at = int32(len(c.index))
			c.index[types.DatumAt(words, i).Clone().S] = at
		}
		out[i] = at
	}
	return out
}

// list makes the column of all words. They are those of the chunks, which count as
// memory with these.
func (c *codedChunks) list(coded arrow.DataType) arrow.ArrayData {
	sorted := make([]string, len(c.index))
	for s, at := range c.index {
		sorted[at] = s
	}
	b := array.NewBinaryBuilder(memory.DefaultAllocator, coded.(*arrow.DictionaryType).ValueType.(arrow.BinaryDataType))
	defer b.Release()
	for _, s := range sorted {
		b.AppendString(s)
	}
	a := b.NewArray()
	return a.Data()
}

// gather makes the coded column of rows of the chunks.
func (c *codedChunks) gather(alloc memory.Allocator, chunks []arrow.Array, open *openColumn, refs []rowRef, missing bool) arrow.Array {
	buf := newBuffer(alloc, 4*len(refs))
	out := arrow.Int32Traits.CastFromBytes(buf.Bytes())
	switch {
	case missing:
		for i, r := range refs {
			out[i] = 0
			if r != noRow {
				out[i] = c.code(r)
			}
		}
	case c.index == nil:
		for i, r := range refs {
			out[i] = c.codes[r.chunk()][r.row()]
		}
	default:
		for i, r := range refs {
			out[i] = c.code(r)
		}
	}
	m := gatherNulls(alloc, chunks, open, refs, missing)
	return types.NewCoded(len(refs), m.buf, m.nulls, buf, c.words)
}

func (c *codedChunks) code(r rowRef) int32 {
	code := c.codes[r.chunk()][r.row()]
	if p := c.places[r.chunk()]; p != nil {
		return p[code]
	}
	return code
}
