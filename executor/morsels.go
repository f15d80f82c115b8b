package executor

import (
	"context"
	"slices"
	"sync"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/rowstore"
	"github.com/tidemarkdb/tidemark/tsengine"
)

// morselBytes is how large a morsel is in the store: some ten thousand rows,
// so that workers end at about the same time and a LIMIT stops them soon.
const morselBytes = 1 << 20

// morselRows is how many rows a morsel has that comes from the column cache.
const morselRows = 8 * BatchRows

// morsels are the pieces of a scan that its workers take one after another, in
// the order of the scan (Leis et al., Morsel-Driven Parallelism, SIGMOD 2014).
// It is safe for concurrent use.
type morsels struct {
	mu     sync.Mutex
	spans  []kv.Span
	series []tsengine.ScanSpec // of a time-series table, instead of spans
	next   int
	// taken gets the number of the worker for each morsel, in order; nil if
	// nobody wants to know. It has room for all.
	taken chan int
}

// count is how many there are.
func (m *morsels) count() int { return len(m.spans) + len(m.series) }

// take gives a worker the number of the next morsel; ok is false after the last one.
func (m *morsels) take(worker int) (i int, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.next == m.count() {
		return 0, false
	}
	i = m.next
	m.next++
	if m.taken != nil {
		m.taken <- worker
	}
	return i, true
}

// split cuts what a leaf reads into morsels.
func (r *run) split(ctx context.Context, reader kv.ParallelReader, leaf plan.Leaf) (*morsels, error) {
	var m morsels
	var err error
	switch n := leaf.(type) {
	case *plan.Scan:
		m.spans, err = splitScan(ctx, r.env, reader, n)
	case *plan.SeriesScan:
		m.series, err = r.splitSeries(ctx, n)
	}
	return &m, err
}

// splitScan cuts what a scan reads into morsels.
func splitScan(ctx context.Context, env *Env, r kv.ParallelReader, n *plan.Scan) ([]kv.Span, error) {
	spans := []kv.Span{rowstore.IndexSpan(n.Table, n.Index)}
	if n.Ranges != nil {
		var err error
		if spans, err = keySpans(env, layoutOf(n.Table), n); err != nil {
			return nil, err
		}
	}
	size := uint64(morselBytes)
	if env.MorselBytes > 0 {
		size = env.MorselBytes
	}
	var out []kv.Span
	split := func(s kv.Span) ([]kv.Span, error) { return r.Split(ctx, s, size) }
	cached := env.Columns != nil && usesCache(n)
	for _, s := range spans {
		var pieces []kv.Span
		var err error
		if cached {
			pieces, err = env.Columns.Split(s, morselRows, split)
		} else {
			pieces, err = split(s)
		}
		if err != nil {
			return nil, err
		}
		if n.Reverse {
			slices.Reverse(pieces)
		}
		out = append(out, pieces...)
	}
	return out, nil
}

// parallelLeaf is the scan that the workers of a plan share.
func parallelLeaf(n plan.Node) plan.Leaf {
	if s, ok := n.(plan.Leaf); ok && s.Shared() {
		return s
	}
	if in := pipelineInput(n); in != nil {
		return parallelLeaf(in)
	}
	return nil
}
