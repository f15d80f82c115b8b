package block

import "testing"

// Counts that share a word do not run into each other.
func TestFrequencies(t *testing.T) {
	f := newFrequencies()
	for slot := range uint32(2 * countsPerWord) {
		for range slot {
			f.count(slot)
		}
	}
	check := func(halved uint32) {
		t.Helper()
		for slot := range uint32(2 * countsPerWord) {
			if got, want := f.of(slot), min(slot, maxFrequency)/halved; got != want {
				t.Errorf("slot %d was counted %d times, want %d", slot, got, want)
			}
		}
	}
	check(1)
	for range 3 {
		f.contest(3)
	}
	check(2)
}
