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

	"github.com/tidemarkdb/tidemark/sql/types"
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

// gather makes the array of the column c over segments of n rows in all, which may be
// coded if coded says so. One segment alone is not copied but to be spelled.
func gather(ctx context.Context, alloc memory.Allocator, c *Column, segs []segment, n int, coded bool) (arrow.Array, error) {
	var some map[*source]arrow.Array
	if wanted := sparse(segs); len(wanted) > 0 {
		var err error
		if segs, some, err = pickSparse(ctx, c, segs, wanted); err != nil {
			return nil, err
		}
		defer releaseArrays(some)
	}
	if len(segs) == 1 && some == nil {
		v, err := segs[0].src.column(ctx, c)
		if err != nil {
			return nil, err
		}
		return cut(alloc, v.values, segs[0].from, segs[0].to, coded), nil
	}
	return newSpread(segs, n).gather(ctx, alloc, c, some, coded)
}

// cut is the slice [from, to) of an array, spelled if it may not be coded.
func cut(alloc memory.Allocator, a arrow.Array, from, to int, coded bool) arrow.Array {
	out := array.NewSlice(a, int64(from), int64(to))
	if coded || !types.IsCoded(out) {
		return out
	}
	defer out.Release()
	return types.Plain(alloc, out)
}

// spread is how rows are spread over sources: segments in the form in which one
// column after another is gathered. Rows that were written one after another lie in
// many sources, a few side by side, so that a segment must cost next to nothing.
type spread struct {
	sources   []*source
	stretches []stretch
	rows      int
}

// stretch is n rows of a source from a row on.
type stretch struct{ source, from, n int32 }

func newSpread(segs []segment, rows int) *spread {
	p := &spread{stretches: make([]stretch, len(segs)), rows: rows}
	for i := range segs {
		s := &segs[i]
		if m := int(s.src.mark); m >= len(p.sources) || p.sources[m] != s.src {
			s.src.mark = int32(len(p.sources))
			p.sources = append(p.sources, s.src)
		}
		p.stretches[i] = stretch{s.src.mark, int32(s.from), int32(s.to - s.from)}
	}
	return p
}

// gather makes the array of a column, which may be coded if coded says so.
func (p *spread) gather(ctx context.Context, alloc memory.Allocator, c *Column, some map[*source]arrow.Array, coded bool) (arrow.Array, error) {
	columns := make([]codedValues, len(p.sources))
	for i, src := range p.sources {
		if columns[i].values = some[src]; columns[i].values != nil {
			continue
		}
		var err error
		if columns[i], err = src.column(ctx, c); err != nil {
			return nil, err
		}
	}
	if len(p.stretches) == 1 {
		s := p.stretches[0]
		return cut(alloc, columns[0].values, int(s.from), int(s.from+s.n), coded), nil
	}
	return assemble(alloc, c, p.stretches, columns, p.rows, coded)
}

// assemble copies stretches, of n rows in all, of columns.
func assemble(alloc memory.Allocator, c *Column, stretches []stretch, columns []codedValues, n int, coded bool) (arrow.Array, error) {
	if coded && len(columns) > 0 && n > 0 {
		if a := assembleCoded(alloc, stretches, columns, n); a != nil {
			return a, nil
		}
	}
	arrays := make([]arrow.Array, len(columns))
	for i, v := range columns {
		arrays[i] = v.values
	}
	g := gatherer{alloc: alloc, stretches: stretches, arrays: arrays, n: n}
	g.validityIfAny()
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
	alloc     memory.Allocator
	stretches []stretch
	arrays    []arrow.Array // of the sources
	n         int
	valid     *memory.Buffer
	nulls     int
}

func newBuffer(alloc memory.Allocator, size int) *memory.Buffer {
	b := memory.NewResizableBuffer(alloc)
	b.Resize(size)
	return b
}

// validityIfAny makes the bitmap if there are NULLs.
func (g *gatherer) validityIfAny() {
	for _, a := range g.arrays {
		if a.NullN() > 0 {
			g.validity()
			return
		}
	}
}

func (g *gatherer) validity() {
	g.valid = newBuffer(g.alloc, int(bitutil.BytesForBits(int64(g.n))))
	bits := g.valid.Bytes()
	clear(bits)
	nulls := make([]int, len(g.arrays))
	for i, a := range g.arrays {
		nulls[i] = a.NullN()
	}
	at := 0
	for _, s := range g.stretches {
		a := g.arrays[s.source]
		switch nulls[s.source] {
		case 0:
			bitutil.SetBitsTo(bits, int64(at), int64(s.n), true)
		case a.Len():
			g.nulls += int(s.n)
		default:
			for r := range int(s.n) {
				if a.IsValid(int(s.from) + r) {
					bits[(at+r)>>3] |= 1 << ((at + r) & 7)
				} else {
					g.nulls++
				}
			}
		}
		at += int(s.n)
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
		views := make([][]T, len(g.arrays))
		for i, a := range g.arrays {
			views[i] = fixedValues[T](a)
		}
		out := unsafe.Slice((*T)(unsafe.Pointer(&buf.Bytes()[0])), g.n)
		at := 0
		for _, s := range g.stretches {
			src := views[s.source]
			if s.n == 1 {
				out[at] = src[s.from]
				at++
				continue
			}
			at += copy(out[at:], src[s.from:s.from+s.n])
		}
	}
	return g.array(dt, buf)
}

func (g *gatherer) bools(dt arrow.DataType) arrow.Array {
	buf := newBuffer(g.alloc, int(bitutil.BytesForBits(int64(g.n))))
	bits := buf.Bytes()
	clear(bits)
	at := 0
	for _, s := range g.stretches {
		a := g.arrays[s.source].(*array.Boolean)
		for r := s.from; r < s.from+s.n; r++ {
			if a.Value(int(r)) {
				bits[at>>3] |= 1 << (at & 7)
			}
			at++
		}
	}
	return g.array(dt, buf)
}

func (g *gatherer) bytes(dt arrow.DataType) (arrow.Array, error) {
	views := make([]byteView, len(g.arrays))
	for i, a := range g.arrays {
		views[i] = viewBytes(a)
	}
	total := 0
	for _, s := range g.stretches {
		total += views[s.source].size(s.from, s.n)
	}
	if total > math.MaxInt32 {
		return nil, errTooLarge
	}
	ends, buf := newBuffer(g.alloc, 4*(g.n+1)), newBuffer(g.alloc, total)
	offsets := unsafe.Slice((*int32)(unsafe.Pointer(&ends.Bytes()[0])), g.n+1)
	data, at, row := buf.Bytes(), 0, 0
	offsets[0] = 0
	if total == 0 { // all of them NULL, or empty
		clear(offsets)
		return g.array(dt, ends, buf), nil
	}
	for _, s := range g.stretches {
		v := &views[s.source]
		if v.codes != nil {
			for r := s.from; r < s.from+s.n; r++ {
				if v.valid(r) {
					at += copy(data[at:], v.word(r))
				}
				row++
				offsets[row] = int32(at)
			}
			continue
		}
		shift := int32(at) - v.offsets[s.from]
		at += copy(data[at:], v.data[v.offsets[s.from]:v.offsets[s.from+s.n]])
		for r := s.from; r < s.from+s.n; r++ {
			row++
			offsets[row] = v.offsets[r+1] + shift
		}
	}
	return g.array(dt, ends, buf), nil
}

// byteView is a string or binary array: value i is data[offsets[i]:offsets[i+1]], or, if
// it is coded, value codes[i] of its words.
type byteView struct {
	offsets []int32
	data    []byte
	codes   []int32
	nulls   arrow.Array // of a coded array with NULLs
}

func viewBytes(a arrow.Array) (v byteView) {
	if !types.IsCoded(a) {
		v.offsets, v.data = byteValues(a)
		return v
	}
	v.offsets, v.data = byteValues(types.Words(a))
	v.codes = types.Codes(a)
	if a.NullN() > 0 {
		v.nulls = a
	}
	return v
}

func (v *byteView) valid(r int32) bool { return v.nulls == nil || v.nulls.IsValid(int(r)) }

func (v *byteView) word(r int32) []byte {
	c := v.codes[r]
	return v.data[v.offsets[c]:v.offsets[c+1]]
}

// size is how many bytes n rows have.
func (v *byteView) size(from, n int32) int {
	if v.codes == nil {
		return int(v.offsets[from+n] - v.offsets[from])
	}
	size := 0
	for r := from; r < from+n; r++ {
		if v.valid(r) {
			size += len(v.word(r))
		}
	}
	return size
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
