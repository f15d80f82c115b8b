package block

import (
	"encoding/binary"
	"hash/maphash"
	"sync/atomic"
)

// frequencies are about how often parts of blocks were asked for lately, whether the cache
// has them or not: a count for each hash, as in TinyLFU's sketch (Einziger, Friedman,
// Manes, 2017) with one row. They are halved as often as all entries were contested once.
type frequencies struct {
	seed      maphash.Seed
	counts    [frequencySlots / countsPerWord]atomic.Uint32 // small, to stay in the processor's caches
	contested int
}

// A count has four bits.
const (
	frequencySlots = 1 << 16
	countsPerWord  = 8
	countBits      = 4
	maxFrequency   = 7 // where counting ends
	allCounts      = 0x77777777
)

func newFrequencies() *frequencies { return &frequencies{seed: maphash.MakeSeed()} }

// slot is the place of a part's count.
func (f *frequencies) slot(p *part) uint32 {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:], p.name.run)
	binary.LittleEndian.PutUint32(b[8:], p.number)
	binary.LittleEndian.PutUint32(b[12:], p.id)
	return uint32(maphash.Bytes(f.seed, b[:])^maphash.String(f.seed, p.name.prefix)) % frequencySlots
}

// count counts once more. Of two at once in one word one may get lost.
func (f *frequencies) count(slot uint32) {
	word, shift := &f.counts[slot/countsPerWord], slot%countsPerWord*countBits
	if w := word.Load(); w>>shift&maxFrequency < maxFrequency {
		word.Store(w + 1<<shift)
	}
}

func (f *frequencies) of(slot uint32) uint32 {
	return f.counts[slot/countsPerWord].Load() >> (slot % countsPerWord * countBits) & maxFrequency
}

// contest says that one of so many entries was to go; one goroutine at a time calls it.
func (f *frequencies) contest(entries int) {
	if f.contested++; f.contested < entries {
		return
	}
	f.contested = 0
	for i := range f.counts {
		f.counts[i].Store(f.counts[i].Load() >> 1 & allCounts)
	}
}
