package block

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/types"
	"github.com/tidemarkdb/tidemark/tsengine/chunk"
)

// Strings of few values are read as codes of words (types.IsCoded): chunks that are
// dictionaries are so already, others are coded when the cache keeps them. What the cache
// keeps of a table's column comes to be coded by one list of words, as long as there are
// few, so that who reads it need look at each word once only. Readers get codes where
// they ask for them (Scanner.Coded), else the values of their rows alone are spelled.

// codedValues is a column that may be coded, by its own words, or those of a list that
// goes on.
type codedValues struct {
	values arrow.Array
	list   *types.WordList
}

// columnName is a table's storage and a column's id.
type columnName struct {
	storage uint64
	id      uint32
}

// knownWords are the last words of a column, and how many columns of blocks are kept
// that are coded by them or those before.
type knownWords struct {
	list    *types.WordList
	columns int
}

// sharedWords is how many words the blocks of a column may share: what looks at each word
// should do so less often than at rows.
const sharedWords = 1024

// plainType is the type of a column's values.
func plainType(a arrow.Array) arrow.DataType {
	if d, ok := a.DataType().(*arrow.DictionaryType); ok {
		return d.ValueType
	}
	return a.DataType()
}

// wordsOf are the words that a column was coded by last, nil if it was not.
func (c *Cache) wordsOf(name columnName) *types.WordList {
	if c == nil {
		return nil
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if k := c.words[name]; k != nil {
		return k.list
	}
	return nil
}

// relabeled is a kept column, of the caller, by the last words that it shares with others;
// the caller holds the lock.
func (c *Cache) relabeled(k *cacheEntry) codedValues {
	v := k.codedValues
	if v.list == nil {
		return v
	}
	if w := c.words[k.of]; w != nil && w.list.Extends(v.list) {
		return codedValues{w.list.Relabel(v.values), w.list}
	}
	return v
}

// keepWords notes the words of a column that is kept.
func (c *Cache) keepWords(k *cacheEntry) {
	if k.list == nil {
		return
	}
	w := c.words[k.of]
	switch {
	case w == nil:
		w = &knownWords{list: k.list}
		c.words[k.of] = w
		c.bytes += wordBytes(k.list)
	case k.list.Extends(w.list):
		c.bytes += wordBytes(k.list) - wordBytes(w.list)
		w.list = k.list
	}
	w.columns++
}

// dropWords is called for a column that is kept no more.
func (c *Cache) dropWords(k *cacheEntry) {
	if k.list == nil {
		return
	}
	w := c.words[k.of]
	if w.columns--; w.columns == 0 {
		c.bytes -= wordBytes(w.list)
		delete(c.words, k.of)
	}
}

// wordBytes is about what a list takes with its index.
func wordBytes(l *types.WordList) int64 { return 3*l.Bytes() + int64(32*l.Len()) }

// decodeCoded unpacks the chunk of a column of strings to codes; ok is false if it is no
// dictionary of few words.
func (s *source) decodeCoded(alloc memory.Allocator, c *Column, b []byte, keep bool) (v codedValues, ok bool, err error) {
	if c.Type.ID() != arrow.STRING {
		return v, false, nil
	}
	if v.values, ok, err = chunk.DecodeCoded(alloc, c.Type, b, types.WordsFor(s.len())); err != nil {
		return v, false, s.corrupted(err)
	}
	if !ok {
		return v, false, nil
	}
	s.reading.figures.BytesDecoded += int64(len(b))
	if v.values.Len() != s.len() {
		defer v.values.Release()
		return v, false, s.corrupted(corrupt("a column of %d rows in a block of %d", v.values.Len(), s.len()))
	}
	if keep {
		spec := s.reading.spec
		known := spec.Cache.wordsOf(columnName{spec.Storage, c.ID})
		v.values, v.list = known.CodeAgain(v.values, sharedWords)
	}
	return v, true, nil
}

// code codes a column that will be kept, if it has few words. It takes the column over.
func (s *source) code(alloc memory.Allocator, c *Column, a arrow.Array) codedValues {
	plain, ok := a.(*array.String)
	if !ok {
		return codedValues{values: a}
	}
	spec := s.reading.spec
	known := spec.Cache.wordsOf(columnName{spec.Storage, c.ID})
	coded, list := types.CodeStrings(alloc, plain, known, sharedWords)
	if coded == nil {
		return codedValues{values: a}
	}
	a.Release()
	if known != nil && !list.Extends(known) {
		list = nil // its own
	}
	return codedValues{coded, list}
}

// plainColumn is column without codes, of all rows of the source, made once.
func (s *source) plainColumn(c *Column, v codedValues) arrow.Array {
	if !types.IsCoded(v.values) {
		return v.values
	}
	for i := range s.columns {
		if k := &s.columns[i]; k.id == c.ID {
			if k.plain == nil {
				k.plain = types.Plain(s.reading.alloc, v.values)
			}
			return k.plain
		}
	}
	panic("block: a column that was not read")
}

// assembleCoded is assemble for arrays that are all coded by one list of words, or the
// same ones; nil if they are others.
func assembleCoded(alloc memory.Allocator, stretches []stretch, columns []codedValues, n int) arrow.Array {
	last := columns[0]
	for _, v := range columns {
		if !types.IsCoded(v.values) {
			return nil
		}
		if types.WordsOf(v.values) == types.WordsOf(last.values) {
			continue
		}
		switch {
		case v.list.Extends(last.list):
			last = v
		case !last.list.Extends(v.list):
			return nil
		}
	}
	arrays := make([]arrow.Array, len(columns))
	for i, v := range columns {
		arrays[i] = v.values
	}
	g := gatherer{alloc: alloc, stretches: stretches, arrays: arrays, n: n}
	g.validityIfAny()
	codes := newBuffer(alloc, 4*n)
	out := arrow.Int32Traits.CastFromBytes(codes.Bytes())
	at := 0
	views := make([][]int32, len(arrays))
	for i, a := range arrays {
		views[i] = types.Codes(a)
	}
	for _, s := range stretches {
		at += copy(out[at:], views[s.source][s.from:s.from+s.n])
	}
	return types.NewCoded(n, g.valid, g.nulls, codes, types.WordsOf(last.values))
}
