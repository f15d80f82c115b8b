package copyio

import (
	"encoding/binary"
	"errors"
	"io"
	"math"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// signature starts a binary COPY file: 11 bytes, then flags and the length of
// the header extension.
const signature = "PGCOPY\n\xff\r\n\x00"

// binaryRows appends up to max rows of the binary format.
func (d *Decoder) binaryRows(max int) (int, error) {
	if !d.started {
		if err := d.binaryHeader(); err != nil {
			return 0, err
		}
		d.started = true
	}
	n := 0
	for n < max && !d.ended {
		more, err := d.binaryRow()
		if err != nil {
			return 0, err
		}
		if !more {
			d.ended = true
			break
		}
		d.lines.add(nil, d.line)
		n++
	}
	return n, nil
}

func (d *Decoder) binaryHeader() error {
	head, err := d.source.bytes(len(signature))
	if err != nil || string(head) != signature {
		return d.orBad(err, "COPY file signature not recognized")
	}
	rest, err := d.source.bytes(8)
	if err != nil {
		return d.orBad(err, "invalid COPY file header (missing flags)")
	}
	flags, extra := binary.BigEndian.Uint32(rest), int32(binary.BigEndian.Uint32(rest[4:]))
	if flags&^0xffff != 0 {
		return d.orBad(nil, "unrecognized critical flags in COPY file header")
	}
	if extra < 0 {
		return d.orBad(nil, "invalid COPY file header (missing length)")
	}
	if _, err := d.source.bytes(int(extra)); err != nil {
		return d.orBad(err, "invalid COPY file header (wrong length)")
	}
	return nil
}

// orBad keeps a reader's real error and turns a premature end into 22P04.
func (d *Decoder) orBad(err error, format string, args ...any) error {
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	return d.badFormat(nil, format, args...)
}

func (d *Decoder) binaryRow() (bool, error) {
	d.line++
	count, err := d.source.bytes(2)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if err != nil {
		return false, d.orBad(err, "unexpected EOF in COPY data")
	}
	fields := int16(binary.BigEndian.Uint16(count))
	if fields == -1 {
		return false, d.source.drain()
	}
	if int(fields) != len(d.cols) {
		return false, d.badFormat(nil, "row field count is %d, expected %d", fields, len(d.cols))
	}
	for col := range d.cols {
		if err := d.binaryField(col); err != nil {
			return false, err
		}
	}
	return true, nil
}

// maxField is the longest field PostgreSQL takes (MaxAllocSize).
const maxField = 1<<30 - 1

// fieldOf adds the line and column to an error.
func (d *Decoder) fieldOf(e *pgerror.Error, col int) error {
	return e.WithWhere("COPY %s, line %d, column %s", d.table, d.line, d.cols[col].Name)
}

func (d *Decoder) binaryField(col int) error {
	head, err := d.source.bytes(4)
	if err != nil {
		return d.orBad(err, "unexpected EOF in COPY data")
	}
	size := int32(binary.BigEndian.Uint32(head))
	if size == -1 {
		d.builders[col].AppendNull()
		return nil
	}
	if size < 0 {
		return d.fieldOf(pgerror.New(pgerror.BadCopyFileFormat, "invalid field size"), col)
	}
	if size >= maxField {
		return d.fieldOf(pgerror.New(pgerror.ProgramLimitExceeded, "out of memory").
			WithDetail("Cannot enlarge string buffer containing 0 bytes by %d more bytes.", size), col)
	}
	field, err := d.source.bytes(int(size))
	if err != nil {
		return d.orBad(err, "unexpected EOF in COPY data")
	}
	if d.appendNumber(col, field) {
		return nil
	}
	t := d.cols[col].Type
	v, err := types.ParseBinary(t, field, d.io)
	if err == nil {
		v, err = types.ApplyMod(t, v, false)
	}
	if err != nil {
		return d.fieldOf(pgerror.From(err), col)
	}
	types.AppendDatum(d.builders[col], v)
	return nil
}

// appendNumber appends a field of a type of numbers whose binary form has the right
// length: any is a number of it.
func (d *Decoder) appendNumber(col int, field []byte) bool {
	t := d.cols[col].Type.OID
	switch b := d.builders[col].(type) {
	case *array.Float64Builder:
		if t == types.Float8 && len(field) == 8 {
			b.Append(math.Float64frombits(binary.BigEndian.Uint64(field)))
			return true
		}
	case *array.Int64Builder:
		if t == types.Int8 && len(field) == 8 {
			b.Append(int64(binary.BigEndian.Uint64(field)))
			return true
		}
	case *array.Int32Builder:
		if t == types.Int4 && len(field) == 4 {
			b.Append(int32(binary.BigEndian.Uint32(field)))
			return true
		}
	}
	return false
}
