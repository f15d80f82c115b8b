package executor

import "math/bits"

// bitRows marks some of a growing sequence of rows, the first of which may be
// forgotten. A row takes a bit.
type bitRows struct {
	first int // row of the first bit, a multiple of 64
	words []uint64
}

// set marks row i, which is not forgotten.
func (b *bitRows) set(i int) {
	at := (i - b.first) >> 6
	for at >= len(b.words) {
		b.words = append(b.words, 0)
	}
	b.words[at] |= 1 << (i & 63)
}

func (b *bitRows) has(i int) bool {
	at := (i - b.first) >> 6
	return at < len(b.words) && b.words[at]>>(i&63)&1 == 1
}

// next is the first marked row from i on, or end if there is none before that.
func (b *bitRows) next(i, end int) int {
	at := (i - b.first) >> 6
	if at >= len(b.words) {
		return end
	}
	w := b.words[at] &^ (1<<(i&63) - 1)
	for w == 0 {
		at++
		if at >= len(b.words) || b.first+at<<6 >= end {
			return end
		}
		w = b.words[at]
	}
	return min(b.first+at<<6+bits.TrailingZeros64(w), end)
}

// prev is the last marked row up to i; there must be one.
func (b *bitRows) prev(i int) int {
	i = min(i, b.first+len(b.words)<<6-1)
	at := (i - b.first) >> 6
	w := b.words[at] << (63 - i&63)
	if w != 0 {
		return i - bits.LeadingZeros64(w)
	}
	for at--; b.words[at] == 0; at-- {
	}
	return b.first + at<<6 + 63 - bits.LeadingZeros64(b.words[at])
}

// forget drops rows before i, those that share a word with i excepted.
func (b *bitRows) forget(i int) {
	n := min((i-b.first)>>6, len(b.words))
	b.words = b.words[n:]
	b.first += n << 6
}

func (b *bitRows) bytes() int64 { return 8 * int64(cap(b.words)) }
