package executor

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/rowstore/keycodec"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// sortEncoder turns the sort keys of a row into one byte string, such that the
// strings order as the rows do (a normalised key). No string is a prefix of
// another row's, unless it was cut.
//
// A descending key has its value's bytes inverted. NULL takes no byte of its
// own for the common types, but what lies beyond the extreme value:
//
//	numbers   4 or 8 bytes, big-endian, made unsigned. The extreme value next to
//	          NULL has a 0 behind it if NULL comes after it, a 1 if before; NULL is
//	          the same bytes with the other.
//	text      its bytes and a zero, which text does not contain. NULL is FF, or
//	          00 00 before the empty string, which is 00 01 then.
//	others    a byte for NULL or not, and rowstore's order-preserving bytes.
//
// Text of more than sortTextBytes is cut, and types without order-preserving
// bytes have none: such a row's key ends there, and rows of equal keys are
// compared by their values from that key on.
type sortEncoder struct {
	columns []sortColumn
	buf     []byte
	offsets []int32
	// cut says that a key encoded so far was cut.
	cut bool
}

// sortColumn encodes one key.
type sortColumn struct {
	key    sortKey
	invert byte
	codec  keycodec.Column
	coded  bool // by codec
	wide   bool // integers of any width take eight bytes
	uncut  bool // keys are as long as they are
}

// sortTextBytes is how much of a text goes into its key.
const sortTextBytes = 64

func newSortEncoder(keys []sortKey) *sortEncoder {
	e := &sortEncoder{columns: make([]sortColumn, len(keys))}
	for i, k := range keys {
		c := sortColumn{key: k}
		if k.desc {
			c.invert = 0xff
		}
		if sortCoded(k.typ) {
			c.codec, c.coded = keycodec.NewColumn(k.typ, k.desc, k.nullsFirst), true
		}
		e.columns[i] = c
	}
	return e
}

// sortCoded says whether values of a type are encoded by rowstore's codec.
func sortCoded(t types.Type) bool {
	switch t.OID {
	case types.Numeric, types.Interval, types.JSONB, types.Timetz, types.Inet, types.Cidr, types.Bit, types.Varbit,
		types.Bytea, types.UUID, types.Macaddr, types.Macaddr8:
		return true
	}
	if types.FindRange(t.OID) != nil {
		return true
	}
	elem := t.Elem()
	return t.IsArray() && (elem.OID == types.Numeric || elem.Phys() != types.PhysBinary && elem.Phys() != types.PhysString ||
		elem.OID == types.Text || elem.OID == types.Varchar)
}

// mayCut says whether keys of the column may be cut.
func (c *sortColumn) mayCut() bool {
	p := c.key.typ.Phys()
	return p == types.PhysString || p == types.PhysBinary
}

// maxKeyRoom bounds the room that is made for keys before it is known how long they are.
const maxKeyRoom = 1 << 20

// encode makes the keys of n rows as a Binary array.
func (e *sortEncoder) encode(env *Env, cols []arrow.Array, n int) (arrow.Array, error) {
	appends := make([]appendKey, len(cols))
	size := int64(0) // about
	for i, a := range cols {
		appends[i] = e.columns[i].appender(a)
		size += columnBytes(a)
	}
	e.buf = slices.Grow(e.buf[:0], int(min(size, maxKeyRoom)))
	e.offsets = append(slices.Grow(e.offsets[:0], n+1), 0)
	for i := range n {
		whole := true
		for k := 0; k < len(appends) && whole; k++ {
			e.buf, whole = appends[k](e.buf, i)
		}
		e.cut = e.cut || !whole
		e.offsets = append(e.offsets, int32(len(e.buf)))
	}
	if len(e.buf) > math.MaxInt32 {
		return nil, errBatchTooLarge()
	}
	offsets, data := newBuffer(env.Alloc, 4*(n+1)), newBuffer(env.Alloc, len(e.buf))
	for i, o := range e.offsets {
		binary.LittleEndian.PutUint32(offsets.Bytes()[4*i:], uint32(o))
	}
	copy(data.Bytes(), e.buf)
	return makeArray(arrow.BinaryTypes.Binary, n, bitmap{}, offsets, data), nil
}

// appendKey appends row i's bytes; whole is false if they were cut.
type appendKey func(dst []byte, i int) (out []byte, whole bool)

func (c *sortColumn) appender(a arrow.Array) appendKey {
	switch a := a.(type) {
	case *array.Null:
		return func(dst []byte, _ int) ([]byte, bool) { return append(dst, 0), true }
	case *array.Boolean:
		return c.booleans(a)
	case *array.Int16:
		if c.wide {
			return numberKeys(c, a, a.Int16Values(), 8, func(v int16) uint64 { return uint64(v) ^ 1<<63 })
		}
		return numberKeys(c, a, a.Int16Values(), 4, func(v int16) uint64 { return uint64(uint32(v) ^ 1<<31) })
	case *array.Int32:
		if c.wide {
			return numberKeys(c, a, a.Int32Values(), 8, func(v int32) uint64 { return uint64(v) ^ 1<<63 })
		}
		return numberKeys(c, a, a.Int32Values(), 4, func(v int32) uint64 { return uint64(uint32(v) ^ 1<<31) })
	case *array.Uint32:
		if c.wide {
			return numberKeys(c, a, a.Uint32Values(), 8, func(v uint32) uint64 { return uint64(v) ^ 1<<63 })
		}
		return numberKeys(c, a, a.Uint32Values(), 4, func(v uint32) uint64 { return uint64(v) })
	case *array.Int64:
		if c.key.typ.OID == types.PgLsn || c.key.typ.OID == types.Xid8 {
			return numberKeys(c, a, a.Int64Values(), 8, func(v int64) uint64 { return uint64(v) })
		}
		return numberKeys(c, a, a.Int64Values(), 8, func(v int64) uint64 { return uint64(v) ^ 1<<63 })
	case *array.Float32:
		return numberKeys(c, a, a.Float32Values(), 8, func(v float32) uint64 { return floatPrefix(float64(v)) })
	case *array.Float64:
		return numberKeys(c, a, a.Float64Values(), 8, floatPrefix)
	case *array.String:
		if !c.coded {
			return c.texts(a)
		}
	}
	return c.others(a)
}

func (c *sortColumn) booleans(a *array.Boolean) appendKey {
	null := byte(3)
	if c.key.nullsFirst {
		null = 0
	}
	return func(dst []byte, i int) ([]byte, bool) {
		if a.IsNull(i) {
			return append(dst, null), true
		}
		if a.Value(i) != c.key.desc {
			return append(dst, 2), true
		}
		return append(dst, 1), true
	}
}

// numberKeys encodes numbers of width bytes.
func numberKeys[T any](c *sortColumn, a arrow.Array, values []T, width int, unsigned func(T) uint64) appendKey {
	all := ^uint64(0) >> (64 - 8*width)
	extreme, null, notNull := all, byte(1), byte(0)
	if c.key.nullsFirst {
		extreme, null, notNull = 0, 0, 1
	}
	hasNulls, flip, shift := a.NullN() > 0, uint64(0), 64-8*width
	if c.invert != 0 {
		flip = all
	}
	return func(dst []byte, i int) ([]byte, bool) {
		if hasNulls && a.IsNull(i) {
			dst = binary.BigEndian.AppendUint64(dst, extreme<<shift)
			return append(dst[:len(dst)-8+width], null), true
		}
		u := unsigned(values[i]) ^ flip
		dst = binary.BigEndian.AppendUint64(dst, u<<shift)
		dst = dst[:len(dst)-8+width]
		if u == extreme {
			dst = append(dst, notNull)
		}
		return dst, true
	}
}

func (c *sortColumn) texts(a *array.String) appendKey {
	offsets, data := byteValues(a)
	hasNulls, trim := a.NullN() > 0, c.key.typ.OID == types.Bpchar
	return func(dst []byte, i int) ([]byte, bool) {
		if hasNulls && a.IsNull(i) {
			if c.key.nullsFirst {
				return append(dst, 0, 0), true
			}
			return append(dst, 0xff, 0xff), true
		}
		v := data[offsets[i]:offsets[i+1]]
		if trim {
			for len(v) > 0 && v[len(v)-1] == ' ' {
				v = v[:len(v)-1]
			}
		}
		start := len(dst)
		if len(v) > sortTextBytes && !c.uncut {
			// A whole text of this length has a zero here.
			dst = append(append(dst, v[:sortTextBytes]...), 1)
			c.flip(dst[start:])
			return dst, false
		}
		dst = append(append(dst, v...), 0)
		c.flip(dst[start:])
		if len(v) == 0 { // beside NULL
			if c.invert != 0 {
				return append(dst, 0), true
			}
			return append(dst, 1), true
		}
		return dst, true
	}
}

func (c *sortColumn) flip(b []byte) {
	if c.invert != 0 {
		for i := range b {
			b[i] = ^b[i]
		}
	}
}

func (c *sortColumn) others(a arrow.Array) appendKey {
	null, notNull := byte(2), byte(1)
	if c.key.nullsFirst {
		null = 0
	}
	return func(dst []byte, i int) ([]byte, bool) {
		if a.IsNull(i) {
			return append(dst, null), true
		}
		dst = append(dst, notNull)
		if !c.coded {
			return dst, false
		}
		start := len(dst)
		out, err := c.codec.Append(dst, types.DatumAt(a, i))
		if err != nil { // sortCoded lists the types that have bytes
			panic(fmt.Sprintf("executor: sort key of type %s: %v", types.Format(c.key.typ), err))
		}
		if len(out)-start > sortTextBytes && !c.uncut {
			return out[:start+sortTextBytes], false
		}
		return out, true
	}
}
