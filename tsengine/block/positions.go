package block

// Positions are stored as steps, so that rows at regular distances are one run
// whatever the groups are: a row's step is its distance from the row before.
// The first row of a group has none in its group; its step says how much later
// it is than the first row of the group before, and is shifted by the step
// before it, since groups mostly begin together.

// stepsOf computes the steps of sorted rows.
func stepsOf(groups []uint64, positions []int64) []int64 {
	out := make([]int64, len(positions))
	first, step := int64(0), int64(0)
	for i, p := range positions {
		if i > 0 && groups[i] == groups[i-1] {
			step = p - positions[i-1]
		} else {
			step += p - first
			first = p
		}
		out[i] = step
	}
	return out
}

// positionsOf undoes stepsOf in place.
func positionsOf(groups []uint64, steps []int64) {
	first, step, last := int64(0), int64(0), int64(0)
	for i, s := range steps {
		if i > 0 && groups[i] == groups[i-1] {
			last += s
		} else {
			first += s - step
			last = first
		}
		step = s
		steps[i] = last
	}
}
