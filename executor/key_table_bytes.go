package executor

import "github.com/tidemarkdb/tidemark/sql/types"

// bytesTable is an open-addressing table of byte strings, which it copies.
//
// Invariant: len(slots) is a power of two, at most half of them used.
type bytesTable struct {
	slots []bytesSlot
	used  int
	// blocks hold the keys; they never move, so growing copies no keys.
	blocks [][]byte
	held   int64 // bytes of blocks
}

type bytesSlot struct {
	hash   uint64
	block  uint32 // where the key lies
	offset uint32
	length uint32
	id     uint32 // id + 1; 0 is a free slot
}

// Blocks double from the first size to the last; longer keys get their own.
const (
	firstBlock = 4 << 10
	lastBlock  = 1 << 20
)

func newBytesTable() *bytesTable { return &bytesTable{slots: make([]bytesSlot, firstSlots)} }

func (t *bytesTable) bytes() int64 { return int64(len(t.slots))*24 + t.held }

func (t *bytesTable) find(key []byte, next *uint32, add bool) uint32 {
	h := types.HashString(viewString(key), 0)
	slots := t.slots
	for at := h; ; at++ {
		s := &slots[at&uint64(len(slots)-1)]
		if s.id == 0 {
			if !add {
				return noKey
			}
			*next++
			s.hash, s.length, s.id = h, uint32(len(key)), *next
			s.block, s.offset = t.keep(key)
			if t.used++; t.used*2 > len(slots) {
				t.resize()
			}
			return *next - 1
		}
		if s.hash == h && string(t.blocks[s.block][s.offset:s.offset+s.length]) == string(key) {
			return s.id - 1
		}
	}
}

// keep copies a key.
func (t *bytesTable) keep(key []byte) (block, offset uint32) {
	last := len(t.blocks) - 1
	if last < 0 || len(t.blocks[last])+len(key) > cap(t.blocks[last]) {
		size := max(len(key), t.nextBlock())
		t.blocks = append(t.blocks, make([]byte, 0, size))
		t.held += int64(size)
		last++
	}
	offset = uint32(len(t.blocks[last]))
	t.blocks[last] = append(t.blocks[last], key...)
	return uint32(last), offset
}

func (t *bytesTable) nextBlock() int { return min(lastBlock, firstBlock<<min(len(t.blocks), 20)) }

// growth is how much keys of so many bytes may add to the blocks.
func (t *bytesTable) growth(size int64) int64 {
	if last := len(t.blocks) - 1; last >= 0 && size <= int64(cap(t.blocks[last])-len(t.blocks[last])) {
		return 0
	}
	return max(size, int64(t.nextBlock()))
}

func (t *bytesTable) resize() {
	old := t.slots
	t.slots = make([]bytesSlot, 2*len(old))
	mask := uint64(len(t.slots) - 1)
	for i := range old {
		s := &old[i]
		if s.id == 0 {
			continue
		}
		at := s.hash & mask
		for t.slots[at].id != 0 {
			at = (at + 1) & mask
		}
		t.slots[at] = *s
	}
}
