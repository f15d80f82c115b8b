package executor

import "math/bits"

// hashFilter is a set of hashes that may say yes to one that it was not given
// (Bloom, CACM 13, 1970): four bits of one word for each, so that a look is one
// access to memory. Until it has expected times filterGrowth hashes about one
// in 50 of others passes; then ever more do.
type hashFilter struct {
	words []uint64
	shift int
}

const (
	// filterGrowth is how many times the rows written first a filter is made for.
	filterGrowth = 16
	// filterBits are the bits for each.
	filterBits = 12
	// maxFilterWords bounds a filter to 64 MiB.
	maxFilterWords = 8 << 20
)

// newHashFilter makes a filter where rows are the first of many more.
func newHashFilter(rows int) hashFilter {
	words := min(max(rows*filterGrowth*filterBits/64, 64), maxFilterWords)
	log := bits.Len(uint(words - 1))
	return hashFilter{words: make([]uint64, 1<<log), shift: 64 - log}
}

func (f *hashFilter) bytes() int64 { return 8 * int64(len(f.words)) }

func (f *hashFilter) add(hash uint64) {
	at, mask := f.place(hash)
	f.words[at] |= mask
}

func (f *hashFilter) has(hash uint64) bool {
	at, mask := f.place(hash)
	return f.words[at]&mask == mask
}

func (f *hashFilter) place(hash uint64) (at, mask uint64) {
	mask = 1<<(hash&63) | 1<<(hash>>6&63) | 1<<(hash>>12&63) | 1<<(hash>>18&63)
	return hashWord(hash) >> f.shift, mask
}
