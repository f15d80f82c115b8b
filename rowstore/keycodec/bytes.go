package keycodec

import "encoding/binary"

const (
	groupSize = 8
	// marker of a full group; a last group with n pad bytes has marker - n.
	groupMarker = 0xFF
)

// AppendBytes appends s in groups of 8 bytes, the last one padded with zeros
// (an empty one if the length is a multiple of 8), each followed by
// 0xFF - (pad bytes). No coded string is a prefix of another one.
func AppendBytes(dst []byte, s string) []byte {
	for len(s) >= groupSize {
		dst = append(dst, s[:groupSize]...)
		dst = append(dst, groupMarker)
		s = s[groupSize:]
	}
	var last [groupSize + 1]byte
	copy(last[:], s)
	last[groupSize] = groupMarker - byte(groupSize-len(s))
	return append(dst, last[:]...)
}

// AppendRaw is AppendBytes for a byte slice.
func AppendRaw(dst, s []byte) []byte {
	for len(s) >= groupSize {
		dst = append(dst, s[:groupSize]...)
		dst = append(dst, groupMarker)
		s = s[groupSize:]
	}
	var last [groupSize + 1]byte
	copy(last[:], s)
	last[groupSize] = groupMarker - byte(groupSize-len(s))
	return append(dst, last[:]...)
}

// DecodeBytes appends the string that b starts with to dst and returns dst and
// the rest of b. invert is 0xFF for a descending column, else 0.
func DecodeBytes(dst, b []byte, invert byte) (value, rest []byte, err error) {
	for {
		if len(b) <= groupSize {
			return dst, nil, errInvalid
		}
		pad := int(groupMarker - (b[groupSize] ^ invert))
		if pad > groupSize {
			return dst, nil, errInvalid
		}
		start := len(dst)
		dst = append(dst, b[:groupSize]...)
		if invert != 0 {
			invertAll(dst[start:])
		}
		b = b[groupSize+1:]
		if pad == 0 {
			continue
		}
		keep := len(dst) - pad
		for _, c := range dst[keep:] {
			if c != 0 {
				return dst, nil, errInvalid
			}
		}
		return dst[:keep], b, nil
	}
}

// skipBytes returns the length of the coded string that b starts with.
func skipBytes(b []byte, invert byte) (int, error) {
	n := 0
	for {
		if len(b)-n <= groupSize {
			return 0, errInvalid
		}
		pad := groupMarker - (b[n+groupSize] ^ invert)
		if pad > groupSize {
			return 0, errInvalid
		}
		n += groupSize + 1
		if pad != 0 {
			return n, nil
		}
	}
}

// invertAll inverts every bit of b.
func invertAll(b []byte) {
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, ^binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
	for i := range b {
		b[i] = ^b[i]
	}
}
