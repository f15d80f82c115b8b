package functions

import (
	"fmt"
	"math"
	"math/big"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// The map helpers' Go types that are decoded from and encoded to PhysBinary.

func loadDecoded(dst any, a arrow.Array) {
	switch p := dst.(type) {
	case *[]types.Decimal:
		*p = decodeAll(a, types.DecodeNumeric)
	case *[]types.IntervalValue:
		*p = decodeAll(a, types.DecodeInterval)
	case *[]timetz:
		*p = decodeAll(a, decodeTimetz)
	default:
		panic(fmt.Sprintf("functions: no kernel argument of type %T", dst))
	}
}

func decodeAll[T any](a arrow.Array, decode func(s string) T) []T {
	offsets, data := bytesOf(a)
	out := make([]T, a.Len())
	for i := range out {
		if offsets[i] < offsets[i+1] { // NULLs are empty
			out[i] = decode(viewString(data[offsets[i]:offsets[i+1]]))
		}
	}
	return out
}

func finishEncoded(c *Context, vals any, m nulls) (arrow.Array, error) {
	switch v := vals.(type) {
	case []types.Decimal:
		return encodeAll(c, v, m, types.Decimal.AppendEncode)
	case []types.IntervalValue:
		return encodeAll(c, v, m, types.IntervalValue.AppendEncode)
	case []timetz:
		return encodeAll(c, v, m, timetz.appendEncode)
	}
	panic(fmt.Sprintf("functions: no kernel result of type %T", vals))
}

func encodeAll[T any](c *Context, vals []T, m nulls, encode func(v T, dst []byte) []byte) (arrow.Array, error) {
	n := len(vals)
	offsets := newBuffer(c, 4*(n+1))
	off := fixedView[int32](offsets.Bytes())
	scratch := make([]byte, 0, 16*n)
	off[0] = 0
	for i := range vals {
		if m.valid(i) {
			scratch = encode(vals[i], scratch)
		}
		if len(scratch) > math.MaxInt32 {
			offsets.Release()
			m.release()
			return nil, errBatchTooLarge
		}
		off[i+1] = int32(len(scratch))
	}
	data := newBuffer(c, len(scratch))
	copy(data.Bytes(), scratch)
	return makeArray(arrow.BinaryTypes.Binary, n, m, offsets, data), nil
}

func decodeDatum(dst any, d types.Datum) {
	switch p := dst.(type) {
	case *types.Decimal:
		*p = d.Decimal()
	case *types.IntervalValue:
		*p = d.Interval()
	case *timetz:
		*p = decodeTimetz(d.S)
	default:
		panic(fmt.Sprintf("functions: no kernel argument of type %T", dst))
	}
}

func encodeDatum(v any) types.Datum {
	switch v := v.(type) {
	case types.Decimal:
		return v.Datum()
	case types.IntervalValue:
		return v.Datum()
	case timetz:
		return types.NewTimetz(v.micros, v.offset)
	}
	panic(fmt.Sprintf("functions: no kernel result of type %T", v))
}

// timetz is a time of day with a zone's offset in seconds east.
type timetz struct {
	micros int64
	offset int
}

func decodeTimetz(s string) timetz {
	micros, offset := types.NewBinary(s).Timetz()
	return timetz{micros, offset}
}

func (v timetz) appendEncode(dst []byte) []byte {
	return append(dst, types.NewTimetz(v.micros, v.offset).S...)
}

// decimalFrom128 is a two's complement 128-bit integer as a numeric.
func decimalFrom128(hi int64, lo uint64) types.Decimal {
	if hi == int64(lo)>>63 && lo != 1<<63 {
		return types.DecimalFromInt(int64(lo))
	}
	b := new(big.Int).Lsh(big.NewInt(hi), 64)
	return types.DecimalFromBig(b.Add(b, new(big.Int).SetUint64(lo)), 0)
}
