package chunk

import (
	"encoding/binary"
	"math"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// floatFormat is what float32 and float64 differ in. All encodings give back
// the same bits, those of NaN and of negative zero included.
type floatFormat interface {
	// bytes is the size of a value.
	bytes() int
	// bits are those of v, which the format can hold.
	bits(v float64) uint64
}

type float32Bits struct{}

func (float32Bits) bytes() int            { return 4 }
func (float32Bits) bits(v float64) uint64 { return uint64(math.Float32bits(float32(v))) }

type float64Bits struct{}

func (float64Bits) bytes() int            { return 8 }
func (float64Bits) bits(v float64) uint64 { return math.Float64bits(v) }

// floatBits lists the bits of the values that are not NULL. Bits do not
// survive a conversion of a signalling NaN, so they are taken from the array.
func floatBits(a arrow.Array, valid []bool) []uint64 {
	switch a := a.(type) {
	case *array.Float32:
		raw := a.Float32Values()
		return dense(a.Len(), valid, func(i int) uint64 { return uint64(math.Float32bits(raw[i])) })
	case *array.Float64:
		raw := a.Float64Values()
		if valid == nil {
			return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(raw))), len(raw))
		}
		return dense(a.Len(), valid, func(i int) uint64 { return math.Float64bits(raw[i]) })
	}
	panic("chunk: not an array of floats")
}

// encodeFloats picks the smallest of ALP, Gorilla and the raw bits.
func encodeFloats[F floatFormat](f F, values []float64, bits []uint64) (Encoding, []byte) {
	size := len(values) * f.bytes()
	if out, ok := encodeALP(f, values, bits, size); ok {
		return ALP, out
	}
	if out := appendGorilla(nil, bits, f.bytes()*8, size); len(out) < size {
		return Gorilla, out
	}
	out := make([]byte, 0, size)
	for _, b := range bits {
		if f.bytes() == 4 {
			out = binary.LittleEndian.AppendUint32(out, uint32(b))
		} else {
			out = binary.LittleEndian.AppendUint64(out, b)
		}
	}
	return Raw, out
}

// floats fills dst, the bytes of the values in size bytes each (Arrow's own
// form: little endian).
func (d *decoder) floats(dst []byte, size int) {
	switch {
	case d.enc == ALP:
		d.alp(dst, size)
	case d.enc == Raw && d.ranges != nil:
		d.rawRanges(dst, size)
	case d.enc == Raw:
		copy(dst, d.in.bytes(d.values*size))
	case d.enc == Gorilla && d.ranges == nil:
		decodeGorilla(dst, d.values, size, &d.in)
	default:
		d.in.fail("%s of floats", d.enc)
	}
}

// view sees bytes as values of another type; len(b) is a multiple of its size
// and b is aligned, as Arrow's buffers are.
func view[T int16 | int32 | uint32 | int64 | uint64 | float32 | float64](b []byte, n int) []T {
	if n == 0 {
		return nil
	}
	var zero T
	_ = b[n*int(unsafe.Sizeof(zero))-1]
	return unsafe.Slice((*T)(unsafe.Pointer(&b[0])), n)
}
