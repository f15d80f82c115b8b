package functions

import (
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

var (
	_ = register(Aggregate{
		Name: "array_agg", Args: typesOf(oids{types.AnyNonArray}), Returns: types.Of(types.AnyArray), OrderSensitive: true,
		Doc: "Collects all values, NULLs too, into an array.",
		New: func(_ *Context, t Signature) Accumulator { return newList(t, 0, true, arrayAgg) },
	})
	_ = register(Aggregate{
		Name: "array_agg", Args: typesOf(oids{types.AnyArray}), Returns: types.Of(types.AnyArray), OrderSensitive: true,
		Doc: "Collects arrays of equal dimensions into an array of one more dimension.",
		New: func(_ *Context, t Signature) Accumulator { return newList(t, 0, true, arrayAggArrays) },
	})

	_ = orderedSet("percentile_disc", "Computes the values whose positions reach the fractions.",
		oids{types.Float8Array, types.AnyElement}, types.AnyArray, percentiles(percentileDiscAt))
	_ = orderedSet("percentile_cont", "Computes the values at the fractions, interpolated between neighbours.",
		oids{types.Float8Array, types.Float8}, types.Float8Array, percentiles(percentileContAt))
	_ = orderedSet("percentile_cont", "Computes the interval at the fraction, interpolated between neighbours.",
		oids{types.Float8, types.Interval}, types.Interval, func(_ *Context, _ *listAcc, direct, vals []types.Datum) (types.Datum, error) {
			if direct[0].IsNull() {
				return types.Null, nil
			}
			return percentileInterval(direct[0].Float64(), vals)
		})
	_ = orderedSet("percentile_cont", "Computes the intervals at the fractions, interpolated between neighbours.",
		oids{types.Float8Array, types.Interval}, types.IntervalArray, percentiles(percentileInterval))
)

func arrayAgg(_ *Context, s *listAcc, _, vals []types.Datum) (types.Datum, error) {
	return types.BuildArray(s.sig.Args[0].OID, vals), nil
}

func arrayAggArrays(_ *Context, s *listAcc, _, vals []types.Datum) (types.Datum, error) {
	return StackArrays(s.sig.Args[0].Elem().OID, vals, CannotAccumulate)
}

// CannotAccumulate is StackArrays' error where arrays are collected.
func CannotAccumulate(reason string) error {
	switch reason {
	case "null":
		return pgerror.New(pgerror.NullValueNotAllowed, "cannot accumulate null arrays")
	case "empty":
		return pgerror.New(pgerror.ArraySubscriptError, "cannot accumulate empty arrays")
	}
	return pgerror.New(pgerror.ArraySubscriptError, "cannot accumulate arrays of different dimensionality")
}

// StackArrays makes an array of arrays of equal dimensions. fail makes the
// error for a "null" or "empty" one and for other "dimensions".
func StackArrays(elem types.OID, arrays []types.Datum, fail func(reason string) error) (types.Datum, error) {
	var dims []types.ArrayDim
	var vals []types.Datum
	for i, d := range arrays {
		if d.IsNull() {
			return types.Null, fail("null")
		}
		a := d.Array()
		if a.NDim() == 0 {
			return types.Null, fail("empty")
		}
		mine := a.Dims()
		if i == 0 {
			dims = append([]types.ArrayDim{{Length: len(arrays), Lower: 1}}, mine...)
		} else if len(mine) != len(dims)-1 {
			return types.Null, fail("dimensions")
		}
		for k := range mine {
			if mine[k] != dims[k+1] {
				return types.Null, fail("dimensions")
			}
		}
		vals = append(vals, a.Elements()...)
	}
	return types.BuildArrayDims(elem, vals, dims)
}

// percentiles answers an array of fractions with an array of results.
func percentiles(one func(p float64, vals []types.Datum) (types.Datum, error)) func(*Context, *listAcc, []types.Datum, []types.Datum) (types.Datum, error) {
	return func(_ *Context, s *listAcc, direct, vals []types.Datum) (types.Datum, error) {
		if direct[0].IsNull() {
			return types.Null, nil
		}
		ps := direct[0].Array()
		out := make([]types.Datum, 0, ps.Len())
		for _, p := range ps.All() {
			if p.IsNull() {
				out = append(out, types.Null)
				continue
			}
			d, err := one(p.Float64(), vals)
			if err != nil {
				return types.Null, err
			}
			out = append(out, d)
		}
		return types.BuildArrayDims(s.sig.Args[1].OID, out, ps.Dims())
	}
}

func percentileInterval(p float64, vals []types.Datum) (types.Datum, error) {
	if err := checkFraction(p); err != nil {
		return types.Null, err
	}
	pos := p * float64(len(vals)-1)
	k := int(pos)
	part := pos - float64(k)
	if part == 0 {
		return vals[k], nil
	}
	lo, hi := vals[k].Interval(), vals[k+1].Interval()
	span, err := hi.Sub(lo)
	if err != nil {
		return types.Null, err
	}
	if span, err = span.Mul(part); err != nil {
		return types.Null, err
	}
	v, err := lo.Add(span)
	if err != nil {
		return types.Null, err
	}
	return v.Datum(), nil
}
