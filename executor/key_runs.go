package executor

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// keyRuns finds the rows of batches ordered by keys at which the keys change. It keeps
// memory between batches.
type keyRuns struct {
	changed []bool // rows that differ from the row before
	words   []int64
}

// starts are those of n rows whose keys, which have the columns cols, differ from
// those of the row before. last gives the keys of the row before the first one; nil if
// there is none.
func (r *keyRuns) starts(keys []*scalar, cols []arrow.Array, n int, last func(key int) types.Datum) []int32 {
	if n == 0 {
		return nil
	}
	r.changed = cleared(r.changed, n)
	r.changed[0] = last == nil
	for i, c := range cols {
		typ := keys[i].typ
		r.changed[0] = r.changed[0] || !sameDatum(typ, last(i), types.DatumAt(c, 0))
		r.words = markChanges(typ, c, r.changed, r.words)
	}
	var out []int32
	for i, changed := range r.changed {
		if changed {
			out = append(out, int32(i))
		}
	}
	return out
}

// markChanges marks the rows of a column that differ from the row before.
func markChanges(typ types.Type, c arrow.Array, changed []bool, scratch []int64) []int64 {
	n := len(changed)
	switch {
	case c.NullN() > 0 || needsEncoding(typ):
		for i := 1; i < n; i++ {
			changed[i] = changed[i] || !sameDatum(typ, types.DatumAt(c, i-1), types.DatumAt(c, i))
		}
	case keyWidth(typ) > 0:
		words, kept := keyWords(c, scratch)
		for i := 1; i < n; i++ {
			changed[i] = changed[i] || words[i] != words[i-1]
		}
		return kept
	default:
		offsets, data := byteValues(c)
		for i := 1; i < n; i++ {
			changed[i] = changed[i] || string(data[offsets[i-1]:offsets[i]]) != string(data[offsets[i]:offsets[i+1]])
		}
	}
	return scratch
}
