package functions

import (
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/types"
)

func init() {
	fold := func(f func(a, b types.Datum) (types.Datum, error)) func() Accumulator {
		return func() Accumulator { return &bitStringAcc{f: f} }
	}
	aggregate("bit_and", "Computes the bitwise AND of the bit strings that are not NULL.", types.Bit, types.Bit, fold(bitsAnd))
	aggregate("bit_or", "Computes the bitwise OR of the bit strings that are not NULL.", types.Bit, types.Bit, fold(bitsOr))
	aggregate("bit_xor", "Computes the bitwise exclusive OR of the bit strings that are not NULL.", types.Bit, types.Bit, fold(bitsXor))
}

// bitStringAcc folds bit strings, which all have to have one length.
type bitStringAcc struct {
	vals  []types.Datum // NULL before the first
	f     func(a, b types.Datum) (types.Datum, error)
	bytes int64
}

func (s *bitStringAcc) Resize(n int) {
	for i := len(s.vals); i < n; i++ {
		s.vals = append(s.vals, types.Null)
	}
}

func (s *bitStringAcc) Bytes() int64 { return int64(cap(s.vals))*40 + s.bytes }

func (s *bitStringAcc) add(g uint32, v types.Datum) error {
	if s.vals[g].IsNull() {
		s.vals[g] = v.Clone()
		s.bytes += int64(len(v.S))
		return nil
	}
	var err error
	s.vals[g], err = s.f(s.vals[g], v)
	return err
}

func (s *bitStringAcc) Update(_ *Context, groups []uint32, args []Value, n int) error {
	m := mask(args[0])
	return eachRow(groups, args[:1], n, func(g uint32, i int) error {
		return s.add(g, types.DatumAt(args[0].Array, i&m))
	})
}

func (s *bitStringAcc) Merge(_ *Context, other Accumulator, from, to int) error {
	if v := other.(*bitStringAcc).vals[from]; !v.IsNull() {
		return s.add(uint32(to), v)
	}
	return nil
}

func (s *bitStringAcc) Append(_ *Context, group int, b array.Builder) error {
	types.AppendDatum(b, s.vals[group])
	return nil
}
