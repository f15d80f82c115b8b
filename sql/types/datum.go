package types

import (
	"math"
	"strings"
	"unsafe"
)

// NewBool makes a bool.
func NewBool(v bool) Datum {
	if v {
		return Datum{P: PhysBool, I: 1}
	}
	return Datum{P: PhysBool}
}

// NewInt makes a value of one of the integer forms (PhysInt16, PhysInt32,
// PhysInt64, PhysUint32); the caller has checked the range.
func NewInt(p Phys, v int64) Datum { return Datum{P: p, I: v} }

// NewInt2 makes an int2.
func NewInt2(v int16) Datum { return Datum{P: PhysInt16, I: int64(v)} }

// NewInt4 makes an int4.
func NewInt4(v int32) Datum { return Datum{P: PhysInt32, I: int64(v)} }

// NewInt8 makes an int8.
func NewInt8(v int64) Datum { return Datum{P: PhysInt64, I: v} }

// NewOid makes an oid, or a value of any type that lies as PhysUint32.
func NewOid(v uint32) Datum { return Datum{P: PhysUint32, I: int64(v)} }

// NewFloat64 makes a float8.
func NewFloat64(v float64) Datum {
	return Datum{P: PhysFloat64, I: int64(math.Float64bits(v))}
}

// NewFloat32 makes a float4.
func NewFloat32(v float32) Datum {
	return Datum{P: PhysFloat32, I: int64(math.Float32bits(v))}
}

// NewString makes a value of a type that lies as PhysString. It aliases s.
func NewString(s string) Datum { return Datum{P: PhysString, S: s} }

// NewBytes makes a value of a type that lies as PhysBinary. It copies b.
func NewBytes(b []byte) Datum { return Datum{P: PhysBinary, S: string(b)} }

// NewBinary makes a value of a type that lies as PhysBinary. It aliases s.
func NewBinary(s string) Datum { return Datum{P: PhysBinary, S: s} }

// Bool returns the value of a bool.
func (d Datum) Bool() bool { return d.I != 0 }

// Int returns the value of any integer form.
func (d Datum) Int() int64 { return d.I }

// Float64 returns the value of a float8.
func (d Datum) Float64() float64 { return math.Float64frombits(uint64(d.I)) }

// Float32 returns the value of a float4.
func (d Datum) Float32() float32 { return math.Float32frombits(uint32(d.I)) }

// Bytes returns the bytes of a PhysString or PhysBinary value without copying;
// they must not be changed.
func (d Datum) Bytes() []byte { return stringBytes(d.S) }

// Clone returns the datum with its own copy of S.
func (d Datum) Clone() Datum {
	if d.S != "" {
		d.S = strings.Clone(d.S)
	}
	return d
}

// stringBytes views a string as bytes that must not be changed.
func stringBytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// bytesString views bytes as a string; the bytes must not change afterwards.
func bytesString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
