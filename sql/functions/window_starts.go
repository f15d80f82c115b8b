package functions

import (
	"math"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// time_windows and count_windows say which of many overlapping windows something is in;
// the planner uses them for time_window and count_window with a slide.

var errSlide = pgerror.New(pgerror.InvalidParameterValue, "the slide must be greater than zero and not greater than the window")

const timeWindowsDoc = "The starts of all windows of a width that a time is in, when one starts each slide; the last start first."

var _ = func() bool {
	add := func(oid, width types.OID, open opener, e Example) {
		register(TableFunc{
			Name: "time_windows", Args: typesOf(oids{oid, width, width}), Columns: []Column{column("time_windows", oid)}, Strict: true, Volatility: Immutable,
			Params: params("ts", "width", "slide"), Doc: timeWindowsDoc, Open: open, Examples: []Example{e},
		})
	}
	for _, oid := range []types.OID{types.Timestamptz, types.Timestamp} {
		add(oid, types.Interval, openTimeWindows(oid), ex("* FROM time_windows(timestamp '2026-01-01 00:07', '10 min', '5 min')", `2026-01-01 00:05:00\n2026-01-01 00:00:00`))
	}
	add(types.Date, types.Interval, openTimeWindows(types.Date), ex("* FROM time_windows(date '2026-01-07', '2 weeks', '1 week')", `2026-01-05\n2025-12-29`))
	add(types.Int8, types.Int8, openIntWindows, ex("* FROM time_windows(27::int8, 20, 10)", `20\n10`))
	register(TableFunc{
		Name: "count_windows", Args: typesOf(oids{types.Int8, types.Int8, types.Int8}), Columns: []Column{column("count_windows", types.Int8)}, Strict: true, Volatility: Immutable,
		Params: params("number", "rows", "slide"), Open: openCountWindows, Examples: []Example{ex("* FROM count_windows(5, 3, 2)", `2\n3`)},
		Doc: "The numbers of all windows of some rows that the row with a number is in, when one starts each slide rows; all count from 1.",
	})
	return true
}()

// bucketStarts yields the start of t's bucket and those before it as long as within
// says so.
func bucketStarts(b bucketing, t int64, phys types.Phys, within func(start int64) (bool, error)) RowSource {
	if b.infinite(t) {
		return rowFunc(func(*Context) ([]types.Datum, error) { return nil, nil })
	}
	row := make([]types.Datum, 1)
	return rowFunc(func(*Context) ([]types.Datum, error) {
		start, _, _, err := b.bucket(t)
		if err != nil {
			return nil, err
		}
		in, err := within(start)
		if !in || err != nil {
			return nil, err
		}
		row[0], t = types.NewInt(phys, start), start-1
		return row, nil
	})
}

func openTimeWindows(oid types.OID) opener {
	t := types.Of(oid)
	return func(_ *Context, _ Signature, args []types.Datum) (RowSource, error) {
		at, width, slide := args[0].Int(), args[1].Interval(), args[2].Interval()
		if slide.Cmp(width) > 0 || slide.Cmp(types.IntervalValue{}) <= 0 {
			return nil, errSlide
		}
		b, err := timeBucketing(slide, nil, oid == types.Date)
		if err != nil {
			return nil, err
		}
		return bucketStarts(b, at, t.Phys(), func(start int64) (bool, error) {
			end, err := b.shift(start, width)
			return at < end, err
		}), nil
	}
}

func openIntWindows(_ *Context, _ Signature, args []types.Datum) (RowSource, error) {
	at, width, slide := args[0].Int(), args[1].Int(), args[2].Int()
	if slide <= 0 || slide > width {
		return nil, errSlide
	}
	b := bucketing{period: slide, min: math.MinInt64, max: math.MaxInt64}
	return bucketStarts(b, at, types.PhysInt64, func(start int64) (bool, error) {
		return uint64(at)-uint64(start) < uint64(width), nil
	}), nil
}

func openCountWindows(_ *Context, _ Signature, args []types.Datum) (RowSource, error) {
	number, rows, slide := args[0].Int(), args[1].Int(), args[2].Int()
	if slide <= 0 || slide > rows {
		return nil, errSlide
	}
	if number < 1 {
		return rowFunc(func(*Context) ([]types.Datum, error) { return nil, nil }), nil
	}
	// Window w has the rows from (w-1)*slide+1 on.
	first, last := int64(1), (number-1)/slide+1
	if number > rows {
		first = (number-rows-1)/slide + 2
	}
	return &intSeries{next: first, stop: last, step: 1, min: math.MinInt64, max: math.MaxInt64}, nil
}
