package executor

import (
	"sort"

	"github.com/apache/arrow-go/v18/arrow"
)

// KeptRows are rows by their numbers, in memory and beyond in a file: what a
// cursor has read, and what a window looks at.
type KeptRows struct {
	buf    *rowBuffer
	starts []int // first row of each chunk, and the row after the last chunk
	near   int   // the chunk that was found last
}

// NewKeptRows makes an empty list. Of env it takes the allocator, the account,
// the work memory and the space for files.
func NewKeptRows(env *Env, schema *arrow.Schema) *KeptRows {
	return &KeptRows{buf: newSpooledBuffer(env, schema, nil), starts: []int{0}}
}

// Add takes a batch over, whatever happens.
func (r *KeptRows) Add(batch arrow.RecordBatch) error {
	if err := r.buf.add(batch); err != nil {
		return err
	}
	for k := r.chunks(); k < len(r.buf.chunks); k++ {
		r.starts = append(r.starts, r.end()+r.buf.chunkRows(k))
	}
	return nil
}

// Row finds row n, counted from 0: it is row i of batch, which stays the list's
// and is valid until another row is asked for.
func (r *KeptRows) Row(n int) (batch arrow.RecordBatch, i int, err error) {
	k, i := r.locate(n)
	batch, err = r.buf.chunk(k)
	return batch, i, err
}

// Close drops the rows.
func (r *KeptRows) Close() { r.buf.clear() }

func (r *KeptRows) chunks() int { return len(r.starts) - 1 }

// end is the row after the last one.
func (r *KeptRows) end() int { return r.starts[len(r.starts)-1] }

// drop lets go of chunks of rows before row, of the first most at most, and
// returns how many those are.
func (r *KeptRows) drop(row, most int) int {
	n := 0
	for n < most && r.starts[n+1] <= row {
		n++
	}
	if n > 0 {
		r.buf.dropFirst(n)
		r.starts = r.starts[n:]
		r.near = 0
	}
	return n
}

// locate finds row i.
func (r *KeptRows) locate(i int) (chunk, row int) {
	k := r.near
	if i < r.starts[k] || i >= r.starts[k+1] {
		if i >= r.starts[k+1] && k+2 < len(r.starts) && i < r.starts[k+2] {
			k++
		} else {
			k = sort.SearchInts(r.starts, i+1) - 1
		}
		r.near = k
	}
	return k, i - r.starts[k]
}
