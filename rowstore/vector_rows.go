package rowstore

import (
	"encoding/binary"
	"math"

	"github.com/apache/arrow-go/v18/arrow/bitutil"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/rowstore/keycodec"
	"github.com/tidemarkdb/tidemark/rowstore/rowcodec"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// appendRows decodes the value at a position of rows that share a shape and
// have no values in overflow keys.
func (v *vector) appendRows(rows []kv.KeyValue, shape *rowcodec.Shape, pos int) error {
	ok := true
	switch v.phys {
	case types.PhysInt64:
		ok = intRows(slice[int64](v, len(rows)), rows, shape, pos)
	case types.PhysInt32:
		ok = intRows(slice[int32](v, len(rows)), rows, shape, pos)
	case types.PhysInt16:
		ok = intRows(slice[int16](v, len(rows)), rows, shape, pos)
	case types.PhysUint32:
		ok = uintRows(slice[uint32](v, len(rows)), rows, shape, pos)
	case types.PhysFloat64:
		ok = floatRows(slice[float64](v, len(rows)), rows, shape, pos)
	case types.PhysFloat32:
		ok = floatRows(slice[float32](v, len(rows)), rows, shape, pos)
	case types.PhysBool:
		ok = v.boolRows(rows, shape, pos)
	case types.PhysString, types.PhysBinary:
		return v.byteRows(rows, shape, pos)
	}
	if !ok {
		return rowcodec.ErrInvalid
	}
	v.advance(len(rows))
	return nil
}

func intRows[T int16 | int32 | int64](out []T, rows []kv.KeyValue, shape *rowcodec.Shape, pos int) bool {
	for i := range rows {
		b, ok := shape.Value(rows[i].Value, pos)
		if !ok {
			return false
		}
		var x int64
		switch len(b) {
		case 1:
			x = int64(int8(b[0]))
		case 2:
			x = int64(int16(binary.LittleEndian.Uint16(b)))
		case 4:
			x = int64(int32(binary.LittleEndian.Uint32(b)))
		case 8:
			x = int64(binary.LittleEndian.Uint64(b))
		default:
			return false
		}
		if out[i] = T(x); int64(out[i]) != x {
			return false
		}
	}
	return true
}

func uintRows(out []uint32, rows []kv.KeyValue, shape *rowcodec.Shape, pos int) bool {
	for i := range rows {
		b, ok := shape.Value(rows[i].Value, pos)
		if !ok {
			return false
		}
		x, ok := rowcodec.Uint(b)
		if !ok || x > math.MaxUint32 {
			return false
		}
		out[i] = uint32(x)
	}
	return true
}

func floatRows[T float32 | float64](out []T, rows []kv.KeyValue, shape *rowcodec.Shape, pos int) bool {
	for i := range rows {
		b, ok := shape.Value(rows[i].Value, pos)
		if !ok || len(b) != 8 {
			return false
		}
		out[i] = T(keycodec.FloatFromBits(binary.BigEndian.Uint64(b)))
	}
	return true
}

func (v *vector) boolRows(rows []kv.KeyValue, shape *rowcodec.Shape, pos int) bool {
	bits := v.fixed.Buf()
	for i := range rows {
		b, ok := shape.Value(rows[i].Value, pos)
		if !ok || len(b) != 1 || b[0] > 1 {
			return false
		}
		bitutil.SetBitTo(bits, v.n+i, b[0] == 1)
	}
	return true
}

func (v *vector) byteRows(rows []kv.KeyValue, shape *rowcodec.Shape, pos int) error {
	ends := v.ends()[v.n+1 : v.n+1+len(rows)]
	data, used := v.data.Bytes(), v.used
	for i := range rows {
		b, ok := shape.Value(rows[i].Value, pos)
		if !ok {
			return rowcodec.ErrInvalid
		}
		b, length, err := rowcodec.Bytes(b)
		if err != nil || length >= 0 { // a marker in a row that says it has none
			return rowcodec.ErrInvalid
		}
		if used+len(b) > len(data) {
			v.used = used
			v.grow(len(b))
			data = v.data.Bytes()
		}
		used += copy(data[used:], b)
		ends[i] = int32(used)
	}
	v.used = used
	v.advance(len(rows))
	return nil
}

// appendIntHandles decodes integer handles, which start at an offset of the keys.
func (v *vector) appendIntHandles(rows []kv.KeyValue, offset int) error {
	ok := false
	switch v.phys {
	case types.PhysInt64:
		ok = handleRows(slice[int64](v, len(rows)), rows, offset)
	case types.PhysInt32:
		ok = handleRows(slice[int32](v, len(rows)), rows, offset)
	case types.PhysInt16:
		ok = handleRows(slice[int16](v, len(rows)), rows, offset)
	}
	if !ok {
		return errInvalidHandle
	}
	v.advance(len(rows))
	return nil
}

func handleRows[T int16 | int32 | int64](out []T, rows []kv.KeyValue, offset int) bool {
	for i := range rows {
		key := rows[i].Key
		if len(key) != offset+8 {
			return false
		}
		x := int64(binary.BigEndian.Uint64(key[offset:]) ^ 1<<63)
		if out[i] = T(x); int64(out[i]) != x {
			return false
		}
	}
	return true
}

// appendHandles copies handles, which start at an offset of the keys.
func (v *vector) appendHandles(rows []kv.KeyValue, offset int) error {
	for i := range rows {
		if len(rows[i].Key) <= offset {
			return errInvalidHandle
		}
		v.appendBytes(rows[i].Key[offset:])
	}
	return nil
}
