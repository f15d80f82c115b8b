package executor

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// windowCall is one compiled call.
type windowCall struct {
	name     string
	agg      *aggCall // nil for window functions proper
	args     []*scalar
	firstArg int // column of args[0] in the kept rows
	typ      types.Type
	frame    windowFrame
}

// windowFunc appends the result for a row.
type windowFunc func(row int, b array.Builder) error

func (w *window) newCall(n *plan.WindowCall, t types.Type) (*windowCall, error) {
	c := &windowCall{name: n.Name, typ: t, frame: windowFrame{spec: &n.Frame}}
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

// start begins a partition of a call.
func (w *window) start(c *windowCall, p partition) (windowFunc, error) {
	if c.agg != nil {
		return w.aggregate(c, p), nil
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
		types.AppendDatum(b, types.NewInt8(int64(w.peers[w.peerOf[i]].start-p.start+1)))
		return nil
	}, nil
}

func windowDenseRank(w *window, _ *windowCall, p partition) (windowFunc, error) {
	return func(i int, b array.Builder) error {
		types.AppendDatum(b, types.NewInt8(int64(int(w.peerOf[i])-p.firstPeer+1)))
		return nil
	}, nil
}

func windowPercentRank(w *window, _ *windowCall, p partition) (windowFunc, error) {
	return func(i int, b array.Builder) error {
		v := 0.0
		if n := p.end - p.start; n > 1 {
			v = float64(w.peers[w.peerOf[i]].start-p.start) / float64(n-1)
		}
		types.AppendDatum(b, types.NewFloat64(v))
		return nil
	}, nil
}

func windowCumeDist(w *window, _ *windowCall, p partition) (windowFunc, error) {
	return func(i int, b array.Builder) error {
		types.AppendDatum(b, types.NewFloat64(float64(w.peers[w.peerOf[i]].end-p.start)/float64(p.end-p.start)))
		return nil
	}, nil
}

// windowNtile: its argument is taken from the partition's first row.
func windowNtile(w *window, c *windowCall, p partition) (windowFunc, error) {
	d := w.value(c.firstArg, p.start)
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
			offset = w.value(c.firstArg+1, i)
		}
		if offset.IsNull() {
			b.AppendNull()
			return nil
		}
		at := int64(i) + direction*offset.I
		switch {
		case at >= int64(p.start) && at < int64(p.end):
			types.AppendDatum(b, w.value(c.firstArg, int(at)))
		case len(c.args) > 2:
			types.AppendDatum(b, w.value(c.firstArg+2, i))
		default:
			b.AppendNull()
		}
		return nil
	}
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
		types.AppendDatum(b, w.value(c.firstArg, row))
	} else {
		b.AppendNull()
	}
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
		d := w.value(c.firstArg+1, i)
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
// its end the state goes on; else it is computed anew, but for rows with the
// frame of the row before.
func (w *window) aggregate(c *windowCall, p partition) windowFunc {
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
			err = w.feed(c, state, last.end, f.end)
		default:
			state = c.agg.newState(w.env, true)
			state.acc.Resize(1)
			for _, part := range f.parts() {
				if err == nil {
					err = w.feed(c, state, part[0], part[1])
				}
			}
		}
		if err != nil {
			return err
		}
		last = f
		return state.acc.Append(w.env.Functions, 0, b)
	}
}

// feed updates a state with rows [from, to).
func (w *window) feed(c *windowCall, state *aggState, from, to int) error {
	return w.eachSlice(from, to, func(cols []arrow.Array, n int) error {
		var in aggInput
		defer in.release()
		if err := c.agg.evaluate(w.env, cols, n, &in); err != nil {
			return err
		}
		return state.update(w.env, nil, &in, n)
	})
}
