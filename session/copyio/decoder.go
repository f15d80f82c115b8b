package copyio

import (
	"bytes"
	"io"
	"unicode/utf8"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Decoder reads rows of COPY FROM. It is used by one goroutine.
type Decoder struct {
	opts   Options
	table  string // for messages
	cols   []Column
	io     *types.IO
	source lineSource
	line   int64 // number of the line being read, from 1
	next   func(max int) (int, error)
	lines  batchLines

	builders []array.Builder
	schema   *arrow.Schema
	field    []byte // unescaped field under construction
	notNull  []bool // FORCE_NOT_NULL
	forceNil []bool // FORCE_NULL
	started  bool
	ended    bool
}

// NewDecoder makes a decoder of r's bytes into the given columns. Call Release
// when done.
func NewDecoder(alloc memory.Allocator, r io.Reader, table string, cols []Column, opts Options, tio *types.IO) *Decoder {
	d := &Decoder{opts: opts, table: table, cols: cols, io: tio, source: lineSource{r: r}}
	fields := make([]arrow.Field, len(cols))
	for i, c := range cols {
		fields[i] = arrow.Field{Name: c.Name, Type: types.ArrowType(c.Type), Nullable: true}
		d.builders = append(d.builders, types.NewBuilder(alloc, c.Type))
		d.notNull = append(d.notNull, contains(opts.ForceNotNull, c.Name))
		d.forceNil = append(d.forceNil, contains(opts.ForceNull, c.Name))
	}
	d.schema = arrow.NewSchema(fields, nil)
	switch opts.Format {
	case Binary:
		d.next = d.binaryRows
	case CSV:
		d.next = d.csvRows
	default:
		d.next = d.textRows
	}
	return d
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// Schema is the schema of the batches.
func (d *Decoder) Schema() *arrow.Schema { return d.schema }

// Next returns the next batch of at most max rows, owned by the caller, and
// io.EOF at the end. Errors name the line and column (CONTEXT).
func (d *Decoder) Next(max int) (arrow.RecordBatch, error) {
	d.lines.reset()
	n, err := d.next(max)
	if err != nil {
		return nil, d.located(err)
	}
	if n == 0 {
		return nil, io.EOF
	}
	arrays := make([]arrow.Array, len(d.builders))
	for i, b := range d.builders {
		arrays[i] = b.NewArray()
	}
	batch := array.NewRecordBatch(d.schema, arrays, int64(n))
	for _, a := range arrays {
		a.Release()
	}
	return batch, nil
}

// located adds the line after the last one read to an error of the stream.
func (d *Decoder) located(err error) error {
	e := pgerror.From(err)
	if e.Where != "" || e.Code == pgerror.InternalError || e.Severity == pgerror.SeverityFatal || d.opts.Format == Binary {
		return err
	}
	return e.WithWhere("COPY %s, line %d", d.table, d.line+1)
}

// Release frees the builders.
func (d *Decoder) Release() {
	for _, b := range d.builders {
		b.Release()
	}
	d.builders = nil
}

// append parses one field into its column.
func (d *Decoder) append(col int, field []byte) error {
	t := d.cols[col].Type
	v, err := types.Parse(t, unsafe.String(unsafe.SliceData(field), len(field)), d.io)
	if err != nil {
		return d.fieldError(err, col, field)
	}
	types.AppendDatum(d.builders[col], v) // copies what v aliases
	return nil
}

// fieldError adds the line, column and value to an error.
func (d *Decoder) fieldError(err error, col int, field []byte) error {
	e := pgerror.From(err)
	if e.Where != "" {
		return e
	}
	const most = 100
	shown := field
	dots := ""
	if len(shown) > most {
		shown, dots = bytes.ToValidUTF8(shown[:most], nil), "..."
	}
	return e.WithWhere("COPY %s, line %d, column %s: \"%s%s\"", d.table, d.line, d.cols[col].Name, shown, dots)
}

// lineError adds the line to an error.
func (d *Decoder) lineError(e *pgerror.Error, line []byte) error {
	const most = 100
	if d.line == 0 {
		return e // before the first line
	}
	if line == nil {
		return e.WithWhere("COPY %s, line %d", d.table, d.line)
	}
	dots := ""
	if len(line) > most {
		line, dots = line[:most], "..."
	}
	return e.WithWhere("COPY %s, line %d: \"%s%s\"", d.table, d.line, bytes.ToValidUTF8(line, []byte("?")), dots)
}

func (d *Decoder) badFormat(line []byte, format string, args ...any) error {
	return d.lineError(pgerror.New(pgerror.BadCopyFileFormat, format, args...), line)
}

// checkHeader compares a header line's fields with the columns (HEADER MATCH).
func (d *Decoder) checkHeader(line []byte, fields []string) error {
	if !d.opts.HeaderMatch {
		return nil
	}
	if len(fields) != len(d.cols) {
		return d.badFormat(line, "wrong number of fields in header line: got %d, expected %d", len(fields), len(d.cols))
	}
	for i, f := range fields {
		if f != d.cols[i].Name {
			return d.badFormat(line, "column name mismatch in header line field %d: got %q, expected %q", i+1, f, d.cols[i].Name)
		}
	}
	return nil
}

// checkText refuses what is not UTF-8 (22021).
func (d *Decoder) checkText(line []byte) error {
	if utf8.Valid(line) && bytes.IndexByte(line, 0) < 0 {
		return nil
	}
	err := types.CheckUTF8(string(line))
	if err == nil {
		return nil
	}
	return d.lineError(pgerror.From(err), nil)
}
