package functions

import (
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// Take makes an array of the rows of a at the positions of sel.
func Take(c *Context, a arrow.Array, sel []int32) arrow.Array {
	if types.IsCoded(a) {
		return types.TakeCoded(c.Alloc, a, sel)
	}
	return Scatter(c, PhysOf(a), len(sel), []Piece{{Value: Value{Array: a}, From: sel}})
}

// Piece says where rows of a scattered array come from: row Rows[j] of the
// result is row From[j] of Value. A nil list stands for 0, 1, 2, ...; From does
// not matter for a constant.
type Piece struct {
	Value Value
	From  []int32
	Rows  []int32
}

func (p *Piece) count(n int) int {
	switch {
	case p.Rows != nil:
		return len(p.Rows)
	case p.From != nil:
		return len(p.From)
	}
	return n
}

func (p *Piece) from(j int) int {
	switch {
	case p.Value.Const:
		return 0
	case p.From != nil:
		return int(p.From[j])
	}
	return j
}

func (p *Piece) row(j int) int {
	if p.Rows != nil {
		return int(p.Rows[j])
	}
	return j
}

// Scatter makes an array of n rows from pieces; rows that no piece covers are NULL.
func Scatter(c *Context, phys types.Phys, n int, pieces []Piece) arrow.Array {
	m := scatterNulls(c, n, pieces)
	if m.count == n {
		m.release()
		return NullArray(c, phys, n)
	}
	switch phys {
	case types.PhysBool:
		buf := newBuffer(c, (n+7)/8)
		dst := buf.Bytes()
		clear(dst)
		for i := range pieces {
			p := &pieces[i]
			if p.Value.Array.NullN() == p.Value.Array.Len() {
				continue
			}
			d := p.Value.Array.Data()
			src, off := d.Buffers()[1].Bytes(), d.Offset()
			for j := range p.count(n) {
				f, r := off+p.from(j), p.row(j)
				dst[r>>3] |= src[f>>3] >> (f & 7) & 1 << (r & 7)
			}
		}
		return makeArray(phys.ArrowType(), n, m, buf)
	case types.PhysString, types.PhysBinary:
		return scatterBytes(c, phys, n, m, pieces)
	case types.PhysInt16:
		return scatterFixed[uint16](c, phys, n, m, pieces)
	case types.PhysInt32, types.PhysUint32, types.PhysFloat32:
		return scatterFixed[uint32](c, phys, n, m, pieces)
	}
	return scatterFixed[uint64](c, phys, n, m, pieces)
}

func scatterNulls(c *Context, n int, pieces []Piece) nulls {
	covered, anyNull := 0, false
	for i := range pieces {
		covered += pieces[i].count(n)
		anyNull = anyNull || pieces[i].Value.Array.NullN() > 0
	}
	if covered >= n && !anyNull {
		return nulls{}
	}
	m := nulls{buf: newBuffer(c, (n+7)/8), count: n}
	m.bits = m.buf.Bytes()
	clear(m.bits)
	for i := range pieces {
		p := &pieces[i]
		for j := range p.count(n) {
			if p.Value.Array.IsValid(p.from(j)) {
				r := p.row(j)
				m.bits[r>>3] |= 1 << (r & 7)
				m.count--
			}
		}
	}
	if m.count == 0 {
		m.release()
	}
	return m
}

func scatterFixed[T uint16 | uint32 | uint64](c *Context, phys types.Phys, n int, m nulls, pieces []Piece) arrow.Array {
	var zero T
	size := int(unsafe.Sizeof(zero))
	buf := newBuffer(c, n*size)
	if m.count > 0 {
		clear(buf.Bytes())
	}
	if n == 0 {
		return makeArray(phys.ArrowType(), n, m, buf)
	}
	dst := unsafe.Slice((*T)(unsafe.Pointer(&buf.Bytes()[0])), n)
	for i := range pieces {
		p := &pieces[i]
		a := p.Value.Array
		if a.NullN() == a.Len() {
			continue
		}
		b := a.Data().Buffers()[1].Bytes()[a.Data().Offset()*size:]
		src := unsafe.Slice((*T)(unsafe.Pointer(&b[0])), a.Len())
		switch {
		case p.Value.Const:
			for j := range p.count(n) {
				dst[p.row(j)] = src[0]
			}
		case p.Rows == nil:
			for j, f := range p.From {
				dst[j] = src[f]
			}
			if p.From == nil {
				copy(dst, src)
			}
		case p.From == nil:
			for j, r := range p.Rows {
				dst[r] = src[j]
			}
		default:
			for j, r := range p.Rows {
				dst[r] = src[p.From[j]]
			}
		}
	}
	return makeArray(phys.ArrowType(), n, m, buf)
}

func scatterBytes(c *Context, phys types.Phys, n int, m nulls, pieces []Piece) arrow.Array {
	vals := make([]binary, n)
	for i := range pieces {
		p := &pieces[i]
		a := p.Value.Array
		if a.NullN() == a.Len() {
			continue
		}
		offsets, data := bytesOf(a)
		for j := range p.count(n) {
			f := p.from(j)
			vals[p.row(j)] = binary(viewString(data[offsets[f]:offsets[f+1]]))
		}
	}
	out, err := finishBytes(c, vals, m, phys.ArrowType())
	if err != nil { // more than 2 GiB of rows that were in batches before
		panic(err)
	}
	return out
}

// PhysOf is the physical form of a column; an untyped NULL counts as a string.
func PhysOf(a arrow.Array) types.Phys {
	switch a.DataType().ID() {
	case arrow.BOOL:
		return types.PhysBool
	case arrow.INT16:
		return types.PhysInt16
	case arrow.INT32:
		return types.PhysInt32
	case arrow.INT64:
		return types.PhysInt64
	case arrow.UINT32:
		return types.PhysUint32
	case arrow.FLOAT32:
		return types.PhysFloat32
	case arrow.FLOAT64:
		return types.PhysFloat64
	case arrow.BINARY:
		return types.PhysBinary
	}
	return types.PhysString
}

// Spread makes a column of n rows of a value that may be constant; it takes
// over the value.
func (v Value) Spread(c *Context, n int) arrow.Array {
	if !v.Const || n == 1 {
		return v.Array
	}
	defer v.Array.Release()
	return Scatter(c, PhysOf(v.Array), n, []Piece{{Value: v}})
}

// Release releases the value's array.
func (v Value) Release() {
	if v.Array != nil {
		v.Array.Release()
	}
}

// ReleaseAll releases values.
func ReleaseAll(vs []Value) {
	for _, v := range vs {
		v.Release()
	}
}
