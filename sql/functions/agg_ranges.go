package functions

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// Range is a range of rows of one group.
type Range struct {
	Group    uint32
	From, To int32
}

// RangeAccumulator is an Accumulator that also takes ranges of the rows of an
// array, for inputs whose groups are known to be such. The argument (nil for
// count(*)) has no NULL, and no range is empty.
type RangeAccumulator interface {
	Accumulator
	UpdateRanges(arg arrow.Array, ranges []Range) error
}

// FetchRanges reads the first value of each range of an array of fixed width. Ranges of a
// few rows lie far from each other in arrays that are not in the processor's caches, and what
// an aggregate does depends on the value (is it a new maximum?), so that the processor waits
// for one after the other; it fetches those that nothing depends on all at once. So it pays to
// call this for some arrays before their ranges are handed to an aggregate.
func FetchRanges(arg arrow.Array, ranges []Range) {
	switch arg := arg.(type) {
	case *array.Float64:
		fetch(arg.Float64Values(), ranges)
	case *array.Int64:
		fetch(arg.Int64Values(), ranges)
	case *array.Float32:
		fetch(arg.Float32Values(), ranges)
	case *array.Int32:
		fetch(arg.Int32Values(), ranges)
	}
}

// fetch makes a sum that nobody needs: the reads are not left out.
//
//go:noinline
func fetch[T fixed](x []T, ranges []Range) (sum T) {
	for _, r := range ranges {
		sum += x[r.From]
	}
	return sum
}

// SlidingAccumulator is a RangeAccumulator that takes back rows which it was given, as if
// it had never seen them: for frames of windows that move.
type SlidingAccumulator interface {
	RangeAccumulator
	RemoveRanges(arg arrow.Array, ranges []Range) error
}

// RemoveRanges implements SlidingAccumulator.
func (s *countAcc) RemoveRanges(_ arrow.Array, ranges []Range) error {
	for _, r := range ranges {
		s.counts[r.Group] -= int64(r.To - r.From)
	}
	return nil
}

// RemoveRanges implements SlidingAccumulator.
func (s *intSum[T]) RemoveRanges(arg arrow.Array, ranges []Range) error {
	return addRanges(fixedValues[T](arg), ranges, never(s.removeRun))
}

// RemoveRanges implements SlidingAccumulator.
func (s *wideSum) RemoveRanges(arg arrow.Array, ranges []Range) error {
	return addRanges(fixedValues[int64](arg), ranges, never(s.removeRun))
}

// UpdateRanges implements RangeAccumulator.
func (s *decimalSum) UpdateRanges(arg arrow.Array, ranges []Range) error {
	offsets, data := bytesOf(arg)
	for _, r := range ranges {
		for i := r.From; i < r.To; i++ {
			s.sums[r.Group].AddEncoded(viewString(data[offsets[i]:offsets[i+1]]))
		}
		s.counts[r.Group] += int64(r.To - r.From)
	}
	return nil
}

// UpdateRanges implements RangeAccumulator.
func (s *countAcc) UpdateRanges(_ arrow.Array, ranges []Range) error {
	for _, r := range ranges {
		s.counts[r.Group] += int64(r.To - r.From)
	}
	return nil
}

// addRanges hands the values of each range to add.
func addRanges[T any](x []T, ranges []Range, add func(group uint32, values []T) error) error {
	for _, r := range ranges {
		if err := add(r.Group, x[r.From:r.To]); err != nil {
			return err
		}
	}
	return nil
}

// never makes an add of one that cannot fail.
func never[T any](add func(group uint32, values []T)) func(uint32, []T) error {
	return func(group uint32, values []T) error {
		add(group, values)
		return nil
	}
}

// UpdateRanges implements RangeAccumulator.
func (s *floatAverage[T]) UpdateRanges(arg arrow.Array, ranges []Range) error {
	return addRanges(fixedValues[T](arg), ranges, func(group uint32, values []T) error { return addValues(&s.states[group], values) })
}

// UpdateRanges implements RangeAccumulator.
func (s *floatExtreme[T]) UpdateRanges(arg arrow.Array, ranges []Range) error {
	return addRanges(fixedValues[T](arg), ranges, never(s.addRun))
}

// UpdateRanges implements RangeAccumulator.
func (s *intExtreme[T]) UpdateRanges(arg arrow.Array, ranges []Range) error {
	return addRanges(fixedValues[T](arg), ranges, never(s.addRun))
}

// UpdateRanges implements RangeAccumulator.
func (s *intSum[T]) UpdateRanges(arg arrow.Array, ranges []Range) error {
	return addRanges(fixedValues[T](arg), ranges, never(s.addRun))
}

// UpdateRanges implements RangeAccumulator.
func (s *wideSum) UpdateRanges(arg arrow.Array, ranges []Range) error {
	return addRanges(fixedValues[int64](arg), ranges, never(s.addRun))
}

// UpdateRanges implements RangeAccumulator.
func (s *floatSum[T]) UpdateRanges(arg arrow.Array, ranges []Range) error {
	return addRanges(fixedValues[T](arg), ranges, s.addRun)
}
