package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// aggregate groups its input by hashing the keys and feeds the aggregates'
// accumulators batch by batch. Groups come out in the order in which they were
// first seen, so an ordered input gives an ordered output.
//
//  1. Of each batch the keys, arguments and filters are computed once.
//  2. For each grouping set (one, without GROUPING SETS) the keys become group
//     numbers, and every aggregate takes its rows with them (agg_call.go).
//  3. At the end the sets' groups come out one after another.
type aggregate struct {
	env    *Env
	input  Operator
	node   *plan.Aggregate
	keys   []*scalar
	calls  []*aggCall
	schema *arrow.Schema
	types  []types.Type
	stats  *NodeStats

	sets  []*groupingSet
	held  reservation
	ready bool
	set   int // set and chunk of its groups that come out next
	chunk int
}

// groupingSet holds the groups of one set.
type groupingSet struct {
	keys   []int // positions in aggregate.keys
	table  *keyTable
	ids    []uint32
	states []*aggState
	groups int
	// The groups' key values: chunks of a batch of groups each, and the builders of the last one.
	chunks   [][]arrow.Array
	building builders
	sel      []int32
}

func (r *run) newAggregate(n *plan.Aggregate) (Operator, error) {
	keys, err := r.compileAll(n.Keys)
	if err != nil {
		return nil, err
	}
	calls := make([]*aggCall, len(n.Aggs))
	for i := range n.Aggs {
		if calls[i], err = r.compileAggCall(&n.Aggs[i]); err != nil {
			return nil, err
		}
	}
	input, err := r.build(n.Input)
	if err != nil {
		return nil, err
	}
	a := &aggregate{
		env: r.env, input: input, node: n, keys: keys, calls: calls, schema: schemaOf(n.Cols), types: typesOf(n.Cols),
		stats: r.statsOf(n), held: reservation{env: r.env},
	}
	sets := n.Sets
	if sets == nil {
		all := make([]int, len(keys))
		for i := range all {
			all[i] = i
		}
		sets = [][]int{all}
	}
	for _, s := range sets {
		a.sets = append(a.sets, a.newSet(s))
	}
	return a, nil
}

func (a *aggregate) newSet(keys []int) *groupingSet {
	s := &groupingSet{keys: keys}
	ts := make([]types.Type, len(keys))
	for i, k := range keys {
		ts[i] = a.keys[k].typ
	}
	for _, c := range a.calls {
		s.states = append(s.states, c.newState(a.env, len(keys) == 0))
	}
	if len(keys) == 0 { // one group, also of no rows
		s.grow(1)
		return s
	}
	s.table = newKeyTable(ts, allEqual(len(ts)))
	s.building = newBuilders(a.env, ts)
	return s
}

func (s *groupingSet) grow(groups int) {
	s.groups = groups
	for _, st := range s.states {
		st.acc.Resize(groups)
	}
}

func (a *aggregate) Schema() *arrow.Schema { return a.schema }

func (a *aggregate) Close() error {
	for _, s := range a.sets {
		s.building.release()
		for _, c := range s.chunks {
			releaseAll(c)
		}
		for _, st := range s.states {
			st.close()
		}
	}
	a.sets = nil
	a.held.close()
	return a.input.Close()
}

func (a *aggregate) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if !a.ready {
		if err := a.load(ctx); err != nil {
			return nil, err
		}
		a.ready = true
	}
	if err := checkContext(ctx); err != nil {
		return nil, err
	}
	limit := a.env.batchRows()
	for a.set < len(a.sets) {
		s := a.sets[a.set]
		from := a.chunk * limit
		if from < s.groups {
			a.chunk++
			return a.output(s, from, min(limit, s.groups-from))
		}
		a.set++
		a.chunk = 0
	}
	return nil, io.EOF
}

func (a *aggregate) load(ctx context.Context) error {
	err := drain(ctx, a.input, a.add)
	if err != nil {
		return err
	}
	for _, s := range a.sets {
		if s.building != nil {
			s.chunks = append(s.chunks, s.building.arrays())
		}
		for _, st := range s.states {
			if err := st.finish(a.env); err != nil {
				return err
			}
		}
	}
	if a.stats != nil {
		a.stats.MemoryPeak = max(a.stats.MemoryPeak, a.held.peak)
	}
	return a.reserve()
}

// add takes a batch of input.
func (a *aggregate) add(batch arrow.RecordBatch) error {
	defer batch.Release()
	n := int(batch.NumRows())
	keys, err := columns(a.env, a.keys, batch.Columns(), n)
	if err != nil {
		return err
	}
	defer releaseAll(keys)
	inputs := make([]aggInput, len(a.calls))
	defer func() {
		for i := range inputs {
			inputs[i].release()
		}
	}()
	for i, c := range a.calls {
		if err := c.evaluate(a.env, batch.Columns(), n, &inputs[i]); err != nil {
			return err
		}
	}
	for _, s := range a.sets {
		s.assign(a.env, keys, n)
		for i, st := range s.states {
			if err := st.update(a.env, s.ids, &inputs[i], n); err != nil {
				return err
			}
		}
	}
	return a.reserve()
}

// assign gives each of n rows its group; ids stays nil where there is only one.
func (s *groupingSet) assign(env *Env, keys []arrow.Array, n int) {
	if s.table == nil {
		return
	}
	cols := make([]arrow.Array, len(s.keys))
	for i, k := range s.keys {
		cols[i] = keys[k]
	}
	known := s.table.len()
	s.ids, s.sel = insertNew(s.table, cols, n, s.ids, s.sel[:0])
	limit := env.batchRows()
	for _, row := range s.sel {
		for k, c := range cols {
			types.AppendDatum(s.building[k], types.DatumAt(c, int(row)))
		}
		if known++; known%limit == 0 {
			s.chunks = append(s.chunks, s.building.arrays())
		}
	}
	s.grow(known)
}

func (a *aggregate) reserve() error {
	var n int64
	for _, s := range a.sets {
		if s.table != nil {
			n += 2 * s.table.bytes() // the keys are kept once more as columns
		}
		for _, st := range s.states {
			n += st.bytes()
		}
	}
	return a.held.set(n)
}

// output makes the batch of groups [from, from+n): chunk from/n of the keys.
func (a *aggregate) output(s *groupingSet, from, n int) (arrow.RecordBatch, error) {
	cols := make([]arrow.Array, len(a.types))
	for i := range a.keys {
		cols[i] = nullArray(a.env.Alloc, a.keys[i].typ.Phys().ArrowType(), n)
	}
	for i, k := range s.keys {
		c := s.chunks[from/a.env.batchRows()][i]
		c.Retain()
		cols[k].Release()
		cols[k] = c
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

func (a *aggregate) results(st *aggState, col, from, n int) (arrow.Array, error) {
	b := types.NewBuilder(a.env.Alloc, a.types[col])
	defer b.Release()
	b.Reserve(n)
	for g := from; g < from+n; g++ {
		if err := st.acc.Append(a.env.Functions, g, b); err != nil {
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
