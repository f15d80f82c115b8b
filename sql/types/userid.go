package types

import "math"

// The number of a user-defined type says how its values lie in memory, so that
// this is known without a catalog: an enum, a row type and an array each have
// a bit of their own above the counter that numbers come from.
//
//	bit 30: array of the type without the bit | bit 29: row type | bit 28: enum
//
// A domain has none: a column of a domain is a column of its base type.
const (
	arrayTypeBit OID = 1 << 30
	rowTypeBit   OID = 1 << 29
	enumTypeBit  OID = 1 << 28
	userTypeBits     = arrayTypeBit | rowTypeBit | enumTypeBit
)

// UserTypeOID makes the number of a user type of pg_type.typtype kind from a
// free number.
func UserTypeOID(free OID, kind byte) OID {
	switch kind {
	case 'e':
		return free | enumTypeBit
	case 'c':
		return free | rowTypeBit
	}
	return free
}

// UserArrayOID is the number of the array type over a user type.
func UserArrayOID(elem OID) OID { return elem | arrayTypeBit }

// CounterOID is the number without the bits of its kind.
func CounterOID(id OID) OID { return id &^ userTypeBits }

func isUserArray(id OID) bool { return id >= FirstUserOID && id&arrayTypeBit != 0 }

// userPhys is the physical form of a user type.
func userPhys(id OID) Phys {
	switch {
	case id&(arrayTypeBit|rowTypeBit) != 0:
		return PhysBinary
	case id&enumTypeBit != 0:
		return PhysInt32
	}
	return PhysString
}

// IsEnum reports whether values of t are enum labels.
func (t Type) IsEnum() bool {
	return t.OID >= FirstUserOID && t.OID&(arrayTypeBit|enumTypeBit) == enumTypeBit
}

// IsRow reports whether t is a row type of a relation or a composite type.
func (t Type) IsRow() bool {
	return t.OID >= FirstUserOID && t.OID&(arrayTypeBit|rowTypeBit) == rowTypeBit
}

// EnumKey is how an enum label lies in memory and on disk: its
// pg_enum.enumsortorder as an integer of the same order. A label that is
// renamed, or gets new neighbours, keeps it.
func EnumKey(sort float32) int32 {
	bits := int32(math.Float32bits(sort))
	if bits < 0 {
		bits ^= math.MaxInt32
	}
	return bits
}
