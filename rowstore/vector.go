package rowstore

import (
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// vector is one column of a batch while it is filled. Its buffers go to the
// array that finish makes.
type vector struct {
	alloc memory.Allocator
	phys  types.Phys
	typ   arrow.DataType
	width int // bytes of a fixed-width value, 0 for booleans and byte strings

	capacity int // rows
	n        int // rows so far
	nulls    int

	valid   *memory.Buffer // nil while there are no NULLs
	fixed   *memory.Buffer // values of fixed width, bits of booleans
	offsets *memory.Buffer // byte strings: int32 end offsets
	data    *memory.Buffer // byte strings: cap(data) >= len; used is its length
	used    int
	lastLen int // bytes that the batch before needed
}

func newVector(alloc memory.Allocator, p types.Phys) *vector {
	v := &vector{alloc: alloc, phys: p, typ: p.ArrowType()}
	switch p {
	case types.PhysInt16:
		v.width = 2
	case types.PhysInt32, types.PhysUint32, types.PhysFloat32:
		v.width = 4
	case types.PhysInt64, types.PhysFloat64:
		v.width = 8
	}
	return v
}

func (v *vector) isBytes() bool { return v.phys == types.PhysString || v.phys == types.PhysBinary }

// start makes room for a batch of at most capacity rows.
func (v *vector) start(capacity int) {
	v.capacity, v.n, v.nulls, v.used = capacity, 0, 0, 0
	switch {
	case v.isBytes():
		v.offsets = memory.NewResizableBuffer(v.alloc)
		v.offsets.Resize(4 * (capacity + 1))
		v.ends()[0] = 0
		v.data = memory.NewResizableBuffer(v.alloc)
		v.data.Resize(max(64, v.lastLen, 8*capacity))
	case v.width == 0:
		v.fixed = memory.NewResizableBuffer(v.alloc)
		v.fixed.Resize(int(bitutil.BytesForBits(int64(capacity))))
		clear(v.fixed.Bytes())
	default:
		v.fixed = memory.NewResizableBuffer(v.alloc)
		v.fixed.Resize(v.width * capacity)
	}
}

// release drops the buffers of an unfinished batch.
func (v *vector) release() {
	for _, b := range []**memory.Buffer{&v.valid, &v.fixed, &v.offsets, &v.data} {
		if *b != nil {
			(*b).Release()
			*b = nil
		}
	}
}

// finish makes the array of the rows so far.
func (v *vector) finish() arrow.Array {
	buffers := []*memory.Buffer{v.valid, v.fixed}
	if v.isBytes() {
		v.lastLen = v.used
		v.offsets.ResizeNoShrink(4 * (v.n + 1))
		v.data.ResizeNoShrink(v.used)
		buffers = []*memory.Buffer{v.valid, v.offsets, v.data}
	} else if v.width > 0 {
		v.fixed.ResizeNoShrink(v.width * v.n)
	}
	data := array.NewData(v.typ, v.n, buffers, nil, v.nulls, 0)
	out := array.MakeFromData(data)
	data.Release()
	v.release()
	return out
}

// slice views rows [n, n+count) of a fixed-width vector.
func slice[T any](v *vector, count int) []T {
	b := v.fixed.Buf()
	p := (*T)(unsafe.Pointer(unsafe.SliceData(b)))
	return unsafe.Slice(p, v.capacity)[v.n : v.n+count]
}

func (v *vector) ends() []int32 { return arrow.Int32Traits.CastFromBytes(v.offsets.Buf()) }

// grow makes room for more bytes of byte strings.
func (v *vector) grow(more int) {
	if need := v.used + more; need > v.data.Len() {
		v.data.Resize(max(need, 2*v.data.Len()))
	}
}

// appendBytes adds a byte string; advance is not called for it.
func (v *vector) appendBytes(b []byte) {
	v.grow(len(b))
	copy(v.data.Bytes()[v.used:], b)
	v.used += len(b)
	v.advance(1)
	v.ends()[v.n] = int32(v.used)
}

// advance counts rows whose values were stored.
func (v *vector) advance(count int) {
	if v.valid != nil {
		bitutil.SetBitsTo(v.valid.Buf(), int64(v.n), int64(count), true)
	}
	v.n += count
}

// appendNulls adds NULLs.
func (v *vector) appendNulls(count int) {
	if v.valid == nil {
		v.valid = memory.NewResizableBuffer(v.alloc)
		v.valid.Resize(int(bitutil.BytesForBits(int64(v.capacity))))
		clear(v.valid.Bytes())
		bitutil.SetBitsTo(v.valid.Buf(), 0, int64(v.n), true)
	}
	switch {
	case v.isBytes():
		ends := v.ends()
		for i := range count {
			ends[v.n+1+i] = int32(v.used)
		}
	case v.width > 0:
		clear(v.fixed.Buf()[v.n*v.width : (v.n+count)*v.width])
	}
	v.n += count
	v.nulls += count
}

// appendDatum adds one value count times.
func (v *vector) appendDatum(d types.Datum, count int) {
	if d.IsNull() {
		v.appendNulls(count)
		return
	}
	if v.isBytes() {
		for range count {
			v.appendBytes(d.Bytes())
		}
		return
	}
	for range count {
		v.appendInt(d.I)
	}
}

// appendInt adds one value given as Datum.I has it.
func (v *vector) appendInt(i int64) {
	switch v.phys {
	case types.PhysBool:
		bitutil.SetBitTo(v.fixed.Buf(), v.n, i != 0)
	case types.PhysInt16:
		slice[int16](v, 1)[0] = int16(i)
	case types.PhysInt32:
		slice[int32](v, 1)[0] = int32(i)
	case types.PhysUint32, types.PhysFloat32:
		slice[uint32](v, 1)[0] = uint32(i)
	case types.PhysInt64, types.PhysFloat64:
		slice[int64](v, 1)[0] = i
	}
	v.advance(1)
}

// maxVectorBytes is where a batch is cut: offsets are int32, and a batch
// should stay in proportion.
const maxVectorBytes = 16 << 20

func (v *vector) isFull() bool { return v.used >= maxVectorBytes }
