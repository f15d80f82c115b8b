package packed

import (
	"encoding/binary"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

const (
	// maxWords bounds a dictionary.
	maxWords = 1 << 12
	// tried values tell by how many of them are new whether a dictionary pays.
	tried = 512
)

// packBytes packs byte strings by a dictionary, or as they are with packed lengths.
func (p *Array) packBytes(ends []int32, data []byte) bool {
	if p.packWords(ends, data) {
		return true
	}
	low, high, any := uint64(0), uint64(0), false
	for i := range p.n {
		high = max(high, uint64(ends[i+1]-ends[i]))
		if n := uint64(ends[i+1] - ends[i]); !any || n < low {
			low, any = n, true
		}
	}
	p.form, p.base, p.codes = formBytes, int64(low), newBits(widthOf(high-low), p.n)
	for i := range p.n {
		p.codes.set(i, uint64(ends[i+1]-ends[i])-low)
	}
	first, last := ends[0], ends[p.n]
	p.data = slices.Clone(data[first:last])
	return true
}

// packWords builds a dictionary if it is smaller than the values.
func (p *Array) packWords(ends []int32, data []byte) bool {
	words := map[string]uint32{}
	codes := make([]uint32, p.n)
	var wordEnds []uint32
	var wordData []byte
	size := 0
	for i := range p.n {
		if p.isNull(i) {
			continue
		}
		b := data[ends[i]:ends[i+1]]
		size += len(b)
		c, known := words[string(b)]
		if !known {
			c = uint32(len(words))
			words[string(b)] = c
			wordData = append(wordData, b...)
			wordEnds = append(wordEnds, uint32(len(wordData)))
		}
		codes[i] = c
		if len(words) > maxWords || i == tried && len(words) > tried/2 {
			return false
		}
	}
	if len(words) == 0 || len(wordData)+4*len(wordEnds) > size/2 {
		return false
	}
	p.form, p.size = formDictionary, size
	p.ends, p.data = slices.Clone(wordEnds), slices.Clone(wordData)
	p.codes = newBits(widthOf(uint64(len(words)-1)), p.n)
	for i, c := range codes {
		p.codes.set(i, uint64(c))
	}
	return true
}

// word is a value of the dictionary.
func (p *Array) word(c uint64) []byte {
	start := uint32(0)
	if c > 0 {
		start = p.ends[c-1]
	}
	return p.data[start:p.ends[c]]
}

// shortWord is the longest value that is copied by two words of 8 bytes.
const shortWord = 16

func (p *Array) words(alloc memory.Allocator, buffers []*memory.Buffer, codes []uint64, valid *memory.Buffer) []*memory.Buffer {
	table, longest := p.shortWords()
	size := p.size
	if len(codes) < p.n {
		size = longest * len(codes)
	}
	offsets, data := newBuffer(alloc, 4*(len(codes)+1)), newBuffer(alloc, size+shortWord)
	ends, out := arrow.Int32Traits.CastFromBytes(offsets.Bytes()), data.Bytes()
	ends[0] = 0
	used := 0
	switch {
	case valid == nil && table != nil:
		for i, c := range codes {
			w := &table[c]
			b := out[used : used+shortWord]
			binary.LittleEndian.PutUint64(b, w.low)
			binary.LittleEndian.PutUint64(b[8:], w.high)
			used += w.n
			ends[i+1] = int32(used)
		}
	default:
		for i, c := range codes {
			if valid == nil || bitutil.BitIsSet(valid.Bytes(), i) {
				used += copy(out[used:], p.word(c))
			}
			ends[i+1] = int32(used)
		}
	}
	data.ResizeNoShrink(used)
	return append(buffers, offsets, data)
}

type shortValue struct {
	low, high uint64
	n         int
}

// shortWords are the dictionary's values as integers, nil if one is too long or
// they are many; longest is the longest one's length.
func (p *Array) shortWords() (table []shortValue, longest int) {
	for i := range p.ends {
		longest = max(longest, len(p.word(uint64(i))))
	}
	if longest > shortWord || len(p.ends) > tried {
		return nil, longest
	}
	table = make([]shortValue, len(p.ends))
	for i := range table {
		var b [shortWord]byte
		n := copy(b[:], p.word(uint64(i)))
		table[i] = shortValue{binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:]), n}
	}
	return table, longest
}

// allBytes makes the buffers of byte strings of the given lengths.
func (p *Array) allBytes(alloc memory.Allocator, buffers []*memory.Buffer, lengths []uint64) []*memory.Buffer {
	offsets, data := newBuffer(alloc, 4*(len(lengths)+1)), newBuffer(alloc, len(p.data))
	ends := arrow.Int32Traits.CastFromBytes(offsets.Bytes())
	at := int32(0)
	ends[0] = 0
	for i, n := range lengths {
		at += int32(p.base) + int32(n)
		ends[i+1] = at
	}
	copy(data.Bytes(), p.data)
	return append(buffers, offsets, data)
}

// someBytes makes the buffers of the byte strings at rows.
func (p *Array) someBytes(alloc memory.Allocator, buffers []*memory.Buffer, rows []int32) []*memory.Buffer {
	s := takeScratch(p.n)
	defer s.put()
	p.codes.all(s.codes)
	at := uint64(0)
	for i, n := range s.codes { // lengths to ends
		at += uint64(p.base) + n
		s.codes[i] = at
	}
	size := 0
	for _, r := range rows {
		start, end := p.place(s.codes, r)
		size += end - start
	}
	offsets, data := newBuffer(alloc, 4*(len(rows)+1)), newBuffer(alloc, size)
	ends, out, used := arrow.Int32Traits.CastFromBytes(offsets.Bytes()), data.Bytes(), 0
	ends[0] = 0
	for i, r := range rows {
		start, end := p.place(s.codes, r)
		used += copy(out[used:], p.data[start:end])
		ends[i+1] = int32(used)
	}
	return append(buffers, offsets, data)
}

func (p *Array) place(ends []uint64, r int32) (start, end int) {
	if r > 0 {
		start = int(ends[r-1])
	}
	return start, int(ends[r])
}
