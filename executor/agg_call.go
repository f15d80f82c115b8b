package executor

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// aggCall is one compiled aggregate call.
type aggCall struct {
	fn       *functions.Aggregate
	sig      functions.Signature
	args     []*scalar
	filter   *scalar
	distinct bool
	order    []sortKey // nil: rows are taken as they come
}

func (r *run) compileAggCall(c *plan.AggCall) (*aggCall, error) {
	out := &aggCall{fn: c.Fn, sig: c.Sig, distinct: c.Distinct}
	var err error
	if out.args, err = r.compileAll(c.Args); err != nil {
		return nil, err
	}
	if out.filter, err = r.compileOptional(c.Filter); err != nil {
		return nil, err
	}
	if !c.Fn.OrderSensitive && !c.Fn.OrderedSet {
		return out, nil
	}
	if out.order, err = r.compileSortKeys(c.OrderBy); err != nil {
		return nil, err
	}
	if c.Distinct && len(c.OrderBy) == 0 { // PostgreSQL finds duplicates by sorting, and it shows
		for _, a := range out.args {
			out.order = append(out.order, sortKey{scalar: a})
		}
	}
	return out, nil
}

// aggInput is what a call takes of one batch.
type aggInput struct {
	args  []functions.Value
	order []arrow.Array
	// sel are the rows that count; all is true if every row does.
	sel []int32
	all bool
}

func (in *aggInput) release() {
	releaseValues(in.args)
	releaseAll(in.order)
	in.args, in.order = nil, nil
}

// evaluate computes the call's arguments and which rows count.
func (c *aggCall) evaluate(env *Env, cols []arrow.Array, n int, in *aggInput) error {
	var err error
	in.all = true
	if c.filter != nil {
		if in.sel, err = c.filter.selection(env, cols, n, nil); err != nil {
			return err
		}
		in.all = len(in.sel) == n
		if len(in.sel) == 0 {
			return nil
		}
		if !in.all { // arguments are computed on the rows that pass only
			picked, err := takeColumns(env.Alloc, cols, in.sel)
			if err != nil {
				return err
			}
			defer releaseAll(picked)
			cols, n = picked, len(in.sel)
		}
	}
	if in.args, err = values(env, c.args, cols, n); err != nil {
		return err
	}
	if in.order, err = columns(env, sortScalars(c.order), cols, n); err != nil {
		return err
	}
	if c.fn.SkipNulls {
		return in.skipNulls(env, n)
	}
	return nil
}

// skipNulls leaves out the rows with a NULL argument.
func (in *aggInput) skipNulls(env *Env, n int) error {
	hasNulls := false
	for _, v := range in.args {
		if v.Const && v.Array.IsNull(0) {
			in.sel, in.all = nil, false
			in.release()
			return nil
		}
		hasNulls = hasNulls || (!v.Const && v.Array.NullN() > 0)
	}
	if !hasNulls {
		return nil
	}
	keep := make([]int32, 0, n)
	for i := range n {
		ok := true
		for _, v := range in.args {
			ok = ok && (v.Const || v.Array.IsValid(i))
		}
		if ok {
			keep = append(keep, int32(i))
		}
	}
	if err := in.pick(env, keep); err != nil {
		return err
	}
	return nil
}

// pick keeps the given rows of the arguments.
func (in *aggInput) pick(env *Env, keep []int32) error {
	for i, v := range in.args {
		if v.Const {
			continue
		}
		a, err := take(env.Alloc, v.Array, keep)
		if err != nil {
			return err
		}
		v.Array.Release()
		in.args[i].Array = a
	}
	for i, o := range in.order {
		a, err := take(env.Alloc, o, keep)
		if err != nil {
			return err
		}
		o.Release()
		in.order[i] = a
	}
	if in.all {
		in.sel, in.all = keep, false
		return nil
	}
	sel := make([]int32, len(keep))
	for i, k := range keep {
		sel[i] = in.sel[k]
	}
	in.sel = sel
	return nil
}

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
