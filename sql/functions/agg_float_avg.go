package functions

import (
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/types"
)

var _ = floatAverages("avg", avgDoc)

func floatAverages(name, doc string) *Aggregate {
	aggregate(name, doc, types.Float4, types.Float8, func() Accumulator { return &floatAverage[float32]{} })
	return aggregate(name, doc, types.Float8, types.Float8, func() Accumulator { return &floatAverage[float64]{} })
}

// floatAverage is avg of floats. PostgreSQL computes the squared deviations on
// the way and fails when these overflow, though they are not part of the
// answer. They cannot among values below smallFloat: then only the sum is kept,
// and the deviations of what came before count as nothing against those that can.
type floatAverage[T float] struct{ states []moments }

// smallFloat: ten thousand million of such values are far from an overflow when
// their deviations are squared.
const smallFloat = 1e130

func isSmall(v float64) bool { return v < smallFloat && v > -smallFloat }

// Resize implements Accumulator.
func (s *floatAverage[T]) Resize(n int) { s.states = grow(s.states, n) }

// Bytes implements Accumulator.
func (s *floatAverage[T]) Bytes() int64 { return int64(cap(s.states)) * 24 }

// Update implements Accumulator.
func (s *floatAverage[T]) Update(_ *Context, groups []uint32, args []Value, n int) error {
	x := fixedValues[T](args[0].Array)
	if v := args[0]; v.Const || v.Array.NullN() > 0 {
		m := mask(v)
		return eachRow(groups, args[:1], n, func(g uint32, i int) error {
			return addValues(&s.states[g], x[i&m:i&m+1])
		})
	}
	for from := 0; from < n; {
		g, to := runOf(groups, from, n)
		if err := addValues(&s.states[g], x[from:to]); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// addValues adds values to the sum, or to all moments if they are large.
func addValues[T float](m *moments, x []T) error {
	sum, small := m.sx, isSmall(m.sx)
	for _, v := range x {
		sum += float64(v)
		small = small && isSmall(float64(v))
	}
	if small {
		m.n, m.sx = m.n+float64(len(x)), sum
		return nil
	}
	for _, v := range x {
		if err := m.add(float64(v)); err != nil {
			return err
		}
	}
	return nil
}

// Merge implements Accumulator.
func (s *floatAverage[T]) Merge(_ *Context, other Accumulator, from, to int) error {
	return s.states[to].merge(other.(*floatAverage[T]).states[from])
}

// Append implements Accumulator.
func (s *floatAverage[T]) Append(_ *Context, group int, b array.Builder) error {
	m := &s.states[group]
	if m.n == 0 {
		b.AppendNull()
		return nil
	}
	b.(*array.Float64Builder).Append(m.sx / m.n)
	return nil
}
