package copyio

import (
	"fmt"
	"io"
	"runtime/debug"

	"github.com/apache/arrow-go/v18/arrow"
)

// Ahead reads a COPY batch by batch, and decodes the next one in a goroutine of
// its own while the last is written. A COPY of one batch needs none, nor has one
// with types that are read with the session's catalog.
type Ahead struct {
	d    *Decoder
	rows int    // of a batch
	stop func() // makes reads of the stream fail

	lines   batchLines      // of the batch in the caller's hands
	decoded chan decoded    // nil without a goroutine; it closes it
	used    chan batchLines // to be filled again
	quit    chan struct{}
	ended   bool // it is at its end
}

// decoded is what a call of Decoder.Next gave.
type decoded struct {
	batch arrow.RecordBatch
	err   error
	lines batchLines
	panic string // what the decoder panicked with, and where
}

// NewAhead reads batches of rows from a decoder, which is released after Close.
// Stop makes reads of the decoder's stream fail, so that Close need not wait for
// what the client has not sent.
func NewAhead(d *Decoder, rows int, stop func()) *Ahead { return &Ahead{d: d, rows: rows, stop: stop} }

// Next is Decoder.Next.
func (a *Ahead) Next() (arrow.RecordBatch, error) {
	if a.decoded != nil {
		got, ok := <-a.decoded
		if !ok {
			return nil, io.EOF
		}
		a.ended = got.batch == nil
		if got.panic != "" {
			panic(got.panic) // somebody recovers it here
		}
		a.used <- a.lines // it has room for all there are
		a.lines = got.lines
		return got.batch, got.err
	}
	batch, err := a.d.Next(a.rows)
	a.lines, a.d.lines = a.d.lines, a.lines
	if err == nil && batch.NumRows() == int64(a.rows) && !a.d.readsCatalog() {
		a.decoded, a.used, a.quit = make(chan decoded), make(chan batchLines, 2), make(chan struct{})
		a.used <- a.d.lines
		go a.run(a.quit)
	}
	return batch, err
}

// run decodes until the end or Close.
func (a *Ahead) run(quit <-chan struct{}) {
	defer close(a.decoded)
	for {
		select {
		case a.d.lines = <-a.used:
		case <-quit:
			return
		}
		got := a.decode()
		select {
		case a.decoded <- got:
			if got.batch == nil {
				return
			}
		case <-quit:
			got.release()
			return
		}
	}
}

func (a *Ahead) decode() (got decoded) {
	defer func() {
		if p := recover(); p != nil {
			got.panic = fmt.Sprintf("%v\n%s", p, debug.Stack())
		}
	}()
	got.batch, got.err = a.d.Next(a.rows)
	got.lines = a.d.lines
	return got
}

func (d decoded) release() {
	if d.batch != nil {
		d.batch.Release()
	}
}

// Close waits for the end of the goroutine.
func (a *Ahead) Close() {
	if a.quit == nil {
		return
	}
	close(a.quit)
	a.quit = nil
	if !a.ended {
		a.stop()
	}
	for got := range a.decoded {
		got.release()
	}
}

// Reject notes that a row of the last batch violates a constraint. Late says
// that only a look at other rows showed it: PostgreSQL writes rows in batches,
// too, and has no line to show then.
func (a *Ahead) Reject(row int, late bool) { a.lines.row, a.lines.late = row, late }

// RowError adds the line of the rejected row, if there is one, to the error
// that the rows' consumer returned. The reader is closed.
func (a *Ahead) RowError(err error) error { return a.d.rowError(err, &a.lines) }

// readsCatalog reports whether a column's type is read with the session's catalog.
func (d *Decoder) readsCatalog() bool {
	for _, c := range d.cols {
		if c.Type.ReadsCatalog() {
			return true
		}
	}
	return false
}
