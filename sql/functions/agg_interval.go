package functions

import (
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/types"
)

var (
	_ = aggregate("sum", sumDoc, types.Interval, types.Interval, func() Accumulator { return &intervalSum{} })
	_ = aggregate("avg", avgDoc, types.Interval, types.Interval, func() Accumulator { return &intervalSum{avg: true} })
)

// intervalSum is sum and avg of intervals.
type intervalSum struct {
	sums   []types.IntervalValue
	counts []int64
	avg    bool
}

func (s *intervalSum) Resize(n int) { s.sums, s.counts = grow(s.sums, n), grow(s.counts, n) }

func (s *intervalSum) Bytes() int64 { return int64(cap(s.sums)) * 24 }

func (s *intervalSum) add(g uint32, v types.IntervalValue, n int64) (err error) {
	s.sums[g], err = s.sums[g].Add(v)
	s.counts[g] += n
	return err
}

func (s *intervalSum) Update(_ *Context, groups []uint32, args []Value, n int) error {
	x := load[types.IntervalValue](args[0].Array)
	m := mask(args[0])
	return eachRow(groups, args[:1], n, func(g uint32, i int) error { return s.add(g, x[i&m], 1) })
}

func (s *intervalSum) Merge(_ *Context, other Accumulator, from, to int) error {
	o := other.(*intervalSum)
	return s.add(uint32(to), o.sums[from], o.counts[from])
}

func (s *intervalSum) Append(_ *Context, group int, b array.Builder) error {
	if s.counts[group] == 0 {
		b.AppendNull()
		return nil
	}
	v := s.sums[group]
	if s.avg {
		var err error
		if v, err = v.Div(float64(s.counts[group])); err != nil {
			return err
		}
	}
	types.AppendDatum(b, v.Datum())
	return nil
}
