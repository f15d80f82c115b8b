package types

import (
	"cmp"
	"strings"
)

// Compare orders two values of a type as PostgreSQL's default btree operator
// class does; text is in byte order (the database's collation is C.UTF-8).
// Neither value may be NULL.
func Compare(t Type, a, b Datum) int {
	switch a.P {
	case PhysBool, PhysInt16, PhysInt32, PhysUint32:
		return cmp.Compare(a.I, b.I)
	case PhysInt64:
		if t.OID == PgLsn || t.OID == Xid8 {
			return cmp.Compare(uint64(a.I), uint64(b.I))
		}
		return cmp.Compare(a.I, b.I)
	case PhysFloat64:
		return CompareFloat(a.Float64(), b.Float64())
	case PhysFloat32:
		return CompareFloat(float64(a.Float32()), float64(b.Float32()))
	case PhysString:
		if t.OID == Bpchar {
			return strings.Compare(trimBlanks(a.S), trimBlanks(b.S))
		}
	}
	return compareOther(t, a, b)
}

// CompareFloat orders floats as PostgreSQL does: NaN equals itself and is
// greater than everything else; -0 equals 0.
func CompareFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b:
		return 0
	case a != a && b != b:
		return 0
	case a != a:
		return 1
	}
	return -1
}

func compareOther(t Type, a, b Datum) int {
	switch t.OID {
	case Numeric:
		return DecodeNumeric(a.S).Cmp(DecodeNumeric(b.S))
	case Interval:
		return DecodeInterval(a.S).Cmp(DecodeInterval(b.S))
	case Inet, Cidr:
		return compareInet(a, b)
	case Bit, Varbit:
		return compareBits(a, b)
	case JSONB:
		if a.S == b.S {
			return 0
		}
		return CompareJSON(a.JSONB(), b.JSONB())
	case Record:
		return compareRecords(a, b)
	case Timetz:
		return compareTimetz(a, b)
	case Int4Range, NumRange, TsRange, TstzRange, DateRange, Int8Range, AnyRange:
		return CompareRanges(a.S, b.S)
	case Int4Multirange, NumMultirange, TsMultirange, TstzMultirange, DateMultirange, Int8Multirange, AnyMultirange:
		return CompareMultiranges(a.S, b.S)
	}
	if t.IsRow() {
		return compareRecords(a, b)
	}
	if a.P == PhysBinary && isArrayEncoding(t) {
		return CompareArrays(DecodeArray(a.S), DecodeArray(b.S))
	}
	return strings.Compare(a.S, b.S)
}
