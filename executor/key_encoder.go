package executor

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// keyEncoder turns the key columns of a batch into one byte string a row, such
// that equal keys (by types.Compare, NULLs equal) have equal bytes:
//
//	a bit for each column that is NULL | each column that is not:
//	  fixed width: the value, 8 bytes (keyWords)
//	  strings: length uint32, bytes; numeric, interval and char(n) in a form that
//	    equal values share
//	  types without such a form (jsonb, arrays, ...): the number of the distinct
//	    value, 8 bytes
//
// Encoding runs column by column, over one buffer for the whole batch. Columns of
// strings may be coded.
type keyEncoder struct {
	types  []types.Type
	intern []*interner // one a column, nil where not needed
	rows   encodedRows
	words  []int64
}

// encodedRows are a batch's keys: row i is data[starts[i]:ends[i]].
type encodedRows struct {
	data         []byte
	starts, ends []int
	excluded     []bool // rows with a NULL in a column where NULLs are not equal
}

func (r *encodedRows) row(i int) []byte { return r.data[r.starts[i]:r.ends[i]] }

func newKeyEncoder(ts []types.Type) *keyEncoder {
	e := &keyEncoder{types: ts, intern: make([]*interner, len(ts))}
	for i, t := range ts {
		if needsEncoding(t) && !hasCanonical(t) {
			e.intern[i] = &interner{typ: t}
		}
	}
	return e
}

// needsEncoding says whether equal values of a type may have different bytes.
func needsEncoding(t types.Type) bool {
	switch t.Phys() {
	case types.PhysBinary:
		switch t.OID {
		case types.Bytea, types.UUID, types.Inet, types.Cidr, types.Macaddr, types.Macaddr8, types.Bit, types.Varbit, types.Tid, types.Timetz:
			return false
		}
		return true
	case types.PhysString:
		return t.OID == types.Bpchar || t.OID == types.JSONB
	}
	return false
}

// hasCanonical says whether appendCanonical knows the type.
func hasCanonical(t types.Type) bool {
	return t.OID == types.Numeric || t.OID == types.Interval || t.OID == types.Bpchar
}

// appendCanonical appends the bytes that all values equal to v share.
func appendCanonical(dst []byte, t types.Type, v []byte) []byte {
	switch t.OID {
	case types.Numeric:
		return types.DecodeNumeric(viewString(v)).TrimScale().AppendEncode(dst)
	case types.Interval:
		days, micros := types.DecodeInterval(viewString(v)).Span()
		return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(dst, uint64(days)), uint64(micros))
	}
	n := len(v)
	for n > 0 && v[n-1] == ' ' {
		n--
	}
	return append(dst, v[:n]...)
}

// encode encodes n rows. nullEqual (nil: never) says for each column whether
// NULL is a value like others. With add, values without a canonical form are
// numbered. What it returns is valid until the next call.
func (e *keyEncoder) encode(cols []arrow.Array, n int, nullEqual []bool, add bool) *encodedRows {
	r := &e.rows
	r.excluded = cleared(r.excluded, n)
	e.measure(cols, n)
	header := (len(cols) + 7) / 8
	for i, at := range r.starts {
		clear(r.data[at : at+header])
		r.ends[i] = at + header
	}
	for k, c := range cols {
		if c.NullN() > 0 {
			equal := nullEqual != nil && nullEqual[k]
			for i, at := range r.starts {
				if c.IsNull(i) {
					r.data[at+k/8] |= 1 << (k % 8)
					r.excluded[i] = r.excluded[i] || !equal
				}
			}
		}
		e.encodeColumn(k, c, add)
	}
	return r
}

// measure lays out the rows, each as long as it can get.
func (e *keyEncoder) measure(cols []arrow.Array, n int) {
	r := &e.rows
	r.starts = slices.Grow(r.starts[:0], n)[:n]
	r.ends = slices.Grow(r.ends[:0], n)[:n]
	fixed := (len(cols) + 7) / 8
	for k := range cols {
		fixed += 8
		if hasCanonical(e.types[k]) { // which may be longer than the value
			fixed += 16
		}
	}
	for i := range r.ends {
		r.ends[i] = fixed
	}
	for k, c := range cols {
		if !e.isBytes(k, c) {
			continue
		}
		v := viewBytes(c)
		for i := range r.ends {
			at := v.place(i)
			r.ends[i] += int(v.offsets[at+1] - v.offsets[at])
		}
	}
	at := 0
	for i, size := range r.ends {
		r.starts[i] = at
		at += size
	}
	r.data = slices.Grow(r.data[:0], at)[:at]
}

// isBytes says whether a column is encoded as bytes.
func (e *keyEncoder) isBytes(k int, c arrow.Array) bool {
	id := c.DataType().ID()
	return e.intern[k] == nil && (id == arrow.STRING || id == arrow.BINARY || id == arrow.DICTIONARY)
}

// encodeColumn appends a column to the rows in which it is not NULL.
func (e *keyEncoder) encodeColumn(k int, c arrow.Array, add bool) {
	switch {
	case c.NullN() == c.Len():
	case e.intern[k] != nil:
		in := e.intern[k]
		for i := range e.rows.ends {
			if c.IsValid(i) {
				e.putWord(i, in.id(types.DatumAt(c, i), add))
			}
		}
	case e.isBytes(k, c):
		e.encodeBytes(k, c)
	default:
		var words []int64
		words, e.words = keyWords(c, e.words)
		if c.NullN() == 0 {
			for i, w := range words {
				e.putWord(i, uint64(w))
			}
			return
		}
		for i, w := range words {
			if c.IsValid(i) {
				e.putWord(i, uint64(w))
			}
		}
	}
}

func (e *keyEncoder) putWord(i int, w uint64) {
	at := e.rows.ends[i]
	binary.LittleEndian.PutUint64(e.rows.data[at:], w)
	e.rows.ends[i] = at + 8
}

func (e *keyEncoder) encodeBytes(k int, c arrow.Array) {
	r := &e.rows
	view := viewBytes(c)
	hasNulls, canonical := c.NullN() > 0, hasCanonical(e.types[k])
	for i, at := range r.ends {
		if hasNulls && c.IsNull(i) {
			continue
		}
		place := view.place(i)
		v := view.data[view.offsets[place]:view.offsets[place+1]]
		var size int
		if canonical {
			size = len(appendCanonical(r.data[at+4:at+4], e.types[k], v))
		} else {
			size = copy(r.data[at+4:], v)
		}
		binary.LittleEndian.PutUint32(r.data[at:], uint32(size))
		r.ends[i] = at + 4 + size
	}
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
