package functions

import "math"

// Summary says of a column of rows of one group what aggregates ask for, so that they
// need not see the values. Integers are their own bits, floats those of a float64.
type Summary struct {
	NotNull int64
	// Min and Max are known if HasRange, and Sum if HasSum; there is no NaN then.
	HasRange, HasSum bool
	Min, Max, Sum    uint64
}

// SummaryAccumulator is a RangeAccumulator that also takes summaries. It reports
// whether it could: if not, nothing has happened, and it wants the values.
type SummaryAccumulator interface {
	RangeAccumulator
	UpdateSummary(group uint32, s *Summary) bool
}

// UpdateSummary implements SummaryAccumulator.
func (s *countAcc) UpdateSummary(group uint32, x *Summary) bool {
	s.counts[group] += x.NotNull
	return true
}

// UpdateSummary implements SummaryAccumulator.
func (s *intExtreme[T]) UpdateSummary(group uint32, x *Summary) bool {
	switch {
	case x.NotNull == 0:
	case !x.HasRange:
		return false
	case s.max:
		s.add(group, T(int64(x.Max)))
	default:
		s.add(group, T(int64(x.Min)))
	}
	return true
}

// UpdateSummary implements SummaryAccumulator.
func (s *floatExtreme[T]) UpdateSummary(group uint32, x *Summary) bool {
	switch {
	case x.NotNull == 0:
	case !x.HasRange:
		return false
	case s.max:
		s.add(group, T(math.Float64frombits(x.Max)))
	default:
		s.add(group, T(math.Float64frombits(x.Min)))
	}
	return true
}

// UpdateSummary implements SummaryAccumulator.
func (s *intSum[T]) UpdateSummary(group uint32, x *Summary) bool {
	if x.NotNull > 0 && !x.HasSum {
		return false
	}
	s.sums[group] += int64(x.Sum)
	s.counts[group] += x.NotNull
	return true
}

// UpdateSummary implements SummaryAccumulator.
func (s *wideSum) UpdateSummary(group uint32, x *Summary) bool {
	switch {
	case x.NotNull == 0:
	case !x.HasSum:
		return false
	default:
		s.addRun(group, []int64{int64(x.Sum)})
		s.counts[group] += x.NotNull - 1
	}
	return true
}

// UpdateSummary implements SummaryAccumulator. Sums of float4 are rounded at each
// step, which a summary has not done; and of large values the values themselves tell
// whether they overflow.
func (s *floatSum[T]) UpdateSummary(group uint32, x *Summary) bool {
	if x.NotNull == 0 {
		return true
	}
	sums, ok := any(s.sums).([]float64)
	if !ok || !x.small() || !isSmall(sums[group]) {
		return false
	}
	sums[group] += math.Float64frombits(x.Sum)
	s.seen[group] = true
	return true
}

// UpdateSummary implements SummaryAccumulator.
func (s *floatAverage[T]) UpdateSummary(group uint32, x *Summary) bool {
	if x.NotNull == 0 {
		return true
	}
	m := &s.states[group]
	if !x.small() || !isSmall(m.sx) {
		return false
	}
	m.n, m.sx = m.n+float64(x.NotNull), m.sx+math.Float64frombits(x.Sum)
	return true
}

// small reports whether the values are far from an overflow.
func (x *Summary) small() bool {
	return x.HasRange && x.HasSum && isSmall(math.Float64frombits(x.Min)) && isSmall(math.Float64frombits(x.Max)) && isSmall(math.Float64frombits(x.Sum))
}
