package functions

import (
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// foldBytesAcc folds values of variable length into one.
type foldBytesAcc struct {
	vals  []types.Datum // NULL before the first
	f     func(a, b types.Datum) (types.Datum, error)
	bytes int64
}

func foldBytes(f func(a, b types.Datum) (types.Datum, error)) func() Accumulator {
	return func() Accumulator { return &foldBytesAcc{f: f} }
}

func (s *foldBytesAcc) Resize(n int) {
	for i := len(s.vals); i < n; i++ {
		s.vals = append(s.vals, types.Null)
	}
}

func (s *foldBytesAcc) Bytes() int64 { return int64(cap(s.vals))*40 + s.bytes }

func (s *foldBytesAcc) add(g uint32, v types.Datum) error {
	if s.vals[g].IsNull() {
		s.vals[g] = v.Clone()
		s.bytes += int64(len(v.S))
		return nil
	}
	before := len(s.vals[g].S)
	var err error
	s.vals[g], err = s.f(s.vals[g], v)
	s.bytes += int64(len(s.vals[g].S) - before)
	return err
}

func (s *foldBytesAcc) Update(_ *Context, groups []uint32, args []Value, n int) error {
	m := mask(args[0])
	return eachRow(groups, args[:1], n, func(g uint32, i int) error {
		return s.add(g, types.DatumAt(args[0].Array, i&m))
	})
}

func (s *foldBytesAcc) Merge(_ *Context, other Accumulator, from, to int) error {
	if v := other.(*foldBytesAcc).vals[from]; !v.IsNull() {
		return s.add(uint32(to), v)
	}
	return nil
}

func (s *foldBytesAcc) Append(_ *Context, group int, b array.Builder) error {
	types.AppendDatum(b, s.vals[group])
	return nil
}
