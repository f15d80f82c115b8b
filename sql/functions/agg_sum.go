package functions

import (
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/types"
)

const (
	sumDoc = "Adds up the values that are not NULL."
	avgDoc = "Computes the average of the values that are not NULL."
)

var (
	_ = aggregate("sum", sumDoc, types.Int2, types.Int8, func() Accumulator { return &intSum[int16]{} })
	_ = aggregate("sum", sumDoc, types.Int4, types.Int8, func() Accumulator { return &intSum[int32]{} })
	_ = aggregate("sum", sumDoc, types.Int8, types.Numeric, func() Accumulator { return &wideSum{} })
	_ = aggregate("sum", sumDoc, types.Money, types.Money, func() Accumulator { return &intSum[int64]{} })
	_ = aggregate("sum", sumDoc, types.Float4, types.Float4, func() Accumulator { return &floatSum[float32]{} })
	_ = aggregate("sum", sumDoc, types.Float8, types.Float8, func() Accumulator { return &floatSum[float64]{} })
	_ = aggregate("sum", sumDoc, types.Numeric, types.Numeric, func() Accumulator { return &decimalSum{} })

	_ = aggregate("avg", avgDoc, types.Int2, types.Numeric, func() Accumulator { return &intSum[int16]{avg: true} })
	_ = aggregate("avg", avgDoc, types.Int4, types.Numeric, func() Accumulator { return &intSum[int32]{avg: true} })
	_ = aggregate("avg", avgDoc, types.Int8, types.Numeric, func() Accumulator { return &wideSum{avg: true} })
	_ = aggregate("avg", avgDoc, types.Numeric, types.Numeric, func() Accumulator { return &decimalSum{avg: true} })
)

// average is sum / count with PostgreSQL's result scale.
func average(sum types.Decimal, count int64) (types.Datum, error) {
	d, err := sum.Div(types.DecimalFromInt(count))
	if err != nil {
		return types.Null, err
	}
	return d.Datum(), nil
}

// intSum adds small integers in 64 bits.
type intSum[T signed] struct {
	sums, counts []int64
	avg          bool
}

func (s *intSum[T]) Resize(n int) { s.sums, s.counts = grow(s.sums, n), grow(s.counts, n) }

func (s *intSum[T]) Bytes() int64 { return int64(cap(s.sums)) * 16 }

func (s *intSum[T]) Update(_ *Context, groups []uint32, args []Value, n int) error {
	v := args[0]
	x := fixedValues[T](v.Array)
	if v.Const || v.Array.NullN() > 0 {
		m := mask(v)
		return eachRow(groups, args[:1], n, func(g uint32, i int) error {
			s.sums[g] += int64(x[i&m])
			s.counts[g]++
			return nil
		})
	}
	if groups == nil {
		s.addRun(0, x[:n])
		return nil
	}
	sums, counts := s.sums, s.counts
	groups, x = groups[:n], x[:n]
	for i, g := range groups {
		sums[g] += int64(x[i])
		counts[g]++
	}
	return nil
}

// addRun adds values of one group.
func (s *intSum[T]) addRun(g uint32, x []T) {
	var sum int64
	for _, y := range x {
		sum += int64(y)
	}
	s.sums[g] += sum
	s.counts[g] += int64(len(x))
}

// removeRun takes back values of one group.
func (s *intSum[T]) removeRun(g uint32, x []T) {
	for _, y := range x {
		s.sums[g] -= int64(y)
	}
	s.counts[g] -= int64(len(x))
}

func (s *intSum[T]) Merge(_ *Context, other Accumulator, from, to int) error {
	o := other.(*intSum[T])
	s.sums[to] += o.sums[from]
	s.counts[to] += o.counts[from]
	return nil
}

func (s *intSum[T]) Append(_ *Context, group int, b array.Builder) error {
	switch {
	case s.counts[group] == 0:
		b.AppendNull()
	case s.avg:
		d, err := average(types.DecimalFromInt(s.sums[group]), s.counts[group])
		if err != nil {
			return err
		}
		types.AppendDatum(b, d)
	default:
		b.(*array.Int64Builder).Append(s.sums[group])
	}
	return nil
}

// wideSum adds int8 in 128 bits, which 2^64 values cannot overflow.
type wideSum struct {
	hi     []int64
	lo     []uint64
	counts []int64
	avg    bool
}

func (s *wideSum) Resize(n int) {
	s.hi, s.lo, s.counts = grow(s.hi, n), grow(s.lo, n), grow(s.counts, n)
}

func (s *wideSum) Bytes() int64 { return int64(cap(s.hi)) * 24 }

func (s *wideSum) add(g uint32, v int64) {
	lo, carry := bits.Add64(s.lo[g], uint64(v), 0)
	s.lo[g] = lo
	s.hi[g] += v>>63 + int64(carry)
	s.counts[g]++
}

func (s *wideSum) Update(_ *Context, groups []uint32, args []Value, n int) error {
	v := args[0]
	x := fixedValues[int64](v.Array)
	if v.Const || v.Array.NullN() > 0 {
		m := mask(v)
		return eachRow(groups, args[:1], n, func(g uint32, i int) error {
			s.add(g, x[i&m])
			return nil
		})
	}
	if groups == nil {
		s.addRun(0, x[:n])
		return nil
	}
	for i, g := range groups[:n] {
		s.add(g, x[i])
	}
	return nil
}

// addRun adds values of one group.
func (s *wideSum) addRun(g uint32, x []int64) {
	hi, lo := s.hi[g], s.lo[g]
	for _, y := range x {
		var carry uint64
		lo, carry = bits.Add64(lo, uint64(y), 0)
		hi += y>>63 + int64(carry)
	}
	s.hi[g], s.lo[g] = hi, lo
	s.counts[g] += int64(len(x))
}

// removeRun takes back values of one group.
func (s *wideSum) removeRun(g uint32, x []int64) {
	for _, y := range x {
		lo, borrow := bits.Sub64(s.lo[g], uint64(y), 0)
		s.lo[g] = lo
		s.hi[g] -= y>>63 + int64(borrow)
	}
	s.counts[g] -= int64(len(x))
}

func (s *wideSum) Merge(_ *Context, other Accumulator, from, to int) error {
	o := other.(*wideSum)
	lo, carry := bits.Add64(s.lo[to], o.lo[from], 0)
	s.lo[to] = lo
	s.hi[to] += o.hi[from] + int64(carry)
	s.counts[to] += o.counts[from]
	return nil
}

func (s *wideSum) Append(_ *Context, group int, b array.Builder) error {
	if s.counts[group] == 0 {
		b.AppendNull()
		return nil
	}
	sum := decimalFrom128(s.hi[group], s.lo[group])
	if !s.avg {
		types.AppendDatum(b, sum.Datum())
		return nil
	}
	d, err := average(sum, s.counts[group])
	if err != nil {
		return err
	}
	types.AppendDatum(b, d)
	return nil
}

// floatSum adds floats in their own precision, as float4pl and float8pl do.
type floatSum[T float] struct {
	sums []T
	seen []bool
}

func (s *floatSum[T]) Resize(n int) { s.sums, s.seen = grow(s.sums, n), grow(s.seen, n) }

func (s *floatSum[T]) Bytes() int64 { return int64(cap(s.sums)) * 9 }

func (s *floatSum[T]) Update(_ *Context, groups []uint32, args []Value, n int) error {
	v := args[0]
	x := fixedValues[T](v.Array)
	m := mask(v)
	if groups == nil && n > 0 && !v.Const && v.Array.NullN() == 0 {
		return s.addRun(0, x[:n])
	}
	if groups != nil && v.Array.NullN() == 0 {
		for i, g := range groups[:n] {
			y := x[i&m]
			sum := s.sums[g] + y
			if sum-sum != 0 {
				if err := s.add(g, y); err != nil {
					return err
				}
				continue
			}
			s.sums[g], s.seen[g] = sum, true
		}
		return nil
	}
	return eachRow(groups, args[:1], n, func(g uint32, i int) error {
		return s.add(g, x[i&m])
	})
}

// addRun adds values of one group.
func (s *floatSum[T]) addRun(g uint32, x []T) error {
	sum := s.sums[g]
	inputInf := isInf(sum)
	for _, y := range x {
		sum += y
		if sum-sum != 0 {
			inputInf = inputInf || isInf(y)
			if _, err := checkFloat(sum, inputInf, true); err != nil {
				return err
			}
		}
	}
	s.sums[g], s.seen[g] = sum, true
	return nil
}

func (s *floatSum[T]) add(g uint32, v T) error {
	old := s.sums[g]
	sum := old + v
	s.sums[g], s.seen[g] = sum, true
	if sum-sum != 0 {
		_, err := checkFloat(sum, isInf(old) || isInf(v), true)
		return err
	}
	return nil
}

func (s *floatSum[T]) Merge(_ *Context, other Accumulator, from, to int) error {
	o := other.(*floatSum[T])
	if !o.seen[from] {
		return nil
	}
	return s.add(uint32(to), o.sums[from])
}

func (s *floatSum[T]) Append(_ *Context, group int, b array.Builder) error {
	if !s.seen[group] {
		b.AppendNull()
		return nil
	}
	types.AppendDatum(b, toDatum(s.sums[group]))
	return nil
}

// decimalSum is sum and avg of numeric.
type decimalSum struct {
	sums   []types.DecimalSum
	counts []int64
	avg    bool
}

func (s *decimalSum) Resize(n int) { s.sums, s.counts = grow(s.sums, n), grow(s.counts, n) }

func (s *decimalSum) Bytes() int64 { return int64(cap(s.sums)) * 80 }

func (s *decimalSum) Update(_ *Context, groups []uint32, args []Value, n int) error {
	offsets, data := bytesOf(args[0].Array)
	m := mask(args[0])
	return eachRow(groups, args[:1], n, func(g uint32, i int) error {
		i &= m
		s.sums[g].AddEncoded(viewString(data[offsets[i]:offsets[i+1]]))
		s.counts[g]++
		return nil
	})
}

func (s *decimalSum) Merge(_ *Context, other Accumulator, from, to int) error {
	o := other.(*decimalSum)
	s.sums[to].Merge(&o.sums[from])
	s.counts[to] += o.counts[from]
	return nil
}

func (s *decimalSum) Append(_ *Context, group int, b array.Builder) error {
	if s.counts[group] == 0 {
		b.AppendNull()
		return nil
	}
	sum, err := s.sums[group].Sum()
	if err != nil {
		return err
	}
	d := sum.Datum()
	if s.avg {
		if d, err = average(sum, s.counts[group]); err != nil {
			return err
		}
	}
	types.AppendDatum(b, d)
	return nil
}
