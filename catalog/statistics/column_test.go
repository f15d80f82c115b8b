package statistics

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func ints(n int, value func(i int) int) []types.Datum {
	out := make([]types.Datum, n)
	for i := range out {
		out[i] = types.NewInt4(int32(value(i)))
	}
	return out
}

var int4 = types.Of(types.Int4)

// check compares an estimate with the truth.
func check(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance {
		t.Errorf("%s is %v, want %v +- %v", what, got, want, tolerance)
	}
}

func TestKey(t *testing.T) {
	s := Column(ints(1000, func(i int) int { return i }), nil, int4, 1000, 100)
	check(t, "distinct", s.Distinct, -1, 0)
	check(t, "correlation", *s.Correlation, 1, 1e-9)
	if len(s.Common) != 0 || len(s.Bounds) != 101 || s.Bounds[0].Int() != 0 || s.Bounds[100].Int() != 999 {
		t.Errorf("common %v, bounds %v", s.Common, s.Bounds)
	}
}

func TestFewValues(t *testing.T) {
	// Each of 10 values 100 times, a fifth NULL: all are common, nothing is left.
	sample := ints(1000, func(i int) int { return i % 10 })
	for i := range 200 {
		sample[i*5] = types.Null
	}
	s := Column(sample, nil, int4, 1e6, 100)
	check(t, "nulls", s.NullFraction, 0.2, 0)
	check(t, "distinct", s.Distinct, 8, 0)
	if len(s.Common) != 8 || len(s.Bounds) != 0 {
		t.Errorf("common %v, bounds %v", s.Common, s.Bounds)
	}
	check(t, "frequency", s.Frequencies[0], 0.1, 0)
}

func TestSkew(t *testing.T) {
	// Zero is half of the rows, the rest is spread over a million values.
	r := rand.New(rand.NewPCG(1, 2))
	sample := ints(30000, func(int) int {
		if r.IntN(2) == 0 {
			return 0
		}
		return 1 + r.IntN(1e6)
	})
	s := Column(sample, nil, int4, 1e7, 100)
	if len(s.Common) == 0 || s.Common[0].Int() != 0 {
		t.Fatalf("common values %v", s.Common)
	}
	if len(s.Common) > 3 {
		t.Errorf("%d common values, but one is common", len(s.Common))
	}
	check(t, "frequency", s.Frequencies[0], 0.5, 0.02)
	check(t, "correlation", *s.Correlation, 0.25, 0.05) // equal values count as in order
	if d := s.DistinctCount(1e7); d < 5e5 || d > 2e6 {
		t.Errorf("%v distinct values, there are about a million", d)
	}
	check(t, "median", float64(s.Bounds[len(s.Bounds)/2].Int()), 5e5, 3e4)
}

func TestOddInputs(t *testing.T) {
	wide := string(make([]byte, MaxWidth+1))
	for name, c := range map[string]struct {
		sample []types.Datum
		typ    types.Type
	}{
		"none":      {nil, int4},
		"all null":  {[]types.Datum{types.Null, types.Null}, int4},
		"one":       {ints(1, func(int) int { return 7 }), int4},
		"all wide":  {[]types.Datum{types.NewString(wide), types.NewString(wide)}, types.Of(types.Text)},
		"unordered": {[]types.Datum{types.NewString("{}"), types.NewString("[]")}, types.Of(types.JSON)},
		"floats":    {[]types.Datum{types.NewFloat64(math.NaN()), types.NewFloat64(math.Inf(1)), types.NewFloat64(0)}, types.Of(types.Float8)},
	} {
		s := Column(c.sample, nil, c.typ, float64(len(c.sample)), 100)
		if len(s.Common) != len(s.Frequencies) || len(s.Bounds) == 1 {
			t.Errorf("%s: %+v", name, s)
		}
		if c := s.Correlation; c != nil && math.IsNaN(*c) {
			t.Errorf("%s: the correlation is not a number", name)
		}
	}
}

// TestRoundTrip: what is stored reads the same.
func TestRoundTrip(t *testing.T) {
	text := types.Of(types.Text)
	s := Column([]types.Datum{types.NewString("a"), types.NewString("a\xff"), types.NewString(""), types.NewString("")}, nil, text, 4, 100)
	b, err := s.Common.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var back catalog.StatValues
	if err := back.UnmarshalJSON(b); err != nil {
		t.Fatal(err)
	}
	if len(back) != len(s.Common) || back[0] != s.Common[0] {
		t.Errorf("%v reads as %v", s.Common, back)
	}
}
