package executor

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// sortItem is a row while it is sorted: eight bytes of its key, and where it is.
type sortItem struct {
	word uint64
	ref  rowRef
}

// itemSorter sorts rows by normalised keys, eight bytes at a time: all rows by
// their keys' first eight, then each group of equals by the next eight, until
// keys end (multikey radix sort, Bentley and Sedgewick 1997, with words for
// characters). Rows of equal keys keep the order of their refs.
type itemSorter struct {
	keys []byteView // by chunk
	tmp  []sortItem
	// ties compares rows whose keys are equal but cut; nil if none are.
	ties func(a, b rowRef) int
}

// radixMin is from how many items on counting beats comparing.
const radixMin = 256

func (s *itemSorter) sort(refs []rowRef) {
	items := make([]sortItem, len(refs))
	s.tmp = make([]sortItem, len(refs))
	for i, r := range refs {
		items[i].ref = r
	}
	s.sortFrom(items, 0)
	for i := range items {
		refs[i] = items[i].ref
	}
	s.tmp = nil
}

// sortFrom sorts items whose keys are equal in the first depth bytes.
func (s *itemSorter) sortFrom(items []sortItem, depth int) {
	for i := range items {
		items[i].word = s.word(items[i].ref, depth)
	}
	if len(items) >= radixMin {
		radixSort(items, s.tmp[:len(items)])
	} else {
		slices.SortFunc(items, func(a, b sortItem) int {
			if a.word != b.word {
				if a.word < b.word {
					return -1
				}
				return 1
			}
			return cmp.Compare(a.ref, b.ref)
		})
	}
	for from := 0; from < len(items); {
		to := from + 1
		for to < len(items) && items[to].word == items[from].word {
			to++
		}
		if to-from > 1 {
			s.sortGroup(items[from:to], depth+8)
		}
		from = to
	}
}

// sortGroup sorts items whose keys are equal in the first depth bytes, which
// may be all: no key is a prefix of another.
func (s *itemSorter) sortGroup(items []sortItem, depth int) {
	if len(s.key(items[0].ref)) > depth {
		s.sortFrom(items, depth)
		return
	}
	if s.ties != nil {
		slices.SortStableFunc(items, func(a, b sortItem) int { return s.ties(a.ref, b.ref) })
	}
}

func (s *itemSorter) key(r rowRef) []byte { return s.keys[r.chunk()].at(r.row()) }

func (s *itemSorter) word(r rowRef, depth int) uint64 { return keyWord(s.key(r), depth) }

// keyWord is eight bytes of a key, zeros behind its end.
func keyWord(key []byte, depth int) uint64 {
	if len(key) >= depth+8 {
		return binary.BigEndian.Uint64(key[depth:])
	}
	if len(key) <= depth {
		return 0
	}
	return bytesPrefix(key[depth:])
}

func (v *byteView) at(i int) []byte { return v.data[v.offsets[i]:v.offsets[i+1]] }

// radixSort sorts items by their words, stably, from the last byte to the
// first; bytes that are the same everywhere cost nothing. tmp is as long.
func radixSort(items, tmp []sortItem) {
	var counts [8][256]uint32
	for i := range items {
		w := items[i].word
		counts[0][byte(w)]++
		counts[1][byte(w>>8)]++
		counts[2][byte(w>>16)]++
		counts[3][byte(w>>24)]++
		counts[4][byte(w>>32)]++
		counts[5][byte(w>>40)]++
		counts[6][byte(w>>48)]++
		counts[7][byte(w>>56)]++
	}
	from, to := items, tmp
	for d := range counts {
		count, shift := &counts[d], 8*d
		if int(count[byte(from[0].word>>shift)]) == len(items) {
			continue
		}
		at := uint32(0)
		for b, n := range count {
			count[b] = at
			at += n
		}
		for _, it := range from {
			b := byte(it.word >> shift)
			to[count[b]] = it
			count[b]++
		}
		from, to = to, from
	}
	if &from[0] != &items[0] {
		copy(items, from)
	}
}
