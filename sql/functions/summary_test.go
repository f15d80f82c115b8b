package functions

import (
	"encoding/hex"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// summaryExamples are the summaries of the documentation, one of each kind and more.
func summaryExamples(t *testing.T) (out []string) {
	for _, text := range []string{
		counterExample, weightExample, sketchExample, stateExample, statsExample, pairStatsExample, candlestickExample,
		digestExample, hyperLogLogExample, timevectorExample, heartbeatExample,
	} {
		b, err := hex.DecodeString(strings.TrimSuffix(strings.TrimPrefix(text, `'\x`), `'::bytea`))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(b))
	}
	dense := newHyperLogLog(minRegisterBits)
	for i := range int64(1000) {
		dense.add(types.HashInt(i, hllSeed))
	}
	return append(out, dense.datum().S)
}

// TestDamagedSummaries: what was cut, extended or changed is read as a summary or
// refused, by every function, and never more.
func TestDamagedSummaries(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, s := range summaryExamples(t) {
		var damaged []string
		for i := range s {
			damaged = append(damaged, s[:i])
			b := []byte(s)
			b[i] = byte(r.Uint32())
			damaged = append(damaged, string(b))
			b[i] = 0xff
			damaged = append(damaged, string(b))
		}
		damaged = append(damaged, s+"\x00")
		for _, d := range damaged {
			readAll(t, d)
		}
	}
}

// readAll gives a summary to all functions of one summary and to rollup.
func readAll(t *testing.T, d string) {
	defer func() {
		if p := recover(); p != nil {
			t.Fatalf("%x: %v", d, p)
		}
	}()
	datum := types.NewBinary(d)
	_, _ = joinSummaries([]types.Datum{datum, datum})
	for f := range All() {
		s, ok := f.(*Scalar)
		if !ok || s.Hidden || s.Eval == nil || len(s.Args) == 0 || s.Args[0].OID != types.Bytea || len(s.Args)-s.Defaults > 1 || !strings.Contains(s.Examples[0].SQL, "::bytea") {
			continue
		}
		_, _ = s.Eval(nil, []types.Datum{datum})
	}
	for _, name := range []string{"approx_percentile", "approx_percentile_rank"} {
		_, _ = Scalars(name)[0].Eval(nil, []types.Datum{types.NewFloat64(0.3), datum})
	}
}

// TestHyperLogLogError: estimates are within four standard errors, and joined sketches
// are what one sketch of all values is.
func TestHyperLogLogError(t *testing.T) {
	for _, n := range []int64{0, 1, 2, 10, 100, 1000, 10_000, 100_000, 1_000_000} {
		whole := newHyperLogLog(12)
		parts := []*hyperLogLog{newHyperLogLog(12), newHyperLogLog(12), newHyperLogLog(12)}
		for i := range n {
			h := types.HashInt(i, hllSeed)
			whole.add(h)
			parts[i%3].add(h)
			parts[i%2].add(h)
		}
		got := whole.estimate()
		if allowed := 4 * 1.04 / 64 * float64(n); math.Abs(float64(got-n)) > allowed {
			t.Errorf("%d values are estimated as %d", n, got)
		}
		for _, p := range parts[1:] {
			if err := parts[0].join(p); err != nil {
				t.Fatal(err)
			}
		}
		if parts[0].datum().S != whole.datum().S {
			t.Errorf("%d values: joined sketches differ from the whole", n)
		}
	}
}

// TestDigestError: percentiles of many values are near, nearest at the ends, also of
// digests that were joined and read again.
func TestDigestError(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, draw := range []func() float64{r.Float64, r.NormFloat64, r.ExpFloat64} {
		var all []float64
		d := newDigest(200)
		for range 7 {
			part := newDigest(200)
			for range 20_000 {
				v := draw()
				all = append(all, v)
				part.add(v)
			}
			s, err := readSummary(part.datum(), digestSummary)
			if err != nil {
				t.Fatal(err)
			}
			if part, err = readDigest(s); err != nil {
				t.Fatal(err)
			}
			if err := d.join(part); err != nil {
				t.Fatal(err)
			}
		}
		d.compress()
		slices.Sort(all)
		if len(d.centroids) > 2*d.size {
			t.Errorf("%d centroids of a digest of %d", len(d.centroids), d.size)
		}
		for _, p := range []float64{0, 0.0001, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1} {
			v := d.percentile(p)
			rank, _ := slices.BinarySearch(all, v)
			allowed := float64(len(all)) * (0.0002 + 0.02*math.Sqrt(p*(1-p)))
			if math.Abs(float64(rank)-p*float64(len(all))) > allowed {
				t.Errorf("percentile %g is %g, which has the rank %d of %d", p, v, rank, len(all))
			}
		}
	}
}

// TestMomentsJoin: moments of parts, joined, are those of the whole.
func TestMomentsJoin(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	whole, parts := stats{two: true}, []*stats{{two: true}, {two: true}, {two: true}}
	for i := range 1000 {
		x := r.NormFloat64()*3 + 5
		y := 2*x + r.ExpFloat64()
		whole.add(y, x)
		parts[i%2+i/900].add(y, x)
	}
	for _, p := range parts[1:] {
		if err := parts[0].join(p); err != nil {
			t.Fatal(err)
		}
	}
	got, want := parts[0], &whole
	for name, pair := range map[string][2]float64{
		"n": {got.x.n, want.x.n}, "sx": {got.x.sx, want.x.sx}, "m2": {got.x.m2, want.x.m2}, "m3": {got.x.m3, want.x.m3}, "m4": {got.x.m4, want.x.m4},
		"y m3": {got.y.m3, want.y.m3}, "sxy": {got.sxy, want.sxy},
	} {
		if math.Abs(pair[0]-pair[1]) > 1e-9*math.Abs(pair[1]) {
			t.Errorf("%s is %g when joined, %g of the whole", name, pair[0], pair[1])
		}
	}
}

// TestDownsample: the points of a peak stay, and as many as were asked for.
func TestDownsample(t *testing.T) {
	pts := make([]point, 1000)
	for i := range pts {
		pts[i] = point{int64(i) * 1e6, math.Sin(float64(i) / 50)}
	}
	pts[333].value, pts[777].value = 50, -50
	for _, n := range []int{2, 3, 10, 100, 998, 999, 1000, 2000} {
		out := downsample(pts, n)
		if len(out) != min(n, len(pts)) || out[0] != pts[0] || out[len(out)-1] != pts[len(pts)-1] {
			t.Fatalf("%d of %d points kept", len(out), n)
		}
		if !slices.IsSortedFunc(out, func(a, b point) int { return int(a.time - b.time) }) {
			t.Errorf("%d points are not in order", n)
		}
		if n >= 10 && (!slices.Contains(out, pts[333]) || !slices.Contains(out, pts[777])) {
			t.Errorf("%d points lost a peak", n)
		}
	}
}
