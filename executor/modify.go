package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
)

// modify is the frame of INSERT, UPDATE and DELETE: at the first Next the
// whole statement is run, and only then do the rows of RETURNING come out, so
// that a client that stops reading does not leave half of the work undone.
type modify struct {
	env    *Env
	inputs []Operator
	schema *arrow.Schema
	stats  *NodeStats // nil without
	// execute runs the statement; emit takes RETURNING batches over.
	execute func(ctx context.Context, emit func(arrow.RecordBatch) error) error
	cleanup func()

	ran  bool
	rows *rowBuffer
	next int
}

func (m *modify) Schema() *arrow.Schema { return m.schema }

func (m *modify) Close() error {
	if m.rows != nil {
		m.rows.clear()
	}
	if m.cleanup != nil {
		m.cleanup()
		m.cleanup = nil
	}
	return closeAll(m.inputs...)
}

func (m *modify) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if err := checkContext(ctx); err != nil {
		return nil, err
	}
	if !m.ran {
		m.ran = true
		m.rows = newSpooledBuffer(m.env, m.schema, m.stats)
		if err := m.execute(ctx, m.rows.add); err != nil {
			return nil, err
		}
	}
	if m.rows == nil || m.next == len(m.rows.chunks) {
		return nil, io.EOF
	}
	batch, err := m.rows.chunk(m.next)
	if err != nil {
		return nil, err
	}
	m.next++
	batch.Retain()
	return batch, nil
}

// counts says whether a node's rows are the statement's row count: the node at
// the top, not one in WITH or of a foreign key's action.
func (r *run) counts(n plan.Node) bool { return r.top == n }

// topOf finds the node whose rows are the statement's: below WITH.
func topOf(n plan.Node) plan.Node {
	for {
		c, ok := n.(*plan.CTE)
		if !ok {
			return n
		}
		n = c.Body
	}
}

// returning computes RETURNING over columns.
func returning(env *Env, exprs []*scalar, schema *arrow.Schema, cols []arrow.Array, n int) (arrow.RecordBatch, error) {
	out, err := columns(env, exprs, cols, n)
	if err != nil {
		return nil, err
	}
	return newBatch(schema, out, n), nil
}
