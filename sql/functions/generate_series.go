package functions

import (
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

var errStepZero = pgerror.New(pgerror.InvalidParameterValue, "step size cannot equal zero")

// intSeries counts from next to stop; done is set when it would overflow.
type intSeries struct {
	next, stop, step int64
	min, max         int64
	done             bool
}

// Next implements RowSource.
func (s *intSeries) Next(_ *Context, max int, out []array.Builder) (int, error) {
	n := 0
	b4, _ := out[0].(*array.Int32Builder)
	b8, _ := out[0].(*array.Int64Builder)
	out[0].Reserve(min(max, 4096))
	for n < max && !s.done && (s.step > 0 && s.next <= s.stop || s.step < 0 && s.next >= s.stop) {
		if b4 != nil {
			b4.Append(int32(s.next))
		} else {
			b8.Append(s.next)
		}
		n++
		if s.step > 0 && s.next > s.max-s.step || s.step < 0 && s.next < s.min-s.step {
			s.done = true
		}
		s.next += s.step
	}
	return n, nil
}

// Close implements RowSource.
func (s *intSeries) Close() {}

func openIntSeries(lo, hi int64) opener {
	return func(_ *Context, _ Signature, args []types.Datum) (RowSource, error) {
		s := &intSeries{next: args[0].I, stop: args[1].I, step: 1, min: lo, max: hi}
		if len(args) == 3 {
			if s.step = args[2].I; s.step == 0 {
				return nil, errStepZero
			}
		}
		return s, nil
	}
}

const seriesDoc = "The values from a start to an end, one a row."

var (
	_ = defineSet("generate_series(int4,int4) generate_series(int4,int4,int4)", seriesDoc, nil, openIntSeries(-1<<31, 1<<31-1),
		ex("* FROM generate_series(1, 3)", `1\n2\n3`), ex("* FROM generate_series(5, 1, -2)", `5\n3\n1`))
	_ = defineSet("generate_series(int8,int8) generate_series(int8,int8,int8)", seriesDoc, nil, openIntSeries(-1<<63, 1<<63-1),
		ex("* FROM generate_series(9223372036854775806, 9223372036854775807)", `9223372036854775806\n9223372036854775807`))
	_ = defineSet("generate_series(numeric,numeric) generate_series(numeric,numeric,numeric)", seriesDoc, nil, openNumericSeries,
		ex("* FROM generate_series(1.5, 3, 0.5)", `1.5\n2.0\n2.5\n3.0`))
	_ = defineSet("generate_series(timestamp,timestamp,interval)", seriesDoc, nil,
		openTimeSeries(func(_ *Context, ts int64, v types.IntervalValue) (int64, error) { return types.TimestampAdd(ts, v) }),
		ex("* FROM generate_series('2024-01-31'::timestamp, '2024-03-31', '1 month')", `2024-01-31 00:00:00\n2024-02-29 00:00:00\n2024-03-29 00:00:00`))
	_ = defineSet("generate_series(timestamptz,timestamptz,interval)", seriesDoc, nil,
		openTimeSeries(func(c *Context, ts int64, v types.IntervalValue) (int64, error) {
			return types.TimestamptzAdd(ts, v, c.IO)
		}),
		ex("* FROM generate_series('2024-01-01 00:00+00'::timestamptz, '2024-01-01 12:00+00', '12 hours')", `2024-01-01 00:00:00+00\n2024-01-01 12:00:00+00`))
)

func openNumericSeries(_ *Context, _ Signature, args []types.Datum) (RowSource, error) {
	names := [...]string{"start value", "stop value", "step size"}
	step := types.DecimalFromInt(1)
	for i := range args {
		switch d := args[i].Decimal(); {
		case d.IsNaN():
			return nil, pgerror.New(pgerror.InvalidParameterValue, "%s cannot be NaN", names[i])
		case d.IsInf():
			return nil, pgerror.New(pgerror.InvalidParameterValue, "%s cannot be infinity", names[i])
		}
	}
	next, stop := args[0].Decimal(), args[1].Decimal()
	if len(args) == 3 {
		if step = args[2].Decimal(); step.IsZero() {
			return nil, errStepZero
		}
	}
	row := make([]types.Datum, 1)
	return rowFunc(func(*Context) ([]types.Datum, error) {
		if c := next.Cmp(stop); step.Sign() > 0 && c > 0 || step.Sign() < 0 && c < 0 {
			return nil, nil
		}
		row[0] = next.Datum()
		var err error
		next, err = next.Add(step)
		return row, err
	}), nil
}

func openTimeSeries(add func(c *Context, ts int64, v types.IntervalValue) (int64, error)) opener {
	return func(_ *Context, _ Signature, args []types.Datum) (RowSource, error) {
		next, stop, step := args[0].I, args[1].I, args[2].Interval()
		sign := step.Cmp(types.IntervalValue{})
		if sign == 0 {
			return nil, errStepZero
		}
		row := make([]types.Datum, 1)
		return rowFunc(func(c *Context) ([]types.Datum, error) {
			if sign > 0 && next > stop || sign < 0 && next < stop {
				return nil, nil
			}
			row[0] = types.NewInt8(next)
			var err error
			next, err = add(c, next, step)
			return row, err
		}), nil
	}
}
