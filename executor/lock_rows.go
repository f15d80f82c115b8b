package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// lockRowsOp locks the rows that pass through it (FOR UPDATE and its kin) and
// drops their handle columns. A row changed since the statement's snapshot
// fails the lock with kv.ErrWriteConflict: session runs the statement again at
// READ COMMITTED. SKIP LOCKED drops the rows that somebody else holds. Below a
// LIMIT no more rows are locked than it takes.
type lockRowsOp struct {
	env    *Env
	input  Operator
	node   *plan.LockRows
	schema *arrow.Schema
	drop   map[int]bool

	opened bool
	want   int64             // rows that are still wanted, -1 for all
	batch  arrow.RecordBatch // of the input, with rows left from at on
	at     int64
}

func (r *run) newLockRows(n *plan.LockRows) (Operator, error) {
	input, err := r.build(n.Input)
	if err != nil {
		return nil, err
	}
	l := &lockRowsOp{env: r.env, input: input, node: n, schema: schemaOf(n.Cols), drop: map[int]bool{}}
	for _, t := range n.Rows {
		l.drop[t.Handle] = true
	}
	return l, nil
}

func (l *lockRowsOp) Schema() *arrow.Schema { return l.schema }

func (l *lockRowsOp) Close() error {
	l.endBatch()
	return l.input.Close()
}

func (l *lockRowsOp) endBatch() {
	if l.batch != nil {
		l.batch.Release()
		l.batch = nil
	}
}

func (l *lockRowsOp) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if !l.opened {
		want, err := topRows(l.env, l.node.TopCount, l.node.TopOffset)
		if err != nil {
			return nil, err
		}
		l.want, l.opened = want, true
	}
	for l.want != 0 {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		batch, err := l.piece(ctx)
		if err != nil {
			return nil, err
		}
		for i := range l.node.Rows {
			if batch, err = l.lock(ctx, batch, &l.node.Rows[i]); err != nil {
				return nil, err
			}
			if batch == nil {
				break
			}
		}
		if batch != nil {
			if l.want > 0 {
				l.want -= batch.NumRows()
			}
			return withoutColumns(batch, l.schema, l.drop), nil
		}
	}
	return nil, io.EOF
}

// piece is the next rows of the input, no more than are wanted.
func (l *lockRowsOp) piece(ctx context.Context) (arrow.RecordBatch, error) {
	if l.batch == nil {
		batch, err := l.input.Next(ctx)
		if err != nil {
			return nil, err
		}
		l.batch, l.at = batch, 0
	}
	n := l.batch.NumRows() - l.at
	switch {
	case l.node.Single:
		n = 1
	case l.want > 0:
		n = min(n, l.want)
	}
	out := l.batch.NewSlice(l.at, l.at+n)
	if l.at += n; l.at == l.batch.NumRows() {
		l.endBatch()
	}
	return out, nil
}

// lock takes batch over and returns the rows that were locked, nil if none was.
func (l *lockRowsOp) lock(ctx context.Context, batch arrow.RecordBatch, t *plan.LockTarget) (arrow.RecordBatch, error) {
	handles := make([]types.Datum, batch.NumRows())
	for i := range handles {
		handles[i] = types.DatumAt(batch.Column(t.Handle), i)
	}
	granted, err := lockRows(ctx, l.env, t.Table, handles, t.Locking)
	if err != nil {
		batch.Release()
		return nil, err
	}
	if err := l.verify(ctx, batch, t, handles, granted); err != nil {
		batch.Release()
		return nil, err
	}
	if granted == nil {
		return batch, nil
	}
	return pick(l.env, batch, trueRows(granted))
}

// verify fails with kv.ErrWriteConflict if a locked point of a time-series table
// was changed since the snapshot: its lock is on no key that carries data.
func (l *lockRowsOp) verify(ctx context.Context, batch arrow.RecordBatch, t *plan.LockTarget, handles []types.Datum, granted []bool) error {
	if t.Table.TimeSeries == nil {
		return nil
	}
	refs := make([]rowRef, 0, len(handles))
	for i, h := range handles {
		if !h.IsNull() && (granted == nil || granted[i]) {
			refs = append(refs, refOf(0, i))
		}
	}
	return verifyPoints(ctx, l.env, t.Table, batch.Column(t.Handle), refs)
}
