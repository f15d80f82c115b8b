package executor

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// aggState is a call's state for the groups of one grouping set.
type aggState struct {
	call   *aggCall
	acc    functions.Accumulator
	single bool // there is one group only and no group numbers
	groups []uint32
	// schema is (group, arguments, order keys), for DISTINCT and ORDER BY.
	schema *arrow.Schema
	// seen are the (group, arguments) that came before, for DISTINCT.
	seen *distinctRows
	// ordered are (group, arguments, order keys) until the end, for ORDER BY and
	// where acc's states have no room (agg_postpone.go). There is no acc then.
	ordered *orderedRows
}

func (c *aggCall) newState(env *Env, single bool) *aggState {
	s := &aggState{call: c, single: single}
	if len(c.order) == 0 {
		s.acc = c.fn.New(env.Functions, c.sig)
		if !c.distinct {
			return s
		}
	}
	s.schema = c.rowSchema()
	if len(c.order) > 0 {
		s.ordered = newOrderedRows(env, c, single, s.schema)
	}
	if c.distinct {
		keys, ts := []int{0}, []types.Type{types.Of(types.Oid)}
		if single {
			keys, ts = nil, nil
		}
		for i, a := range c.args {
			keys, ts = append(keys, 1+i), append(ts, a.typ)
		}
		s.seen = newDistinctRows(env, s.schema, keys, ts)
	}
	return s
}

// rowSchema is what a row is that waits: its group, arguments and order keys.
func (c *aggCall) rowSchema() *arrow.Schema {
	fields := []arrow.Field{{Type: arrow.PrimitiveTypes.Uint32}}
	for _, a := range c.args {
		fields = append(fields, arrow.Field{Type: a.typ.Phys().ArrowType(), Nullable: true})
	}
	for _, k := range c.order {
		fields = append(fields, arrow.Field{Type: k.typ.Phys().ArrowType(), Nullable: true})
	}
	return arrow.NewSchema(fields, nil)
}

// rowOrder are the sort keys of such rows: the group, then the order keys.
func (c *aggCall) rowOrder(single bool) []sortKey {
	keys := make([]sortKey, 0, len(c.order)+1)
	if !single {
		keys = append(keys, sortKey{scalar: &scalar{typ: types.Of(types.Oid), ordinal: 0}})
	}
	for i, k := range c.order {
		k.scalar = &scalar{typ: k.typ, ordinal: 1 + len(c.args) + i}
		keys = append(keys, k)
	}
	return keys
}

// bytes is what the accumulator holds; the rows of seen and ordered reserve for
// themselves.
func (s *aggState) bytes() int64 {
	if s.acc == nil {
		return s.ordered.countBytes()
	}
	return s.acc.Bytes()
}

// resize makes room for groups.
func (s *aggState) resize(groups int) {
	if s.acc != nil {
		s.acc.Resize(groups)
	}
}

// count adds what was spilled to the operator's figures.
func (s *aggState) count(stats *NodeStats) {
	if s.seen != nil {
		_ = s.seen.close(stats) // the files are gone whatever closing says
	}
	if s.ordered != nil && stats != nil {
		stats.SpillBytes += s.ordered.sorter.bytes
	}
}

func (s *aggState) close() {
	if s.ordered != nil {
		s.ordered.close()
	}
}

// update takes a batch of n rows, of which row i belongs to group ids[i].
func (s *aggState) update(env *Env, ids []uint32, in *aggInput, n int) error {
	if !in.all {
		n = len(in.sel)
		if n == 0 {
			return nil
		}
	}
	groups := s.pickGroups(ids, in)
	if s.seen == nil && s.ordered == nil {
		return s.acc.Update(env.Functions, groups, in.args, n)
	}
	cols, err := s.rowColumns(env, groups, in, n)
	if err != nil {
		return err
	}
	defer releaseAll(cols)
	batch := array.NewRecordBatch(s.schema, cols, int64(n))
	if s.seen == nil {
		return s.ordered.add(env, batch)
	}
	defer batch.Release()
	return s.takeFresh(env, batch)
}

// takeFresh feeds or keeps the rows of a batch that are not duplicates.
func (s *aggState) takeFresh(env *Env, batch arrow.RecordBatch) error {
	sel, err := s.seen.fresh(batch)
	if err != nil || len(sel) == 0 {
		return err
	}
	fresh, err := takeBatch(env.Alloc, batch, sel)
	if err != nil {
		return err
	}
	if s.ordered != nil {
		return s.ordered.add(env, fresh)
	}
	defer fresh.Release()
	return s.feed(env, fresh.Columns(), len(sel))
}

func (s *aggState) pickGroups(ids []uint32, in *aggInput) []uint32 {
	if s.single || in.all {
		return ids
	}
	s.groups = s.groups[:0]
	for _, i := range in.sel {
		s.groups = append(s.groups, ids[i])
	}
	return s.groups
}

// rowColumns are the group numbers, the arguments and the order keys of n rows.
func (s *aggState) rowColumns(env *Env, groups []uint32, in *aggInput, n int) ([]arrow.Array, error) {
	cols := make([]arrow.Array, 0, 1+len(in.args)+len(in.order))
	b := array.NewUint32Builder(env.Alloc)
	defer b.Release()
	if s.single {
		for range n {
			b.Append(0)
		}
	} else {
		b.AppendValues(groups, nil)
	}
	cols = append(cols, b.NewArray())
	for _, v := range in.args {
		if v.Const && n != 1 {
			a, err := repeat(env.Alloc, v.Array, 0, n)
			if err != nil {
				releaseAll(cols)
				return nil, err
			}
			cols = append(cols, a)
			continue
		}
		v.Array.Retain()
		cols = append(cols, v.Array)
	}
	for _, o := range in.order {
		o.Retain()
		cols = append(cols, o)
	}
	return cols, nil
}

// feed updates the accumulator from columns as rowColumns makes them.
func (s *aggState) feed(env *Env, cols []arrow.Array, n int) error {
	args := make([]functions.Value, len(s.call.args))
	for i := range args {
		args[i] = functions.Value{Array: cols[1+i]}
	}
	var groups []uint32
	if !s.single {
		groups = fixedValues[uint32](cols[0])
	}
	return s.acc.Update(env.Functions, groups, args, n)
}

// prepare makes the results of groups [from, from+n) ready, or of the first of
// them only unless all are wanted, and returns of how many.
func (s *aggState) prepare(env *Env, from, n int, all bool, makeRoom func(context.Context) error) (int, error) {
	if s.ordered == nil {
		return n, nil
	}
	return s.ordered.prepare(env, from, n, all, makeRoom)
}

// result appends a group's result, which prepare has made ready.
func (s *aggState) result(env *Env, group int, b array.Builder) error {
	if s.ordered != nil {
		return s.ordered.acc.Append(env.Functions, group-s.ordered.base, b)
	}
	return s.acc.Append(env.Functions, group, b)
}

// finishSeen takes the rows that seen had written away. makeRoom is called when
// memory has been short.
func (s *aggState) finishSeen(ctx context.Context, env *Env, makeRoom func(context.Context) error) error {
	for s.seen != nil {
		pass, err := s.seen.nextPass()
		if err != nil || pass == nil {
			return err
		}
		if err := makeRoom(ctx); err != nil {
			return err
		}
		err = drain(ctx, pass, func(batch arrow.RecordBatch) error {
			defer batch.Release()
			return s.takeFresh(env, batch)
		})
		if e := pass.Close(); err == nil {
			err = e
		}
		if err != nil {
			return err
		}
	}
	return nil
}
