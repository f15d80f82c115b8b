package functions

import (
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

var _ = register(Aggregate{
	Name: "histogram", Args: typesOf(oids{types.Float8, types.Float8, types.Float8, types.Int4}), Returns: types.Of(types.Int4Array),
	SkipNulls: true, Params: params("value", "min", "max", "nbuckets"),
	Doc: "Counts the values in buckets of equal width from min to max, with one more bucket below and one above.",
	New: func(*Context, Signature) Accumulator { return &histogram{} },
})

// maxHistogram bounds the number of buckets, so that an array of them can be built.
const maxHistogram = 1 << 20

// histogram is the aggregate's states: counts of values by width_bucket.
type histogram struct {
	counts   [][]int32 // nbuckets + 2 of each group; nil before its first value
	low, top []float64
	bytes    int64
}

// Resize implements Accumulator.
func (s *histogram) Resize(n int) {
	s.counts, s.low, s.top = grow(s.counts, n), grow(s.low, n), grow(s.top, n)
}

// Bytes implements Accumulator.
func (s *histogram) Bytes() int64 { return int64(cap(s.counts))*40 + s.bytes }

// Update implements Accumulator.
func (s *histogram) Update(_ *Context, groups []uint32, args []Value, n int) error {
	v, low, top, buckets := fixedValues[float64](args[0].Array), fixedValues[float64](args[1].Array), fixedValues[float64](args[2].Array), fixedValues[int32](args[3].Array)
	vm, lm, tm, bm := mask(args[0]), mask(args[1]), mask(args[2]), mask(args[3])
	return eachRow(groups, args, n, func(g uint32, i int) error {
		if err := s.begin(g, low[i&lm], top[i&tm], buckets[i&bm]); err != nil {
			return err
		}
		at, err := floatBucket(v[i&vm], s.low[g], s.top[g], buckets[i&bm])
		if err != nil {
			return err
		}
		s.counts[g][at]++
		return nil
	})
}

// begin makes a group's buckets, or checks that they are still the same.
func (s *histogram) begin(g uint32, low, top float64, buckets int32) error {
	if s.counts[g] == nil {
		if buckets < 1 || buckets > maxHistogram {
			return pgerror.New(pgerror.InvalidArgumentForWidthBucketFunction, "number of buckets must be between 1 and %d", maxHistogram)
		}
		s.counts[g], s.low[g], s.top[g] = make([]int32, buckets+2), low, top
		s.bytes += int64(buckets+2) * 4
		return nil
	}
	if len(s.counts[g]) != int(buckets)+2 {
		return pgerror.New(pgerror.InvalidParameterValue, "number of buckets must not change between calls")
	}
	if s.low[g] != low || s.top[g] != top {
		return pgerror.New(pgerror.InvalidParameterValue, "min and max must not change between calls")
	}
	return nil
}

// Merge implements Accumulator.
func (s *histogram) Merge(_ *Context, other Accumulator, from, to int) error {
	o := other.(*histogram)
	if o.counts[from] == nil {
		return nil
	}
	if err := s.begin(uint32(to), o.low[from], o.top[from], int32(len(o.counts[from])-2)); err != nil {
		return err
	}
	for i, n := range o.counts[from] {
		s.counts[to][i] += n
	}
	return nil
}

// Append implements Accumulator.
func (s *histogram) Append(_ *Context, group int, b array.Builder) error {
	if s.counts[group] == nil {
		b.AppendNull()
		return nil
	}
	out := make([]types.Datum, len(s.counts[group]))
	for i, n := range s.counts[group] {
		out[i] = types.NewInt4(n)
	}
	types.AppendDatum(b, types.BuildArray(types.Int4, out))
	return nil
}
