package types

import "strings"

type infoRow struct {
	oid       OID
	name      string
	sqlName   string
	array     OID
	elem      OID
	category  byte
	preferred bool
	len       int16
	byVal     bool
	align     byte
	typ       byte
	delim     byte
}

// maxBuiltinOID bounds the table that Lookup indexes.
const maxBuiltinOID = 6200

var (
	builtins       []*Info
	builtinsByOID  [maxBuiltinOID]*Info
	builtinsByName map[string]*Info
)

func init() {
	rows := make([]Info, len(infoTable))
	builtins = make([]*Info, len(infoTable))
	builtinsByName = make(map[string]*Info, len(infoTable))
	for i, r := range infoTable {
		info := &rows[i]
		*info = Info{
			OID: r.oid, Name: r.name, SQLName: r.sqlName, Array: r.array, Elem: r.elem,
			Phys: builtinPhys(r), Category: r.category, Preferred: r.preferred, Len: r.len,
			ByVal: r.byVal, Align: r.align, Type: r.typ, Delim: r.delim,
		}
		builtins[i] = info
		builtinsByOID[r.oid] = info
		builtinsByName[r.name] = info
	}
}

// builtinPhys chooses the physical form of a built-in type.
func builtinPhys(r infoRow) Phys {
	if r.elem != 0 || r.oid == AnyArray || r.oid == AnyCompatibleArray || r.oid == RecordArray {
		return PhysBinary
	}
	switch r.oid {
	case Bool:
		return PhysBool
	case Int2:
		return PhysInt16
	case Int4, Date, AnyEnum:
		return PhysInt32
	case Int8, Time, Timestamp, Timestamptz, Money, PgLsn, Xid8:
		return PhysInt64
	case Oid, Xid, Cid, Regproc, Regprocedure, Regoper, Regoperator, Regclass, Regtype,
		Regrole, Regnamespace, Regcollation, Regconfig, Regdictionary:
		return PhysUint32
	case Float4:
		return PhysFloat32
	case Float8:
		return PhysFloat64
	case Bytea, UUID, Interval, Numeric, Timetz, Inet, Cidr, Macaddr, Macaddr8, Bit, Varbit, Tid, Record:
		return PhysBinary
	}
	if r.typ == 'r' || r.typ == 'm' || r.oid == AnyRange || r.oid == AnyMultirange {
		return PhysBinary
	}
	return PhysString
}

// Lookup describes a built-in type, nil if there is none of that number.
func Lookup(oid OID) *Info {
	if oid < maxBuiltinOID {
		return builtinsByOID[oid]
	}
	return nil
}

// LookupName describes a built-in type by its name in pg_type ("int4",
// "_int4"), nil if there is none.
func LookupName(name string) *Info { return builtinsByName[name] }

// Builtins returns the built-in types in OID order. The slice is shared.
func Builtins() []*Info { return builtins }

// Phys returns the physical form of the type's values.
func (t Type) Phys() Phys {
	if info := Lookup(t.OID); info != nil {
		return info.Phys
	}
	return userPhys(t.OID)
}

// IsArray reports whether t is an array type (int2vector and oidvector
// included, as in PostgreSQL's typcategory).
func (t Type) IsArray() bool {
	info := Lookup(t.OID)
	return info != nil && info.Elem != 0 || isUserArray(t.OID)
}

// Elem returns the element type of an array with the array's modifier, the
// zero Type if t is no array.
func (t Type) Elem() Type {
	if info := Lookup(t.OID); info != nil && info.Elem != 0 {
		return Type{OID: info.Elem, Mod: t.Mod}
	}
	if isUserArray(t.OID) {
		return Type{OID: t.OID &^ arrayTypeBit, Mod: t.Mod}
	}
	return Type{}
}

// ArrayOf returns the array type over t, the zero Type if there is none.
func (t Type) ArrayOf() Type {
	if info := Lookup(t.OID); info != nil && info.Array != 0 {
		return Type{OID: info.Array, Mod: t.Mod}
	}
	if t.OID >= FirstUserOID && !isUserArray(t.OID) {
		return Type{OID: UserArrayOID(t.OID), Mod: t.Mod}
	}
	return Type{}
}

// Category returns pg_type.typcategory, 'U' for unknown types.
func (t Type) Category() byte {
	if info := Lookup(t.OID); info != nil {
		return info.Category
	}
	return 'U'
}

// String returns Format(t).
func (t Type) String() string { return Format(t) }

// sqlName is the type's name without modifier for error messages.
func sqlName(oid OID) string {
	if info := Lookup(oid); info != nil {
		return info.SQLName
	}
	return "???"
}

// lowerASCII folds ASCII letters only, as PostgreSQL does for keywords.
func lowerASCII(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= 'A' && c <= 'Z' {
			return strings.ToLower(s)
		}
	}
	return s
}
