package executor

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// uniqueRows is a keyTable of whole rows that also has the rows: row k is that of id k.
type uniqueRows struct {
	env      *Env
	types    []types.Type
	table    *keyTable
	building builders // the last chunk
	chunks   [][]arrow.Array
	bytes    int64 // of the rows
	ids      []uint32
	sel      []int32
}

func newUniqueRows(env *Env, ts []types.Type) *uniqueRows {
	s := &uniqueRows{env: env, types: ts}
	s.clear()
	return s
}

func (s *uniqueRows) len() int { return s.table.len() }

// need is what the set takes once it has n more rows.
func (s *uniqueRows) need(cols []arrow.Array, n int) int64 {
	size := s.bytes + s.table.bytes() + s.table.growth(cols, n)
	for _, c := range cols {
		size += columnBytes(c)
	}
	return size
}

// lookup returns the ids of n rows, noKey where the set has them not; they are
// valid until the next call.
func (s *uniqueRows) lookup(cols []arrow.Array, n int) []uint32 {
	s.ids = s.table.lookup(cols, n, s.ids)
	return s.ids
}

// insert adds rows and returns which of them were not there, valid until the next call.
func (s *uniqueRows) insert(cols []arrow.Array, n int) []int32 {
	s.ids, s.sel = insertNew(s.table, cols, n, s.ids, s.sel[:0])
	for _, c := range cols {
		s.bytes += columnBytes(c) * int64(len(s.sel)) / int64(max(n, 1))
	}
	if s.building == nil && len(cols) > 0 {
		s.building = newBuilders(s.env, s.types)
	}
	if len(cols) > 0 {
		s.chunks = s.building.appendChunks(s.chunks, s.env.batchRows(), cols, s.sel)
	}
	return s.sel
}

// each calls fn with the set's rows in the order of their ids. The columns stay
// the set's, which takes no more rows after it.
func (s *uniqueRows) each(fn func(cols []arrow.Array, n int) error) error {
	if s.building != nil && s.building.len() > 0 {
		s.chunks = append(s.chunks, s.building.arrays())
	}
	for _, cols := range s.chunks {
		if err := fn(cols, cols[0].Len()); err != nil {
			return err
		}
	}
	return nil
}

// clear empties the set.
func (s *uniqueRows) clear() {
	s.building.release()
	for _, cols := range s.chunks {
		releaseAll(cols)
	}
	s.building, s.chunks, s.bytes = nil, nil, 0
	s.table = newKeyTable(s.types, allEqual(len(s.types)))
}

// newRetainedBatch makes a batch of columns that stay the caller's.
func newRetainedBatch(schema *arrow.Schema, cols []arrow.Array, n int) arrow.RecordBatch {
	return array.NewRecordBatch(schema, cols, int64(n))
}
