package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// valuesOp yields rows of expressions (VALUES, and SELECT without FROM: one
// row of no columns).
type valuesOp struct {
	run    *run
	rows   [][]expr.Expr
	types  []types.Type
	schema *arrow.Schema
	next   int
}

func (r *run) newValues(n *plan.Values) (Operator, error) {
	return &valuesOp{run: r, rows: n.Rows, types: typesOf(n.Cols), schema: schemaOf(n.Cols)}, nil
}

func (v *valuesOp) Schema() *arrow.Schema { return v.schema }

func (v *valuesOp) Close() error { return nil }

func (v *valuesOp) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if err := checkContext(ctx); err != nil {
		return nil, err
	}
	if v.next == len(v.rows) {
		return nil, io.EOF
	}
	n := min(v.run.env.batchRows(), len(v.rows)-v.next)
	rows := v.rows[v.next : v.next+n]
	v.next += n
	b := newBuilders(v.run.env, v.types)
	defer b.release()
	for _, row := range rows {
		for i, e := range row {
			if err := v.run.appendValue(b[i], e); err != nil {
				return nil, err
			}
		}
	}
	return newBatch(v.schema, b.arrays(), n), nil
}

// appendValue computes an expression without columns and appends it.
func (r *run) appendValue(b array.Builder, e expr.Expr) error {
	d, err := r.env.constant(e)
	if err != nil {
		return err
	}
	types.AppendDatum(b, d)
	return nil
}
