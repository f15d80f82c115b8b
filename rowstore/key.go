package rowstore

import (
	"bytes"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/rowstore/keycodec"
	"github.com/tidemarkdb/tidemark/rowstore/rowcodec"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// maxKeyColumns bounds the coded columns of an index key, below what every
// store takes as a key.
const maxKeyColumns = 7 << 10

// maxIndexValue bounds the columns kept in an index entry's value.
const maxIndexValue = 1 << 20

// StorageSpan spans everything a table has stored: rows, index entries and
// overflow keys. It is what DROP TABLE and TRUNCATE destroy.
func StorageSpan(t *catalog.Table) kv.Span {
	return prefixSpan(keycodec.AppendTable(nil, t.Storage))
}

// TableSpan spans the table's rows.
func TableSpan(t *catalog.Table) kv.Span {
	return prefixSpan(keycodec.AppendKind(nil, t.Storage, keycodec.KindRow))
}

// IndexSpan spans an index's entries; for a clustered primary key, the rows.
func IndexSpan(t *catalog.Table, ix *catalog.Index) kv.Span {
	if ix == nil || isClusteredKey(t, ix) {
		return TableSpan(t)
	}
	return prefixSpan(keycodec.AppendIndex(nil, t.Storage, ix.Storage))
}

// OverflowSpan spans the overflow keys of a column: what DROP COLUMN may destroy.
func OverflowSpan(t *catalog.Table, attnum int16) kv.Span {
	return prefixSpan(keycodec.AppendOverflowColumn(nil, t.Storage, attnum))
}

// RowKey appends the key of a row.
func RowKey(dst []byte, t *catalog.Table, handle []byte) []byte {
	return append(keycodec.AppendKind(dst, t.Storage, keycodec.KindRow), handle...)
}

// HandleOfRowKey returns the handle in a row's key; it aliases key.
func HandleOfRowKey(key []byte) []byte {
	if len(key) < keycodec.PrefixLen {
		return nil
	}
	return key[keycodec.PrefixLen:]
}

// IntHandle is the handle of an integer primary key or hidden row id.
func IntHandle(dst []byte, v int64) []byte { return keycodec.AppendInt(dst, v) }

func prefixSpan(prefix []byte) kv.Span {
	return kv.Span{Start: prefix, End: keycodec.PrefixEnd(prefix)}
}

func isClusteredKey(t *catalog.Table, ix *catalog.Index) bool {
	return t.Clustered && ix.Primary
}

// Handle appends the handle of a row of a clustered table. It must not be
// called for tables with hidden row ids.
func (l *Layout) Handle(dst []byte, row Row) ([]byte, error) {
	if l.handle == handleInt {
		return keycodec.AppendInt(dst, row.Values[l.pk[0].ordinal].I), nil
	}
	start := len(dst)
	var err error
	for i := range l.pk {
		k := &l.pk[i]
		if dst, err = k.Append(dst, row.Values[k.ordinal]); err != nil {
			return dst, err
		}
	}
	if n := len(dst) - start; n > maxKeyColumns {
		return dst, keyTooLong(n, l.Table.Indexes[0].Name)
	}
	return dst, nil
}

func keyTooLong(n int, index string) error {
	return pgerror.New(pgerror.ProgramLimitExceeded,
		"index row size %d exceeds maximum %d for index %q", n, maxKeyColumns, index).
		WithHint("Consider a function index of an MD5 hash of the value, or use full text indexing.")
}

// appendKey appends the key of a row's entry. distinct says that the key alone
// identifies the entry (the handle is in the value); else the handle is its end.
func (x *indexLayout) appendKey(dst []byte, row Row, handle []byte) (key []byte, distinct bool, err error) {
	dst = append(dst, x.prefix...)
	start := len(dst)
	distinct = x.index.Unique
	for i := range x.columns {
		k := &x.columns[i]
		d := row.key(x, i)
		if d.IsNull() && !x.index.NullsNotDistinct {
			distinct = false
		}
		if dst, err = k.Append(dst, d); err != nil {
			return dst, false, err
		}
	}
	if n := len(dst) - start; n > maxKeyColumns {
		return dst, false, keyTooLong(n, x.index.Name)
	}
	if !distinct {
		dst = x.appendHandle(dst, handle)
	}
	return dst, distinct, nil
}

// appendHandle appends the handle to a key: TiDB puts the flag of an integer
// in front of an integer handle; common handles start with a flag anyway.
func (x *indexLayout) appendHandle(dst, handle []byte) []byte {
	if x.intHandle {
		dst = append(dst, keycodec.FlagInt)
	}
	return append(dst, handle...)
}

// The first bytes of the options in an index entry's value (TiDB's
// tablecodec.GenIndexValuePortal, version 0).
const (
	optionCommonHandle = 127
	optionRestored     = rowcodec.Version
	// Values up to this length have no options.
	maxPlainIndexValue = 9
)

// appendEntry appends the value of an entry:
//
//	'0'                                                   not distinct, nothing restored
//	handle as int64 BE                                    distinct, integer handle, nothing restored
//	tail length, [127, length uint16 BE, handle], [restored row], [handle as int64 BE], padding to 10 bytes
//
// The tail (integer handle and padding) is counted by the first byte.
func (x *indexLayout) appendEntry(dst []byte, row Row, handle []byte, distinct bool) ([]byte, error) {
	isInt := x.intHandle
	if x.restored == nil && (!distinct || isInt) {
		if !distinct {
			return append(dst, '0'), nil
		}
		return appendPlainHandle(dst, handle), nil
	}
	start := len(dst)
	dst = append(dst, 0)
	if distinct && !isInt {
		dst = append(dst, optionCommonHandle, byte(len(handle)>>8), byte(len(handle)))
		dst = append(dst, handle...)
	}
	if x.restored != nil {
		size := len(dst)
		var overflow bool
		var err error
		if dst, overflow, err = x.restored.Append(dst, row.Values); err != nil {
			return dst, err
		}
		if size = len(dst) - size; overflow || size > maxIndexValue {
			return dst, pgerror.New(pgerror.ProgramLimitExceeded,
				"index row size exceeds maximum %d for index %q", rowcodec.OverflowLimit, x.index.Name)
		}
	}
	tail := 0
	if distinct && isInt {
		dst = appendPlainHandle(dst, handle)
		tail = 8
	}
	for len(dst)-start <= maxPlainIndexValue {
		dst = append(dst, 0)
		tail++
	}
	dst[start] = byte(tail)
	return dst, nil
}

// appendPlainHandle appends an integer handle without the inverted sign bit.
func appendPlainHandle(dst, handle []byte) []byte {
	dst = append(dst, handle...)
	dst[len(dst)-8] ^= 0x80
	return dst
}

// splitEntry takes an entry apart. The handle is appended to buf (distinct
// entries) or aliases the key; restored aliases value.
func (l *Layout) splitEntry(x *indexLayout, buf, key, value []byte) (handle, restored []byte, err error) {
	plain := len(value) <= maxPlainIndexValue
	switch {
	case plain && len(value) == 8:
		return plainHandle(buf, value), nil, nil
	case plain:
		handle, err = l.handleInKey(x, key)
		return handle, nil, err
	}
	tail := int(value[0])
	if tail >= len(value) {
		return nil, nil, errInvalidEntry
	}
	body, end := value[1:len(value)-tail], value[len(value)-tail:]
	if len(body) >= 3 && body[0] == optionCommonHandle {
		n := int(body[1])<<8 | int(body[2])
		if len(body) < 3+n {
			return nil, nil, errInvalidEntry
		}
		handle, body = body[3:3+n], body[3+n:]
	} else if x.index.Unique && tail >= 8 && len(body) > 0 {
		// An integer handle stands behind the restored row; padding never gets that long there.
		handle = plainHandle(buf, end[:8])
	}
	if len(body) > 0 {
		if body[0] != optionRestored {
			return nil, nil, errInvalidEntry
		}
		restored = body
	}
	if handle == nil {
		handle, err = l.handleInKey(x, key)
	}
	return handle, restored, err
}

func plainHandle(buf, b []byte) []byte {
	buf = append(buf, b...)
	buf[len(buf)-8] ^= 0x80
	return buf[len(buf)-8:]
}

// handleInKey returns the handle behind the key columns of an entry's key.
func (l *Layout) handleInKey(x *indexLayout, key []byte) ([]byte, error) {
	if !bytes.HasPrefix(key, x.prefix) {
		return nil, errInvalidEntry
	}
	b := key[len(x.prefix):]
	var err error
	for i := range x.columns {
		if b, _, err = x.columns[i].Skip(b); err != nil {
			return nil, err
		}
	}
	if l.handle != handleCommon {
		if len(b) != 9 || b[0] != keycodec.FlagInt {
			return nil, errInvalidEntry
		}
		return b[1:], nil
	}
	if len(b) == 0 {
		return nil, errInvalidEntry
	}
	return b, nil
}

var errInvalidHandle = pgerror.New(pgerror.DataCorrupted, "invalid row key in row store")

var errInvalidEntry = pgerror.New(pgerror.DataCorrupted, "invalid index entry in row store")

// HandleOfKey is the integer handle of a row's key.
func HandleOfKey(key kv.Key) int64 {
	v, _, _ := keycodec.DecodeInt(key[keycodec.PrefixLen:])
	return v
}
