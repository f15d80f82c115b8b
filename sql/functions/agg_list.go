package functions

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// listAcc keeps all values of a group in the order they come in, and computes
// the result from the list: array_agg, json_agg, the ordered-set aggregates
// (whose input the executor sorts by WITHIN GROUP).
type listAcc struct {
	sig      Signature
	direct   int  // leading arguments that are the same for all rows
	keepNull bool // rows with a NULL in the first value stay
	rows     [][]types.Datum
	directs  [][]types.Datum
	width    int // values a row
	bytes    int64
	final    func(c *Context, s *listAcc, direct []types.Datum, vals []types.Datum) (types.Datum, error)
}

func newList(sig Signature, direct int, keepNull bool, final func(*Context, *listAcc, []types.Datum, []types.Datum) (types.Datum, error)) *listAcc {
	return &listAcc{sig: sig, direct: direct, keepNull: keepNull, width: len(sig.Args) - direct, final: final}
}

func (s *listAcc) Resize(n int) { s.rows, s.directs = grow(s.rows, n), grow(s.directs, n) }

func (s *listAcc) Bytes() int64 { return int64(cap(s.rows))*48 + s.bytes }

func (s *listAcc) Update(_ *Context, groups []uint32, args []Value, n int) error {
	for i := range n {
		g := groupOf(groups, i)
		if s.directs[g] == nil {
			for _, v := range args[:s.direct] {
				s.directs[g] = append(s.directs[g], types.DatumAt(v.Array, i&mask(v)).Clone())
			}
		}
		first := args[s.direct]
		if !s.keepNull && first.Array.IsNull(i&mask(first)) {
			continue
		}
		before := cap(s.rows[g])
		for _, v := range args[s.direct:] {
			d := types.DatumAt(v.Array, i&mask(v)).Clone()
			s.bytes += int64(len(d.S))
			s.rows[g] = append(s.rows[g], d)
		}
		s.bytes += 32 * int64(cap(s.rows[g])-before)
	}
	return nil
}

func (s *listAcc) Merge(_ *Context, other Accumulator, from, to int) error {
	o := other.(*listAcc)
	s.rows[to] = append(s.rows[to], o.rows[from]...)
	if s.directs[to] == nil {
		s.directs[to] = o.directs[from]
	}
	s.bytes += o.bytes
	return nil
}

func (s *listAcc) Append(c *Context, group int, b array.Builder) error {
	if len(s.rows[group]) == 0 {
		b.AppendNull()
		return nil
	}
	d, err := s.final(c, s, s.directs[group], s.rows[group])
	if err != nil {
		return err
	}
	types.AppendDatum(b, d)
	return nil
}

var (
	_ = orderedSet("percentile_disc", "Computes the first value whose position reaches the fraction.",
		oids{types.Float8, types.AnyElement}, types.AnyElement, percentileDisc)
	_ = orderedSet("percentile_cont", "Computes the value at the fraction, interpolated between neighbours.",
		oids{types.Float8, types.Float8}, types.Float8, percentileCont)
	_ = register(Aggregate{
		Name: "mode", Args: typesOf(oids{types.AnyElement}), Returns: types.Of(types.AnyElement), OrderedSet: true, OrderSensitive: true,
		Doc: "Computes the most frequent value; of several the first.",
		New: func(_ *Context, t Signature) Accumulator { return newList(t, 0, false, mode) },
	})
)

func orderedSet(name, doc string, args oids, returns types.OID, final func(*Context, *listAcc, []types.Datum, []types.Datum) (types.Datum, error)) *Aggregate {
	return register(Aggregate{
		Name: name, Args: typesOf(args), Returns: types.Of(returns), Direct: 1, OrderedSet: true, OrderSensitive: true, Doc: doc,
		New: func(_ *Context, t Signature) Accumulator { return newList(t, 1, false, final) },
	})
}

func checkFraction(p float64) error {
	if p < 0 || p > 1 || p != p {
		return pgerror.New(pgerror.NumericValueOutOfRange, "percentile value %s is not between 0 and 1", types.AppendText(nil, types.Of(types.Float8), types.NewFloat64(p), nil))
	}
	return nil
}

func percentileDisc(_ *Context, _ *listAcc, direct, vals []types.Datum) (types.Datum, error) {
	if direct[0].IsNull() {
		return types.Null, nil
	}
	return percentileDiscAt(direct[0].Float64(), vals)
}

func percentileDiscAt(p float64, vals []types.Datum) (types.Datum, error) {
	if err := checkFraction(p); err != nil {
		return types.Null, err
	}
	k := int(math.Ceil(p * float64(len(vals))))
	return vals[max(k-1, 0)], nil
}

func percentileCont(_ *Context, _ *listAcc, direct, vals []types.Datum) (types.Datum, error) {
	if direct[0].IsNull() {
		return types.Null, nil
	}
	return percentileContAt(direct[0].Float64(), vals)
}

func percentileContAt(p float64, vals []types.Datum) (types.Datum, error) {
	if err := checkFraction(p); err != nil {
		return types.Null, err
	}
	pos := p * float64(len(vals)-1)
	lo, hi := vals[int(math.Floor(pos))], vals[int(math.Ceil(pos))]
	if math.Floor(pos) == math.Ceil(pos) {
		return lo, nil
	}
	a, b := lo.Float64(), hi.Float64()
	return types.NewFloat64(a + (pos-math.Floor(pos))*(b-a)), nil
}

// mode takes the longest run of equal values of the sorted input.
func mode(_ *Context, s *listAcc, _, vals []types.Datum) (types.Datum, error) {
	best, bestRun, run := vals[0], 1, 1
	for i := 1; i < len(vals); i++ {
		if types.Compare(s.sig.Args[0], vals[i], vals[i-1]) != 0 {
			run = 0
		}
		if run++; run > bestRun {
			best, bestRun = vals[i], run
		}
	}
	return best, nil
}
