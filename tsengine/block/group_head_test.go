package block

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// randomRows are rows of a few groups, with even and uneven positions up to the edges of what they may be.
func randomRows(r *rand.Rand, round int) *rowNumbers {
	var rows rowNumbers
	for g := range uint64(1 + r.IntN(4)) {
		n := 1 + r.IntN(40)
		at := int64(r.IntN(100)) - 50
		step := int64(1 + r.IntN(5))
		switch round % 5 {
		case 3:
			at = math.MaxInt64 - int64(n)*step
		case 4:
			at, step = math.MinInt64+int64(r.IntN(3)), math.MaxInt64/int64(n)
		}
		for range n {
			rows.groups, rows.positions = append(rows.groups, g), append(rows.positions, at)
			if at += step; round%2 == 1 && at < 1000 {
				at += int64(r.IntN(3)) - 1
			}
		}
	}
	for i := 1; i < len(rows.positions); i++ {
		if rows.groups[i] == rows.groups[i-1] {
			rows.positions[i] = max(rows.positions[i], rows.positions[i-1])
		}
	}
	rows.n, rows.heads = len(rows.groups), headsOf(rows.groups, rows.positions)
	return &rows
}

// TestKeptRows gets the groups and positions of rows back from what the cache keeps of them.
func TestKeptRows(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	small := 0
	for round := range 400 {
		rows := randomRows(r, round)
		kept := rows.kept()
		if kept.positions == nil {
			small++
		}
		for i := range rows.n {
			if group, position := kept.at(i); group != rows.groups[i] || position != rows.positions[i] {
				t.Fatalf("row %d: %d at %d, not %d at %d", i, group, position, rows.groups[i], rows.positions[i])
			}
		}
		from := r.IntN(rows.n)
		to := from + r.IntN(rows.n-from+1)
		if got := kept.appendGroups(nil, from, to); !slices.Equal(got, rows.groups[from:to]) {
			t.Fatalf("groups of rows %d to %d: %v", from, to, got)
		}
		if got := kept.appendPositions(nil, from, to); !slices.Equal(got, rows.positions[from:to]) {
			t.Fatalf("positions of rows %d to %d: %v", from, to, got)
		}
		if kept.expand(); !slices.Equal(kept.groups, rows.groups) || !slices.Equal(kept.positions, rows.positions) {
			t.Fatalf("%v and %v", kept.groups, kept.positions)
		}
	}
	if small < 100 || small == 400 {
		t.Errorf("%d of 400 are kept without positions", small)
	}
}

// TestEvenHeads reads heads from the runs of groups and steps: they are those of the rows,
// or the rows are not even.
func TestEvenHeads(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	runs := func(v []int64) (out []numberRun) {
		for i := range v {
			if i == 0 || v[i] != v[i-1] {
				out = append(out, numberRun{value: v[i]})
			}
			out[len(out)-1].rows++
		}
		return out
	}
	even := 0
	for round := range 1000 {
		rows := randomRows(r, round)
		steps := stepsOf(rows.groups, rows.positions)
		groups := asInt64s(rows.groups)
		heads, ok := evenHeads(runs(groups), runs(steps), rows.n)
		if want := rows.kept().positions == nil; ok && !want || want && !ok && round%5 < 3 {
			t.Fatalf("round %d: even %v, not %v", round, ok, want)
		}
		if !ok {
			continue
		}
		if even++; !slices.Equal(heads, rows.heads) {
			t.Fatalf("round %d: %v, not %v", round, heads, rows.heads)
		}
		// Of other numbers of rows, and out of order.
		if _, ok := evenHeads(runs(groups), runs(steps), rows.n+1); ok {
			t.Fatal("a row too few")
		}
		if _, ok := evenHeads(runs(groups), runs(steps[1:]), rows.n); ok {
			t.Fatal("a step too few")
		}
		if _, ok := evenHeads(runs(groups), runs(append(slices.Clone(steps), 1)), rows.n); ok {
			t.Fatal("a step too many")
		}
		if slices.Reverse(groups); len(heads) > 1 {
			if _, ok := evenHeads(runs(groups), runs(steps), rows.n); ok {
				t.Fatal("groups that descend")
			}
		}
	}
	if even < 300 {
		t.Errorf("%d of 1000 are even", even)
	}
}

// TestAfter compares it with a look at each row: of even and uneven groups, at the
// edges of what a position may be, with and without a good hint.
func TestAfter(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for round := range 400 {
		rows := randomRows(r, round)
		for k := range rows.heads {
			start, end := rows.groupRows(k)
			from := start + r.IntN(end-start)
			to := from + r.IntN(end-from+1)
			for range 30 {
				p := rows.positions[start+r.IntN(end-start)] + int64(r.IntN(3)) - 1
				if r.IntN(20) == 0 {
					p = []int64{math.MinInt64, math.MaxInt64}[r.IntN(2)]
				}
				want := from
				for want < to && rows.positions[want] < p {
					want++
				}
				if got := rows.after(k, from, to, p, from+r.IntN(end-from+1)); got != want {
					t.Fatalf("group %d, rows %d to %d, at least %d: %d, not %d", k, from, to, p, got, want)
				}
			}
			for i := start; i < end; i++ {
				if rows.position(k, i) != rows.positions[i] || rows.heads[k].group != rows.groups[i] {
					t.Fatalf("row %d of group %d", i, k)
				}
			}
		}
	}
}
