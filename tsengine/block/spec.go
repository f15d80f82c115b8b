package block

import (
	"math"
	"slices"
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
	// Several are bits of groups: those with one of them may have several rows at a
	// point in spite of Unique.
	Several uint64
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
	// First is as Last, of the rows with the lowest position and the first of these.
	// They are asked for by one of both.
	First bool
	// Counted: the numbers of rows are not asked for but by LoadRows. Of blocks whose
	// rows are all wanted, and of which no column is asked for, the header is enough.
	Counted bool
	// Cache, if set, keeps what is read of runs.
	Cache *Cache
	// Storage tells tables apart whose columns share words in the cache.
	Storage uint64
	// Name names the table in errors.
	Name string
	// skip are groups that are read by other cursors of the same merge, ascending.
	skip []uint64
}

// All is a Spec of everything in partitions.
func All(prefixes ...kv.Key) Spec {
	return Spec{Prefixes: prefixes, MaxGroup: math.MaxUint64, Lower: math.MinInt64, Upper: math.MaxInt64}
}

// single reports whether a point of a group has one row, the newest.
func (s *Spec) single(group uint64) bool { return s.Unique && group&s.Several == 0 }

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

// whole reports whether all rows of an extent are wanted.
func (s *Spec) whole(e *extent) bool {
	return s.Groups == nil && e.minPos >= s.Lower && e.maxPos <= s.Upper && e.minGroup >= s.MinGroup && e.maxGroup <= s.MaxGroup
}

// rowRange is a range of rows of a source.
type rowRange struct{ from, to int }

// ranges are the wanted rows of a source, in its order. With end only the last
// row of each group is, or the first.
func (s *Spec) ranges(src *source, e *extent, end bool) []rowRange {
	bounded := e.minPos < s.Lower || e.maxPos > s.Upper
	if !end && s.whole(e) {
		return []rowRange{{0, src.len()}}
	}
	out := make([]rowRange, 0, s.rangesOf(src))
	first, past := 0, 0                               // where the group before began and ended to be wanted, as seen from its first row
	next := s.firstGroup(max(e.minGroup, s.MinGroup)) // of Groups
	for k := src.seek(0, s.MinGroup); k < len(src.heads); k++ {
		g := src.heads[k].group
		if s.Groups != nil {
			if next+1 < len(s.Groups) && s.Groups[next] < g {
				next++
			}
			if next < len(s.Groups) && s.Groups[next] < g {
				next = s.firstGroup(g)
			}
			if next == len(s.Groups) {
				break
			}
			if s.Groups[next] != g {
				k = src.seek(k, s.Groups[next]) - 1
				continue
			}
		}
		if g > s.MaxGroup {
			break
		}
		from, to := src.groupRows(k)
		if bounded {
			start := from
			from = src.after(k, start, to, s.Lower, start+first)
			if s.Upper != math.MaxInt64 {
				to = src.after(k, from, to, s.Upper+1, start+past)
			}
			first, past = from-start, to-start
		}
		switch {
		case !end || from >= to:
		case s.First:
			to = src.atOnce(from, to)
		default:
			from = src.backAtOnce(k, from, to)
		}
		if skip := s.skip; len(skip) > 0 && from < to {
			if _, found := slices.BinarySearch(skip, g); found {
				continue
			}
		}
		if n := len(out); from < to && n > 0 && out[n-1].to == from {
			out[n-1].to = to
		} else if from < to {
			out = append(out, rowRange{from, to})
		}
	}
	return out
}

// atOnce is the end of the rows, of a group's up to to, that have the position of the
// first one; several may be versions of a point, of which the last counts.
func (r *rowNumbers) atOnce(from, to int) int {
	n := from + 1
	for r.positions != nil && n < to && r.positions[n] == r.positions[from] {
		n++
	}
	return n
}

// backAtOnce is where the last rows of group number k begin, up to to: the last one, of a
// source with operations all that have its position, as the last one may remove another.
func (r *rowNumbers) backAtOnce(k, from, to int) int {
	n := to - 1
	for r.ops != nil && n > from && r.position(k, n-1) == r.position(k, n) {
		n--
	}
	return n
}

// rangesOf is how many ranges of a source there are at most.
func (s *Spec) rangesOf(src *source) int {
	if s.Groups != nil {
		return min(len(s.Groups), len(src.heads))
	}
	return len(src.heads)
}

// reading is what the cursors of a scan share.
type reading struct {
	spec    *Spec
	reader  kv.Reader
	alloc   memory.Allocator
	figures *Figures
	end     bool // the spec's Last or First, where no operation may remove such a row
	// alone: the numbers of rows are not needed to read one piece, of which nothing was removed.
	alone   bool
	scratch scratch
}
