package executor

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/functions"
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
		if in.sel, err = c.filter.chosen(env, cols, n); err != nil {
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
	return in.pick(env, keep)
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
