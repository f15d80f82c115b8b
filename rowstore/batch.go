package rowstore

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// BatchReader turns the rows of Arrow batches into datums by ordinal, the form
// that Writer takes, without allocating: one typed reader a column.
type BatchReader struct {
	ordinals []int
	columns  []columnReader
	row      []types.Datum
}

// NewBatchReader makes a reader for a table of width columns (dropped ones
// included); column i of the batches is the value of ordinal target[i], all
// other values are NULL.
func NewBatchReader(width int, target []int) *BatchReader {
	return &BatchReader{
		ordinals: target,
		columns:  make([]columnReader, len(target)),
		row:      make([]types.Datum, width),
	}
}

// Reset starts with another batch, which must live as long as its rows are read.
func (b *BatchReader) Reset(batch arrow.RecordBatch) error {
	for i := range b.columns {
		if err := b.columns[i].reset(batch.Column(i)); err != nil {
			return err
		}
	}
	return nil
}

// Row returns the i-th row; it is valid until the next call, its strings alias
// the batch.
func (b *BatchReader) Row(i int) []types.Datum {
	for c, o := range b.ordinals {
		b.columns[c].read(i, &b.row[o])
	}
	return b.row
}

// columnReader reads values of one array.
type columnReader struct {
	phys    types.Phys
	array   arrow.Array
	nulls   bool
	values  unsafe.Pointer // fixed width
	offsets []int32
	data    []byte
}

func (r *columnReader) reset(a arrow.Array) error {
	*r = columnReader{array: a, nulls: a.NullN() > 0}
	switch a := a.(type) {
	case *array.Boolean:
		r.phys = types.PhysBool
	case *array.Int16:
		r.phys, r.values = types.PhysInt16, pointer(a.Int16Values())
	case *array.Int32:
		r.phys, r.values = types.PhysInt32, pointer(a.Int32Values())
	case *array.Int64:
		r.phys, r.values = types.PhysInt64, pointer(a.Int64Values())
	case *array.Uint32:
		r.phys, r.values = types.PhysUint32, pointer(a.Uint32Values())
	case *array.Float32:
		r.phys, r.values = types.PhysFloat32, pointer(a.Float32Values())
	case *array.Float64:
		r.phys, r.values = types.PhysFloat64, pointer(a.Float64Values())
	case *array.String:
		r.phys, r.offsets = types.PhysString, a.ValueOffsets()
	case *array.Binary:
		r.phys, r.offsets = types.PhysBinary, a.ValueOffsets()
	case *array.Null:
		r.nulls = true
	default:
		return fmt.Errorf("rowstore: no rows from %s", a.DataType())
	}
	if r.offsets != nil && a.Len() > 0 {
		if buf := a.Data().Buffers()[2]; buf != nil {
			r.data = buf.Bytes()
		}
	}
	return nil
}

func pointer[T any](s []T) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(s)) }

func at[T any](p unsafe.Pointer, i int) T {
	return *(*T)(unsafe.Add(p, uintptr(i)*unsafe.Sizeof(*new(T))))
}

func (r *columnReader) read(i int, d *types.Datum) {
	if r.nulls && r.array.IsNull(i) {
		*d = types.Datum{}
		return
	}
	d.P = r.phys
	switch r.phys {
	case types.PhysNull:
		*d = types.Datum{}
	case types.PhysBool:
		d.I = 0
		if r.array.(*array.Boolean).Value(i) {
			d.I = 1
		}
	case types.PhysInt16:
		d.I = int64(at[int16](r.values, i))
	case types.PhysInt32:
		d.I = int64(at[int32](r.values, i))
	case types.PhysInt64:
		d.I = at[int64](r.values, i)
	case types.PhysUint32:
		d.I = int64(at[uint32](r.values, i))
	case types.PhysFloat32:
		d.I = int64(math.Float32bits(at[float32](r.values, i)))
	case types.PhysFloat64:
		d.I = int64(math.Float64bits(at[float64](r.values, i)))
	default:
		v := r.data[r.offsets[i]:r.offsets[i+1]]
		d.S = unsafe.String(unsafe.SliceData(v), len(v))
	}
}
