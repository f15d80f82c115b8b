package executor

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
)

// stream yields the batches that Env.Stream gives (COPY FROM).
type stream struct {
	env    *Env
	schema *arrow.Schema
}

func (r *run) newStream(n *plan.Stream) (Operator, error) {
	return &stream{env: r.env, schema: schemaOf(n.Cols)}, nil
}

func (s *stream) Schema() *arrow.Schema { return s.schema }

func (s *stream) Close() error { return nil }

func (s *stream) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if err := checkContext(ctx); err != nil {
		return nil, err
	}
	return s.env.Stream(ctx)
}
