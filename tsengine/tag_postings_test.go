package tsengine

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestPostings compares the series of values with those of a list, for values of one
// series, of many, and of all.
func TestPostings(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, c := range []struct{ series, values int }{{0, 1}, {1, 1}, {1000, 1}, {1000, 1000}, {5000, 7}, {200_000, 150_000}, {200_000, 300}, {200_000, 2}} {
		codes := make([]uint32, c.series)
		for i := range codes {
			if codes[i] = uint32(rng.IntN(c.values)); rng.IntN(3) == 0 {
				codes[i] = 0 // a value that many have
			}
		}
		p := newPostings(codes, c.values)
		for _, share := range []float64{0, 0.001, 0.1, 0.5, 0.9, 1} {
			var chosen []int32
			marked := make([]bool, c.values)
			for v := range c.values {
				if rng.Float64() < share {
					chosen, marked[v] = append(chosen, int32(v)), true
				}
			}
			var want []uint32
			for i, code := range codes {
				if marked[code] {
					want = append(want, uint32(i))
				}
			}
			if got := p.ofAny(chosen).ToArray(); !slices.Equal(got, want) {
				t.Errorf("%d series, %d of %d values: %d series found, want %d", c.series, len(chosen), c.values, len(got), len(want))
			}
		}
		for range 10 {
			v := rng.IntN(c.values)
			n := 0
			for _, code := range codes {
				if int(code) == v {
					n++
				}
			}
			if got := p.of(v).GetCardinality(); int(got) != n {
				t.Errorf("%d series, value %d of %d: %d found, want %d", c.series, v, c.values, got, n)
			}
		}
		if most := int64(4*(c.series+c.values+1)) + 128*int64(len(p.wide)) + 8*int64(c.series); p.bytes() > most {
			t.Errorf("%d series of %d values take %d bytes, more than %d", c.series, c.values, p.bytes(), most)
		}
	}
}
