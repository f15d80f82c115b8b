package executor

import (
	"cmp"
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// aggregate groups its input by hashing the keys and feeds the aggregates'
// accumulators batch by batch.
//
//  1. Of each batch the keys, arguments and filters are computed once.
//  2. For each grouping set (one, without GROUPING SETS) the keys become group
//     numbers, and every aggregate takes its rows with them (agg_state.go).
//  3. At the end the sets' groups come out one after another.
//
// Groups that do not fit into memory come out later: agg_spill.go.
type aggregate struct {
	aggregator
	input Operator
	runs  *seriesRuns // if the input is read in runs of equal keys
	ready bool
	set   int // set and first group that come out next
	group int
}

// aggregator is the grouping itself, which operators share.
type aggregator struct {
	env    *Env
	node   *plan.Aggregate
	keys   []*scalar
	calls  []*aggCall
	schema *arrow.Schema
	types  []types.Type
	stats  *NodeStats
	held   reservation
	sets   []*groupSet

	// Spilling.
	inputSchema *arrow.Schema
	spilled     *arrow.Schema
	files       []*partitions
	passes      []aggPass
}

func (r *run) newAggregate(n *plan.Aggregate) (Operator, error) {
	if n.Phase == plan.AggFinal {
		return r.newFinalAggregate(n)
	}
	return r.newHashAggregate(n)
}

func (r *run) newHashAggregate(n *plan.Aggregate) (Operator, error) {
	agg, err := r.newAggregator(n)
	if err != nil {
		return nil, err
	}
	input, err := r.build(n.Input)
	if err != nil {
		return nil, err
	}
	if n.Ordered && len(n.Keys) > 0 && n.Sets == nil {
		if s, err := r.newSeriesBuckets(agg, input); s != nil || err != nil {
			return s, err
		}
		return newOrderedAggregate(agg, input), nil
	}
	agg.inputSchema = input.Schema()
	agg.reset()
	out := &aggregate{aggregator: agg, input: input}
	out.runs, err = newSeriesRuns(&out.aggregator, input, r.compile)
	return out, err
}

func (r *run) newAggregator(n *plan.Aggregate) (aggregator, error) {
	a := aggregator{
		env: r.env, node: n, schema: schemaOf(n.Cols), types: typesOf(n.Cols), stats: r.statsOf(n), held: reservation{env: r.env},
		calls: make([]*aggCall, len(n.Aggs)),
	}
	var err error
	if a.keys, err = r.compileAll(n.Keys); err != nil {
		return a, err
	}
	for i := range n.Aggs {
		if a.calls[i], err = r.compileAggCall(&n.Aggs[i]); err != nil {
			return a, err
		}
	}
	return a, nil
}

// setKeys are the grouping sets: one of all keys without GROUPING SETS.
func (a *aggregator) setKeys() [][]int {
	if a.node.Sets != nil {
		return a.node.Sets
	}
	all := make([]int, len(a.keys))
	for i := range all {
		all[i] = i
	}
	return [][]int{all}
}

// reset begins anew, with all sets and no groups.
func (a *aggregator) reset() {
	a.close()
	for i, keys := range a.setKeys() {
		s := newGroupSet(a.env, keys, a.node.Dependent, a.keys, a.calls)
		s.index = i
		a.sets = append(a.sets, s)
	}
}

func (a *aggregator) close() {
	for _, s := range a.sets {
		for _, st := range s.states {
			st.count(a.stats)
		}
		s.close()
	}
	a.sets = nil
	a.held.close()
}

func (a *aggregator) Schema() *arrow.Schema { return a.schema }

func (a *aggregate) Close() error {
	a.close()
	if a.runs != nil {
		a.runs.close()
	}
	err := a.closeFiles()
	if e := a.input.Close(); err == nil {
		err = e
	}
	return err
}

func (a *aggregate) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if !a.ready {
		if err := a.read(ctx); err != nil {
			return nil, err
		}
		if err := a.finish(); err != nil {
			return nil, err
		}
		a.ready = true
	}
	limit := a.env.batchRows()
	for {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		for ; a.set < len(a.sets); a.set, a.group = a.set+1, 0 {
			s := a.sets[a.set]
			if from := a.group; from < s.groups {
				batch, err := a.output(s, from, min(limit-from%limit, s.groups-from), false)
				if err == nil {
					a.group += int(batch.NumRows())
				}
				return batch, err
			}
		}
		more, err := a.nextPass(ctx)
		if err != nil {
			return nil, err
		}
		if !more {
			return nil, io.EOF
		}
		a.set, a.group = 0, 0
	}
}

// read takes all of the input.
func (a *aggregate) read(ctx context.Context) error {
	if a.runs != nil {
		return a.runs.read(ctx)
	}
	return drain(ctx, a.input, a.add)
}

// finish ends the input of the groups in hand.
func (a *aggregator) finish() error {
	for _, s := range a.sets {
		s.endKeys()
		for _, st := range s.states {
			if err := st.finishSeen(a.env.Functions.Ctx, a.env, a.unload); err != nil {
				return err
			}
		}
	}
	if err := a.reserve(); err != nil {
		return err
	}
	for _, s := range a.sets {
		for _, st := range s.states {
			if st.ordered == nil {
				continue
			}
			if err := st.ordered.sorter.finish(a.env.Functions.Ctx); err != nil {
				return err
			}
		}
	}
	if a.stats != nil {
		a.stats.MemoryPeak = max(a.stats.MemoryPeak, a.held.peak)
	}
	return nil
}

// unload writes the rows that wait for their order in memory, of all calls.
func (a *aggregator) unload(ctx context.Context) error {
	if a.env.Temp == nil {
		return nil
	}
	for _, s := range a.sets {
		for _, st := range s.states {
			if st.ordered == nil {
				continue
			}
			if err := st.ordered.sorter.unload(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// add takes a batch of input.
func (a *aggregator) add(batch arrow.RecordBatch) error {
	defer batch.Release()
	n := int(batch.NumRows())
	keys, err := codedKeys(a.env, a.keys, batch.Columns(), n)
	if err != nil {
		return err
	}
	defer releaseAll(keys)
	return a.addKeyed(batch.Columns(), keys, n)
}

// addKeyed takes n rows with their keys.
func (a *aggregator) addKeyed(cols, keys []arrow.Array, n int) error {
	if err := a.makeRoom(keys, n); err != nil {
		return err
	}
	making := make([]*groupSet, 0, len(a.sets))
	for _, s := range a.sets {
		if s.parts != nil {
			if err := a.addKnown(s, cols, keys, n); err != nil {
				return err
			}
			continue
		}
		s.assign(a.env, keys, n)
		making = append(making, s)
	}
	if len(making) > 0 {
		if err := a.update(cols, n, making); err != nil {
			return err
		}
	}
	return a.reserve()
}

// update feeds n rows to the calls of sets, whose ids say what groups they
// belong to.
func (a *aggregator) update(cols []arrow.Array, n int, sets []*groupSet) error {
	for i, c := range a.calls {
		var in aggInput
		err := c.evaluate(a.env, cols, n, &in)
		for _, s := range sets {
			if err == nil {
				err = s.states[i].update(a.env, s.ids, &in, n)
			}
		}
		in.release()
		if err != nil {
			return err
		}
	}
	return nil
}

// reserve accounts for what the sets have come to hold.
func (a *aggregator) reserve() error {
	err := a.held.set(a.bytes())
	if err == nil {
		return nil
	}
	postponed, e := a.postpone()
	if e != nil || !postponed {
		return cmp.Or(e, err)
	}
	return a.held.set(a.bytes())
}

// bytes is the memory that the sets hold.
func (a *aggregator) bytes() int64 {
	var n int64
	for _, s := range a.sets {
		n += s.bytes()
	}
	return n
}

// output makes the batch of groups [from, from+n), which lie in one chunk of
// keys, or of the first of them unless all are wanted.
func (a *aggregator) output(s *groupSet, from, n int, all bool) (arrow.RecordBatch, error) {
	for _, st := range s.states {
		ready, err := st.prepare(a.env, from, n, all, a.unload)
		if err != nil {
			return nil, err
		}
		n = min(n, ready)
	}
	cols := make([]arrow.Array, len(a.types))
	for i := range a.keys {
		cols[i] = nullArray(a.env.Alloc, a.keys[i].typ.Phys().ArrowType(), n)
	}
	for i, k := range s.keys {
		c := s.chunks[from/a.env.batchRows()][i]
		cols[k].Release()
		at := from % a.env.batchRows()
		cols[k] = array.NewSlice(c, int64(at), int64(at+n))
	}
	for i, st := range s.states {
		col, err := a.results(st, len(a.keys)+i, from, n)
		if err != nil {
			releaseAll(cols)
			return nil, err
		}
		cols[len(a.keys)+i] = col
	}
	for i, g := range a.node.Groupings {
		at := len(a.keys) + len(a.calls) + i
		col, err := datumArray(a.env.Alloc, a.types[at], types.NewInt4(grouping(g, s.keys)), n)
		if err != nil {
			releaseAll(cols)
			return nil, err
		}
		cols[at] = col
	}
	return newBatch(a.schema, cols, n), nil
}

func (a *aggregator) results(st *aggState, col, from, n int) (arrow.Array, error) {
	b := types.NewBuilder(a.env.Alloc, a.types[col])
	defer b.Release()
	b.Reserve(n)
	for g := from; g < from+n; g++ {
		if err := st.result(a.env, g, b); err != nil {
			return nil, err
		}
	}
	return b.NewArray(), nil
}

// grouping is GROUPING(args): a bit for each argument that the set leaves out,
// the last argument's lowest.
func grouping(args, set []int) int32 {
	var mask int32
	for _, k := range args {
		mask <<= 1
		out := true
		for _, s := range set {
			out = out && s != k
		}
		if out {
			mask |= 1
		}
	}
	return mask
}
