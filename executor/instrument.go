package executor

import (
	"context"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
)

// instrumented measures an operator for EXPLAIN ANALYZE. Times include the
// inputs', as PostgreSQL's do.
type instrumented struct {
	Operator
	stats *NodeStats
	first bool
}

func newInstrumented(op Operator, stats *NodeStats) *instrumented {
	stats.Loops++
	return &instrumented{Operator: op, stats: stats, first: true}
}

func (o *instrumented) Next(ctx context.Context) (arrow.RecordBatch, error) {
	start := time.Now()
	b, err := o.Operator.Next(ctx)
	took := time.Since(start)
	o.stats.Total += took
	if o.first {
		o.stats.First += took
		o.first = false
	}
	if b != nil {
		o.stats.Batches++
		o.stats.Rows += b.NumRows()
		o.stats.Bytes += batchBytes(b)
	}
	return b, err
}
