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
			Monotone: 1,
			Eval: func(_ *Context, args []types.Datum) (types.Datum, error) {
				v, err := epochFloor(args[0].Int(), args[1].Int(), args[2].Int())
				return types.NewInt8(v), err
			},
			Kernel: epochKernel(epochFloor),
		})
		register(Scalar{
			Name: EpochRoundName, Args: typesOf(oids{oid, types.Int8}), Returns: types.Of(types.Int8), Strict: true, Hidden: true, Volatility: Immutable,
			Monotone: 1,
			Eval: func(_ *Context, args []types.Datum) (types.Datum, error) {
				v, err := epochRound(args[0].Int(), args[1].Int(), 1)
				return types.NewInt8(v), err
			},
			Kernel: epochKernel(epochRound),
		})
	}
	register(Scalar{
		Name: EpochValueName, Args: typesOf(oids{types.Int8}), Returns: types.Of(types.Numeric), Strict: true, Hidden: true, Volatility: Immutable,
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
func epochKernel(f func(t, width, factor int64) (int64, error)) Kernel {
	return func(c *Context, args []Value, n int) (arrow.Array, error) {
		m, all := strictNulls(c, n, args...)
		if all {
			return NullArray(c, types.PhysInt64, n), nil
		}
		var vals [3][]int64
		var masks [3]int
		vals[2] = []int64{1}
		for k, a := range args {
			vals[k], masks[k] = fixedValues[int64](a.Array), mask(a)
		}
		out := newOutput[int64](c, n)
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
