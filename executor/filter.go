package executor

import (
	"context"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
)

// filter passes on the rows for which a condition is true.
type filter struct {
	env   *Env
	input Operator
	cond  *scalar
	stats *NodeStats // nil without EXPLAIN ANALYZE
	sel   []int32
	// unread are the columns that nobody above reads; nil for none.
	unread []bool
	// blame, if not nil, is told the row of the last batch that made the
	// condition fail (COPY FROM ... WHERE).
	blame func(row int, late bool)
}

func (r *run) newFilter(n *plan.Filter) (Operator, error) {
	cond, err := r.compile(n.Cond)
	if err != nil {
		return nil, err
	}
	input, err := r.build(n.Input)
	if err != nil {
		return nil, err
	}
	f := &filter{env: r.env, input: input, cond: cond, stats: r.statsOf(n), unread: r.uses[n].unread}
	if r.env.RejectedRow != nil && readsStream(n.Input) {
		f.traceRows()
	}
	return f, nil
}

// readsStream says whether a plan yields the rows of a COPY one by one.
func readsStream(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Stream:
		return true
	case *plan.Project:
		return readsStream(n.Input)
	}
	return false
}

// traceRows makes Env.RejectedRow speak of the rows that the filter read,
// while what is above counts those that it passed on.
func (f *filter) traceRows() {
	f.blame = f.env.RejectedRow
	f.env.RejectedRow = func(row int, late bool) {
		if row < len(f.sel) {
			row = int(f.sel[row])
		}
		f.blame(row, late)
	}
}

// blameRow finds the first row of a batch for which the condition fails.
func (f *filter) blameRow(batch arrow.RecordBatch) {
	for i := range batch.NumRows() {
		row := batch.NewSlice(i, i+1)
		_, err := f.cond.selection(f.env, row.Columns(), 1, nil)
		row.Release()
		if err != nil {
			f.blame(int(i), false)
			return
		}
	}
}

// statsOf is where a node counts what EXPLAIN ANALYZE shows besides rows and
// times; nil when nobody asks.
func (r *run) statsOf(n plan.Node) *NodeStats {
	if r.env.Stats == nil {
		return nil
	}
	return r.env.Stats.Of(n)
}

func (f *filter) Schema() *arrow.Schema { return f.input.Schema() }

func (f *filter) Close() error { return f.input.Close() }

func (f *filter) Next(ctx context.Context) (arrow.RecordBatch, error) {
	for {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		batch, err := f.input.Next(ctx)
		if err != nil {
			return nil, err
		}
		out, err := f.apply(batch)
		if out != nil || err != nil {
			return out, err
		}
	}
}

// apply takes batch over and returns its rows that pass, nil if none does.
func (f *filter) apply(batch arrow.RecordBatch) (arrow.RecordBatch, error) {
	sel, err := f.choose(batch.Columns(), int(batch.NumRows()))
	if err != nil {
		if f.blame != nil {
			f.blameRow(batch)
		}
		batch.Release()
		return nil, err
	}
	return pickRead(f.env, batch, sel, f.unread)
}

// choose returns which of n rows pass, valid until the next call and never nil.
func (f *filter) choose(cols []arrow.Array, n int) ([]int32, error) {
	if f.sel == nil {
		f.sel = make([]int32, 0, n)
	}
	sel, err := f.cond.selection(f.env, cols, n, f.sel[:0])
	if err != nil {
		return nil, err
	}
	f.sel = sel
	if f.stats != nil {
		f.stats.RowsRemoved += int64(n - len(sel))
	}
	return sel, nil
}

// pick takes batch over and returns the given rows (ascending, without
// repeats), nil if there are none.
func pick(env *Env, batch arrow.RecordBatch, sel []int32) (arrow.RecordBatch, error) {
	return pickRead(env, batch, sel, nil)
}

// pickRead is pick, which may put NULLs in the place of unread columns.
func pickRead(env *Env, batch arrow.RecordBatch, sel []int32, unread []bool) (arrow.RecordBatch, error) {
	switch {
	case len(sel) == int(batch.NumRows()):
		return batch, nil
	case len(sel) == 0:
		batch.Release()
		return nil, nil
	case int(sel[len(sel)-1]-sel[0])+1 == len(sel):
		return cutBatch(batch, int64(sel[0]), int64(sel[len(sel)-1])+1), nil
	}
	defer batch.Release()
	if late, ok := batch.(*lateBatch); ok {
		return late.take(sel), nil
	}
	if !slices.Contains(unread, true) {
		return takeBatch(env.Alloc, batch, sel)
	}
	cols := make([]arrow.Array, len(unread))
	for i, c := range batch.Columns() {
		if unread[i] {
			cols[i] = nullColumn(batch.Schema().Field(i).Type, len(sel))
			continue
		}
		var err error
		if cols[i], err = takeArray(env.Alloc, c, sel, false); err != nil {
			releaseAll(cols)
			return nil, err
		}
	}
	return newBatch(batch.Schema(), cols, len(sel)), nil
}
