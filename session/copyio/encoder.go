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
	in    []types.ColumnReader
	row   []byte // not yet written
	value []byte
	force []bool
	plain []bool // the column's text needs no escapes
}

// NewEncoder makes an encoder onto w.
func NewEncoder(w io.Writer, cols []Column, opts Options, tio *types.IO) *Encoder {
	e := &Encoder{w: w, opts: opts, cols: cols, io: tio, in: make([]types.ColumnReader, len(cols))}
	for _, c := range cols {
		e.plain = append(e.plain, opts.Format == Text && e.isPlain(c.Type))
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
	for i := range e.in {
		if err := e.in[i].Reset(b.Column(i)); err != nil {
			return err
		}
	}
	var d types.Datum
	for r := range int(b.NumRows()) {
		if e.opts.Format == Binary {
			e.row = binary.BigEndian.AppendUint16(e.row, uint16(len(e.cols)))
		}
		for i := range e.cols {
			e.in[i].Read(r, &d)
			e.field(i, &d)
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

func (e *Encoder) field(i int, d *types.Datum) {
	t := e.cols[i].Type
	if e.opts.Format == Binary {
		if d.IsNull() {
			e.row = append(e.row, 0xff, 0xff, 0xff, 0xff)
			return
		}
		at := len(e.row)
		e.row = append(e.row, 0, 0, 0, 0)
		e.row = types.AppendBinary(e.row, t, *d, e.io)
		binary.BigEndian.PutUint32(e.row[at:], uint32(len(e.row)-at-4))
		return
	}
	e.delimit(i)
	if d.IsNull() {
		e.row = append(e.row, e.opts.Null...)
		return
	}
	if e.plain[i] {
		e.row = types.AppendText(e.row, t, *d, e.io)
		return
	}
	e.value = types.AppendText(e.value[:0], t, *d, e.io)
	if e.opts.Format == CSV {
		e.csvValue(e.value, e.force[i])
		return
	}
	e.textValue(e.value)
}

// special is the letter after the backslash for the characters that the text
// format escapes, 0 for the others.
var special = [256]byte{'\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't', '\v': 'v', '\\': '\\'}

// textValue appends a value with its special characters escaped. Runs of
// ordinary characters are copied at once.
func (e *Encoder) textValue(v []byte) {
	from := 0
	for i, c := range v {
		letter := special[c]
		if letter == 0 {
			if c != e.opts.Delimiter {
				continue
			}
			letter = c
		}
		e.row = append(e.row, v[from:i]...)
		e.row = append(e.row, '\\', letter)
		from = i + 1
	}
	e.row = append(e.row, v[from:]...)
}

// isPlain reports whether the text of a type never has characters that the
// text format escapes.
func (e *Encoder) isPlain(t types.Type) bool {
	if e.opts.Delimiter != '\t' && e.opts.Delimiter != ',' && e.opts.Delimiter != '|' {
		return false // it may be a digit's neighbour, such as - or :
	}
	switch t.OID {
	case types.Bool, types.Int2, types.Int4, types.Int8, types.Oid, types.Float4, types.Float8, types.Numeric,
		types.Date, types.Timestamp, types.Timestamptz, types.Time, types.UUID:
		return true
	}
	return false
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
