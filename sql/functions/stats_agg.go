package functions

import (
	"math"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// central are the moments of a column: the number and sum of its values, and the sums
// of the second, third and fourth powers of their deviations from the mean. They are
// joined as in Pébay, "Formulas for Robust, One-Pass Parallel Computation of Covariances
// and Arbitrary-Order Statistical Moments", 2008; the second moment grows as PostgreSQL's
// (Youngs and Cramer), so that variances are the same to the last bit.
type central struct{ n, sx, m2, m3, m4 float64 }

func (c *central) mean() float64 { return c.sx / c.n }

func (c *central) add(v float64) {
	if c.n == 0 {
		*c = central{n: 1, sx: v}
		if v-v != 0 {
			c.m2, c.m3, c.m4 = math.NaN(), math.NaN(), math.NaN()
		}
		return
	}
	before, n := c.n, c.n+1
	d := v - c.mean()
	s := d / n
	t := d * s * before
	c.m4 += t*s*s*(n*n-3*n+3) + 6*s*s*c.m2 - 4*s*c.m3
	c.m3 += t*s*(n-2) - 3*s*c.m2
	c.n, c.sx = n, c.sx+v
	tmp := v*n - c.sx
	c.m2 += tmp * tmp / (n * before)
}

func (c *central) join(o *central) {
	switch {
	case o.n == 0:
		return
	case c.n == 0:
		*c = *o
		return
	}
	a, b, n := c.n, o.n, c.n+o.n
	d := o.mean() - c.mean()
	s := d / n
	*c = central{
		n: n, sx: c.sx + o.sx,
		m2: c.m2 + o.m2 + d*s*a*b,
		m3: c.m3 + o.m3 + d*s*s*a*b*(a-b) + 3*s*(a*o.m2-b*c.m2),
		m4: c.m4 + o.m4 + d*s*s*s*a*b*(a*a-a*b+b*b) + 6*s*s*(a*a*o.m2+b*b*c.m2) + 4*s*(a*o.m3-b*c.m3),
	}
}

// variance is NULL (false) for one value of a sample.
func (c *central) variance(sample bool) (float64, bool) {
	n := c.n
	if sample {
		n--
	}
	return c.m2 / n, n > 0
}

// skewness is the third moment by the third power of the standard deviation.
func (c *central) skewness(sample bool) (float64, bool) {
	v, ok := c.variance(sample)
	return c.m3 / (c.m2 * math.Sqrt(v)), ok && v != 0
}

// kurtosis is the fourth moment by the square of the variance.
func (c *central) kurtosis(sample bool) (float64, bool) {
	v, ok := c.variance(sample)
	return c.m4 / (c.m2 * v), ok && v != 0
}

// stats are the moments of one column, or of two and what they have in common.
type stats struct {
	two  bool
	x, y central
	sxy  float64 // the sum of the products of the deviations
}

func (s *stats) add(y, x float64) {
	if s.x.n > 0 {
		dx := x - s.x.mean()
		s.sxy += dx * (y - s.y.mean()) * s.x.n / (s.x.n + 1)
	} else if x-x != 0 || y-y != 0 {
		s.sxy = math.NaN()
	}
	s.x.add(x)
	s.y.add(y)
}

func (s *stats) join(o *stats) error {
	if s.two != o.two {
		return pgerror.New(pgerror.InvalidParameterValue, "cannot combine statistics of one column with those of two")
	}
	if s.two && s.x.n > 0 && o.x.n > 0 {
		s.sxy += o.sxy + (o.x.mean()-s.x.mean())*(o.y.mean()-s.y.mean())*s.x.n*o.x.n/(s.x.n+o.x.n)
	}
	s.x.join(&o.x)
	s.y.join(&o.y)
	return nil
}

func (s *stats) datum() types.Datum {
	kind, columns := statsSummary, []central{s.x}
	if s.two {
		kind, columns = pairStatsSummary, append(columns, s.y)
	}
	w := newSummary(kind)
	for _, c := range columns {
		for _, v := range []float64{c.n, c.sx, c.m2, c.m3, c.m4} {
			w.float(v)
		}
	}
	if s.two {
		w.float(s.sxy)
	}
	return w.datum()
}

func readStats(r *summaryReader) (*stats, error) {
	s := &stats{two: r.kind == pairStatsSummary}
	columns := []*central{&s.x}
	if s.two {
		columns = append(columns, &s.y)
	}
	for _, c := range columns {
		for _, v := range []*float64{&c.n, &c.sx, &c.m2, &c.m3, &c.m4} {
			*v = r.float()
		}
	}
	if s.two {
		s.sxy = r.float()
	}
	return s, r.end()
}

func newStats(two bool) *joined[stats] {
	return &joined[stats]{
		join: (*stats).join, datum: (*stats).datum, fixed: 104,
		update: func(s *joined[stats], groups []uint32, args []Value, n int) error {
			first := fixedValues[float64](args[0].Array)
			fm := mask(args[0])
			if !two {
				return eachRow(groups, args[:1], n, func(g uint32, i int) error {
					s.of(g).x.add(first[i&fm])
					return nil
				})
			}
			second := fixedValues[float64](args[1].Array)
			sm := mask(args[1])
			return eachRow(groups, args[:2], n, func(g uint32, i int) error {
				st := s.of(g)
				st.two = true
				st.add(first[i&fm], second[i&sm])
				return nil
			})
		},
	}
}

var (
	_ = register(Aggregate{
		Name: "stats_agg", Args: typesOf(oids{types.Float8}), Returns: types.Of(types.Bytea), SkipNulls: true, Params: params("value"),
		Doc: "Sums up the moments of a column, for average, stddev, skewness and others.",
		New: func(*Context, Signature) Accumulator { return newStats(false) },
	})
	_ = register(Aggregate{
		Name: "stats_agg", Args: typesOf(oids{types.Float8, types.Float8}), Returns: types.Of(types.Bytea), SkipNulls: true, Params: params("y", "x"),
		Doc: "Sums up the moments of two columns, for slope, corr, stddev_y and others.",
		New: func(*Context, Signature) Accumulator { return newStats(true) },
	})
)

// statsExample is stats_agg of 2, 4, 4, 4, 5, 5, 7, 9; pairStatsExample of the y 3, 5, 7, 8 at the x 1, 2, 3, 4.
const (
	statsExample     = `'\x440100000000000020400000000000004440000000000000404000000000000045400000000000407640'::bytea`
	pairStatsExample = `'\x450100000000000010400000000000002440000000000000144000000000000000000000000000802440000000000000104000000000000037400000000000802d400000000000801fc000000000006555400000000000002140'::bytea`
)
