package types

import "github.com/apache/arrow-go/v18/arrow"

// ChunkedRows is a batch whose rows still lie where they were kept, in chunks and in
// any order: who writes them one by one reads them there, and needs no copy. Who asks
// for a column has it made.
type ChunkedRows interface {
	arrow.RecordBatch
	// Chunks is how many chunks there are.
	Chunks() int
	// ChunkColumn is column i of the rows of chunk k, which stays the batch's.
	ChunkColumn(k, i int) arrow.Array
	// Place is where row i lies: a chunk, and a row of it.
	Place(i int) (chunk, row int)
}
