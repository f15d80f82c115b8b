package tsengine

import (
	"bytes"
	"slices"

	"github.com/zeebo/xxh3"
)

// tagValueSet numbers the different values of a tag as they come: a hash table with linear
// probing over bytes that lie one after another, so that a million values are neither a
// million objects nor anything that the garbage collector looks at.
type tagValueSet struct {
	data  []byte
	ends  []uint32 // of each value in data, which stays below 4 GiB
	slots []uint32 // numbers and 1; 0 is free. Invariant: half of them are.
}

// number is that of a value; added says that it is a new one.
func (s *tagValueSet) number(v []byte) (n uint32, added bool) {
	if 2*(len(s.ends)+1) > len(s.slots) {
		s.grow()
	}
	at := s.slot(v)
	if n := s.slots[at]; n > 0 {
		return n - 1, false
	}
	s.data = append(s.data, v...)
	s.ends = append(s.ends, uint32(len(s.data)))
	s.slots[at] = uint32(len(s.ends))
	return uint32(len(s.ends)) - 1, true
}

// slot is where a value is, or is to be put.
func (s *tagValueSet) slot(v []byte) uint64 {
	mask := uint64(len(s.slots) - 1)
	for at := xxh3.Hash(v) & mask; ; at = (at + 1) & mask {
		if n := s.slots[at]; n == 0 || bytes.Equal(s.value(n-1), v) {
			return at
		}
	}
}

func (s *tagValueSet) value(n uint32) []byte {
	from := uint32(0)
	if n > 0 {
		from = s.ends[n-1]
	}
	return s.data[from:s.ends[n]]
}

func (s *tagValueSet) grow() {
	s.slots = make([]uint32, max(64, 2*len(s.slots)))
	for n := range s.ends {
		s.slots[s.slot(s.value(uint32(n)))] = uint32(n) + 1
	}
}

// find is the number of a value; ok is false if it is not there.
func (s *tagValueSet) find(v []byte) (n uint32, ok bool) {
	if len(s.slots) == 0 {
		return 0, false
	}
	n = s.slots[s.slot(v)]
	return n - 1, n > 0
}

// len is how many values there are.
func (s *tagValueSet) len() int { return len(s.ends) }

// trim gives back the room that values were expected in.
func (s *tagValueSet) trim() { s.data, s.ends = slices.Clone(s.data), slices.Clone(s.ends) }

// bytes is what it takes.
func (s *tagValueSet) bytes() int64 {
	return int64(cap(s.data) + 4*cap(s.ends) + 4*cap(s.slots))
}
