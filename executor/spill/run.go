package spill

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
)

// Run is a sequence of batches in a File. The zero Run of a file is empty;
// many runs can share a file.
type Run struct {
	file   *File
	blocks []block
	rows   int64
	bytes  int64
}

// NewRun makes an empty run.
func (f *File) NewRun() *Run { return &Run{file: f} }

// Write adds a batch, which stays the caller's.
func (r *Run) Write(b arrow.RecordBatch) error {
	at, err := r.file.write(b)
	if err != nil {
		return err
	}
	r.blocks = append(r.blocks, at)
	r.rows += b.NumRows()
	r.bytes += int64(at.length)
	return nil
}

// Rows is the number of rows.
func (r *Run) Rows() int64 { return r.rows }

// Bytes is what the run takes in the file.
func (r *Run) Bytes() int64 { return r.bytes }

// Batches is the number of batches.
func (r *Run) Batches() int { return len(r.blocks) }

// BatchRows is the number of rows of batch i.
func (r *Run) BatchRows(i int) int { return int(r.blocks[i].rows) }

// NewReader makes a reader of the run as it is now and will be; the caller
// closes it. A reader holds a few kB and at most one block besides the batches
// it gave away.
func (r *Run) NewReader() *Reader {
	d := &Reader{run: r}
	d.source.Reset(bytes.NewReader(nil))
	return d
}

// Reader gives a run's batches back, in order by Next or any by At.
type Reader struct {
	run    *Run
	next   int
	source bufio.Reader
	ipc    *ipc.Reader
}

// Next returns the next batch, which the caller releases, or io.EOF.
func (d *Reader) Next() (arrow.RecordBatch, error) {
	if d.next >= len(d.run.blocks) {
		return nil, io.EOF
	}
	b, err := d.At(d.next)
	if err == nil {
		d.next++
	}
	return b, err
}

// At returns batch i, which the caller releases.
func (d *Reader) At(i int) (arrow.RecordBatch, error) {
	f, at := d.run.file, d.run.blocks[i]
	if err := d.start(); err != nil {
		return nil, err
	}
	d.source.Reset(io.NewSectionReader(f.f, at.offset, int64(at.length)))
	if !d.ipc.Next() {
		err := d.ipc.Err()
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, fileError("read file", f.f.Name(), err)
	}
	b := d.ipc.RecordBatch()
	return array.NewRecordBatch(f.schema, b.Columns(), b.NumRows()), nil
}

// start gives the decoder the schema.
func (d *Reader) start() (err error) {
	if d.ipc != nil {
		return nil
	}
	f := d.run.file
	f.mu.Lock()
	d.source.Reset(bytes.NewReader(f.header))
	f.mu.Unlock()
	d.ipc, err = ipc.NewReader(&d.source, ipc.WithAllocator(f.alloc))
	if err != nil {
		return fileError("read file", f.f.Name(), err)
	}
	return nil
}

// Close ends the reader. It may be called more than once.
func (d *Reader) Close() {
	if d.ipc != nil {
		d.ipc.Release()
		d.ipc = nil
	}
}
