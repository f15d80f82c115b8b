package executor

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// groupSet holds the groups of one grouping set: their keys, in chunks of a
// batch of groups each, and the calls' states.
type groupSet struct {
	keys     []int     // positions in the node's keys
	hashed   int       // so many of them make the group, the others depend on them
	table    *keyTable // nil: one group, also of no rows
	ids      []uint32  // the groups of the batch in hand
	fresh    []int32   // its rows that began a group
	states   []*aggState
	groups   int
	capacity int // groups that the states have room for
	chunks   [][]arrow.Array
	building builders // the last chunk
	carried  int64    // bytes of the dependent keys

	// Spilling (agg_spill.go): which set this is, what is read, and where rows
	// without a group go (nil: groups are made).
	index  int
	pass   spillPass
	parts  *partitions
	hasher keyHasher
	known  []int32 // scratch
}

func newGroupSet(env *Env, keys []int, dependent int, scalars []*scalar, calls []*aggCall) *groupSet {
	s := &groupSet{keys: keys, hashed: len(keys) - dependent}
	ts := make([]types.Type, len(keys))
	for i, k := range keys {
		ts[i] = scalars[k].typ
	}
	for _, c := range calls {
		s.states = append(s.states, c.newState(env, len(keys) == 0))
	}
	if len(keys) == 0 {
		s.resize(1)
		return s
	}
	s.table = newKeyTable(ts[:s.hashed], allEqual(s.hashed))
	s.hasher.types = ts[:s.hashed]
	s.building = newBuilders(env, ts)
	return s
}

// resize makes room for groups; the states double, as the table does.
func (s *groupSet) resize(groups int) {
	s.groups = groups
	if groups <= s.capacity {
		return
	}
	s.capacity = max(groups, 2*s.capacity)
	for _, st := range s.states {
		st.resize(s.capacity)
	}
}

// pick are the set's keys among all of the node's, hashed ones first.
func (s *groupSet) pick(keys []arrow.Array) []arrow.Array {
	cols := make([]arrow.Array, len(s.keys))
	for i, k := range s.keys {
		cols[i] = keys[k]
	}
	return cols
}

// assign gives each of n rows its group, making new ones; ids stays nil where
// there is only one group.
func (s *groupSet) assign(env *Env, keys []arrow.Array, n int) {
	if s.table == nil {
		return
	}
	cols := s.pick(keys)
	s.insert(env, cols, n)
}

// insert gives each of n rows of key columns its group, making new ones.
func (s *groupSet) insert(env *Env, cols []arrow.Array, n int) {
	s.ids, s.fresh = insertNew(s.table, cols[:s.hashed], n, s.ids, s.fresh[:0])
	for _, c := range cols[s.hashed:] {
		s.carried += columnBytes(c) * int64(len(s.fresh)) / int64(n)
	}
	s.keep(env, cols, s.fresh)
	s.resize(s.table.len())
}

// keep appends the given rows of the key columns to the groups' keys.
func (s *groupSet) keep(env *Env, cols []arrow.Array, rows []int32) {
	s.chunks = s.building.appendChunks(s.chunks, env.batchRows(), cols, rows)
}

// appendChunks appends the given rows of columns; whenever limit rows are together
// they become the next of chunks.
func (b builders) appendChunks(chunks [][]arrow.Array, limit int, cols []arrow.Array, rows []int32) [][]arrow.Array {
	for len(rows) > 0 {
		n := min(limit-b.len(), len(rows))
		for k, c := range cols {
			appendRows(b[k], c, rows[:n])
		}
		if b.len() == limit {
			chunks = append(chunks, b.arrays())
		}
		rows = rows[n:]
	}
	return chunks
}

// endKeys closes the last chunk of keys.
func (s *groupSet) endKeys() {
	if s.table != nil && s.building.len() > 0 {
		s.chunks = append(s.chunks, s.building.arrays())
	}
}

// bytes is the memory held.
func (s *groupSet) bytes() int64 {
	n := s.carried
	if s.table != nil {
		n += 2 * s.table.bytes() // the keys are kept once more as columns
	}
	for _, st := range s.states {
		n += st.bytes()
	}
	return n
}

func (s *groupSet) close() {
	s.building.release()
	for _, c := range s.chunks {
		releaseAll(c)
	}
	s.chunks = nil
	for _, st := range s.states {
		st.close()
	}
}

// appendRows appends the given rows of an array, which may be coded, to a builder of
// its values' type.
func appendRows(b array.Builder, a arrow.Array, rows []int32) {
	switch b := b.(type) {
	case *array.BooleanBuilder:
		appendValues(b, a.(*array.Boolean), rows)
	case *array.Int16Builder:
		appendValues(b, a.(*array.Int16), rows)
	case *array.Int32Builder:
		appendValues(b, a.(*array.Int32), rows)
	case *array.Int64Builder:
		appendValues(b, a.(*array.Int64), rows)
	case *array.Uint32Builder:
		appendValues(b, a.(*array.Uint32), rows)
	case *array.Float32Builder:
		appendValues(b, a.(*array.Float32), rows)
	case *array.Float64Builder:
		appendValues(b, a.(*array.Float64), rows)
	case *array.StringBuilder:
		if d, ok := a.(*array.Dictionary); ok {
			appendWords(b, d, d.Dictionary().(*array.String), rows)
		} else {
			appendValues(b, a.(*array.String), rows)
		}
	case *array.BinaryBuilder:
		if d, ok := a.(*array.Dictionary); ok {
			appendWords(b, d, d.Dictionary().(*array.Binary), rows)
		} else {
			appendValues(b, a.(*array.Binary), rows)
		}
	case *array.NullBuilder:
		b.AppendNulls(len(rows))
	default:
		panic(fmt.Sprintf("executor: no appendRows for %T", b))
	}
}

// appendValues is appendRows for builders and arrays of one Go type.
func appendValues[T any, A interface {
	arrow.Array
	Value(int) T
}, B interface {
	array.Builder
	Append(T)
}](b B, a A, rows []int32) {
	b.Reserve(len(rows))
	for _, r := range rows {
		if a.IsNull(int(r)) {
			b.AppendNull()
			continue
		}
		b.Append(a.Value(int(r)))
	}
}

// appendWords is appendRows for a coded column.
func appendWords[T any, A interface {
	arrow.Array
	Value(int) T
}, B interface {
	array.Builder
	Append(T)
}](b B, a *array.Dictionary, words A, rows []int32) {
	b.Reserve(len(rows))
	codes := types.Codes(a)
	for _, r := range rows {
		if a.IsNull(int(r)) {
			b.AppendNull()
			continue
		}
		b.Append(words.Value(int(codes[r])))
	}
}
