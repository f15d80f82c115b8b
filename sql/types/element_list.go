package types

import (
	"encoding/binary"
	"slices"
)

// ElementList collects elements of one type as they lie in an array: a few
// bytes each, where a Datum takes 32. The zero ElementList is empty.
type ElementList struct {
	data  []byte
	nulls []byte // nil while there is none
	n     int
}

// Append adds a value of the given physical type, or NULL, and copies it.
func (l *ElementList) Append(phys Phys, d Datum) {
	if d.P == PhysNull {
		l.markNull(l.n)
	} else {
		l.data = appendElement(l.data, phys, d)
	}
	l.n++
}

func (l *ElementList) markNull(i int) {
	for len(l.nulls) <= i>>3 {
		l.nulls = append(l.nulls, 0)
	}
	l.nulls[i>>3] |= 1 << (i & 7)
}

// Join adds the elements of o, of the same type. An empty list takes o's memory over.
func (l *ElementList) Join(o *ElementList) {
	if l.n == 0 {
		*l = *o
		return
	}
	if o.nulls != nil {
		nulls := Array{nulls: bytesString(o.nulls)}
		for i := range min(o.n, 8*len(o.nulls)) {
			if nulls.isNull(i) {
				l.markNull(l.n + i)
			}
		}
	}
	l.data = append(l.data, o.data...)
	l.n += o.n
}

// Len is the number of elements.
func (l *ElementList) Len() int { return l.n }

// Bytes is the memory that the elements take.
func (l *ElementList) Bytes() int64 { return int64(cap(l.data) + cap(l.nulls)) }

// View reads the list as an array of elem, until the next Append.
func (l *ElementList) View(elem OID) Array {
	a := Array{elem: elem, phys: Of(elem).Phys(), ndim: 1, count: l.n, data: bytesString(l.data)}
	if l.nulls != nil {
		for len(l.nulls) < (l.n+7)/8 {
			l.nulls = append(l.nulls, 0)
		}
		a.nulls = bytesString(l.nulls)
	}
	return a
}

// Datum is the list as an array datum of one dimension.
func (l *ElementList) Datum(elem OID) Datum {
	if l.n == 0 {
		return buildArray(elem, nil, nil)
	}
	a := l.View(elem)
	b := slices.Grow([]byte(nil), arrayHeadLen+8+len(a.nulls)+len(a.data))
	flags := byte(0)
	if a.HasNulls() {
		flags = arrayHasNulls
	}
	b = append(b, 1, flags)
	b = binary.LittleEndian.AppendUint32(b, uint32(elem))
	b = binary.LittleEndian.AppendUint32(b, uint32(l.n))
	b = binary.LittleEndian.AppendUint32(b, 1)
	b = append(append(b, a.nulls...), a.data...)
	return NewBinary(bytesString(b))
}

// appendElement appends a value that is not NULL as it lies in an array.
func appendElement(b []byte, phys Phys, d Datum) []byte {
	switch physSize(phys) {
	case 1:
		return append(b, byte(d.I))
	case 2:
		return binary.LittleEndian.AppendUint16(b, uint16(d.I))
	case 4:
		return binary.LittleEndian.AppendUint32(b, uint32(d.I))
	case 8:
		return binary.LittleEndian.AppendUint64(b, uint64(d.I))
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(d.S)))
	return append(b, d.S...)
}
