package block

import (
	"math"
	"sort"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

var errTooLarge = pgerror.New(pgerror.ProgramLimitExceeded, "the strings of one batch are too large")

// Spec says what to read.
type Spec struct {
	// Prefixes are the partitions. Their positions do not overlap, unless
	// everything in them is of different groups; Ordered wants them ascending.
	Prefixes []kv.Key
	// Unique: a point has one row, the newest.
	Unique bool
	// Groups, if not nil, are the groups wanted, ascending.
	Groups []uint64
	// MinGroup and MaxGroup bound groups, both included.
	MinGroup, MaxGroup uint64
	// Lower and Upper bound positions, both included.
	Lower, Upper int64
	// Ordered: rows come by group and position; Reverse turns that round (and
	// makes a batch slow to assemble: it is for reading a few rows).
	Ordered, Reverse bool
	// Prune, if set, may exclude blocks by what their headers say of columns.
	Prune func(stats func(id uint32) *ColumnStats) bool
	// Last: of each group only the row with the highest position is wanted, and
	// the last of these if there are several. Others may be left out, and those
	// that come need not be the newest of their points.
	Last bool
	// Cache, if set, keeps what is read of runs.
	Cache *Cache
	// Name names the table in errors.
	Name string
}

// All is a Spec of everything in partitions.
func All(prefixes ...kv.Key) Spec {
	return Spec{Prefixes: prefixes, MaxGroup: math.MaxUint64, Lower: math.MinInt64, Upper: math.MaxInt64}
}

// touches reports whether rows of an extent may be wanted.
func (s *Spec) touches(e *extent) bool {
	if e.minPos > s.Upper || e.maxPos < s.Lower || e.minGroup > s.MaxGroup || e.maxGroup < s.MinGroup {
		return false
	}
	if s.Groups == nil {
		return true
	}
	i := s.firstGroup(e.minGroup)
	return i < len(s.Groups) && s.Groups[i] <= e.maxGroup
}

// firstGroup is the index of the first wanted group that is not below g.
func (s *Spec) firstGroup(g uint64) int {
	return sort.Search(len(s.Groups), func(i int) bool { return s.Groups[i] >= g })
}

// rowRange is a range of rows of a source.
type rowRange struct{ from, to int }

// ranges are the wanted rows of a source, in its order. With last only the last
// row of each group is.
func (s *Spec) ranges(src *source, e *extent, last bool) []rowRange {
	bounded := e.minPos < s.Lower || e.maxPos > s.Upper
	begin, end := 0, src.len()
	if e.minGroup < s.MinGroup {
		begin = lowerBound(src.groups, 0, end, s.MinGroup)
	}
	if e.maxGroup > s.MaxGroup {
		end = upperBound(src.groups, begin, end, s.MaxGroup)
	}
	if s.Groups == nil && !bounded && !last {
		if begin == end {
			return nil
		}
		return []rowRange{{begin, end}}
	}
	var out []rowRange
	next := 0
	for i := begin; i < end; {
		g := src.groups[i]
		if s.Groups != nil {
			for next < len(s.Groups) && s.Groups[next] < g {
				if next+16 < len(s.Groups) && s.Groups[next+16] < g {
					next = s.firstGroup(g)
					break
				}
				next++
			}
			if next == len(s.Groups) {
				break
			}
			if s.Groups[next] != g {
				i = lowerBound(src.groups, i, end, s.Groups[next])
				continue
			}
		}
		after := upperBound(src.groups, i, end, g)
		from, to := i, after
		if bounded {
			from = i + sort.Search(after-i, func(k int) bool { return src.positions[i+k] >= s.Lower })
			to = from + sort.Search(after-from, func(k int) bool { return src.positions[from+k] > s.Upper })
		}
		if last && from < to {
			from = to - 1
		}
		if n := len(out); from < to && n > 0 && out[n-1].to == from {
			out[n-1].to = to
		} else if from < to {
			out = append(out, rowRange{from, to})
		}
		i = after
	}
	return out
}

// lowerBound is the first i in [from, to) with groups[i] >= g: it gallops.
func lowerBound(groups []uint64, from, to int, g uint64) int {
	step := 1
	for from+step < to && groups[from+step] < g {
		step *= 2
	}
	end := min(from+step, to)
	return from + sort.Search(end-from, func(i int) bool { return groups[from+i] >= g })
}

// upperBound is the first i in [from, to) with groups[i] > g.
func upperBound(groups []uint64, from, to int, g uint64) int {
	step := 1
	for from+step < to && groups[from+step] <= g {
		step *= 2
	}
	end := min(from+step, to)
	return from + sort.Search(end-from, func(i int) bool { return groups[from+i] > g })
}

// reading is what the cursors of a scan share.
type reading struct {
	spec    *Spec
	reader  kv.Reader
	alloc   memory.Allocator
	figures *Figures
	last    bool // the spec's Last, where no operation may remove a last row
}
