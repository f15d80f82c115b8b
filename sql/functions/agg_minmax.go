package functions

import (
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/types"
)

var (
	_ = minMax(types.Int2, func(max bool) Accumulator { return &intExtreme[int16]{max: max} })
	_ = minMax(types.Int4, func(max bool) Accumulator { return &intExtreme[int32]{max: max} })
	_ = minMax(types.Int8, func(max bool) Accumulator { return &intExtreme[int64]{max: max} })
	_ = minMax(types.Oid, func(max bool) Accumulator { return &intExtreme[uint32]{max: max} })
	_ = minMax(types.Date, func(max bool) Accumulator { return &intExtreme[int32]{max: max} })
	_ = minMax(types.Time, func(max bool) Accumulator { return &intExtreme[int64]{max: max} })
	_ = minMax(types.Timestamp, func(max bool) Accumulator { return &intExtreme[int64]{max: max} })
	_ = minMax(types.Timestamptz, func(max bool) Accumulator { return &intExtreme[int64]{max: max} })
	_ = minMax(types.Money, func(max bool) Accumulator { return &intExtreme[int64]{max: max} })
	_ = minMax(types.Float4, func(max bool) Accumulator { return &floatExtreme[float32]{max: max} })
	_ = minMax(types.Float8, func(max bool) Accumulator { return &floatExtreme[float64]{max: max} })
	_ = minMax(types.Text, nil)
	_ = minMax(types.Bpchar, nil)
	_ = minMax(types.Numeric, nil)
	_ = minMax(types.Interval, nil)
	_ = minMax(types.Timetz, nil)
	_ = minMax(types.Tid, nil)
	_ = minMax(types.Inet, nil)
	_ = minMax(types.PgLsn, nil)
	_ = minMax(types.Xid8, nil)
	_ = minMax(types.AnyArray, nil)
	_ = minMax(types.AnyEnum, func(max bool) Accumulator { return &intExtreme[int32]{max: max} })
)

// minMax registers min and max of a type; without make they compare datums.
func minMax(oid types.OID, make func(max bool) Accumulator) *Aggregate {
	one := func(name, doc string, isMax bool) *Aggregate {
		return register(Aggregate{
			Name: name, Args: typesOf(oids{oid}), Returns: types.Of(oid), SkipNulls: true, Doc: doc,
			New: func(_ *Context, t Signature) Accumulator {
				if make != nil {
					return make(isMax)
				}
				return &datumExtreme{typ: t.Args[0], max: isMax}
			},
		})
	}
	one("min", "Computes the smallest of the values that are not NULL.", false)
	return one("max", "Computes the greatest of the values that are not NULL.", true)
}

// intExtreme is min or max of integers.
type intExtreme[T integer] struct {
	vals []T
	seen []bool
	max  bool
}

func (s *intExtreme[T]) Resize(n int) { s.vals, s.seen = grow(s.vals, n), grow(s.seen, n) }

func (s *intExtreme[T]) Bytes() int64 { return int64(cap(s.vals)) * 9 }

func (s *intExtreme[T]) add(g uint32, v T) {
	if !s.seen[g] {
		s.vals[g], s.seen[g] = v, true
	} else if s.max {
		s.vals[g] = max(s.vals[g], v)
	} else {
		s.vals[g] = min(s.vals[g], v)
	}
}

func (s *intExtreme[T]) Update(_ *Context, groups []uint32, args []Value, n int) error {
	v := args[0]
	x := fixedValues[T](v.Array)
	if v.Const || v.Array.NullN() > 0 {
		m := mask(v)
		return eachRow(groups, args[:1], n, func(g uint32, i int) error {
			s.add(g, x[i&m])
			return nil
		})
	}
	if groups == nil && n > 0 {
		s.addRun(0, x[:n])
		return nil
	}
	for i := range n {
		s.add(groups[i], x[i])
	}
	return nil
}

// addRun adds values of one group.
func (s *intExtreme[T]) addRun(g uint32, x []T) {
	best := x[0]
	if s.max {
		for _, y := range x {
			best = max(best, y)
		}
	} else {
		for _, y := range x {
			best = min(best, y)
		}
	}
	s.add(g, best)
}

func (s *intExtreme[T]) Merge(_ *Context, other Accumulator, from, to int) error {
	if o := other.(*intExtreme[T]); o.seen[from] {
		s.add(uint32(to), o.vals[from])
	}
	return nil
}

func (s *intExtreme[T]) Append(_ *Context, group int, b array.Builder) error {
	if !s.seen[group] {
		b.AppendNull()
		return nil
	}
	types.AppendDatum(b, toDatum(s.vals[group]))
	return nil
}

// floatExtreme is min or max of floats; NaN is the greatest.
type floatExtreme[T float] struct {
	vals []T
	seen []bool
	max  bool
}

func (s *floatExtreme[T]) Resize(n int) { s.vals, s.seen = grow(s.vals, n), grow(s.seen, n) }

func (s *floatExtreme[T]) Bytes() int64 { return int64(cap(s.vals)) * 9 }

func (s *floatExtreme[T]) add(g uint32, v T) {
	if !s.seen[g] {
		s.vals[g], s.seen[g] = v, true
		return
	}
	old := s.vals[g]
	keep := old < v || v != v && old == old
	if s.max {
		keep = old > v || old != old && v == v
	}
	if !keep { // of equal values the later one stays: -0 after 0
		s.vals[g] = v
	}
}

func (s *floatExtreme[T]) Update(_ *Context, groups []uint32, args []Value, n int) error {
	x := fixedValues[T](args[0].Array)
	if v := args[0]; v.Const || v.Array.NullN() > 0 {
		m := mask(v)
		return eachRow(groups, args[:1], n, func(g uint32, i int) error {
			s.add(g, x[i&m])
			return nil
		})
	}
	for from := 0; from < n; {
		g, to := runOf(groups, from, n)
		s.addRun(g, x[from:to])
		from = to
	}
	return nil
}

// addRun adds values of one group.
func (s *floatExtreme[T]) addRun(g uint32, x []T) {
	s.add(g, x[0])
	best := s.vals[g]
	if best != best {
		for _, v := range x[1:] {
			s.add(g, v)
		}
		return
	}
	for i, v := range x[1:] {
		if v != v {
			s.vals[g] = best
			for _, v := range x[1+i:] {
				s.add(g, v)
			}
			return
		}
		if s.max && v >= best || !s.max && v <= best {
			best = v
		}
	}
	s.vals[g] = best
}

func (s *floatExtreme[T]) Merge(_ *Context, other Accumulator, from, to int) error {
	if o := other.(*floatExtreme[T]); o.seen[from] {
		s.add(uint32(to), o.vals[from])
	}
	return nil
}

func (s *floatExtreme[T]) Append(_ *Context, group int, b array.Builder) error {
	if !s.seen[group] {
		b.AppendNull()
		return nil
	}
	types.AppendDatum(b, toDatum(s.vals[group]))
	return nil
}

// datumExtreme is min or max of any ordered type.
type datumExtreme struct {
	vals  []types.Datum
	typ   types.Type
	max   bool
	bytes int64
}

func (s *datumExtreme) Resize(n int) { s.vals = grow(s.vals, n) }

func (s *datumExtreme) Bytes() int64 { return int64(cap(s.vals))*32 + s.bytes }

func (s *datumExtreme) add(g uint32, v types.Datum) {
	old := s.vals[g]
	if !old.IsNull() {
		if v == old {
			return
		}
		// Of equal values (1.0 and 1.00) the later one stays; char(n) keeps the first.
		if cmp := types.Compare(s.typ, v, old); cmp == 0 && s.typ.OID == types.Bpchar || cmp != 0 && cmp > 0 != s.max {
			return
		}
	}
	s.bytes += int64(len(v.S) - len(old.S))
	s.vals[g] = v.Clone()
}

func (s *datumExtreme) Update(_ *Context, groups []uint32, args []Value, n int) error {
	v := args[0]
	m := mask(v)
	return eachRow(groups, args[:1], n, func(g uint32, i int) error {
		s.add(g, types.DatumAt(v.Array, i&m))
		return nil
	})
}

func (s *datumExtreme) Merge(_ *Context, other Accumulator, from, to int) error {
	if v := other.(*datumExtreme).vals[from]; !v.IsNull() {
		s.add(uint32(to), v)
	}
	return nil
}

func (s *datumExtreme) Append(_ *Context, group int, b array.Builder) error {
	types.AppendDatum(b, s.vals[group])
	return nil
}
