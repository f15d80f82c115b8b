package rowcodec

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Column is a stored column.
type Column struct {
	ID      uint32 // attnum
	Ordinal int    // index into the row that is encoded
	Kind    Kind
	Phys    types.Phys
}

// Encoder encodes rows of one table. It is read-only and may be shared.
type Encoder struct {
	columns []Column // ascending by ID
	bigIDs  bool
}

// NewEncoder prepares an encoder for columns in any order.
func NewEncoder(columns []Column) *Encoder {
	e := &Encoder{columns: slices.Clone(columns)}
	slices.SortFunc(e.columns, func(a, b Column) int { return int(a.ID) - int(b.ID) })
	for _, c := range e.columns {
		e.bigIDs = e.bigIDs || c.ID > math.MaxUint8
	}
	return e
}

// Columns returns the stored columns, ascending by id.
func (e *Encoder) Columns() []Column { return e.columns }

// Append appends the coded row. overflow reports that at least one value is
// longer than OverflowLimit and stands as a marker only. A value whose form is
// not its column's is refused: it could not be read back.
func (e *Encoder) Append(dst []byte, row []types.Datum) (out []byte, overflow bool, err error) {
	notNull, size := 0, 0
	for i := range e.columns {
		c := &e.columns[i]
		d := &row[c.Ordinal]
		if d.P == types.PhysNull {
			continue
		}
		if d.P != c.Phys {
			return dst, false, pgerror.New(pgerror.InternalError, "value of form %d for column %d of form %d", d.P, c.ID, c.Phys)
		}
		notNull++
		if !c.Kind.IsBytes() {
			size += 8
		} else if len(d.S) > OverflowLimit {
			overflow = true
			size += 12
		} else {
			size += len(d.S) + 2
		}
	}
	flags := byte(0)
	if overflow {
		flags |= flagOverflow
	}
	if e.bigIDs {
		return e.appendLarge(dst, row, flags, notNull), overflow, nil
	}
	start := len(dst)
	dst = e.appendSmall(dst, row, flags, notNull, size)
	if size > math.MaxUint16 && len(dst)-start-headerLen-len(e.columns)-2*notNull > math.MaxUint16 {
		dst = e.appendLarge(dst[:start], row, flags, notNull)
	}
	return dst, overflow, nil
}

func (e *Encoder) appendHeader(dst []byte, flags byte, notNull int) []byte {
	dst = append(dst, Version, flags)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(notNull))
	return binary.LittleEndian.AppendUint16(dst, uint16(len(e.columns)-notNull))
}

// appendSmall writes 1-byte ids and 2-byte offsets, which wrap around when the
// values are longer than 64 KiB: the caller then encodes again.
func (e *Encoder) appendSmall(dst []byte, row []types.Datum, flags byte, notNull, size int) []byte {
	n := len(e.columns)
	dst = slices.Grow(dst, headerLen+n+2*notNull+size)
	dst = e.appendHeader(dst, flags, notNull)
	ids := len(dst)
	offsets := ids + n
	data := offsets + 2*notNull
	dst = dst[:data]
	null := ids + notNull
	for i := range e.columns {
		c := &e.columns[i]
		d := &row[c.Ordinal]
		if d.P == types.PhysNull {
			dst[null] = byte(c.ID)
			null++
			continue
		}
		dst[ids] = byte(c.ID)
		ids++
		dst = AppendValue(dst, c.Kind, d)
		binary.LittleEndian.PutUint16(dst[offsets:], uint16(len(dst)-data))
		offsets += 2
	}
	return dst
}

func (e *Encoder) appendLarge(dst []byte, row []types.Datum, flags byte, notNull int) []byte {
	n := len(e.columns)
	dst = e.appendHeader(dst, flags|flagLarge, notNull)
	ids := len(dst)
	offsets := ids + 4*n
	data := offsets + 4*notNull
	dst = append(dst, make([]byte, data-ids)...)
	null := ids + 4*notNull
	for i := range e.columns {
		c := &e.columns[i]
		d := &row[c.Ordinal]
		if d.P == types.PhysNull {
			binary.LittleEndian.PutUint32(dst[null:], c.ID)
			null += 4
			continue
		}
		binary.LittleEndian.PutUint32(dst[ids:], c.ID)
		ids += 4
		dst = AppendValue(dst, c.Kind, d)
		binary.LittleEndian.PutUint32(dst[offsets:], uint32(len(dst)-data))
		offsets += 4
	}
	return dst
}
