package executor

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// mixedKeys finds the keys of rows whose key columns are some coded, the others of fixed
// width: the combination of words and those values are two words, which are numbered by a
// table of their own, so that the table itself, whose keys are long, is asked once for each.
// It is kept as long as batches share their words, and pays as long as there are few keys.
type mixedKeys struct {
	types  []types.Type // of the key columns
	words  []arrow.ArrayData
	found  *packedTable
	count  uint32   // of found
	ids    []uint32 // of its keys in the table; noKey if they are not there
	missed bool     // there may be such, when the table had size keys
	size   uint32
	rows   int  // that were looked for
	asked  int  // for which the table was asked
	off    bool // it does not pay

	combined []int32 // scratch
	at       []uint32
	fresh    []int32
}

const (
	// mostMixed bounds the keys that are numbered.
	mostMixed = 1 << 15
	// mixedTrial is after how many rows it is given up if most of them were asked for.
	mixedTrial = 3 * BatchRows
)

// split returns the coded columns, and those as which the others and the combination of
// codes are packed; nil if that is not possible.
func (m *mixedKeys) split(cols []arrow.Array) (coded, packed []arrow.Array, ts []types.Type) {
	total := 1
	for i, c := range cols {
		if types.IsCoded(c) {
			coded = append(coded, c)
			if total *= types.WordsOf(c).Len() + 1; total > math.MaxInt32 {
				return nil, nil, nil
			}
			continue
		}
		if keyWidth(m.types[i]) == 0 || c.DataType().ID() == arrow.NULL {
			return nil, nil, nil
		}
		packed, ts = append(packed, c), append(ts, m.types[i])
	}
	if len(coded) == 0 || len(packed) == 0 {
		return nil, nil, nil
	}
	return coded, packed, append(ts, types.Of(types.Int4))
}

// prepare makes it ready for rows with these columns; false if it is not for them.
func (m *mixedKeys) prepare(coded []arrow.Array, ts []types.Type, size uint32, add bool) bool {
	same := m.found != nil && len(m.words) == len(coded)
	for i := 0; same && i < len(coded); i++ {
		same = m.words[i] == types.WordsOf(coded[i])
	}
	if same && (!m.missed || m.size == size && !add) {
		return true
	}
	if packFields(ts) == nil {
		return false
	}
	m.found, m.count, m.ids, m.missed = newPackedTable(ts), 0, m.ids[:0], false
	m.words = m.words[:0]
	for _, c := range coded {
		m.words = append(m.words, types.WordsOf(c))
	}
	return true
}

func (m *mixedKeys) bytes() int64 {
	if m.found == nil {
		return 0
	}
	return 24*int64(len(m.found.slots)) + 4*int64(cap(m.ids))
}

// growth is how many bytes n rows may add.
func (m *mixedKeys) growth(n int) int64 {
	if m.off {
		return 0
	}
	used, slots := 0, firstSlots
	if m.found != nil {
		used, slots = m.found.used, len(m.found.slots)
	}
	return 24*slotGrowth(used, slots, n) + 4*int64(n)
}

// give drops what is known.
func (m *mixedKeys) give() { *m = mixedKeys{types: m.types, off: true} }

// findMixed is find for columns of which some are coded; false if mixedKeys is not for them.
func (t *keyTable) findMixed(cols []arrow.Array, n int, out []uint32, add bool) bool {
	m := &t.mixed
	if m.off || t.encoder == nil || n == 0 {
		return false
	}
	coded, packed, ts := m.split(cols)
	if coded == nil || !m.prepare(coded, ts, t.count, add) {
		return false
	}
	m.combined = combineCodes(m.combined, coded, n)
	codes := int32Array(m.combined)
	defer codes.Release()
	if cap(m.at) < n {
		m.at = make([]uint32, n)
	}
	at, known := m.at[:n], m.count
	m.found.find(append(packed, codes), allEqual(len(packed)+1), at, &m.count, true)
	m.fresh = m.fresh[:0]
	for i, k := range at {
		if k == known+uint32(len(m.fresh)) {
			m.fresh = append(m.fresh, int32(i))
		}
	}
	if len(m.fresh) > 0 {
		m.ask(t, cols, add)
	}
	for i, k := range at {
		out[i] = m.ids[k]
	}
	m.rows += n
	m.asked += len(m.fresh)
	if m.rows >= mixedTrial && m.asked > m.rows/2 || m.count > mostMixed {
		m.give()
	}
	return true
}

// ask asks the table for the keys of fresh rows, in their order, as ids are given.
func (m *mixedKeys) ask(t *keyTable, cols []arrow.Array, add bool) {
	some := make([]arrow.Array, len(cols))
	defer func() { releaseAll(some) }()
	for i, c := range cols {
		a, err := take(memory.DefaultAllocator, c, m.fresh)
		if err != nil { // cannot be: they are codes, or of fixed width
			panic(err)
		}
		some[i] = a
	}
	ids := make([]uint32, len(m.fresh))
	t.findPlain(some, len(m.fresh), ids, add)
	m.ids = append(m.ids, ids...)
	if !add {
		m.missed, m.size = true, t.count
	}
}

// int32Array views values as an array.
func int32Array(v []int32) arrow.Array {
	d := array.NewData(arrow.PrimitiveTypes.Int32, len(v), []*memory.Buffer{nil, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(v))}, nil, 0, 0)
	defer d.Release()
	return array.NewInt32Data(d)
}
