package functions

import (
	"math"
	"sort"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func bucketError(format string, a ...any) error {
	return pgerror.New(pgerror.InvalidArgumentForWidthBucketFunction, format, a...)
}

func checkBucket(count int32, nan, inf, same bool) error {
	switch {
	case count <= 0:
		return bucketError("count must be greater than zero")
	case nan:
		return bucketError("operand, lower bound, and upper bound cannot be NaN")
	case inf:
		return bucketError("lower and upper bounds must be finite")
	case same:
		return bucketError("lower bound cannot equal upper bound")
	}
	return nil
}

func floatBucket(x, lo, hi float64, count int32) (int32, error) {
	nan := x != x || lo != lo || hi != hi
	if err := checkBucket(count, nan, isInf(lo) || isInf(hi), lo == hi); err != nil {
		return 0, err
	}
	before, after, width := x < lo, x >= hi, hi-lo
	dist := x - lo
	if lo > hi {
		before, after, width, dist = x > lo, x <= hi, lo-hi, lo-x
	}
	switch {
	case before:
		return 0, nil
	case after:
		if count == math.MaxInt32 {
			return 0, errIntegerRange
		}
		return count + 1, nil
	}
	r := float64(count) * (dist / width)
	if isInf(width) { // the bounds are far apart
		r = float64(count) * ((dist / 2) / (hi/2 - lo/2))
	}
	if r >= float64(count) {
		return count, nil
	}
	return int32(r) + 1, nil
}

func decimalBucket(x, lo, hi types.Decimal, count int32) (int32, error) {
	nan := x.IsNaN() || lo.IsNaN() || hi.IsNaN()
	if err := checkBucket(count, nan, lo.IsInf() || hi.IsInf(), !nan && lo.Cmp(hi) == 0); err != nil {
		return 0, err
	}
	if lo.Cmp(hi) > 0 {
		x, lo, hi = x.Neg(), lo.Neg(), hi.Neg()
	}
	switch {
	case x.Cmp(lo) < 0:
		return 0, nil
	case x.Cmp(hi) >= 0:
		if count == math.MaxInt32 {
			return 0, errIntegerRange
		}
		return count + 1, nil
	}
	dist, err := x.Sub(lo)
	if err != nil {
		return 0, err
	}
	width, err := hi.Sub(lo)
	if err != nil {
		return 0, err
	}
	if dist, err = dist.Mul(types.DecimalFromInt(int64(count))); err != nil {
		return 0, err
	}
	q, err := dist.DivTrunc(width)
	if err != nil {
		return 0, err
	}
	n, _ := q.Int64()
	return min(int32(n)+1, count), nil
}

var (
	_ = define("width_bucket(float8,float8,float8,int4)", "The number of the bucket of equal width that a value falls into.", fn4E(floatBucket),
		ex("width_bucket(5.35::float8, 0.024, 10.06, 5)", "3"))
	_ = define("width_bucket(numeric,numeric,numeric,int4)", "The number of the bucket of equal width that a value falls into.", fn4E(decimalBucket),
		ex("width_bucket(5.35, 0.024, 10.06, 5)", "3"))
	_ = define("width_bucket(anycompatible,anycompatiblearray)", "The number of the bucket that a value falls into, of lower bounds in order.",
		evalTyped(func(c *Context, t Signature, args []types.Datum) (types.Datum, error) {
			a := args[1].Array()
			switch {
			case a.NDim() > 1:
				return types.Null, pgerror.New(pgerror.ArraySubscriptError, "thresholds must be one-dimensional array")
			case a.HasNulls():
				return types.Null, pgerror.New(pgerror.NullValueNotAllowed, "thresholds array must not contain NULLs")
			}
			vals := a.Elements()
			elem := elemType(c, t.Args[1], a)
			return types.NewInt4(int32(sort.Search(len(vals), func(i int) bool { return types.Compare(elem, args[0], vals[i]) < 0 }))), nil
		}), ex("width_bucket(5, ARRAY[1, 3, 6])", "2"))
)
