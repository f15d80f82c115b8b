package parser

import (
	"hash/maphash"
	"sync/atomic"
)

// Seen remembers which texts came lately, by their hashes alone. Caches ask it
// before they keep something: most texts of ad hoc statements never come again,
// and what is kept for them only costs the collector (the doorkeeper of
// TinyLFU, Einziger et al. 2017). Any number of goroutines may use it.
type Seen struct {
	seed  maphash.Seed
	slots [4096]atomic.Uint64 // each holds the hash that came last
}

// NewSeen makes an empty memory.
func NewSeen() *Seen { return &Seen{seed: maphash.MakeSeed()} }

// Again reports whether a text has come before, and remembers it. It may
// forget one that others pushed out.
func (s *Seen) Again(text string) bool {
	h := maphash.String(s.seed, text) | 1
	return s.slots[h>>32%uint64(len(s.slots))].Swap(h) == h
}
