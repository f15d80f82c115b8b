package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/planner/plan"
)

// unionAll yields the rows of its inputs one after another. An input is closed
// as soon as it is read to its end.
type unionAll struct {
	inputs []Operator
	schema *arrow.Schema
	at     int
}

func (r *run) newUnionAll(n *plan.UnionAll) (Operator, error) {
	inputs, err := r.buildAll(n.Children...)
	if err != nil {
		return nil, err
	}
	return &unionAll{inputs: inputs, schema: schemaOf(n.Cols)}, nil
}

func (u *unionAll) Schema() *arrow.Schema { return u.schema }

func (u *unionAll) Close() error { return closeAll(u.inputs[u.at:]...) }

func (u *unionAll) Next(ctx context.Context) (arrow.RecordBatch, error) {
	for u.at < len(u.inputs) {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		batch, err := u.inputs[u.at].Next(ctx)
		if err == nil {
			return renamed(batch, u.schema), nil
		}
		if err != io.EOF {
			return nil, err
		}
		done := u.inputs[u.at]
		u.at++
		if err := done.Close(); err != nil {
			return nil, err
		}
	}
	return nil, io.EOF
}

// renamed puts a batch, which it takes over, under a schema of the same types.
func renamed(batch arrow.RecordBatch, schema *arrow.Schema) arrow.RecordBatch {
	if batch.Schema() == schema {
		return batch
	}
	defer batch.Release()
	return array.NewRecordBatch(schema, batch.Columns(), batch.NumRows())
}
