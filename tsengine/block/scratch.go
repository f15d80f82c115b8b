package block

// scratch is an allocator for arrays that live shortly, one after another, and that
// operators never see: what was freed is given out again, while it is still in the
// processor's cache. It is for one goroutine.
type scratch struct{ free [][]byte }

// maxScratch is how many free buffers are kept.
const maxScratch = 4

// Allocate implements memory.Allocator.
func (s *scratch) Allocate(size int) []byte {
	for i, b := range s.free {
		if cap(b) >= size {
			last := len(s.free) - 1
			s.free[i], s.free = s.free[last], s.free[:last]
			b = b[:size]
			clear(b)
			return b
		}
	}
	return goAlloc.Allocate(size)
}

// Reallocate implements memory.Allocator.
func (s *scratch) Reallocate(size int, b []byte) []byte {
	if cap(b) >= size {
		return b[:size]
	}
	out := s.Allocate(size)
	copy(out, b)
	s.Free(b)
	return out
}

// Free implements memory.Allocator.
func (s *scratch) Free(b []byte) {
	if len(s.free) < maxScratch {
		s.free = append(s.free, b)
	}
}
