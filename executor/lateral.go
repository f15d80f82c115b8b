package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// lateral runs its right side for each left row, with execution parameters set
// from that row first.
type lateral struct {
	run   *run
	left  Operator
	node  *plan.NestedLoop
	args  []*scalar
	out   *joinOutput
	batch arrow.RecordBatch
	vals  []arrow.Array // args over batch
	row   int           // next left row

	right   Operator // running for row-1; nil between rows
	chunk   *rowBuffer
	matched bool
}

func (r *run) newLateral(n *plan.NestedLoop, cond *scalar) (Operator, error) {
	args, err := r.compileAll(n.Args)
	if err != nil {
		return nil, err
	}
	left, err := r.build(n.Left)
	if err != nil {
		return nil, err
	}
	rightSchema := schemaOf(n.Right.Columns())
	l := &lateral{run: r, left: left, node: n, args: args, chunk: newRowBuffer(r.env, rightSchema)}
	l.out = newJoinOutput(r.env, n, left.Schema(), rightSchema, l.chunk, true, cond)
	return l, nil
}

func (l *lateral) Schema() *arrow.Schema { return l.out.schema }

func (l *lateral) Close() error {
	err := closeAll(l.right)
	l.right = nil
	l.chunk.clear()
	l.dropBatch()
	if e := l.left.Close(); err == nil {
		err = e
	}
	return err
}

func (l *lateral) dropBatch() {
	releaseAll(l.vals)
	l.vals = nil
	if l.batch != nil {
		l.batch.Release()
		l.batch = nil
	}
}

func (l *lateral) Next(ctx context.Context) (arrow.RecordBatch, error) {
	for {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		if l.right == nil {
			if err := l.nextLeft(ctx); err != nil {
				return nil, err
			}
		}
		out, err := l.nextRight(ctx)
		if out != nil || err != nil {
			return out, err
		}
	}
}

// nextLeft moves to the next left row and starts the right side for it.
func (l *lateral) nextLeft(ctx context.Context) error {
	for l.batch == nil || l.row == int(l.batch.NumRows()) {
		l.dropBatch()
		batch, err := l.left.Next(ctx)
		if err != nil {
			return err
		}
		l.batch, l.row = batch, 0
		l.vals, err = columns(l.run.env, l.args, batch.Columns(), int(batch.NumRows()))
		if err != nil {
			return err
		}
	}
	for i, slot := range l.node.Slots {
		l.run.setExec(slot, types.DatumAt(l.vals[i], l.row))
	}
	right, err := l.run.begin(l.node.Right)
	if err != nil {
		return err
	}
	l.right, l.matched = right, false
	l.row++
	return nil
}

// nextRight joins the next right batch with the left row; nil says go on.
func (l *lateral) nextRight(ctx context.Context) (arrow.RecordBatch, error) {
	// Other rows' runs of shared subplans may have changed the parameters.
	for i, slot := range l.node.Slots {
		l.run.setExec(slot, types.DatumAt(l.vals[i], l.row-1))
	}
	batch, err := l.right.Next(ctx)
	if err == io.EOF {
		return l.endRow()
	}
	if err != nil {
		return nil, err
	}
	n := int(batch.NumRows())
	if err := l.chunk.add(batch); err != nil {
		return nil, err
	}
	defer l.chunk.clear()
	idx := make([]int32, n)
	for i := range idx {
		idx[i] = int32(l.row - 1)
	}
	cols, sel, err := l.out.matched(l.batch, idx, l.chunk.refs())
	if err != nil {
		return nil, err
	}
	if sel != nil {
		n = len(sel)
	}
	if n == 0 {
		return nil, nil
	}
	l.matched = true
	if l.node.Type >= plan.SemiJoin {
		releaseAll(cols)
		return l.endRow()
	}
	return l.out.emit(cols, n), nil
}

// endRow ends the left row: what comes out depends on whether it had a match.
func (l *lateral) endRow() (arrow.RecordBatch, error) {
	right := l.right
	l.right = nil
	if err := l.run.end(l.node.Right, right); err != nil {
		return nil, err
	}
	idx := []int32{int32(l.row - 1)}
	switch {
	case l.node.Type == plan.SemiJoin && l.matched, l.node.Type >= plan.AntiJoin && !l.matched:
		return l.out.streamedRows(l.batch, idx)
	case l.node.Type == plan.LeftJoin && !l.matched:
		l.chunk.clear()
		return l.out.streamedOnly(l.batch, idx)
	}
	return nil, nil
}
