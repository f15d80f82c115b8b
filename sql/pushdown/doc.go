// Package pushdown knows which expressions and aggregates the stores of a
// cluster compute exactly as our own evaluator does, and translates them into
// a tree that names the stores' functions (tipb.ScalarFuncSig), without
// depending on their protocol. docs/pushdown.md is generated from its tables.
//
// The stores see three forms of values:
//
//	Int     booleans, integers, dates, times, timestamps and money, as the signed integers they are stored as
//	Bytes   text, varchar, name, "char", bytea and uuid, as the bytes they are stored as
//	Float   real and double precision, as eight bytes whose bytewise order is that of the numbers (see float.go)
//	Opaque  everything else, as bytes that tell no more than whether there is a value
//
// A value of more than 64 KiB is not in its row: the stores see a marker in its
// place, which begins with 0xFF and differs from every value that is not such a
// one. So values that may be that long can be compared with constants for
// equality, and no more.
package pushdown
