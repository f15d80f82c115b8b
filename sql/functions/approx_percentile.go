package functions

import (
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// distribution is a sketch of values: of percentile_agg, uddsketch or tdigest.
type distribution interface {
	percentile(part float64) float64
	rank(v float64) float64
	weight() float64
	total() float64
}

func (s *sketch) weight() float64 { return float64(s.n) }
func (s *sketch) total() float64  { return s.sum }

func (d *digest) weight() float64 { return d.n }
func (d *digest) total() float64  { return d.sum }

var distributionKinds = []summaryKind{percentileSummary, digestSummary}

func readDistribution(r *summaryReader) (distribution, error) {
	if r.kind == digestSummary {
		return readDigest(r)
	}
	return readSketch(r)
}

// distributionFunc is a function of a number and a distribution.
func distributionFunc(name, doc string, example Example, f func(s distribution, x float64) (float64, error)) {
	register(Scalar{
		Name: name, Args: typesOf(oids{types.Float8, types.Bytea}), Returns: types.Of(types.Float8), Strict: true, Volatility: Immutable,
		Doc: doc, Examples: []Example{example},
		Eval: func(_ *Context, args []types.Datum) (types.Datum, error) {
			r, err := readSummary(args[1], distributionKinds...)
			if err != nil {
				return types.Null, err
			}
			s, err := readDistribution(r)
			if err != nil {
				return types.Null, err
			}
			v, err := f(s, args[0].Float64())
			return types.NewFloat64(v), err
		},
	})
}

// countOf is how many values a summary is of.
func countOf(r *summaryReader) (float64, error) {
	switch r.kind {
	case statsSummary, pairStatsSummary:
		s, err := readStats(r)
		if err != nil {
			return 0, err
		}
		return s.x.n, nil
	case timevectorSummary:
		pts, err := readTimevector(r)
		if err != nil {
			return 0, err
		}
		return float64(len(*pts)), nil
	}
	s, err := readDistribution(r)
	if err != nil {
		return 0, err
	}
	return s.weight(), nil
}

var _ = func() bool {
	distributionFunc("approx_percentile", "Estimates the value below which a part (0 to 1) of the sketched values lies.",
		ex("approx_percentile(0.5, "+sketchExample+")", "5.99544549613296"), func(s distribution, part float64) (float64, error) {
			if !(part >= 0 && part <= 1) {
				return 0, pgerror.New(pgerror.NumericValueOutOfRange, "percentile value %g is not between 0 and 1", part)
			}
			return s.percentile(part), nil
		})
	distributionFunc("approx_percentile_rank", "Estimates which part of the sketched values lies below a value.",
		ex("approx_percentile_rank(5, "+sketchExample+")", "0.45"), func(s distribution, v float64) (float64, error) { return s.rank(v), nil })
	summaryFunc("mean", "The mean of the sketched values.", types.Float8, distributionKinds, func(r *summaryReader) (types.Datum, error) {
		s, err := readDistribution(r)
		if err != nil {
			return types.Null, err
		}
		return types.NewFloat64(s.total() / s.weight()), nil
	}, ex("mean("+sketchExample+")", "5.5"))
	summaryFunc("num_vals", "The number of values that a summary is of.", types.Float8,
		append([]summaryKind{statsSummary, pairStatsSummary, timevectorSummary}, distributionKinds...), func(r *summaryReader) (types.Datum, error) {
			n, err := countOf(r)
			return types.NewFloat64(n), err
		}, ex("num_vals("+sketchExample+")", "10"))
	return true
}()
