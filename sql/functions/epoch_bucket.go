package functions

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// The planner puts these in the place of buckets that are spelled with numerics
// (rules/epoch_bucket.go), which they equal bit for bit.

// The names by which the planner knows them.
const (
	EpochFloorName = "epoch_floor" // floor(extract(epoch from ts) / width) * factor
	EpochRoundName = "epoch_round" // (extract(epoch from ts) / width)::bigint
	EpochValueName = "epoch_value" // epoch_floor's result as the numeric that it stands for
	EpochInt4Name  = "epoch_int4"  // extract(epoch from ts)::int4 / width
	EpochInt8Name  = "epoch_int8"  // extract(epoch from ts)::int8 / width
)

// The infinities of a timestamp as epoch_floor has them.
const epochInfinity, epochMinusInfinity = int64(math.MaxInt64), int64(math.MinInt64)

// farEpoch is from where on (in microseconds, either side) the quotient may have so many digits that
// numeric division rounds it: these are computed as numerics.
const farEpoch = int64(100_000_000_000) * 1_000_000

var _ = func() bool {
	for _, oid := range []types.OID{types.Timestamptz, types.Timestamp} {
		register(Scalar{
			Name: EpochFloorName, Args: typesOf(oids{oid, types.Int8, types.Int8}), Returns: types.Of(types.Int8), Strict: true, Hidden: true, Volatility: Immutable,
			Monotone: 1, Steps: epochSteps(epochFloorStep),
			Eval: func(_ *Context, args []types.Datum) (types.Datum, error) {
				v, err := epochFloor(args[0].Int(), args[1].Int(), args[2].Int())
				return types.NewInt8(v), err
			},
			Kernel: epochKernel(epochFloor),
		})
		register(Scalar{
			Name: EpochRoundName, Args: typesOf(oids{oid, types.Int8}), Returns: types.Of(types.Int8), Strict: true, Hidden: true, Volatility: Immutable,
			Monotone: 1, Steps: epochSteps(epochRoundStep),
			Eval: func(_ *Context, args []types.Datum) (types.Datum, error) {
				v, err := epochRound(args[0].Int(), args[1].Int(), 1)
				return types.NewInt8(v), err
			},
			Kernel: epochKernel(epochRound),
		})
		epochInts[int32](EpochInt4Name, oid, types.Int4)
		epochInts[int64](EpochInt8Name, oid, types.Int8)
	}
	register(Scalar{
		Name: EpochValueName, Args: typesOf(oids{types.Int8}), Returns: types.Of(types.Numeric), Strict: true, Hidden: true, Volatility: Immutable,
		Monotone: 1,
		Eval: func(_ *Context, args []types.Datum) (types.Datum, error) {
			switch v := args[0].Int(); v {
			case epochInfinity:
				return types.DecimalInf.Datum(), nil
			case epochMinusInfinity:
				return types.DecimalNegInf.Datum(), nil
			default:
				return types.DecimalFromInt(v).Datum(), nil
			}
		},
	})
	return true
}()

// epochKernel is the kernel of one of them; width and factor are constants in practice.
func epochKernel[T int32 | int64](f func(t, width, factor int64) (T, error)) Kernel {
	return func(c *Context, args []Value, n int) (arrow.Array, error) {
		m, all := strictNulls(c, n, args...)
		if all {
			return NullArray(c, physOf[T](), n), nil
		}
		var vals [3][]int64
		var masks [3]int
		vals[2] = []int64{1}
		for k, a := range args {
			vals[k], masks[k] = fixedValues[int64](a.Array), mask(a)
		}
		out := newOutput[T](c, n)
		err := eachValid(&m, n, func(i int) (err error) {
			out.vals[i], err = f(vals[0][i&masks[0]], vals[1][i&masks[1]], vals[2][i&masks[2]])
			return err
		})
		return out.finishOr(c, m, err)
	}
}

// epochQuotient is extract(epoch from t) / width as PostgreSQL computes it.
func epochQuotient(t, width int64) (types.Decimal, error) {
	p, _, err := timestampPart(types.Timestamp)(nil, unitEpoch, "", t)
	if err != nil {
		return types.Decimal{}, err
	}
	return p.numeric().Div(types.DecimalFromInt(width))
}

func epochFloor(t, width, factor int64) (int64, error) {
	switch {
	case t == types.TimestampInfinity:
		return epochInfinity, nil
	case t == types.TimestampNegInfinity:
		return epochMinusInfinity, nil
	case t > farEpoch || t < -farEpoch:
		q, err := epochQuotient(t, width)
		if err != nil {
			return 0, err
		}
		v, _ := q.Floor().Int64()
		return v * factor, nil
	}
	micros, unit := t+unixEpochMicros, width*1_000_000
	q := micros / unit
	if micros%unit < 0 {
		q--
	}
	return q * factor, nil
}

// epochRound rounds halves away from zero, as casts of numeric do.
func epochRound(t, width, _ int64) (int64, error) {
	if t > farEpoch || t < -farEpoch {
		q, err := epochQuotient(t, width)
		if err != nil {
			return 0, err
		}
		return q.ToInt(types.Int8)
	}
	micros, unit := t+unixEpochMicros, width*1_000_000
	half := unit / 2
	if micros < 0 {
		half = -half
	}
	return (micros + half) / unit, nil
}

// epochInts registers extract(epoch from ts)::oid / width.
func epochInts[T int32 | int64](name string, of, oid types.OID) {
	t := types.Of(oid)
	quotient := func(ts, width, _ int64) (T, error) {
		v, err := epochSeconds(ts, oid)
		return T(v / width), err
	}
	register(Scalar{
		Name: name, Args: typesOf(oids{of, types.Int8}), Returns: t, Strict: true, Hidden: true, Volatility: Immutable,
		Monotone: 1,
		Steps: epochSteps(func(ts, width, _ int64) (v, lo, hi int64, err error) {
			secs, err := epochSeconds(ts, oid)
			if err != nil || ts > farEpoch || ts < -farEpoch {
				return secs / width, 0, 0, err
			}
			// The quotient falls to zero; seconds are rounded, halves away from it.
			first, last := secs/width*width, secs/width*width
			if secs > -width {
				last += width - 1
			}
			if secs < width {
				first -= width - 1
			}
			lo, _ = roundedRange(first, types.MicrosPerSecond)
			_, hi = roundedRange(last, types.MicrosPerSecond)
			return secs / width, lo, hi, nil
		}),
		Eval: func(_ *Context, args []types.Datum) (types.Datum, error) {
			v, err := quotient(args[0].Int(), args[1].Int(), 1)
			return types.NewInt(t.Phys(), int64(v)), err
		},
		Kernel: epochKernel(quotient),
	})
}

// epochSeconds is extract(epoch from t) as an integer type.
func epochSeconds(t int64, oid types.OID) (int64, error) {
	const sure = math.MaxInt32 * types.MicrosPerSecond
	if t > sure-unixEpochMicros || t < -sure-unixEpochMicros {
		q, err := epochQuotient(t, 1)
		if err != nil {
			return 0, err
		}
		return q.ToInt(oid)
	}
	return epochRound(t, 1, 1)
}

// epochSteps are the Steps of one of the functions of a time, a width and perhaps a factor.
func epochSteps(step func(t, width, factor int64) (v, lo, hi int64, err error)) *Steps {
	return &Steps{Of: 1, At: func(_ *Context, args []types.Datum) (stepFunc, error) {
		width, factor := args[1].Int(), int64(1)
		if len(args) > 2 {
			factor = args[2].Int()
		}
		return func(t int64) (v, lo, hi int64, err error) { return step(t, width, factor) }, nil
	}}
}

func epochFloorStep(t, width, factor int64) (v, lo, hi int64, err error) {
	v, err = epochFloor(t, width, factor)
	if err != nil || t > farEpoch || t < -farEpoch {
		return v, 0, 0, err
	}
	lo = v/factor*width*types.MicrosPerSecond - unixEpochMicros
	return v, lo, lo + width*types.MicrosPerSecond, nil
}

func epochRoundStep(t, width, _ int64) (v, lo, hi int64, err error) {
	v, err = epochRound(t, width, 1)
	if err != nil || t > farEpoch || t < -farEpoch {
		return v, 0, 0, err
	}
	lo, hi = roundedRange(v, width*types.MicrosPerSecond)
	return v, lo, hi, nil
}

// roundedRange is the range of times whose distance to 1970 rounds to v units, halves
// away from zero.
func roundedRange(v, unit int64) (lo, hi int64) {
	lo, hi = v*unit-unit/2, v*unit+unit/2
	if v <= 0 {
		lo++
	}
	if v < 0 {
		hi++
	}
	return lo - unixEpochMicros, hi - unixEpochMicros
}
