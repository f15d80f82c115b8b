package block

import (
	"encoding/binary"
	"math"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/tsengine/chunk"
)

const (
	headerVersion = 1
	maxColumns    = 1 << 16
	maxPages      = 1 << 16
)

// header is what is known of a block without its columns.
//
//	version 1 | checksum 4 | block uvarint | extent | pages uvarint | columns uvarint | column*
//	column: id, page, encoding, bytes, nulls (uvarints), flags 1, then by flags min 8, max 8, sum 8
type header struct {
	extent
	number  uint32
	pages   int
	columns []ColumnStats
}

// ColumnStats is what a header says of a column.
type ColumnStats struct {
	ID       uint32
	Encoding chunk.Encoding
	Bytes    int
	Nulls    int
	page     uint32
	// HasRange: Min and Max bound the values: integers as int64, floats by their
	// bits. There is none for NULLs alone, NaN, strings and booleans.
	HasRange bool
	Min, Max uint64
	// HasSum: Sum is the sum of the values, an int64 or the bits of a float64.
	HasSum bool
	Sum    uint64
}

const (
	flagRange = 1
	flagSum   = 2
)

// memory is about how many bytes the header takes, read.
func (h *header) memory() int64 {
	return int64(unsafe.Sizeof(*h)) + int64(len(h.columns))*int64(unsafe.Sizeof(ColumnStats{}))
}

func (h *header) column(id uint32) *ColumnStats {
	for i := range h.columns {
		if h.columns[i].ID == id {
			return &h.columns[i]
		}
	}
	return nil
}

func (h *header) append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, headerVersion, 0, 0, 0, 0)
	dst = binary.AppendUvarint(dst, uint64(h.number))
	dst = h.extent.append(dst)
	dst = binary.AppendUvarint(dst, uint64(h.pages))
	dst = binary.AppendUvarint(dst, uint64(len(h.columns)))
	for i := range h.columns {
		c := &h.columns[i]
		for _, v := range []uint64{uint64(c.ID), uint64(c.page), uint64(c.Encoding), uint64(c.Bytes), uint64(c.Nulls)} {
			dst = binary.AppendUvarint(dst, v)
		}
		flags := byte(0)
		if c.HasRange {
			flags |= flagRange
		}
		if c.HasSum {
			flags |= flagSum
		}
		dst = append(dst, flags)
		if c.HasRange {
			dst = binary.LittleEndian.AppendUint64(dst, c.Min)
			dst = binary.LittleEndian.AppendUint64(dst, c.Max)
		}
		if c.HasSum {
			dst = binary.LittleEndian.AppendUint64(dst, c.Sum)
		}
	}
	return sealed(dst, start)
}

func readHeader(b []byte) (*header, error) {
	in, err := unseal(b, headerVersion)
	if err != nil {
		return nil, err
	}
	h := &header{}
	h.number = uint32(in.count(math.MaxUint32))
	h.extent = in.extent(MaxRows)
	h.pages = in.count(maxPages)
	h.columns = make([]ColumnStats, in.count(min(maxColumns, len(in.b)/6)))
	for i := range h.columns {
		c := &h.columns[i]
		c.ID = uint32(in.count(maxColumns))
		c.page = uint32(in.count(h.pages - 1))
		c.Encoding = chunk.Encoding(in.count(math.MaxUint8))
		c.Bytes = in.count(math.MaxInt32)
		c.Nulls = in.count(h.rows)
		flags := in.byte()
		if c.HasRange = flags&flagRange != 0; c.HasRange {
			c.Min, c.Max = in.word(), in.word()
		}
		if c.HasSum = flags&flagSum != 0; c.HasSum {
			c.Sum = in.word()
		}
	}
	if in.err == nil && len(in.b) > 0 {
		in.fail("%d bytes after the header", len(in.b))
	}
	return h, in.err
}

// statsOf computes a column's statistics.
func statsOf(c *ColumnStats, a arrow.Array) {
	c.Nulls = a.NullN()
	if c.Nulls == a.Len() {
		return
	}
	switch a := a.(type) {
	case *array.Int16:
		integerStats(c, a, a.Int16Values())
	case *array.Int32:
		integerStats(c, a, a.Int32Values())
	case *array.Int64:
		integerStats(c, a, a.Int64Values())
	case *array.Uint32:
		integerStats(c, a, a.Uint32Values())
	case *array.Float32:
		floatStats(c, a, a.Float32Values())
	case *array.Float64:
		floatStats(c, a, a.Float64Values())
	}
}

func integerStats[T int16 | int32 | int64 | uint32](c *ColumnStats, a arrow.Array, values []T) {
	low, high, sum, overflow := int64(math.MaxInt64), int64(math.MinInt64), int64(0), false
	nulls := c.Nulls > 0
	for i, v := range values {
		if nulls && a.IsNull(i) {
			continue
		}
		x := int64(v)
		low, high = min(low, x), max(high, x)
		next := sum + x
		overflow = overflow || (x > 0) != (next > sum) && x != 0
		sum = next
	}
	c.HasRange, c.Min, c.Max = true, uint64(low), uint64(high)
	c.HasSum, c.Sum = !overflow, uint64(sum)
}

func floatStats[T float32 | float64](c *ColumnStats, a arrow.Array, values []T) {
	low, high, sum := math.Inf(1), math.Inf(-1), 0.0
	nulls := c.Nulls > 0
	for i, v := range values {
		if nulls && a.IsNull(i) {
			continue
		}
		x := float64(v)
		if x != x {
			return
		}
		low, high = min(low, x), max(high, x)
		sum += x
	}
	c.HasRange, c.Min, c.Max = true, math.Float64bits(low), math.Float64bits(high)
	c.HasSum, c.Sum = !math.IsInf(sum, 0) && sum == sum, math.Float64bits(sum)
}
