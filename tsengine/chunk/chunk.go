package chunk

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// MaxRows is how many values a chunk has at most.
const MaxRows = 1 << 20

// ErrCorrupt is what every error of reading a chunk wraps.
var ErrCorrupt = errors.New("chunk is corrupt")

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrCorrupt}, args...)...)
}

// Encoding is how the values of a chunk are written. The numbers are stored.
type Encoding uint8

// The encodings.
const (
	Constant        Encoding = 1  // integers: one value
	Frame           Encoding = 2  // integers: frame of reference, bit-packed
	Delta           Encoding = 3  // integers: differences, bit-packed; inside of runs, and before DeltaFrames
	DeltaOfDelta    Encoding = 4  // integers: differences of differences, bit-packed
	RunLength       Encoding = 5  // integers: values and how often each comes
	ALP             Encoding = 6  // floats: decimals as integers, with exceptions
	Gorilla         Encoding = 7  // floats: XOR with the value before
	Raw             Encoding = 8  // floats: their bits
	Dictionary      Encoding = 9  // strings: distinct values and integers
	Prefix          Encoding = 10 // strings: length shared with the value before, and the rest
	Plain           Encoding = 11 // strings: lengths, and the bytes
	Bitmap          Encoding = 12 // booleans: a bit each
	RunLengthBits   Encoding = 13 // booleans: how often each comes, in turns
	AllNull         Encoding = 14 // no values at all
	DeltaFrames     Encoding = 15 // integers: differences, bit-packed; frames begin anew
	firstEncoding            = Constant
	lastEncoding             = DeltaFrames
	formatVersion            = 1
	flagNulls                = 0x80 // of the compression byte: a validity sequence follows
	headerMinBytes           = 4
	sampleRows               = 256
	smallestStaged           = 64 // bytes below which a second stage is not tried
	stageMustSavePc          = 10
)

var encodingNames = [...]string{
	Constant: "constant", Frame: "frame of reference", Delta: "delta", DeltaOfDelta: "delta of delta", RunLength: "run length",
	ALP: "alp", Gorilla: "gorilla", Raw: "raw", Dictionary: "dictionary", Prefix: "prefix", Plain: "plain",
	Bitmap: "bitmap", RunLengthBits: "run length bits", AllNull: "null", DeltaFrames: "delta frames",
}

// String names the encoding as tidemark.blocks shows it.
func (e Encoding) String() string {
	if e < firstEncoding || e > lastEncoding {
		return fmt.Sprintf("encoding %d", uint8(e))
	}
	return encodingNames[e]
}

// Options say how to encode.
type Options struct {
	// Compression is the second stage; it is left out where it saves little.
	Compression Compression
}

// Info describes a chunk.
type Info struct {
	Encoding    Encoding
	Compression Compression
	Rows        int
	HasNulls    bool
}

// Append encodes a and appends the chunk to dst. It fails for types that have
// no encoding and for more than MaxRows values.
func Append(dst []byte, a arrow.Array, o Options) ([]byte, error) {
	n := a.Len()
	if n > MaxRows {
		return dst, fmt.Errorf("a chunk of %d values, at most %d are possible", n, MaxRows)
	}
	valid := validity(a)
	enc, payload, err := encode(a, valid)
	if err != nil {
		return dst, err
	}
	comp, payload := stage(o.Compression, enc, payload)
	return appendChunk(dst, enc, comp, n, valid, payload), nil
}

// appendChunk writes the header and the payload.
func appendChunk(dst []byte, enc Encoding, comp Compression, n int, valid []bool, payload []byte) []byte {
	flags := byte(comp)
	if valid != nil && enc != AllNull {
		flags |= flagNulls
	}
	dst = append(dst, formatVersion, byte(enc), flags)
	dst = binary.AppendUvarint(dst, uint64(n))
	if flags&flagNulls != 0 {
		bits := appendBits(nil, valid)
		dst = binary.AppendUvarint(dst, uint64(len(bits)))
		dst = append(dst, bits...)
	}
	return append(dst, payload...)
}

// encode writes the values of a that are not NULL.
func encode(a arrow.Array, valid []bool) (Encoding, []byte, error) {
	if valid != nil && a.NullN() == a.Len() {
		return AllNull, nil, nil
	}
	switch a := a.(type) {
	case *array.Boolean:
		enc, out := encodeBools(dense(a.Len(), valid, a.Value))
		return enc, out, nil
	case *array.Int16:
		enc, out := encodeInts(dense(a.Len(), valid, func(i int) int64 { return int64(a.Value(i)) }))
		return enc, out, nil
	case *array.Int32:
		enc, out := encodeInts(dense(a.Len(), valid, func(i int) int64 { return int64(a.Value(i)) }))
		return enc, out, nil
	case *array.Uint32:
		enc, out := encodeInts(dense(a.Len(), valid, func(i int) int64 { return int64(a.Value(i)) }))
		return enc, out, nil
	case *array.Int64:
		values := a.Int64Values()
		if valid != nil {
			values = dense(a.Len(), valid, a.Value)
		}
		enc, out := encodeInts(values)
		return enc, out, nil
	case *array.Float32:
		enc, out := encodeFloats(float32Bits{}, dense(a.Len(), valid, func(i int) float64 { return float64(a.Value(i)) }), floatBits(a, valid))
		return enc, out, nil
	case *array.Float64:
		values := a.Float64Values()
		if valid != nil {
			values = dense(a.Len(), valid, a.Value)
		}
		enc, out := encodeFloats(float64Bits{}, values, floatBits(a, valid))
		return enc, out, nil
	case *array.String:
		return checkedStrings(dense(a.Len(), valid, a.Value))
	case *array.Binary:
		return checkedStrings(dense(a.Len(), valid, a.ValueString))
	}
	return 0, nil, fmt.Errorf("no encoding for a column of %s", a.DataType())
}

func checkedStrings(values []string) (Encoding, []byte, error) {
	if n := totalBytes(values); n > maxStringBytes {
		return 0, nil, fmt.Errorf("a chunk of strings of %d bytes, at most %d are possible", n, maxStringBytes)
	}
	enc, out := encodeStrings(values)
	return enc, out, nil
}

// dense lists the values that are not NULL.
func dense[T any](n int, valid []bool, value func(int) T) []T {
	out := make([]T, 0, n)
	for i := range n {
		if valid == nil || valid[i] {
			out = append(out, value(i))
		}
	}
	return out
}

// validity lists which values are not NULL; nil if all are.
func validity(a arrow.Array) []bool {
	if a.NullN() == 0 {
		return nil
	}
	out := make([]bool, a.Len())
	for i := range out {
		out[i] = a.IsValid(i)
	}
	return out
}

// parsed is a chunk taken apart.
type parsed struct {
	Info
	validity []byte // a bit sequence, with HasNulls
	payload  []byte
}

func parse(src []byte) (parsed, error) {
	var p parsed
	if len(src) < headerMinBytes {
		return p, corrupt("%d bytes", len(src))
	}
	if src[0] != formatVersion {
		return p, corrupt("version %d", src[0])
	}
	p.Encoding, p.Compression = Encoding(src[1]), Compression(src[2]&^flagNulls)
	p.HasNulls = src[2]&flagNulls != 0
	if p.Encoding < firstEncoding || p.Encoding > lastEncoding {
		return p, corrupt("%s", p.Encoding)
	}
	in := input{b: src[3:]}
	p.Rows = in.length(MaxRows)
	if p.HasNulls {
		p.validity = in.bytes(in.length(len(src)))
	}
	p.payload = in.b
	return p, in.err
}

// Describe reads a chunk's header.
func Describe(src []byte) (Info, error) {
	p, err := parse(src)
	p.HasNulls = p.HasNulls || p.Encoding == AllNull
	return p.Info, err
}

// Decode makes the array that was given to Append. The caller owns it; its
// buffers come from alloc and share nothing with src. Errors wrap ErrCorrupt.
func Decode(alloc memory.Allocator, dt arrow.DataType, src []byte) (arrow.Array, error) {
	p, err := parse(src)
	if err != nil {
		return nil, err
	}
	if p.Encoding == AllNull {
		b := array.NewBuilder(alloc, dt)
		defer b.Release()
		b.AppendNulls(p.Rows)
		return b.NewArray(), nil
	}
	payload, err := unstage(p.Compression, p.payload)
	if err != nil {
		return nil, err
	}
	d := decoder{alloc: alloc, dt: dt, enc: p.Encoding, rows: p.Rows, values: p.Rows, in: input{b: payload}}
	if p.HasNulls {
		if err := d.readValidity(p.validity); err != nil {
			return nil, err
		}
		defer d.valid.Release() // the array keeps its own reference
	}
	a, err := d.decode()
	if err != nil {
		return nil, err
	}
	if len(d.in.b) != 0 {
		a.Release()
		return nil, corrupt("%d bytes after the values", len(d.in.b))
	}
	return a, nil
}
