package executor

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// windowCall is one compiled call. Its arguments, and whether a row passes the
// FILTER, are columns of the kept rows: they are computed once a row.
type windowCall struct {
	name     string
	agg      *aggCall // nil for window functions proper
	args     []*scalar
	firstArg int // column of args[0] in the kept rows
	typ      types.Type
	frame    windowFrame
	fn       windowFunc        // of the partition under way
	state    reservation       // of an aggregate's state
	ranges   []functions.Range // scratch
}

// windowFunc appends the result for a row.
type windowFunc func(row int, b array.Builder) error

func (w *window) newCall(n *plan.WindowCall, t types.Type) (*windowCall, error) {
	c := &windowCall{name: n.Name, typ: t, frame: windowFrame{spec: &n.Frame}, state: reservation{env: w.env}}
	var err error
	if n.Agg != nil {
		c.agg, err = w.run.compileAggCall(&plan.AggCall{Fn: n.Agg, Args: n.Args, Sig: n.Sig, Filter: n.Filter})
		return c, err
	}
	if _, ok := windowFuncs[n.Name]; !ok {
		return nil, pgerror.Unsupported("window function %s", n.Name)
	}
	c.args, err = w.run.compileAll(n.Args)
	return c, err
}

func (c *windowCall) arguments() []*scalar {
	if c.agg != nil {
		return c.agg.args
	}
	return c.args
}

func (c *windowCall) filter() *scalar {
	if c.agg != nil {
		return c.agg.filter
	}
	return nil
}

// evaluate computes the call's columns of n rows. Arguments of rows that do not
// pass the filter are not computed: they are NULL.
func (c *windowCall) evaluate(env *Env, cols []arrow.Array, n int) ([]arrow.Array, error) {
	if c.filter() == nil {
		return columns(env, c.arguments(), cols, n)
	}
	sel, err := c.filter().chosen(env, cols, n)
	if err != nil {
		return nil, err
	}
	passing, err := takeColumns(env.Alloc, cols, sel)
	if err != nil {
		return nil, err
	}
	defer releaseAll(passing)
	args, err := columns(env, c.arguments(), passing, len(sel))
	if err != nil {
		return nil, err
	}
	defer releaseAll(args)
	at := make([]int32, n)
	for i := range at {
		at[i] = -1
	}
	for i, row := range sel {
		at[row] = int32(i)
	}
	out, err := takeColumns(env.Alloc, args, at)
	if err != nil {
		return nil, err
	}
	b := array.NewBooleanBuilder(env.Alloc)
	defer b.Release()
	for _, i := range at {
		b.Append(i >= 0)
	}
	return append(out, b.NewArray()), nil
}

// start begins a partition of a call.
func (w *window) start(ctx context.Context, c *windowCall, p partition) (windowFunc, error) {
	if c.agg != nil {
		return w.aggregate(ctx, c, p), nil
	}
	return windowFuncs[c.name](w, c, p)
}

// windowFuncs are the window functions proper, by name.
var windowFuncs map[string]func(w *window, c *windowCall, p partition) (windowFunc, error)

func init() {
	windowFuncs = map[string]func(w *window, c *windowCall, p partition) (windowFunc, error){
		"rank":         windowRank,
		"dense_rank":   windowDenseRank,
		"percent_rank": windowPercentRank,
		"cume_dist":    windowCumeDist,
		"ntile":        windowNtile,
		"lag":          func(w *window, c *windowCall, p partition) (windowFunc, error) { return w.shifted(c, p, -1), nil },
		"lead":         func(w *window, c *windowCall, p partition) (windowFunc, error) { return w.shifted(c, p, 1), nil },
		"first_value":  windowFirstValue,
		"last_value":   windowLastValue,
		"nth_value":    windowNthValue,
	}
	for name, start := range runningFuncs {
		windowFuncs[name] = overRows(start)
	}
}

func windowRank(w *window, _ *windowCall, p partition) (windowFunc, error) {
	return func(i int, b array.Builder) error {
		types.AppendDatum(b, types.NewInt8(int64(w.rows.peersOf(i, p.end).start-p.start+1)))
		return nil
	}, nil
}

func windowDenseRank(w *window, _ *windowCall, _ partition) (windowFunc, error) {
	rank := int64(0)
	return func(i int, b array.Builder) error {
		if w.rows.peers.has(i) {
			rank++
		}
		types.AppendDatum(b, types.NewInt8(rank))
		return nil
	}, nil
}

func windowPercentRank(w *window, _ *windowCall, p partition) (windowFunc, error) {
	return func(i int, b array.Builder) error {
		v := 0.0
		if n := p.end - p.start; n > 1 {
			v = float64(w.rows.peersOf(i, p.end).start-p.start) / float64(n-1)
		}
		types.AppendDatum(b, types.NewFloat64(v))
		return nil
	}, nil
}

func windowCumeDist(w *window, _ *windowCall, p partition) (windowFunc, error) {
	return func(i int, b array.Builder) error {
		types.AppendDatum(b, types.NewFloat64(float64(w.rows.peersOf(i, p.end).end-p.start)/float64(p.end-p.start)))
		return nil
	}, nil
}

// windowNtile: its argument is taken from the partition's first row.
func windowNtile(w *window, c *windowCall, p partition) (windowFunc, error) {
	d, err := w.rows.value(c.firstArg, p.start)
	if err != nil {
		return nil, err
	}
	if !d.IsNull() && d.I <= 0 {
		return nil, pgerror.New(pgerror.InvalidArgumentForNtile, "argument of ntile must be greater than zero")
	}
	return func(i int, b array.Builder) error {
		if d.IsNull() {
			b.AppendNull()
			return nil
		}
		rows, row := int64(p.end-p.start), int64(i-p.start)
		size, larger := rows/d.I, rows%d.I // the first larger buckets have size+1 rows
		bucket := row / (size + 1)
		if bucket >= larger {
			bucket = larger + (row-larger*(size+1))/max(size, 1)
		}
		types.AppendDatum(b, types.NewInt(c.typ.Phys(), bucket+1))
		return nil
	}, nil
}

// shifted is lag (direction -1) and lead (1).
func (w *window) shifted(c *windowCall, p partition, direction int64) windowFunc {
	return func(i int, b array.Builder) error {
		offset := types.NewInt8(1)
		if len(c.args) > 1 {
			var err error
			if offset, err = w.rows.value(c.firstArg+1, i); err != nil {
				return err
			}
		}
		if offset.IsNull() {
			b.AppendNull()
			return nil
		}
		at := int64(i) + direction*offset.I
		switch {
		case at >= int64(p.start) && at < int64(p.end):
			return w.append(b, c.firstArg, int(at))
		case len(c.args) > 2:
			return w.append(b, c.firstArg+2, i)
		}
		b.AppendNull()
		return nil
	}
}

// append appends a column's value in a row.
func (w *window) append(b array.Builder, column, row int) error {
	d, err := w.rows.value(column, row)
	if err == nil {
		types.AppendDatum(b, d)
	}
	return err
}

// nth appends the first argument's value in the frame's n-th row (0-based, from
// the end if negative: -1 is the last).
func (w *window) nth(c *windowCall, p partition, i int, n int64, b array.Builder) error {
	f, err := c.frame.at(w, p, i)
	if err != nil {
		return err
	}
	if n < 0 {
		n += int64(f.rows())
	}
	if row := f.nth(n); row >= 0 {
		return w.append(b, c.firstArg, row)
	}
	b.AppendNull()
	return nil
}

func windowFirstValue(w *window, c *windowCall, p partition) (windowFunc, error) {
	return func(i int, b array.Builder) error { return w.nth(c, p, i, 0, b) }, nil
}

func windowLastValue(w *window, c *windowCall, p partition) (windowFunc, error) {
	return func(i int, b array.Builder) error { return w.nth(c, p, i, -1, b) }, nil
}

func windowNthValue(w *window, c *windowCall, p partition) (windowFunc, error) {
	return func(i int, b array.Builder) error {
		d, err := w.rows.value(c.firstArg+1, i)
		if err != nil {
			return err
		}
		if d.IsNull() {
			b.AppendNull()
			return nil
		}
		if d.I <= 0 {
			return pgerror.New(pgerror.InvalidArgumentForNthValue, "argument of nth_value must be greater than zero")
		}
		return w.nth(c, p, i, d.I-1, b)
	}, nil
}

// aggregate runs an aggregate over frames. As long as a frame only grows at
// its end the state goes on, and where it moves on and the state can forget rows
// (functions.SlidingAccumulator) too, if that is less than the frame has; else it is
// computed anew, but for rows with the frame of the row before.
func (w *window) aggregate(ctx context.Context, c *windowCall, p partition) windowFunc {
	var state *aggState
	var last frame
	return func(i int, b array.Builder) error {
		f, err := c.frame.at(w, p, i)
		if err != nil {
			return err
		}
		switch {
		case state != nil && f == last:
		case state != nil && f.grows(last):
			err = w.feed(ctx, c, state, last.end, f.end)
		case state != nil && f.slides(last) && c.forgets(state):
			if err = w.remove(ctx, c, state, last.start, f.start); err == nil {
				err = w.feed(ctx, c, state, last.end, f.end)
			}
		default:
			state = c.agg.newState(w.env, true)
			state.acc.Resize(1)
			for _, part := range f.parts() {
				if err == nil {
					err = w.feed(ctx, c, state, part[0], part[1])
				}
			}
		}
		if err != nil {
			return err
		}
		last = f
		if err := c.state.set(state.acc.Bytes()); err != nil {
			return err
		}
		return state.acc.Append(w.env.Functions, 0, b)
	}
}

// forgets reports whether rows can be removed from a state.
func (c *windowCall) forgets(state *aggState) bool {
	_, ok := c.takesRanges(state).(functions.SlidingAccumulator)
	return ok
}

// takesRanges is the state as what takes rows where they lie, nil if it does not.
func (c *windowCall) takesRanges(state *aggState) functions.RangeAccumulator {
	acc, ok := state.acc.(functions.RangeAccumulator)
	if !ok || c.filter() != nil || len(c.agg.args) > 1 || state.seen != nil || state.ordered != nil {
		return nil
	}
	return acc
}

// feed updates a state with rows [from, to).
func (w *window) feed(ctx context.Context, c *windowCall, state *aggState, from, to int) error {
	if acc := c.takesRanges(state); acc != nil {
		return w.eachChunk(ctx, from, to, func(chunk arrow.RecordBatch, row, n int) error {
			return c.eachRange(chunk, row, n, acc.UpdateRanges)
		})
	}
	return w.eachChunk(ctx, from, to, func(chunk arrow.RecordBatch, row, n int) error {
		return w.feedChunk(c, state, chunk, row, n)
	})
}

// remove takes rows [from, to) out of a state.
func (w *window) remove(ctx context.Context, c *windowCall, state *aggState, from, to int) error {
	acc := state.acc.(functions.SlidingAccumulator)
	return w.eachChunk(ctx, from, to, func(chunk arrow.RecordBatch, row, n int) error {
		return c.eachRange(chunk, row, n, acc.RemoveRanges)
	})
}

// eachRange calls fn for the call's argument and n rows of it, without NULLs.
func (c *windowCall) eachRange(chunk arrow.RecordBatch, row, n int, fn func(arg arrow.Array, ranges []functions.Range) error) error {
	r := append(c.ranges[:0], functions.Range{From: int32(row), To: int32(row + n)})
	c.ranges = r
	if len(c.agg.args) == 0 {
		return fn(nil, r)
	}
	arg := chunk.Column(c.firstArg)
	if arg.NullN() == 0 {
		return fn(arg, r)
	}
	for from, end := row, row+n; from < end; {
		to := from
		for to < end && arg.IsValid(to) {
			to++
		}
		if to > from {
			r[0] = functions.Range{From: int32(from), To: int32(to)}
			if err := fn(arg, r); err != nil {
				return err
			}
		}
		from = to + 1
	}
	return nil
}

// eachChunk calls fn for the chunks of rows [from, to), n rows of each.
func (w *window) eachChunk(ctx context.Context, from, to int, fn func(chunk arrow.RecordBatch, row, n int) error) error {
	for from < to {
		k, row := w.rows.locate(from)
		chunk, err := w.rows.buf.chunk(k)
		if err != nil {
			return err
		}
		n := min(to-from, int(chunk.NumRows())-row)
		if err := fn(chunk, row, n); err != nil {
			return err
		}
		if from += n; from < to {
			if err := checkContext(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// feedChunk updates a state with n rows of a chunk.
func (w *window) feedChunk(c *windowCall, state *aggState, chunk arrow.RecordBatch, row, n int) error {
	in := aggInput{args: make([]functions.Value, len(c.agg.args)), all: true}
	defer in.release()
	for i := range in.args {
		in.args[i].Array = array.NewSlice(chunk.Column(c.firstArg+i), int64(row), int64(row+n))
	}
	if c.filter() != nil {
		passes := chunk.Column(c.firstArg + len(in.args)).(*array.Boolean)
		keep := make([]int32, 0, n)
		for i := range n {
			if passes.Value(row + i) {
				keep = append(keep, int32(i))
			}
		}
		if err := in.pick(w.env, keep); err != nil {
			return err
		}
		n = len(keep)
	}
	if c.agg.fn.SkipNulls {
		if err := in.skipNulls(w.env, n); err != nil {
			return err
		}
	}
	if in.all {
		return state.update(w.env, nil, &in, n)
	}
	return state.update(w.env, nil, &in, len(in.sel))
}
