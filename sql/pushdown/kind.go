package pushdown

import (
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Kind is the form in which the stores see a value.
type Kind uint8

// The kinds.
const (
	Opaque Kind = iota
	Int
	Bytes
	Float
)

// String names the kind in documents.
func (k Kind) String() string { return [...]string{"opaque", "integer", "bytes", "float"}[k] }

// KindOf returns the kind of a type's values.
func KindOf(t types.Type) Kind {
	switch t.OID {
	case types.Text, types.Varchar, types.Name, types.Char, types.Bytea, types.UUID:
		return Bytes
	}
	switch t.Phys() {
	case types.PhysBool, types.PhysInt16, types.PhysInt32, types.PhysInt64:
		return Int
	case types.PhysFloat32, types.PhysFloat64:
		return Float
	}
	return Opaque
}

// InKeys reports whether the stores read a type's values from keys of an index
// and see the same as in rows: bytes that may begin with 0xFF are escaped there
// (rowcodec), and unsigned integers have another flag (keycodec).
func InKeys(t types.Type) bool {
	switch t.OID {
	case types.Text, types.Varchar, types.Name:
		return true
	case types.PgLsn, types.Xid8:
		return false
	}
	return KindOf(t) == Int
}

// maxInRow is the longest value that is kept in its row (rowcodec.OverflowLimit).
const maxInRow = 64 << 10

// apartFrom is less than or equal to what lies in a row for a value that lies
// apart from it (rowcodec.Bytes), and greater than most others.
const apartFrom = "\xff"

// bounded reports whether all values of an expression are kept in their rows:
// four bytes a character at most.
func bounded(e expr.Expr) bool {
	if c, ok := e.(*expr.Cast); ok && c.Kind == expr.CastRelabel {
		return bounded(c.Arg)
	}
	switch t := e.Type(); t.OID {
	case types.Name, types.Char, types.UUID:
		return true
	case types.Varchar:
		return t.Mod >= 0 && (t.Mod-4)*4 <= maxInRow
	case types.Text, types.Bytea:
		return false
	}
	return KindOf(e.Type()) != Opaque
}
