package executor

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// runningFunc appends the result for the next row of a partition; arg are the
// arguments of that row.
type runningFunc func(arg func(int) types.Datum, b array.Builder) error

// runningFuncs are the window functions whose result depends on the rows of the
// partition up to the present one only, by name; each makes the state of a partition.
var runningFuncs = map[string]func(env *Env, c *windowCall) runningFunc{
	"row_number":     runningRowNumber,
	"previous":       runningPrevious,
	"session_window": runningSession,
	"state_window":   runningState,
	"event_window":   runningEvent,
	"count_window":   runningCount,
}

// overRows makes a function of a Window out of one of runningFuncs.
func overRows(start func(env *Env, c *windowCall) runningFunc) func(*window, *windowCall, partition) (windowFunc, error) {
	return func(w *window, c *windowCall, _ partition) (windowFunc, error) {
		f := start(w.env, c)
		var chunk arrow.RecordBatch
		var i int
		arg := func(k int) types.Datum { return types.DatumAt(chunk.Column(c.firstArg+k), i) }
		return func(row int, b array.Builder) (err error) {
			if chunk, i, err = w.rows.Row(row); err != nil {
				return err
			}
			return f(arg, b)
		}, nil
	}
}

func runningRowNumber(*Env, *windowCall) runningFunc {
	n := int64(0)
	return func(_ func(int) types.Datum, b array.Builder) error {
		n++
		types.AppendDatum(b, types.NewInt8(n))
		return nil
	}
}

// runningPrevious is the last value before the row that is not NULL.
func runningPrevious(*Env, *windowCall) runningFunc {
	last := types.Null
	return func(arg func(int) types.Datum, b array.Builder) error {
		types.AppendDatum(b, last)
		if d := arg(0); !d.IsNull() {
			last = d.Clone()
		}
		return nil
	}
}

// runningSession is the time of the session's first row. A session ends where the next
// row comes later than the gap after the last; rows without time are in none.
func runningSession(env *Env, c *windowCall) runningFunc {
	var start, last types.Datum
	open := false
	return func(arg func(int) types.Datum, b array.Builder) error {
		t, gap := arg(0), arg(1)
		if t.IsNull() || gap.IsNull() {
			b.AppendNull()
			return nil
		}
		if open {
			end, err := sessionEnd(env, c.args[0].typ, last.Int(), gap)
			if err != nil {
				return err
			}
			open = t.Int() <= end
		} else if err := checkGap(c.args[0].typ, gap); err != nil {
			return err
		}
		if !open {
			start, open = t, true
		}
		last = t
		types.AppendDatum(b, start)
		return nil
	}
}

func checkGap(t types.Type, gap types.Datum) error {
	if t.OID == types.Int8 && gap.Int() > 0 || t.OID != types.Int8 && gap.Interval().Cmp(types.IntervalValue{}) > 0 {
		return nil
	}
	return pgerror.New(pgerror.InvalidParameterValue, "the gap of session_window must be greater than zero")
}

// sessionEnd is the last time that is in the session of a row at a time.
func sessionEnd(env *Env, t types.Type, at int64, gap types.Datum) (int64, error) {
	switch {
	case t.OID == types.Int8:
		if end := at + gap.Int(); end >= at {
			return end, nil
		}
		return 1<<63 - 1, nil
	case types.IsTimestampInfinite(at):
		return at, nil
	case t.OID == types.Timestamptz:
		return types.TimestamptzAdd(at, gap.Interval(), env.Functions.IO)
	}
	return types.TimestampAdd(at, gap.Interval())
}

// runningState numbers the runs of equal states; rows without state are in none, and
// end none.
func runningState(_ *Env, c *windowCall) runningFunc {
	n, state := int64(0), types.Null
	return func(arg func(int) types.Datum, b array.Builder) error {
		d := arg(0)
		if d.IsNull() {
			b.AppendNull()
			return nil
		}
		if n == 0 || !sameDatum(c.args[0].typ, d, state) {
			n, state = n+1, d.Clone()
		}
		types.AppendDatum(b, types.NewInt8(n))
		return nil
	}
}

// runningEvent numbers the events: from a row where the first condition holds to the
// next where the second does, both included, which may be the same row. The last event
// may still be open.
func runningEvent(*Env, *windowCall) runningFunc {
	n, open := int64(0), false
	holds := func(d types.Datum) bool { return !d.IsNull() && d.Bool() }
	return func(arg func(int) types.Datum, b array.Builder) error {
		if !open && holds(arg(0)) {
			n, open = n+1, true
		}
		if !open {
			b.AppendNull()
			return nil
		}
		open = !holds(arg(1))
		types.AppendDatum(b, types.NewInt8(n))
		return nil
	}
}

// runningCount numbers windows of as many rows as its argument says.
func runningCount(*Env, *windowCall) runningFunc {
	rows := int64(0)
	return func(arg func(int) types.Datum, b array.Builder) error {
		size := arg(0)
		if size.IsNull() || size.Int() <= 0 {
			return pgerror.New(pgerror.InvalidParameterValue, "the number of rows of count_window must be greater than zero")
		}
		types.AppendDatum(b, types.NewInt8(rows/size.Int()+1))
		rows++
		return nil
	}
}
