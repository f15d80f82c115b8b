package executor

import (
	"math"
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// hashWord hashes one word by a multiplication of which both halves count.
func hashWord(v uint64) uint64 {
	hi, lo := bits.Mul64(v^0xa0761d6478bd642f, 0xe7037ed1a0b428db)
	return hi ^ lo
}

// intTable is an open-addressing table of words.
//
// Invariant: len(slots) is a power of two, at most half of them used.
type intTable struct {
	slots []intSlot
	used  int
}

type intSlot struct {
	key int64
	id  uint32 // id + 1; 0 is a free slot
}

// firstSlots is how many slots a table starts with.
const firstSlots = 64

func newIntTable() *intTable { return &intTable{slots: make([]intSlot, firstSlots)} }

// find writes the ids of keys to out; new ones get ids from next on.
func (t *intTable) find(keys []int64, out []uint32, next *uint32, add bool) {
	slots := t.slots
	for i, key := range keys {
		if i > 0 && key == keys[i-1] { // rows of a group often lie side by side
			out[i] = out[i-1]
			continue
		}
		for at := hashWord(uint64(key)); ; at++ {
			s := &slots[at&uint64(len(slots)-1)]
			if s.id == 0 {
				if !add {
					out[i] = noKey
					break
				}
				*next++
				s.key, s.id = key, *next
				out[i] = *next - 1
				if t.used++; t.used*2 > len(slots) {
					t.resize()
					slots = t.slots
				}
				break
			}
			if s.key == key {
				out[i] = s.id - 1
				break
			}
		}
	}
}

func (t *intTable) resize() {
	old := t.slots
	t.slots = make([]intSlot, 2*len(old))
	mask := uint64(len(t.slots) - 1)
	for _, s := range old {
		if s.id == 0 {
			continue
		}
		i := hashWord(uint64(s.key)) & mask
		for t.slots[i].id != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = s
	}
}

// keyWords are a fixed-width column's values as words such that equal values
// have equal words: integers of any width by value, floats as float8 with one
// zero and one NaN. Words of NULLs mean nothing. scratch is taken and given
// back for the next call.
func keyWords(c arrow.Array, scratch []int64) (words, kept []int64) {
	if c, ok := c.(*array.Int64); ok {
		return c.Int64Values(), scratch
	}
	n := c.Len()
	if cap(scratch) < n {
		scratch = make([]int64, n)
	}
	words = scratch[:n]
	switch c := c.(type) {
	case *array.Int16:
		widenWords(words, c.Int16Values())
	case *array.Int32:
		widenWords(words, c.Int32Values())
	case *array.Uint32:
		widenWords(words, c.Uint32Values())
	case *array.Float32:
		for i, v := range c.Float32Values() {
			words[i] = floatKey(float64(v))
		}
	case *array.Float64:
		for i, v := range c.Float64Values() {
			words[i] = floatKey(v)
		}
	case *array.Boolean:
		for i := range words {
			words[i] = 0
			if c.Value(i) {
				words[i] = 1
			}
		}
	default: // all NULL
		clear(words)
	}
	return words, scratch
}

func widenWords[T int16 | int32 | uint32](dst []int64, src []T) {
	for i, v := range src {
		dst[i] = int64(v)
	}
}

// floatKey are the bits of a float with one zero and one NaN.
func floatKey(f float64) int64 {
	switch {
	case f == 0:
		return 0
	case f != f:
		return -1
	}
	return int64(math.Float64bits(f))
}
