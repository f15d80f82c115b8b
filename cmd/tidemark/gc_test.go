package main

import "testing"

func TestGCPercent(t *testing.T) {
	for live, want := range map[uint64]int{0: gcMost, 10 << 20: 640, gcFloor: 100, gcHeadroom: 100, 2 * gcHeadroom: 50, 100 * gcHeadroom: gcLeast} {
		if got := gcPercent(live); got != want {
			t.Errorf("%d MB live: %d, want %d", live>>20, got, want)
		}
	}
}
