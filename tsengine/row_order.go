package tsengine

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// rowOrder is what rows are ordered by, and which row it is.
type rowOrder struct {
	slice    int64
	group    uint64
	position int64
	index    int32
}

func compareOrder(a, b rowOrder) int {
	switch {
	case a.slice != b.slice:
		return cmp.Compare(a.slice, b.slice)
	case a.group != b.group:
		return cmp.Compare(a.group, b.group)
	case a.position != b.position:
		return cmp.Compare(a.position, b.position)
	}
	return cmp.Compare(a.index, b.index)
}

// From orderMin rows on, rows of one slice are dealt out first by 1<<orderBits even parts
// of the range of their groups, which are hashes.
const (
	orderMin  = 256
	orderBits = 12
)

// sortOrder sorts rows whose indexes ascend; spare is room, which is returned too.
func sortOrder(rows, spare []rowOrder) (sorted, room []rowOrder) {
	low, high, oneSlice := uint64(math.MaxUint64), uint64(0), true
	for i := range rows {
		low, high = min(low, rows[i].group), max(high, rows[i].group)
		oneSlice = oneSlice && rows[i].slice == rows[0].slice
	}
	if !oneSlice || len(rows) < orderMin {
		slices.SortFunc(rows, compareOrder)
		return rows, spare
	}
	shift := max(bits.Len64(high-low)-orderBits, 0)
	var ends [1 << orderBits]int32
	for i := range rows {
		ends[(rows[i].group-low)>>shift]++
	}
	sum := int32(0)
	for part, n := range ends {
		ends[part] = sum
		sum += n
	}
	spare = slices.Grow(spare[:0], len(rows))[:len(rows)]
	for i := range rows {
		part := (rows[i].group - low) >> shift
		spare[ends[part]] = rows[i]
		ends[part]++
	}
	from := int32(0)
	for _, to := range ends {
		if to-from > 1 {
			slices.SortFunc(spare[from:to], compareOrder)
		}
		from = to
	}
	return spare, rows
}
