package functions

import (
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// CountedAccumulator is an Accumulator of an ordered-set aggregate, whose input
// comes sorted and which keeps the values at some positions only.
type CountedAccumulator interface {
	Accumulator
	// Expect says, before a group's first row, how many of its rows have a value
	// that is not NULL.
	Expect(group int, rows int64)
}

// percentileOf computes a result of n > 0 sorted values, of which value(k) is the
// k-th from 0 on. It asks for the same ones whatever they are.
type percentileOf func(p float64, n int64, value func(k int64) types.Datum) (types.Datum, error)

var (
	_ = percentile("percentile_disc", "Computes the first value whose position reaches the fraction.",
		types.Float8, types.AnyElement, types.AnyElement, percentileDisc)
	_ = percentile("percentile_disc", "Computes the values whose positions reach the fractions.",
		types.Float8Array, types.AnyElement, types.AnyArray, percentileDisc)
	_ = percentile("percentile_cont", "Computes the value at the fraction, interpolated between neighbours.",
		types.Float8, types.Float8, types.Float8, percentileCont)
	_ = percentile("percentile_cont", "Computes the values at the fractions, interpolated between neighbours.",
		types.Float8Array, types.Float8, types.Float8Array, percentileCont)
	_ = percentile("percentile_cont", "Computes the interval at the fraction, interpolated between neighbours.",
		types.Float8, types.Interval, types.Interval, percentileInterval)
	_ = percentile("percentile_cont", "Computes the intervals at the fractions, interpolated between neighbours.",
		types.Float8Array, types.Interval, types.IntervalArray, percentileInterval)
)

func percentile(name, doc string, fraction, value, returns types.OID, of percentileOf) *Aggregate {
	return register(Aggregate{
		Name: name, Args: typesOf(oids{fraction, value}), Returns: types.Of(returns), Direct: 1, OrderedSet: true, OrderSensitive: true, Doc: doc,
		New: func(_ *Context, t Signature) Accumulator { return &percentiles{sig: t, of: of} },
	})
}

// percentiles is the state of percentile_disc and percentile_cont.
type percentiles struct {
	sig    Signature
	of     percentileOf
	states []percentileState
	bytes  int64
}

type percentileState struct {
	begun    bool
	fraction types.Datum
	rows     int64         // that will come
	at       int64         // rows that came
	wanted   []int64       // positions, ascending
	values   []types.Datum // of those that came
}

func (s *percentiles) Resize(n int) { s.states = grow(s.states, n) }

func (s *percentiles) Bytes() int64 { return int64(cap(s.states))*112 + s.bytes }

// Expect implements CountedAccumulator.
func (s *percentiles) Expect(group int, rows int64) { s.states[group].rows = rows }

func (s *percentiles) Update(_ *Context, groups []uint32, args []Value, n int) error {
	vm := mask(args[1])
	for i := 0; i < n; {
		g, end := runOf(groups, i, n)
		st := &s.states[g]
		if !st.begun {
			if err := s.begin(st, types.DatumAt(args[0].Array, i&mask(args[0])).Clone()); err != nil {
				return err
			}
		}
		for ; i < end; i++ {
			if args[1].Array.IsNull(i & vm) {
				continue
			}
			if k := len(st.values); k < len(st.wanted) && st.wanted[k] == st.at {
				d := types.DatumAt(args[1].Array, i&vm).Clone()
				s.bytes += int64(len(d.S))
				st.values = append(st.values, d)
			}
			st.at++
		}
	}
	return nil
}

// begin finds out which values of a group are wanted.
func (s *percentiles) begin(st *percentileState, fraction types.Datum) error {
	st.begun, st.fraction = true, fraction
	s.bytes += int64(len(fraction.S))
	for _, p := range s.fractions(fraction) {
		if p.IsNull() {
			continue
		}
		if err := checkFraction(p.Float64()); err != nil {
			return err
		}
		if st.rows == 0 {
			continue
		}
		_, err := s.of(p.Float64(), st.rows, func(k int64) types.Datum {
			st.wanted = append(st.wanted, k)
			return types.Null
		})
		if err != nil {
			return err
		}
	}
	slices.Sort(st.wanted)
	st.wanted = slices.Compact(st.wanted)
	s.bytes += 40 * int64(cap(st.wanted))
	return nil
}

// fractions are the elements of the direct argument.
func (s *percentiles) fractions(d types.Datum) []types.Datum {
	switch {
	case d.IsNull():
		return nil
	case s.sig.Args[0].IsArray():
		return d.Array().Elements()
	}
	return []types.Datum{d}
}

// Merge moves a state to a group that has none.
func (s *percentiles) Merge(_ *Context, other Accumulator, from, to int) error {
	o := other.(*percentiles)
	st := o.states[from]
	s.states[to] = st
	s.bytes += 40*int64(cap(st.wanted)) + int64(len(st.fraction.S))
	for _, d := range st.values {
		s.bytes += int64(len(d.S))
	}
	return nil
}

func (s *percentiles) Append(_ *Context, group int, b array.Builder) error {
	st := &s.states[group]
	if !st.begun || st.fraction.IsNull() || st.at == 0 {
		b.AppendNull()
		return nil
	}
	value := func(k int64) types.Datum {
		i, _ := slices.BinarySearch(st.wanted, k)
		return st.values[i]
	}
	out := s.fractions(st.fraction)
	for i, p := range out {
		if p.IsNull() {
			continue
		}
		d, err := s.of(p.Float64(), st.rows, value)
		if err != nil {
			return err
		}
		out[i] = d
	}
	if !s.sig.Args[0].IsArray() {
		types.AppendDatum(b, out[0])
		return nil
	}
	d, err := types.BuildArrayDims(s.sig.Args[1].OID, out, st.fraction.Array().Dims())
	if err != nil {
		return err
	}
	types.AppendDatum(b, d)
	return nil
}

func checkFraction(p float64) error {
	if p < 0 || p > 1 || p != p {
		return pgerror.New(pgerror.NumericValueOutOfRange, "percentile value %s is not between 0 and 1", types.AppendText(nil, types.Of(types.Float8), types.NewFloat64(p), nil))
	}
	return nil
}

func percentileDisc(p float64, n int64, value func(int64) types.Datum) (types.Datum, error) {
	return value(max(int64(math.Ceil(p*float64(n)))-1, 0)), nil
}

func percentileCont(p float64, n int64, value func(int64) types.Datum) (types.Datum, error) {
	pos := p * float64(n-1)
	floor, ceil := math.Floor(pos), math.Ceil(pos)
	lo := value(int64(floor))
	if floor == ceil {
		return lo, nil
	}
	a, b := lo.Float64(), value(int64(ceil)).Float64()
	return types.NewFloat64(a + (pos-floor)*(b-a)), nil
}

func percentileInterval(p float64, n int64, value func(int64) types.Datum) (types.Datum, error) {
	pos := p * float64(n-1)
	k := int64(pos)
	part := pos - float64(k)
	a := value(k)
	if part == 0 {
		return a, nil
	}
	b := value(k + 1)
	if a.IsNull() || b.IsNull() { // while positions are asked for
		return types.Null, nil
	}
	lo, hi := a.Interval(), b.Interval()
	span, err := hi.Sub(lo)
	if err != nil {
		return types.Null, err
	}
	if span, err = span.Mul(part); err != nil {
		return types.Null, err
	}
	v, err := lo.Add(span)
	if err != nil {
		return types.Null, err
	}
	return v.Datum(), nil
}
