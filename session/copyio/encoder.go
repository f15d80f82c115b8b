package copyio

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// Encoder writes rows of COPY TO: one Write of the underlying writer a row.
type Encoder struct {
	w     io.Writer
	opts  Options
	cols  []Column
	io    *types.IO
	row   []byte // not yet written
	value []byte
	force []bool
}

// NewEncoder makes an encoder onto w.
func NewEncoder(w io.Writer, cols []Column, opts Options, tio *types.IO) *Encoder {
	e := &Encoder{w: w, opts: opts, cols: cols, io: tio}
	for _, c := range cols {
		e.force = append(e.force, opts.ForceQuoteAll || contains(opts.ForceQuote, c.Name))
	}
	return e
}

// Begin writes the file header or header line.
func (e *Encoder) Begin() error {
	e.row = e.row[:0]
	if e.opts.Format == Binary {
		e.row = append(append(e.row, signature...), 0, 0, 0, 0, 0, 0, 0, 0)
		return nil // goes out with the first row
	}
	if !e.opts.Header {
		return nil
	}
	for i, c := range e.cols {
		e.delimit(i)
		if e.opts.Format == CSV {
			e.csvValue([]byte(c.Name), false)
		} else {
			e.textValue([]byte(c.Name))
		}
	}
	return e.endRow()
}

// Batch writes a batch's rows.
func (e *Encoder) Batch(b arrow.RecordBatch) error {
	cols := b.Columns()
	for r := range int(b.NumRows()) {
		if e.opts.Format == Binary {
			e.row = binary.BigEndian.AppendUint16(e.row, uint16(len(e.cols)))
		}
		for i := range e.cols {
			e.field(i, types.DatumAt(cols[i], r))
		}
		if err := e.endRow(); err != nil {
			return err
		}
	}
	return nil
}

// End writes the file trailer.
func (e *Encoder) End() error {
	if e.opts.Format != Binary {
		return nil
	}
	e.row = append(e.row, 0xff, 0xff)
	_, err := e.w.Write(e.row)
	return err
}

func (e *Encoder) endRow() error {
	if e.opts.Format != Binary {
		e.row = append(e.row, '\n')
	}
	_, err := e.w.Write(e.row)
	e.row = e.row[:0]
	return err
}

func (e *Encoder) delimit(i int) {
	if i > 0 {
		e.row = append(e.row, e.opts.Delimiter)
	}
}

func (e *Encoder) field(i int, d types.Datum) {
	t := e.cols[i].Type
	if e.opts.Format == Binary {
		if d.IsNull() {
			e.row = append(e.row, 0xff, 0xff, 0xff, 0xff)
			return
		}
		at := len(e.row)
		e.row = append(e.row, 0, 0, 0, 0)
		e.row = types.AppendBinary(e.row, t, d, e.io)
		binary.BigEndian.PutUint32(e.row[at:], uint32(len(e.row)-at-4))
		return
	}
	e.delimit(i)
	if d.IsNull() {
		e.row = append(e.row, e.opts.Null...)
		return
	}
	e.value = types.AppendText(e.value[:0], t, d, e.io)
	if e.opts.Format == CSV {
		e.csvValue(e.value, e.force[i])
		return
	}
	e.textValue(e.value)
}

// textValue appends a value with its special characters escaped.
func (e *Encoder) textValue(v []byte) {
	for _, c := range v {
		switch c {
		case '\b':
			e.row = append(e.row, '\\', 'b')
		case '\f':
			e.row = append(e.row, '\\', 'f')
		case '\n':
			e.row = append(e.row, '\\', 'n')
		case '\r':
			e.row = append(e.row, '\\', 'r')
		case '\t':
			e.row = append(e.row, '\\', 't')
		case '\v':
			e.row = append(e.row, '\\', 'v')
		case '\\':
			e.row = append(e.row, '\\', '\\')
		default:
			if c == e.opts.Delimiter {
				e.row = append(e.row, '\\')
			}
			e.row = append(e.row, c)
		}
	}
}

// csvValue appends a value, quoted where it has to be.
func (e *Encoder) csvValue(v []byte, force bool) {
	quote := force || string(v) == e.opts.Null || (len(e.cols) == 1 && string(v) == `\.`) ||
		bytes.IndexByte(v, e.opts.Delimiter) >= 0 || bytes.IndexByte(v, e.opts.Quote) >= 0 ||
		bytes.IndexByte(v, '\n') >= 0 || bytes.IndexByte(v, '\r') >= 0
	if !quote {
		e.row = append(e.row, v...)
		return
	}
	e.row = append(e.row, e.opts.Quote)
	for _, c := range v {
		if c == e.opts.Quote || c == e.opts.Escape {
			e.row = append(e.row, e.opts.Escape)
		}
		e.row = append(e.row, c)
	}
	e.row = append(e.row, e.opts.Quote)
}
