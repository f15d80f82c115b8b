// Package keycodec is the order-preserving ("memcomparable") coding of keys:
// bytewise order of the coded keys is the order of the values. It is TiDB's
// coding wherever TiDB has the type, so that a stock TiKV coprocessor can
// split and decode keys; docs/formats/keys.md has the bytes.
//
//	row      't' tableID(8) "_r" handle
//	index    't' tableID(8) "_i" indexID(8) column... [handle]
//	overflow 't' tableID(8) "_o" attnum(8) bytes(handle) chunk(4)
//
// A column is a flag byte and the value; a descending column has all its
// bytes inverted, flag included.
package keycodec

import "github.com/tidemarkdb/tidemark/sql/pgerror"

// Flag is the first byte of a coded column.
type Flag = byte

// The flags, with TiDB's numbers.
const (
	FlagNull     Flag = 0x00 // NULL that sorts before every value; no bytes follow
	FlagBytes    Flag = 0x01 // groups of 8 bytes with a marker each, see AppendBytes
	FlagCompact  Flag = 0x02 // length and bytes (values only, never written in keys)
	FlagInt      Flag = 0x03 // 8 bytes, big-endian, sign bit inverted
	FlagUint     Flag = 0x04 // 8 bytes, big-endian
	FlagFloat    Flag = 0x05 // 8 bytes, IEEE 754 made comparable
	FlagDecimal  Flag = 0x06 // MySQL decimal (reserved, not written yet)
	FlagDuration Flag = 0x07 // 8 bytes as FlagInt (reserved, not written)
	// FlagNullLast is NULL that sorts after every value; no bytes follow. It is
	// ours: a stock TiKV cannot decode an entry that holds one, so pushed-down
	// index scans stay within non-NULL spans. Neither it nor its inverse is a flag
	// of TiDB's or the inverse of one.
	FlagNullLast Flag = 0x7F
)

// errInvalid is what every decoder returns for bytes that no encoder wrote.
var errInvalid = pgerror.New(pgerror.DataCorrupted, "invalid key in row store")
