package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// The garbage collector by itself lets the heap double before it runs: a large
// write buffer of one transaction would allow as much garbage beside it. The
// governor keeps the room for garbage at gcHeadroom once the heap is larger
// than that, down to gcLeast percent of it, below which collecting would cost
// more than the memory is worth.
const (
	gcHeadroom = 128 << 20
	gcLeast    = 20
	// A small heap would be collected all the time: it may grow by gcFloor at least,
	// but not by more than gcMost percent.
	gcFloor = 64 << 20
	gcMost  = 800
)

// governGC sets the collector's goal anew after each of its cycles, and its
// soft limit: what queries and caches may keep, and room to work. GOGC and
// GOMEMLIMIT of the environment are left alone.
func governGC(softLimit int64) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softLimit)
	}
	if os.Getenv("GOGC") == "" {
		g := &gcGovernor{percent: 100, sample: []metrics.Sample{{Name: "/gc/heap/live:bytes"}}}
		g.arm()
	}
}

type gcGovernor struct {
	percent int
	sample  []metrics.Sample
}

// arm has the governor called after the next cycle: the object it allocates is
// garbage by then.
func (g *gcGovernor) arm() {
	runtime.AddCleanup(new([16]byte), func(g *gcGovernor) {
		g.adjust()
		g.arm()
	}, g)
}

func (g *gcGovernor) adjust() {
	metrics.Read(g.sample)
	percent := gcPercent(g.sample[0].Value.Uint64())
	if d := percent - g.percent; d > 5 || d < -5 || percent == 100 && d != 0 {
		g.percent = percent
		debug.SetGCPercent(percent)
	}
}

// gcPercent is how much the heap may grow above its live bytes.
func gcPercent(live uint64) int {
	switch {
	case live < gcFloor:
		return int(min(gcMost, gcFloor*100/max(live, 1)))
	case live <= gcHeadroom:
		return 100
	}
	return max(gcLeast, int(gcHeadroom*100/live))
}
