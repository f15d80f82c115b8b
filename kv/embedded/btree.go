package embedded

import (
	"bytes"
	"slices"

	"github.com/tidemarkdb/tidemark/kv"
)

// leafSize is how many offsets a leaf of the index holds.
const leafSize = 512

// offsetIndex orders the entries of an arena by user key: a list of leaves of
// sorted offsets, four bytes an entry and no copy of keys. Ascending inserts
// fill leaves completely; fingers remember where the last few inserts went, so
// that several ascending streams (rows and their index entries) cost about
// two comparisons an entry.
type offsetIndex struct {
	arena   *arena
	leaves  []*leaf
	fingers [4]int
	next    int // finger to replace
	count   int
	// version changes with every change of structure: iterators look their
	// place up again.
	version uint64
}

type leaf struct {
	n       int
	offsets [leafSize]uint32
}

func (x *offsetIndex) reset() {
	clear(x.leaves)
	x.leaves = x.leaves[:0]
	x.fingers, x.next, x.count = [4]int{}, 0, 0
	x.version++
}

func (x *offsetIndex) compare(key kv.Key, offset uint32) int {
	return bytes.Compare(key, x.arena.key(offset))
}

// leafFor returns the leaf in which key is or belongs.
func (x *offsetIndex) leafFor(key kv.Key) int {
	for _, f := range x.fingers {
		if f >= len(x.leaves) {
			continue
		}
		if f+1 < len(x.leaves) && x.compare(key, x.leaves[f+1].offsets[0]) >= 0 {
			continue
		}
		if f > 0 && x.compare(key, x.leaves[f].offsets[0]) < 0 {
			continue
		}
		return f
	}
	lo, hi := 0, len(x.leaves) // first leaf whose first key is > key
	for lo < hi {
		mid := (lo + hi) / 2
		if x.compare(key, x.leaves[mid].offsets[0]) < 0 {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	f := max(lo-1, 0)
	x.fingers[x.next] = f
	x.next = (x.next + 1) % len(x.fingers)
	return f
}

// search returns the place in a leaf of the first entry >= key.
func (x *offsetIndex) search(l *leaf, key kv.Key) (int, bool) {
	if l.n == 0 {
		return 0, false
	}
	if c := x.compare(key, l.offsets[l.n-1]); c > 0 {
		return l.n, false
	} else if c == 0 {
		return l.n - 1, true
	}
	lo, hi := 0, l.n-1
	for lo < hi {
		mid := (lo + hi) / 2
		c := x.compare(key, l.offsets[mid])
		if c == 0 {
			return mid, true
		}
		if c < 0 {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo, false
}

// get returns the place of key's offset, or nil.
func (x *offsetIndex) get(key kv.Key) *uint32 {
	if len(x.leaves) == 0 {
		return nil
	}
	l := x.leaves[x.leafFor(key)]
	i, found := x.search(l, key)
	if !found {
		return nil
	}
	return &l.offsets[i]
}

// upsert returns the place of key's offset. When the key is new, found is
// false and the place holds offset.
func (x *offsetIndex) upsert(key kv.Key, offset uint32) (place *uint32, found bool) {
	if len(x.leaves) == 0 {
		x.leaves = append(x.leaves, &leaf{})
	}
	f := x.leafFor(key)
	l := x.leaves[f]
	i, found := x.search(l, key)
	if found {
		return &l.offsets[i], true
	}
	x.version++
	x.count++
	if l.n == leafSize {
		right := &leaf{}
		if i < leafSize {
			right.n = copy(right.offsets[:], l.offsets[leafSize/2:])
			l.n = leafSize / 2
		}
		x.leaves = slices.Insert(x.leaves, f+1, right)
		// A finger in the leaf follows its stream to the right half.
		for j := range x.fingers {
			if x.fingers[j] >= f {
				x.fingers[j]++
			}
		}
		if i == leafSize {
			l, i = right, 0
		} else if i > leafSize/2 {
			l, i = right, i-leafSize/2
		}
	}
	copy(l.offsets[i+1:l.n+1], l.offsets[i:l.n])
	l.offsets[i] = offset
	l.n++
	return &l.offsets[i], false
}

// remove takes key out.
func (x *offsetIndex) remove(key kv.Key) {
	if len(x.leaves) == 0 {
		return
	}
	f := x.leafFor(key)
	l := x.leaves[f]
	i, found := x.search(l, key)
	if !found {
		return
	}
	x.version++
	x.count--
	copy(l.offsets[i:], l.offsets[i+1:l.n])
	l.n--
	if l.n == 0 {
		x.leaves = slices.Delete(x.leaves, f, f+1)
		x.fingers = [4]int{}
	}
}

// indexCursor walks an offsetIndex. It keeps its place over changes by the
// key it stands on.
type indexCursor struct {
	index   *offsetIndex
	leaf, i int
	version uint64
	offset  uint32 // the entry it stands on
	valid   bool
}

// seekGE moves to the first entry >= key.
func (c *indexCursor) seekGE(key kv.Key) {
	x := c.index
	c.version = x.version
	if len(x.leaves) == 0 {
		c.valid = false
		return
	}
	c.leaf = x.leafFor(key)
	c.i, _ = x.search(x.leaves[c.leaf], key)
	c.settle()
}

// seekLT moves to the last entry < key; an empty key means to the last entry.
func (c *indexCursor) seekLT(key kv.Key) {
	x := c.index
	c.version = x.version
	if len(x.leaves) == 0 {
		c.valid = false
		return
	}
	if len(key) == 0 {
		c.leaf = len(x.leaves) - 1
		c.i = x.leaves[c.leaf].n - 1
	} else {
		c.leaf = x.leafFor(key)
		c.i, _ = x.search(x.leaves[c.leaf], key)
		c.i--
	}
	c.settle()
}

// settle moves over the ends of a leaf and loads the entry.
func (c *indexCursor) settle() {
	x := c.index
	if c.i < 0 {
		c.leaf--
		if c.leaf < 0 {
			c.valid = false
			return
		}
		c.i = x.leaves[c.leaf].n - 1
	}
	if c.i >= x.leaves[c.leaf].n {
		c.leaf++
		c.i = 0
		if c.leaf >= len(x.leaves) {
			c.valid = false
			return
		}
	}
	c.offset = x.leaves[c.leaf].offsets[c.i]
	c.valid = true
}

func (c *indexCursor) next() { c.i++; c.settle() }
func (c *indexCursor) prev() { c.i--; c.settle() }
