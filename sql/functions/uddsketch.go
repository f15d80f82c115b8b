package functions

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// sketch estimates percentiles of floats within a relative error: a UDDSketch (Epicoco
// and others, "UDDSketch: Accurate Tracking of Quantiles in Data Streams", 2020).
// Values are counted in buckets whose bounds grow by a factor gamma; when there are too
// many buckets each pair becomes one, which doubles the error about. Sketches of the same
// first error can be joined, in any order, to what one sketch of all values would be.
type sketch struct {
	most      uint64  // buckets, before they are joined
	initial   float64 // the error asked for
	collapses uint64
	err       float64 // now
	gamma     float64
	zero      uint64
	positive  map[int64]uint64 // bucket i holds gamma^(i-1) < v <= gamma^i
	negative  map[int64]uint64 // of the absolute value
	n         uint64
	sum       float64
}

func newSketch(most uint64, relative float64) *sketch {
	return &sketch{
		most: most, initial: relative, err: relative, gamma: (1 + relative) / (1 - relative),
		positive: map[int64]uint64{}, negative: map[int64]uint64{},
	}
}

func (s *sketch) bucket(v float64) int64 { return int64(math.Ceil(math.Log(v) / math.Log(s.gamma))) }

func (s *sketch) add(v float64) {
	s.n++
	s.sum += v
	switch {
	case v > 0:
		s.positive[s.bucket(v)]++
	case v < 0:
		s.negative[s.bucket(-v)]++
	default:
		s.zero++
	}
	for s.buckets() > s.most {
		s.collapse()
	}
}

func (s *sketch) buckets() uint64 {
	n := uint64(len(s.positive) + len(s.negative))
	if s.zero > 0 {
		n++
	}
	return n
}

// collapse joins buckets 2i-1 and 2i to bucket i.
func (s *sketch) collapse() {
	half := func(m map[int64]uint64) map[int64]uint64 {
		out := make(map[int64]uint64, len(m))
		for i, n := range m {
			if i > 0 {
				i++
			}
			out[i/2] += n
		}
		return out
	}
	s.positive, s.negative = half(s.positive), half(s.negative)
	s.collapses++
	s.err = 2 * s.err / (1 + s.err*s.err)
	s.gamma *= s.gamma
}

// join adds o's values; o may be collapsed by it.
func (s *sketch) join(o *sketch) error {
	if s.initial != o.initial {
		return pgerror.New(pgerror.InvalidParameterValue, "cannot combine percentile sketches of different errors")
	}
	for s.collapses < o.collapses {
		s.collapse()
	}
	for o.collapses < s.collapses {
		o.collapse()
	}
	for i, n := range o.positive {
		s.positive[i] += n
	}
	for i, n := range o.negative {
		s.negative[i] += n
	}
	s.zero += o.zero
	s.n += o.n
	s.sum += o.sum
	for s.buckets() > s.most {
		s.collapse()
	}
	return nil
}

// value is what a bucket of positive values stands for.
func (s *sketch) value(i int64) float64 { return (1 + s.err) * math.Pow(s.gamma, float64(i-1)) }

// each yields the buckets in the order of values until fn says false.
func (s *sketch) each(fn func(value float64, n uint64) bool) {
	for _, i := range slices.SortedFunc(maps.Keys(s.negative), func(a, b int64) int { return cmp.Compare(b, a) }) {
		if !fn(-s.value(i), s.negative[i]) {
			return
		}
	}
	if s.zero > 0 && !fn(0, s.zero) {
		return
	}
	for _, i := range slices.Sorted(maps.Keys(s.positive)) {
		if !fn(s.value(i), s.positive[i]) {
			return
		}
	}
}

// percentile estimates the value below which a part of all values lies.
func (s *sketch) percentile(part float64) float64 {
	left, out := uint64(float64(s.n)*part)+1, 0.0
	s.each(func(v float64, n uint64) bool {
		out = v
		if left <= n {
			return false
		}
		left -= n
		return true
	})
	return out
}

// rank estimates which part of all values lies below v.
func (s *sketch) rank(v float64) float64 {
	own := 0.0
	switch {
	case v > 0:
		own = s.value(s.bucket(v))
	case v < 0:
		own = -s.value(s.bucket(-v))
	}
	below := 0.0
	s.each(func(x float64, n uint64) bool {
		switch {
		case x < own:
			below += float64(n)
			return true
		case x == own:
			below += float64(n) / 2
		}
		return false
	})
	return below / float64(s.n)
}

func (s *sketch) datum() types.Datum {
	w := newSummary(percentileSummary)
	w.count(s.most)
	w.float(s.initial)
	w.count(s.collapses)
	w.count(s.n)
	w.float(s.sum)
	w.count(s.zero)
	for _, m := range []map[int64]uint64{s.negative, s.positive} {
		w.count(uint64(len(m)))
		for _, i := range slices.Sorted(maps.Keys(m)) {
			w.signed(i)
			w.count(m[i])
		}
	}
	return w.datum()
}

// The ranges of what uddsketch takes; a sketch that was read keeps to them too.
const (
	maxSketchBuckets = 1 << 20
	minSketchError   = 1e-12
	maxCollapses     = 64
)

func validSketch(most uint64, relative float64) bool {
	return most >= 1 && most <= maxSketchBuckets && relative >= minSketchError && relative < 1
}

func readSketch(r *summaryReader) (*sketch, error) {
	most, relative, collapses := r.count(), r.float(), r.count()
	if r.bad || !validSketch(most, relative) || collapses > maxCollapses {
		r.bad = true
		return nil, r.end()
	}
	s := newSketch(most, relative)
	for range collapses {
		s.collapse()
	}
	s.n, s.sum, s.zero = r.count(), r.float(), r.count()
	for _, m := range []map[int64]uint64{s.negative, s.positive} {
		for n := r.count(); n > 0 && !r.bad; n-- {
			i := r.signed()
			m[i] = r.count()
		}
	}
	return s, r.end()
}

// sketches is percentile_agg and uddsketch.
type sketches struct {
	most     uint64
	relative float64
	states   []*sketch
	args     int // before the value
}

// percentile_agg is uddsketch(200, 0.001, value).
var (
	_ = register(Aggregate{
		Name: "percentile_agg", Args: typesOf(oids{types.Float8}), Returns: types.Of(types.Bytea), SkipNulls: true, Params: params("value"),
		Doc: "Sketches the distribution of values, for approx_percentile: up to 200 buckets, with a relative error of 0.001 at first.",
		New: func(*Context, Signature) Accumulator { return &sketches{most: 200, relative: 0.001} },
	})
	_ = register(Aggregate{
		Name: "uddsketch", Args: typesOf(oids{types.Int4, types.Float8, types.Float8}), Returns: types.Of(types.Bytea), SkipNulls: true,
		Params: params("size", "max_error", "value"),
		Doc:    "Sketches the distribution of values, for approx_percentile: with a number of buckets and a relative error to begin with.",
		New:    func(*Context, Signature) Accumulator { return &sketches{args: 2} },
	})
)

// Resize implements Accumulator.
func (s *sketches) Resize(n int) { s.states = grow(s.states, n) }

// Bytes implements Accumulator.
func (s *sketches) Bytes() int64 {
	n := int64(cap(s.states)) * 8
	for _, x := range s.states {
		if x != nil {
			n += 128 + int64(x.buckets())*32
		}
	}
	return n
}

// Update implements Accumulator.
func (s *sketches) Update(_ *Context, groups []uint32, args []Value, n int) error {
	v := fixedValues[float64](args[s.args].Array)
	m := mask(args[s.args])
	return eachRow(groups, args, n, func(g uint32, i int) error {
		if s.args > 0 {
			if err := s.shape(args, i); err != nil {
				return err
			}
		}
		x := v[i&m]
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return pgerror.New(pgerror.InvalidParameterValue, "a percentile sketch takes finite values only")
		}
		if s.states[g] == nil {
			s.states[g] = newSketch(s.most, s.relative)
		}
		s.states[g].add(x)
		return nil
	})
}

// shape reads uddsketch's size and error.
func (s *sketches) shape(args []Value, i int) error {
	most := fixedValues[int32](args[0].Array)[i&mask(args[0])]
	relative := fixedValues[float64](args[1].Array)[i&mask(args[1])]
	switch {
	case most < 1 || !validSketch(uint64(most), relative):
		return pgerror.New(pgerror.InvalidParameterValue, "a percentile sketch has 1 to %d buckets and an error from %g to below 1", maxSketchBuckets, minSketchError)
	case s.most != 0 && (s.most != uint64(most) || s.relative != relative):
		return pgerror.New(pgerror.InvalidParameterValue, "size and error of a percentile sketch must not change between calls")
	}
	s.most, s.relative = uint64(most), relative
	return nil
}

// Merge implements Accumulator.
func (s *sketches) Merge(_ *Context, other Accumulator, from, to int) error {
	o := other.(*sketches)
	switch {
	case o.states[from] == nil:
		return nil
	case s.states[to] == nil:
		s.most, s.relative, s.states[to] = o.most, o.relative, o.states[from]
		return nil
	}
	return s.states[to].join(o.states[from])
}

// Append implements Accumulator.
func (s *sketches) Append(_ *Context, group int, b array.Builder) error {
	if s.states[group] == nil {
		b.AppendNull()
		return nil
	}
	types.AppendDatum(b, s.states[group].datum())
	return nil
}

// sketchExample is percentile_agg of the numbers from 1 to 10.
const sketchExample = `'\x5001c801fca9f1d24d62503f000a0000000000804b4000000a0001b60501cc0801ec0a01ca0c01800e019a0f01a01001961101801201'::bytea`

var _ = func() bool {
	summaryFunc("error", "The relative error of a percentile sketch.", types.Float8, []summaryKind{percentileSummary}, func(r *summaryReader) (types.Datum, error) {
		s, err := readSketch(r)
		if err != nil {
			return types.Null, err
		}
		return types.NewFloat64(s.err), nil
	}, ex("error("+sketchExample+")", "0.001"))
	return true
}()
