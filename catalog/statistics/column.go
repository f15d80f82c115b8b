package statistics

import (
	"math"
	"slices"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// DefaultTarget is default_statistics_target: how many common values and
// histogram groups are kept.
const DefaultTarget = 100

// MaxWidth is the size over which values only count as distinct ones: they
// would bloat the catalog and seldom repeat (analyze.c's WIDTH_THRESHOLD).
const MaxWidth = 1024

// value is a sampled value and its position among the sampled rows.
type value struct {
	datum types.Datum
	row   int
}

// run is a value with how often the sample has it; first is its place in the
// sorted values.
type run struct {
	first, count int
}

// Column makes the statistics of a column of type typ from the values of
// sampled rows, in the order of the table, of a table of total rows. A sketch
// of all values, if there is one, knows better how many are distinct. The
// result keeps values: they must not alias a buffer.
func Column(sample []types.Datum, all *Sketch, typ types.Type, total float64, target int) *catalog.ColumnStats {
	out := &catalog.ColumnStats{}
	if len(sample) == 0 {
		return out
	}
	values := make([]value, 0, len(sample))
	nulls, wide, bytes := 0, 0, 0
	for i, d := range sample {
		if d.IsNull() {
			nulls++
			continue
		}
		bytes += len(d.S)
		if len(d.S) > MaxWidth {
			wide++
			continue
		}
		values = append(values, value{d, i})
	}
	rows := float64(len(sample))
	out.NullFraction = float64(nulls) / rows
	present := len(sample) - nulls
	if present == 0 {
		return out
	}
	out.Width = width(typ, bytes, present)
	if !comparable(typ) || len(values) == 0 {
		if len(values) == 0 && wide > 0 {
			out.Distinct = -(1 - out.NullFraction)
		}
		return out
	}
	// By the row too: a stable sort is several times slower.
	slices.SortFunc(values, func(a, b value) int {
		if c := types.Compare(typ, a.datum, b.datum); c != 0 {
			return c
		}
		return a.row - b.row
	})
	runs := runsOf(values, typ)
	if out.Distinct = distinct(runs, present, wide, out.NullFraction, total); all != nil && rows < total {
		out.Distinct = relative(min(all.Distinct(), total*(1-out.NullFraction)), total)
	}
	s := columnSample{values: values, runs: runs, rows: rows, total: total, wide: wide, stats: out}
	s.mostCommon(target)
	if ordered(typ) {
		s.histogram(target)
		c := correlation(values)
		out.Correlation = &c
	}
	return out
}

// width is the mean width of a value in bytes.
func width(typ types.Type, bytes, present int) int32 {
	switch typ.Phys() {
	case types.PhysString, types.PhysBinary:
		return int32(bytes / present)
	case types.PhysBool:
		return 1
	case types.PhysInt16:
		return 2
	case types.PhysInt32, types.PhysUint32, types.PhysFloat32:
		return 4
	}
	return 8
}

// comparable reports whether the type has an equality.
func comparable(t types.Type) bool {
	switch t.OID {
	case types.JSON, types.XML, types.Point:
		return false
	}
	return true
}

// ordered reports whether types.Compare is the order of the type's operators,
// which for user-defined types (enums) it is not.
func ordered(t types.Type) bool { return types.Lookup(t.OID) != nil }

func runsOf(values []value, typ types.Type) []run {
	runs := make([]run, 0, len(values))
	for i := range values {
		if i > 0 && types.Compare(typ, values[i-1].datum, values[i].datum) == 0 {
			runs[len(runs)-1].count++
			continue
		}
		runs = append(runs, run{i, 1})
	}
	return runs
}

// abundant is the count from which on the estimator leaves a value out (the c
// of Duj2a in Haas et al., VLDB 1995).
const abundant = 50

// distinct estimates the distinct values of the table, negative for a part of
// its rows. Haas and Stokes, "Sampling-Based Estimation of the Number of
// Distinct Values of an Attribute": n*d / (n - f1 + f1*n/N) with f1 the values
// that the n sampled rows have once. Abundant values are surely known, and are
// counted apart: they say nothing of how often the others repeat, and with
// them a column that is half zeros and half unique seems to have few values.
func distinct(runs []run, present, wide int, nullFraction, total float64) float64 {
	n, d, f1 := float64(wide), float64(wide), float64(wide)
	known := 0.0
	for _, r := range runs {
		if r.count > abundant {
			known++
			continue
		}
		n += float64(r.count)
		d++
		if r.count == 1 {
			f1++
		}
	}
	if known == 0 && f1 == n {
		return -(1 - nullFraction) // every value differs
	}
	population := total * (1 - nullFraction) * n / float64(present)
	if f1 > 0 && population > n {
		d = math.Floor(min(max(n*d/(n-f1+f1*n/population), d), population) + 0.5)
	}
	return relative(known+d, total)
}

// relative is a number of distinct values as it is kept: many of them are
// expected to grow with the table.
func relative(distinct, total float64) float64 {
	if distinct > 0.1*total {
		return -distinct / total
	}
	return math.Round(distinct)
}

// columnSample is what the parts of a column's statistics are made from.
type columnSample struct {
	values      []value
	runs        []run
	rows, total float64 // of the sample and of the table
	wide        int
	stats       *catalog.ColumnStats
	// left are the runs that are not common values, in order.
	left []run
}

// mostCommon finds the common values: all, if the sample has few and none only
// once, else those that are clearly more frequent than the others.
func (s *columnSample) mostCommon(target int) {
	track := make([]run, 0, target)
	for _, r := range s.runs {
		if r.count > 1 {
			track = append(track, r)
		}
	}
	slices.SortStableFunc(track, func(a, b run) int { return b.count - a.count })
	complete := len(track) == len(s.runs) && s.wide == 0 && s.stats.Distinct > 0 && len(track) <= target
	if track = track[:min(len(track), target)]; !complete {
		track = track[:s.clearlyCommon(track)]
	}
	common := make(map[int]bool, len(track))
	for _, r := range track {
		common[r.first] = true
		s.stats.Common = append(s.stats.Common, s.values[r.first].datum)
		s.stats.Frequencies = append(s.stats.Frequencies, float64(r.count)/s.rows)
	}
	for _, r := range s.runs {
		if !common[r.first] {
			s.left = append(s.left, r)
		}
	}
}

// clearlyCommon is how many of the candidates to keep: the last is dropped
// while it is not more than two standard deviations (of the hypergeometric
// distribution) more frequent than the average of the values that are not
// kept (analyze_mcv_list).
func (s *columnSample) clearlyCommon(track []run) int {
	n, population := s.rows, s.total
	k := len(track)
	if n >= population || population <= 1 {
		return k
	}
	sum := 0.0
	for i := range max(k-1, 0) {
		sum += float64(track[i].count)
	}
	for k > 0 {
		others := min(max(1-sum/n-s.stats.NullFraction, 0), 1)
		if d := s.stats.DistinctCount(population) - float64(k-1); d > 1 {
			others /= d
		}
		count := float64(track[k-1].count)
		expected := population * count / n
		variance := n * expected * (population - expected) * (population - n) / (population * population * (population - 1))
		if count > others*n+2*math.Sqrt(max(variance, 0))+0.5 {
			break
		}
		if k--; k > 0 {
			sum -= float64(track[k-1].count)
		}
	}
	return k
}

// histogram divides the values that are not common ones into equal groups.
func (s *columnSample) histogram(target int) {
	bounds := min(len(s.left), target+1)
	if bounds < 2 {
		return
	}
	count := 0
	for _, r := range s.left {
		count += r.count
	}
	run, passed := 0, 0
	s.stats.Bounds = make(catalog.StatValues, 0, bounds)
	for i := range bounds {
		at := i * (count - 1) / (bounds - 1)
		for passed+s.left[run].count <= at {
			passed += s.left[run].count
			run++
		}
		s.stats.Bounds = append(s.stats.Bounds, s.values[s.left[run].first].datum)
	}
}

// correlation is Pearson's between the positions of the values in the table and
// in sorted order: sums of 0..n-1 and of their squares are known.
func correlation(values []value) float64 {
	n := float64(len(values))
	if n < 2 {
		return 1
	}
	rank := make([]int, len(values))
	for i := range rank {
		rank[i] = i
	}
	slices.SortFunc(rank, func(a, b int) int { return values[a].row - values[b].row })
	xy := 0.0
	for at, sorted := range rank {
		xy += float64(at) * float64(sorted)
	}
	x := n * (n - 1) / 2
	x2 := n * (n - 1) * (2*n - 1) / 6
	return min(max((n*xy-x*x)/(n*x2-x*x), -1), 1)
}
