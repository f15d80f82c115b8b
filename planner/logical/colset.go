package logical

import (
	"math/bits"

	"github.com/tidemarkdb/tidemark/sql/expr"
)

// ColSet is a set of column ids. The zero value is empty. A ColSet must not be
// copied by assignment and then changed; use Clone.
type ColSet struct {
	lo uint64 // ids below 64
	hi []uint64
}

// Add puts an id into the set.
func (s *ColSet) Add(id expr.ColumnID) {
	if id < 64 {
		s.lo |= 1 << uint(id)
		return
	}
	w := int(id)/64 - 1
	for len(s.hi) <= w {
		s.hi = append(s.hi, 0)
	}
	s.hi[w] |= 1 << (uint(id) % 64)
}

// Remove takes an id out of the set.
func (s *ColSet) Remove(id expr.ColumnID) {
	if id < 64 {
		s.lo &^= 1 << uint(id)
		return
	}
	if w := int(id)/64 - 1; w < len(s.hi) {
		s.hi[w] &^= 1 << (uint(id) % 64)
	}
}

// Has reports whether an id is in the set.
func (s *ColSet) Has(id expr.ColumnID) bool {
	if id < 64 {
		return s.lo&(1<<uint(id)) != 0
	}
	w := int(id)/64 - 1
	return w < len(s.hi) && s.hi[w]&(1<<(uint(id)%64)) != 0
}

// AddAll puts ids into the set.
func (s *ColSet) AddAll(ids []expr.ColumnID) {
	for _, id := range ids {
		s.Add(id)
	}
}

// Union puts all of o into the set.
func (s *ColSet) Union(o *ColSet) {
	s.lo |= o.lo
	for len(s.hi) < len(o.hi) {
		s.hi = append(s.hi, 0)
	}
	for i, w := range o.hi {
		s.hi[i] |= w
	}
}

// Subtract takes all of o out of the set.
func (s *ColSet) Subtract(o *ColSet) {
	s.lo &^= o.lo
	for i := range min(len(s.hi), len(o.hi)) {
		s.hi[i] &^= o.hi[i]
	}
}

// Intersects reports whether the sets have an id in common.
func (s *ColSet) Intersects(o *ColSet) bool {
	if s.lo&o.lo != 0 {
		return true
	}
	for i := range min(len(s.hi), len(o.hi)) {
		if s.hi[i]&o.hi[i] != 0 {
			return true
		}
	}
	return false
}

// SubsetOf reports whether every id is in o.
func (s *ColSet) SubsetOf(o *ColSet) bool {
	if s.lo&^o.lo != 0 {
		return false
	}
	for i, w := range s.hi {
		if i < len(o.hi) {
			w &^= o.hi[i]
		}
		if w != 0 {
			return false
		}
	}
	return true
}

// Empty reports whether the set has no id.
func (s *ColSet) Empty() bool {
	if s.lo != 0 {
		return false
	}
	for _, w := range s.hi {
		if w != 0 {
			return false
		}
	}
	return true
}

// Len returns the number of ids.
func (s *ColSet) Len() int {
	n := bits.OnesCount64(s.lo)
	for _, w := range s.hi {
		n += bits.OnesCount64(w)
	}
	return n
}

// Clone returns a copy that can be changed.
func (s *ColSet) Clone() ColSet {
	return ColSet{lo: s.lo, hi: append([]uint64(nil), s.hi...)}
}

// Each calls fn for the ids in ascending order.
func (s *ColSet) Each(fn func(expr.ColumnID)) {
	for w := s.lo; w != 0; w &= w - 1 {
		fn(expr.ColumnID(bits.TrailingZeros64(w)))
	}
	for i, w := range s.hi {
		for ; w != 0; w &= w - 1 {
			fn(expr.ColumnID((i+1)*64 + bits.TrailingZeros64(w)))
		}
	}
}
