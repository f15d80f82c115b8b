package executor

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// openColumn is a chunked column laid open for gather: the values of all chunks
// as slices. Finding them takes some dependent loads a chunk, which is more than
// taking the rows where a large build side yields a few rows a batch. Who gathers
// from a growing list of chunks again and again keeps it; the chunks that it has
// seen must stay.
type openColumn struct {
	fixed any // [][]T of fixed-width values
	bytes []byteView
	coded *codedChunks
	// checked chunks were looked at for NULLs, and for what is not.
	checked             int
	hasNulls, hasValues bool
}

// byteView are the values of a chunk of byte strings: value i is
// data[offsets[i]:offsets[i+1]], or value codes[i] if it is coded.
type byteView struct {
	codes   []int32
	offsets []int32
	data    []byte
}

// openFixed returns the values of chunks of a fixed width.
func openFixed[T fixedWidth](o *openColumn, chunks []arrow.Array) [][]T {
	views, _ := o.fixed.([][]T)
	if len(views) == len(chunks) {
		return views
	}
	for _, c := range chunks[len(views):] {
		views = append(views, fixedValues[T](c))
	}
	o.fixed = views
	return views
}

// openBytes returns the values of chunks of byte strings.
func (o *openColumn) openBytes(chunks []arrow.Array) []byteView {
	for _, c := range chunks[len(o.bytes):] {
		o.bytes = append(o.bytes, viewBytes(c))
	}
	return o.bytes
}

// anyNull reports whether a chunk has NULLs.
func (o *openColumn) anyNull(chunks []arrow.Array) bool {
	o.look(chunks)
	return o.hasNulls
}

// onlyNulls reports whether the chunks have nothing else.
func (o *openColumn) onlyNulls(chunks []arrow.Array) bool {
	o.look(chunks)
	return o.hasNulls && !o.hasValues
}

func (o *openColumn) look(chunks []arrow.Array) {
	for _, c := range chunks[o.checked:] {
		n := c.NullN()
		o.hasNulls, o.hasValues = o.hasNulls || n > 0, o.hasValues || n < c.Len()
	}
	o.checked = len(chunks)
}

// viewBytes views a column of byte strings, which may be coded.
func viewBytes(c arrow.Array) (v byteView) {
	if types.IsCoded(c) {
		v.codes, c = types.Codes(c), types.Words(c)
	}
	v.offsets, v.data = byteValues(c)
	return v
}

// place is where the value of a row lies.
func (v *byteView) place(row int) int {
	if v.codes != nil {
		return int(v.codes[row])
	}
	return row
}
