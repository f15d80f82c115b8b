package statistics

import (
	"math"
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/types"
)

const (
	// sketchBits of a hash choose a register. 4096 of them make the standard error
	// 1.04 / 64, 1.6%.
	sketchBits = 12
	registers  = 1 << sketchBits
	// maxRank is the highest rank the other bits can have.
	maxRank = 64 - sketchBits + 1
)

// Sketch counts the distinct values of a column that is read whole: a
// HyperLogLog (Flajolet et al., 2007) of 64-bit hashes, whose estimate is right
// for few and for many values without a table of corrections (Ertl, "New
// cardinality estimation algorithms for HyperLogLog sketches", 2017, algorithm 6).
type Sketch struct {
	typ   types.Type
	ranks [registers]uint8
}

// NewSketch makes a sketch for values of a type, nil if these have no equality.
func NewSketch(typ types.Type) *Sketch {
	if !comparable(typ) {
		return nil
	}
	return &Sketch{typ: typ}
}

// Add adds the values of an array; NULLs do not count.
func (s *Sketch) Add(a arrow.Array) {
	switch a := a.(type) {
	case *array.Int64:
		addAll(s, a, a.Int64Values())
	case *array.Int32:
		addAll(s, a, a.Int32Values())
	case *array.Int16:
		addAll(s, a, a.Int16Values())
	case *array.Float64:
		for i, v := range a.Float64Values() {
			if a.IsValid(i) {
				s.add(types.HashFloat(v, 0))
			}
		}
	default:
		for i := range a.Len() {
			if a.IsValid(i) {
				s.add(types.Hash(s.typ, types.DatumAt(a, i), 0))
			}
		}
	}
}

func addAll[T int16 | int32 | int64](s *Sketch, a arrow.Array, values []T) {
	for i, v := range values {
		if a.IsValid(i) {
			s.add(types.HashInt(int64(v), 0))
		}
	}
}

// add takes a hash: its first bits choose the register, the zeros in front of the
// others are the rank. The finalizer of MurmurHash3 spreads what the hash leaves uneven.
func (s *Sketch) add(h uint64) {
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	h ^= h >> 33
	rank := uint8(bits.LeadingZeros64(h<<sketchBits|1<<(sketchBits-1)) + 1)
	if r := &s.ranks[h>>(64-sketchBits)]; *r < rank {
		*r = rank
	}
}

// Distinct estimates how many values were added.
func (s *Sketch) Distinct() float64 {
	var counts [maxRank + 1]float64
	for _, r := range s.ranks {
		counts[r]++
	}
	const m = registers
	z := m * tau(1-counts[maxRank]/m)
	for k := maxRank - 1; k >= 1; k-- {
		z = 0.5 * (z + counts[k])
	}
	z += m * sigma(counts[0]/m)
	return m * m / (2 * math.Ln2 * z)
}

// sigma is x + sum over k >= 1 of x^(2^k) * 2^(k-1): what the registers that nothing
// fell into add to the estimate's denominator.
func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	y, z := 1.0, x
	for {
		x *= x
		before := z
		z += x * y
		if y += y; z == before {
			return z
		}
	}
}

// tau is (1 - x - sum over k >= 1 of (1 - x^(2^-k))^2 * 2^-k) / 3: what the full
// registers add.
func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	y, z := 1.0, 1-x
	for {
		x = math.Sqrt(x)
		before := z
		y *= 0.5
		if z -= (1 - x) * (1 - x) * y; z == before {
			return z / 3
		}
	}
}
