package functions

import (
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/types"
)

var (
	_ = stringAggregate(types.Text)
	_ = stringAggregate(types.Bytea)
)

func stringAggregate(oid types.OID) *Aggregate {
	return register(Aggregate{
		Name: "string_agg", Args: typesOf(oids{oid, oid}), Returns: types.Of(oid), OrderSensitive: true,
		Doc: "Joins the values that are not NULL, with the delimiter between them.",
		New: func(*Context, Signature) Accumulator { return &stringAcc{} },
	})
}

// stringAcc keeps each group's text with every delimiter, also the first one,
// which is cut off at the end: so that states can be merged.
type stringAcc struct {
	texts [][]byte
	skip  []int // length of the first delimiter
	seen  []bool
	bytes int64
}

func (s *stringAcc) Resize(n int) {
	s.texts, s.skip, s.seen = grow(s.texts, n), grow(s.skip, n), grow(s.seen, n)
}

func (s *stringAcc) Bytes() int64 { return int64(cap(s.texts))*40 + s.bytes }

func (s *stringAcc) Update(_ *Context, groups []uint32, args []Value, n int) error {
	vo, vd := bytesOf(args[0].Array)
	do, dd := bytesOf(args[1].Array)
	vm, dm := mask(args[0]), mask(args[1])
	return eachRow(groups, args[:1], n, func(g uint32, i int) error {
		var delimiter []byte
		if k := i & dm; args[1].Array.IsValid(k) {
			delimiter = dd[do[k]:do[k+1]]
		}
		k := i & vm
		s.add(g, delimiter, vd[vo[k]:vo[k+1]])
		return nil
	})
}

func (s *stringAcc) add(g uint32, delimiter, value []byte) {
	if !s.seen[g] {
		s.seen[g], s.skip[g] = true, len(delimiter)
	}
	before := cap(s.texts[g])
	s.texts[g] = append(append(s.texts[g], delimiter...), value...)
	s.bytes += int64(cap(s.texts[g]) - before)
}

func (s *stringAcc) Merge(_ *Context, other Accumulator, from, to int) error {
	if o := other.(*stringAcc); o.seen[from] {
		t := o.texts[from]
		s.add(uint32(to), t[:o.skip[from]], t[o.skip[from]:])
	}
	return nil
}

func (s *stringAcc) Append(_ *Context, group int, b array.Builder) error {
	if !s.seen[group] {
		b.AppendNull()
		return nil
	}
	types.AppendDatum(b, types.Datum{P: physOfBuilder(b), S: viewString(s.texts[group][s.skip[group]:])})
	return nil
}

// Rows implements RowsAccumulator.
func (s *stringAcc) Rows(group int) int {
	if s.seen[group] {
		return 1
	}
	return 0
}

// AppendRows implements RowsAccumulator: one row of all values behind the first
// delimiter makes the state again.
func (s *stringAcc) AppendRows(group int, to []array.Builder) {
	t, skip := s.texts[group], s.skip[group]
	if !s.seen[group] {
		return
	}
	for k, part := range [][]byte{t[skip:], t[:skip]} {
		types.AppendDatum(to[k], types.Datum{P: physOfBuilder(to[k]), S: viewString(part)})
	}
	s.bytes -= int64(cap(t))
	s.texts[group], s.skip[group], s.seen[group] = nil, 0, false
}

func physOfBuilder(b array.Builder) types.Phys {
	if _, ok := b.(*array.StringBuilder); ok {
		return types.PhysString
	}
	return types.PhysBinary
}
