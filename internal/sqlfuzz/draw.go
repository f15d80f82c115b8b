package sqlfuzz

import (
	"math/bits"

	"pgregory.net/rapid"
)

// draw makes choices. Each is made of single random bits, because rapid's own
// integers prefer small ones; all bits zero, to which rapid shrinks, is the
// first choice of a list and a "no".
type draw struct {
	t *rapid.T
}

var bit = rapid.Bool()

// intn returns a number in [0, n).
func (d draw) intn(n int) int {
	if n <= 1 {
		return 0
	}
	width := bits.Len(uint(n-1)) + 2
	v := 0
	for range width {
		v <<= 1
		if bit.Draw(d.t, "") {
			v |= 1
		}
	}
	return v * n >> width
}

// between returns a number in [lo, hi].
func (d draw) between(lo, hi int) int { return lo + d.intn(hi-lo+1) }

// chance is true in k of 16 cases.
func (d draw) chance(k int) bool {
	return d.intn(16) >= 16-k
}

// pick returns one of a list.
func pick[T any](d draw, list []T) T { return list[d.intn(len(list))] }

// oneOf returns one of its arguments.
func oneOf[T any](d draw, list ...T) T { return pick(d, list) }

// slice draws between lo and hi elements in a way that rapid can leave out
// single elements when it shrinks.
func slice[T any](d draw, lo, hi int, element func(draw) T) []T {
	one := rapid.Custom(func(t *rapid.T) T { return element(draw{t}) })
	return rapid.SliceOfN(one, lo, hi).Draw(d.t, "")
}
