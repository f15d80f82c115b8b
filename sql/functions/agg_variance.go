package functions

import (
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// varianceAcc is the variance family of the exact types: sums of the values
// and of their squares, exact until the last division.
type varianceAcc[T any] struct {
	states  []exactMoments
	decimal func(v T) types.Decimal
	sample  bool
	root    bool
}

type exactMoments struct {
	sum, squares types.DecimalSum
	n            int64
	special      bool // a NaN or an infinity: the result is NaN
}

func (s *varianceAcc[T]) Resize(n int) { s.states = grow(s.states, n) }

func (s *varianceAcc[T]) Bytes() int64 { return int64(cap(s.states)) * 180 }

func (s *varianceAcc[T]) Update(_ *Context, groups []uint32, args []Value, n int) error {
	x := load[T](args[0].Array)
	m := mask(args[0])
	return eachRow(groups, args[:1], n, func(g uint32, i int) error {
		d := s.decimal(x[i&m])
		st := &s.states[g]
		st.n++
		if !d.IsFinite() {
			st.special = true
			return nil
		}
		sq, err := d.Mul(d)
		if err != nil {
			return err
		}
		st.sum.Add(d)
		st.squares.Add(sq)
		return nil
	})
}

func (s *varianceAcc[T]) Merge(_ *Context, other Accumulator, from, to int) error {
	o, st := &other.(*varianceAcc[T]).states[from], &s.states[to]
	st.sum.Merge(&o.sum)
	st.squares.Merge(&o.squares)
	st.n += o.n
	st.special = st.special || o.special
	return nil
}

func (s *varianceAcc[T]) Append(_ *Context, group int, b array.Builder) error {
	d, ok, err := s.result(&s.states[group])
	if err != nil {
		return err
	}
	if !ok {
		b.AppendNull()
		return nil
	}
	types.AppendDatum(b, d.Datum())
	return nil
}

// result is numeric_stddev_internal: (N sum(X^2) - sum(X)^2) / (N (N or N-1)).
func (s *varianceAcc[T]) result(st *exactMoments) (d types.Decimal, ok bool, err error) {
	least := int64(1)
	if s.sample {
		least = 2
	}
	if st.n < least {
		return d, false, nil
	}
	if st.special {
		return types.DecimalNaN, true, nil
	}
	sum, err := st.sum.Sum()
	if err != nil {
		return d, false, err
	}
	squares, err := st.squares.Sum()
	if err != nil {
		return d, false, err
	}
	n := types.DecimalFromInt(st.n)
	var num, den types.Decimal
	for _, step := range []func() error{
		func() (err error) { squares, err = squares.Mul(n); return err },
		func() (err error) { sum, err = sum.Mul(sum); return err },
		func() (err error) { num, err = squares.Sub(sum); return err },
		func() (err error) { den, err = n.Mul(types.DecimalFromInt(st.n - least + 1)); return err },
	} {
		if err := step(); err != nil {
			return d, false, err
		}
	}
	if num.Sign() <= 0 {
		return types.DecimalFromInt(0), true, nil
	}
	if d, err = num.Div(den); err == nil && s.root {
		scale := d.Scale()
		if d, err = d.Sqrt(); err == nil {
			d = d.Round(scale)
		}
	}
	return d, true, err
}

var (
	_ = exactVariance("var_pop", "Computes the population variance.", false, false)
	_ = exactVariance("var_samp", "Computes the sample variance.", true, false)
	_ = exactVariance("variance", "Computes the sample variance (var_samp).", true, false)
	_ = exactVariance("stddev_pop", "Computes the population standard deviation.", false, true)
	_ = exactVariance("stddev_samp", "Computes the sample standard deviation.", true, true)
	_ = exactVariance("stddev", "Computes the sample standard deviation (stddev_samp).", true, true)
)

func exactVariance(name, doc string, sample, root bool) *Aggregate {
	aggregate(name, doc, types.Int2, types.Numeric, func() Accumulator {
		return &varianceAcc[int16]{sample: sample, root: root, decimal: func(v int16) types.Decimal { return types.DecimalFromInt(int64(v)) }}
	})
	aggregate(name, doc, types.Int4, types.Numeric, func() Accumulator {
		return &varianceAcc[int32]{sample: sample, root: root, decimal: func(v int32) types.Decimal { return types.DecimalFromInt(int64(v)) }}
	})
	aggregate(name, doc, types.Int8, types.Numeric, func() Accumulator {
		return &varianceAcc[int64]{sample: sample, root: root, decimal: types.DecimalFromInt}
	})
	return aggregate(name, doc, types.Numeric, types.Numeric, func() Accumulator {
		return &varianceAcc[types.Decimal]{sample: sample, root: root, decimal: func(v types.Decimal) types.Decimal { return v }}
	})
}
