package keycodec

import (
	"encoding/binary"
	"math"
)

const signBit = 1 << 63

// AppendInt appends a signed integer in 8 bytes.
func AppendInt(dst []byte, v int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(v)^signBit)
}

// DecodeInt reads what AppendInt wrote and returns the rest.
func DecodeInt(b []byte) (int64, []byte, error) {
	if len(b) < 8 {
		return 0, nil, errInvalid
	}
	return int64(binary.BigEndian.Uint64(b) ^ signBit), b[8:], nil
}

// AppendUint appends an unsigned integer in 8 bytes.
func AppendUint(dst []byte, v uint64) []byte {
	return binary.BigEndian.AppendUint64(dst, v)
}

// DecodeUint reads what AppendUint wrote and returns the rest.
func DecodeUint(b []byte) (uint64, []byte, error) {
	if len(b) < 8 {
		return 0, nil, errInvalid
	}
	return binary.BigEndian.Uint64(b), b[8:], nil
}

// FloatBits makes the bits of a float comparable as an unsigned integer. The
// mapping is one to one: -0 stays below 0 (TiDB's own encoder merges them; its
// decoder reads both).
func FloatBits(f float64) uint64 {
	u := math.Float64bits(f)
	if u&signBit != 0 {
		return ^u
	}
	return u | signBit
}

// FloatFromBits is the inverse of FloatBits.
func FloatFromBits(u uint64) float64 {
	if u&signBit != 0 {
		return math.Float64frombits(u &^ signBit)
	}
	return math.Float64frombits(^u)
}

// AppendFloat appends a float in PostgreSQL's order: -0 is 0, and every NaN is
// one NaN above infinity.
func AppendFloat(dst []byte, f float64) []byte {
	if f == 0 {
		f = 0 // drops the sign of -0
	}
	if f != f {
		f = math.NaN() // the positive quiet NaN
	}
	return binary.BigEndian.AppendUint64(dst, FloatBits(f))
}

// DecodeFloat reads what AppendFloat wrote and returns the rest.
func DecodeFloat(b []byte) (float64, []byte, error) {
	u, rest, err := DecodeUint(b)
	return FloatFromBits(u), rest, err
}
