package executor

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/functions"
)

// workers are the goroutines of one Gather. Each has its own copy of the
// operators, of Env and of the functions' Context, and its own view of the
// transaction; they share the morsels, the memory account and the end: the
// first error, or close, cancels them all.
//
// The consumer calls open, start, close and cause; close waits for the
// goroutines and releases everything, also when start was never called.
type workers struct {
	env     *Env // the consumer's
	node    *plan.Gather
	morsels *morsels
	filters map[*plan.HashJoin][]*runtimeFilter // of the joins above
	uses    columnUses
	joins   sharedJoins
	list    []*worker
	granted int // of env.Workers

	ctx    context.Context
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup
}

// worker is one of workers. Its goroutine is the only one to use it until that ended.
type worker struct {
	id    int
	run   *run
	env   Env
	fn    functions.Context
	stats *Stats // its own, added to the query's at the end
	leaf  sharedLeaf
	op    Operator
}

var errWorkersClosed = errors.New("the query ended")

// openWorkers prepares the workers of a Gather; nil without an error means that
// the consumer has to do the work itself: the statement may be suspended, the
// process is busy, or there is too little to share.
func (r *run) openWorkers(ctx context.Context, n *plan.Gather) (*workers, error) {
	reader, ok := r.env.Txn.(kv.ParallelReader)
	if r.env.Workers == nil || !ok {
		return nil, nil
	}
	m, err := r.split(ctx, reader, parallelLeaf(n.Input))
	if err != nil {
		return nil, err
	}
	if m.count() < 2 || r.env.Workers.busy() {
		return nil, nil
	}
	joins, ok, err := r.buildShared(ctx, n.Input)
	if err != nil || !ok {
		return nil, err
	}
	if n, ok := parallelLeaf(n.Input).(*plan.SeriesScan); ok && len(r.tagFiltersOf(n)) > 0 { // fewer series, now that the joins are built
		if st := r.statsOf(n); st != nil {
			st.Series = nil // of what would have been read
		}
		if m, err = r.split(ctx, reader, n); err != nil {
			_ = joins.close() // the first error tells more
			return nil, err
		}
	}
	granted := r.env.Workers.take(min(n.Workers, m.count()))
	if granted == 0 {
		return nil, joins.close()
	}
	w := &workers{env: r.env, node: n, morsels: m, filters: r.filters, uses: r.uses, joins: joins, granted: granted}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	for i := range granted {
		w.list = append(w.list, w.newWorker(i, reader))
	}
	if st := r.statsOf(n); st != nil { // EXPLAIN ANALYZE
		st.Workers = granted
	}
	return w, nil
}

func (w *workers) newWorker(id int, reader kv.ParallelReader) *worker {
	m := &worker{id: id, env: *w.env, fn: *w.env.Functions}
	m.fn.Ctx = w.ctx
	m.fn.Exec = slices.Clone(m.fn.Exec)
	m.env.Functions = &m.fn
	m.env.Txn = reader.View()
	m.env.Workers = nil
	if m.env.Stats != nil {
		m.stats = &Stats{}
		m.env.Stats = m.stats
	}
	m.run = newRun(&m.env)
	m.run.filters, m.run.joins, m.run.uses = w.filters, w.joins, w.uses
	m.run.shared = &sharedScan{morsels: w.morsels, worker: id}
	return m
}

// build makes each worker's copy of the operators.
func (w *workers) build(make func(m *worker) (Operator, error)) error {
	for _, m := range w.list {
		var err error
		if m.op, err = make(m); err != nil {
			return err
		}
		m.leaf = m.run.shared.leaf
	}
	return nil
}

// start runs fn in each worker's goroutine.
func (w *workers) start(fn func(ctx context.Context, m *worker) error) {
	for _, m := range w.list {
		w.wg.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					w.cancel(&workerPanic{value: p, stack: debug.Stack()})
				}
			}()
			if err := fn(w.ctx, m); err != nil {
				w.cancel(err)
			}
		})
	}
}

// cause is why the workers were stopped. A panic of a worker goes on in the
// consumer, where somebody recovers it.
func (w *workers) cause() error {
	err := context.Cause(w.ctx)
	var p *workerPanic
	if errors.As(err, &p) {
		panic(p)
	}
	return err
}

// close ends the workers and releases what they have.
func (w *workers) close() error {
	if w == nil || w.granted == 0 {
		return nil
	}
	w.cancel(errWorkersClosed)
	w.wg.Wait()
	var first error
	for _, m := range w.list {
		if m.op != nil {
			first = errors.Join(first, m.op.Close())
		}
		first = errors.Join(first, m.run.close())
		m.env.Txn.Close()
		if m.stats != nil {
			w.env.Stats.add(m.stats)
		}
	}
	w.env.Workers.put(w.granted)
	w.granted = 0
	return errors.Join(first, w.joins.close())
}

// workerPanic carries a worker's panic to the consumer.
type workerPanic struct {
	value any
	stack []byte
}

// Error implements error.
func (p *workerPanic) Error() string { return fmt.Sprint(p.value) }

// Stack is the worker's stack.
func (p *workerPanic) Stack() []byte { return p.stack }

// add adds what a worker did.
func (s *Stats) add(worker *Stats) {
	for n, w := range worker.nodes {
		st := s.Of(n)
		st.Loops += w.Loops
		st.Rows += w.Rows
		st.Batches += w.Batches
		st.RowsRemoved += w.RowsRemoved
		st.First += w.First
		st.Total += w.Total
		st.MemoryPeak = max(st.MemoryPeak, w.MemoryPeak)
		st.SpillBytes += w.SpillBytes
		if w.Series != nil {
			st.addSeries(w.Series.Matched, &w.Series.Figures)
		}
	}
}
