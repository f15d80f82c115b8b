package functions

import (
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/types"
)

func init() {
	for _, arg := range []types.OID{types.AnyRange, types.AnyMultirange} {
		register(Aggregate{
			Name: "range_agg", Args: typesOf(oids{arg}), Returns: types.Of(types.AnyMultirange), SkipNulls: true,
			Doc: "Collects the ranges into a multirange.",
			New: func(_ *Context, t Signature) Accumulator {
				return &rangeAcc{oid: types.FindRange(t.Args[0].OID).Multirange}
			},
		})
	}
	aggregate("range_intersect_agg", "Computes the intersection of the ranges.", types.AnyRange, types.AnyRange, foldBytes(func(a, b types.Datum) (types.Datum, error) {
		x, y := types.DecodeRange(a.S), types.DecodeRange(b.S)
		r, err := x.Intersect(&y)
		return r.Datum(), err
	}))
	aggregate("range_intersect_agg", "Computes the intersection of the multiranges.", types.AnyMultirange, types.AnyMultirange, foldBytes(func(a, b types.Datum) (types.Datum, error) {
		x, y := types.DecodeMultirange(a.S), types.DecodeMultirange(b.S)
		m, err := x.Intersect(&y)
		return m.Datum(), err
	}))
}

// rangeAcc collects ranges, and joins those that touch whenever there are twice as
// many as after the last time.
type rangeAcc struct {
	oid    types.OID
	groups []rangeGroup
	bytes  int64
}

type rangeGroup struct {
	ranges []types.Range
	joined int // how many there were when they were joined last
	seen   bool
}

const rangeBytes = 128 // of a types.Range in memory

func (s *rangeAcc) Resize(n int) { s.groups = grow(s.groups, n) }

func (s *rangeAcc) Bytes() int64 { return int64(cap(s.groups))*40 + s.bytes }

func (s *rangeAcc) add(g *rangeGroup, ranges []types.Range) {
	g.seen = true
	s.bytes += int64(len(ranges)) * rangeBytes
	if g.ranges = append(g.ranges, ranges...); len(g.ranges) > 2*g.joined+64 {
		before := len(g.ranges)
		g.ranges = types.MakeMultirange(s.oid, g.ranges).Ranges
		g.joined = len(g.ranges)
		s.bytes -= int64(before-g.joined) * rangeBytes
	}
}

func (s *rangeAcc) Update(_ *Context, groups []uint32, args []Value, n int) error {
	m := mask(args[0])
	return eachRow(groups, args[:1], n, func(g uint32, i int) error {
		d := types.DatumAt(args[0].Array, i&m).Clone()
		s.add(&s.groups[g], types.DecodeRanges(d.S))
		return nil
	})
}

func (s *rangeAcc) Merge(_ *Context, other Accumulator, from, to int) error {
	if o := &other.(*rangeAcc).groups[from]; o.seen {
		s.add(&s.groups[to], o.ranges)
	}
	return nil
}

func (s *rangeAcc) Append(_ *Context, group int, b array.Builder) error {
	g := &s.groups[group]
	if !g.seen {
		b.AppendNull()
		return nil
	}
	m := types.MakeMultirange(s.oid, g.ranges)
	types.AppendDatum(b, m.Datum())
	return nil
}
