package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// limit skips the first rows of its input and passes on the next ones (SQL
// OFFSET and LIMIT). Its expressions are evaluated at the first Next. WITH TIES
// goes on while the rows' keys equal the last counted row's.
type limit struct {
	env           *Env
	input         Operator
	count, offset expr.Expr
	ties          bool
	keys          []*scalar

	opened    bool
	all       bool // no LIMIT
	remaining int64
	skip      int64
	last      []types.Datum // keys of the last counted row, once remaining is 0
}

func (r *run) newLimit(n *plan.Limit) (Operator, error) {
	keys := make([]expr.Expr, len(n.Keys))
	for i, k := range n.Keys {
		keys[i] = k.Expr
	}
	compiled, err := r.compileAll(keys)
	if err != nil {
		return nil, err
	}
	input, err := r.build(n.Input)
	if err != nil {
		return nil, err
	}
	return &limit{env: r.env, input: input, count: n.Count, offset: n.Offset, ties: n.WithTies, keys: compiled}, nil
}

func (l *limit) Schema() *arrow.Schema { return l.input.Schema() }

func (l *limit) Close() error { return l.input.Close() }

func (l *limit) open() error {
	l.opened = true
	count, all, err := limitValue(l.env, l.count, pgerror.InvalidRowCountInLimitClause, "LIMIT")
	if err != nil {
		return err
	}
	l.remaining, l.all = count, all
	l.skip, _, err = limitValue(l.env, l.offset, pgerror.InvalidRowCountInResultOffsetClause, "OFFSET")
	return err
}

// topRows is how many rows a LIMIT and an OFFSET above take, -1 for all.
func topRows(env *Env, limit, offset expr.Expr) (int64, error) {
	if limit == nil {
		return -1, nil
	}
	count, all, err := limitValue(env, limit, pgerror.InvalidRowCountInLimitClause, "LIMIT")
	if err != nil || all {
		return -1, err
	}
	skip, _, err := limitValue(env, offset, pgerror.InvalidRowCountInResultOffsetClause, "OFFSET")
	if err != nil {
		return 0, err
	}
	if count+skip < 0 || count+skip > 1<<31 { // as good as all
		return -1, nil
	}
	return count + skip, nil
}

// limitValue evaluates LIMIT or OFFSET; absent is true for none and NULL.
func limitValue(env *Env, e expr.Expr, code pgerror.Code, word string) (n int64, absent bool, err error) {
	if e == nil {
		return 0, true, nil
	}
	d, err := env.constant(e)
	if err != nil {
		return 0, false, err
	}
	if d.IsNull() {
		return 0, true, nil
	}
	if d.I < 0 {
		return 0, false, pgerror.New(code, "%s must not be negative", word)
	}
	return d.I, false, nil
}

func (l *limit) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if err := checkContext(ctx); err != nil {
		return nil, err
	}
	if !l.opened {
		if err := l.open(); err != nil {
			return nil, err
		}
	}
	for {
		if !l.all && l.remaining == 0 && l.last == nil {
			return nil, io.EOF
		}
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		batch, err := l.input.Next(ctx)
		if err != nil {
			return nil, err
		}
		if l.last != nil {
			return l.nextTies(batch)
		}
		if batch.NumRows() <= l.skip {
			l.skip -= batch.NumRows()
			batch.Release()
			continue
		}
		return l.pass(batch)
	}
}

// pass cuts the skipped rows off the front and the surplus off the end.
func (l *limit) pass(batch arrow.RecordBatch) (arrow.RecordBatch, error) {
	from, to := l.skip, batch.NumRows()
	l.skip = 0
	if l.all {
		return cutBatch(batch, from, to), nil
	}
	if to-from < l.remaining {
		l.remaining -= to - from
		return cutBatch(batch, from, to), nil
	}
	to = from + l.remaining
	l.remaining = 0
	if l.ties {
		same, err := l.startTies(batch, to)
		if err != nil {
			batch.Release()
			return nil, err
		}
		to += same
	}
	return cutBatch(batch, from, to), nil
}

// cutBatch is rows [from, to) of a batch, which it takes over.
func cutBatch(batch arrow.RecordBatch, from, to int64) arrow.RecordBatch {
	if from == 0 && to == batch.NumRows() {
		return batch
	}
	defer batch.Release() // the slice keeps its own reference
	return batch.NewSlice(from, to)
}

// startTies remembers the keys of row end-1 and counts the rows from end on
// that equal it.
func (l *limit) startTies(batch arrow.RecordBatch, end int64) (int64, error) {
	cols, err := columns(l.env, l.keys, batch.Columns(), int(batch.NumRows()))
	if err != nil {
		return 0, err
	}
	defer releaseAll(cols)
	l.last = make([]types.Datum, len(cols))
	for i, c := range cols {
		l.last[i] = types.DatumAt(c, int(end-1)).Clone()
	}
	same := l.countTies(cols, end, batch.NumRows())
	if end+same < batch.NumRows() {
		l.last = nil
	}
	return same, nil
}

func (l *limit) nextTies(batch arrow.RecordBatch) (arrow.RecordBatch, error) {
	cols, err := columns(l.env, l.keys, batch.Columns(), int(batch.NumRows()))
	if err != nil {
		batch.Release()
		return nil, err
	}
	defer releaseAll(cols)
	same := l.countTies(cols, 0, batch.NumRows())
	if same < batch.NumRows() {
		l.last = nil
	}
	if same == 0 {
		batch.Release()
		return nil, io.EOF
	}
	return cutBatch(batch, 0, same), nil
}

func (l *limit) countTies(cols []arrow.Array, from, to int64) int64 {
	n := int64(0)
	for i := from; i < to; i++ {
		for k, c := range cols {
			if !sameDatum(l.keys[k].typ, l.last[k], types.DatumAt(c, int(i))) {
				return n
			}
		}
		n++
	}
	return n
}

// sameDatum says whether values are not distinct (NULLs are equal).
func sameDatum(t types.Type, a, b types.Datum) bool {
	if a.IsNull() || b.IsNull() {
		return a.IsNull() && b.IsNull()
	}
	return types.Compare(t, a, b) == 0
}
