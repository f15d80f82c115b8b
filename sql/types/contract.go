package types

import "time"

// DateOrder is the order of ambiguous date input (DateStyle's second part).
type DateOrder uint8

// The date orders.
const (
	OrderMDY DateOrder = iota
	OrderDMY
	OrderYMD
)

// IO holds the session settings that change how values print and parse. A nil
// *IO means the defaults (ISO, MDY, UTC, postgres intervals, 1, hex).
type IO struct {
	DateStyle        string // "ISO", "SQL", "Postgres", "German"
	DateOrder        DateOrder
	IntervalStyle    string // "postgres", "postgres_verbose", "sql_standard", "iso_8601"
	TimeZone         *time.Location
	TimeZoneName     string
	ExtraFloatDigits int
	ByteaOutput      string // "hex", "escape"
	// Now is the transaction's start, for 'now', 'today', 'yesterday'.
	Now time.Time
	// Resolve prints and reads reg* types and enums; nil prints numbers.
	Resolve Resolver
}

// Resolver looks names up in the catalog for the reg* types and user types.
type Resolver interface {
	// RegOut returns the text of an object identifier of a reg* type
	// (regclass, regtype, ...), qualified as PostgreSQL does; ok is false when
	// there is no such object.
	RegOut(typ OID, oid uint32) (text string, ok bool)
	// RegIn is its inverse; the error is PostgreSQL's (42P01, 42704, 42883).
	RegIn(typ OID, text string) (uint32, error)
	// TypeInfo describes a user-defined type, nil when there is none.
	TypeInfo(oid OID) *Info
	// TypeByName finds a type for regtype input and casts by name; schema may be empty.
	TypeByName(schema, name string) (OID, bool)
}

// Info describes a type (one row of pg_type).
type Info struct {
	OID       OID
	Name      string // pg_type.typname: "int4"
	SQLName   string // as format_type prints it: "integer"
	Array     OID    // its array type, 0 if none
	Elem      OID    // the element type if this is an array
	Phys      Phys
	Category  byte // pg_type.typcategory: 'N', 'S', 'D', ...
	Preferred bool
	Len       int16 // pg_type.typlen
	ByVal     bool
	Align     byte
	Type      byte // pg_type.typtype: 'b', 'p', 'e', 'd', 'c'
	Delim     byte
	Labels    []string    // enum labels in order
	LabelKeys []int32     // their values, see EnumKey
	Base      Type        // base type of a domain
	Fields    []InfoField // of a composite type
}
