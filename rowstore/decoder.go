package rowstore

import (
	"context"
	"errors"
	"unsafe"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/rowstore/keycodec"
	"github.com/tidemarkdb/tidemark/rowstore/rowcodec"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// ErrOverflow is returned by RowDecoder.Decode for a row with a wanted value
// in overflow keys: DecodeFull reads it.
var ErrOverflow = errors.New("rowstore: a value lies in overflow keys")

// RowDecoder decodes single rows to datums: the point path. It is read-only
// and may be shared and kept in plans.
type RowDecoder struct {
	layout  *Layout
	columns []decoderColumn
}

type decoderColumn struct {
	id      uint32
	kind    rowcodec.Kind
	phys    types.Phys
	handle  bool // the value is the integer handle
	missing types.Datum
}

// NewRowDecoder makes a decoder of the columns output (ordinals).
func NewRowDecoder(t *catalog.Table, output []int) *RowDecoder {
	return NewLayout(t).Decoder(output)
}

// Decoder makes a decoder of the columns output (ordinals).
func (l *Layout) Decoder(output []int) *RowDecoder {
	d := &RowDecoder{layout: l, columns: make([]decoderColumn, len(output))}
	for i, o := range output {
		c := &l.Table.Columns[o]
		p := c.Type.Phys()
		d.columns[i] = decoderColumn{
			id: uint32(c.Num), kind: rowcodec.KindOf(p), phys: p,
			handle: l.handle == handleInt && l.pk[0].ordinal == o, missing: c.Missing,
		}
	}
	return d
}

// Decode sets dst[i] to the i-th column of output. Strings alias value, which
// must stay unchanged as long as they are used; nothing is allocated. It fails
// with ErrOverflow if a wanted value is not inside of the row.
func (d *RowDecoder) Decode(handle, value []byte, dst []types.Datum) error {
	shape, err := rowcodec.ReadShape(value)
	if err != nil {
		return err
	}
	for i := range d.columns {
		c := &d.columns[i]
		if c.handle {
			if dst[i], err = handleDatum(c.phys, handle); err != nil {
				return err
			}
			continue
		}
		pos := shape.Find(c.id)
		if pos < 0 {
			dst[i] = types.Datum{}
			if pos == rowcodec.PosMissing {
				dst[i] = c.missing
			}
			continue
		}
		b, ok := shape.Value(value, pos)
		if !ok {
			return rowcodec.ErrInvalid
		}
		length := 0
		if dst[i], length, err = rowcodec.Datum(c.kind, c.phys, b); err != nil {
			return err
		}
		if length >= 0 {
			return ErrOverflow
		}
	}
	return nil
}

// DecodeFull is Decode that reads large values from r when there are any. In
// that case strings do not alias value.
func (d *RowDecoder) DecodeFull(ctx context.Context, r kv.Reader, handle, value []byte, dst []types.Datum) error {
	err := d.Decode(handle, value, dst)
	if err != ErrOverflow { //nolint:errorlint // Decode returns it bare
		return err
	}
	// Reading from r ends the life of value and handle.
	value = append([]byte(nil), value...)
	handle = append([]byte(nil), handle...)
	shape, err := rowcodec.ReadShape(value)
	if err != nil {
		return err
	}
	for i := range d.columns {
		c := &d.columns[i]
		single := RowDecoder{layout: d.layout, columns: d.columns[i : i+1]}
		err := single.Decode(handle, value, dst[i:i+1])
		if err == nil {
			continue
		}
		if err != ErrOverflow { //nolint:errorlint // as above
			return err
		}
		b, _ := shape.Value(value, shape.Find(c.id))
		_, length, err := rowcodec.Bytes(b)
		if err != nil {
			return err
		}
		large, err := d.layout.readLarge(ctx, r, nil, int16(c.id), handle, length)
		if err != nil {
			return err
		}
		dst[i] = types.Datum{P: c.phys, S: unsafe.String(unsafe.SliceData(large), len(large))}
	}
	return nil
}

// handleDatum reads an integer handle as the primary key's value.
func handleDatum(p types.Phys, handle []byte) (types.Datum, error) {
	if len(handle) != 8 {
		return types.Datum{}, errInvalidHandle
	}
	v, _, _ := keycodec.DecodeInt(handle)
	if !rowcodec.InRange(p, v) {
		return types.Datum{}, errInvalidHandle
	}
	return types.Datum{P: p, I: v}, nil
}
