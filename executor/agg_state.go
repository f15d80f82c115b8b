package executor

import (
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
	// seen are the (group, arguments) that came before, for DISTINCT.
	seen *keyTable
	ids  []uint32
	// ordered keeps (group, arguments, order keys) until the end, for ORDER BY.
	ordered *rowBuffer
}

func (c *aggCall) newState(env *Env, single bool) *aggState {
	s := &aggState{call: c, acc: c.fn.New(env.Functions, c.sig), single: single}
	if c.distinct {
		ts := make([]types.Type, 0, len(c.args)+1)
		if !single {
			ts = append(ts, types.Of(types.Oid))
		}
		for _, a := range c.args {
			ts = append(ts, a.typ)
		}
		s.seen = newKeyTable(ts, allEqual(len(ts)))
	}
	if len(c.order) > 0 {
		fields := []arrow.Field{{Type: arrow.PrimitiveTypes.Uint32}}
		for _, a := range c.args {
			fields = append(fields, arrow.Field{Type: a.typ.Phys().ArrowType(), Nullable: true})
		}
		for _, k := range c.order {
			fields = append(fields, arrow.Field{Type: k.typ.Phys().ArrowType(), Nullable: true})
		}
		s.ordered = newRowBuffer(env, arrow.NewSchema(fields, nil))
	}
	return s
}

func (s *aggState) bytes() int64 {
	n := s.acc.Bytes()
	if s.seen != nil {
		n += s.seen.bytes()
	}
	return n
}

func (s *aggState) close() {
	if s.ordered != nil {
		s.ordered.clear()
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
	args := 1 + len(in.args)
	if s.seen == nil {
		return s.ordered.add(array.NewRecordBatch(s.ordered.schema, cols, int64(n)))
	}
	keys := cols[:args]
	if s.single {
		keys = cols[1:args]
	}
	var sel []int32
	s.ids, sel = insertNew(s.seen, keys, n, s.ids, nil)
	if len(sel) == 0 {
		return nil
	}
	fresh, err := takeColumns(env.Alloc, cols, sel)
	if err != nil {
		return err
	}
	defer releaseAll(fresh)
	if s.ordered != nil {
		return s.ordered.add(array.NewRecordBatch(s.ordered.schema, fresh, int64(len(sel))))
	}
	return s.feed(env, fresh, len(sel))
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

// finish feeds the rows that waited for their order.
func (s *aggState) finish(env *Env) error {
	if s.ordered == nil {
		return nil
	}
	keys := make([]sortKey, 0, len(s.call.order)+1)
	cols := make([][]arrow.Array, 0, cap(keys))
	if !s.single {
		keys = append(keys, sortKey{scalar: &scalar{typ: types.Of(types.Oid)}})
		cols = append(cols, s.ordered.columns[0])
	}
	keys = append(keys, s.call.order...)
	cols = append(cols, s.ordered.columns[1+len(s.call.args):]...)
	if err := s.ordered.reserve(int64(s.ordered.rows) * 24); err != nil {
		return err
	}
	refs := s.ordered.refs()
	sortRefs(keys, cols, refs)
	for len(refs) > 0 {
		n := min(BatchRows, len(refs))
		batch, err := s.ordered.gather(refs[:n])
		if err != nil {
			return err
		}
		err = s.feed(env, batch.Columns(), n)
		batch.Release()
		if err != nil {
			return err
		}
		refs = refs[n:]
	}
	s.ordered.clear()
	return nil
}
