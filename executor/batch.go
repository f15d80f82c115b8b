package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// typesOf are the types of a node's columns.
func typesOf(cols []plan.Column) []types.Type {
	out := make([]types.Type, len(cols))
	for i, c := range cols {
		out[i] = c.Type
	}
	return out
}

// newBatch makes a batch of n rows; it takes cols over. They may be coded.
func newBatch(schema *arrow.Schema, cols []arrow.Array, n int) arrow.RecordBatch {
	b := types.NewBatch(schema, cols, n)
	releaseAll(cols)
	return b
}

// releaseAll releases arrays; nil entries are allowed.
func releaseAll(cols []arrow.Array) {
	for _, c := range cols {
		if c != nil {
			c.Release()
		}
	}
}

// checkContext returns why ctx ended, nil if it has not.
func checkContext(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// drain pulls op to its end and hands each batch to fn, which takes it over.
func drain(ctx context.Context, op Operator, fn func(arrow.RecordBatch) error) error {
	for {
		if err := checkContext(ctx); err != nil {
			return err
		}
		b, err := op.Next(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := fn(b); err != nil {
			return err
		}
	}
}

// columnBytes is the memory a column's rows take.
func columnBytes(a arrow.Array) int64 {
	n := int64(a.Len())
	size := n / 8
	switch a := a.(type) {
	case *array.Boolean:
		size += n / 8
	case *array.Int16:
		size += 2 * n
	case *array.Int32, *array.Uint32, *array.Float32:
		size += 4 * n
	case *array.Int64, *array.Float64:
		size += 8 * n
	case *array.String, *array.Binary:
		offsets, _ := byteValues(a)
		size += 4*n + int64(offsets[n]-offsets[0])
	case *array.Dictionary: // its words are somebody else's, too
		size += 4*n + columnBytes(a.Dictionary())
	}
	return size
}

// batchOverhead estimates the objects of a batch and of one of its columns.
const batchOverhead = 200

// batchBytes is the memory a batch takes while it is kept.
func batchBytes(b arrow.RecordBatch) int64 {
	size := int64(batchOverhead)
	for _, c := range b.Columns() {
		size += columnBytes(c) + batchOverhead
	}
	return size
}

// builders are one builder for each column of an output.
type builders []array.Builder

func newBuilders(env *Env, ts []types.Type) builders {
	out := make(builders, len(ts))
	for i, t := range ts {
		out[i] = types.NewBuilder(env.Alloc, t)
	}
	return out
}

func (b builders) appendRow(row []types.Datum) {
	for i, d := range row {
		types.AppendDatum(b[i], d)
	}
}

// len is the number of rows so far.
func (b builders) len() int { return b[0].Len() }

// arrays ends the builders' present batch; the builders start anew.
func (b builders) arrays() []arrow.Array {
	out := make([]arrow.Array, len(b))
	for i := range b {
		out[i] = b[i].NewArray()
	}
	return out
}

func (b builders) release() {
	for i := range b {
		if b[i] != nil {
			b[i].Release()
		}
	}
}

// closeAll closes operators and returns the first error.
func closeAll(ops ...Operator) error {
	var first error
	for _, op := range ops {
		if op == nil {
			continue
		}
		if err := op.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}
