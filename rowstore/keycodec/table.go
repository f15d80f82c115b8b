package keycodec

import "encoding/binary"

// The parts of a table's key space: 't', table id, separator.
const (
	tablePrefix = 't'
	// PrefixLen is the length of 't', table id and separator.
	PrefixLen = 1 + 8 + 2
	// IndexPrefixLen is the length of an index's prefix.
	IndexPrefixLen = PrefixLen + 8
)

// Kind says what a key of a table holds; it is the separator's second byte.
type Kind byte

// The kinds of keys.
const (
	KindRow      Kind = 'r'
	KindIndex    Kind = 'i'
	KindOverflow Kind = 'o'
	KindRowIDs   Kind = 'n' // one key: how far hidden row ids are given out
)

// AppendTable appends the prefix of all keys of a table.
func AppendTable(dst []byte, table uint64) []byte {
	return AppendInt(append(dst, tablePrefix), int64(table))
}

// AppendKind appends the prefix of a table's keys of one kind.
func AppendKind(dst []byte, table uint64, kind Kind) []byte {
	return append(AppendTable(dst, table), '_', byte(kind))
}

// AppendIndex appends the prefix of an index's keys.
func AppendIndex(dst []byte, table, index uint64) []byte {
	return AppendInt(AppendKind(dst, table, KindIndex), int64(index))
}

// AppendOverflowColumn appends the prefix of a column's overflow keys.
func AppendOverflowColumn(dst []byte, table uint64, attnum int16) []byte {
	return AppendInt(AppendKind(dst, table, KindOverflow), int64(attnum))
}

// AppendOverflow appends the key of one chunk of a large value.
func AppendOverflow(dst []byte, table uint64, attnum int16, handle []byte, chunk uint32) []byte {
	dst = AppendOverflowColumn(dst, table, attnum)
	dst = AppendRaw(dst, handle)
	return binary.BigEndian.AppendUint32(dst, chunk)
}

// DecodePrefix reads a table's key up to the separator.
func DecodePrefix(key []byte) (table uint64, kind Kind, rest []byte, err error) {
	if len(key) < PrefixLen || key[0] != tablePrefix || key[9] != '_' {
		return 0, 0, nil, errInvalid
	}
	id, _, _ := DecodeInt(key[1:])
	switch kind = Kind(key[10]); kind {
	case KindRow, KindIndex, KindOverflow, KindRowIDs:
		return uint64(id), kind, key[PrefixLen:], nil
	}
	return 0, 0, nil, errInvalid
}

// PrefixEnd returns the first key after all keys that start with prefix, and
// nil if there is none.
func PrefixEnd(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}
