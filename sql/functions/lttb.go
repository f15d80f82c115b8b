package functions

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// A timevector is points in the order of time as a summary; unnest yields them.

func timevectorDatum(pts []point) types.Datum {
	w := newSummary(timevectorSummary)
	w.count(uint64(len(pts)))
	for _, p := range pts {
		w.int(p.time)
		w.float(p.value)
	}
	return w.datum()
}

func readTimevector(r *summaryReader) (*[]point, error) {
	n := r.count()
	if n == 0 || n != uint64(len(r.b))/16 {
		r.bad = true
		return nil, r.end()
	}
	pts := make([]point, n)
	for i := range pts {
		pts[i] = point{r.int(), r.float()}
	}
	return &pts, r.end()
}

// joinTimevectors puts b behind a, which ends before it begins.
func joinTimevectors(a, b *[]point) error {
	if (*b)[0].time <= (*a)[len(*a)-1].time {
		return pgerror.New(pgerror.InvalidParameterValue, "cannot combine summaries with overlapping time ranges")
	}
	*a = append(*a, *b...)
	return nil
}

// downsample keeps n points that a line through them is seen by (Steinarsson,
// "Downsampling Time Series for Visual Representation", 2013: largest triangle three
// buckets): the first, the last, and of each of n - 2 buckets between them the point
// that makes the largest triangle with the one taken before and the mean of the next bucket.
func downsample(pts []point, n int) []point {
	if n < 3 || n >= len(pts) {
		if n < len(pts) {
			return []point{pts[0], pts[len(pts)-1]}[:min(n, 2)]
		}
		return pts
	}
	out := append(make([]point, 0, n), pts[0])
	every := float64(len(pts)-2) / float64(n-2)
	bound := func(i int) int { return min(int(float64(i)*every)+1, len(pts)-1) }
	at := func(p point) float64 { return float64(p.time - pts[0].time) }
	for i := range n - 2 {
		last := out[len(out)-1]
		from, to := bound(i), bound(i+1)
		next := pts[to:max(bound(i+2), to+1)]
		meanTime, meanValue := 0.0, 0.0
		for _, p := range next {
			meanTime += at(p) / float64(len(next))
			meanValue += p.value / float64(len(next))
		}
		best, largest := pts[from], -1.0
		for _, p := range pts[from:to] {
			area := math.Abs((at(last)-meanTime)*(p.value-last.value) - (at(last)-at(p))*(meanValue-last.value))
			if area > largest {
				best, largest = p, area
			}
		}
		out = append(out, best)
	}
	return append(out, pts[len(pts)-1])
}

var errResolution = pgerror.New(pgerror.InvalidParameterValue, "the resolution of lttb must be greater than 1")

// lttb is points with the number of those to be kept.
type lttb struct {
	points
	n int32
}

// Update implements Accumulator.
func (s *lttb) Update(c *Context, groups []uint32, args []Value, n int) error {
	sizes := fixedValues[int32](args[2].Array)
	m := mask(args[2])
	err := eachRow(nil, args[2:], n, func(_ uint32, i int) error {
		switch size := sizes[i&m]; {
		case size < 2:
			return errResolution
		case s.n != 0 && s.n != size:
			return pgerror.New(pgerror.InvalidParameterValue, "the resolution of lttb must not change between calls")
		default:
			s.n = size
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.points.Update(c, groups, args[:2], n)
}

// Merge implements Accumulator.
func (s *lttb) Merge(c *Context, other Accumulator, from, to int) error {
	o := other.(*lttb)
	s.n = max(s.n, o.n)
	return s.points.Merge(c, &o.points, from, to)
}

// AppendRows implements RowsAccumulator.
func (s *lttb) AppendRows(group int, to []array.Builder) {
	sizes := to[2].(*array.Int32Builder)
	for range s.lists[group] {
		sizes.Append(s.n)
	}
	s.points.AppendRows(group, to)
}

// timevectorExample is timevector of 1, 3, 2 and 8 at 00:00, 00:01, 00:02 and 00:03.
const timevectorExample = `'\x5601040060e80a47ea0200000000000000f03f00e77b0e47ea02000000000000000840006e0f1247ea0200000000000000004000f5a21547ea02000000000000002040'::bytea`

var _ = func() bool {
	pointAggregate("timevector", "Makes a timevector of points in the order of time, for unnest and lttb.", types.Bytea,
		func(pts []point) (types.Datum, error) { return timevectorDatum(pts), nil })
	for _, oid := range []types.OID{types.Timestamptz, types.Timestamp} {
		register(Aggregate{
			Name: "lttb", Args: typesOf(oids{oid, types.Float8, types.Int4}), Returns: types.Of(types.Bytea), SkipNulls: true, Params: params("ts", "value", "resolution"),
			Doc: "Keeps the points that a drawn line is seen by (largest triangle three buckets), as a timevector for unnest.",
			New: func(*Context, Signature) Accumulator {
				s := &lttb{}
				s.final = func(pts []point) (types.Datum, error) { return timevectorDatum(downsample(pts, int(s.n))), nil }
				return s
			},
		})
	}
	open := func(d types.Datum) ([]point, error) {
		r, err := readSummary(d, timevectorSummary)
		if err != nil {
			return nil, err
		}
		pts, err := readTimevector(r)
		if err != nil {
			return nil, err
		}
		return *pts, nil
	}
	register(Scalar{
		Name: "lttb", Args: typesOf(oids{types.Bytea, types.Int4}), Returns: types.Of(types.Bytea), Strict: true, Volatility: Immutable,
		Doc: "Keeps the points of a timevector that a drawn line is seen by.", Examples: []Example{ex("num_vals(lttb("+timevectorExample+", 3))", "3")},
		Eval: func(_ *Context, args []types.Datum) (types.Datum, error) {
			pts, err := open(args[0])
			if err != nil {
				return types.Null, err
			}
			if args[1].I < 2 {
				return types.Null, errResolution
			}
			return timevectorDatum(downsample(pts, int(args[1].I))), nil
		},
	})
	register(TableFunc{
		Name: "unnest", Args: typesOf(oids{types.Bytea}), Strict: true, Volatility: Immutable,
		Columns: []Column{column("time", types.Timestamptz), column("value", types.Float8)},
		Doc:     "The points of a timevector, one a row.", Examples: []Example{ex("* FROM unnest("+timevectorExample+") LIMIT 2", `2026-01-01 00:00:00+00|1\n2026-01-01 00:01:00+00|3`)},
		Open: func(_ *Context, _ Signature, args []types.Datum) (RowSource, error) {
			pts, err := open(args[0])
			if err != nil {
				return nil, err
			}
			row := make([]types.Datum, 2)
			return rowFunc(func(*Context) ([]types.Datum, error) {
				if len(pts) == 0 {
					return nil, nil
				}
				row[0], row[1] = types.NewInt8(pts[0].time), types.NewFloat64(pts[0].value)
				pts = pts[1:]
				return row, nil
			}), nil
		},
	})
	return true
}()
