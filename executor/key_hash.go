package executor

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// keyHasher hashes rows' keys such that equal keys of any width (joinKeyTypes)
// hash alike: the choice of a partition. It has nothing in common with the
// hashes of keyTable, whose slots partitions would otherwise leave half empty.
type keyHasher struct {
	types  []types.Type
	hashes []uint64
	words  []int64
	ofWord []uint64 // scratch of coded columns
}

const nullHash = 0x9e3779b97f4a7c15

// hash hashes n rows; what it returns is valid until the next call.
func (h *keyHasher) hash(cols []arrow.Array, n int) []uint64 {
	if cap(h.hashes) < n {
		h.hashes = make([]uint64, n)
	}
	h.hashes = h.hashes[:n]
	for i := range h.hashes {
		h.hashes[i] = 0x2545f4914f6cdd1d
	}
	for k, c := range cols {
		h.column(h.types[k], c)
	}
	return h.hashes
}

func (h *keyHasher) column(t types.Type, c arrow.Array) {
	out, hasNulls := h.hashes, c.NullN() > 0
	isNull := func(i int) bool { return hasNulls && c.IsNull(i) }
	switch {
	case types.IsCoded(c):
		h.codedColumn(t, c)
	case c.DataType().ID() == arrow.NULL:
		for i := range out {
			out[i] = hashWord(out[i] ^ nullHash)
		}
	case keyWidth(t) > 0:
		var words []int64
		words, h.words = keyWords(c, h.words)
		for i, w := range words {
			if isNull(i) {
				w = nullHash >> 1
			}
			out[i] = hashWord(out[i]*3 ^ uint64(w))
		}
	case needsEncoding(t):
		for i := range out {
			out[i] = hashWord(out[i] ^ types.Hash(t, types.DatumAt(c, i), 0))
		}
	default:
		offsets, data := byteValues(c)
		for i := range out {
			if isNull(i) {
				out[i] = hashWord(out[i] ^ nullHash)
				continue
			}
			out[i] = hashWord(out[i] ^ types.HashString(viewString(data[offsets[i]:offsets[i+1]]), 1))
		}
	}
}

// codedColumn is column for a coded one: each of its words is hashed once.
func (h *keyHasher) codedColumn(t types.Type, c arrow.Array) {
	h.ofWord = h.ofWord[:0]
	offsets, data := byteValues(types.Words(c))
	for i := range len(offsets) - 1 {
		if needsEncoding(t) {
			h.ofWord = append(h.ofWord, types.Hash(t, types.DatumAt(types.Words(c), i), 0))
		} else {
			h.ofWord = append(h.ofWord, types.HashString(viewString(data[offsets[i]:offsets[i+1]]), 1))
		}
	}
	ofNull := uint64(nullHash)
	if needsEncoding(t) {
		ofNull = types.Hash(t, types.Datum{}, 0)
	}
	for i, code := range types.Codes(c) {
		w := h.ofWord[code]
		if c.IsNull(i) {
			w = ofNull
		}
		h.hashes[i] = hashWord(h.hashes[i] ^ w)
	}
}

// Rows are split into fanOut partitions by fanOutBits of their hash, other
// bits at each level of recursion.
const (
	fanOutBits = 4
	fanOut     = 1 << fanOutBits
	maxLevel   = 64/fanOutBits - 1
)

// partitionOf is the partition of a hash at a level.
func partitionOf(hash uint64, level int) int {
	return int(hash>>(64-fanOutBits*(level+1))) & (fanOut - 1)
}
