package functions

import (
	"maps"
	"math"
	"math/bits"
	"slices"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// hyperLogLog estimates how many different values there are (Flajolet and others, 2007),
// with the estimator of Ertl, "New cardinality estimation algorithms for HyperLogLog
// sketches", 2017, which needs no correction tables and is nearly exact for few values.
// A register has the greatest rank (leading zeros + 1) of the hashes that begin with its
// number. While few registers are set these lie in a map.
type hyperLogLog struct {
	bits   uint8 // of a hash that choose the register
	sparse map[uint32]uint8
	dense  []uint8
}

const (
	minRegisterBits     = 4
	maxRegisterBits     = 18
	defaultRegisterBits = 15
	// hllSeed and types.Hash decide what stored sketches mean: they never change.
	hllSeed = 0x7469646568797065
)

func newHyperLogLog(registerBits uint8) *hyperLogLog {
	return &hyperLogLog{bits: registerBits, sparse: map[uint32]uint8{}}
}

func (h *hyperLogLog) registers() int { return 1 << h.bits }

// add notes a hash, which must be spread evenly over all its bits.
func (h *hyperLogLog) add(hash uint64) {
	h.set(uint32(hash>>(64-h.bits)), uint8(bits.LeadingZeros64(hash<<h.bits|1<<(h.bits-1)))+1)
}

func (h *hyperLogLog) set(register uint32, rank uint8) {
	if h.dense != nil {
		h.dense[register] = max(h.dense[register], rank)
		return
	}
	if rank > h.sparse[register] {
		h.sparse[register] = rank
	}
	if len(h.sparse) > h.registers()/32 {
		h.dense = make([]uint8, h.registers())
		for i, r := range h.sparse {
			h.dense[i] = r
		}
		h.sparse = nil
	}
}

func (h *hyperLogLog) join(o *hyperLogLog) error {
	if h.bits != o.bits {
		return pgerror.New(pgerror.InvalidParameterValue, "cannot combine hyperloglogs of different sizes")
	}
	for i, r := range o.sparse {
		h.set(i, r)
	}
	for i, r := range o.dense {
		if r > 0 {
			h.set(uint32(i), r)
		}
	}
	return nil
}

// estimate is algorithm 6 of Ertl's paper, with the histogram of the registers.
func (h *hyperLogLog) estimate() int64 {
	m, q := float64(h.registers()), int(64-h.bits)
	counts := make([]float64, q+2)
	counts[0] = m - float64(len(h.sparse))
	for _, r := range h.sparse {
		counts[r]++
	}
	if h.dense != nil {
		counts[0] = 0
		for _, r := range h.dense {
			counts[r]++
		}
	}
	z := m * hllTau(1-counts[q+1]/m)
	for k := q; k >= 1; k-- {
		z = (z + counts[k]) / 2
	}
	z += m * hllSigma(counts[0]/m)
	return int64(math.Round(m * m / (2 * math.Ln2 * z)))
}

// hllSigma is x plus the sum of x^(2^k) * 2^(k-1).
func hllSigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	y, z := 1.0, x
	for before := -1.0; before != z; y += y {
		x *= x
		before = z
		z += x * y
	}
	return z
}

// hllTau is a third of (1 - x minus the sum of (1 - x^(2^-k))^2 * 2^-k).
func hllTau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	y, z := 1.0, 1-x
	for before := -1.0; before != z; {
		x = math.Sqrt(x)
		before = z
		y /= 2
		z -= (1 - x) * (1 - x) * y
	}
	return z / 3
}

func (h *hyperLogLog) datum() types.Datum {
	w := newSummary(hyperLogLogSummary)
	w.byte(h.bits)
	if h.dense != nil {
		w.byte(1)
		w.b = append(w.b, h.dense...)
		return w.datum()
	}
	w.byte(0)
	w.count(uint64(len(h.sparse)))
	for _, i := range slices.Sorted(maps.Keys(h.sparse)) {
		w.count(uint64(i))
		w.byte(h.sparse[i])
	}
	return w.datum()
}

func readHyperLogLog(r *summaryReader) (*hyperLogLog, error) {
	n := r.byte()
	if n < minRegisterBits || n > maxRegisterBits {
		r.bad = true
		return nil, r.end()
	}
	h := newHyperLogLog(n)
	most := 65 - n
	if r.byte() == 1 {
		if r.bad = len(r.b) != h.registers(); r.bad {
			return nil, r.end()
		}
		h.dense, h.sparse, r.b = []uint8(r.b), nil, ""
		r.bad = slices.Max(h.dense) > most
		return h, r.end()
	}
	for left := r.count(); left > 0 && !r.bad; left-- {
		i, rank := r.count(), r.byte()
		if i >= uint64(h.registers()) || rank > most {
			r.bad = true
			break
		}
		h.set(uint32(i), rank)
	}
	return h, r.end()
}

// newHyperLogLogs counts the values of the last argument; with two the first is the size.
func newHyperLogLogs(t Signature) *joined[hyperLogLog] {
	valueType := t.Args[len(t.Args)-1]
	return &joined[hyperLogLog]{
		join: (*hyperLogLog).join, datum: (*hyperLogLog).datum,
		size: func(h *hyperLogLog) int64 { return 64 + int64(len(h.dense)) + 16*int64(len(h.sparse)) },
		update: func(s *joined[hyperLogLog], groups []uint32, args []Value, n int) error {
			v := args[len(args)-1]
			m := mask(v)
			return eachRow(groups, args, n, func(g uint32, i int) error {
				want := uint8(defaultRegisterBits)
				if len(args) > 1 {
					size := fixedValues[int32](args[0].Array)[i&mask(args[0])]
					if size < 1<<minRegisterBits || size > 1<<maxRegisterBits {
						return pgerror.New(pgerror.InvalidParameterValue, "a hyperloglog has %d to %d buckets", 1<<minRegisterBits, 1<<maxRegisterBits)
					}
					want = uint8(bits.Len32(uint32(size) - 1))
				}
				if s.states[g] == nil {
					s.states[g] = newHyperLogLog(want)
				}
				if s.states[g].bits != want {
					return pgerror.New(pgerror.InvalidParameterValue, "the size of a hyperloglog must not change between calls")
				}
				s.states[g].add(types.Hash(valueType, types.DatumAt(v.Array, i&m), hllSeed))
				return nil
			})
		},
	}
}

// hyperLogLogExample is approx_count_distinct of the numbers from 1 to 3.
const hyperLogLogExample = `'\x48010f0003cd5701f86b01f6d10101'::bytea`

var _ = func() bool {
	register(Aggregate{
		Name: "hyperloglog", Args: typesOf(oids{types.Int4, types.AnyElement}), Returns: types.Of(types.Bytea), SkipNulls: true, Params: params("buckets", "value"),
		Doc: "Sketches the set of values, for distinct_count: with a number of buckets, of which the next power of two is taken.",
		New: func(_ *Context, t Signature) Accumulator { return newHyperLogLogs(t) },
	})
	register(Aggregate{
		Name: "approx_count_distinct", Args: typesOf(oids{types.AnyElement}), Returns: types.Of(types.Bytea), SkipNulls: true, Params: params("value"),
		Doc: "Sketches the set of values, for distinct_count: hyperloglog with 32768 buckets.",
		New: func(_ *Context, t Signature) Accumulator { return newHyperLogLogs(t) },
	})
	get := func(name, doc string, returns types.OID, want string, of func(h *hyperLogLog) types.Datum) {
		summaryFunc(name, doc, returns, []summaryKind{hyperLogLogSummary}, func(r *summaryReader) (types.Datum, error) {
			h, err := readHyperLogLog(r)
			if err != nil {
				return types.Null, err
			}
			return of(h), nil
		}, ex(name+"("+hyperLogLogExample+")", want))
	}
	get("distinct_count", "Estimates how many different values there were.", types.Int8, "3", func(h *hyperLogLog) types.Datum { return types.NewInt8(h.estimate()) })
	get("stderror", "The relative standard error of a hyperloglog: 1.04 by the root of its buckets.", types.Float8, "0.005745242597140698",
		func(h *hyperLogLog) types.Datum { return types.NewFloat64(1.04 / math.Sqrt(float64(h.registers()))) })
	return true
}()
