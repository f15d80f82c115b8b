package functions

import (
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

var _ = func() bool {
	for _, oid := range []types.OID{types.Timestamptz, types.Timestamp} {
		register(Aggregate{
			Name: "elapsed", Args: typesOf(oids{oid}), Returns: types.Of(types.Interval), SkipNulls: true,
			Doc: "Gives the time from the first to the last of the times.",
			New: func(*Context, Signature) Accumulator { return &elapsed{} },
		})
		register(Aggregate{
			Name: "elapsed", Args: typesOf(oids{oid, types.Interval}), Returns: types.Of(types.Float8), SkipNulls: true,
			Doc: "Gives the time from the first to the last of the times, in units of an interval.",
			New: func(*Context, Signature) Accumulator { return &elapsed{inUnits: true} },
		})
	}
	return true
}()

// elapsed keeps the least and the greatest time of each group.
type elapsed struct {
	inUnits   bool
	seen      []bool
	low, high []int64
	unit      []int64 // in microseconds
}

// Resize implements Accumulator.
func (s *elapsed) Resize(n int) {
	s.seen, s.low, s.high, s.unit = grow(s.seen, n), grow(s.low, n), grow(s.high, n), grow(s.unit, n)
}

// Bytes implements Accumulator.
func (s *elapsed) Bytes() int64 { return int64(cap(s.low)) * 25 }

// Update implements Accumulator.
func (s *elapsed) Update(_ *Context, groups []uint32, args []Value, n int) error {
	x, m := fixedValues[int64](args[0].Array), mask(args[0])
	return eachRow(groups, args, n, func(g uint32, i int) error {
		if s.inUnits && s.unit[g] == 0 {
			iv := types.DatumAt(args[1].Array, i&mask(args[1])).Interval()
			if s.unit[g] = (int64(iv.Months)*30+int64(iv.Days))*types.MicrosPerDay + iv.Micros; s.unit[g] <= 0 {
				return pgerror.New(pgerror.InvalidParameterValue, "the unit of elapsed must be greater than zero")
			}
		}
		s.add(g, x[i&m], x[i&m])
		return nil
	})
}

func (s *elapsed) add(g uint32, low, high int64) {
	if !s.seen[g] {
		s.seen[g], s.low[g], s.high[g] = true, low, high
		return
	}
	s.low[g], s.high[g] = min(s.low[g], low), max(s.high[g], high)
}

// Merge implements Accumulator.
func (s *elapsed) Merge(_ *Context, other Accumulator, from, to int) error {
	o := other.(*elapsed)
	if o.seen[from] {
		s.add(uint32(to), o.low[from], o.high[from])
		s.unit[to] = max(s.unit[to], o.unit[from])
	}
	return nil
}

// Append implements Accumulator.
func (s *elapsed) Append(_ *Context, group int, b array.Builder) error {
	if !s.seen[group] {
		b.AppendNull()
		return nil
	}
	span, err := types.TimestampSub(s.high[group], s.low[group])
	if err != nil {
		return err
	}
	if !s.inUnits {
		types.AppendDatum(b, span.Datum())
		return nil
	}
	micros := float64(s.high[group]) - float64(s.low[group])
	types.AppendDatum(b, types.NewFloat64(micros/float64(s.unit[group])))
	return nil
}
