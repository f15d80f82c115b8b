package spill

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// File is one temporary file of record batches of one schema, written at its
// end in any interleaving of runs and read anywhere. It is opened by the first
// write. Runs of a file may be written and read by several goroutines, but
// each Run and each Reader by one at a time.
//
// Layout: blocks end to end, each the message of one record batch in the Arrow
// IPC stream format, its buffers compressed with LZ4 or not. The schema message
// is kept in memory. Dictionary-encoded columns are not supported: a block must
// be readable without the blocks before it.
//
// Compression costs more time than the copy to and from the page cache, and
// saves disk only: one block in probeEvery is made both ways, and those up to
// the next probe are compressed if that made it smaller by half.
type File struct {
	space  *Space
	alloc  memory.Allocator
	schema *arrow.Schema

	mu       sync.Mutex // guards what is below, and the order of writes
	plain    encoder
	packed   encoder
	compress bool
	header   []byte // the schema message
	f        *os.File
	size     atomic.Int64
	blocks   atomic.Int64
}

// block is where a batch is.
type block struct {
	offset int64
	length uint32
	rows   uint32
}

// NewFile makes a file, which the caller closes; nothing is on disk yet.
func (s *Space) NewFile(alloc memory.Allocator, schema *arrow.Schema) *File {
	return &File{space: s, alloc: alloc, schema: schema}
}

// Schema is the schema of the file's batches.
func (f *File) Schema() *arrow.Schema { return f.schema }

// Bytes is how many bytes were written.
func (f *File) Bytes() int64 { return f.size.Load() }

// Batches is how many batches were written.
func (f *File) Batches() int64 { return f.blocks.Load() }

// Close frees the file's space; its runs and readers are void then.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.f == nil {
		return nil
	}
	f.plain.close()
	f.packed.close()
	err := f.f.Close()
	f.f = nil
	f.space.shrink(f.size.Swap(0))
	f.space.dir.files.Add(-1)
	if err != nil {
		return fileError("close", "temporary file", err)
	}
	return nil
}

// write puts a batch at the end.
func (f *File) write(b arrow.RecordBatch) (block, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.open(); err != nil {
		return block{}, err
	}
	data, err := f.encode(b)
	if err != nil {
		return block{}, err
	}
	n := int64(len(data))
	if n > 1<<32-1 {
		return block{}, pgerror.New(pgerror.ProgramLimitExceeded, "a batch of %d bytes is too large for a temporary file", n)
	}
	if err := f.space.grow(n); err != nil {
		return block{}, err
	}
	at := f.size.Load()
	if _, err := f.f.WriteAt(data, at); err != nil {
		f.space.shrink(n)
		return block{}, fileError("write to file", f.f.Name(), err)
	}
	f.size.Add(n)
	f.blocks.Add(1)
	return block{at, uint32(n), uint32(b.NumRows())}, nil
}

func (f *File) open() error {
	if f.f != nil {
		return nil
	}
	if f.space == nil {
		return pgerror.New(pgerror.OutOfMemory, "out of memory").WithDetail("There is no space for temporary files.")
	}
	file, err := f.space.dir.create()
	if err != nil {
		return err
	}
	f.f = file
	f.plain.open(f)
	f.packed.open(f, ipc.WithLZ4(), ipc.WithMinSpaceSavings(minSavings))
	return nil
}

const (
	// probeEvery is how many blocks a decision to compress or not holds.
	probeEvery = 16
	// minSavings is the part of a buffer that compression must save to be kept.
	minSavings = 0.25
)

// encode makes a batch's message; it is valid until the next call.
func (f *File) encode(b arrow.RecordBatch) ([]byte, error) {
	if b.Schema() != f.schema { // the names may differ
		b = array.NewRecordBatch(f.schema, b.Columns(), b.NumRows())
		defer b.Release()
	}
	probe := f.blocks.Load()%probeEvery == 0
	if !probe && !f.compress {
		return f.plain.encode(b)
	}
	packed, err := f.packed.encode(b)
	if err != nil || !probe {
		return packed, err
	}
	plain, err := f.plain.encode(b)
	f.compress = len(packed) < len(plain)/2
	if err != nil || !f.compress {
		return plain, err
	}
	return packed, nil
}

// encoder makes messages one way.
type encoder struct {
	file   *File
	writer *ipc.Writer
	buf    bytes.Buffer // the last message
	began  bool         // the schema was given
}

func (e *encoder) open(f *File, options ...ipc.Option) {
	e.file = f
	e.writer = ipc.NewWriterWithPayloadWriter(e, append(options, ipc.WithSchema(f.schema), ipc.WithAllocator(f.alloc))...)
}

func (e *encoder) close() {
	_ = e.writer.Close() // writes nothing
	*e = encoder{}
}

func (e *encoder) encode(b arrow.RecordBatch) ([]byte, error) {
	e.buf.Reset()
	if err := e.writer.Write(b); err != nil {
		return nil, fmt.Errorf("encode a batch for a temporary file: %w", err)
	}
	return e.buf.Bytes(), nil
}

// Start, Close and WritePayload implement ipc.PayloadWriter. The writer gives
// the schema first, then one message for each batch.
func (e *encoder) Start() error { return nil }

func (e *encoder) Close() error { return nil }

func (e *encoder) WritePayload(m ipc.Payload) error {
	if !e.began {
		e.began = true
		var header bytes.Buffer
		_, err := m.WritePayload(&header)
		e.file.header = header.Bytes()
		return err
	}
	_, err := m.WritePayload(&e.buf)
	return err
}
