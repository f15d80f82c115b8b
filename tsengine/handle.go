package tsengine

import (
	"encoding/binary"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// handleLen is the length of a row handle: series 8, time 8, sub 8.
const handleLen = 24

// point is what a row handle says.
type point struct {
	series uint64
	time   int64
	sub    uint64
}

func (p point) append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, p.series)
	dst = binary.BigEndian.AppendUint64(dst, uint64(p.time))
	return binary.BigEndian.AppendUint64(dst, p.sub)
}

func readHandle(b []byte) (point, error) {
	if len(b) != handleLen {
		return point{}, pgerror.New(pgerror.InternalError, "a row handle of %d bytes", len(b))
	}
	return point{binary.BigEndian.Uint64(b), int64(binary.BigEndian.Uint64(b[8:])), binary.BigEndian.Uint64(b[16:])}, nil
}

// HandleAt reports whether a handle is of a row at a place.
func HandleAt(handle []byte, at Place) bool {
	p, err := readHandle(handle)
	return err == nil && p.series == at.Series && p.time == at.Time
}
