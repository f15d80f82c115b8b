package types

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// ColumnReader reads the values of one array as datums: what DatumAt does, for
// loops over many rows, without a look at the array's type for each.
type ColumnReader struct {
	phys    Phys
	valid   []byte // bitmap, nil without NULLs
	first   int    // the array's offset into valid and into bits
	values  unsafe.Pointer
	bits    []byte
	offsets []int32
	data    []byte
	codes   []int32 // of a coded column, whose words offsets and data are; else nil
}

// Reset starts with another array, which must live as long as its values are used.
func (r *ColumnReader) Reset(a arrow.Array) error {
	*r = ColumnReader{first: a.Data().Offset()}
	if a.NullN() > 0 {
		r.valid = a.NullBitmapBytes()
	}
	if IsCoded(a) {
		r.codes, a = Codes(a), Words(a)
	}
	switch a := a.(type) {
	case *array.Boolean:
		r.phys = PhysBool
		if a.Len() > 0 {
			r.bits = a.Data().Buffers()[1].Bytes()
		}
	case *array.Int16:
		r.phys, r.values = PhysInt16, firstOf(a.Int16Values())
	case *array.Int32:
		r.phys, r.values = PhysInt32, firstOf(a.Int32Values())
	case *array.Int64:
		r.phys, r.values = PhysInt64, firstOf(a.Int64Values())
	case *array.Uint32:
		r.phys, r.values = PhysUint32, firstOf(a.Uint32Values())
	case *array.Float32:
		r.phys, r.values = PhysFloat32, firstOf(a.Float32Values())
	case *array.Float64:
		r.phys, r.values = PhysFloat64, firstOf(a.Float64Values())
	case *array.String:
		r.phys, r.offsets = PhysString, a.ValueOffsets()
	case *array.Binary:
		r.phys, r.offsets = PhysBinary, a.ValueOffsets()
	case *array.Null:
		r.phys, r.valid = PhysNull, nil
	default:
		return fmt.Errorf("types: no values in %s", a.DataType())
	}
	if r.offsets != nil && a.Len() > 0 {
		if buf := a.Data().Buffers()[2]; buf != nil {
			r.data = buf.Bytes()
		}
	}
	return nil
}

func firstOf[T any](s []T) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(s)) }

func valueAt[T any](p unsafe.Pointer, i int) T {
	return *(*T)(unsafe.Add(p, uintptr(i)*unsafe.Sizeof(*new(T))))
}

func bitAt(bits []byte, i int) bool { return bits[i>>3]&(1<<(i&7)) != 0 }

// Read stores the i-th value; strings alias the array.
func (r *ColumnReader) Read(i int, d *Datum) {
	if r.valid != nil && !bitAt(r.valid, r.first+i) {
		*d = Datum{}
		return
	}
	d.P = r.phys
	switch r.phys {
	case PhysNull:
		*d = Datum{}
	case PhysBool:
		d.I = 0
		if bitAt(r.bits, r.first+i) {
			d.I = 1
		}
	case PhysInt16:
		d.I = int64(valueAt[int16](r.values, i))
	case PhysInt32:
		d.I = int64(valueAt[int32](r.values, i))
	case PhysInt64:
		d.I = valueAt[int64](r.values, i)
	case PhysUint32:
		d.I = int64(valueAt[uint32](r.values, i))
	case PhysFloat32:
		d.I = int64(math.Float32bits(valueAt[float32](r.values, i)))
	case PhysFloat64:
		d.I = int64(math.Float64bits(valueAt[float64](r.values, i)))
	default:
		if r.codes != nil {
			i = int(r.codes[i])
		}
		v := r.data[r.offsets[i]:r.offsets[i+1]]
		d.S = unsafe.String(unsafe.SliceData(v), len(v))
	}
}
