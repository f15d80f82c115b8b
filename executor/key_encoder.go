package executor

import (
	"encoding/binary"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// keyEncoder turns the key columns of a batch into one byte string a row, such
// that equal keys (by types.Compare, NULLs equal) have equal bytes. Integers
// of any width, and floats of any width, encode alike, so that the two sides
// of a join need not have the same type.
//
// Types whose equal values may differ in their bytes (numeric, interval, char,
// jsonb, ...) are interned: the n-th distinct value encodes as n.
type keyEncoder struct {
	types  []types.Type
	intern []*interner // one a column, nil where not needed
	rows   [][]byte
	null   []bool // rows with a NULL in a column where NULLs are not equal
}

func newKeyEncoder(ts []types.Type) *keyEncoder {
	e := &keyEncoder{types: ts, intern: make([]*interner, len(ts))}
	for i, t := range ts {
		if needsIntern(t) {
			e.intern[i] = &interner{typ: t}
		}
	}
	return e
}

// needsIntern says whether equal values of a type may have different bytes.
func needsIntern(t types.Type) bool {
	switch t.Phys() {
	case types.PhysBinary:
		return t.OID != types.Bytea && t.OID != types.UUID
	case types.PhysString:
		return t.OID == types.Bpchar || t.OID == types.JSONB
	}
	return false
}

// encode encodes n rows. nullEqual (nil: never) says for each column whether
// NULL is a value like others; rows with another NULL are marked in null.
// What it returns is valid until the next call.
func (e *keyEncoder) encode(cols []arrow.Array, n int, nullEqual []bool, add bool) (rows [][]byte, null []bool) {
	for len(e.rows) < n {
		e.rows = append(e.rows, nil)
	}
	if cap(e.null) < n {
		e.null = make([]bool, n)
	}
	e.null = e.null[:n]
	clear(e.null)
	rows = e.rows[:n]
	for i := range rows {
		rows[i] = rows[i][:0]
	}
	for k, c := range cols {
		if c.NullN() > 0 && (nullEqual == nil || !nullEqual[k]) {
			for i := range n {
				if c.IsNull(i) {
					e.null[i] = true
				}
			}
		}
		e.encodeColumn(k, c, rows, add)
	}
	return rows, e.null
}

func (e *keyEncoder) encodeColumn(k int, c arrow.Array, rows [][]byte, add bool) {
	hasNulls := c.NullN() > 0
	isNull := func(i int) bool { return hasNulls && c.IsNull(i) }
	put := func(i int, v uint64) {
		if isNull(i) {
			rows[i] = append(rows[i], 0)
			return
		}
		rows[i] = binary.LittleEndian.AppendUint64(append(rows[i], 1), v)
	}
	if in := e.intern[k]; in != nil {
		for i := range rows {
			if isNull(i) {
				rows[i] = append(rows[i], 0)
				continue
			}
			put(i, in.id(types.DatumAt(c, i), add))
		}
		return
	}
	switch c := c.(type) {
	case *array.Boolean:
		for i := range rows {
			v := uint64(0)
			if c.Value(i) {
				v = 1
			}
			put(i, v)
		}
	case *array.Int16:
		for i, v := range c.Int16Values() {
			put(i, uint64(v))
		}
	case *array.Int32:
		for i, v := range c.Int32Values() {
			put(i, uint64(v))
		}
	case *array.Int64:
		for i, v := range c.Int64Values() {
			put(i, uint64(v))
		}
	case *array.Uint32:
		for i, v := range c.Uint32Values() {
			put(i, uint64(v))
		}
	case *array.Float32:
		for i, v := range c.Float32Values() {
			put(i, floatKey(float64(v)))
		}
	case *array.Float64:
		for i, v := range c.Float64Values() {
			put(i, floatKey(v))
		}
	case *array.String, *array.Binary:
		offsets, data := byteValues(c)
		for i := range rows {
			if isNull(i) {
				rows[i] = append(rows[i], 0)
				continue
			}
			v := data[offsets[i]:offsets[i+1]]
			rows[i] = append(binary.AppendUvarint(append(rows[i], 1), uint64(len(v))), v...)
		}
	default: // all NULL
		for i := range rows {
			rows[i] = append(rows[i], 0)
		}
	}
}

// floatKey are the bits of a float with one zero and one NaN.
func floatKey(f float64) uint64 {
	switch {
	case f == 0:
		return 0
	case f != f:
		return math.MaxUint64
	}
	return math.Float64bits(f)
}

func (e *keyEncoder) bytes() int64 {
	var n int64
	for _, in := range e.intern {
		if in != nil {
			n += in.bytes
		}
	}
	return n
}

// interner numbers the distinct values of a type by types.Hash and Compare.
type interner struct {
	typ    types.Type
	byHash map[uint64][]uint32
	values []types.Datum
	bytes  int64
}

// unknownID is the id of values that were not added.
const unknownID = math.MaxUint64

func (in *interner) id(d types.Datum, add bool) uint64 {
	h := types.Hash(in.typ, d, 0)
	for _, id := range in.byHash[h] {
		if types.Compare(in.typ, in.values[id], d) == 0 {
			return uint64(id)
		}
	}
	if !add {
		return unknownID
	}
	if in.byHash == nil {
		in.byHash = map[uint64][]uint32{}
	}
	id := uint32(len(in.values))
	in.byHash[h] = append(in.byHash[h], id)
	in.values = append(in.values, d.Clone())
	in.bytes += int64(len(d.S)) + 96
	return uint64(id)
}
