package block

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/types"
	"github.com/tidemarkdb/tidemark/tsengine/chunk"
)

// Op is what a row does. The numbers are stored.
type Op = byte

// The operations.
const (
	OpInsert Op = 0 // a new row
	OpPut    Op = 1 // a new version of the row with this sub
	OpDelete Op = 2 // the row with this sub is gone; its columns mean nothing
)

// MaxRows is how many rows a delta or a block has at most.
const MaxRows = 1 << 16

// Column describes a stored column. The column of positions is none.
type Column struct {
	ID   uint32
	Type arrow.DataType
	// Missing is the value of rows stored before the column was added.
	Missing types.Datum
}

// Rows are rows sorted by group and position, those of a point in the order in
// which they were written.
type Rows struct {
	Groups    []uint64
	Positions []int64
	Subs      []uint64 // nil: as the write order says (delta), 0 (block)
	Ops       []Op     // nil: all OpInsert
	IDs       []uint32 // of Columns
	Columns   []arrow.Array
}

// Len is the number of rows.
func (r *Rows) Len() int { return len(r.Groups) }

// The entries of a container besides columns, which have their id and firstColumn.
const (
	entryMeta      = 0
	entryGroups    = 1
	entryPositions = 2
	entrySubs      = 3
	entryOps       = 4
	firstColumn    = 16
)

// extent is what a delta, run or block says of its rows.
type extent struct {
	rows               int
	minGroup, maxGroup uint64
	minPos, maxPos     int64
	ops                bool // some are not OpInsert
}

func extentOf(groups []uint64, positions []int64, ops []Op) extent {
	e := extent{rows: len(groups), minGroup: groups[0], maxGroup: groups[len(groups)-1], minPos: positions[0], maxPos: positions[0]}
	for _, p := range positions {
		e.minPos, e.maxPos = min(e.minPos, p), max(e.maxPos, p)
	}
	for _, o := range ops {
		e.ops = e.ops || o != OpInsert
	}
	return e
}

func (e *extent) add(o extent) {
	if e.rows == 0 {
		*e = o
		return
	}
	e.rows += o.rows
	e.minGroup, e.maxGroup = min(e.minGroup, o.minGroup), max(e.maxGroup, o.maxGroup)
	e.minPos, e.maxPos = min(e.minPos, o.minPos), max(e.maxPos, o.maxPos)
	e.ops = e.ops || o.ops
}

func (e *extent) append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(e.rows))
	dst = binary.LittleEndian.AppendUint64(dst, e.minGroup)
	dst = binary.LittleEndian.AppendUint64(dst, e.maxGroup)
	dst = binary.AppendVarint(dst, e.minPos)
	dst = binary.AppendVarint(dst, e.maxPos)
	if e.ops {
		return append(dst, 1)
	}
	return append(dst, 0)
}

func (r *reader) extent(limit int) (e extent) {
	e.rows = r.count(limit)
	e.minGroup, e.maxGroup = r.word(), r.word()
	e.minPos, e.maxPos = r.varint(), r.varint()
	e.ops = r.byte() != 0
	if r.err == nil && (e.rows == 0 || e.minGroup > e.maxGroup || e.minPos > e.maxPos) {
		r.fail("an extent without rows")
	}
	return e
}

// AppendDelta encodes rows, at least one and at most MaxRows, as a delta.
func AppendDelta(dst []byte, r *Rows) ([]byte, error) {
	var c container
	c.addDelta(r.Groups, r.Positions, r.Subs, r.Ops)
	for i, id := range r.IDs {
		b, err := chunk.Append(nil, r.Columns[i], chunk.Options{})
		if err != nil {
			return nil, err
		}
		c.add(id+firstColumn, b)
	}
	return c.append(dst), nil
}

// addDelta adds what a delta has besides columns.
func (c *container) addDelta(groups []uint64, positions []int64, subs []uint64, ops []Op) {
	e := extentOf(groups, positions, ops)
	c.add(entryMeta, e.append(nil))
	c.addRows(groups, positions, subs, ops)
}

// addRows adds what rows have besides columns.
func (c *container) addRows(groups []uint64, positions []int64, subs []uint64, ops []Op) {
	add := func(id uint32, values []int64) { c.add(id, chunk.AppendInts(nil, values)) }
	add(entryGroups, asInt64s(groups))
	add(entryPositions, stepsOf(groups, positions))
	if subs != nil {
		add(entrySubs, asInt64s(subs))
	}
	for _, o := range ops {
		if o != OpInsert {
			wide := make([]int64, len(ops))
			for i := range ops {
				wide[i] = int64(ops[i])
			}
			add(entryOps, wide)
			return
		}
	}
}

// int64Array views values as an array.
func int64Array(v []int64) arrow.Array {
	var b []byte
	if len(v) > 0 {
		b = unsafe.Slice((*byte)(unsafe.Pointer(&v[0])), 8*len(v))
	}
	d := array.NewData(arrow.PrimitiveTypes.Int64, len(v), []*memory.Buffer{nil, memory.NewBufferBytes(b)}, nil, 0, 0)
	defer d.Release()
	return array.NewInt64Data(d)
}

func asInt64s(v []uint64) []int64 {
	return unsafe.Slice((*int64)(unsafe.Pointer(unsafe.SliceData(v))), len(v))
}

func asUint64s(v []int64) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(v))), len(v))
}

// goAlloc is for numbers that operators never see: the garbage collector has them.
var goAlloc = memory.NewGoAllocator()

// decodeNumbers decodes the integers of an entry.
func decodeNumbers(b []byte, rows int) ([]int64, error) {
	a, err := chunk.Decode(goAlloc, arrow.PrimitiveTypes.Int64, b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if a.Len() != rows || a.NullN() > 0 {
		return nil, corrupt("%d numbers for %d rows", a.Len(), rows)
	}
	return a.(*array.Int64).Int64Values(), nil
}
