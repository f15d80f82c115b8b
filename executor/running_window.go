package executor

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// runningWindow is a Window all of whose calls look at nothing but the rows of the
// partition up to the present one (runningFuncs): batches pass through with the
// results behind their columns, and nothing is kept but each call's state.
type runningWindow struct {
	env         *Env
	input       Operator
	schema      *arrow.Schema
	partitionBy []*scalar
	args        []*scalar
	calls       []*windowCall // firstArg counts in args

	started bool
	last    []types.Datum // the partition's keys
	funcs   []runningFunc
	keys    []arrow.Array // of the batch at hand
	vals    []arrow.Array
}

// runsAlong reports whether all calls of a Window are of runningFuncs.
func runsAlong(n *plan.Window) bool {
	for i := range n.Calls {
		if n.Calls[i].Agg != nil || runningFuncs[n.Calls[i].Name] == nil {
			return false
		}
	}
	return true
}

func (r *run) newRunningWindow(n *plan.Window) (Operator, error) {
	w := &runningWindow{env: r.env, schema: schemaOf(n.Cols), funcs: make([]runningFunc, len(n.Calls))}
	var err error
	if w.partitionBy, err = r.compileAll(n.PartitionBy); err != nil {
		return nil, err
	}
	for i := range n.Calls {
		c := &windowCall{name: n.Calls[i].Name, typ: n.Cols[len(n.Cols)-len(n.Calls)+i].Type, firstArg: len(w.args)}
		if c.args, err = r.compileAll(n.Calls[i].Args); err != nil {
			return nil, err
		}
		w.args, w.calls = append(w.args, c.args...), append(w.calls, c)
	}
	w.input, err = r.build(n.Input)
	return w, err
}

func (w *runningWindow) Schema() *arrow.Schema { return w.schema }

func (w *runningWindow) Close() error { return w.input.Close() }

func (w *runningWindow) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if err := checkContext(ctx); err != nil {
		return nil, err
	}
	batch, err := w.input.Next(ctx)
	if err != nil {
		return nil, err
	}
	defer batch.Release()
	n := int(batch.NumRows())
	if w.keys, err = columns(w.env, w.partitionBy, batch.Columns(), n); err != nil {
		return nil, err
	}
	defer releaseAll(w.keys)
	if w.vals, err = columns(w.env, w.args, batch.Columns(), n); err != nil {
		return nil, err
	}
	defer releaseAll(w.vals)
	results, err := w.compute(n)
	defer releaseAll(results)
	if err != nil {
		return nil, err
	}
	cols := append(append([]arrow.Array(nil), batch.Columns()...), results...)
	return array.NewRecordBatch(w.schema, cols, int64(n)), nil
}

// compute makes the result arrays of the batch at hand.
func (w *runningWindow) compute(n int) ([]arrow.Array, error) {
	builders, args, row := make([]array.Builder, len(w.calls)), make([]func(int) types.Datum, len(w.calls)), 0
	for i, c := range w.calls {
		builders[i] = types.NewBuilder(w.env.Alloc, c.typ)
		defer builders[i].Release()
		builders[i].Reserve(n)
		args[i] = func(k int) types.Datum { return types.DatumAt(w.vals[c.firstArg+k], row) }
	}
	for ; row < n; row++ {
		if !w.started || !w.inPartition(row) {
			w.open(row)
		}
		for i, f := range w.funcs {
			if err := f(args[i], builders[i]); err != nil {
				return nil, err
			}
		}
	}
	out := make([]arrow.Array, len(builders))
	for i, b := range builders {
		out[i] = b.NewArray()
	}
	return out, nil
}

func (w *runningWindow) inPartition(row int) bool {
	for i, k := range w.keys {
		if !sameDatum(w.partitionBy[i].typ, types.DatumAt(k, row), w.last[i]) {
			return false
		}
	}
	return true
}

// open begins the partition of a row.
func (w *runningWindow) open(row int) {
	w.started, w.last = true, w.last[:0]
	for _, k := range w.keys {
		w.last = append(w.last, types.DatumAt(k, row).Clone())
	}
	for i, c := range w.calls {
		w.funcs[i] = runningFuncs[c.name](w.env, c)
	}
}
