package functions

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// moments is N, the sum and the sum of squared deviations of floats, kept by
// the Youngs-Cramer method as PostgreSQL's float8_accum does.
type moments struct{ n, sx, sxx float64 }

func (m *moments) add(v float64) error {
	if m.n == 0 {
		m.n, m.sx = 1, v
		if v-v != 0 { // infinities and NaN make the deviations NaN
			m.sxx = math.NaN()
		}
		return nil
	}
	n, sx := m.n+1, m.sx+v
	tmp := v*n - sx
	sxx := m.sxx + tmp*tmp/(n*m.n)
	if isInf(sx) || isInf(sxx) {
		if !isInf(m.sx) && !isInf(v) {
			return errFloatOverflow
		}
		sxx = math.NaN()
	}
	m.n, m.sx, m.sxx = n, sx, sxx
	return nil
}

func (m *moments) merge(o moments) error {
	switch {
	case o.n == 0:
		return nil
	case m.n == 0:
		*m = o
		return nil
	}
	n := m.n + o.n
	sx, err := checkFloat(m.sx+o.sx, isInf(m.sx) || isInf(o.sx), true)
	if err != nil {
		return err
	}
	tmp := m.sx/m.n - o.sx/o.n
	sxx, err := checkFloat(m.sxx+o.sxx+m.n*o.n*tmp*tmp/n, isInf(m.sxx) || isInf(o.sxx), true)
	if err != nil {
		return err
	}
	m.n, m.sx, m.sxx = n, sx, sxx
	return nil
}

// momentAcc is the variance family of floats.
type momentAcc[T float] struct {
	states []moments
	final  func(m moments) (float64, bool)
}

func (s *momentAcc[T]) Resize(n int) { s.states = grow(s.states, n) }

func (s *momentAcc[T]) Bytes() int64 { return int64(cap(s.states)) * 24 }

func (s *momentAcc[T]) Update(_ *Context, groups []uint32, args []Value, n int) error {
	x := fixedValues[T](args[0].Array)
	m := mask(args[0])
	if args[0].Array.NullN() == 0 {
		for i := range n {
			if err := s.states[groupOf(groups, i)].add(float64(x[i&m])); err != nil {
				return err
			}
		}
		return nil
	}
	return eachRow(groups, args[:1], n, func(g uint32, i int) error {
		return s.states[g].add(float64(x[i&m]))
	})
}

func (s *momentAcc[T]) Merge(_ *Context, other Accumulator, from, to int) error {
	return s.states[to].merge(other.(*momentAcc[T]).states[from])
}

func (s *momentAcc[T]) Append(_ *Context, group int, b array.Builder) error {
	v, ok := s.final(s.states[group])
	if !ok {
		b.AppendNull()
		return nil
	}
	b.(*array.Float64Builder).Append(v)
	return nil
}

var (
	_ = floatMoments("var_pop", "Computes the population variance.", varPop)
	_ = floatMoments("var_samp", "Computes the sample variance.", varSamp)
	_ = floatMoments("variance", "Computes the sample variance (var_samp).", varSamp)
	_ = floatMoments("stddev_pop", "Computes the population standard deviation.", rootOf(varPop))
	_ = floatMoments("stddev_samp", "Computes the sample standard deviation.", rootOf(varSamp))
	_ = floatMoments("stddev", "Computes the sample standard deviation (stddev_samp).", rootOf(varSamp))
)

func floatMoments(name, doc string, final func(m moments) (float64, bool)) *Aggregate {
	aggregate(name, doc, types.Float4, types.Float8, func() Accumulator { return &momentAcc[float32]{final: final} })
	return aggregate(name, doc, types.Float8, types.Float8, func() Accumulator { return &momentAcc[float64]{final: final} })
}

func varPop(m moments) (float64, bool) { return m.sxx / m.n, m.n > 0 }

func varSamp(m moments) (float64, bool) { return m.sxx / (m.n - 1), m.n > 1 }

func rootOf(f func(m moments) (float64, bool)) func(m moments) (float64, bool) {
	return func(m moments) (float64, bool) {
		v, ok := f(m)
		return math.Sqrt(v), ok
	}
}
