package types

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
)

// FieldColumn writes the values of an array one after another as fields of DataRow
// messages (PostgreSQL section 55.7), as AppendText and AppendBinary do, but looks
// once at what they are. AppendFields writes the rows of several.
type FieldColumn struct {
	ColumnReader
	typ    Type
	io     *IO
	kind   fieldKind
	binary bool
	// The time printed last, which its neighbours often share, and its text, with
	// room for shortField bytes.
	last int64
	text []byte
	// hours: times of one hour differ from its beginning in their minutes and seconds alone.
	hours  bool
	hourOf int64 // the hour of hour
	hour   []byte
	words  []byte // those of a coded column, with room for shortField bytes behind each
}

type fieldKind uint8

const (
	fieldAny    fieldKind = iota
	fieldInt              // its digits
	fieldFloat            // the shortest digits
	fieldString           // its bytes, in both formats
	fieldTime
	field2 // binary numbers of 2, 4 and 8 bytes
	field4
	field8
)

// Reset starts with another array of a type, whose values are written as text
// (format 0) or binary (1).
func (c *FieldColumn) Reset(a arrow.Array, t Type, format int16, io *IO) error {
	c.typ, c.io, c.binary, c.text, c.hours, c.hour = t, io.orDefault(), format != 0, c.text[:0], false, c.hour[:0]
	if err := c.ColumnReader.Reset(a); err != nil {
		return err
	}
	switch {
	case c.phys != t.Phys():
		c.kind = fieldAny
	case c.binary:
		c.kind = binaryKind(t.OID)
	default:
		c.kind = textKind(t.OID, c.io)
		c.hours = c.kind == fieldTime && t.OID != Date
	}
	if c.codes != nil && len(c.data) <= shortWords {
		c.words = append(append(c.words[:0], c.data...), noWord[:]...)
		c.data = c.words
	}
	return nil
}

// shortWords is how long the words of a coded column are together of which a copy pays that
// lets the last of them, which may be all, be written as short strings.
const shortWords = 16 * shortField

var noWord [shortField]byte

// Done ends the use of the array; what was made for printing is kept for the next one.
func (c *FieldColumn) Done() {
	*c = FieldColumn{text: c.text[:0], hour: c.hour[:0], words: c.words[:0]}
}

func textKind(t OID, io *IO) fieldKind {
	switch t {
	case Int2, Int4, Int8:
		return fieldInt
	case Float8:
		if io.ExtraFloatDigits > 0 {
			return fieldFloat
		}
	case Text, Varchar, Bpchar, Name, JSON, JSONB:
		return fieldString
	case Timestamp, Timestamptz, Date:
		return fieldTime
	}
	return fieldAny
}

func binaryKind(t OID) fieldKind {
	switch t {
	case Int2:
		return field2
	case Int4, Date:
		return field4
	case Int8, Float8, Timestamp, Timestamptz:
		return field8
	case Text, Varchar, Bpchar, Name, JSON:
		return fieldString
	}
	return fieldAny
}

// isNull reports whether the i-th value is NULL, but for columns of another kind.
func (c *FieldColumn) isNull(i int) bool { return c.valid != nil && !bitAt(c.valid, c.first+i) }

// AppendField appends the length and the value of the i-th row, or -1 for NULL.
func (c *FieldColumn) AppendField(dst []byte, i int) []byte {
	if c.isNull(i) {
		return append(dst, nullField...)
	}
	switch c.kind {
	case fieldInt:
		return appendIntField(dst, c.int(i))
	case fieldFloat:
		if n, ok := wholeFloat(valueAt[float64](c.values, i)); ok {
			return appendIntField(dst, n)
		}
	case fieldString:
		k := i
		if c.codes != nil {
			k = int(c.codes[i])
		}
		from, to := c.offsets[k], c.offsets[k+1]
		dst = binary.BigEndian.AppendUint32(dst, uint32(to-from))
		return append(dst, c.data[from:to]...)
	case field2:
		return binary.BigEndian.AppendUint16(append(dst, 0, 0, 0, 2), valueAt[uint16](c.values, i))
	case field4:
		return binary.BigEndian.AppendUint32(append(dst, 0, 0, 0, 4), valueAt[uint32](c.values, i))
	case field8:
		return binary.BigEndian.AppendUint64(append(dst, 0, 0, 0, 8), valueAt[uint64](c.values, i))
	}
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	switch c.kind {
	case fieldFloat:
		dst = appendFloat(dst, valueAt[float64](c.values, i), 64, c.io.ExtraFloatDigits)
	case fieldTime:
		dst = c.appendTime(dst, i)
	default:
		var d Datum
		if c.Read(i, &d); d.IsNull() {
			return append(dst[:at], nullField...)
		}
		if c.binary {
			dst = AppendBinary(dst, c.typ, d, c.io)
		} else {
			dst = AppendText(dst, c.typ, d, c.io)
		}
	}
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

const nullField = "\xff\xff\xff\xff"

// wholeFloat is a number without a fraction as an integer that is printed alike.
func wholeFloat(f float64) (int64, bool) {
	n := int64(f)
	return n, n > -1e15 && n < 1e15 && float64(n) == f && n != 0 // 0 may be -0
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

// int is a value of an integer column.
func (c *FieldColumn) int(i int) int64 {
	switch c.phys {
	case PhysInt16:
		return int64(valueAt[int16](c.values, i))
	case PhysInt32:
		return int64(valueAt[int32](c.values, i))
	}
	return valueAt[int64](c.values, i)
}

func (c *FieldColumn) appendTime(dst []byte, i int) []byte {
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
	c.text = slices.Grow(c.text, shortField)
	return dst
}

// startHour keeps the text of the beginning of an hour: what is in it differs in
// minutes and seconds alone, in each style that has them at the same place, if the
// zone does not change in between.
func (c *FieldColumn) startHour(h int64) {
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
