package executor

import (
	"fmt"
	"math"
	"slices"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// rowRef names a row of a list of chunks: the chunk in the upper half, the row
// in it in the lower one. Refs of one list order as its rows do.
type rowRef uint64

// noRow stands for a row of NULLs (outer joins).
const noRow = ^rowRef(0)

func refOf(chunk, row int) rowRef { return rowRef(chunk)<<32 | rowRef(uint32(row)) }

func (r rowRef) chunk() int { return int(r >> 32) }
func (r rowRef) row() int   { return int(uint32(r)) }

type fixedWidth interface {
	int16 | int32 | int64 | uint32 | float32 | float64
}

// fixedValues views a fixed-width array as a slice.
func fixedValues[T fixedWidth](a arrow.Array) []T {
	d := a.Data()
	if d.Len() == 0 {
		return nil
	}
	var zero T
	b := d.Buffers()[1].Bytes()
	size := int(unsafe.Sizeof(zero))
	off := d.Offset() * size
	_ = b[off+d.Len()*size-1]
	return unsafe.Slice((*T)(unsafe.Pointer(&b[off])), d.Len())
}

// byteValues views a String or Binary array: value i is data[offsets[i]:offsets[i+1]].
func byteValues(a arrow.Array) (offsets []int32, data []byte) {
	d := a.Data()
	n := d.Len()
	if n == 0 {
		return make([]int32, 1), nil
	}
	o := d.Buffers()[1].Bytes()
	_ = o[(d.Offset()+n+1)*4-1]
	offsets = unsafe.Slice((*int32)(unsafe.Pointer(&o[d.Offset()*4])), n+1)
	if b := d.Buffers()[2]; b != nil {
		data = b.Bytes()
	}
	return offsets, data
}

func newBuffer(alloc memory.Allocator, size int) *memory.Buffer {
	b := memory.NewResizableBuffer(alloc)
	b.Resize(size)
	return b
}

// bitmap is a null bitmap under construction: all rows valid until one is not.
type bitmap struct {
	buf   *memory.Buffer
	bits  []byte
	nulls int
}

func (m *bitmap) setNull(alloc memory.Allocator, n, i int) {
	if m.buf == nil {
		m.buf = newBuffer(alloc, int(bitutil.BytesForBits(int64(n))))
		m.bits = m.buf.Bytes()
		for j := range m.bits {
			m.bits[j] = 0xff
		}
	}
	m.bits[i>>3] &^= 1 << (i & 7)
	m.nulls++
}

// makeArray makes an array of buffers, which it takes over.
func makeArray(dt arrow.DataType, n int, m bitmap, bufs ...*memory.Buffer) arrow.Array {
	all := append([]*memory.Buffer{m.buf}, bufs...)
	d := array.NewData(dt, n, all, nil, m.nulls, 0)
	for _, b := range all {
		if b != nil {
			b.Release()
		}
	}
	a := array.MakeFromData(d)
	d.Release()
	return a
}

// gather makes the array of the given rows of a chunked column of type dt, coded if
// all chunks are. open is what
// earlier calls found out about the chunks; missing says that noRow is among the rows.
func gather(alloc memory.Allocator, dt arrow.DataType, chunks []arrow.Array, open *openColumn, refs []rowRef, missing bool) (arrow.Array, error) {
	if open.onlyNulls(chunks) {
		return nullColumn(dt, len(refs)), nil
	}
	switch dt.ID() {
	case arrow.BOOL:
		return gatherBools(alloc, chunks, open, refs, missing), nil
	case arrow.INT16:
		return gatherFixed[int16](alloc, dt, chunks, open, refs, missing), nil
	case arrow.INT32:
		return gatherFixed[int32](alloc, dt, chunks, open, refs, missing), nil
	case arrow.INT64:
		return gatherFixed[int64](alloc, dt, chunks, open, refs, missing), nil
	case arrow.UINT32:
		return gatherFixed[uint32](alloc, dt, chunks, open, refs, missing), nil
	case arrow.FLOAT32:
		return gatherFixed[float32](alloc, dt, chunks, open, refs, missing), nil
	case arrow.FLOAT64:
		return gatherFixed[float64](alloc, dt, chunks, open, refs, missing), nil
	case arrow.STRING, arrow.BINARY:
		if c := open.openCoded(chunks); c != nil {
			return c.gather(alloc, chunks, open, refs, missing), nil
		}
		return gatherBytes(alloc, dt, chunks, open, refs, missing)
	case arrow.NULL:
		return array.NewNull(len(refs)), nil
	}
	panic(fmt.Sprintf("executor: no gather for %s", dt))
}

// hasNoRow reports whether noRow is among the rows.
func hasNoRow(refs []rowRef) bool { return slices.Contains(refs, noRow) }

func gatherNulls(alloc memory.Allocator, chunks []arrow.Array, open *openColumn, refs []rowRef, missing bool) (m bitmap) {
	if !open.anyNull(chunks) {
		if !missing {
			return m
		}
		for i, r := range refs {
			if r == noRow {
				m.setNull(alloc, len(refs), i)
			}
		}
		return m
	}
	for i, r := range refs {
		if r == noRow || chunks[r.chunk()].IsNull(r.row()) {
			m.setNull(alloc, len(refs), i)
		}
	}
	return m
}

func gatherFixed[T fixedWidth](alloc memory.Allocator, dt arrow.DataType, chunks []arrow.Array, open *openColumn, refs []rowRef, missing bool) arrow.Array {
	var zero T
	buf := newBuffer(alloc, len(refs)*int(unsafe.Sizeof(zero)))
	var out []T
	if len(refs) > 0 {
		out = unsafe.Slice((*T)(unsafe.Pointer(&buf.Bytes()[0])), len(refs))
	}
	views := openFixed[T](open, chunks)
	if missing {
		for i, r := range refs {
			if r != noRow {
				out[i] = views[r.chunk()][r.row()]
			} else {
				out[i] = 0
			}
		}
	} else {
		for i, r := range refs {
			out[i] = views[r.chunk()][r.row()]
		}
	}
	return makeArray(dt, len(refs), gatherNulls(alloc, chunks, open, refs, missing), buf)
}

func gatherBools(alloc memory.Allocator, chunks []arrow.Array, open *openColumn, refs []rowRef, missing bool) arrow.Array {
	buf := newBuffer(alloc, int(bitutil.BytesForBits(int64(len(refs)))))
	out := buf.Bytes()
	clear(out)
	for i, r := range refs {
		if r != noRow && chunks[r.chunk()].(*array.Boolean).Value(r.row()) {
			out[i>>3] |= 1 << (i & 7)
		}
	}
	return makeArray(arrow.FixedWidthTypes.Boolean, len(refs), gatherNulls(alloc, chunks, open, refs, missing), buf)
}

func gatherBytes(alloc memory.Allocator, dt arrow.DataType, chunks []arrow.Array, open *openColumn, refs []rowRef, missing bool) (arrow.Array, error) {
	views := open.openBytes(chunks)
	total := 0
	for _, r := range refs {
		if r != noRow {
			v := &views[r.chunk()]
			at := v.place(r.row())
			total += int(v.offsets[at+1] - v.offsets[at])
		}
	}
	if total > math.MaxInt32 {
		return nil, errBatchTooLarge()
	}
	offBuf, buf := newBuffer(alloc, 4*(len(refs)+1)), newBuffer(alloc, total+len(shortCopy{}))
	offsets := unsafe.Slice((*int32)(unsafe.Pointer(&offBuf.Bytes()[0])), len(refs)+1)
	dst, pos := buf.Bytes(), 0
	offsets[0] = 0
	for i, r := range refs {
		if r != noRow {
			v := &views[r.chunk()]
			at := v.place(r.row())
			pos += copyShort(dst, pos, v.data, int(v.offsets[at]), int(v.offsets[at+1]))
		}
		offsets[i+1] = int32(pos)
	}
	buf.ResizeNoShrink(total)
	return makeArray(dt, len(refs), gatherNulls(alloc, chunks, open, refs, missing), offBuf, buf), nil
}

// shortCopy is what copyShort copies at once.
type shortCopy [16]byte

// copyShort copies src[from:to] to dst[at:] and returns its length. Short strings, where
// both sides have as much, are copied as one shortCopy: dst has that much room behind
// its last byte, and what lies behind a string there is written next.
func copyShort(dst []byte, at int, src []byte, from, to int) int {
	if to-from <= len(shortCopy{}) && len(src)-from >= len(shortCopy{}) {
		*(*shortCopy)(dst[at:]) = *(*shortCopy)(src[from:])
		return to - from
	}
	return copy(dst[at:], src[from:to])
}

func errBatchTooLarge() error {
	return pgerror.New(pgerror.ProgramLimitExceeded, "the strings of one batch are too large")
}

// nullArray makes an array of n NULLs.
func nullArray(alloc memory.Allocator, dt arrow.DataType, n int) arrow.Array {
	b := array.NewBuilder(alloc, dt)
	defer b.Release()
	b.AppendNulls(n)
	return b.NewArray()
}

// repeat makes an array of n times the value at index i of a.
func repeat(alloc memory.Allocator, a arrow.Array, i, n int) (arrow.Array, error) {
	idx := make([]int32, n)
	for j := range idx {
		idx[j] = int32(i)
	}
	return take(alloc, a, idx)
}

// viewString views bytes that will not change as a string.
func viewString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// datumArray makes an array of n times d.
func datumArray(alloc memory.Allocator, t types.Type, d types.Datum, n int) (arrow.Array, error) {
	if d.IsNull() {
		return nullArray(alloc, types.ArrowType(t), n), nil
	}
	b := types.NewBuilder(alloc, t)
	defer b.Release()
	types.AppendDatum(b, d)
	one := b.NewArray()
	if n == 1 {
		return one, nil
	}
	defer one.Release()
	return repeat(alloc, one, 0, n)
}
