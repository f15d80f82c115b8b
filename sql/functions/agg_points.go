package functions

import (
	"cmp"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// point is a value at a time, in microseconds.
type point struct {
	time  int64
	value float64
}

// points is an aggregate over points of (time, value) in the order of time, which the
// rows need not have. It keeps all points of a group: they are sorted at the end.
type points struct {
	lists [][]point
	bytes int64
	final func(pts []point) (types.Datum, error)
}

// pointAggregate registers an aggregate over a time and a value. final gets at least
// one point, sorted by time, of points with one time the first. With method the first
// argument is a text that is the same for all rows.
func pointAggregate(name, doc string, returns types.OID, final func(pts []point) (types.Datum, error)) bool {
	for _, oid := range []types.OID{types.Timestamptz, types.Timestamp} {
		register(Aggregate{
			Name: name, Args: typesOf(oids{oid, types.Float8}), Returns: types.Of(returns), SkipNulls: true, Params: params("ts", "value"), Doc: doc,
			New: func(*Context, Signature) Accumulator { return &points{final: final} },
		})
	}
	return true
}

// Resize implements Accumulator.
func (s *points) Resize(n int) { s.lists = grow(s.lists, n) }

// Bytes implements Accumulator.
func (s *points) Bytes() int64 { return int64(cap(s.lists))*24 + s.bytes }

// Update implements Accumulator.
func (s *points) Update(_ *Context, groups []uint32, args []Value, n int) error {
	t, v := fixedValues[int64](args[0].Array), fixedValues[float64](args[1].Array)
	tm, vm := mask(args[0]), mask(args[1])
	return eachRow(groups, args[:2], n, func(g uint32, i int) error {
		if types.IsTimestampInfinite(t[i&tm]) {
			return pgerror.New(pgerror.DatetimeValueOutOfRange, "the time of a point must be finite")
		}
		s.add(int(g), point{t[i&tm], v[i&vm]})
		return nil
	})
}

func (s *points) add(g int, pts ...point) {
	before := cap(s.lists[g])
	s.lists[g] = append(s.lists[g], pts...)
	s.bytes += 16 * int64(cap(s.lists[g])-before)
}

// Merge implements Accumulator.
func (s *points) Merge(_ *Context, other Accumulator, from, to int) error {
	s.add(to, other.(*points).lists[from]...)
	return nil
}

// Rows implements RowsAccumulator.
func (s *points) Rows(group int) int { return len(s.lists[group]) }

// AppendRows implements RowsAccumulator.
func (s *points) AppendRows(group int, to []array.Builder) {
	times, values := to[0].(*array.Int64Builder), to[1].(*array.Float64Builder)
	for _, p := range s.lists[group] {
		times.Append(p.time)
		values.Append(p.value)
	}
	s.bytes -= 16 * int64(cap(s.lists[group]))
	s.lists[group] = nil
}

// Append implements Accumulator.
func (s *points) Append(_ *Context, group int, b array.Builder) error {
	pts := s.lists[group]
	if len(pts) == 0 {
		b.AppendNull()
		return nil
	}
	byTime := func(a, b point) int { return cmp.Compare(a.time, b.time) }
	if !slices.IsSortedFunc(pts, byTime) {
		slices.SortStableFunc(pts, byTime)
	}
	pts = slices.CompactFunc(pts, func(a, b point) bool { return a.time == b.time })
	s.lists[group] = pts
	d, err := s.final(pts)
	if err != nil {
		return err
	}
	types.AppendDatum(b, d)
	return nil
}

// floatOrNull is a float, NULL for NaN that comes of a division by zero.
func floatOrNull(v float64, ok bool) (types.Datum, error) {
	if !ok || math.IsNaN(v) {
		return types.Null, nil
	}
	return types.NewFloat64(v), nil
}

func seconds(micros int64) float64 { return float64(micros) / types.MicrosPerSecond }
