package packed

import (
	"encoding/binary"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

type integer interface{ int16 | int32 | int64 | uint32 }

// packInts packs integers as differences to the least one.
func packInts[T integer](p *Array, values []T) bool {
	low, high, any := T(0), T(0), false
	for i, v := range values {
		switch {
		case p.isNull(i):
		case !any:
			low, high, any = v, v, true
		default:
			low, high = min(low, v), max(high, v)
		}
	}
	width := widthOf(uint64(high) - uint64(low))
	if width > maxWidth {
		return false
	}
	p.form, p.base, p.codes = formInts, int64(low), newBits(width, p.n)
	for i, v := range values {
		if !p.isNull(i) {
			p.codes.set(i, uint64(v)-uint64(low))
		}
	}
	return true
}

func (p *Array) ints(alloc memory.Allocator, codes []uint64, valid *memory.Buffer) *memory.Buffer {
	switch p.typ.ID() {
	case arrow.INT16:
		return addBase[int16](alloc, codes, p.base, valid)
	case arrow.INT64:
		return addBase[int64](alloc, codes, p.base, valid)
	default: // int32 and uint32
		return addBase[int32](alloc, codes, p.base, valid)
	}
}

// addBase makes values of codes, zero for a NULL.
func addBase[T integer](alloc memory.Allocator, codes []uint64, base int64, valid *memory.Buffer) *memory.Buffer {
	var zero T
	buf := newBuffer(alloc, len(codes)*int(unsafe.Sizeof(zero)))
	if len(codes) == 0 {
		return buf
	}
	out := unsafe.Slice((*T)(unsafe.Pointer(&buf.Bytes()[0])), len(codes))
	for i, c := range codes {
		out[i] = T(base + int64(c))
	}
	if valid != nil {
		for i := range out {
			if !bitutil.BitIsSet(valid.Bytes(), i) {
				out[i] = 0
			}
		}
	}
	return buf
}

// Numerics of up to 18 digits are stored as a tag, the scale and the coefficient
// (types.Decimal.AppendEncode).
const (
	decimalHead = 2
	decimalLen  = 10
)

// packDecimals packs byte strings of ten bytes that begin alike as the integers
// that the others are.
func (p *Array) packDecimals(ends []int32, data []byte) bool {
	low, high, any := int64(0), int64(0), false
	for i := range p.n {
		if p.isNull(i) {
			continue
		}
		b := data[ends[i]:ends[i+1]]
		if len(b) != decimalLen {
			return false
		}
		head, v := binary.LittleEndian.Uint16(b), int64(binary.LittleEndian.Uint64(b[decimalHead:]))
		switch {
		case !any:
			p.head, low, high, any = head, v, v, true
		case head != p.head:
			return false
		default:
			low, high = min(low, v), max(high, v)
		}
	}
	width := widthOf(uint64(high) - uint64(low))
	if !any || width > maxWidth {
		return false
	}
	p.form, p.base, p.codes = formDecimals, low, newBits(width, p.n)
	for i := range p.n {
		if !p.isNull(i) {
			p.codes.set(i, binary.LittleEndian.Uint64(data[ends[i]+decimalHead:])-uint64(low))
		}
	}
	return true
}

func (p *Array) decimals(alloc memory.Allocator, buffers []*memory.Buffer, codes []uint64, valid *memory.Buffer) []*memory.Buffer {
	offsets, data := newBuffer(alloc, 4*(len(codes)+1)), newBuffer(alloc, decimalLen*len(codes))
	ends, out := arrow.Int32Traits.CastFromBytes(offsets.Bytes()), data.Bytes()
	ends[0] = 0
	if valid == nil {
		for i, c := range codes {
			b := out[decimalLen*i : decimalLen*i+decimalLen]
			binary.LittleEndian.PutUint16(b, p.head)
			binary.LittleEndian.PutUint64(b[decimalHead:], uint64(p.base)+c)
			ends[i+1] = int32(decimalLen * (i + 1))
		}
		return append(buffers, offsets, data)
	}
	used := 0
	for i, c := range codes {
		if bitutil.BitIsSet(valid.Bytes(), i) {
			binary.LittleEndian.PutUint16(out[used:], p.head)
			binary.LittleEndian.PutUint64(out[used+decimalHead:], uint64(p.base)+c)
			used += decimalLen
		}
		ends[i+1] = int32(used)
	}
	data.ResizeNoShrink(used)
	return append(buffers, offsets, data)
}
