package functions

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// pairMoments is the state of PostgreSQL's float8_regr_accum: N and the sums of
// (Y, X) and of their squared and mixed deviations.
type pairMoments struct{ n, sx, sxx, sy, syy, sxy float64 }

func (m *pairMoments) add(y, x float64) error {
	if m.n == 0 {
		*m = pairMoments{n: 1, sx: x, sy: y}
		if x-x != 0 {
			m.sxx, m.sxy = math.NaN(), math.NaN()
		}
		if y-y != 0 {
			m.syy, m.sxy = math.NaN(), math.NaN()
		}
		return nil
	}
	old := *m
	m.n++
	m.sx += x
	m.sy += y
	tx, ty := x*m.n-m.sx, y*m.n-m.sy
	scale := 1 / (m.n * old.n)
	m.sxx += tx * tx * scale
	m.syy += ty * ty * scale
	m.sxy += tx * ty * scale
	if !isInf(m.sx) && !isInf(m.sxx) && !isInf(m.sy) && !isInf(m.syy) && !isInf(m.sxy) {
		return nil
	}
	xInf, yInf := isInf(old.sx) || isInf(x), isInf(old.sy) || isInf(y)
	if (isInf(m.sx) || isInf(m.sxx)) && !xInf || (isInf(m.sy) || isInf(m.syy)) && !yInf || isInf(m.sxy) && !xInf && !yInf {
		return errFloatOverflow
	}
	for _, p := range []*float64{&m.sxx, &m.syy, &m.sxy} {
		if isInf(*p) {
			*p = math.NaN()
		}
	}
	return nil
}

func (m *pairMoments) merge(o pairMoments) {
	switch {
	case o.n == 0:
		return
	case m.n == 0:
		*m = o
		return
	}
	n := m.n + o.n
	tx, ty := m.sx/m.n-o.sx/o.n, m.sy/m.n-o.sy/o.n
	w := m.n * o.n / n
	*m = pairMoments{
		n: n, sx: m.sx + o.sx, sy: m.sy + o.sy,
		sxx: m.sxx + o.sxx + w*tx*tx, syy: m.syy + o.syy + w*ty*ty, sxy: m.sxy + o.sxy + w*tx*ty,
	}
}

type pairAcc struct {
	states []pairMoments
	final  func(m pairMoments) (float64, bool)
}

func (s *pairAcc) Resize(n int) { s.states = grow(s.states, n) }

func (s *pairAcc) Bytes() int64 { return int64(cap(s.states)) * 48 }

func (s *pairAcc) Update(_ *Context, groups []uint32, args []Value, n int) error {
	y, x := fixedValues[float64](args[0].Array), fixedValues[float64](args[1].Array)
	ym, xm := mask(args[0]), mask(args[1])
	return eachRow(groups, args[:2], n, func(g uint32, i int) error {
		return s.states[g].add(y[i&ym], x[i&xm])
	})
}

func (s *pairAcc) Merge(_ *Context, other Accumulator, from, to int) error {
	s.states[to].merge(other.(*pairAcc).states[from])
	return nil
}

func (s *pairAcc) Append(_ *Context, group int, b array.Builder) error {
	m := s.states[group]
	if b, ok := b.(*array.Int64Builder); ok { // regr_count
		b.Append(int64(m.n))
		return nil
	}
	v, ok := s.final(m)
	if !ok {
		b.AppendNull()
		return nil
	}
	b.(*array.Float64Builder).Append(v)
	return nil
}

var (
	_ = regression("regr_count", "Counts the rows in which both arguments are not NULL.", types.Int8, nil)
	_ = regression("regr_sxx", "Computes the sum of squares of the independent variable.", types.Float8,
		func(m pairMoments) (float64, bool) { return m.sxx, m.n >= 1 })
	_ = regression("regr_syy", "Computes the sum of squares of the dependent variable.", types.Float8,
		func(m pairMoments) (float64, bool) { return m.syy, m.n >= 1 })
	_ = regression("regr_sxy", "Computes the sum of products of the variables.", types.Float8,
		func(m pairMoments) (float64, bool) { return m.sxy, m.n >= 1 })
	_ = regression("regr_avgx", "Computes the average of the independent variable.", types.Float8,
		func(m pairMoments) (float64, bool) { return m.sx / m.n, m.n >= 1 })
	_ = regression("regr_avgy", "Computes the average of the dependent variable.", types.Float8,
		func(m pairMoments) (float64, bool) { return m.sy / m.n, m.n >= 1 })
	_ = regression("covar_pop", "Computes the population covariance.", types.Float8,
		func(m pairMoments) (float64, bool) { return m.sxy / m.n, m.n >= 1 })
	_ = regression("covar_samp", "Computes the sample covariance.", types.Float8,
		func(m pairMoments) (float64, bool) { return m.sxy / (m.n - 1), m.n >= 2 })
	_ = regression("corr", "Computes the correlation coefficient.", types.Float8,
		func(m pairMoments) (float64, bool) {
			return m.sxy / math.Sqrt(m.sxx*m.syy), m.n >= 1 && m.sxx != 0 && m.syy != 0
		})
	_ = regression("regr_r2", "Computes the square of the correlation coefficient.", types.Float8,
		func(m pairMoments) (float64, bool) {
			if m.syy == 0 {
				return 1, m.n >= 1 && m.sxx != 0
			}
			return m.sxy * m.sxy / (m.sxx * m.syy), m.n >= 1 && m.sxx != 0
		})
	_ = regression("regr_slope", "Computes the slope of the least-squares-fit line.", types.Float8,
		func(m pairMoments) (float64, bool) { return m.sxy / m.sxx, m.n >= 1 && m.sxx != 0 })
	_ = regression("regr_intercept", "Computes the y-intercept of the least-squares-fit line.", types.Float8,
		func(m pairMoments) (float64, bool) { return (m.sy - m.sx*m.sxy/m.sxx) / m.n, m.n >= 1 && m.sxx != 0 })
)

func regression(name, doc string, result types.OID, final func(m pairMoments) (float64, bool)) *Aggregate {
	return register(Aggregate{
		Name: name, Args: typesOf(oids{types.Float8, types.Float8}), Returns: types.Of(result), SkipNulls: true, Doc: doc,
		New: func(*Context, Signature) Accumulator { return &pairAcc{final: final} },
	})
}
