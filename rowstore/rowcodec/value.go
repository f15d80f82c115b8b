package rowcodec

import (
	"encoding/binary"
	"math"
	"unsafe"

	"github.com/tidemarkdb/tidemark/rowstore/keycodec"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Kind is how the values of a column are coded in rows.
type Kind uint8

// The kinds.
const (
	KindInt     Kind = iota // 1, 2, 4 or 8 bytes, little-endian, signed: bool, integers, date, time, timestamps, money
	KindUint                // the same, unsigned: oid and its like
	KindFloat32             // 8 bytes: the float8 of the same value
	KindFloat64             // 8 bytes, big-endian, comparable
	KindString              // the bytes
	KindBinary              // the bytes, escaped if they start with 0xFF
)

// KindOf returns the kind of a physical form.
func KindOf(p types.Phys) Kind {
	switch p {
	case types.PhysUint32:
		return KindUint
	case types.PhysFloat32:
		return KindFloat32
	case types.PhysFloat64:
		return KindFloat64
	case types.PhysString:
		return KindString
	case types.PhysBinary:
		return KindBinary
	}
	return KindInt
}

// IsBytes reports whether values have no fixed length and may overflow.
func (k Kind) IsBytes() bool { return k >= KindString }

// AppendValue appends a value as it lies in a row.
func AppendValue(dst []byte, k Kind, d *types.Datum) []byte {
	switch k {
	case KindInt:
		return appendInt(dst, d.I)
	case KindUint:
		return appendUint(dst, uint64(d.I))
	case KindFloat32:
		f := float64(math.Float32frombits(uint32(d.I)))
		return binary.BigEndian.AppendUint64(dst, keycodec.FloatBits(f))
	case KindFloat64:
		return binary.BigEndian.AppendUint64(dst, keycodec.FloatBits(math.Float64frombits(uint64(d.I))))
	}
	if len(d.S) > OverflowLimit {
		return binary.AppendUvarint(append(dst, lead, overflowed), uint64(len(d.S)))
	}
	if k == KindBinary && d.S != "" && d.S[0] == lead {
		dst = append(dst, lead, escape)
	}
	return append(dst, d.S...)
}

func appendInt(dst []byte, v int64) []byte {
	switch {
	case v == int64(int8(v)):
		return append(dst, byte(v))
	case v == int64(int16(v)):
		return binary.LittleEndian.AppendUint16(dst, uint16(v))
	case v == int64(int32(v)):
		return binary.LittleEndian.AppendUint32(dst, uint32(v))
	}
	return binary.LittleEndian.AppendUint64(dst, uint64(v))
}

func appendUint(dst []byte, v uint64) []byte {
	switch {
	case v == uint64(uint8(v)):
		return append(dst, byte(v))
	case v == uint64(uint16(v)):
		return binary.LittleEndian.AppendUint16(dst, uint16(v))
	case v == uint64(uint32(v)):
		return binary.LittleEndian.AppendUint32(dst, uint32(v))
	}
	return binary.LittleEndian.AppendUint64(dst, v)
}

// Int decodes a KindInt value.
func Int(b []byte) (int64, bool) {
	switch len(b) {
	case 1:
		return int64(int8(b[0])), true
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(b))), true
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(b))), true
	case 8:
		return int64(binary.LittleEndian.Uint64(b)), true
	}
	return 0, false
}

// Uint decodes a KindUint value.
func Uint(b []byte) (uint64, bool) {
	switch len(b) {
	case 1:
		return uint64(b[0]), true
	case 2:
		return uint64(binary.LittleEndian.Uint16(b)), true
	case 4:
		return uint64(binary.LittleEndian.Uint32(b)), true
	case 8:
		return binary.LittleEndian.Uint64(b), true
	}
	return 0, false
}

// Float decodes a KindFloat64 or KindFloat32 value.
func Float(b []byte) (float64, bool) {
	if len(b) != 8 {
		return 0, false
	}
	return keycodec.FloatFromBits(binary.BigEndian.Uint64(b)), true
}

// Bytes decodes a KindString or KindBinary value; it aliases b. length >= 0
// says that the value of that many bytes lies in overflow keys.
func Bytes(b []byte) (value []byte, length int, err error) {
	if len(b) == 0 || b[0] != lead {
		return b, -1, nil
	}
	return bytesSlow(b)
}

func bytesSlow(b []byte) ([]byte, int, error) {
	if len(b) < 3 {
		return nil, 0, ErrInvalid
	}
	switch b[1] {
	case escape:
		if b[2] == lead {
			return b[2:], -1, nil
		}
	case overflowed:
		n, size := binary.Uvarint(b[2:])
		if size == len(b)-2 && n > OverflowLimit && n <= math.MaxInt32 {
			return nil, int(n), nil
		}
	}
	return nil, 0, ErrInvalid
}

// Datum decodes one value of a column. Its S aliases b. overflow is the length
// of a value that lies in overflow keys, else -1.
func Datum(k Kind, p types.Phys, b []byte) (d types.Datum, overflow int, err error) {
	ok := true
	d.P = p
	switch k {
	case KindInt:
		d.I, ok = Int(b)
		ok = ok && InRange(p, d.I)
	case KindUint:
		var u uint64
		u, ok = Uint(b)
		d.I = int64(u)
		ok = ok && InRange(p, d.I)
	case KindFloat32:
		var f float64
		f, ok = Float(b)
		d.I = int64(math.Float32bits(float32(f)))
	case KindFloat64:
		var f float64
		f, ok = Float(b)
		d.I = int64(math.Float64bits(f))
	default:
		v, n, err := Bytes(b)
		d.S = unsafe.String(unsafe.SliceData(v), len(v))
		return d, n, err
	}
	if !ok {
		return types.Datum{}, -1, ErrInvalid
	}
	return d, -1, nil
}

// InRange reports whether a stored integer is a value of the physical form.
func InRange(p types.Phys, v int64) bool {
	switch p {
	case types.PhysBool:
		return uint64(v) <= 1
	case types.PhysInt16:
		return v == int64(int16(v))
	case types.PhysInt32:
		return v == int64(int32(v))
	case types.PhysUint32:
		return v == int64(uint32(v))
	}
	return true
}
