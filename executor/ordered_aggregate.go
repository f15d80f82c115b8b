package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// orderedAggregate groups an input whose equal keys lie side by side, without a
// hash table. Of each batch
//
//  1. the rows before the last change of keys end the groups in hand: they are
//     fed, the groups come out, and all states are dropped;
//  2. the rows from there on begin the next group.
//
// So no state outlives its group, whatever the aggregates keep (DISTINCT, lists).
type orderedAggregate struct {
	aggregator
	input Operator
	last  []arrow.Array // the keys of the group in hand, one row; nil before the first
	done  bool

	// Scratch of a batch.
	ids  []uint32
	runs keyRuns
}

func newOrderedAggregate(a aggregator, input Operator) *orderedAggregate {
	return &orderedAggregate{aggregator: a, input: input}
}

func (o *orderedAggregate) Close() error {
	o.close()
	releaseAll(o.last)
	o.last = nil
	return o.input.Close()
}

func (o *orderedAggregate) Next(ctx context.Context) (arrow.RecordBatch, error) {
	for !o.done {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		batch, err := o.input.Next(ctx)
		if err == io.EOF {
			o.done = true
			if o.last == nil {
				break
			}
			return o.flush(o.last, 1)
		}
		if err != nil {
			return nil, err
		}
		out, err := o.take(batch)
		if out != nil || err != nil {
			return out, err
		}
	}
	return nil, io.EOF
}

// take takes a batch over and returns the groups that ended in it, nil if none did.
func (o *orderedAggregate) take(batch arrow.RecordBatch) (arrow.RecordBatch, error) {
	defer batch.Release()
	n := int(batch.NumRows())
	keys, err := columns(o.env, o.keys, batch.Columns(), n)
	if err != nil {
		return nil, err
	}
	defer releaseAll(keys)
	starts := o.starts(keys, n)
	if len(starts) == 0 {
		return nil, o.feed(batch, 0, n, nil)
	}
	end := int(starts[len(starts)-1])
	var out arrow.RecordBatch
	if o.last != nil || end > 0 {
		if out, err = o.finished(batch, keys, starts[:len(starts)-1], end); err != nil {
			return nil, err
		}
	}
	err = o.begin(keys, end)
	if err == nil {
		err = o.feed(batch, end, n, nil)
	}
	if err != nil && out != nil {
		out.Release()
		out = nil
	}
	return out, err
}

// finished feeds the rows before end, in which the given rows begin groups,
// and makes the batch of the groups.
func (o *orderedAggregate) finished(batch arrow.RecordBatch, keys []arrow.Array, starts []int32, end int) (arrow.RecordBatch, error) {
	first, groups := o.last, len(starts)
	var ids []uint32
	if o.last != nil {
		groups++
	} else {
		o.fresh()
	}
	if groups > 1 {
		o.ids = o.ids[:0]
		g := uint32(0)
		rest := starts
		if first == nil {
			rest = starts[1:]
		}
		for row := range end {
			if len(rest) > 0 && int(rest[0]) == row {
				g, rest = g+1, rest[1:]
			}
			o.ids = append(o.ids, g)
		}
		ids = o.ids
	}
	o.sets[0].resize(groups)
	if end > 0 {
		if err := o.feed(batch, 0, end, ids); err != nil {
			return nil, err
		}
	}
	began, err := takeColumns(o.env.Alloc, keys, starts)
	if err != nil {
		return nil, err
	}
	defer releaseAll(began)
	if first == nil {
		return o.flush(began, groups)
	}
	all := make([]arrow.Array, len(began))
	defer releaseAll(all)
	for i := range all {
		if all[i], err = array.Concatenate([]arrow.Array{first[i], began[i]}, o.env.Alloc); err != nil {
			return nil, err
		}
	}
	return o.flush(all, groups)
}

// fresh begins states for one group.
func (o *orderedAggregate) fresh() {
	o.close()
	s := &groupSet{}
	for i := range o.keys {
		s.keys = append(s.keys, i)
	}
	for _, c := range o.calls {
		s.states = append(s.states, c.newState(o.env, false))
	}
	o.sets = []*groupSet{s}
	s.resize(1)
}

// begin starts the group of the given row.
func (o *orderedAggregate) begin(keys []arrow.Array, row int) error {
	o.fresh()
	releaseAll(o.last)
	var err error
	o.last, err = takeColumns(o.env.Alloc, keys, []int32{int32(row)})
	return err
}

// feed gives the rows [from, to) to the calls; nil ids put all into group 0.
func (o *orderedAggregate) feed(batch arrow.RecordBatch, from, to int, ids []uint32) error {
	part := batch.NewSlice(int64(from), int64(to))
	defer part.Release()
	s := o.sets[0]
	if ids == nil {
		for len(s.ids) < to-from {
			s.ids = append(s.ids, 0)
		}
		ids = s.ids[:to-from]
		clear(ids)
	}
	s.ids = ids
	if err := o.update(part.Columns(), to-from, o.sets); err != nil {
		return err
	}
	return o.reserve()
}

// flush makes the batch of the groups in hand, which have these keys.
func (o *orderedAggregate) flush(keys []arrow.Array, groups int) (arrow.RecordBatch, error) {
	for _, k := range keys {
		k.Retain()
	}
	s := o.sets[0]
	s.chunks = append(s.chunks, keys)
	s.groups = groups
	if err := o.finish(); err != nil {
		return nil, err
	}
	return o.output(s, 0, groups, true)
}

// starts are the rows whose keys differ from those of the row before.
func (o *orderedAggregate) starts(keys []arrow.Array, n int) []int32 {
	var last func(int) types.Datum
	if o.last != nil {
		last = func(i int) types.Datum { return types.DatumAt(o.last[i], 0) }
	}
	return o.runs.starts(o.keys, keys[:len(keys)-o.node.Dependent], n, last)
}
