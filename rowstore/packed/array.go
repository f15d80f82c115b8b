// Package packed keeps the arrays of a column in little memory, for rows that
// are scanned again: integers as differences to the least one in as few bits as
// these need, numerics of one scale like integers, byte strings of few values by
// a dictionary. Unpacking is a loop of a few instructions a value, some hundred
// times cheaper than walking and decoding stored rows.
package packed

import (
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// Array is an array in packed form. It never changes and may be shared.
type Array struct {
	typ   arrow.DataType
	n     int
	valid []byte // bitmap, nil without NULLs
	form  form
	codes bits        // of each value, 0 for a NULL
	base  int64       // formInts, formDecimals: what is added to a code
	head  uint16      // formDecimals: the bytes before the coefficient
	words arrow.Array // formDictionary
	own   int64       // bytes of words, if nobody else has them
	data  []byte      // formBytes: all values
}

// form says what the codes are.
type form uint8

const (
	formInts       form = iota // integers: value - base
	formDecimals               // numerics of 10 bytes that all begin with head: coefficient - base
	formDictionary             // byte strings: place among the words
	formBytes                  // byte strings: length
)

// leastSaving is the part of an array's bytes that packing has to save.
const leastSaving = 4

// Pack returns a in packed form, nil if that would save less than a quarter.
// a has no offset, and may be coded (types.IsCoded).
func Pack(a arrow.Array) *Array {
	d := a.Data()
	if d.Offset() != 0 || a.Len() == 0 {
		return nil
	}
	p := &Array{typ: a.DataType(), n: a.Len()}
	if t, ok := p.typ.(*arrow.DictionaryType); ok {
		p.typ = t.ValueType
	}
	if a.NullN() > 0 {
		p.valid = append(p.valid, a.NullBitmapBytes()[:bitutil.BytesForBits(int64(p.n))]...)
	}
	ok := false
	switch a := a.(type) {
	case *array.Int16:
		ok = packInts(p, a.Int16Values())
	case *array.Int32:
		ok = packInts(p, a.Int32Values())
	case *array.Int64:
		ok = packInts(p, a.Int64Values())
	case *array.Uint32:
		ok = packInts(p, a.Uint32Values())
	case *array.String:
		ok = p.packBytes(a.ValueOffsets(), a.ValueBytes())
	case *array.Binary:
		ok = p.packDecimals(a.ValueOffsets(), a.ValueBytes()) || p.packBytes(a.ValueOffsets(), a.ValueBytes())
	case *array.Dictionary:
		p.packCodes(types.Codes(a), a.Dictionary())
		ok = true
	}
	if !ok || p.Bytes() > arrayBytes(a)/leastSaving*(leastSaving-1) {
		return nil
	}
	return p
}

// Len is how many values there are.
func (p *Array) Len() int { return p.n }

// Bytes is the memory that p takes.
func (p *Array) Bytes() int64 {
	const self = 160
	return self + int64(cap(p.valid)+cap(p.codes.data)+cap(p.data)) + p.own
}

func arrayBytes(a arrow.Array) int64 {
	n := int64(0)
	for _, b := range a.Data().Buffers() {
		if b != nil {
			n += int64(b.Len())
		}
	}
	return n
}

func (p *Array) isNull(i int) bool { return p.valid != nil && !bitutil.BitIsSet(p.valid, i) }

// Unpack returns the array of all values, of the caller: coded if it was packed by
// a dictionary.
func (p *Array) Unpack(alloc memory.Allocator) arrow.Array {
	s := takeScratch(p.n)
	defer s.put()
	p.codes.all(s.codes)
	if p.valid == nil {
		return p.build(alloc, s.codes, nil, nil, 0)
	}
	valid := memory.NewResizableBuffer(alloc)
	valid.Resize(len(p.valid))
	copy(valid.Bytes(), p.valid)
	return p.build(alloc, s.codes, nil, valid, p.n-bitutil.CountSetBits(p.valid, 0, p.n))
}

// Take is Unpack of the values at rows.
func (p *Array) Take(alloc memory.Allocator, rows []int32) arrow.Array {
	s := takeScratch(len(rows))
	defer s.put()
	if p.form != formBytes {
		p.codes.at(s.codes, rows)
	}
	if p.valid == nil {
		return p.build(alloc, s.codes, rows, nil, 0)
	}
	valid := memory.NewResizableBuffer(alloc)
	valid.Resize(int(bitutil.BytesForBits(int64(len(rows)))))
	clear(valid.Bytes())
	nulls := 0
	for i, r := range rows {
		if p.isNull(int(r)) {
			nulls++
		} else {
			bitutil.SetBit(valid.Bytes(), i)
		}
	}
	return p.build(alloc, s.codes, rows, valid, nulls)
}

// build makes the array of codes; rows are their places, nil for all.
func (p *Array) build(alloc memory.Allocator, codes []uint64, rows []int32, valid *memory.Buffer, nulls int) arrow.Array {
	if p.form == formDictionary {
		return types.NewCoded(len(codes), valid, nulls, p.places(alloc, codes), p.words.Data())
	}
	buffers := []*memory.Buffer{valid}
	switch p.form {
	case formInts:
		buffers = append(buffers, p.ints(alloc, codes, valid))
	case formDecimals:
		buffers = p.decimals(alloc, buffers, codes, valid)
	case formBytes:
		if rows == nil {
			buffers = p.allBytes(alloc, buffers, codes)
		} else {
			buffers = p.someBytes(alloc, buffers, rows)
		}
	}
	n := len(codes)
	data := array.NewData(p.typ, n, buffers, nil, nulls, 0)
	defer data.Release()
	for _, b := range buffers {
		if b != nil {
			b.Release()
		}
	}
	return array.MakeFromData(data)
}

func newBuffer(alloc memory.Allocator, size int) *memory.Buffer {
	b := memory.NewResizableBuffer(alloc)
	b.Resize(size)
	return b
}

// scratch has room for the codes of a batch.
type scratch struct{ codes []uint64 }

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func takeScratch(n int) *scratch {
	s := scratches.Get().(*scratch)
	if cap(s.codes) < n {
		s.codes = make([]uint64, n)
	}
	s.codes = s.codes[:n]
	return s
}

func (s *scratch) put() { scratches.Put(s) }
