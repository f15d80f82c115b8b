package block

import (
	"math"
	"math/bits"

	"github.com/tidemarkdb/tidemark/tsengine/chunk"
)

// numberRun is a number that stands for so many rows.
type numberRun struct {
	value int64
	rows  int
}

// readEven reads the heads of rows whose groups' positions are at equal distances, from
// chunks that are runs: it takes time for each group and none for each row. ok is false
// for any other rows, and for those that are out of order.
func (s *source) readEven(groups, positions []byte) (ok bool) {
	groupRuns, ok := runsOf(groups)
	if !ok {
		return false
	}
	stepRuns, ok := runsOf(positions)
	if !ok {
		return false
	}
	s.heads, ok = evenHeads(groupRuns, stepRuns, s.n)
	return ok
}

func runsOf(b []byte) (runs []numberRun, ok bool) {
	ok, err := chunk.EachRun(b, func(v int64, n int) { runs = append(runs, numberRun{v, n}) })
	return runs, ok && err == nil
}

// evenHeads are the heads of n rows, by the runs of their groups and of their steps
// (stepsOf). ok is false if they are not in order or the steps in a group are not alike.
func evenHeads(groups, steps []numberRun, n int) (heads []groupHead, ok bool) {
	first, step, start := int64(0), int64(0), 0
	heads = make([]groupHead, 0, len(groups))
	take := func(rows int) bool { // rows of the first run of steps
		if len(steps) == 0 || steps[0].rows < rows {
			return false
		}
		if steps[0].rows -= rows; steps[0].rows == 0 {
			steps = steps[1:]
		}
		return true
	}
	for i, g := range groups {
		if i > 0 && uint64(g.value) <= uint64(groups[i-1].value) || len(steps) == 0 {
			return nil, false
		}
		s := steps[0].value
		first += s - step
		step = s
		if !take(1) {
			return nil, false
		}
		h := groupHead{group: uint64(g.value), first: first, step: 1, start: int32(start)}
		if rest := g.rows - 1; rest > 0 {
			if len(steps) == 0 || steps[0].value <= 0 {
				return nil, false
			}
			step = steps[0].value
			hi, span := bits.Mul64(uint64(step), uint64(rest))
			if hi != 0 || span > uint64(math.MaxInt64)-uint64(first) || !take(rest) {
				return nil, false
			}
			h.step = step
		}
		heads = append(heads, h)
		start += g.rows
	}
	return heads, start == n && len(steps) == 0
}
