package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
)

// aheadBatches is how many batches a worker may be ahead of the consumer.
const aheadBatches = 16

// gatherRows passes on the rows of its workers in the order in which one
// worker alone would make them: an answer does not depend on who was faster,
// and an ordered scan stays ordered.
//
//  1. A worker takes a morsel and sends its batches, then nil, to its own
//     channel, whose size bounds how far it runs ahead.
//  2. The consumer learns from morsels.taken whose channel has the next morsel.
//
// Without workers it is its input.
type gatherRows struct {
	run    *run
	node   *plan.Gather
	schema *arrow.Schema

	opened  bool
	serial  Operator // without workers
	workers *workers
	out     []chan arrow.RecordBatch // one a worker
	current int                      // whose morsel is being passed on, -1 for none
	done    int                      // morsels passed on
}

func (r *run) newGather(n *plan.Gather) (Operator, error) {
	if len(n.Keys) > 0 {
		return r.newGatherMerge(n)
	}
	return &gatherRows{run: r, node: n, schema: schemaOf(n.Cols), current: -1}, nil
}

func (g *gatherRows) Schema() *arrow.Schema { return g.schema }

func (g *gatherRows) Close() error {
	g.opened = true
	err := g.workers.close()
	drainChannels(g.out)
	if g.serial != nil {
		err = g.serial.Close()
	}
	return err
}

// drainChannels releases what workers that ended have left.
func drainChannels(out []chan arrow.RecordBatch) {
	for _, c := range out {
		for len(c) > 0 {
			if b := <-c; b != nil {
				b.Release()
			}
		}
	}
}

func (g *gatherRows) open(ctx context.Context) error {
	w, err := g.run.openWorkers(ctx, g.node)
	if err != nil {
		return err
	}
	if w == nil {
		g.serial, err = g.run.build(g.node.Input)
		return err
	}
	g.workers = w
	w.morsels.taken = make(chan int, w.morsels.count())
	for range w.list {
		g.out = append(g.out, make(chan arrow.RecordBatch, aheadBatches))
	}
	err = w.build(func(m *worker) (Operator, error) {
		m.run.shared.single = true
		return m.run.build(g.node.Input)
	})
	if err != nil {
		return err
	}
	w.start(g.work)
	return nil
}

// work is a worker's life.
func (g *gatherRows) work(ctx context.Context, m *worker) error {
	out := g.out[m.id]
	for {
		ok, err := m.leaf.nextMorsel()
		if err != nil || !ok {
			return err
		}
		err = drain(ctx, m.op, func(b arrow.RecordBatch) error { return sendBatch(ctx, out, b) })
		if err != nil {
			return err
		}
		if err := sendBatch(ctx, out, nil); err != nil {
			return err
		}
	}
}

// sendBatch sends a batch, which it takes over, or nil.
func sendBatch(ctx context.Context, out chan<- arrow.RecordBatch, b arrow.RecordBatch) error {
	select {
	case out <- b:
		return nil
	case <-ctx.Done():
		if b != nil {
			b.Release()
		}
		return context.Cause(ctx)
	}
}

func (g *gatherRows) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if err := checkContext(ctx); err != nil {
		return nil, err
	}
	if !g.opened {
		g.opened = true
		if err := g.open(ctx); err != nil {
			return nil, err
		}
	}
	if g.serial != nil {
		return g.serial.Next(ctx)
	}
	if g.workers == nil {
		return nil, io.EOF
	}
	for {
		if g.done == g.workers.morsels.count() {
			return nil, g.end()
		}
		if g.current < 0 {
			select {
			case g.current = <-g.workers.morsels.taken:
			case <-g.workers.ctx.Done():
				return nil, g.workers.cause()
			}
		}
		select {
		case b := <-g.out[g.current]:
			if b != nil {
				return b, nil
			}
			g.current = -1
			g.done++
		case <-g.workers.ctx.Done():
			return nil, g.workers.cause()
		}
	}
}

// end gives the workers back before the statement ends.
func (g *gatherRows) end() error {
	if err := g.workers.close(); err != nil {
		return err
	}
	return io.EOF
}
