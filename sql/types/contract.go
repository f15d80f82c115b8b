package types

// This file is the package's contract with the rest of Tidemark until the
// functions named here stand in files of their own: signatures only change by
// agreement.

import (
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

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
	Labels    []string // enum labels in order
	Base      Type     // base type of a domain
}

// The functions below are the package's surface:
//
//	func Lookup(oid OID) *Info                         built-in types; nil if unknown
//	func LookupName(name string) *Info                 by pg_type.typname ("int4", "_int4")
//	func Builtins() []*Info                            in OID order
//	func ParseTypeName(s string, r Resolver) (Type, error)   "numeric(10,2)", "timestamp with time zone", "int4[]"
//	func Format(t Type) string                         format_type(oid, typmod)
//	func (t Type) Phys() Phys; IsArray, Elem() Type, ArrayOf() Type, Category() byte
//	func Parse(t Type, s string, io *IO) (Datum, error)       text input with modifier applied (22P02, 22001, 22003, 22007, 22008, ...)
//	func AppendText(dst []byte, t Type, d Datum, io *IO) []byte
//	func ParseBinary(t Type, b []byte, io *IO) (Datum, error)  S does not alias b
//	func AppendBinary(dst []byte, t Type, d Datum, io *IO) []byte  without the length word
//	func ApplyMod(t Type, d Datum, explicit bool) (Datum, error) length coercion: explicit casts truncate, assignments fail (22001)
//	func Compare(t Type, a, b Datum) int               PostgreSQL's btree order; NULLs are the caller's business
//	func Hash(t Type, d Datum, seed uint64) uint64     equal values hash alike (1.0 and 1.00, 0.0 and -0.0)
//	func ArrowType(t Type) arrow.DataType
//	func NewBuilder(mem memory.Allocator, t Type) array.Builder
//	func AppendDatum(b array.Builder, d Datum)         one switch on the builder's concrete type
//	func DatumAt(a arrow.Array, i int) Datum           S aliases the array's buffers
//	func (d Datum) Clone() Datum                       S copied
//	constructors: NewBool, NewInt(Phys, int64), NewFloat64, NewFloat32, NewString, NewBytes...; accessors Bool(), Float64(), ...
var (
	_ arrow.DataType
	_ array.Builder
)
