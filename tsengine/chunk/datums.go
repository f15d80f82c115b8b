package chunk

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// AppendDatums appends the chunk that Append makes of an array of these values,
// without the array: for single rows, which come as datums. value gives the
// n values, 1 to MaxRows, in order; those that are not NULL are of type dt.
func AppendDatums(dst []byte, dt arrow.DataType, n int, value func(i int) types.Datum) ([]byte, error) {
	var valid []bool
	nulls := 0
	for i := range n {
		if d := value(i); d.IsNull() {
			if valid == nil {
				valid = allTrue(n)
			}
			valid[i] = false
			nulls++
		}
	}
	if nulls == n {
		return appendChunk(dst, AllNull, Uncompressed, n, valid, nil), nil
	}
	enc, payload, err := encodeDatums(dt, n, valid, value)
	if err != nil {
		return dst, err
	}
	return appendChunk(dst, enc, Uncompressed, n, valid, payload), nil
}

func allTrue(n int) []bool {
	out := make([]bool, n)
	for i := range out {
		out[i] = true
	}
	return out
}

// encodeDatums is encode for datums. Their numbers are as Arrow has them:
// integers, and the bits of floats.
func encodeDatums(dt arrow.DataType, n int, valid []bool, value func(i int) types.Datum) (Encoding, []byte, error) {
	switch dt.ID() {
	case arrow.BOOL:
		enc, out := encodeBools(dense(n, valid, func(i int) bool { return value(i).I != 0 }))
		return enc, out, nil
	case arrow.INT16, arrow.INT32, arrow.UINT32, arrow.INT64:
		enc, out := encodeInts(dense(n, valid, func(i int) int64 { return value(i).I }))
		return enc, out, nil
	case arrow.FLOAT32:
		enc, out := encodeFloats(float32Bits{}, dense(n, valid, func(i int) float64 { return float64(value(i).Float32()) }),
			dense(n, valid, func(i int) uint64 { return uint64(uint32(value(i).I)) }))
		return enc, out, nil
	case arrow.FLOAT64:
		enc, out := encodeFloats(float64Bits{}, dense(n, valid, func(i int) float64 { return value(i).Float64() }),
			dense(n, valid, func(i int) uint64 { return uint64(value(i).I) }))
		return enc, out, nil
	case arrow.STRING, arrow.BINARY:
		return checkedStrings(dense(n, valid, func(i int) string { return value(i).S }))
	}
	return 0, nil, fmt.Errorf("no encoding for a column of %s", dt)
}

// AppendInts appends the chunk that Append makes of an array of 64-bit integers
// without NULLs, at most MaxRows.
func AppendInts(dst []byte, values []int64) []byte {
	enc, payload := encodeInts(values)
	return appendChunk(dst, enc, Uncompressed, len(values), nil, payload)
}
