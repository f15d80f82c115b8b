package functions

import (
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/types"
)

var (
	_ = register(Aggregate{
		Name: "first", Args: typesOf(oids{types.AnyElement, types.Any}), Returns: types.Of(types.AnyElement), Params: params("value", "time"),
		Doc: "Gives the value of the row with the least time; rows without a time do not count, of rows with one time the first does.",
		New: func(_ *Context, t Signature) Accumulator { return &pick{sig: t} },
	})
	_ = register(Aggregate{
		Name: "last", Args: typesOf(oids{types.AnyElement, types.Any}), Returns: types.Of(types.AnyElement), Params: params("value", "time"),
		Doc: "Gives the value of the row with the greatest time; rows without a time do not count, of rows with one time the last does.",
		New: func(_ *Context, t Signature) Accumulator { return &pick{sig: t, greatest: true} },
	})
)

// pick is first and last: the value beside the least or greatest time.
type pick struct {
	sig      Signature
	greatest bool
	seen     []bool
	at       []int64       // times of integer form,
	keys     []types.Datum // or others
	vals     []types.Datum
	bytes    int64
	// rows is the row of the present batch that a group took, -1 if none; touched lists
	// the groups with one: values are copied once a batch, not for each row that is better.
	rows    []int32
	touched []uint32
}

// isIntegral reports whether times are kept in pick.at.
func (s *pick) isIntegral() bool {
	switch s.sig.Args[1].Phys() {
	case types.PhysInt16, types.PhysInt32, types.PhysInt64:
		return true
	}
	return false
}

// Resize implements Accumulator.
func (s *pick) Resize(n int) {
	old := len(s.rows)
	s.seen, s.vals, s.rows = grow(s.seen, n), grow(s.vals, n), grow(s.rows, n)
	for i := old; i < n; i++ {
		s.rows[i] = -1
	}
	if s.isIntegral() {
		s.at = grow(s.at, n)
	} else {
		s.keys = grow(s.keys, n)
	}
}

// Bytes implements Accumulator.
func (s *pick) Bytes() int64 {
	return int64(cap(s.vals))*37 + int64(cap(s.at))*8 + int64(cap(s.keys))*32 + s.bytes
}

// Update implements Accumulator.
func (s *pick) Update(_ *Context, groups []uint32, args []Value, n int) error {
	switch s.sig.Args[1].Phys() {
	case types.PhysInt16:
		pickRows[int16](s, groups, args[1], n)
	case types.PhysInt32:
		pickRows[int32](s, groups, args[1], n)
	case types.PhysInt64:
		pickRows[int64](s, groups, args[1], n)
	default:
		return s.updateOther(groups, args, n)
	}
	v := args[0]
	m := mask(v)
	for _, g := range s.touched {
		s.set(g, types.DatumAt(v.Array, int(s.rows[g])&m))
		s.rows[g] = -1
	}
	s.touched = s.touched[:0]
	return nil
}

// pickRows finds the best row of each group of a batch.
func pickRows[T int16 | int32 | int64](s *pick, groups []uint32, time Value, n int) {
	x, m := fixedValues[T](time.Array), mask(time)
	hasNulls := time.Array.NullN() > 0
	for i := range n {
		if hasNulls && time.Array.IsNull(i&m) {
			continue
		}
		g, t := groupOf(groups, i), int64(x[i&m])
		if s.seen[g] && !s.wins(t, s.at[g]) {
			continue
		}
		s.seen[g], s.at[g] = true, t
		if s.rows[g] < 0 {
			s.touched = append(s.touched, g)
		}
		s.rows[g] = int32(i)
	}
}

func (s *pick) updateOther(groups []uint32, args []Value, n int) error {
	v, t := args[0], args[1]
	return eachRow(groups, args[1:2], n, func(g uint32, i int) error {
		key := types.DatumAt(t.Array, i&mask(t))
		if s.better(g, key) {
			s.setKey(g, key)
			s.set(g, types.DatumAt(v.Array, i&mask(v)))
		}
		return nil
	})
}

func (s *pick) better(g uint32, key types.Datum) bool {
	if !s.seen[g] {
		return true
	}
	return s.wins(int64(types.Compare(s.sig.Args[1], key, s.keys[g])), 0)
}

// wins reports whether a row at a time comes up against one before it at another: of
// equal times that is the first of all rows, and the last of all.
func (s *pick) wins(t, before int64) bool {
	if s.greatest {
		return t >= before
	}
	return t < before
}

func (s *pick) setKey(g uint32, key types.Datum) {
	s.bytes += int64(len(key.S) - len(s.keys[g].S))
	s.keys[g], s.seen[g] = key.Clone(), true
}

func (s *pick) set(g uint32, v types.Datum) {
	s.bytes += int64(len(v.S) - len(s.vals[g].S))
	s.vals[g] = v.Clone()
}

// Merge implements Accumulator.
func (s *pick) Merge(_ *Context, other Accumulator, from, to int) error {
	o, g := other.(*pick), uint32(to)
	if !o.seen[from] {
		return nil
	}
	if s.isIntegral() {
		if t := o.at[from]; !s.seen[g] || s.wins(t, s.at[g]) {
			s.seen[g], s.at[g] = true, t
			s.set(g, o.vals[from])
		}
		return nil
	}
	if s.better(g, o.keys[from]) {
		s.setKey(g, o.keys[from])
		s.set(g, o.vals[from])
	}
	return nil
}

// Append implements Accumulator.
func (s *pick) Append(_ *Context, group int, b array.Builder) error {
	if !s.seen[group] {
		b.AppendNull()
		return nil
	}
	types.AppendDatum(b, s.vals[group])
	return nil
}
