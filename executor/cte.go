package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
)

// cteBuffer holds the rows of a materialized common table expression, or the
// working table of a recursive one. References read it side by side; whoever
// comes to the end of what is there pulls the input further. Rows beyond what
// memory holds lie in a file.
type cteBuffer struct {
	rows  *rowBuffer
	input Operator // nil once it is read to its end, and for working tables
	// plan is what the input runs; nil for working tables.
	plan plan.Node
}

func (b *cteBuffer) close() error {
	b.rows.clear()
	if b.input == nil {
		return nil
	}
	input := b.input
	b.input = nil
	return input.Close()
}

// batch returns batch i, retained, or io.EOF.
func (b *cteBuffer) batch(ctx context.Context, i int) (arrow.RecordBatch, error) {
	for i >= len(b.rows.chunks) {
		if b.input == nil {
			return nil, io.EOF
		}
		batch, err := b.input.Next(ctx)
		if err == io.EOF {
			input := b.input
			b.input = nil
			if err := input.Close(); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := b.rows.add(batch); err != nil {
			return nil, err
		}
	}
	batch, err := b.rows.chunk(i)
	if err != nil {
		return nil, err
	}
	batch.Retain()
	return batch, nil
}

// cte makes a common table expression available to its body. A data-modifying
// one runs as it is read, and what nobody read when the body has ended runs then:
// later items first, in PostgreSQL's order (ExecPostprocessPlan).
type cte struct {
	run    *run
	node   *plan.CTE
	body   Operator
	buffer *cteBuffer
	ran    bool
}

func (r *run) newCTE(n *plan.CTE) (Operator, error) {
	input, err := r.build(n.Input)
	if err != nil {
		return nil, err
	}
	buffer := &cteBuffer{rows: newSpooledBuffer(r.env, input.Schema(), r.statsOf(n)), input: input, plan: n.Input}
	outer := r.setCTE(n.ID, buffer)
	body, err := r.build(n.Body)
	if err != nil {
		r.setCTE(n.ID, outer)
		closeAll(input)
		return nil, err
	}
	return &cte{run: r, node: n, body: body, buffer: buffer}, nil
}

// setCTE puts a buffer in place of another, which it returns.
func (r *run) setCTE(id int, b *cteBuffer) *cteBuffer {
	if r.ctes == nil {
		r.ctes = map[int]*cteBuffer{}
	}
	old := r.ctes[id]
	if b == nil {
		delete(r.ctes, id)
	} else {
		r.ctes[id] = b
	}
	return old
}

func (c *cte) Schema() *arrow.Schema { return c.body.Schema() }

func (c *cte) Close() error {
	err := c.body.Close()
	if e := c.buffer.close(); err == nil {
		err = e
	}
	return err
}

func (c *cte) Next(ctx context.Context) (arrow.RecordBatch, error) {
	batch, err := c.body.Next(ctx)
	if err == io.EOF && c.node.Modifying && !c.ran {
		c.ran = true
		if err := c.finish(ctx); err != nil {
			return nil, err
		}
	}
	return batch, err
}

// finish runs the rest of the item.
func (c *cte) finish(ctx context.Context) error {
	for i := 0; ; i++ {
		if err := checkContext(ctx); err != nil {
			return err
		}
		batch, err := c.buffer.batch(ctx, i)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		batch.Release()
	}
}

// cteRef reads a buffer from its start.
type cteRef struct {
	buffer *cteBuffer
	schema *arrow.Schema
	next   int
}

func (r *run) newCTERef(n *plan.CTERef) (Operator, error) {
	b := r.ctes[n.ID]
	if b == nil {
		return nil, errNoCTE(n.Name)
	}
	return &cteRef{buffer: b, schema: schemaOf(n.Cols)}, nil
}

func (c *cteRef) Schema() *arrow.Schema { return c.schema }

func (c *cteRef) Close() error { return nil }

func (c *cteRef) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if err := checkContext(ctx); err != nil {
		return nil, err
	}
	batch, err := c.buffer.batch(ctx, c.next)
	if err != nil {
		return nil, err
	}
	c.next++
	return renamed(batch, c.schema), nil
}
