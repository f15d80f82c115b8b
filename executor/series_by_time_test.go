package executor

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tidemarkdb/tidemark/planner/plan"
)

// TestSortByCounting compares it with a sort: of steady times, of times
// with gaps, and of more times than are counted.
func TestSortByCounting(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 60 {
		steps := []int{1, 7, 300, 3 * maxCountedTimes}[round%4]
		s := &seriesByTime{seriesScan: &seriesScan{node: &plan.SeriesScan{Reverse: round%3 == 0}}}
		for series := range 50 {
			for i := range steps {
				if r.IntN(10) == 0 {
					continue
				}
				s.rows = append(s.rows, timedRow{int64(i-steps/2) * 1_000_000, refOf(series, i)})
			}
		}
		want := slices.Clone(s.rows)
		slices.SortFunc(want, func(a, b timedRow) int {
			c := cmp.Compare(a.time, b.time)
			if s.node.Reverse {
				c = -c
			}
			return cmp.Or(c, cmp.Compare(a.ref, b.ref))
		})
		counted := s.sortByCounting()
		if counted != (steps <= maxCountedTimes) {
			t.Fatalf("%d times: counted %v", steps, counted)
		}
		if counted && !slices.Equal(s.rows, want) {
			t.Fatalf("%d times: wrong order", steps)
		}
	}
}

// TestAppendCuts: the parts of a window are ascending, smaller than it is, have all of its
// times, and a time that many rows have is alone.
func TestAppendCuts(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 5000 {
		w := timeRange{int64(r.IntN(100)), int64(100 + r.IntN(1000))}
		if r.IntN(10) == 0 {
			w = timeRange{math.MinInt64, math.MaxInt64}
		}
		spread := uint64(w.to) - uint64(w.from) + 1
		if r.IntN(2) == 0 && spread != 0 {
			spread = 1 + spread/uint64(1+r.IntN(300))
		}
		times := make([]int64, 1+r.IntN(500))
		for i := range times {
			times[i] = r.Int64()
			if spread != 0 {
				times[i] = w.from + int64(r.Uint64N(spread))
			}
		}
		slices.Sort(times)
		cuts := appendCuts(nil, w, times)
		from := w.from
		for i, c := range cuts {
			if c.from != from || c.from > c.to || c == w {
				t.Fatalf("window %v of %v: %v after %d", c, w, cuts, from)
			}
			if i == len(cuts)-1 && c.to != w.to {
				t.Fatalf("%v ends at %d", w, c.to)
			}
			from = c.to + 1
		}
		if all := slices.Compact(slices.Clone(times)); len(all) == 1 && !slices.Contains(cuts, timeRange{all[0], all[0]}) {
			t.Fatalf("%v, all rows at %d: %v", w, all[0], cuts)
		}
	}
}
