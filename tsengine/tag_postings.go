package tsengine

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// postings are the series that have a value of a tag, for each value: places in
// tagIndex.ids. Values of many series have a roaring bitmap, in which a place takes two
// bytes or one bit; the places of the others, a million values of one series each for
// one, lie in one list, where each takes four bytes and a value nothing but its end.
// Nothing changes after newPostings, so that all scans share it.
type postings struct {
	starts []uint32 // of each value, where its places in list begin, and where the last ones end
	list   []uint32 // ascending by value
	wide   map[uint32]*roaring.Bitmap
	places int // how many there are: the series of all values
}

const (
	// wideValue is how many series a value has at least that has a bitmap,
	wideValue = 256
	// wideContainer and how many in each container of 65,536 places, on average: the
	// container itself takes some 50 bytes.
	wideContainer = 32
)

// newPostings lists the series of each of n values; codes are the values of the series.
func newPostings(codes []uint32, n int) postings {
	ends := make([]uint32, n+1)
	for _, code := range codes {
		ends[code+1]++
	}
	for k := range n {
		ends[k+1] += ends[k]
	}
	next := slices.Clone(ends)
	all := make([]uint32, len(codes))
	for k, code := range codes {
		all[next[code]] = uint32(k)
		next[code]++
	}
	p := postings{starts: ends, list: all, places: len(codes)}
	p.widen(max(wideValue, wideContainer*((len(codes)+65535)/65536)))
	return p
}

// widen gives values of at least so many series a bitmap.
func (p *postings) widen(least int) {
	kept := 0
	for value := range len(p.starts) - 1 {
		from, to := p.starts[value], p.starts[value+1]
		p.starts[value] = uint32(kept)
		if int(to-from) < least {
			kept += copy(p.list[kept:], p.list[from:to])
			continue
		}
		if p.wide == nil {
			p.wide = map[uint32]*roaring.Bitmap{}
		}
		b := roaring.New()
		b.AddMany(p.list[from:to])
		b.RunOptimize()
		p.wide[uint32(value)] = b.Clone() // without the room that it grew into
	}
	p.starts[len(p.starts)-1] = uint32(kept)
	if kept < len(p.list) {
		p.list = slices.Clone(p.list[:kept])
	}
}

// bytes is about what they take.
func (p *postings) bytes() int64 {
	n := int64(4*cap(p.starts) + 4*cap(p.list))
	for _, b := range p.wide {
		n += int64(b.GetSizeInBytes()) + 128
	}
	return n
}

// of are the series of one value; it is not to be changed.
func (p *postings) of(value int) *roaring.Bitmap {
	if b := p.wide[uint32(value)]; b != nil {
		return b
	}
	return roaring.BitmapOf(p.few(value)...)
}

// few are the series of a value without a bitmap.
func (p *postings) few(value int) []uint32 { return p.list[p.starts[value]:p.starts[value+1]] }

// ofAny are the series that have one of the given values, ascending; it is not to be
// changed. Of more than half of the values it is all but the series of the others.
func (p *postings) ofAny(values []int32) *roaring.Bitmap {
	n := len(p.starts) - 1
	switch {
	case len(values) == 0:
		return roaring.New()
	case len(values) == 1:
		return p.of(int(values[0]))
	case len(values) <= n/2:
		return p.union(values)
	}
	b := p.union(others(values, n))
	b.Flip(0, uint64(p.places))
	return b
}

// union is a new bitmap of the series that have one of the values.
func (p *postings) union(values []int32) *roaring.Bitmap {
	var few []uint32
	var wide []*roaring.Bitmap
	for _, v := range values {
		if b := p.wide[uint32(v)]; b != nil {
			wide = append(wide, b)
		} else {
			few = append(few, p.few(int(v))...)
		}
	}
	b := bitmapOf(few, p.places)
	for _, w := range wide {
		b.Or(w)
	}
	return b
}

// manyPlaces is the share of the places from which marking each in a plain bitmap takes
// less time than sorting them.
const manyPlaces = 64

// bitmapOf is a bitmap of some of n places, in any order.
func bitmapOf(places []uint32, n int) *roaring.Bitmap {
	if len(places) < n/manyPlaces {
		slices.Sort(places)
		return roaring.BitmapOf(places...)
	}
	words := make([]uint64, (n+63)/64)
	for _, i := range places {
		words[i/64] |= 1 << (i % 64)
	}
	return roaring.FromDense(words, false)
}

// others are those of n numbers that an ascending list does not have.
func others(list []int32, n int) []int32 {
	out := make([]int32, 0, n-len(list))
	for i := range int32(n) {
		if len(list) > 0 && list[0] == i {
			list = list[1:]
		} else {
			out = append(out, i)
		}
	}
	return out
}
