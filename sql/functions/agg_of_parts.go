package functions

import (
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// Aggregates of what other aggregates made of parts of the rows. They are for
// plans only: SQL does not know them.
var (
	// CountOfParts adds up counts.
	CountOfParts = ofParts("count", func() Accumulator { return &countOfParts{} }, types.Int8, types.Int8)
	// SumOfParts adds up sums in 64 bits.
	SumOfParts = ofParts("sum", func() Accumulator { return &intSum[int64]{} }, types.Int8, types.Int8)
	// AverageOfParts divides the sum of sums by the sum of counts.
	AverageOfParts = ofParts("avg", func() Accumulator { return &averageOfParts{sums: &intSum[int64]{}} }, types.Numeric, types.Int8, types.Int8)
	// NumericAverageOfParts is AverageOfParts of numeric sums.
	NumericAverageOfParts = ofParts("avg", func() Accumulator { return &averageOfParts{sums: &decimalSum{}} }, types.Numeric, types.Numeric, types.Int8)
)

func ofParts(name string, make func() Accumulator, result types.OID, args ...types.OID) *Aggregate {
	return &Aggregate{
		Name: name, Args: typesOf(args), Returns: types.Of(result), SkipNulls: true,
		New: func(*Context, Signature) Accumulator { return make() },
	}
}

// Part is an aggregate of a part of the rows.
type Part struct {
	Fn  *Aggregate
	Sig Signature
}

// SplitAggregate divides an aggregate into parts, which have its arguments, and
// the aggregate that makes its result of the parts' results; ok is false if
// that cannot be done exactly (sums of floating-point numbers depend on the order).
func SplitAggregate(fn *Aggregate, sig Signature) (parts []Part, final *Aggregate, ok bool) {
	switch fn.Name {
	case "count":
		return []Part{{fn, sig}}, CountOfParts, true
	case "min", "max", "bool_and", "bool_or", "every", "bit_and", "bit_or":
		return []Part{{fn, sig}}, aggregateOf(fn.Name, sig.Returns.OID, fn), true
	case "sum", "avg":
		if len(sig.Args) == 1 && exactNumber(sig.Args[0].OID) {
			return splitSum(fn, sig)
		}
	}
	return nil, nil, false
}

func exactNumber(t types.OID) bool {
	return t == types.Int2 || t == types.Int4 || t == types.Int8 || t == types.Numeric
}

// splitSum divides a sum or an average.
func splitSum(fn *Aggregate, sig Signature) ([]Part, *Aggregate, bool) {
	if fn.Name == "sum" {
		if sig.Returns.OID == types.Int8 {
			return []Part{{fn, sig}}, SumOfParts, true
		}
		return []Part{{fn, sig}}, aggregateOf("sum", sig.Returns.OID, fn), true
	}
	sum, count := aggregateOf("sum", sig.Args[0].OID, nil), aggregateOf("count", types.Any, nil)
	parts := []Part{
		{sum, Signature{Args: sig.Args, Returns: sum.Returns}},
		{count, Signature{Args: sig.Args, Returns: count.Returns}},
	}
	if sum.Returns.OID == types.Int8 {
		return parts, AverageOfParts, true
	}
	return parts, NumericAverageOfParts, true
}

// aggregateOf returns the aggregate of a name with this one argument.
func aggregateOf(name string, arg types.OID, otherwise *Aggregate) *Aggregate {
	for _, f := range Aggregates(name) {
		if len(f.Args) == 1 && f.Args[0].OID == arg {
			return f
		}
	}
	return otherwise
}

// countOfParts is a sum of int8 that is 0 and not NULL without rows.
type countOfParts struct{ intSum[int64] }

func (s *countOfParts) Merge(c *Context, other Accumulator, from, to int) error {
	return s.intSum.Merge(c, &other.(*countOfParts).intSum, from, to)
}

func (s *countOfParts) Append(_ *Context, group int, b array.Builder) error {
	b.(*array.Int64Builder).Append(s.sums[group])
	return nil
}

// averageOfParts keeps sums and counts of values apart.
type averageOfParts struct {
	sums   Accumulator // an intSum or a decimalSum
	counts intSum[int64]
}

func (s *averageOfParts) Resize(n int) {
	s.sums.Resize(n)
	s.counts.Resize(n)
}

func (s *averageOfParts) Bytes() int64 { return s.sums.Bytes() + s.counts.Bytes() }

func (s *averageOfParts) Update(c *Context, groups []uint32, args []Value, n int) error {
	if err := s.sums.Update(c, groups, args[:1], n); err != nil {
		return err
	}
	return s.counts.Update(c, groups, args[1:], n)
}

func (s *averageOfParts) Merge(c *Context, other Accumulator, from, to int) error {
	o := other.(*averageOfParts)
	if err := s.sums.Merge(c, o.sums, from, to); err != nil {
		return err
	}
	return s.counts.Merge(c, &o.counts, from, to)
}

func (s *averageOfParts) Append(_ *Context, group int, b array.Builder) error {
	count := s.counts.sums[group]
	if count == 0 {
		b.AppendNull()
		return nil
	}
	sum, err := s.sum(group)
	if err != nil {
		return err
	}
	d, err := average(sum, count)
	if err != nil {
		return err
	}
	types.AppendDatum(b, d)
	return nil
}

func (s *averageOfParts) sum(group int) (types.Decimal, error) {
	if sums, ok := s.sums.(*decimalSum); ok {
		return sums.sums[group].Sum()
	}
	return types.DecimalFromInt(s.sums.(*intSum[int64]).sums[group]), nil
}
