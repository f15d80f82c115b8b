package functions

import (
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/types"
)

var (
	_ = boolAggregate("bool_and", "Is true if all values that are not NULL are.", false)
	_ = boolAggregate("every", "Is true if all values that are not NULL are (bool_and).", false)
	_ = boolAggregate("bool_or", "Is true if any value that is not NULL is.", true)

	_ = bitAggregates[int16](types.Int2)
	_ = bitAggregates[int32](types.Int4)
	_ = bitAggregates[int64](types.Int8)
)

func boolAggregate(name, doc string, or bool) *Aggregate {
	return aggregate(name, doc, types.Bool, types.Bool, func() Accumulator { return &boolAcc{or: or} })
}

// boolAcc keeps 0 for nothing seen, else 1 + the value.
type boolAcc struct {
	states []uint8
	or     bool
}

func (s *boolAcc) Resize(n int) { s.states = grow(s.states, n) }

func (s *boolAcc) Bytes() int64 { return int64(cap(s.states)) }

func (s *boolAcc) add(g uint32, v bool) {
	if s.states[g] == 0 || v == s.or {
		s.states[g] = 1 + bit(v)
	}
}

func (s *boolAcc) Update(_ *Context, groups []uint32, args []Value, n int) error {
	x := load[bool](args[0].Array)
	m := mask(args[0])
	return eachRow(groups, args[:1], n, func(g uint32, i int) error {
		s.add(g, x[i&m])
		return nil
	})
}

func (s *boolAcc) Merge(_ *Context, other Accumulator, from, to int) error {
	if v := other.(*boolAcc).states[from]; v != 0 {
		s.add(uint32(to), v == 2)
	}
	return nil
}

func (s *boolAcc) Append(_ *Context, group int, b array.Builder) error {
	if s.states[group] == 0 {
		b.AppendNull()
		return nil
	}
	b.(*array.BooleanBuilder).Append(s.states[group] == 2)
	return nil
}

func bitAggregates[T signed](oid types.OID) *Aggregate {
	make := func(f func(a, b T) T) func() Accumulator {
		return func() Accumulator { return &foldAcc[T]{f: f} }
	}
	aggregate("bit_and", "Computes the bitwise AND of the values that are not NULL.", oid, oid, make(func(a, b T) T { return a & b }))
	aggregate("bit_or", "Computes the bitwise OR of the values that are not NULL.", oid, oid, make(func(a, b T) T { return a | b }))
	return aggregate("bit_xor", "Computes the bitwise exclusive OR of the values that are not NULL.", oid, oid, make(func(a, b T) T { return a ^ b }))
}

// foldAcc folds values that are not NULL with an associative function.
type foldAcc[T any] struct {
	vals []T
	seen []bool
	f    func(a, b T) T
}

func (s *foldAcc[T]) Resize(n int) { s.vals, s.seen = grow(s.vals, n), grow(s.seen, n) }

func (s *foldAcc[T]) Bytes() int64 { return int64(cap(s.vals)) * 9 }

func (s *foldAcc[T]) add(g uint32, v T) {
	if s.seen[g] {
		v = s.f(s.vals[g], v)
	}
	s.vals[g], s.seen[g] = v, true
}

func (s *foldAcc[T]) Update(_ *Context, groups []uint32, args []Value, n int) error {
	x := load[T](args[0].Array)
	m := mask(args[0])
	return eachRow(groups, args[:1], n, func(g uint32, i int) error {
		s.add(g, x[i&m])
		return nil
	})
}

func (s *foldAcc[T]) Merge(_ *Context, other Accumulator, from, to int) error {
	if o := other.(*foldAcc[T]); o.seen[from] {
		s.add(uint32(to), o.vals[from])
	}
	return nil
}

func (s *foldAcc[T]) Append(_ *Context, group int, b array.Builder) error {
	if !s.seen[group] {
		b.AppendNull()
		return nil
	}
	types.AppendDatum(b, toDatum(s.vals[group]))
	return nil
}
