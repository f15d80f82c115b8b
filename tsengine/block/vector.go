package block

import (
	"context"
	"fmt"
	"math"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// segment is a stretch of rows of a source.
type segment struct {
	src      *source
	from, to int
	op       Op // of its rows, where operations are kept
}

func (c *Column) builder(alloc memory.Allocator) array.Builder {
	return array.NewBuilder(alloc, c.Type)
}

// gather makes the array of the column c over segments of n rows in all. One
// segment alone is not copied.
func gather(ctx context.Context, alloc memory.Allocator, c *Column, segs []segment, n int) (arrow.Array, error) {
	var some map[*source]arrow.Array
	if wanted := sparse(segs); len(wanted) > 0 {
		var err error
		if segs, some, err = pickSparse(ctx, c, segs, wanted); err != nil {
			return nil, err
		}
		defer releaseArrays(some)
	}
	return gatherFrom(ctx, alloc, c, segs, some, n)
}

// gatherFrom is gather over segments of the given arrays, and of columns of the
// sources that have none there.
func gatherFrom(ctx context.Context, alloc memory.Allocator, c *Column, segs []segment, some map[*source]arrow.Array, n int) (arrow.Array, error) {
	arrays := make([]arrow.Array, len(segs))
	for i := range segs {
		if i > 0 && segs[i].src == segs[i-1].src {
			arrays[i] = arrays[i-1]
			continue
		}
		a := some[segs[i].src]
		if a == nil {
			var err error
			if a, err = segs[i].src.column(ctx, c); err != nil {
				return nil, err
			}
		}
		arrays[i] = a
	}
	if len(segs) == 1 {
		return array.NewSlice(arrays[0], int64(segs[0].from), int64(segs[0].to)), nil
	}
	return assemble(alloc, c, segs, arrays, n)
}

// assemble copies segments, of n rows in all, of the arrays beside them.
func assemble(alloc memory.Allocator, c *Column, segs []segment, arrays []arrow.Array, n int) (arrow.Array, error) {
	nulls := false
	for i, a := range arrays {
		nulls = nulls || (i == 0 || a != arrays[i-1]) && a.NullN() > 0
	}
	g := gatherer{alloc: alloc, segs: segs, arrays: arrays, n: n}
	if nulls {
		g.validity()
	}
	switch c.Type.ID() {
	case arrow.BOOL:
		return g.bools(c.Type), nil
	case arrow.INT16:
		return gatherFixed[int16](&g, c.Type), nil
	case arrow.INT32:
		return gatherFixed[int32](&g, c.Type), nil
	case arrow.INT64:
		return gatherFixed[int64](&g, c.Type), nil
	case arrow.UINT32:
		return gatherFixed[uint32](&g, c.Type), nil
	case arrow.FLOAT32:
		return gatherFixed[float32](&g, c.Type), nil
	case arrow.FLOAT64:
		return gatherFixed[float64](&g, c.Type), nil
	case arrow.STRING, arrow.BINARY:
		return g.bytes(c.Type)
	}
	return nil, fmt.Errorf("block: no column of %s", c.Type)
}

type gatherer struct {
	alloc  memory.Allocator
	segs   []segment
	arrays []arrow.Array
	n      int
	valid  *memory.Buffer
	nulls  int
}

func newBuffer(alloc memory.Allocator, size int) *memory.Buffer {
	b := memory.NewResizableBuffer(alloc)
	b.Resize(size)
	return b
}

func (g *gatherer) validity() {
	g.valid = newBuffer(g.alloc, int(bitutil.BytesForBits(int64(g.n))))
	bits := g.valid.Bytes()
	clear(bits)
	at := 0
	for i, s := range g.segs {
		a := g.arrays[i]
		if a.NullN() == 0 {
			bitutil.SetBitsTo(bits, int64(at), int64(s.to-s.from), true)
			at += s.to - s.from
			continue
		}
		for r := s.from; r < s.to; r++ {
			if a.IsValid(r) {
				bits[at>>3] |= 1 << (at & 7)
			} else {
				g.nulls++
			}
			at++
		}
	}
}

// array makes the array of buffers, which it takes over.
func (g *gatherer) array(dt arrow.DataType, bufs ...*memory.Buffer) arrow.Array {
	all := append([]*memory.Buffer{g.valid}, bufs...)
	d := array.NewData(dt, g.n, all, nil, g.nulls, 0)
	defer d.Release()
	for _, b := range all {
		if b != nil {
			b.Release()
		}
	}
	return array.MakeFromData(d)
}

func gatherFixed[T fixedValue](g *gatherer, dt arrow.DataType) arrow.Array {
	var zero T
	buf := newBuffer(g.alloc, g.n*int(unsafe.Sizeof(zero)))
	if g.n > 0 {
		out := unsafe.Slice((*T)(unsafe.Pointer(&buf.Bytes()[0])), g.n)
		var src []T
		for i, s := range g.segs {
			if i == 0 || g.arrays[i] != g.arrays[i-1] {
				src = fixedValues[T](g.arrays[i])
			}
			if s.to-s.from == 1 { // rows of a write, which are sorted
				out[0], out = src[s.from], out[1:]
				continue
			}
			out = out[copy(out, src[s.from:s.to]):]
		}
	}
	return g.array(dt, buf)
}

func (g *gatherer) bools(dt arrow.DataType) arrow.Array {
	buf := newBuffer(g.alloc, int(bitutil.BytesForBits(int64(g.n))))
	bits := buf.Bytes()
	clear(bits)
	at := 0
	for i, s := range g.segs {
		a := g.arrays[i].(*array.Boolean)
		for r := s.from; r < s.to; r++ {
			if a.Value(r) {
				bits[at>>3] |= 1 << (at & 7)
			}
			at++
		}
	}
	return g.array(dt, buf)
}

func (g *gatherer) bytes(dt arrow.DataType) (arrow.Array, error) {
	views := make([]struct {
		offsets []int32
		data    []byte
	}, len(g.segs))
	total := 0
	for i, s := range g.segs {
		v := &views[i]
		v.offsets, v.data = byteValues(g.arrays[i])
		total += int(v.offsets[s.to] - v.offsets[s.from])
	}
	if total > math.MaxInt32 {
		return nil, errTooLarge
	}
	ends, buf := newBuffer(g.alloc, 4*(g.n+1)), newBuffer(g.alloc, total)
	offsets := unsafe.Slice((*int32)(unsafe.Pointer(&ends.Bytes()[0])), g.n+1)
	data, at, row := buf.Bytes(), 0, 0
	offsets[0] = 0
	for i, s := range g.segs {
		v := &views[i]
		shift := int32(at) - v.offsets[s.from]
		at += copy(data[at:], v.data[v.offsets[s.from]:v.offsets[s.to]])
		for r := s.from; r < s.to; r++ {
			row++
			offsets[row] = v.offsets[r+1] + shift
		}
	}
	return g.array(dt, ends, buf), nil
}

// byteValues views a string or binary array.
func byteValues(a arrow.Array) (offsets []int32, data []byte) {
	switch a := a.(type) {
	case *array.String:
		offsets = a.ValueOffsets()
	case *array.Binary:
		offsets = a.ValueOffsets()
	}
	if len(offsets) == 0 {
		offsets = make([]int32, 1)
	}
	if b := a.Data().Buffers()[2]; b != nil {
		data = b.Bytes()
	}
	return offsets, data
}

// sliced is the slice [from, to) of an array; the caller releases it.
func sliced(a arrow.Array, from, to int) arrow.Array {
	return array.NewSlice(a, int64(from), int64(to))
}

// pick names a row of a list of inputs.
type pick struct{ input, row int32 }

// takeFixed makes the array of some rows of arrays of fixed width without NULLs;
// nil if they are others. It is gather for rows that were sorted one by one.
func takeFixed(alloc memory.Allocator, dt arrow.DataType, arrays []arrow.Array, rows []pick) arrow.Array {
	for _, a := range arrays {
		if a == nil || a.NullN() > 0 {
			return nil
		}
	}
	switch dt.ID() {
	case arrow.INT16:
		return takeValues[int16](alloc, dt, arrays, rows)
	case arrow.INT32:
		return takeValues[int32](alloc, dt, arrays, rows)
	case arrow.INT64:
		return takeValues[int64](alloc, dt, arrays, rows)
	case arrow.UINT32:
		return takeValues[uint32](alloc, dt, arrays, rows)
	case arrow.FLOAT32:
		return takeValues[float32](alloc, dt, arrays, rows)
	case arrow.FLOAT64:
		return takeValues[float64](alloc, dt, arrays, rows)
	}
	return nil
}

func takeValues[T fixedValue](alloc memory.Allocator, dt arrow.DataType, arrays []arrow.Array, rows []pick) arrow.Array {
	var zero T
	g := gatherer{n: len(rows)}
	buf := newBuffer(alloc, len(rows)*int(unsafe.Sizeof(zero)))
	if len(rows) > 0 {
		views := make([][]T, len(arrays))
		for i, a := range arrays {
			views[i] = fixedValues[T](a)
		}
		out := unsafe.Slice((*T)(unsafe.Pointer(&buf.Bytes()[0])), len(rows))
		for i, r := range rows {
			out[i] = views[r.input][r.row]
		}
	}
	return g.array(dt, buf)
}

type fixedValue interface {
	int16 | int32 | uint32 | int64 | float32 | float64
}

// fixedValues views an array of fixed width.
func fixedValues[T fixedValue](a arrow.Array) []T {
	d := a.Data()
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(d.Buffers()[1].Bytes()))), d.Offset()+d.Len())[d.Offset():]
}
