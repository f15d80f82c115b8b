package executor

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// A set never loses a value, and is exact where values lie close together.
func TestValueSet(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	random := func(n int, span int64) []int64 {
		out := make([]int64, n)
		for i := range out {
			out[i] = rnd.Int64N(span) - span/2
		}
		return out
	}
	for name, c := range map[string]struct {
		values []int64
		exact  bool
	}{
		"empty":    {nil, true},
		"one":      {[]int64{7}, true},
		"extremes": {[]int64{math.MinInt64, 0, math.MaxInt64}, false},
		"close":    {random(1000, 100_000), true},
		"apart":    {random(10_000, math.MaxInt64), false},
		"one word": {[]int64{math.MinInt64, math.MaxInt64}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newValueSet(c.values)
			probe := append(slices.Clone(c.values), random(10_000, 200_000)...)
			probe = append(probe, math.MinInt64, math.MaxInt64, 0)
			sel := make([]int32, len(probe))
			for i := range sel {
				sel[i] = int32(i)
			}
			passed := map[int64]bool{}
			for _, i := range s.pick(probe, sel) {
				passed[probe[i]] = true
			}
			wrong := 0
			for _, v := range probe {
				switch in := slices.Contains(c.values, v); {
				case in && !passed[v]:
					t.Fatalf("%d was lost", v)
				case !in && passed[v]:
					wrong++
				}
			}
			if c.exact && wrong > 0 || wrong > len(probe)/10 {
				t.Errorf("%d of %d values pass that are not in it", wrong, len(probe))
			}
			if int64(len(s.bits)*8) > setBytes(len(c.values)) {
				t.Errorf("%d words of %d bytes", len(s.bits), setBytes(len(c.values)))
			}
		})
	}
}

func TestValueSetTurnsOff(t *testing.T) {
	s := newValueSet([]int64{1})
	s.count(enoughTested/2, enoughTested/2)
	if s.off.Load() {
		t.Error("off too early")
	}
	s.count(enoughTested, enoughTested)
	if !s.off.Load() {
		t.Error("still on although all pass")
	}
}
