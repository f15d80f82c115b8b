package types

import (
	"math"
	"math/bits"
)

// Hash hashes a value of a type; values that are equal by Compare hash alike
// (1.0 and 1.00, 0.0 and -0.0, char(n) of any padding). All integer types hash
// the same number alike. A NULL hashes to a function of the seed.
func Hash(t Type, d Datum, seed uint64) uint64 {
	switch d.P {
	case PhysNull:
		return HashInt(0, seed^hashK2)
	case PhysBool, PhysInt16, PhysInt32, PhysInt64, PhysUint32:
		return HashInt(d.I, seed)
	case PhysFloat64:
		return HashFloat(d.Float64(), seed)
	case PhysFloat32:
		return HashFloat(float64(d.Float32()), seed)
	case PhysString:
		if t.OID == Bpchar {
			return HashString(trimBlanks(d.S), seed)
		}
	}
	return hashOther(t, d, seed)
}

const (
	hashK0 = 0xa0761d6478bd642f
	hashK1 = 0xe7037ed1a0b428db
	hashK2 = 0x8ebc6af09c88c6e3
)

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// HashInt hashes a 64-bit integer.
func HashInt(v int64, seed uint64) uint64 {
	return mix(uint64(v)^hashK0^seed, mix(seed^hashK1, uint64(v)^hashK2)|1)
}

// HashFloat hashes a float; -0 and 0 alike, all NaNs alike.
func HashFloat(f float64, seed uint64) uint64 {
	if f == 0 {
		f = 0
	}
	if math.IsNaN(f) {
		f = math.NaN()
	}
	return HashInt(int64(math.Float64bits(f)), seed)
}

// HashString hashes bytes (wyhash's construction).
func HashString(s string, seed uint64) uint64 {
	h := seed ^ hashK0
	n := uint64(len(s))
	for len(s) > 16 {
		h = mix(le64(s)^hashK1, le64(s[8:])^h)
		s = s[16:]
	}
	var a, b uint64
	switch {
	case len(s) >= 8:
		a, b = le64(s), le64(s[len(s)-8:])
	case len(s) >= 4:
		a, b = le32(s), le32(s[len(s)-4:])
	case len(s) > 0:
		a = uint64(s[0])<<16 | uint64(s[len(s)>>1])<<8 | uint64(s[len(s)-1])
	}
	return mix(hashK1^n, mix(a^hashK1, b^h))
}

func le64(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func le32(s string) uint64 {
	_ = s[3]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24
}

func hashOther(t Type, d Datum, seed uint64) uint64 {
	switch t.OID {
	case Numeric:
		return DecodeNumeric(d.S).Hash(seed)
	case Bytea, UUID, Inet, Cidr, Macaddr, Macaddr8, Bit, Varbit, Tid, Timetz:
		return HashString(d.S, seed)
	case JSONB:
		v := d.JSONB()
		return v.hash(seed)
	case Record:
		return hashRecord(d, seed)
	case Interval:
		return DecodeInterval(d.S).hash(seed)
	case Int4Range, NumRange, TsRange, TstzRange, DateRange, Int8Range:
		r := DecodeRange(d.S)
		return r.hash(seed)
	case Int4Multirange, NumMultirange, TsMultirange, TstzMultirange, DateMultirange, Int8Multirange:
		m := DecodeMultirange(d.S)
		return m.hash(seed)
	}
	if t.IsRow() {
		return hashRecord(d, seed)
	}
	if d.P == PhysBinary && isArrayEncoding(t) {
		return DecodeArray(d.S).hash(seed)
	}
	return HashString(d.S, seed)
}

// isArrayEncoding reports whether a PhysBinary value of t is an array.
func isArrayEncoding(t Type) bool { return t.IsArray() || t.OID == AnyArray }

// Hash hashes a numeric; equal values of different scales alike, and integers
// that fit an int64 like the integer types.
func (d Decimal) Hash(seed uint64) uint64 {
	d = d.TrimScale()
	switch d.kind {
	case decimalSmall:
		return HashInt(d.coef, seed^uint64(d.scale))
	case decimalBig:
		return HashString(bytesString(d.AppendEncode(nil)), seed)
	}
	return HashInt(int64(d.kind), seed^hashK1)
}
