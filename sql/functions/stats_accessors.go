package functions

import (
	"math"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// statsExampleOf is a call with the summary of one column or of two.
func statsExampleOf(name string, kind summaryKind, more, want string) Example {
	if kind == statsSummary {
		return ex(name+"("+statsExample+more+")", want)
	}
	return ex(name+"("+pairStatsExample+more+")", want)
}

// statsFunc registers a number of a summary of stats_agg.
func statsFunc(name, doc string, kind summaryKind, want string, get func(s *stats) (float64, bool)) {
	summaryFunc(name, doc, types.Float8, []summaryKind{kind}, func(r *summaryReader) (types.Datum, error) {
		s, err := readStats(r)
		if err != nil {
			return types.Null, err
		}
		v, ok := get(s)
		return floatOrNull(v, ok)
	}, statsExampleOf(name, kind, "", want))
}

// statsMethodFunc registers a number that a sample has otherwise than a population.
func statsMethodFunc(name, doc string, kinds []summaryKind, want string, get func(s *stats, sample bool) (float64, bool)) {
	register(Scalar{
		Name: name, Args: typesOf(oids{types.Bytea, types.Text}), Defaults: 1, Returns: types.Of(types.Float8), Strict: true, Volatility: Immutable,
		Params: []Param{{"summary", ""}, {"method", "'sample'"}},
		Doc:    doc + " The method is sample or population.", Examples: []Example{statsExampleOf(name, kinds[0], ", 'population'", want)},
		Eval: func(_ *Context, args []types.Datum) (types.Datum, error) {
			r, err := readSummary(args[0], kinds...)
			if err != nil {
				return types.Null, err
			}
			s, err := readStats(r)
			if err != nil {
				return types.Null, err
			}
			sample := true
			if len(args) > 1 {
				switch strings.ToLower(args[1].S) {
				case "sample", "samp":
				case "population", "pop":
					sample = false
				default:
					return types.Null, pgerror.New(pgerror.InvalidParameterValue, "unknown analysis method %q", args[1].S).WithHint(`Use "sample" or "population".`)
				}
			}
			v, ok := get(s, sample)
			return floatOrNull(v, ok)
		},
	})
}

// columnMoments registers what each column has: of one by the plain name, of two with _x and _y.
func columnMoments(register func(name string, kind summaryKind, column func(s *stats) *central)) {
	register("", statsSummary, func(s *stats) *central { return &s.x })
	register("_x", pairStatsSummary, func(s *stats) *central { return &s.x })
	register("_y", pairStatsSummary, func(s *stats) *central { return &s.y })
}

// The answers of the examples by the end of the name.
type wants map[string]string

var _ = func() bool {
	columnMoments(func(end string, kind summaryKind, column func(s *stats) *central) {
		if end != "" { // average and num_vals of one column: with other summaries'
			statsFunc("average"+end, "The mean of a column.", kind, wants{"_x": "2.5", "_y": "5.75"}[end],
				func(s *stats) (float64, bool) { return column(s).mean(), true })
		}
		statsFunc("sum"+end, "The sum of a column.", kind, wants{"": "40", "_x": "10", "_y": "23"}[end],
			func(s *stats) (float64, bool) { return column(s).sx, true })
		method := func(name, doc string, want wants, get func(c *central, sample bool) (float64, bool)) {
			statsMethodFunc(name+end, doc, []summaryKind{kind}, want[end], func(s *stats, sample bool) (float64, bool) { return get(column(s), sample) })
		}
		method("variance", "The variance of a column.", wants{"": "4", "_x": "1.25", "_y": "3.6875"}, (*central).variance)
		method("stddev", "The standard deviation of a column.", wants{"": "2", "_x": "1.118033988749895", "_y": "1.920286436967152"},
			func(c *central, sample bool) (float64, bool) {
				v, ok := c.variance(sample)
				return math.Sqrt(v), ok
			})
		method("skewness", "How lopsided a column is: its third moment by the third power of the standard deviation.",
			wants{"": "0.65625", "_x": "0", "_y": "-0.27803055565396284"},
			(*central).skewness)
		method("kurtosis", "How heavy the ends of a column are: its fourth moment by the fourth power of the standard deviation.",
			wants{"": "2.78125", "_x": "1.64", "_y": "1.5733984487216317"},
			(*central).kurtosis)
	})
	pair := func(name, doc, want string, get func(s *stats) (float64, bool)) {
		statsFunc(name, doc, pairStatsSummary, want, get)
	}
	slope := func(s *stats) float64 { return s.sxy / s.x.m2 }
	intercept := func(s *stats) float64 { return (s.y.sx - s.x.sx*slope(s)) / s.x.n }
	pair("slope", "The slope of the line through points (x, y) with the least squares.", "1.7", func(s *stats) (float64, bool) { return slope(s), s.x.m2 != 0 })
	pair("intercept", "Where the line with the least squares has x = 0.", "1.5", func(s *stats) (float64, bool) { return intercept(s), s.x.m2 != 0 })
	pair("x_intercept", "Where the line with the least squares has y = 0.", "-0.8823529411764706",
		func(s *stats) (float64, bool) { return -intercept(s) / slope(s), s.x.m2 != 0 && s.sxy != 0 })
	pair("corr", "The coefficient of correlation of two columns.", "0.9897782665572894",
		func(s *stats) (float64, bool) { return s.sxy / math.Sqrt(s.x.m2*s.y.m2), s.x.m2 != 0 && s.y.m2 != 0 })
	pair("determination_coeff", "The square of the coefficient of correlation.", "0.9796610169491525",
		func(s *stats) (float64, bool) { return s.sxy * s.sxy / (s.x.m2 * s.y.m2), s.x.m2 != 0 && s.y.m2 != 0 })
	statsMethodFunc("covariance", "The covariance of two columns.", []summaryKind{pairStatsSummary}, "2.125", func(s *stats, sample bool) (float64, bool) {
		n := s.x.n
		if sample {
			n--
		}
		return s.sxy / n, n > 0
	})
	return true
}()
