package executor

import "testing"

// A filter has all that it was given, and few others until it is full.
func TestHashFilter(t *testing.T) {
	const first = 1000
	f := newHashFilter(first)
	hash := func(i int) uint64 { return hashWord(uint64(i)) }
	for i := range first * filterGrowth {
		f.add(hash(i))
	}
	others := 0
	for i := range first * filterGrowth {
		if !f.has(hash(i)) {
			t.Fatalf("hash %d is not there", i)
		}
		if f.has(hash(-1 - i)) {
			others++
		}
	}
	if others > first*filterGrowth/20 {
		t.Errorf("%d of %d others pass", others, first*filterGrowth)
	}
}
