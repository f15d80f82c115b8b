package functions

import (
	"math"
	"math/bits"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

type arrowArray = arrow.Array

// fixed are the Go types of the physical forms of fixed width.
type fixed interface {
	int16 | int32 | int64 | uint32 | float32 | float64
}

// fixedValues views a fixed-width array as a slice.
func fixedValues[T fixed](a arrow.Array) []T {
	data := a.Data()
	n := data.Len()
	if n == 0 {
		return nil
	}
	var zero T
	b := data.Buffers()[1].Bytes()
	size := int(unsafe.Sizeof(zero))
	off := data.Offset() * size
	_ = b[off+n*size-1]
	return unsafe.Slice((*T)(unsafe.Pointer(&b[off])), n)
}

// bytesOf views a String or Binary array: value i is data[offsets[i]:offsets[i+1]].
func bytesOf(a arrow.Array) (offsets []int32, data []byte) {
	d := a.Data()
	n := d.Len()
	if n == 0 {
		return zeroOffset[:], nil
	}
	o := d.Buffers()[1].Bytes()
	_ = o[(d.Offset()+n+1)*4-1]
	offsets = unsafe.Slice((*int32)(unsafe.Pointer(&o[d.Offset()*4])), n+1)
	if b := d.Buffers()[2]; b != nil {
		data = b.Bytes()
	}
	return offsets, data
}

var zeroOffset [1]int32

// nulls is the null bitmap of a result: bits is nil if nothing is NULL.
type nulls struct {
	buf   *memory.Buffer
	bits  []byte
	count int
}

func (m *nulls) valid(i int) bool { return m.bits == nil || m.bits[i>>3]&(1<<(i&7)) != 0 }

func (m *nulls) release() {
	if m.buf != nil {
		m.buf.Release()
		m.buf, m.bits = nil, nil
	}
}

// strictNulls is the null bitmap of a strict function's result: the AND of its
// arguments' bitmaps. all says that every row is NULL.
func strictNulls(c *Context, n int, args ...Value) (m nulls, all bool) {
	for _, v := range args {
		if v.Array.NullN() == 0 {
			continue
		}
		if v.Const {
			m.release()
			return nulls{}, true
		}
		d := v.Array.Data()
		src := d.Buffers()[0]
		if src == nil { // array.Null
			m.release()
			return nulls{}, true
		}
		switch {
		case m.buf == nil && d.Offset() == 0:
			src.Retain()
			m.buf = src
		case m.buf == nil:
			m.buf = newBuffer(c, int(bitutil.BytesForBits(int64(n))))
			bitutil.CopyBitmap(src.Bytes(), d.Offset(), n, m.buf.Bytes(), 0)
		default:
			out := newBuffer(c, int(bitutil.BytesForBits(int64(n))))
			bitutil.BitmapAnd(m.buf.Bytes(), src.Bytes(), 0, int64(d.Offset()), out.Bytes(), 0, int64(n))
			m.buf.Release()
			m.buf = out
		}
	}
	if m.buf != nil {
		m.bits = m.buf.Bytes()
		m.count = n - bitutil.CountSetBits(m.bits, 0, n)
		if m.count == n {
			m.release()
			return nulls{}, true
		}
	}
	return m, false
}

func newBuffer(c *Context, size int) *memory.Buffer {
	b := memory.NewResizableBuffer(c.Alloc)
	b.Resize(size)
	return b
}

// makeArray makes an array of buffers, which it takes over.
func makeArray(dt arrow.DataType, n int, m nulls, buffers ...*memory.Buffer) arrow.Array {
	all := make([]*memory.Buffer, 1+len(buffers))
	all[0] = m.buf
	copy(all[1:], buffers)
	d := array.NewData(dt, n, all, nil, m.count, 0)
	for _, b := range all {
		if b != nil {
			b.Release()
		}
	}
	a := array.MakeFromData(d)
	d.Release()
	return a
}

// NullArray makes an array of n NULLs of a physical form.
func NullArray(c *Context, p types.Phys, n int) arrow.Array {
	if n == 0 {
		b := p.NewBuilder(c.Alloc)
		defer b.Release()
		return b.NewArray()
	}
	m := nulls{buf: newBuffer(c, int(bitutil.BytesForBits(int64(n)))), count: n}
	clear(m.buf.Bytes())
	size := 0
	switch p {
	case types.PhysBool:
		size = int(bitutil.BytesForBits(int64(n)))
	case types.PhysInt16:
		size = 2 * n
	case types.PhysInt32, types.PhysUint32, types.PhysFloat32:
		size = 4 * n
	case types.PhysInt64, types.PhysFloat64:
		size = 8 * n
	case types.PhysString, types.PhysBinary:
		offsets := newBuffer(c, 4*(n+1))
		clear(offsets.Bytes())
		return makeArray(p.ArrowType(), n, m, offsets, newBuffer(c, 0))
	}
	values := newBuffer(c, size)
	clear(values.Bytes())
	return makeArray(p.ArrowType(), n, m, values)
}

// physOf is the physical form behind a Go type of the map helpers.
func physOf[T any]() types.Phys {
	var p *T
	switch any(p).(type) {
	case *bool:
		return types.PhysBool
	case *int16:
		return types.PhysInt16
	case *int32:
		return types.PhysInt32
	case *int64:
		return types.PhysInt64
	case *uint32:
		return types.PhysUint32
	case *float32:
		return types.PhysFloat32
	case *float64:
		return types.PhysFloat64
	case *string:
		return types.PhysString
	default: // []byte, binary and what encodes to it
		return types.PhysBinary
	}
}

// binary is the raw form of a PhysBinary value (numeric, interval, array, ...)
// as types keeps it in Datum.S. Go functions on []byte would copy to change
// it, functions on binary cannot.
type binary string

// load gives an argument's values as a slice: a view for fixed widths, headers
// or decoded values for the rest. Values of NULL rows are arbitrary.
func load[T any](a arrow.Array) []T {
	var out []T
	n := a.Len()
	switch p := any(&out).(type) {
	case *[]bool:
		*p = make([]bool, n)
		if n > 0 {
			d := a.Data()
			b, off := d.Buffers()[1].Bytes(), d.Offset()
			for i := range *p {
				j := off + i
				(*p)[i] = b[j>>3]&(1<<(j&7)) != 0
			}
		}
	case *[]int16:
		*p = fixedValues[int16](a)
	case *[]int32:
		*p = fixedValues[int32](a)
	case *[]int64:
		*p = fixedValues[int64](a)
	case *[]uint32:
		*p = fixedValues[uint32](a)
	case *[]float32:
		*p = fixedValues[float32](a)
	case *[]float64:
		*p = fixedValues[float64](a)
	case *[]string:
		*p = loadStrings[string](a)
	case *[]binary:
		*p = loadStrings[binary](a)
	case *[][]byte:
		offsets, data := bytesOf(a)
		*p = make([][]byte, n)
		for i := range *p {
			(*p)[i] = data[offsets[i]:offsets[i+1]:offsets[i+1]]
		}
	default:
		loadDecoded(any(&out), a)
	}
	return out
}

func loadStrings[S ~string](a arrow.Array) []S {
	offsets, data := bytesOf(a)
	out := make([]S, a.Len())
	for i := range out {
		out[i] = S(viewString(data[offsets[i]:offsets[i+1]]))
	}
	return out
}

// viewString views bytes that will not change as a string.
func viewString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// output collects a result's values. Exactly one of finish and drop ends it.
type output[R any] struct {
	vals []R
	buf  *memory.Buffer // fixed widths: vals is a view of it
}

func newOutput[R any](c *Context, n int) (o output[R]) {
	var zero R
	switch physOf[R]() {
	case types.PhysBool, types.PhysString, types.PhysBinary:
		o.vals = make([]R, n)
	default:
		o.buf = newBuffer(c, n*int(unsafe.Sizeof(zero)))
		if n > 0 {
			o.vals = unsafe.Slice((*R)(unsafe.Pointer(&o.buf.Bytes()[0])), n)
		}
	}
	return o
}

func (o *output[R]) drop() {
	if o.buf != nil {
		o.buf.Release()
	}
}

// finish makes the array; it takes over m, also when it fails.
func (o *output[R]) finish(c *Context, m nulls) (arrow.Array, error) {
	n := len(o.vals)
	switch v := any(o.vals).(type) {
	case []bool:
		buf := newBuffer(c, int(bitutil.BytesForBits(int64(n))))
		packBools(buf.Bytes(), v)
		return makeArray(arrow.FixedWidthTypes.Boolean, n, m, buf), nil
	case []string:
		return finishBytes(c, v, m, arrow.BinaryTypes.String)
	case []binary:
		return finishBytes(c, v, m, arrow.BinaryTypes.Binary)
	case [][]byte:
		return finishBytes(c, v, m, arrow.BinaryTypes.Binary)
	}
	if o.buf == nil {
		return finishEncoded(c, any(o.vals), m)
	}
	return makeArray(physOf[R]().ArrowType(), n, m, o.buf), nil
}

func packBools(dst []byte, v []bool) {
	clear(dst)
	for i, b := range v {
		if b {
			dst[i>>3] |= 1 << (i & 7)
		}
	}
}

func finishBytes[S ~string | ~[]byte](c *Context, v []S, m nulls, dt arrow.DataType) (arrow.Array, error) {
	n := len(v)
	total := 0
	for i := range v {
		if m.valid(i) {
			total += len(v[i])
		}
	}
	if total > math.MaxInt32 {
		m.release()
		return nil, errBatchTooLarge
	}
	offsets, data := newBuffer(c, 4*(n+1)), newBuffer(c, total)
	off := unsafe.Slice((*int32)(unsafe.Pointer(&offsets.Bytes()[0])), n+1)
	dst := data.Bytes()
	pos := 0
	off[0] = 0
	for i := range v {
		if m.valid(i) {
			pos += copy(dst[pos:], v[i])
		}
		off[i+1] = int32(pos)
	}
	return makeArray(dt, n, m, offsets, data), nil
}

var errBatchTooLarge = pgerror.New(pgerror.ProgramLimitExceeded, "the values of one batch are larger than 2 GB")

// fixedView views bytes as values.
func fixedView[T fixed](b []byte) []T {
	var zero T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(zero)))
}

// fromDatum is load for one value.
func fromDatum[T any](d types.Datum) (v T) {
	switch p := any(&v).(type) {
	case *bool:
		*p = d.I != 0
	case *int16:
		*p = int16(d.I)
	case *int32:
		*p = int32(d.I)
	case *int64:
		*p = d.I
	case *uint32:
		*p = uint32(d.I)
	case *float32:
		*p = d.Float32()
	case *float64:
		*p = d.Float64()
	case *string:
		*p = d.S
	case *binary:
		*p = binary(d.S)
	case *[]byte:
		*p = d.Bytes()
	default:
		decodeDatum(any(&v), d)
	}
	return v
}

// toDatum is finish for one value.
func toDatum[T any](v T) types.Datum {
	switch v := any(v).(type) {
	case bool:
		return types.NewBool(v)
	case int16:
		return types.NewInt2(v)
	case int32:
		return types.NewInt4(v)
	case int64:
		return types.NewInt8(v)
	case uint32:
		return types.NewOid(v)
	case float32:
		return types.NewFloat32(v)
	case float64:
		return types.NewFloat64(v)
	case string:
		return types.NewString(v)
	case binary:
		return types.NewBinary(string(v))
	case []byte:
		return types.NewBinary(viewString(v))
	}
	return encodeDatum(any(v))
}

// eachValid calls fn for the valid rows of [0, n) until it fails.
func eachValid(m *nulls, n int, fn func(i int) error) error {
	if m.bits == nil {
		for i := range n {
			if err := fn(i); err != nil {
				return err
			}
		}
		return nil
	}
	for base := 0; base < n; base += 8 {
		w := m.bits[base>>3]
		if n-base < 8 {
			w &= 1<<(n-base) - 1
		}
		for w != 0 {
			i := base + bits.TrailingZeros8(w)
			w &= w - 1
			if err := fn(i); err != nil {
				return err
			}
		}
	}
	return nil
}

// mask makes i & mask(v) the position of row i in a value that may be constant.
func mask(v Value) int {
	if v.Const {
		return 0
	}
	return math.MaxInt
}
