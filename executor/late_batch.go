package executor

import (
	"slices"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// lateBatch are rows of a rowBuffer that were not copied yet (late materialization;
// Abadi et al., ICDE 2007): a column is made when somebody asks for it, and a client
// gets the rows from where they lie (types.ChunkedRows). It is of one goroutine at a
// time.
type lateBatch struct {
	env    *Env
	schema *arrow.Schema // of the columns, which may be coded in spite of it
	chunks []arrow.RecordBatch
	// columns[i][k] is column i of chunk k.
	columns [][]arrow.Array
	refs    []rowRef
	made    []arrow.Array // by column; nil where nobody asked
	// whole: somebody asked for all columns. They are the only chunk from then on.
	whole bool
	uses  atomic.Int64
}

// lateBytes is how large a buffer may be whose rows are not copied: they are found in
// the processor's cache, whatever their order, and take little memory if they are kept
// for longer than the buffer.
const lateBytes = 4 << 20

// lateShare is how many rows a chunk has at least on average: a client's columns are laid
// open chunk by chunk, which costs as much as copying some dozens of values.
const lateShare = 128

// late returns rows without copying them, with the buffer's columns that are not
// hidden; nil if copying is better.
func (b *rowBuffer) late(schema *arrow.Schema, refs []rowRef) *lateBatch {
	if b.bytes > lateBytes || b.spool != nil || len(refs) < lateShare*len(b.chunks) {
		return nil
	}
	columns := slices.Clone(b.columns[:len(b.columns)-b.hidden]) // clear empties it
	for _, chunks := range columns {
		if slices.ContainsFunc(chunks, func(c arrow.Array) bool { return !sameWords(c, chunks[0]) }) {
			return nil // a long word of many rows might be written out for each
		}
	}
	return newLateBatch(b.env, schema, b.chunks, columns, refs)
}

// sameWords reports whether two columns are plain, or coded by the same words.
func sameWords(a, b arrow.Array) bool {
	if types.IsCoded(a) != types.IsCoded(b) {
		return false
	}
	return !types.IsCoded(a) || types.WordsOf(a) == types.WordsOf(b)
}

func newLateBatch(env *Env, schema *arrow.Schema, chunks []arrow.RecordBatch, columns [][]arrow.Array, refs []rowRef) *lateBatch {
	l := &lateBatch{env: env, schema: schema, chunks: chunks, columns: columns, refs: refs, made: make([]arrow.Array, len(columns))}
	l.uses.Store(1)
	for _, c := range chunks {
		c.Retain()
	}
	return l
}

// project is the batch of some of the columns.
func (l *lateBatch) project(schema *arrow.Schema, ordinals []int) *lateBatch {
	columns := make([][]arrow.Array, len(ordinals))
	for i, o := range ordinals {
		columns[i] = l.columns[o]
	}
	return newLateBatch(l.env, schema, l.chunks, columns, l.refs)
}

// take is the batch of some of the rows.
func (l *lateBatch) take(rows []int32) *lateBatch {
	refs := make([]rowRef, len(rows))
	for i, r := range rows {
		refs[i] = l.refs[r]
	}
	return newLateBatch(l.env, l.schema, l.chunks, l.columns, refs)
}

// Chunks implements types.ChunkedRows.
func (l *lateBatch) Chunks() int { return len(l.chunks) }

// ChunkColumn implements types.ChunkedRows.
func (l *lateBatch) ChunkColumn(k, i int) arrow.Array { return l.columns[i][k] }

// Place implements types.ChunkedRows.
func (l *lateBatch) Place(i int) (chunk, row int) { return l.refs[i].chunk(), l.refs[i].row() }

// Column implements arrow.RecordBatch: it makes the column. The rows are few and
// lateBytes large at most, so that it does not fail.
func (l *lateBatch) Column(i int) arrow.Array {
	if l.made[i] == nil {
		l.made[i] = l.gather(func(int) arrow.Field { return l.schema.Field(i) }, l.columns[i:i+1])[0]
	}
	return l.made[i]
}

func (l *lateBatch) gather(field func(int) arrow.Field, columns [][]arrow.Array) []arrow.Array {
	out, err := gatherColumns(l.env.Alloc, field, columns, make([]openColumn, len(columns)), l.refs)
	if err != nil {
		panic("executor: columns of rows in hand: " + err.Error())
	}
	return out
}

// all makes all columns, and forgets where they came from.
func (l *lateBatch) all() arrow.RecordBatch {
	if l.whole {
		return l.chunks[0]
	}
	if slices.ContainsFunc(l.made, func(a arrow.Array) bool { return a != nil }) {
		for i := range l.made {
			l.Column(i)
		}
	} else {
		l.made = l.gather(l.schema.Field, l.columns)
	}
	whole := types.NewBatch(l.schema, l.made, len(l.refs))
	for _, c := range l.chunks {
		c.Release()
	}
	l.whole, l.chunks, l.columns = true, []arrow.RecordBatch{whole}, make([][]arrow.Array, len(l.made))
	for i := range l.columns {
		l.columns[i] = l.made[i : i+1]
	}
	n := len(l.refs)
	l.refs = make([]rowRef, n)
	for i := range l.refs {
		l.refs[i] = refOf(0, i)
	}
	return whole
}

// Columns implements arrow.RecordBatch.
func (l *lateBatch) Columns() []arrow.Array { return l.all().Columns() }

// Schema implements arrow.RecordBatch.
func (l *lateBatch) Schema() *arrow.Schema { return l.all().Schema() }

// NumRows implements arrow.RecordBatch.
func (l *lateBatch) NumRows() int64 { return int64(len(l.refs)) }

// NumCols implements arrow.RecordBatch.
func (l *lateBatch) NumCols() int64 { return int64(len(l.columns)) }

// ColumnName implements arrow.RecordBatch.
func (l *lateBatch) ColumnName(i int) string { return l.schema.Field(i).Name }

// SetColumn implements arrow.RecordBatch.
func (l *lateBatch) SetColumn(i int, a arrow.Array) (arrow.RecordBatch, error) {
	return l.all().SetColumn(i, a)
}

// MarshalJSON implements arrow.RecordBatch.
func (l *lateBatch) MarshalJSON() ([]byte, error) { return l.all().MarshalJSON() }

// NewSlice implements arrow.RecordBatch.
func (l *lateBatch) NewSlice(from, to int64) arrow.RecordBatch {
	if l.whole {
		return l.chunks[0].NewSlice(from, to)
	}
	return newLateBatch(l.env, l.schema, l.chunks, l.columns, l.refs[from:to])
}

// Retain implements arrow.RecordBatch.
func (l *lateBatch) Retain() { l.uses.Add(1) }

// Release implements arrow.RecordBatch.
func (l *lateBatch) Release() {
	if l.uses.Add(-1) > 0 {
		return
	}
	releaseAll(l.made)
	for _, c := range l.chunks {
		c.Release()
	}
}
