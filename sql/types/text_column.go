package types

import (
	"bytes"
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
	// hours: times of one hour differ from its beginning in their minutes and seconds alone.
	hours  bool
	hourOf int64 // the hour of hour
	hour   []byte
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
	c.typ, c.io, c.kind, c.text, c.hours, c.hour = t, io.orDefault(), textAny, c.text[:0], false, c.hour[:0]
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
		c.hours = t.OID != Date
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
	switch c.kind {
	case textInt:
		return appendIntField(dst, c.int(i))
	case textFloat:
		f := valueAt[float64](c.values, i)
		if n := int64(f); n > -1e15 && n < 1e15 && float64(n) == f && n != 0 { // 0 may be -0
			return appendIntField(dst, n)
		}
	case textString:
		return c.appendString(dst, int(c.offsets[i]), int(c.offsets[i+1]))
	}
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	switch c.kind {
	case textFloat:
		dst = appendFloat(dst, valueAt[float64](c.values, i), 64, c.io.ExtraFloatDigits)
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

// appendIntField appends the length and the digits of a number. Most are short.
func appendIntField(dst []byte, n int64) []byte {
	switch {
	case n < 0 || n >= 10000:
		at := len(dst)
		dst = strconv.AppendInt(append(dst, 0, 0, 0, 0), n, 10)
		dst[at+3] = byte(len(dst) - at - 4)
		return dst
	case n < 10:
		return append(dst, 0, 0, 0, 1, byte('0'+n))
	case n < 100:
		return append(dst, 0, 0, 0, 2, pairs[2*n], pairs[2*n+1])
	case n < 1000:
		rest := n % 100
		return append(dst, 0, 0, 0, 3, byte('0'+n/100), pairs[2*rest], pairs[2*rest+1])
	}
	rest := n % 100
	n /= 100
	return append(dst, 0, 0, 0, 4, pairs[2*n], pairs[2*n+1], pairs[2*rest], pairs[2*rest+1])
}

// pairs are the digits of 0 to 99.
const pairs = "00010203040506070809101112131415161718192021222324" +
	"25262728293031323334353637383940414243444546474849" +
	"50515253545556575859606162636465666768697071727374" +
	"75767778798081828384858687888990919293949596979899"

// appendString appends the length and the bytes [from, to) of the column's strings.
// Short ones are copied as 32 bytes, where there are as many on both sides, which is
// one step, while a copy of their length is a call.
func (c *TextColumn) appendString(dst []byte, from, to int) []byte {
	at, n := len(dst), to-from
	if n <= len(fixedCopy{}) && cap(dst)-at >= 4+len(fixedCopy{}) && len(c.data)-from >= len(fixedCopy{}) {
		dst = dst[:at+4+len(fixedCopy{})]
		binary.BigEndian.PutUint32(dst[at:], uint32(n))
		*(*fixedCopy)(dst[at+4:]) = *(*fixedCopy)(c.data[from:])
		return dst[:at+4+n]
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(n))
	return append(dst, c.data[from:to]...)
}

type fixedCopy [32]byte

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
	if h := floorDiv64(v, MicrosPerHour); c.hours && len(c.hour) > 0 && h == c.hourOf {
		dst = appendInHour(dst, c.hour, v-h*MicrosPerHour)
	} else {
		dst = AppendText(dst, c.typ, Datum{P: c.phys, I: v}, c.io)
		c.startHour(h)
	}
	c.last, c.text = v, append(c.text[:0], dst[at:]...)
	return dst
}

// startHour keeps the text of the beginning of an hour: what is in it differs in
// minutes and seconds alone, in each style that has them at the same place, if the
// zone does not change in between.
func (c *TextColumn) startHour(h int64) {
	c.hourOf, c.hour = h, c.hour[:0]
	if !c.hours || h < minTimestamp/MicrosPerHour || h >= endTimestamp/MicrosPerHour {
		return
	}
	if zone := c.io.TimeZone; c.typ.OID == Timestamptz && zone != nil {
		z, from := zoneOf(zone), unixSeconds(h*MicrosPerHour)
		if z.at(from).offset != z.at(from+3599).offset {
			return
		}
	}
	text := AppendText(c.hour, c.typ, Datum{P: c.phys, I: h * MicrosPerHour}, c.io)
	if len(text) >= len(hourPattern) && string(text[10:11]) == " " && string(text[13:19]) == ":00:00" {
		c.hour = text
	}
}

const hourPattern = "2000-01-01 00:00:00"

// appendInHour appends the text of a time so many microseconds behind the hour.
func appendInHour(dst, hour []byte, micros int64) []byte {
	seconds := micros / MicrosPerSecond
	m, s := seconds/60, seconds%60
	dst = append(dst, hour[:14]...)
	dst = append(dst, pairs[2*m], pairs[2*m+1], ':', pairs[2*s], pairs[2*s+1])
	if rest := micros % MicrosPerSecond; rest != 0 {
		dst = append(dst, '.', 0, 0, 0, 0, 0, 0)
		for k := range 6 {
			dst[len(dst)-1-k] = byte('0' + rest%10)
			rest /= 10
		}
		dst = bytes.TrimRight(dst, "0")
	}
	return append(dst, hour[len(hourPattern):]...)
}
