package packed

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
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
	places := map[string]int32{}
	codes := make([]int32, p.n)
	words := array.NewBinaryBuilder(memory.DefaultAllocator, p.typ.(arrow.BinaryDataType))
	defer words.Release()
	size := 0
	for i := range p.n {
		if p.isNull(i) {
			continue
		}
		b := data[ends[i]:ends[i+1]]
		size += len(b)
		c, known := places[string(b)]
		if !known {
			c = int32(len(places))
			places[string(b)] = c
			words.Append(b)
		}
		codes[i] = c
		if len(places) > maxWords || i == tried && len(places) > tried/2 {
			return false
		}
	}
	if len(places) == 0 || words.DataLen()+4*len(places) > size/2 {
		return false
	}
	list := words.NewArray()
	p.packCodes(codes, list)
	p.own = arrayBytes(list)
	return true
}

// packCodes packs codes of words, which live as long as p.
func (p *Array) packCodes(codes []int32, words arrow.Array) {
	words.Retain()
	p.form, p.words = formDictionary, words
	p.codes = newBits(widthOf(uint64(words.Len()-1)), p.n)
	for i, c := range codes {
		if !p.isNull(i) {
			p.codes.set(i, uint64(c))
		}
	}
}

// places makes the buffer of codes.
func (p *Array) places(alloc memory.Allocator, codes []uint64) *memory.Buffer {
	buf := newBuffer(alloc, 4*len(codes))
	out := arrow.Int32Traits.CastFromBytes(buf.Bytes())
	for i, c := range codes {
		out[i] = int32(c)
	}
	return buf
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
