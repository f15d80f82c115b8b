package functions

import (
	"math/bits"
	"math/rand/v2"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// RandomState is a session's generator for random(): xoroshiro128**, with
// PostgreSQL's seeding, so that setseed gives the same numbers.
type RandomState struct{ s0, s1 uint64 }

// RandomSession has the session's generator, for setseed to have an effect.
// Without it random() is seeded by chance.
type RandomSession interface {
	RandomState() *RandomState
}

// Seed is setseed.
func (r *RandomState) Seed(seed float64) {
	state := uint64(int64(float64(uint64(1)<<52-1) * seed))
	next := func() uint64 {
		state += 0x9e3779b97f4a7c15
		v := state
		v = (v ^ v>>30) * 0xbf58476d1ce4e5b9
		v = (v ^ v>>27) * 0x94d049bb133111eb
		return v ^ v>>31
	}
	r.s0, r.s1 = next(), next()
}

// Float64 gives the next number in [0, 1).
func (r *RandomState) Float64() float64 {
	if r.s0 == 0 && r.s1 == 0 {
		r.s0, r.s1 = rand.Uint64(), rand.Uint64()|1
	}
	s0, sx := r.s0, r.s1^r.s0
	v := bits.RotateLeft64(s0*5, 7) * 9
	r.s0 = bits.RotateLeft64(s0, 24) ^ sx ^ sx<<16
	r.s1 = bits.RotateLeft64(sx, 37)
	return float64(v>>12) / (1 << 52)
}

var (
	_ = define("random()", "A random number from 0 up to but not including 1.",
		fn0(func(c *Context) (float64, error) {
			if s, ok := c.Session.(RandomSession); ok {
				return s.RandomState().Float64(), nil
			}
			return rand.Float64(), nil
		}), ex("random() < 1", "t"))
	_ = define("setseed(float8)", "Makes random() give the same numbers after it; the seed is from -1 to 1.",
		evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
			seed := args[0].Float64()
			if !(seed >= -1 && seed <= 1) {
				return types.Null, pgerror.New(pgerror.InvalidParameterValue, "setseed parameter %s is out of allowed range [-1,1]",
					types.TextOf(types.Of(types.Float8), args[0], nil))
			}
			s, err := asSession[RandomSession](c, "setseed")
			if err != nil {
				return types.Null, err
			}
			s.RandomState().Seed(seed)
			return void, nil
		}), ex("setseed(0.5)", ""))
)
