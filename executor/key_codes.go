package executor

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// keyCodes finds the keys of rows whose key columns are all coded: combinations of
// words that were seen have their ids in a list, so that the table itself is asked
// once for each. The list is kept as long as batches share their words.
type keyCodes struct {
	words    []arrow.ArrayData // of the columns; kept, so that no others take their place
	ids      []uint32          // by combination; noKey if it is not in the table
	lookedUp bool              // there may be such, of a table of count keys
	count    uint32
	at       []int32 // scratch: the combinations of rows
	fresh    []int32 // rows whose combination is new
}

// Combinations whose id is not known, and those whose id is being looked up.
const (
	unseenCombination  = noKey - 1
	pendingCombination = noKey - 2
)

// mostCombinations bounds the list.
const mostCombinations = 1 << 16

// combinations is how many there are of the words of columns that are all coded, a
// NULL counting as a word; 0 if one is not coded, or they are too many.
func combinations(cols []arrow.Array) int {
	total := 1
	for _, c := range cols {
		if !types.IsCoded(c) {
			return 0
		}
		if total *= types.WordsOf(c).Len() + 1; total > mostCombinations {
			return 0
		}
	}
	return total
}

// prepare makes the list ready for n rows; false says that it does not pay.
func (k *keyCodes) prepare(cols []arrow.Array, n int, count uint32, add bool) bool {
	total := combinations(cols)
	if total == 0 {
		return false
	}
	same := len(k.words) == len(cols) && len(k.ids) == total
	for i, c := range cols {
		same = same && k.words[i] == types.WordsOf(c)
	}
	switch {
	case same && (!k.lookedUp || k.count == count && !add):
	case !same && total > 2*n: // making it takes longer than looking up the rows
		return false
	default:
		k.words = k.words[:0]
		for _, c := range cols {
			k.words = append(k.words, types.WordsOf(c))
		}
		k.ids = slices.Grow(k.ids[:0], total)[:total]
		for i := range k.ids {
			k.ids[i] = unseenCombination
		}
		k.lookedUp = false
	}
	if !add {
		k.lookedUp, k.count = true, count
	}
	return true
}

// combine writes the combinations of n rows.
func (k *keyCodes) combine(cols []arrow.Array, n int) []int32 {
	k.at = combineCodes(k.at, cols, n)
	return k.at
}

// combineCodes writes the combinations of n rows of coded columns to at.
func combineCodes(at []int32, cols []arrow.Array, n int) []int32 {
	at = slices.Grow(at[:0], n)[:n]
	clear(at)
	for _, c := range cols {
		codes, words := types.Codes(c), int32(types.WordsOf(c).Len())
		if c.NullN() == 0 {
			for i, code := range codes {
				at[i] = at[i]*(words+1) + code
			}
			continue
		}
		for i, code := range codes {
			if c.IsNull(i) {
				code = words
			}
			at[i] = at[i]*(words+1) + code
		}
	}
	return at
}

func (k *keyCodes) bytes() int64 { return 4 * int64(cap(k.ids)) }

// findCoded is find for columns of which some are coded.
func (t *keyTable) findCoded(cols []arrow.Array, n int, out []uint32, add bool) {
	k := &t.codes
	if t.findMixed(cols, n, out, add) {
		return
	}
	if !k.prepare(cols, n, t.count, add) {
		t.findWords(cols, nil, n, out, add)
		return
	}
	at := k.combine(cols, n)
	k.fresh = k.fresh[:0]
	for i, c := range at {
		if k.ids[c] == unseenCombination {
			k.ids[c] = pendingCombination
			k.fresh = append(k.fresh, int32(i))
		}
	}
	if len(k.fresh) > 0 { // in the order of their rows, as ids are given
		ids := make([]uint32, len(k.fresh))
		t.findWords(cols, k.fresh, len(k.fresh), ids, add)
		for j, row := range k.fresh {
			k.ids[at[row]] = ids[j]
		}
	}
	for i, c := range at {
		out[i] = k.ids[c]
	}
}

// findWords is find for the given rows of columns, nil for all, by their values. These
// are scratch memory, at most those of a batch.
func (t *keyTable) findWords(cols []arrow.Array, rows []int32, n int, out []uint32, add bool) {
	if rows == nil && t.encoder != nil { // which knows coded columns
		t.findPlain(cols, n, out, add)
		return
	}
	plain := make([]arrow.Array, len(cols))
	defer func() { releaseAll(plain) }()
	for i, c := range cols {
		if types.IsCoded(c) {
			plain[i] = types.TakeWords(memory.DefaultAllocator, c, rows)
		} else { // all rows are wanted: combinations are of coded columns
			c.Retain()
			plain[i] = c
		}
	}
	t.findPlain(plain, n, out, add)
}

func anyCoded(cols []arrow.Array) bool { return slices.ContainsFunc(cols, types.IsCoded) }
