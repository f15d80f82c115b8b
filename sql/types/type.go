// Package types is the language's type system: what types there are, how a
// value looks in memory (Datum, Arrow), in text and in binary, how values
// compare, and how type modifiers change them. It imports nothing of
// Tidemark's but pgerror.
package types

import "github.com/tidemarkdb/tidemark/sql/pgerror"

var _ = pgerror.New

// OID identifies a type (pg_type.oid); built-in types have PostgreSQL's numbers.
type OID uint32

// Type is a type with its modifier (pg_attribute.atttypid, atttypmod). It is
// comparable; Mod is -1 when there is none, else PostgreSQL's encoding: length
// + 4 for varchar and bpchar, ((precision << 16) | scale) + 4 for numeric,
// fractional digits for time, timestamp(tz) and interval.
type Type struct {
	OID OID
	Mod int32
}

// Of returns the type without a modifier.
func Of(oid OID) Type { return Type{OID: oid, Mod: -1} }

// Phys is how values of a type lie in memory; every type has exactly one.
type Phys uint8

// The physical forms. Kernels are written once for each.
const (
	PhysNull    Phys = iota // a Datum that is NULL; no type has it
	PhysBool                // arrow.Boolean; Datum.I is 0 or 1
	PhysInt16               // arrow.Int16: int2
	PhysInt32               // arrow.Int32: int4, date (days since 2000-01-01; MinInt32/MaxInt32 are -infinity/infinity)
	PhysInt64               // arrow.Int64: int8, time (µs of the day), timestamp and timestamptz (µs since 2000-01-01 UTC; MinInt64/MaxInt64 are -infinity/infinity), money (cents)
	PhysUint32              // arrow.Uint32: oid, xid, cid, reg*
	PhysFloat32             // arrow.Float32; Datum.I has math.Float32bits
	PhysFloat64             // arrow.Float64; Datum.I has math.Float64bits
	PhysString              // arrow.String, valid UTF-8 without NUL: text, varchar, bpchar (blank-padded to its length), "char", name, json, jsonb (PostgreSQL's canonical text), xml, unknown, cstring, pg_node_tree, enums' labels
	PhysBinary              // arrow.Binary: bytea, uuid (16 bytes), interval (16 bytes, see interval.go), numeric (see numeric.go), arrays (see array.go), timetz, inet, bit, records
)

// Datum is one value outside of a batch: a constant, a parameter, a default,
// a field of a decoded row. The zero Datum is NULL. Its type is known from
// context; P only says which of I and S holds the value.
//
// S may alias memory of a batch or buffer; the producer says how long it lives.
type Datum struct {
	P Phys
	I int64
	S string
}

// Null is the NULL value.
var Null = Datum{}

// IsNull reports whether d is NULL.
func (d Datum) IsNull() bool { return d.P == PhysNull }
