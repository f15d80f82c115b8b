package executor

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// take makes the array of the given rows of a; index -1 gives NULL.
func take(alloc memory.Allocator, a arrow.Array, idx []int32) (arrow.Array, error) {
	return takeArray(alloc, a, idx, hasMissing(idx))
}

// hasMissing reports whether one of the rows is -1.
func hasMissing(idx []int32) bool {
	var all int32
	for _, r := range idx {
		all |= r
	}
	return all < 0
}

// takeArray is take, where missing says whether one of the rows is -1.
func takeArray(alloc memory.Allocator, a arrow.Array, idx []int32, missing bool) (arrow.Array, error) {
	dt := a.DataType()
	if n := a.NullN(); n > 0 && n == a.Len() && dt.ID() != arrow.DICTIONARY {
		return nullColumn(dt, len(idx)), nil
	}
	switch dt.ID() {
	case arrow.BOOL:
		return takeBools(alloc, a.(*array.Boolean), idx, missing), nil
	case arrow.INT16:
		return takeFixed[int16](alloc, a, idx, missing), nil
	case arrow.INT32:
		return takeFixed[int32](alloc, a, idx, missing), nil
	case arrow.INT64:
		return takeFixed[int64](alloc, a, idx, missing), nil
	case arrow.UINT32:
		return takeFixed[uint32](alloc, a, idx, missing), nil
	case arrow.FLOAT32:
		return takeFixed[float32](alloc, a, idx, missing), nil
	case arrow.FLOAT64:
		return takeFixed[float64](alloc, a, idx, missing), nil
	case arrow.STRING, arrow.BINARY:
		return takeBytes(alloc, a, idx, missing)
	case arrow.NULL:
		return array.NewNull(len(idx)), nil
	case arrow.DICTIONARY:
		return types.TakeCoded(alloc, a, idx), nil
	}
	panic(fmt.Sprintf("executor: no take for %s", dt))
}

// takeBatch makes the batch of the given rows of b, which stays the caller's.
func takeBatch(alloc memory.Allocator, b arrow.RecordBatch, idx []int32) (arrow.RecordBatch, error) {
	cols, err := takeColumns(alloc, b.Columns(), idx)
	if err != nil {
		return nil, err
	}
	return newBatch(b.Schema(), cols, len(idx)), nil
}

// takeColumns is take of columns of one length. All of their rows in order are not copied.
func takeColumns(alloc memory.Allocator, cols []arrow.Array, idx []int32) ([]arrow.Array, error) {
	return takeRows(alloc, cols, idx, hasMissing(idx))
}

// takeRows is takeColumns, where missing says whether one of the rows is -1.
func takeRows(alloc memory.Allocator, cols []arrow.Array, idx []int32, missing bool) ([]arrow.Array, error) {
	out := make([]arrow.Array, len(cols))
	if len(cols) > 0 && cols[0].Len() == len(idx) && inOrder(idx) {
		for i, c := range cols {
			c.Retain()
			out[i] = c
		}
		return out, nil
	}
	for i, c := range cols {
		a, err := takeArray(alloc, c, idx, missing)
		if err != nil {
			releaseAll(out)
			return nil, err
		}
		out[i] = a
	}
	return out, nil
}

// inOrder reports whether idx is 0, 1, 2 and so on.
func inOrder(idx []int32) bool {
	for i, r := range idx {
		if int(r) != i {
			return false
		}
	}
	return true
}

func takeNulls(alloc memory.Allocator, a arrow.Array, idx []int32, missing bool) (m bitmap) {
	if a.NullN() == 0 {
		if !missing {
			return m
		}
		for i, r := range idx {
			if r < 0 {
				m.setNull(alloc, len(idx), i)
			}
		}
		return m
	}
	for i, r := range idx {
		if r < 0 || a.IsNull(int(r)) {
			m.setNull(alloc, len(idx), i)
		}
	}
	return m
}

func takeFixed[T fixedWidth](alloc memory.Allocator, a arrow.Array, idx []int32, missing bool) arrow.Array {
	var zero T
	buf := newBuffer(alloc, len(idx)*int(unsafe.Sizeof(zero)))
	if len(idx) > 0 {
		out := unsafe.Slice((*T)(unsafe.Pointer(&buf.Bytes()[0])), len(idx))
		src := fixedValues[T](a)
		if missing {
			for i, r := range idx {
				if r >= 0 {
					out[i] = src[r]
				} else {
					out[i] = 0
				}
			}
		} else {
			for i, r := range idx {
				out[i] = src[r]
			}
		}
	}
	return makeArray(a.DataType(), len(idx), takeNulls(alloc, a, idx, missing), buf)
}

func takeBools(alloc memory.Allocator, a *array.Boolean, idx []int32, missing bool) arrow.Array {
	buf := newBuffer(alloc, int(bitutil.BytesForBits(int64(len(idx)))))
	out := buf.Bytes()
	clear(out)
	for i, r := range idx {
		if r >= 0 && a.Value(int(r)) {
			out[i>>3] |= 1 << (i & 7)
		}
	}
	return makeArray(arrow.FixedWidthTypes.Boolean, len(idx), takeNulls(alloc, a, idx, missing), buf)
}

func takeBytes(alloc memory.Allocator, a arrow.Array, idx []int32, missing bool) (arrow.Array, error) {
	src, data := byteValues(a)
	total := 0
	for _, r := range idx {
		if r >= 0 {
			total += int(src[r+1] - src[r])
		}
	}
	if total > math.MaxInt32 {
		return nil, errBatchTooLarge()
	}
	offBuf, buf := newBuffer(alloc, 4*(len(idx)+1)), newBuffer(alloc, total+len(shortCopy{}))
	offsets := unsafe.Slice((*int32)(unsafe.Pointer(&offBuf.Bytes()[0])), len(idx)+1)
	dst, pos := buf.Bytes(), 0
	offsets[0] = 0
	for i, r := range idx {
		if r >= 0 {
			pos += copyShort(dst, pos, data, int(src[r]), int(src[r+1]))
		}
		offsets[i+1] = int32(pos)
	}
	buf.ResizeNoShrink(total)
	return makeArray(a.DataType(), len(idx), takeNulls(alloc, a, idx, missing), offBuf, buf), nil
}
