package block

import "sort"

// groupHead says where the rows of a group begin in a source, and what is to be known
// of them without a look at each: blocks have thousands of rows, which lie in main
// memory rather than in a processor's cache.
type groupHead struct {
	group uint64
	// first and step: the group's row i has the position first + i*step. A step of 0
	// says that the positions are not at equal distances.
	first, step int64
	start       int32
}

// groupHeadBytes is what a groupHead takes.
const groupHeadBytes = 32

// headsOf lists the groups of rows.
func headsOf(groups []uint64, positions []int64) []groupHead {
	n := 0
	for i := range groups {
		if i == 0 || groups[i] != groups[i-1] {
			n++
		}
	}
	out := make([]groupHead, 0, n)
	for from := 0; from < len(groups); {
		to := from + 1
		for to < len(groups) && groups[to] == groups[from] {
			to++
		}
		out = append(out, groupHead{group: groups[from], first: positions[from], step: stepOf(positions[from:to]), start: int32(from)})
		from = to
	}
	return out
}

// stepOf is the distance of ascending positions if all are the same, 0 else. That of
// one position alone is any.
func stepOf(positions []int64) int64 {
	if len(positions) == 1 {
		return 1
	}
	step := positions[1] - positions[0]
	for i := 2; i < len(positions); i++ {
		if positions[i]-positions[i-1] != step {
			return 0
		}
	}
	return max(step, 0) // a distance beyond an int64 is none
}

// groupRows are the rows [from, to) of the group number k.
func (r *rowNumbers) groupRows(k int) (from, to int) {
	if k+1 < len(r.heads) {
		return int(r.heads[k].start), int(r.heads[k+1].start)
	}
	return int(r.heads[k].start), r.n
}

// headOf is the number of the group of row i.
func (r *rowNumbers) headOf(i int) int {
	return sort.Search(len(r.heads), func(k int) bool { return int(r.heads[k].start) > i }) - 1
}

// eachGroup calls fn for the part of the rows [from, to) of each group, with its number.
func (r *rowNumbers) eachGroup(from, to int, fn func(k, from, to int)) {
	if from == to {
		return
	}
	for k := r.headOf(from); from < to; k++ {
		_, end := r.groupRows(k)
		end = min(end, to)
		fn(k, from, end)
		from = end
	}
}

// at is the group and the position of row i.
func (r *rowNumbers) at(i int) (uint64, int64) {
	if r.groups != nil && r.positions != nil {
		return r.groups[i], r.positions[i]
	}
	k := r.headOf(i)
	return r.heads[k].group, r.position(k, i)
}

// expand makes the groups and positions of all rows, for who looks at many of them one by one.
func (r *rowNumbers) expand() {
	if r.groups == nil {
		r.groups = r.appendGroups(make([]uint64, 0, r.n), 0, r.n)
	}
	if r.positions == nil {
		r.positions = r.appendPositions(make([]int64, 0, r.n), 0, r.n)
	}
}

// appendGroups appends the groups of the rows [from, to).
func (r *rowNumbers) appendGroups(dst []uint64, from, to int) []uint64 {
	if r.groups != nil {
		return append(dst, r.groups[from:to]...)
	}
	r.eachGroup(from, to, func(k, from, to int) {
		for range to - from {
			dst = append(dst, r.heads[k].group)
		}
	})
	return dst
}

// appendPositions appends the positions of the rows [from, to).
func (r *rowNumbers) appendPositions(dst []int64, from, to int) []int64 {
	if r.positions != nil {
		return append(dst, r.positions[from:to]...)
	}
	r.eachGroup(from, to, func(k, from, to int) {
		h := &r.heads[k]
		p := h.first + int64(from-int(h.start))*h.step
		for range to - from {
			dst = append(dst, p)
			p += h.step
		}
	})
	return dst
}

// seek returns the first of the groups from number k on that is not below g.
func (r *rowNumbers) seek(k int, g uint64) int {
	step := 1
	for k+step < len(r.heads) && r.heads[k+step].group < g {
		step *= 2
	}
	return k + sort.Search(min(step, len(r.heads)-k), func(i int) bool { return r.heads[k+i].group >= g })
}

// position is that of the row i, which is of the group number k.
func (r *rowNumbers) position(k, i int) int64 {
	if h := &r.heads[k]; h.step != 0 {
		return h.first + int64(i-int(h.start))*h.step
	}
	return r.positions[i]
}

// after returns the first of the rows [from, to), which are of the group number k, with a
// position of at least p. It looks at the row hint first.
func (r *rowNumbers) after(k, from, to int, p int64, hint int) int {
	switch {
	case hint > from && hint < to && r.position(k, hint-1) < p && r.position(k, hint) >= p:
		return hint
	case from == to || r.position(k, from) >= p:
		return from
	case r.position(k, to-1) < p:
		return to
	}
	if h := &r.heads[k]; h.step != 0 {
		return int(h.start) + int((uint64(p)-uint64(h.first)+uint64(h.step)-1)/uint64(h.step))
	}
	return from + afterUneven(r.positions[from:to], p)
}

// afterUneven is after for positions v[0] < p <= v[len(v)-1]. As positions are mostly at about steady
// distances, it looks where p would be, and searches on from there.
func afterUneven(v []int64, p int64) int {
	low, high := 0, len(v)-1 // v[low] < p <= v[high]
	if span := float64(v[high]) - float64(v[low]); span > 0 {
		guess := int((float64(p) - float64(v[low])) / span * float64(high))
		for step := 1; step < 64; step *= 4 { // around the guess
			if i := guess - step; i > low && i < high && v[i] < p {
				low = i
			}
			if i := guess + step; i > low && i < high && v[i] >= p {
				high = i
			}
			if high-low <= 2*step {
				break
			}
		}
	}
	return low + 1 + sort.Search(high-low-1, func(i int) bool { return v[low+1+i] >= p })
}
