package executor

import (
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// packedTable is an open-addressing table of keys of several fixed-width
// columns that fit two words; which columns are NULL lies beside them.
//
// Invariant: len(slots) is a power of two, at most half of them used.
type packedTable struct {
	fields []packedField
	slots  []packedSlot
	used   int

	// The batch in hand: its keys, and scratch of keyWords.
	keys     []packedKey
	excluded []bool // rows with a NULL where NULLs are not equal
	words    []int64
}

// packedField says where a column lies in a key.
type packedField struct {
	word  int
	shift uint
	mask  uint64
}

type packedKey struct {
	words [2]uint64
	nulls uint32 // a bit for each column
}

type packedSlot struct {
	words [2]uint64
	nulls uint32
	id    uint32 // id + 1; 0 is a free slot
}

// packable says whether keys of these types fit a packedKey.
func packable(ts []types.Type) bool {
	for _, t := range ts {
		if keyWidth(t) == 0 {
			return false
		}
	}
	return packFields(ts) != nil
}

// packFields places wide columns first; nil if they do not fit.
func packFields(ts []types.Type) []packedField {
	out := make([]packedField, len(ts))
	var free [2]int
	free[0], free[1] = 8, 8
	for width := 8; width > 0; width /= 2 {
		for i, t := range ts {
			if keyWidth(t) != width {
				continue
			}
			word := 0
			if free[0] < width {
				word = 1
			}
			if free[word] < width {
				return nil
			}
			out[i] = packedField{word: word, shift: uint(8-free[word]) * 8, mask: ^uint64(0) >> (64 - 8*width)}
			free[word] -= width
		}
	}
	return out
}

func newPackedTable(ts []types.Type) *packedTable {
	return &packedTable{fields: packFields(ts), slots: make([]packedSlot, firstSlots)}
}

func (k *packedKey) hash() uint64 {
	hi, lo := bits.Mul64(k.words[0]^0xa0761d6478bd642f, k.words[1]^uint64(k.nulls)<<32^0xe7037ed1a0b428db)
	return hashWord(hi ^ lo)
}

// pack makes the keys of a batch.
func (t *packedTable) pack(cols []arrow.Array, n int, nullEqual []bool) {
	if cap(t.keys) < n {
		t.keys, t.excluded = make([]packedKey, n), make([]bool, n)
	}
	t.keys, t.excluded = t.keys[:n], t.excluded[:n]
	clear(t.keys)
	clear(t.excluded)
	for k, c := range cols {
		var words []int64
		words, t.words = keyWords(c, t.words)
		f := t.fields[k]
		if c.NullN() == 0 {
			for i, w := range words {
				t.keys[i].words[f.word] |= uint64(w) & f.mask << f.shift
			}
			continue
		}
		equal := nullEqual != nil && nullEqual[k]
		for i, w := range words {
			if c.IsValid(i) {
				t.keys[i].words[f.word] |= uint64(w) & f.mask << f.shift
				continue
			}
			t.keys[i].nulls |= 1 << k
			t.excluded[i] = t.excluded[i] || !equal
		}
	}
}

func (t *packedTable) find(cols []arrow.Array, nullEqual []bool, out []uint32, next *uint32, add bool) {
	t.pack(cols, len(out), nullEqual)
	slots := t.slots
	for i := range out {
		if t.excluded[i] {
			out[i] = noKey
			continue
		}
		k := &t.keys[i]
		if i > 0 && *k == t.keys[i-1] && !t.excluded[i-1] { // rows of a group often lie side by side
			out[i] = out[i-1]
			continue
		}
		for at := k.hash(); ; at++ {
			s := &slots[at&uint64(len(slots)-1)]
			if s.id == 0 {
				if !add {
					out[i] = noKey
					break
				}
				*next++
				*s = packedSlot{words: k.words, nulls: k.nulls, id: *next}
				out[i] = *next - 1
				if t.used++; t.used*2 > len(slots) {
					t.resize()
					slots = t.slots
				}
				break
			}
			if s.words == k.words && s.nulls == k.nulls {
				out[i] = s.id - 1
				break
			}
		}
	}
}

func (t *packedTable) resize() {
	old := t.slots
	t.slots = make([]packedSlot, 2*len(old))
	mask := uint64(len(t.slots) - 1)
	for i := range old {
		s := &old[i]
		if s.id == 0 {
			continue
		}
		k := packedKey{words: s.words, nulls: s.nulls}
		at := k.hash() & mask
		for t.slots[at].id != 0 {
			at = (at + 1) & mask
		}
		t.slots[at] = *s
	}
}
