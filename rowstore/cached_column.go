package rowstore

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/rowstore/packed"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// cachedColumn is a column of a chunk. Column ids are never used again, but
// transactions that add a column and roll back may give one id twice, with other
// types and defaults.
type cachedColumn struct {
	id      uint32
	phys    types.Phys
	missing types.Datum
	heldColumn
}

// heldColumn are values that the column cache keeps: as an array, coded where it has
// few values (types.IsCoded), or packed.
type heldColumn struct {
	values arrow.Array
	packed *packed.Array // instead of values
	words  int64         // bytes of the words that are coded by, if no chunk before had them
}

func (h *heldColumn) retain() {
	if h.values != nil {
		h.values.Retain()
	}
}

func (h *heldColumn) release() {
	if h.values != nil {
		h.values.Release()
		h.values = nil
	}
}

func (h *heldColumn) bytes() int64 {
	if h.packed != nil {
		return h.packed.Bytes() + h.words
	}
	return arrayBytes(h.values) + h.words
}

// copies are what the cache keeps of a chunk that was read.
func (c *ColumnCache) copies(storage uint64, want []cachedColumn, read []heldColumn) []cachedColumn {
	out := make([]cachedColumn, len(want))
	for i := range read {
		out[i] = want[i]
		if a, ok := read[i].values.(*array.String); ok {
			known := c.wordsOf(storage, want[i].id)
			if coded, list := types.CodeStrings(c.alloc, a, known, types.WordsFor(a.Len())); coded != nil {
				out[i].values = coded
				if list != known {
					out[i].words = list.Bytes()
					c.setWords(storage, want[i].id, list)
				}
				continue
			}
		}
		out[i].values = compact(c.alloc, read[i].values)
	}
	return out
}

// wordsOf are the words that a column was coded by last, nil if it was not.
func (c *ColumnCache) wordsOf(storage uint64, column uint32) *types.WordList {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if t := c.tables[storage]; t != nil {
		return t.words[column]
	}
	return nil
}

func (c *ColumnCache) setWords(storage uint64, column uint32, list *types.WordList) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.tables[storage]; t != nil {
		if t.words == nil {
			t.words = map[uint32]*types.WordList{}
		}
		t.words[column] = list
	}
}

func releaseColumns(columns []cachedColumn) {
	for i := range columns {
		columns[i].release()
	}
}

// heldChunk are the columns that a chunk had, of the holder.
type heldChunk struct {
	chunk   *chunk
	columns []cachedColumn
}

// toPack returns the columns of a chunk that are not packed yet.
func (c *ColumnCache) toPack(k *chunk) heldChunk {
	k.packed = true
	c.loose -= k.bytes
	out := heldChunk{chunk: k}
	for i := range k.columns {
		if col := &k.columns[i]; col.packed == nil {
			col.retain()
			out.columns = append(out.columns, *col)
		}
	}
	return out
}

// pack makes columns smaller, those that a chunk still has then and as far as it
// is worth it. c is not locked meanwhile.
func (c *ColumnCache) pack(list []heldChunk) {
	for _, l := range list {
		for i := range l.columns {
			if p := packed.Pack(l.columns[i].values); p != nil {
				c.replace(l.chunk, &l.columns[i], p)
			}
		}
		releaseColumns(l.columns)
	}
}

// replace puts a column's packed form into the place of its values.
func (c *ColumnCache) replace(k *chunk, old *cachedColumn, p *packed.Array) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := k.column(old)
	if h == nil || h.values != old.values {
		return
	}
	saved := h.bytes() - p.Bytes()
	h.release()
	h.packed = p
	k.bytes -= saved
	c.bytes -= saved
	if !k.packed {
		c.loose -= saved
	}
}
