package executor

import (
	"cmp"
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
