package types

import (
	"encoding/binary"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
)

// TextColumn prints the values of an array one after another, as AppendText
// does, but looks once at what they are.
type TextColumn struct {
	ColumnReader
	typ  Type
	io   *IO
	kind textKind
	// The time printed last, which its neighbours often share.
	last int64
	text []byte
}

type textKind uint8

const (
	textAny textKind = iota
	textInt
	textFloat // with the shortest digits
	textString
	textTime
)

// ResetText starts with another array of a type.
func (c *TextColumn) ResetText(a arrow.Array, t Type, io *IO) error {
	c.typ, c.io, c.kind, c.text = t, io.orDefault(), textAny, c.text[:0]
	switch t.OID {
	case Int2, Int4, Int8:
		c.kind = textInt
	case Float8:
		if c.io.ExtraFloatDigits > 0 {
			c.kind = textFloat
		}
	case Text, Varchar, Bpchar, Name, JSON, JSONB:
		c.kind = textString
	case Timestamp, Timestamptz, Date:
		c.kind = textTime
	}
	if err := c.Reset(a); err != nil {
		return err
	}
	if c.phys != t.Phys() {
		c.kind = textAny
	}
	return nil
}

// AppendField appends a field of a DataRow message: the length of the i-th value's text
// and the text, or -1.
func (c *TextColumn) AppendField(dst []byte, i int) []byte {
	if c.valid != nil && !bitAt(c.valid, c.first+i) {
		return append(dst, 0xff, 0xff, 0xff, 0xff)
	}
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	switch c.kind {
	case textInt:
		dst = strconv.AppendInt(dst, c.int(i), 10)
	case textFloat:
		f := valueAt[float64](c.values, i)
		if n := int64(f); n > -1e15 && n < 1e15 && float64(n) == f && n != 0 { // 0 may be -0
			dst = strconv.AppendInt(dst, n, 10)
		} else {
			dst = appendFloat(dst, f, 64, c.io.ExtraFloatDigits)
		}
	case textString:
		dst = append(dst, c.data[c.offsets[i]:c.offsets[i+1]]...)
	case textTime:
		dst = c.appendTime(dst, i)
	default:
		var d Datum
		if c.Read(i, &d); d.IsNull() {
			return append(dst[:at], 0xff, 0xff, 0xff, 0xff)
		}
		dst = AppendText(dst, c.typ, d, c.io)
	}
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

// int is a value of an integer column.
func (c *TextColumn) int(i int) int64 {
	switch c.phys {
	case PhysInt16:
		return int64(valueAt[int16](c.values, i))
	case PhysInt32:
		return int64(valueAt[int32](c.values, i))
	}
	return valueAt[int64](c.values, i)
}

func (c *TextColumn) appendTime(dst []byte, i int) []byte {
	v := c.int(i)
	if len(c.text) > 0 && v == c.last {
		return append(dst, c.text...)
	}
	at := len(dst)
	d := Datum{P: c.phys, I: v}
	dst = AppendText(dst, c.typ, d, c.io)
	c.last, c.text = v, append(c.text[:0], dst[at:]...)
	return dst
}
