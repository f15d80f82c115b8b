package rowcodec

import (
	"bytes"
	"encoding/binary"
)

// Positions of a column that has no value in a row.
const (
	PosNull    = -1
	PosMissing = -2 // the column is younger than the row
)

// Shape is the part of a row in front of its offsets: which columns it has.
// Rows of a table mostly share few shapes, so a scan parses each only once.
type Shape struct {
	Head     []byte // the bytes that make the shape, aliases the row it was read from
	Overflow bool
	large    bool
	notNull  int
	offsets  int // where the end offsets start
	data     int // where the values start
}

// ReadShape reads the shape of a row. It checks all lengths but the values'.
func ReadShape(row []byte) (Shape, error) {
	if len(row) < headerLen || row[0] != Version || row[1]&^(flagLarge|flagOverflow) != 0 {
		return Shape{}, ErrInvalid
	}
	s := Shape{large: row[1]&flagLarge != 0, Overflow: row[1]&flagOverflow != 0}
	s.notNull = int(binary.LittleEndian.Uint16(row[2:]))
	all := s.notNull + int(binary.LittleEndian.Uint16(row[4:]))
	idSize, offsetSize := 1, 2
	if s.large {
		idSize, offsetSize = 4, 4
	}
	s.offsets = headerLen + all*idSize
	s.data = s.offsets + s.notNull*offsetSize
	if len(row) < s.data {
		return Shape{}, ErrInvalid
	}
	s.Head = row[:s.offsets:s.offsets]
	return s, nil
}

// Matches reports whether a row has the shape.
func (s *Shape) Matches(row []byte) bool {
	return len(row) >= s.data && bytes.Equal(row[:len(s.Head)], s.Head)
}

// Find returns the position of a column's value, PosNull or PosMissing.
func (s *Shape) Find(id uint32) int {
	if !s.large {
		if id > 0xFF {
			return PosMissing
		}
		i := bytes.IndexByte(s.Head[headerLen:], byte(id))
		if i >= s.notNull {
			return PosNull
		}
		if i < 0 {
			return PosMissing
		}
		return i
	}
	ids := s.Head[headerLen:]
	for i := 0; i < len(ids); i += 4 {
		if binary.LittleEndian.Uint32(ids[i:]) == id {
			if i/4 >= s.notNull {
				return PosNull
			}
			return i / 4
		}
	}
	return PosMissing
}

// Columns returns how many columns have a value, and how many are stored.
func (s *Shape) Columns() (notNull, all int) {
	size := 1
	if s.large {
		size = 4
	}
	return s.notNull, (len(s.Head) - headerLen) / size
}

// ID returns the id of the i-th stored column.
func (s *Shape) ID(i int) uint32 {
	if s.large {
		return binary.LittleEndian.Uint32(s.Head[headerLen+4*i:])
	}
	return uint32(s.Head[headerLen+i])
}

// Value returns the bytes of the value at a position of a row that has the
// shape; ok is false if the row's offsets are not those of a row.
func (s *Shape) Value(row []byte, pos int) (value []byte, ok bool) {
	if s.large {
		return s.valueLarge(row, pos)
	}
	at := s.offsets + 2*pos
	end := int(binary.LittleEndian.Uint16(row[at:])) + s.data
	start := s.data
	if pos > 0 {
		start += int(binary.LittleEndian.Uint16(row[at-2:]))
	}
	if start > end || end > len(row) {
		return nil, false
	}
	return row[start:end:end], true
}

func (s *Shape) valueLarge(row []byte, pos int) ([]byte, bool) {
	at := s.offsets + 4*pos
	end := int(binary.LittleEndian.Uint32(row[at:])) + s.data
	start := s.data
	if pos > 0 {
		start += int(binary.LittleEndian.Uint32(row[at-4:]))
	}
	if start > end || end > len(row) {
		return nil, false
	}
	return row[start:end:end], true
}
