package functions

import (
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// timeWeight is the integral of a value over time: between two points the value goes
// in a line, or with locf it stays as it was.
type timeWeight struct {
	locf        bool
	first, last point
	sum         float64 // value times microseconds
}

func newTimeWeight(pts []point, locf bool) *timeWeight {
	w := &timeWeight{locf: locf, first: pts[0], last: pts[0]}
	for _, p := range pts[1:] {
		w.step(p)
	}
	return w
}

func (w *timeWeight) step(p point) {
	height := w.last.value
	if !w.locf {
		height = (w.last.value + p.value) / 2
	}
	w.sum += height * float64(p.time-w.last.time)
	w.last = p
}

// join adds what lies behind.
func (w *timeWeight) join(o *timeWeight) error {
	if w.locf != o.locf {
		return pgerror.New(pgerror.InvalidParameterValue, "cannot combine time weights of different methods")
	}
	if o.first.time <= w.last.time {
		return pgerror.New(pgerror.InvalidParameterValue, "cannot combine summaries with overlapping time ranges")
	}
	w.step(o.first)
	w.sum += o.sum
	w.last = o.last
	return nil
}

// average is NULL for a single point, whose value had no time to last.
func (w *timeWeight) average() (types.Datum, error) {
	span := w.last.time - w.first.time
	return floatOrNull(w.sum/float64(span), span > 0)
}

func (w *timeWeight) datum() types.Datum {
	s := newSummary(weightSummary)
	s.byte(map[bool]byte{false: 'l', true: 'c'}[w.locf])
	for _, p := range []point{w.first, w.last} {
		s.int(p.time)
		s.float(p.value)
	}
	s.float(w.sum)
	return s.datum()
}

func readWeight(r *summaryReader) (*timeWeight, error) {
	w := &timeWeight{locf: r.byte() == 'c'}
	for _, p := range []*point{&w.first, &w.last} {
		p.time, p.value = r.int(), r.float()
	}
	w.sum = r.float()
	return w, r.end()
}

// weights is time_weight: points under a method.
type weights struct {
	points
	locf  bool
	known bool
}

var _ = func() bool {
	for _, oid := range []types.OID{types.Timestamptz, types.Timestamp} {
		register(Aggregate{
			Name: "time_weight", Args: typesOf(oids{types.Text, oid, types.Float8}), Returns: types.Of(types.Bytea), SkipNulls: true,
			Params: params("method", "ts", "value"),
			Doc:    "Sums up a value over time, for average and integral: the method is Linear, or LOCF for values that stay until the next.",
			New:    func(*Context, Signature) Accumulator { return newWeights() },
		})
	}
	pointAggregate("twa", "Gives the average of a value weighted by time: between two points the value goes in a line.", types.Float8,
		func(pts []point) (types.Datum, error) { return newTimeWeight(pts, false).average() })
	return true
}()

func newWeights() *weights {
	w := &weights{}
	w.final = func(pts []point) (types.Datum, error) { return newTimeWeight(pts, w.locf).datum(), nil }
	return w
}

// Update implements Accumulator.
func (s *weights) Update(c *Context, groups []uint32, args []Value, n int) error {
	err := eachRow(nil, args, n, func(_ uint32, i int) error {
		locf := false
		switch name := types.DatumAt(args[0].Array, i&mask(args[0])).S; strings.ToLower(name) {
		case "linear", "trapezoidal":
		case "locf":
			locf = true
		default:
			return pgerror.New(pgerror.InvalidParameterValue, "unknown method %q of time_weight", name).WithHint(`Use "Linear" or "LOCF".`)
		}
		if s.known && s.locf != locf {
			return pgerror.New(pgerror.InvalidParameterValue, "the method of time_weight must not change between calls")
		}
		s.locf, s.known = locf, true
		return nil
	})
	if err != nil {
		return err
	}
	return s.points.Update(c, groups, args[1:], n)
}

// Merge implements Accumulator.
func (s *weights) Merge(c *Context, other Accumulator, from, to int) error {
	o := other.(*weights)
	if o.known {
		s.locf, s.known = o.locf, true
	}
	return s.points.Merge(c, &o.points, from, to)
}

// Append implements Accumulator.
func (s *weights) Append(c *Context, group int, b array.Builder) error {
	return s.points.Append(c, group, b)
}

// weightExample is time_weight of 10 at 00:00, 20 at 00:01 and 0 at 00:03.
const weightExample = `'\x57016c0060e80a47ea0200000000000000244000f5a21547ea0200000000000000000000000040dd4adf41'::bytea`

var weightUnits = map[string]float64{
	"microsecond": 1, "millisecond": 1e3, "second": 1e6, "minute": 6e7, "hour": 3.6e9,
	"us": 1, "ms": 1e3, "s": 1e6, "m": 6e7, "h": 3.6e9, "day": 8.64e10, "d": 8.64e10,
}

var _ = func() bool {
	for _, name := range []string{"average", "average_val"} {
		kinds, doc := []summaryKind{weightSummary}, "The average of a value weighted by time; NULL of a single point."
		if name == "average" {
			kinds, doc = append(kinds, statsSummary), doc+" Of stats_agg: the mean."
		}
		summaryFunc(name, doc, types.Float8, kinds,
			func(r *summaryReader) (types.Datum, error) {
				if r.kind == statsSummary {
					s, err := readStats(r)
					if err != nil {
						return types.Null, err
					}
					return types.NewFloat64(s.x.mean()), nil
				}
				w, err := readWeight(r)
				if err != nil {
					return types.Null, err
				}
				return w.average()
			}, ex(name+"("+weightExample+")", "11.666666666666666"))
	}
	register(Scalar{
		Name: "integral", Args: typesOf(oids{types.Bytea, types.Text}), Defaults: 1, Returns: types.Of(types.Float8), Strict: true, Volatility: Immutable,
		Params: []Param{{"tws", ""}, {"unit", "'second'"}},
		Doc:    "The area under a value over time, in value times a unit: second, minute, hour, ...", Examples: []Example{ex("integral("+weightExample+", 'minute')", "35")},
		Eval: func(_ *Context, args []types.Datum) (types.Datum, error) {
			r, err := readSummary(args[0], weightSummary)
			if err != nil {
				return types.Null, err
			}
			w, err := readWeight(r)
			if err != nil {
				return types.Null, err
			}
			unit := "second"
			if len(args) > 1 {
				unit = strings.ToLower(args[1].S)
			}
			n := weightUnits[unit]
			if n == 0 {
				n = weightUnits[strings.TrimSuffix(unit, "s")]
			}
			if n == 0 {
				return types.Null, pgerror.New(pgerror.InvalidParameterValue, "unrecognized unit of time %q", args[1].S)
			}
			return types.NewFloat64(w.sum / n), nil
		},
	})
	// What the summaries of points have in common: their ends.
	kinds := append([]summaryKind{weightSummary}, counterKinds...)
	end := func(name, doc string, returns types.OID, want string, get func(first, last point) types.Datum) {
		summaryFunc(name, doc, returns, kinds, func(r *summaryReader) (types.Datum, error) {
			if r.kind == weightSummary {
				w, err := readWeight(r)
				if err != nil {
					return types.Null, err
				}
				return get(w.first, w.last), nil
			}
			c, err := readCounter(r)
			if err != nil {
				return types.Null, err
			}
			return get(c.first, c.last), nil
		}, ex(name+"("+weightExample+")", want))
	}
	end("first_val", "The first value of a summary.", types.Float8, "10", func(first, _ point) types.Datum { return types.NewFloat64(first.value) })
	end("last_val", "The last value of a summary.", types.Float8, "0", func(_, last point) types.Datum { return types.NewFloat64(last.value) })
	end("first_time", "The time of the first value of a summary.", types.Timestamptz, "2026-01-01 00:00:00+00", func(first, _ point) types.Datum { return types.NewInt8(first.time) })
	end("last_time", "The time of the last value of a summary.", types.Timestamptz, "2026-01-01 00:03:00+00", func(_, last point) types.Datum { return types.NewInt8(last.time) })
	return true
}()
