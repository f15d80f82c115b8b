package functions

import (
	"github.com/tidemarkdb/tidemark/sql/types"
)

// candlestick is the way of a price over a while: the first, highest, lowest and last
// one, and the volume that was traded. Of prices of one time, or of equal highest or
// lowest ones, the earlier row counts.
type candlestick struct {
	open, high, low, close point
	// volume and turnover (price times volume) are unknown once a volume was NULL.
	hasVolume        bool
	volume, turnover float64
}

func candlestickOf(p point) candlestick {
	return candlestick{open: p, high: p, low: p, close: p}
}

func (c *candlestick) join(o *candlestick) error {
	if o.open.time < c.open.time {
		c.open = o.open
	}
	if o.close.time > c.close.time {
		c.close = o.close
	}
	if v, w := o.high.value, c.high.value; v > w || v == w && o.high.time < c.high.time {
		c.high = o.high
	}
	if v, w := o.low.value, c.low.value; v < w || v == w && o.low.time < c.low.time {
		c.low = o.low
	}
	c.hasVolume = c.hasVolume && o.hasVolume
	c.volume += o.volume
	c.turnover += o.turnover
	return nil
}

func (c *candlestick) datum() types.Datum {
	w := newSummary(candlestickSummary)
	for _, p := range []point{c.open, c.high, c.low, c.close} {
		w.int(p.time)
		w.float(p.value)
	}
	if !c.hasVolume {
		w.byte(0)
		return w.datum()
	}
	w.byte(1)
	w.float(c.volume)
	w.float(c.turnover)
	return w.datum()
}

func readCandlestick(r *summaryReader) (*candlestick, error) {
	c := &candlestick{}
	for _, p := range []*point{&c.open, &c.high, &c.low, &c.close} {
		p.time, p.value = r.int(), r.float()
	}
	if c.hasVolume = r.byte() == 1; c.hasVolume {
		c.volume, c.turnover = r.float(), r.float()
	}
	return c, r.end()
}

func newCandlesticks() *joined[candlestick] {
	return &joined[candlestick]{
		join: (*candlestick).join, datum: (*candlestick).datum, fixed: 88,
		update: func(s *joined[candlestick], groups []uint32, args []Value, n int) error {
			at, price, volume := fixedValues[int64](args[0].Array), fixedValues[float64](args[1].Array), args[2]
			tm, pm, vm := mask(args[0]), mask(args[1]), mask(volume)
			volumes := fixedValues[float64](volume.Array)
			return eachRow(groups, args[:2], n, func(g uint32, i int) error {
				row := candlestickOf(point{at[i&tm], price[i&pm]})
				if row.hasVolume = !volume.Array.IsNull(i & vm); row.hasVolume {
					row.volume = volumes[i&vm]
					row.turnover = row.volume * price[i&pm]
				}
				if s.states[g] == nil {
					s.states[g] = &row
					return nil
				}
				return s.states[g].join(&row)
			})
		},
	}
}

// candlestickExample is candlestick_agg of the prices 10, 12, 8, 11 at 00:00, 00:01, 00:02 and 00:04 with the volumes 1, 2, 3, 4.
const candlestickExample = `'\x4b010060e80a47ea0200000000000000244000e77b0e47ea02000000000000002840006e0f1247ea02000000000000002040007c361947ea020000000000000026400100000000000024400000000000805940'::bytea`

var _ = func() bool {
	for _, oid := range []types.OID{types.Timestamptz, types.Timestamp} {
		register(Aggregate{
			Name: "candlestick_agg", Args: typesOf(oids{oid, types.Float8, types.Float8}), Returns: types.Of(types.Bytea), Params: params("ts", "price", "volume"),
			Doc: "Sums up a price over time, for open, high, low, close, volume and vwap. With a volume that is NULL there is no volume.",
			New: func(*Context, Signature) Accumulator { return newCandlesticks() },
		})
	}
	register(Scalar{
		Name: "candlestick", Args: typesOf(oids{types.Timestamptz, types.Float8, types.Float8, types.Float8, types.Float8, types.Float8}), Returns: types.Of(types.Bytea),
		Volatility: Immutable, Params: params("ts", "open", "high", "low", "close", "volume"),
		Doc:      "Makes a candlestick of prices that are aggregated already; NULL if one of them is.",
		Examples: []Example{ex("vwap(candlestick('2026-01-01 00:00+00', 10, 12, 8, 11, 5))", "10.333333333333332")},
		Eval: func(_ *Context, args []types.Datum) (types.Datum, error) {
			for _, d := range args[:5] {
				if d.IsNull() {
					return types.Null, nil
				}
			}
			at := func(i int) point { return point{args[0].I, args[i].Float64()} }
			c := candlestick{open: at(1), high: at(2), low: at(3), close: at(4)}
			if c.hasVolume = !args[5].IsNull(); c.hasVolume {
				c.volume = args[5].Float64()
				c.turnover = c.volume * (c.high.value + c.low.value + c.close.value) / 3
			}
			return c.datum(), nil
		},
	})
	get := func(name, doc string, returns types.OID, want string, of func(c *candlestick) types.Datum) {
		summaryFunc(name, doc, returns, []summaryKind{candlestickSummary}, func(r *summaryReader) (types.Datum, error) {
			c, err := readCandlestick(r)
			if err != nil {
				return types.Null, err
			}
			return of(c), nil
		}, ex(name+"("+candlestickExample+")", want))
	}
	for _, p := range []struct {
		name, doc, price, time string
		of                     func(c *candlestick) point
	}{
		{"open", "first", "10", "00:00:00", func(c *candlestick) point { return c.open }},
		{"high", "highest", "12", "00:01:00", func(c *candlestick) point { return c.high }},
		{"low", "lowest", "8", "00:02:00", func(c *candlestick) point { return c.low }},
		{"close", "last", "11", "00:04:00", func(c *candlestick) point { return c.close }},
	} {
		get(p.name, "The "+p.doc+" price of a candlestick.", types.Float8, p.price, func(c *candlestick) types.Datum { return types.NewFloat64(p.of(c).value) })
		get(p.name+"_time", "The time of the "+p.doc+" price of a candlestick.", types.Timestamptz, "2026-01-01 "+p.time+"+00",
			func(c *candlestick) types.Datum { return types.NewInt8(p.of(c).time) })
	}
	get("volume", "The volume of a candlestick; NULL if it is not known.", types.Float8, "10", func(c *candlestick) types.Datum {
		if !c.hasVolume {
			return types.Null
		}
		return types.NewFloat64(c.volume)
	})
	get("vwap", "The mean price of a candlestick, weighted by volume; NULL without volume.", types.Float8, "10.2", func(c *candlestick) types.Datum {
		if !c.hasVolume || c.volume == 0 {
			return types.Null
		}
		return types.NewFloat64(c.turnover / c.volume)
	})
	return true
}()
