package functions

import (
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// joined is an aggregate whose states are joined in any order; a group without rows has
// none, and gives NULL.
type joined[T any] struct {
	states []*T
	// update adds a batch to the states, which it makes.
	update func(s *joined[T], groups []uint32, args []Value, n int) error
	join   func(a, b *T) error
	datum  func(*T) types.Datum
	// size is the memory of a state in bytes; those of one size say it in fixed.
	size  func(*T) int64
	fixed int64
}

// of is the state of a group, made if there is none.
func (s *joined[T]) of(g uint32) *T {
	if s.states[g] == nil {
		s.states[g] = new(T)
	}
	return s.states[g]
}

// Resize implements Accumulator.
func (s *joined[T]) Resize(n int) { s.states = grow(s.states, n) }

// Bytes implements Accumulator.
func (s *joined[T]) Bytes() int64 {
	n := int64(cap(s.states)) * (8 + s.fixed)
	if s.size == nil {
		return n
	}
	for _, x := range s.states {
		if x != nil {
			n += s.size(x)
		}
	}
	return n
}

// Update implements Accumulator.
func (s *joined[T]) Update(_ *Context, groups []uint32, args []Value, n int) error {
	return s.update(s, groups, args, n)
}

// Merge implements Accumulator.
func (s *joined[T]) Merge(_ *Context, other Accumulator, from, to int) error {
	x := other.(*joined[T]).states[from]
	switch {
	case x == nil:
		return nil
	case s.states[to] == nil:
		s.states[to] = x
		return nil
	}
	return s.join(s.states[to], x)
}

// Append implements Accumulator.
func (s *joined[T]) Append(_ *Context, group int, b array.Builder) error {
	if s.states[group] == nil {
		b.AppendNull()
		return nil
	}
	types.AppendDatum(b, s.datum(s.states[group]))
	return nil
}
