package functions

import (
	stdbinary "encoding/binary"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// DatumArray makes an array of one value. Every constant of a statement becomes one,
// so a value that is not NULL gets just the buffers it needs; builders make room for
// more rows and for NULLs.
func DatumArray(c *Context, p types.Phys, d types.Datum) arrow.Array {
	switch {
	case p == types.PhysNull:
		return array.NewNull(1)
	case d.IsNull():
		return NullArray(c, p, 1)
	case p == types.PhysString || p == types.PhysBinary:
		offsets := newBuffer(c, 8)
		stdbinary.LittleEndian.PutUint32(offsets.Bytes(), 0)
		stdbinary.LittleEndian.PutUint32(offsets.Bytes()[4:], uint32(len(d.S)))
		data := newBuffer(c, len(d.S))
		copy(data.Bytes(), d.S)
		return makeArray(p.ArrowType(), 1, nulls{}, offsets, data)
	}
	// Numbers and booleans lie in the low bytes of I as they do in an array.
	value := memory.NewResizableBuffer(c.Alloc)
	value.Resize(8)
	stdbinary.LittleEndian.PutUint64(value.Bytes(), uint64(d.I))
	return makeArray(p.ArrowType(), 1, nulls{}, value)
}
