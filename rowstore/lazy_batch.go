package rowstore

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// LazyBatch are rows of which columns that are packed in the column cache are
// unpacked when they are asked for: who drops most rows by a few columns need not
// unpack the others (late materialization; Abadi et al., ICDE 2007). It is of one
// goroutine, which releases it.
type LazyBatch struct {
	schema *arrow.Schema
	alloc  memory.Allocator
	rows   int
	held   []heldColumn
}

// NextLazy is Next for a reader that may not need all columns of all rows.
func (s *Scanner) NextLazy(ctx context.Context) (*LazyBatch, error) {
	if c := s.cache; c != nil && c.rest == nil && s.err == nil && !s.closed {
		b, err := s.nextChunk(ctx)
		if err != nil {
			s.err = err
			return nil, err
		}
		if b.rows <= s.spec.BatchRows {
			return b, nil
		}
		c.rest = b.batch(nil)
		b.Release()
	}
	batch, err := s.next(ctx)
	if err != nil {
		return nil, err
	}
	defer batch.Release()
	b := &LazyBatch{schema: s.spec.Schema, alloc: s.alloc, rows: int(batch.NumRows()), held: make([]heldColumn, batch.NumCols())}
	for i, c := range batch.Columns() {
		b.held[i].values = c
		c.Retain()
	}
	return b, nil
}

// Rows is how many rows there are.
func (b *LazyBatch) Rows() int { return b.rows }

// Schema is the schema of the columns when they are plain.
func (b *LazyBatch) Schema() *arrow.Schema { return b.schema }

// Column returns column i, plain; it stays the batch's.
func (b *LazyBatch) Column(i int) arrow.Array {
	h := &b.held[i]
	if a := b.Coded(i); types.IsCoded(a) {
		h.values = types.Plain(b.alloc, a)
		a.Release()
	}
	return h.values
}

// Coded returns column i, coded (types.IsCoded) if it is known so and nobody asked
// for the plain one; it stays the batch's.
func (b *LazyBatch) Coded(i int) arrow.Array {
	h := &b.held[i]
	if h.values == nil {
		h.values = h.packed.Unpack(b.alloc)
	}
	return h.values
}

// Packed reports whether column i was not unpacked yet: TakeColumn costs less
// than Column then.
func (b *LazyBatch) Packed(i int) bool { return b.held[i].values == nil }

// TakeColumn returns the values at rows of a column that is packed, of the caller;
// they may be coded.
func (b *LazyBatch) TakeColumn(i int, rows []int32) arrow.Array {
	return b.held[i].packed.Take(b.alloc, rows)
}

// Batch returns all rows, of the caller, with columns that may be coded where coded
// says so.
func (b *LazyBatch) Batch(coded []bool) arrow.RecordBatch {
	return b.batch(func(i int) bool { return coded == nil || !coded[i] })
}

// batch returns all rows, those columns plain that plain names; nil: none need be.
func (b *LazyBatch) batch(plain func(i int) bool) arrow.RecordBatch {
	columns := make([]arrow.Array, len(b.held))
	for i := range columns {
		if plain != nil && plain(i) {
			columns[i] = b.Column(i)
		} else {
			columns[i] = b.Coded(i)
		}
	}
	return types.NewBatch(b.schema, columns, b.rows)
}

// Release drops the batch.
func (b *LazyBatch) Release() {
	for i := range b.held {
		b.held[i].release()
	}
}
