package executor

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// rowBuffer keeps batches and gives rows of them back in any order. What it
// keeps is reserved in the query's account first. One that spools
// (newSpooledBuffer) goes on in a temporary file where memory ends; any other
// fails with 53200, or its owner spills.
type rowBuffer struct {
	env    *Env
	schema *arrow.Schema
	chunks []arrow.RecordBatch
	// columns[c][k] is column c of chunk k.
	columns [][]arrow.Array
	open    []openColumn // parallel to columns; chunks read back from a file are not kept open
	// hidden is how many of the last columns gather leaves out: the owner's own.
	hidden int
	rows   int
	bytes  int64
	spool  *rowSpool // nil if the buffer does not spool
}

func newRowBuffer(env *Env, schema *arrow.Schema) *rowBuffer {
	return &rowBuffer{env: env, schema: schema, columns: make([][]arrow.Array, schema.NumFields())}
}

// add keeps a batch, which it takes over whatever happens.
func (b *rowBuffer) add(batch arrow.RecordBatch) error {
	if b.spool != nil {
		return b.spool.add(batch)
	}
	if err := b.reserve(batchBytes(batch)); err != nil {
		batch.Release()
		return err
	}
	b.keep(batch)
	return nil
}

// keep is add of a batch that is accounted for already.
func (b *rowBuffer) keep(batch arrow.RecordBatch) {
	b.chunks = append(b.chunks, batch)
	for i, c := range batch.Columns() {
		b.columns[i] = append(b.columns[i], c)
	}
	b.rows += int(batch.NumRows())
}

// reserve accounts for n bytes kept along with the rows.
func (b *rowBuffer) reserve(n int64) error {
	err := b.env.grow(n)
	if err == nil {
		b.bytes += n
	}
	return err
}

// reserveSparing is reserve for an owner that can write rows instead.
func (b *rowBuffer) reserveSparing(n int64) bool {
	if b.env.growSparing(n) != nil {
		return false
	}
	b.bytes += n
	return true
}

// fill drains op into the buffer.
func (b *rowBuffer) fill(ctx context.Context, op Operator) error {
	return drain(ctx, op, b.add)
}

// gather makes a batch of rows under the given schema (the buffer's own or one
// of the same types).
func (b *rowBuffer) gather(refs []rowRef) (arrow.RecordBatch, error) {
	cols, err := b.gatherColumns(refs)
	if err != nil {
		return nil, err
	}
	return newBatch(b.schema, cols, len(refs)), nil
}

func (b *rowBuffer) gatherColumns(refs []rowRef) ([]arrow.Array, error) {
	columns := b.columns[:len(b.columns)-b.hidden]
	if b.open == nil {
		b.open = make([]openColumn, len(b.columns))
	}
	open := b.open
	if b.spool != nil && b.spool.file != nil {
		var err error
		if columns, refs, err = b.spool.load(columns, refs); err != nil {
			return nil, err
		}
		open = make([]openColumn, len(columns))
	}
	return gatherColumns(b.env.Alloc, b.schema.Field, columns, open, refs)
}

// gatherColumns is gather of several columns of the same chunks; field tells their types.
func gatherColumns(alloc memory.Allocator, field func(int) arrow.Field, columns [][]arrow.Array, open []openColumn, refs []rowRef) ([]arrow.Array, error) {
	if one, ok := oneChunk(refs); ok {
		rows := make([]int32, len(refs))
		for i, r := range refs {
			rows[i] = int32(r.row())
		}
		return takeRows(alloc, chunkOf(columns, one), rows, false)
	}
	out, missing := make([]arrow.Array, len(columns)), hasNoRow(refs)
	for i, chunks := range columns {
		a, err := gather(alloc, field(i).Type, chunks, &open[i], refs, missing)
		if err != nil {
			releaseAll(out)
			return nil, err
		}
		out[i] = a
	}
	return out, nil
}

// oneChunk reports whether all rows, at least one, lie in one chunk.
func oneChunk(refs []rowRef) (chunk int, ok bool) {
	if len(refs) == 0 || refs[0] == noRow {
		return 0, false
	}
	chunk = refs[0].chunk()
	for _, r := range refs {
		if r.chunk() != chunk { // noRow is in none
			return 0, false
		}
	}
	return chunk, true
}

func chunkOf(columns [][]arrow.Array, chunk int) []arrow.Array {
	out := make([]arrow.Array, len(columns))
	for i, c := range columns {
		out[i] = c[chunk]
	}
	return out
}

// refs lists all rows in order.
func (b *rowBuffer) refs() []rowRef {
	out := make([]rowRef, 0, b.rows)
	for k := range b.chunks {
		for i := range b.chunkRows(k) {
			out = append(out, refOf(k, i))
		}
	}
	return out
}

// chunkRows is the number of rows of chunk k.
func (b *rowBuffer) chunkRows(k int) int {
	if c := b.chunks[k]; c != nil {
		return int(c.NumRows())
	}
	return b.spool.rows(k)
}

// dropFirst drops the first n batches; the rows' refs count from what is left.
func (b *rowBuffer) dropFirst(n int) {
	var bytes int64
	for k := range n {
		b.rows -= b.chunkRows(k)
		if b.spool == nil || b.spool.at[k] == inMemory {
			bytes += batchBytes(b.chunks[k])
			b.chunks[k].Release()
		}
	}
	if b.spool != nil {
		b.spool.dropFirst(n)
	}
	b.chunks, b.open = b.chunks[n:], nil
	for i := range b.columns {
		b.columns[i] = b.columns[i][n:]
	}
	b.env.shrink(bytes)
	b.bytes -= bytes
}

// clear drops the rows and gives their memory and their file back.
func (b *rowBuffer) clear() {
	if b.spool != nil {
		b.spool.clear()
	}
	for _, c := range b.chunks {
		if c != nil {
			c.Release()
		}
	}
	b.chunks, b.open = nil, nil
	for i := range b.columns {
		b.columns[i] = nil
	}
	b.rows = 0
	b.env.shrink(b.bytes)
	b.bytes = 0
}

func (e *Env) grow(n int64) error {
	if e.Memory == nil {
		return nil
	}
	return e.Memory.Grow(n)
}

// growSparing is grow for those who can do with less.
func (e *Env) growSparing(n int64) error {
	if e.Memory == nil {
		return nil
	}
	return e.Memory.GrowSparing(n)
}

func (e *Env) shrink(n int64) {
	if e.Memory != nil && n != 0 {
		e.Memory.Shrink(n)
	}
}

func (e *Env) batchRows() int {
	if e.BatchRows > 0 {
		return e.BatchRows
	}
	return BatchRows
}
