package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
)

// mergeAhead is how many sorted batches a worker may be ahead of the merge.
const mergeAhead = 4

// gatherMerge merges the sorted rows of its workers: each sorts (or keeps the
// top of) the rows of the morsels that it took. Without workers it is its
// input.
type gatherMerge struct {
	run    *run
	node   *plan.Gather
	keys   []sortKey
	schema *arrow.Schema

	opened  bool
	serial  Operator
	workers *workers
	out     []chan arrow.RecordBatch
	heads   []mergeHead
}

// mergeHead is the batch of one worker that is being merged.
type mergeHead struct {
	batch arrow.RecordBatch // nil at the end
	keys  []arrow.Array
	row   int
}

func (h *mergeHead) release() {
	if h.batch != nil {
		h.batch.Release()
		releaseAll(h.keys)
		h.batch, h.keys = nil, nil
	}
}

func (r *run) newGatherMerge(n *plan.Gather) (Operator, error) {
	keys, err := r.compileSortKeys(n.Keys)
	if err != nil {
		return nil, err
	}
	return &gatherMerge{run: r, node: n, keys: keys, schema: schemaOf(n.Cols)}, nil
}

func (g *gatherMerge) Schema() *arrow.Schema { return g.schema }

func (g *gatherMerge) Close() error {
	g.opened = true
	for i := range g.heads {
		g.heads[i].release()
	}
	err := g.workers.close()
	drainChannels(g.out)
	if g.serial != nil {
		err = g.serial.Close()
	}
	return err
}

func (g *gatherMerge) open(ctx context.Context) error {
	w, err := g.run.openWorkers(ctx, g.node)
	if err != nil {
		return err
	}
	if w == nil {
		g.serial, err = g.run.build(g.node.Input)
		return err
	}
	g.workers = w
	for range w.list {
		g.out = append(g.out, make(chan arrow.RecordBatch, mergeAhead))
	}
	g.heads = make([]mergeHead, len(w.list))
	if err := w.build(func(m *worker) (Operator, error) { return m.run.build(g.node.Input) }); err != nil {
		return err
	}
	w.start(func(ctx context.Context, m *worker) error {
		out := g.out[m.id]
		err := drain(ctx, m.op, func(b arrow.RecordBatch) error { return sendBatch(ctx, out, b) })
		if err != nil {
			return err
		}
		return sendBatch(ctx, out, nil)
	})
	for i := range g.heads {
		if err := g.fetch(i); err != nil {
			return err
		}
	}
	return nil
}

// fetch takes a worker's next batch.
func (g *gatherMerge) fetch(i int) error {
	h := &g.heads[i]
	h.release()
	h.row = 0
	select {
	case h.batch = <-g.out[i]:
	case <-g.workers.ctx.Done():
		return g.workers.cause()
	}
	if h.batch == nil {
		return nil
	}
	var err error
	h.keys, err = columns(g.run.env, sortScalars(g.keys), h.batch.Columns(), int(h.batch.NumRows()))
	return err
}

func (g *gatherMerge) Next(ctx context.Context) (arrow.RecordBatch, error) {
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
	return g.merge()
}

// merge makes a batch of the next rows. Chunk i of the refs is the batch of
// worker i; when one of them is used up the output ends early.
func (g *gatherMerge) merge() (arrow.RecordBatch, error) {
	var live []int
	for i := range g.heads {
		h := &g.heads[i]
		if h.batch != nil && h.row == int(h.batch.NumRows()) {
			if err := g.fetch(i); err != nil {
				return nil, err
			}
		}
		if h.batch != nil {
			live = append(live, i)
		}
	}
	if len(live) == 0 {
		if err := g.workers.close(); err != nil {
			return nil, err
		}
		return nil, io.EOF
	}
	if len(live) == 1 {
		h := &g.heads[live[0]]
		from := h.row
		h.row = int(h.batch.NumRows())
		return h.batch.NewSlice(int64(from), int64(h.row)), nil
	}
	refs := g.pick(live)
	cols := make([]arrow.Array, g.schema.NumFields())
	chunks := make([]arrow.Array, len(live))
	for c := range cols {
		for k, i := range live {
			chunks[k] = g.heads[i].batch.Column(c)
		}
		a, err := gather(g.run.env.Alloc, g.schema.Field(c).Type, chunks, new(openColumn), refs, false)
		if err != nil {
			releaseAll(cols)
			return nil, err
		}
		cols[c] = a
	}
	return newBatch(g.schema, cols, len(refs)), nil
}

// pick chooses the next rows of the live heads until one is used up or the
// batch is full. Among equal rows the worker of the lowest number comes first.
func (g *gatherMerge) pick(live []int) []rowRef {
	compare := make([]func(a, b rowRef) int, len(g.keys))
	for k, key := range g.keys {
		chunks := make([]arrow.Array, len(live))
		for c, i := range live {
			chunks[c] = g.heads[i].keys[k]
		}
		compare[k] = refComparer(key, chunks)
	}
	less := func(a, b rowRef) bool {
		for _, c := range compare {
			if d := c(a, b); d != 0 {
				return d < 0
			}
		}
		return false
	}
	limit := g.run.env.batchRows()
	refs := make([]rowRef, 0, limit)
	for len(refs) < limit {
		best, bestRef := 0, refOf(0, g.heads[live[0]].row)
		for c := 1; c < len(live); c++ {
			if ref := refOf(c, g.heads[live[c]].row); less(ref, bestRef) {
				best, bestRef = c, ref
			}
		}
		refs = append(refs, bestRef)
		h := &g.heads[live[best]]
		if h.row++; h.row == int(h.batch.NumRows()) {
			break
		}
	}
	return refs
}
