package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// functionScan runs table functions side by side (ROWS FROM): row i has each
// function's i-th row, NULLs where a function has ended.
type functionScan struct {
	env    *Env
	node   *plan.FunctionScan
	calls  []*functionCall
	schema *arrow.Schema
	types  []types.Type
	row    int64
	opened bool
}

// functionCall is one running call.
type functionCall struct {
	call    *plan.FunctionCall
	width   int
	types   []types.Type
	source  functions.RowSource // nil at the end
	pending []arrow.Array       // rows read and not yet passed on
}

func (r *run) newFunctionScan(n *plan.FunctionScan) (Operator, error) {
	f := &functionScan{env: r.env, node: n, schema: schemaOf(n.Cols), types: typesOf(n.Cols)}
	for i := range n.Calls {
		c := &n.Calls[i]
		f.calls = append(f.calls, &functionCall{call: c, width: len(c.Columns), types: typesOf(c.Columns)})
	}
	return f, nil
}

func (f *functionScan) Schema() *arrow.Schema { return f.schema }

func (f *functionScan) Close() error {
	for _, c := range f.calls {
		c.close()
	}
	return nil
}

func (c *functionCall) close() {
	if c.source != nil {
		c.source.Close()
		c.source = nil
	}
	releaseAll(c.pending)
	c.pending = nil
}

func (f *functionScan) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if err := checkContext(ctx); err != nil {
		return nil, err
	}
	if !f.opened {
		f.opened = true
		for _, c := range f.calls {
			if err := c.open(f.env); err != nil {
				return nil, err
			}
		}
	}
	// The longest of the calls' next rows is the batch; of the others what is
	// missing is NULL only if they have ended, so each is read as far.
	want, n := f.env.batchRows(), 0
	for _, c := range f.calls {
		if err := c.read(f.env, want); err != nil {
			return nil, err
		}
		n = max(n, c.rows())
	}
	if n == 0 {
		return nil, io.EOF
	}
	var cols []arrow.Array
	for _, c := range f.calls {
		out, err := c.pass(f.env, n)
		if err != nil {
			releaseAll(cols)
			return nil, err
		}
		cols = append(cols, out...)
	}
	if f.node.Ordinality {
		b := array.NewInt64Builder(f.env.Alloc)
		defer b.Release()
		for i := range n {
			b.Append(f.row + int64(i) + 1)
		}
		cols = append(cols, b.NewArray())
	}
	f.row += int64(n)
	return newBatch(f.schema, cols, n), nil
}

// open evaluates the arguments and starts the call.
func (c *functionCall) open(env *Env) error {
	if c.call.Fn == nil {
		d, err := env.constant(c.call.Scalar)
		if err != nil {
			return err
		}
		c.source = &oneRow{d: d}
		return nil
	}
	args := make([]types.Datum, len(c.call.Args))
	for i, a := range c.call.Args {
		d, err := env.constant(a)
		if err != nil {
			return err
		}
		args[i] = d
	}
	return c.start(env, args)
}

// start starts the call with its arguments; a strict function of NULL has no rows.
func (c *functionCall) start(env *Env, args []types.Datum) error {
	if c.call.Fn.Strict {
		for _, a := range args {
			if a.IsNull() {
				return nil
			}
		}
	}
	source, err := c.call.Fn.Open(env.Functions, c.call.Sig, args)
	if err != nil {
		return err
	}
	c.source = source
	return nil
}

func (c *functionCall) rows() int {
	if c.pending == nil {
		return 0
	}
	if len(c.pending) == 0 {
		return 0
	}
	return c.pending[0].Len()
}

// read reads until exactly want rows are pending or the call ends.
func (c *functionCall) read(env *Env, want int) error {
	if c.source == nil {
		return nil
	}
	b := newBuilders(env, c.types)
	defer b.release()
	n := 0
	for n < want {
		got, err := c.source.Next(env.Functions, want-n, b)
		if err != nil {
			return err
		}
		if got == 0 {
			c.source.Close()
			c.source = nil
			break
		}
		n += got
	}
	c.pending = b.arrays()
	return nil
}

// pass hands n rows on, the missing ones as NULLs.
func (c *functionCall) pass(env *Env, n int) ([]arrow.Array, error) {
	out := make([]arrow.Array, c.width)
	have := c.rows()
	switch have {
	case n:
		copy(out, c.pending)
		c.pending = nil
		return out, nil
	case 0:
		for i, t := range c.types {
			out[i] = nullArray(env.Alloc, types.ArrowType(t), n)
		}
		releaseAll(c.pending)
		c.pending = nil
		return out, nil
	}
	idx := make([]int32, n)
	for i := range idx {
		idx[i] = int32(i)
		if i >= have {
			idx[i] = -1
		}
	}
	out, err := takeColumns(env.Alloc, c.pending, idx)
	releaseAll(c.pending)
	c.pending = nil
	return out, err
}

// oneRow is the row of a scalar function in FROM.
type oneRow struct {
	d    types.Datum
	done bool
}

func (o *oneRow) Next(_ *functions.Context, _ int, out []array.Builder) (int, error) {
	if o.done {
		return 0, nil
	}
	o.done = true
	types.AppendDatum(out[0], o.d)
	return 1, nil
}

func (o *oneRow) Close() {}
