package rowstore

import (
	"github.com/apache/arrow-go/v18/arrow"

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

// heldColumn are values that the column cache keeps: as an array, or packed.
type heldColumn struct {
	values arrow.Array
	packed *packed.Array // instead of values
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
		return h.packed.Bytes()
	}
	return arrayBytes(h.values)
}

// copies are what the cache keeps of a chunk that was read.
func (c *ColumnCache) copies(want []cachedColumn, read []heldColumn) []cachedColumn {
	out := make([]cachedColumn, len(want))
	for i := range read {
		out[i] = want[i]
		out[i].values = compact(c.alloc, read[i].values)
	}
	return out
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
