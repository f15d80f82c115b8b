package executor

import (
	"context"
	"io"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
)

// finalAggregate aggregates in workers: each groups the rows of the morsels
// that it took, and at the end the groups of all are merged into those of the
// first. Without workers it is an ordinary aggregate over the pipeline.
type finalAggregate struct {
	run     *run
	node    *plan.Aggregate
	gather  *plan.Gather
	partial *plan.Aggregate
	schema  *arrow.Schema

	opened  bool
	serial  Operator
	workers *workers
	merged  *aggregate // the first worker's
}

func (r *run) newFinalAggregate(n *plan.Aggregate) (Operator, error) {
	g := n.Input.(*plan.Gather)
	return &finalAggregate{run: r, node: n, gather: g, partial: g.Input.(*plan.Aggregate), schema: schemaOf(n.Cols)}, nil
}

func (a *finalAggregate) Schema() *arrow.Schema { return a.schema }

func (a *finalAggregate) Close() error {
	a.opened = true
	err := a.workers.close()
	if a.serial != nil {
		err = a.serial.Close()
	}
	return err
}

func (a *finalAggregate) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if err := checkContext(ctx); err != nil {
		return nil, err
	}
	if !a.opened {
		a.opened = true
		if err := a.open(ctx); err != nil {
			return nil, err
		}
	}
	switch {
	case a.serial != nil:
		return a.serial.Next(ctx)
	case a.merged == nil:
		return nil, io.EOF
	}
	return a.merged.Next(ctx)
}

func (a *finalAggregate) open(ctx context.Context) error {
	w, err := a.run.openWorkers(ctx, a.gather)
	if err != nil {
		return err
	}
	if w == nil {
		if a.serial, err = a.run.newHashAggregate(a.partial); err == nil && a.run.env.Stats != nil {
			a.serial = newInstrumented(newInstrumented(a.serial, a.run.statsOf(a.partial)), a.run.statsOf(a.gather))
		}
		return err
	}
	a.workers = w
	start := time.Now()
	err = w.build(func(m *worker) (Operator, error) { return m.run.newHashAggregate(a.partial) })
	if err != nil {
		return err
	}
	w.start(func(ctx context.Context, m *worker) error { return m.op.(*aggregate).collect(ctx, m) })
	w.wg.Wait()
	if w.ctx.Err() != nil {
		return w.cause()
	}
	a.count(time.Since(start))
	first := w.list[0].op.(*aggregate)
	for _, m := range w.list[1:] {
		if err := first.merge(m.op.(*aggregate)); err != nil {
			return err
		}
	}
	if err := first.finish(); err != nil {
		return err
	}
	first.ready = true
	a.merged = first
	return nil
}

// count notes what went through the Gather: the workers' groups.
func (a *finalAggregate) count(took time.Duration) {
	st := a.run.statsOf(a.gather)
	if st == nil {
		return
	}
	st.Loops, st.First, st.Total = 1, took, took
	for _, m := range a.workers.list {
		for _, s := range m.op.(*aggregate).sets {
			st.Rows += int64(s.groups)
		}
	}
}

// collect reads a worker's input to its end.
func (a *aggregate) collect(ctx context.Context, m *worker) error {
	start := time.Now()
	if err := a.read(ctx); err != nil {
		return err
	}
	if m.stats != nil {
		st := m.stats.Of(a.node)
		st.Loops++
		st.Total += time.Since(start)
		st.First = st.Total
		for _, s := range a.sets {
			st.Rows += int64(s.groups)
		}
	}
	return nil
}
