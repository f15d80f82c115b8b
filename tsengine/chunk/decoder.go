package chunk

import (
	"math/bits"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// decoder makes one array. Values are decoded densely into the front of the
// final buffer and then spread over the rows that are not NULL.
type decoder struct {
	alloc  memory.Allocator
	dt     arrow.DataType
	enc    Encoding
	rows   int
	values int // rows that are not NULL
	valid  *memory.Buffer
	in     input
	ranges []Range // if not nil, those of of rows that are wanted
	of     int
}

// readValidity decodes which rows have values.
func (d *decoder) readValidity(src []byte) error {
	in := input{b: src}
	d.valid = d.buffer((d.rows + 7) / 8)
	b := d.valid.Bytes()
	clear(b)
	decodeBits(b, d.rows, Encoding(in.byte()), &in)
	if in.err == nil && len(in.b) > 0 {
		in.fail("%d bytes after the validity", len(in.b))
	}
	if in.err != nil {
		d.valid.Release()
		return in.err
	}
	d.values = 0
	for _, c := range b {
		d.values += bits.OnesCount8(c)
	}
	return nil
}

func (d *decoder) buffer(size int) *memory.Buffer {
	b := memory.NewResizableBuffer(d.alloc)
	b.Resize(size)
	return b
}

func (d *decoder) decode() (arrow.Array, error) {
	switch d.dt.ID() {
	case arrow.BOOL:
		return d.bools()
	case arrow.INT16:
		return fixed(d, narrow[int16](d))
	case arrow.INT32:
		return fixed(d, narrow[int32](d))
	case arrow.UINT32:
		return fixed(d, narrow[uint32](d))
	case arrow.INT64:
		return fixed(d, func(b []byte) []int64 {
			out := view[int64](b, d.rows)
			d.ints(out[:d.values], d.enc)
			return out
		})
	case arrow.FLOAT32:
		return fixed(d, func(b []byte) []float32 {
			d.floats(b, 4)
			return view[float32](b, d.rows)
		})
	case arrow.FLOAT64:
		return fixed(d, func(b []byte) []float64 {
			d.floats(b, 8)
			return view[float64](b, d.rows)
		})
	case arrow.STRING, arrow.BINARY:
		return d.strings()
	}
	return nil, corrupt("no decoding into a column of %s", d.dt)
}

type number interface {
	int16 | int32 | uint32 | int64 | float32 | float64
}

// fixed makes an array of a fixed-width type; fill decodes into the front of
// the buffer and gives it back as values.
func fixed[T number](d *decoder, fill func([]byte) []T) (arrow.Array, error) {
	buf := d.buffer(d.rows * d.dt.(arrow.FixedWidthDataType).Bytes())
	defer buf.Release()
	out := fill(buf.Bytes())
	if d.in.err != nil {
		return nil, d.in.err
	}
	if d.values < d.rows {
		spread(out, d.valid.Bytes(), d.values)
	}
	return d.array(buf), nil
}

// spread moves n values from the front to the rows whose bit is set, the last
// one first; the others become zero.
func spread[T any](out []T, valid []byte, n int) {
	var zero T
	for i := len(out) - 1; i >= 0; i-- {
		if valid[i>>3]>>(i&7)&1 == 1 {
			n--
			out[i] = out[n]
		} else {
			out[i] = zero
		}
	}
}

var scratch = sync.Pool{New: func() any { return new([]int64) }}

// narrow decodes integers and makes them smaller ones; a value that does not
// fit is a failure.
func narrow[T int16 | int32 | uint32](d *decoder) func([]byte) []T {
	return func(b []byte) []T {
		out := view[T](b, d.rows)
		s := scratch.Get().(*[]int64)
		defer scratch.Put(s)
		if cap(*s) < d.values {
			*s = make([]int64, d.values)
		}
		wide := (*s)[:d.values]
		d.ints(wide, d.enc)
		differ := int64(0)
		for i, v := range wide {
			out[i] = T(v)
			differ |= v ^ int64(T(v))
		}
		if differ != 0 && d.in.err == nil {
			d.in.fail("an integer that does not fit")
		}
		return out
	}
}

func (d *decoder) bools() (arrow.Array, error) {
	buf := d.buffer((d.rows + 7) / 8)
	defer buf.Release()
	b := buf.Bytes()
	clear(b)
	if d.values == d.rows {
		decodeBits(b, d.rows, d.enc, &d.in)
	} else {
		packed := make([]byte, (d.values+7)/8)
		decodeBits(packed, d.values, d.enc, &d.in)
		valid, k := d.valid.Bytes(), 0
		for i := range d.rows {
			if valid[i>>3]>>(i&7)&1 == 1 {
				b[i>>3] |= packed[k>>3] >> (k & 7) & 1 << (i & 7)
				k++
			}
		}
	}
	if d.in.err != nil {
		return nil, d.in.err
	}
	return d.array(buf), nil
}

func (d *decoder) strings() (arrow.Array, error) {
	offsets := d.buffer((d.rows + 1) * 4)
	defer offsets.Release()
	data := d.buffer(0)
	defer data.Release()
	sink := stringSink{offsets: view[int32](offsets.Bytes(), d.rows+1), alloc: func(size int) []byte {
		data.Resize(size)
		return data.Bytes()
	}}
	sink.offsets[0] = 0
	decodeStrings(d.values, d.enc, &d.in, &sink)
	if d.in.err != nil {
		return nil, d.in.err
	}
	if d.values < d.rows {
		// A NULL is as long as nothing: it ends where the value before it does.
		ends, valid, n := sink.offsets[1:], d.valid.Bytes(), d.values
		for i := len(ends) - 1; i >= 0; i-- {
			ends[i] = sink.offsets[n]
			if valid[i>>3]>>(i&7)&1 == 1 {
				n--
			}
		}
	}
	return d.array(offsets, data), nil
}

// array makes the array; it keeps references of its own.
func (d *decoder) array(bufs ...*memory.Buffer) arrow.Array {
	data := array.NewData(d.dt, d.rows, append([]*memory.Buffer{d.valid}, bufs...), nil, d.rows-d.values, 0)
	defer data.Release()
	return array.MakeFromData(data)
}
