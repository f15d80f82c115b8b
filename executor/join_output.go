package executor

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
)

// joinOutput makes output batches of a join whose one side is in hand as a
// batch (the streamed side) and whose other side is kept in a rowBuffer.
type joinOutput struct {
	env    *Env
	schema *arrow.Schema
	// pair is the schema of left columns, then right ones; it equals schema
	// but for semi and anti joins.
	pair         *arrow.Schema
	kept         *rowBuffer
	streamedLeft bool
	cond         *scalar // over pair; nil for none
}

// newJoinOutput; left and right are the inputs' columns.
func newJoinOutput(env *Env, n plan.Node, left, right *arrow.Schema, kept *rowBuffer, streamedLeft bool, cond *scalar) *joinOutput {
	fields := append(append([]arrow.Field{}, left.Fields()...), right.Fields()...)
	return &joinOutput{
		env: env, schema: schemaOf(n.Columns()), pair: arrow.NewSchema(fields, nil),
		kept: kept, streamedLeft: streamedLeft, cond: cond,
	}
}

// pairs makes the columns of (streamed row, kept row) pairs; a kept row may be noRow.
func (o *joinOutput) pairs(streamed arrow.RecordBatch, idx []int32, refs []rowRef) ([]arrow.Array, error) {
	s, err := takeColumns(o.env.Alloc, streamed.Columns(), idx)
	if err != nil {
		return nil, err
	}
	k, err := o.kept.gatherColumns(refs)
	if err != nil {
		releaseAll(s)
		return nil, err
	}
	if o.streamedLeft {
		return append(s, k...), nil
	}
	return append(k, s...), nil
}

// emit makes a batch of pairs' columns, which it takes over. Columns that the
// kept side has beyond the join's output (keys of a lookup join) are dropped.
func (o *joinOutput) emit(cols []arrow.Array, n int) arrow.RecordBatch {
	width := o.schema.NumFields()
	releaseAll(cols[width:])
	return newBatch(o.schema, cols[:width], n)
}

// matched makes the columns of the pairs that satisfy the condition, and which
// those are (nil: all of them).
func (o *joinOutput) matched(streamed arrow.RecordBatch, idx []int32, refs []rowRef) (cols []arrow.Array, sel []int32, err error) {
	cols, err = o.pairs(streamed, idx, refs)
	if err != nil || o.cond == nil {
		return cols, nil, err
	}
	sel, err = o.cond.selection(o.env, cols, len(idx), make([]int32, 0, len(idx)))
	if err != nil {
		releaseAll(cols)
		return nil, nil, err
	}
	if len(sel) == len(idx) {
		return cols, nil, nil
	}
	defer releaseAll(cols)
	if len(sel) == 0 {
		return nil, sel, nil
	}
	out, err := takeColumns(o.env.Alloc, cols, sel)
	return out, sel, err
}

// settle turns candidate pairs of a join that preserves the streamed side into
// the output's pairs, in the order of the streamed rows: those that satisfy the
// condition, and (row, noRow) for each row without any. Candidates of one row
// lie together; a row without candidates comes as (row, noRow). open says that
// the last row has more candidates to come. matched marks streamed rows, mark is
// called for kept rows that found a partner.
func (o *joinOutput) settle(streamed arrow.RecordBatch, idx []int32, refs []rowRef, matched []bool, open bool, mark func(rowRef)) ([]int32, []rowRef, error) {
	pass, err := o.passing(streamed, idx, refs)
	if err != nil {
		return nil, nil, err
	}
	outIdx, outRefs := make([]int32, 0, len(idx)), make([]rowRef, 0, len(idx))
	for i, row := range idx {
		ref := refs[i]
		if ref != noRow && (pass == nil || pass[i]) {
			outIdx, outRefs = append(outIdx, row), append(outRefs, ref)
			matched[row] = true
			if mark != nil {
				mark(ref)
			}
		}
		isLast := i+1 < len(idx) && idx[i+1] != row || i+1 == len(idx) && !open
		if isLast && !matched[row] {
			outIdx, outRefs = append(outIdx, row), append(outRefs, noRow)
		}
	}
	return outIdx, outRefs, nil
}

// passing says which pairs satisfy the condition; nil means all of them.
func (o *joinOutput) passing(streamed arrow.RecordBatch, idx []int32, refs []rowRef) ([]bool, error) {
	if o.cond == nil {
		return nil, nil
	}
	var realIdx []int32
	var realRefs []rowRef
	var at []int
	for i, r := range refs {
		if r != noRow {
			realIdx, realRefs, at = append(realIdx, idx[i]), append(realRefs, r), append(at, i)
		}
	}
	pass := make([]bool, len(idx))
	if len(at) == 0 {
		return pass, nil
	}
	cols, err := o.pairs(streamed, realIdx, realRefs)
	if err != nil {
		return nil, err
	}
	defer releaseAll(cols)
	sel, err := o.cond.selection(o.env, cols, len(at), nil)
	for _, s := range sel {
		pass[at[s]] = true
	}
	return pass, err
}

// keptOnly makes a batch of kept rows with NULLs for the streamed side.
func (o *joinOutput) keptOnly(refs []rowRef) (arrow.RecordBatch, error) {
	k, err := o.kept.gatherColumns(refs)
	if err != nil {
		return nil, err
	}
	var nulls []arrow.Array
	width := o.pair.NumFields() - len(k)
	for i := range width {
		f := i
		if !o.streamedLeft {
			f += len(k)
		}
		nulls = append(nulls, nullArray(o.env.Alloc, o.pair.Field(f).Type, len(refs)))
	}
	if o.streamedLeft {
		return newBatch(o.schema, append(nulls, k...), len(refs)), nil
	}
	return newBatch(o.schema, append(k, nulls...), len(refs)), nil
}

// keptRows makes a batch of kept rows alone (semi and anti joins that keep the left side).
func (o *joinOutput) keptRows(refs []rowRef) (arrow.RecordBatch, error) {
	k, err := o.kept.gatherColumns(refs)
	if err != nil {
		return nil, err
	}
	return newBatch(o.schema, k, len(refs)), nil
}

// streamedRows makes a batch of streamed rows alone.
func (o *joinOutput) streamedRows(streamed arrow.RecordBatch, idx []int32) (arrow.RecordBatch, error) {
	cols, err := takeColumns(o.env.Alloc, streamed.Columns(), idx)
	if err != nil {
		return nil, err
	}
	return newBatch(o.schema, cols, len(idx)), nil
}

// streamedOnly makes a batch of streamed rows with NULLs for the kept side.
func (o *joinOutput) streamedOnly(streamed arrow.RecordBatch, idx []int32) (arrow.RecordBatch, error) {
	refs := make([]rowRef, len(idx))
	for i := range refs {
		refs[i] = noRow
	}
	return o.pairBatch(streamed, idx, refs)
}

// pairBatch makes a batch of pairs.
func (o *joinOutput) pairBatch(streamed arrow.RecordBatch, idx []int32, refs []rowRef) (arrow.RecordBatch, error) {
	cols, err := o.pairs(streamed, idx, refs)
	if err != nil {
		return nil, err
	}
	return o.emit(cols, len(idx)), nil
}

// rowSet marks rows of a rowBuffer, a bit each.
type rowSet struct{ chunks [][]uint64 }

func newRowSet(b *rowBuffer) *rowSet {
	s := &rowSet{chunks: make([][]uint64, len(b.chunks))}
	for k := range b.chunks {
		s.chunks[k] = make([]uint64, (b.chunkRows(k)+63)/64)
	}
	return s
}

func (s *rowSet) add(r rowRef) { s.chunks[r.chunk()][r.row()>>6] |= 1 << (r.row() & 63) }

func (s *rowSet) has(r rowRef) bool { return s.chunks[r.chunk()][r.row()>>6]>>(r.row()&63)&1 == 1 }
