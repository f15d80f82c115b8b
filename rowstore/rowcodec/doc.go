// Package rowcodec is the coding of one row as a value: TiDB's row format v2,
// which a stock TiKV reads. docs/formats/rows.md has the bytes.
//
//	0        version, 128
//	1        flags: 1 large, 0x80 a value lies in overflow keys
//	2        number of not NULL columns, uint16 LE
//	4        number of NULL columns, uint16 LE
//	6        ids of the not NULL columns, ascending, then of the NULL ones (1 byte each; large: 4)
//	         end offset of each not NULL column's value (2 bytes each; large: 4)
//	         the values
//
// The id of a column is its attnum. A column that has neither a value nor a
// NULL is younger than the row: it takes catalog.Column.Missing.
package rowcodec

import "github.com/tidemarkdb/tidemark/sql/pgerror"

const (
	// Version is the first byte of a row.
	Version = 128

	// flagLarge: ids and offsets have 4 bytes.
	flagLarge = 0x01
	// flagOverflow: at least one value is a marker for overflow keys. TiDB has
	// no such flag and TiKV ignores it.
	flagOverflow = 0x80

	headerLen = 6
)

// A value of a byte-like column that starts with 0xFF is not the value itself.
// Text is UTF-8 and never does; other bytes are escaped.
const (
	lead = 0xFF
	// escape: the value follows; it starts with 0xFF.
	escape = 0x00
	// overflowed: the value's length follows as a uvarint; its bytes lie in overflow keys.
	overflowed = 0x01
)

// OverflowLimit is the longest value, in bytes, that is kept inside of a row.
// It is part of the format: who deletes a row finds its overflow keys by it.
const OverflowLimit = 64 << 10

// ErrInvalid is what decoders return for bytes that no encoder wrote.
var ErrInvalid = pgerror.New(pgerror.DataCorrupted, "invalid row in row store")
