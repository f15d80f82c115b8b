package types

import (
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// ArrowType returns the Arrow type that holds a column of t.
func ArrowType(t Type) arrow.DataType { return t.Phys().ArrowType() }

// ArrowType returns the Arrow type of a physical form.
func (p Phys) ArrowType() arrow.DataType {
	switch p {
	case PhysBool:
		return arrow.FixedWidthTypes.Boolean
	case PhysInt16:
		return arrow.PrimitiveTypes.Int16
	case PhysInt32:
		return arrow.PrimitiveTypes.Int32
	case PhysInt64:
		return arrow.PrimitiveTypes.Int64
	case PhysUint32:
		return arrow.PrimitiveTypes.Uint32
	case PhysFloat32:
		return arrow.PrimitiveTypes.Float32
	case PhysFloat64:
		return arrow.PrimitiveTypes.Float64
	case PhysString:
		return arrow.BinaryTypes.String
	case PhysBinary:
		return arrow.BinaryTypes.Binary
	}
	return arrow.Null
}

// NewBuilder makes a builder for a column of t.
func NewBuilder(mem memory.Allocator, t Type) array.Builder { return t.Phys().NewBuilder(mem) }

// NewBuilder makes a builder for values of a physical form.
func (p Phys) NewBuilder(mem memory.Allocator) array.Builder {
	return array.NewBuilder(mem, p.ArrowType())
}

// AppendDatum appends a value to a builder made by NewBuilder. The builder
// copies what d aliases.
func AppendDatum(b array.Builder, d Datum) {
	if d.P == PhysNull {
		b.AppendNull()
		return
	}
	switch b := b.(type) {
	case *array.BooleanBuilder:
		b.Append(d.I != 0)
	case *array.Int16Builder:
		b.Append(int16(d.I))
	case *array.Int32Builder:
		b.Append(int32(d.I))
	case *array.Int64Builder:
		b.Append(d.I)
	case *array.Uint32Builder:
		b.Append(uint32(d.I))
	case *array.Float32Builder:
		b.Append(math.Float32frombits(uint32(d.I)))
	case *array.Float64Builder:
		b.Append(math.Float64frombits(uint64(d.I)))
	case *array.StringBuilder:
		b.BinaryBuilder.Append(stringBytes(d.S))
	case *array.BinaryBuilder:
		b.Append(stringBytes(d.S))
	case *array.NullBuilder:
		b.AppendNull()
	default:
		panic(fmt.Sprintf("types: no builder for %T", b))
	}
}

// DatumAt returns the value at index i of a column. S aliases the array's
// buffers, so it lives as long as the array does.
func DatumAt(a arrow.Array, i int) Datum {
	if a.IsNull(i) {
		return Datum{}
	}
	switch a := a.(type) {
	case *array.Boolean:
		return NewBool(a.Value(i))
	case *array.Int16:
		return Datum{P: PhysInt16, I: int64(a.Value(i))}
	case *array.Int32:
		return Datum{P: PhysInt32, I: int64(a.Value(i))}
	case *array.Int64:
		return Datum{P: PhysInt64, I: a.Value(i)}
	case *array.Uint32:
		return Datum{P: PhysUint32, I: int64(a.Value(i))}
	case *array.Float32:
		return NewFloat32(a.Value(i))
	case *array.Float64:
		return NewFloat64(a.Value(i))
	case *array.String:
		return Datum{P: PhysString, S: a.Value(i)}
	case *array.Binary:
		return Datum{P: PhysBinary, S: bytesString(a.Value(i))}
	case *array.Null:
		return Datum{}
	case *array.Dictionary:
		return DatumAt(a.Dictionary(), a.GetValueIndex(i))
	}
	panic(fmt.Sprintf("types: no value in %T", a))
}
